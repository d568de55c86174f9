"""BibTeX files to entries, one at a time.

Our own, because an entry that is broken should lose as little as it can: bibtexparser 2 (the best
kept library; it leaves the other entries intact too) holds the whole file, drops an entry for one
missing brace, and loses what follows one too many without a word; pybtex gives up at the first.
"""

import re
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, field

from upwell.sources.bibtex_fields import Parsed, parse_entry
from upwell.sources.content import LINE_LIMIT, Line
from upwell.sources.item import RawReject, too_long

_STRING_LIMIT = 10_000  # characters of an @string, which may be made of others
_MOST_STRINGS = 100_000
_BEGINS = re.compile(r"\s*@[A-Za-z]+\s*[{(]")
# An entry with its key: it begins even where the one before it has not ended.
_KEYED = r"@[A-Za-z]{1,40}[ \t]{0,20}[{(][ \t]{0,20}[^\s,={}\"#()%]{1,200}[ \t]{0,20}(?:,|\Z)"
_BEGINS_KEYED = re.compile(_KEYED)
_RUN_TOGETHER = re.compile(rf"(?<=[}})])[ \t]{{0,40}}(?={_KEYED})")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its kind in lower case, and its fields by name in lower case, macros filled in."""

    position: str
    kind: str
    key: str
    fields: dict[str, str]
    problems: tuple[str, ...] = ()
    is_cut: bool = False


@dataclass(slots=True)
class _Chunk:
    """The text from one beginning of an entry to the next; past the limit only its start."""

    line: int
    column: int
    lines: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    depth: int = 0
    size: int = 0

    @property
    def position(self) -> str:
        return f"{self.line}:{self.column}" if self.column > 1 else str(self.line)

    def add(self, text: str) -> None:
        self.size += len(text) + 1
        if self.size > LINE_LIMIT:
            del self.lines[20:]
            return
        self.lines.append(text)
        self.depth += text.count("{") - text.count("}")


def read_entries(lines: Iterator[Line]) -> Iterator[Entry | RawReject]:
    """The entries of a BibTeX file; a broken one loses itself, not those after it.

    Parameters
    ----------
    lines : of the whole file, one at a time.

    Returns
    -------
    Entries with their first line as position, `line:column` where it does not start one, and a
    reject for each that is broken. `@comment`, `@preamble` and text between entries are left out,
    as BibTeX does; entries inside a comment are entries, as they are for BibTeX.
    """
    strings: dict[str, str] = {}
    chunk: _Chunk | None = None
    for line in lines:
        if line.too_long:
            yield too_long(line)
            if chunk:
                chunk.problems.append(f"line {line.number} is too long and was left out")
            continue
        for column, text in _pieces(line.text):
            if _is_beginning(text, chunk, column):
                yield from _entries(chunk, strings)
                chunk = _Chunk(line.number, column)
            if chunk:
                chunk.add(text)
    yield from _entries(chunk, strings, is_last=True)


def _pieces(text: str) -> Iterator[tuple[int, str]]:
    """A line parted where entries follow each other on it, each piece with its column from 1."""
    if text.find("@", 1) < 0:
        yield 1, text
        return
    column = 1
    for piece in _RUN_TOGETHER.split(text):
        yield text.find(piece, column - 1) + 1, piece
        column += len(piece)


def _is_beginning(text: str, chunk: _Chunk | None, column: int) -> bool:
    """Whether an entry begins with this text: always with a key, else where none is open."""
    if "@" not in text[:200]:
        return False
    if column > 1 or _BEGINS_KEYED.match(text):
        return True
    return (chunk is None or chunk.depth <= 0) and _BEGINS.match(text) is not None


def _entries(
    chunk: _Chunk | None, strings: MutableMapping[str, str], *, is_last: bool = False
) -> Iterator[Entry | RawReject]:
    """The entries of a chunk, nearly always one; macros are added to `strings`."""
    if chunk is None:
        return
    if chunk.size > LINE_LIMIT:
        detail = (
            f"the entry of line {chunk.line} has {chunk.size:,} characters, the limit is "
            f"{LINE_LIMIT:,}; those after it were read"
        )
        yield RawReject(chunk.position, "line_too_long", detail, "\n".join(chunk.lines)[:400])
        return
    text = "\n".join(chunk.lines)
    at, seen, line, position = 0, 0, chunk.line, chunk.position
    while True:
        parsed = parse_entry(text, at, strings)
        if parsed.fault:
            yield _broken(position, line, text[at : at + 400], parsed, is_last=is_last)
            return
        if parsed.kind == "string":
            _define(parsed.fields, strings)
        elif parsed.kind not in {"comment", "preamble"}:
            problems = (*chunk.problems, *parsed.problems)
            is_cut = is_last and not parsed.is_closed
            yield Entry(position, parsed.kind, parsed.key, parsed.fields, problems, is_cut)
        following = _BEGINS.match(text, parsed.end)
        if not following:
            return
        at = text.index("@", parsed.end)
        line += text.count("\n", seen, at)
        seen = at
        column = at - text.rfind("\n", 0, at)
        column += chunk.column - 1 if line == chunk.line else 0
        position = f"{line}:{column}"


def _define(fields: dict[str, str], strings: MutableMapping[str, str]) -> None:
    """Keeps macros, within bounds: a file can make them grow without end."""
    if len(strings) < _MOST_STRINGS:
        strings.update((name, text[:_STRING_LIMIT]) for name, text in fields.items())


def _broken(position: str, line: int, start: str, parsed: Parsed, *, is_last: bool) -> RawReject:
    """The reject of an entry that does not parse."""
    where = f"line {line + parsed.fault_line}"
    if is_last and not parsed.is_closed:
        detail = f"the file ends in the entry of line {line}; {where}: {parsed.fault}"
        return RawReject(position, "truncated", detail, start)
    detail = f"the entry of line {line} is broken, {where}: {parsed.fault}"
    return RawReject(position, "broken_syntax", f"{detail}; those after it were read", start)
