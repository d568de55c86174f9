"""Exports of tagged lines (RIS, Web of Science, MEDLINE): lines to entries, one at a time.

No library serves here: rispy and nbib hold the whole file, know no positions, and an entry that
does not end takes the next one with it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain

from upwell.sources.content import LINE_LIMIT, Line
from upwell.sources.item import RawReject, too_long

_BOM = "\ufeff\r"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one kind of export writes an entry.

    `line` matches the first line of a field, its groups the tag and the text; any other line goes
    on with the field before it. `starts` is the tag that begins an entry; `ends` the one that ends
    it, None where entries just follow each other; `outside` are tags that stand between entries,
    `between` lines that a provider puts there.
    """

    line: re.Pattern[str]
    starts: str
    ends: str | None = None
    outside: frozenset[str] = frozenset()
    between: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """The fields of one entry, repeated tags in their order, lines as they were broken."""

    position: str
    fields: dict[str, list[str]]
    problems: tuple[str, ...] = ()
    is_cut: bool = False

    def first(self, *tags: str) -> str:
        """The first text that is not blank under any of the tags, the most trusted first."""
        texts = chain.from_iterable(self.fields.get(tag, ()) for tag in tags)
        return next((text for text in texts if text.strip()), "")

    def every(self, *tags: str) -> list[str]:
        """All texts under the tags that are not blank."""
        texts = chain.from_iterable(self.fields.get(tag, ()) for tag in tags)
        return [text for text in texts if text.strip()]


@dataclass(slots=True)
class _Open:
    """An entry whose end has not come yet; past the limit only its start is kept."""

    position: str
    parts: list[tuple[str, list[str]]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    size: int = 0

    def add(self, tag: str | None, text: str) -> None:
        """A new field, or without a tag one more line of the last."""
        self.size += len(text) + 1
        if self.size > LINE_LIMIT:
            del self.parts[20:]
        elif tag is not None:
            self.parts.append((tag, [text]))
        elif self.parts:
            self.parts[-1][1].append(text)

    def closed(self, *, is_cut: bool = False) -> Entry | RawReject:
        """The entry, or why it is none."""
        if self.size > LINE_LIMIT:
            start = "; ".join(lines[0][:80] for _, lines in self.parts[:5])
            detail = (
                f"the entry of line {self.position} has {self.size:,} characters, the limit is "
                f"{LINE_LIMIT:,}; those after it were read"
            )
            return RawReject(self.position, "line_too_long", detail, start)
        fields: dict[str, list[str]] = {}
        for tag, lines in self.parts:
            fields.setdefault(tag, []).append("\n".join(lines))
        return Entry(self.position, fields, tuple(self.problems), is_cut)


def read_entries(lines: Iterator[Line], dialect: Dialect) -> Iterator[Entry | RawReject]:
    """The entries of an export; one that is broken costs neither the one before nor the one after.

    Parameters
    ----------
    lines : of the whole file, one at a time.
    dialect : how it is written.

    Returns
    -------
    Entries with the number of their first line as position, and rejects for lines that are too long
    and for text between entries. An entry without its start or its end is an entry, with a problem.
    """
    reader, is_unended = _Reader(dialect), False
    for line in lines:
        yield from reader.take(line)
        is_unended = line.is_last
    if reader.entry:
        yield reader.entry.closed(is_cut=is_unended or dialect.ends is not None)


class _Reader:
    """Takes line by line; `entry` is the one that is open."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._is_between = True  # what stands before the first entry is the provider's header
        self.entry: _Open | None = None

    def take(self, line: Line) -> Iterator[Entry | RawReject]:
        """What is complete with this line."""
        if line.too_long:
            yield too_long(line)
            if self.entry:
                self.entry.problems.append(f"line {line.number} is too long and was left out")
            return
        text = line.text.lstrip(_BOM)
        between = self._dialect.between
        if between and self.entry is None and between.match(text):
            return
        match = self._dialect.line.match(text)
        if match:
            yield from self._tagged(line, match[1].rstrip(), match[2] or "")
        elif self.entry:
            self.entry.add(None, text)
        elif text.strip() and not self._is_between:
            self._is_between = True
            yield _between(line)

    def _tagged(self, line: Line, tag: str, text: str) -> Iterator[Entry | RawReject]:
        """A line that begins a field, an entry, or ends one."""
        is_outside = tag == self._dialect.ends or tag in self._dialect.outside
        if self.entry and (is_outside or tag == self._dialect.starts):
            self.entry.problems += _unended(self.entry, tag, self._dialect)
            yield self.entry.closed()
            self.entry = None
        if is_outside:
            return
        if self.entry is None:
            self.entry = _Open(str(line.number))
            self.entry.problems += _unstarted(line, tag, self._dialect)
            self._is_between = False
        self.entry.add(tag, text)


def _between(line: Line) -> RawReject:
    """The reject of text that is part of no entry."""
    detail = f"line {line.number} is text outside of any entry; the entries after it were read"
    return RawReject(str(line.number), "broken_syntax", detail, line.text)


def _unended(entry: _Open, tag: str, dialect: Dialect) -> list[str]:
    """That an entry has no end of its own, if it should have one."""
    if dialect.ends is None or tag == dialect.ends:
        return []
    return [f"the entry of line {entry.position} does not end with {dialect.ends}"]


def _unstarted(line: Line, tag: str, dialect: Dialect) -> list[str]:
    """That an entry has no start of its own."""
    if tag == dialect.starts:
        return []
    return [f"the entry of line {line.number} does not start with {dialect.starts}"]
