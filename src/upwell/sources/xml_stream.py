"""XML as a stream of elements: nothing is looked up or expanded, and a fault costs one element.

Expat itself is used, not a tree on top of it: it tells where each element starts, it can be begun
anew behind a fault, and it can be told to refuse what may blow up.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from upwell.sources.content import LINE_LIMIT, Content
from upwell.sources.item import RawReject
from upwell.sources.xml_text import as_written, clean_blocks

_TOKEN_LIMIT = 1_000_000  # bytes of one tag or comment
_DEPTH_LIMIT = 1_000  # elements around a record; inside one, deeper ones count as their parent
_DEPTH_INSIDE = 100


@dataclass(frozen=True, slots=True)
class Found:
    """An element, whole, and where it starts; names are without prefix."""

    position: str
    element: Element


class _RefusedError(ValueError):
    """A file that is not read on, in words."""


def text_of(element: Element | None) -> str | None:
    """All text inside an element, None if there is none."""
    text = "".join(element.itertext()) if element is not None else ""
    return text if text.strip() else None


def read_elements(
    content: Content, names: frozenset[str], records: str
) -> Iterator[Found | RawReject]:
    """The elements of some names, in order, with a reject for each fault.

    Parameters
    ----------
    content : of a file of XML, in any encoding.
    names : of the elements that are wanted; one inside another comes with it only.
    records : the name of those that hold a paper, for the words of a reject.

    Returns
    -------
    Elements as they end. Positions are the line of an element, with its column where another one
    stands on the same line. Behind a fault, reading goes on with the next element of these names.
    """
    reader = _Reader(names, records)
    try:
        for data in clean_blocks(content):
            reader.feed(data)
            yield from reader.taken()
        if content.fault is None:
            reader.end()
    except _RefusedError as error:
        yield from reader.taken()
        yield RawReject(None, "unreadable_file", str(error))
    yield from reader.taken()


class _Reader:
    """One file: a parser, begun anew after each fault, and the element that is open."""

    def __init__(self, names: frozenset[str], records: str) -> None:
        self._names = names
        self._records = records
        self._next = re.compile(
            rb"<(?:[\w.-]{1,40}:)?(?:%s)(?=[\s/>])" % "|".join(sorted(names)).encode()
        )
        self._taken: list[Found | RawReject] = []
        self._path: list[str] = []  # open elements around the one that is wanted
        self._around: list[str] = []  # the same where the last wanted one began
        self._line, self._column = 1, 0  # where the parser was begun
        self._last_line = 0
        self._is_lost = False  # behind a fault, before the next element
        self._held = b""  # what the parser was given and has not done with
        self._begin(b"")

    def taken(self) -> list[Found | RawReject]:
        """What was found since the last call."""
        taken, self._taken = self._taken, []
        return taken

    def feed(self, data: bytes) -> None:
        """Goes on with more of the file."""
        data = self._held + data if self._is_lost else data
        while data:
            if self._is_lost:
                data = self._resume(data)
                continue
            try:
                self._parser.Parse(data, False)
            except expat.ExpatError as error:
                data = self._fault(data, expat.ErrorString(error.code))
                continue
            self._fed += len(data)
            n_held = self._fed - max(self._parser.CurrentByteIndex, 0)
            self._held = (self._held + data)[-n_held:] if n_held > 0 else b""
            if len(self._held) <= _TOKEN_LIMIT:
                return
            data = self._fault(b"", f"a tag or comment has more than {_TOKEN_LIMIT:,} bytes")

    def end(self) -> None:
        """The file ends here."""
        if self._is_lost:
            return
        try:
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            line, column = self._place(error.lineno, error.offset)
            if self._builder is not None:
                detail = f"the file ends in this element, in line {line}"
                self._taken.append(RawReject(self._position, "truncated", detail, self._excerpt()))
            else:
                detail = f"the file ends in line {line} before its last element is closed"
                self._taken.append(RawReject(f"{line}:{column}", "truncated", detail))

    def _begin(self, prefix: bytes) -> None:
        """A new parser, which thinks that it has seen the elements around."""
        self._parser = parser = expat.ParserCreate("utf-8")
        parser.UseForeignDTD(True)  # an entity that is not declared is no fault: it is handed on
        parser.StartDoctypeDeclHandler = self._doctype
        parser.SkippedEntityHandler = self._entity
        self._builder: TreeBuilder | None = None
        self._parts: list[str] = []
        self._depth = self._size = 0
        self._path = []
        self._shift = len(prefix)
        parser.StartElementHandler = self._start
        parser.Parse(prefix, False)
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        self._fed, self._held = len(prefix), b""

    def _fault(self, data: bytes, why: str) -> bytes:
        """Keeps a reject for what cannot be read; returns what stands behind the fault."""
        parser = self._parser
        line, column = self._place(parser.ErrorLineNumber, parser.ErrorColumnNumber)
        detail = f"line {line}, column {column}: {why}; what stands after this element was read"
        inside = self._builder is not None
        position = self._position if inside else f"{line}:{column}"
        self._taken.append(RawReject(position, "broken_syntax", detail, self._excerpt()))
        self._around = self._around if inside or not self._path else list(self._path)
        rest = self._held + data
        at = parser.ErrorByteIndex - (self._fed - len(self._held))
        self._line, self._column = line, column - 1
        self._is_lost = True
        at = max(at, 0)
        self._skip(rest[at : at + 1])
        self._held = b""
        return rest[at + 1 :]

    def _resume(self, data: bytes) -> bytes:
        """Begins anew at the next element; what is left to parse, nothing if there is none."""
        match = self._next.search(data)
        if match is None:
            n_kept = min(len(data), 100)  # a tag may be cut in two
            self._skip(data[:-n_kept])
            self._held = data[-n_kept:]
            return b""
        self._skip(data[: match.start()])
        self._is_lost = False
        self._begin("".join(f"<{name}>" for name in self._around).encode())
        return data[match.start() :]

    def _skip(self, data: bytes) -> None:
        """Counts the lines and columns of what is not parsed."""
        n_lines = data.count(b"\n")
        if n_lines:
            self._line, self._column = self._line + n_lines, 0
            data = data[data.rindex(b"\n") + 1 :]
        self._column += len(data.decode("utf-8", "replace"))

    def _place(self, line: int, column: int) -> tuple[int, int]:
        """Line and column in the file, from 1, of a place that the parser tells."""
        if line == 1:
            column += self._column - self._shift
        return self._line + line - 1, max(column, 0) + 1

    def _excerpt(self) -> str:
        """The start of the element that is open."""
        return "".join(self._parts)[:400] if self._builder is not None else ""

    # ---- what expat calls -----------------------------------------------------------------------

    def _doctype(self, name: str, system: str | None, public: str | None, has_own: int) -> None:  # noqa: ARG002
        if has_own:
            line = self._parser.CurrentLineNumber
            raise _RefusedError(
                f"line {line} declares entities of its own (<!DOCTYPE {name[:40]} [ … ]>), which "
                "could expand without bound and are not read; take the declaration out"
            )

    def _entity(self, name: str, is_parameter: bool) -> None:
        if not is_parameter:
            self._text(f"&{name};")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if self._builder is None:
            if local not in self._names or self._parser.EndElementHandler is None:
                self._path.append(name)
                if len(self._path) > _DEPTH_LIMIT:
                    raise _RefusedError(f"elements are nested more than {_DEPTH_LIMIT:,} deep")
                return
            self._open()
        self._depth += 1
        self._size += 40 + sum(map(len, attributes.values()))
        if self._builder is not None and self._depth <= _DEPTH_INSIDE and self._size <= LINE_LIMIT:
            self._builder.start(local, attributes)
            self._n_open += 1

    def _open(self) -> None:
        """An element that is wanted begins."""
        line, column = self._place(self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber)
        self._position = str(line) if line != self._last_line else f"{line}:{column}"
        self._last_line = line
        self._around = list(self._path)
        self._builder = TreeBuilder()
        self._parts = []
        self._depth = self._size = self._n_open = 0

    def _text(self, text: str) -> None:
        if self._builder is None:
            return
        self._size += len(text)
        if self._size <= LINE_LIMIT:
            text = as_written(text)
            self._builder.data(text)
            if len(self._parts) < 40:
                self._parts.append(text)

    def _end(self, name: str) -> None:
        if self._builder is None:
            if self._path:
                self._path.pop()
            return
        if self._n_open == self._depth:
            self._builder.end(name.rpartition(":")[2])
            self._n_open -= 1
        self._depth -= 1
        if self._depth == 0:
            self._close()

    def _close(self) -> None:
        """An element that is wanted is whole."""
        if self._builder is None:
            return
        if self._size > LINE_LIMIT:
            detail = (
                f"this <{self._records}> has more than {LINE_LIMIT:,} characters; it was skipped"
            )
            self._taken.append(RawReject(self._position, "line_too_long", detail, self._excerpt()))
        else:
            self._taken.append(Found(self._position, self._builder.close()))
        self._builder = None
