"""JSON as a stream of records: one a line, or those of a document that is never held whole."""

import re
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from upwell.sources.content import LINE_LIMIT, Content, Head
from upwell.sources.fields import Row
from upwell.sources.item import RawReject
from upwell.sources.json_lines import row_of
from upwell.sources.json_text import cut_object, top_keys
from upwell.sources.json_window import BLANK, COLON, DECODER, TooLongError, Window, after

_PEEKED = 5  # objects that are looked at to tell the format
_FIRST_KEY = re.compile(r'\{\s*("(?:[^"\\]|\\.){1,200}"\s*:)')
_OVER_LINES = re.compile(r'\{\s*\n\s*["}]')
_SHOWN = 8  # keys of an object without records, in a reject


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file holds its objects, as far as its start tells.

    `kind` says whether each has a line, they stand in an array, or one after the other. `first` are
    the first objects; of one that the start does not hold whole, only what it holds. `wrapper` are
    the keys of the object around the array, if there is one.
    """

    kind: Literal["lines", "array", "values"]
    first: tuple[Mapping[str, object], ...]
    wrapper: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Value:
    """A value and its number, from 1; or that of a line and the number of the line."""

    position: str
    value: object


def shape_of(head: Head, arrays: frozenset[str]) -> Shape | None:
    """How the file holds its objects; None if it is not JSON.

    Parameters
    ----------
    head : the start of the file.
    arrays : keys whose value may be the array of records.
    """
    text = head.text.lstrip()
    if text.startswith("["):
        return Shape("array", tuple(_first_values(text, 1)))
    if not text.startswith("{"):
        return None
    try:
        whole, end = DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        start = _array_start(text, arrays)
        keys = tuple(top_keys(text[: start or len(text)]))
        if start is None:
            kind: Literal["lines", "values"] = "values" if _OVER_LINES.match(text) else "lines"
            return Shape(kind, (cut_object(text) or dict.fromkeys(keys),))
        return Shape("array", tuple(_first_values(text, start)), keys)
    name = next((key for key in whole if key in arrays and isinstance(whole[key], list)), None)
    if name is not None:
        objects = [value for value in whole[name][:_PEEKED] if isinstance(value, dict)]
        return Shape("array", tuple(objects), tuple(whole))
    first = (whole, *_first_values(text, end))
    has_line = "\n" not in text[:end] and not text[end:].partition("\n")[0].strip()
    return Shape("lines" if has_line else "values", first)


def read_values(
    content: Content, arrays: frozenset[str], start: str
) -> Iterator[Value | RawReject]:
    """The records of a file, one at a time; a broken one costs only itself.

    Parameters
    ----------
    content : of a file that has a `shape_of`.
    arrays : as for `shape_of`.
    start : pattern of how a record begins, by which the one behind a broken one is found.
    """
    shape = shape_of(content.head, arrays)
    if shape is None or shape.kind == "lines":
        for line in content.lines():
            if line.text.strip():
                row = row_of(line)
                yield Value(row.position, row.cells) if isinstance(row, Row) else row
        return
    path = (arrays,) if shape.wrapper else ()
    yield from Walk(content, path, start=re.compile(start)).values()


def read_objects(content: Content, arrays: frozenset[str], start: str) -> Iterator[Row | RawReject]:
    """As `read_values`, for records that are objects: what is none is a reject."""
    for value in read_values(content, arrays, start):
        if isinstance(value, RawReject):
            yield value
        else:
            cells = object_of(value)
            yield cells if isinstance(cells, RawReject) else Row(value.position, cells)


def object_of(value: Value) -> Mapping[str, object] | RawReject:
    """The object that a value is, or why it is none."""
    if isinstance(value.value, dict):
        return value.value
    kind = "null" if value.value is None else type(value.value).__name__
    detail = f"item {value.position} is {kind}, not an object"
    return RawReject(value.position, "broken_syntax", detail, str(value.value)[:400])


def _first_values(text: str, at: int) -> Iterator[Mapping[str, object]]:
    """The objects among the first values from a place on; of one that is cut, what is there."""
    for _ in range(_PEEKED):
        at = after(BLANK, text, at)
        try:
            value, at = DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            if text.startswith("{", at):
                yield cut_object(text[at:]) or dict.fromkeys(top_keys(text[at:]))
            return
        if isinstance(value, dict):
            yield value


def _array_start(text: str, arrays: frozenset[str]) -> int | None:
    """Where the first value of the array inside an object stands, if the text gets there."""
    at = 1
    while True:
        at = after(BLANK, text, at)
        try:
            key, at = DECODER.raw_decode(text, at)
            at = after(COLON, text, at)
            if key in arrays and text.startswith("[", at):
                return at + 1
            _, at = DECODER.raw_decode(text, at)
        except (ValueError, RecursionError, TypeError):
            return None


class Walk:
    """A walk through a document, or several in a row, that stops at each record.

    Parameters
    ----------
    content : of the file.
    path : names of the keys that lead from an object to its arrays of records; without any, an
        object is a record itself. An array that is not in an object holds records in any case.
    of_members : the values of an object's keys are the records.
    start : pattern of how a record begins; None if only the first key of the broken one tells.
    """

    def __init__(
        self,
        content: Content,
        path: tuple[frozenset[str], ...],
        *,
        of_members: bool = False,
        start: re.Pattern[str] | None = None,
    ) -> None:
        self._window = Window(content.blocks())
        self._path = path
        self._of_members = of_members
        self._start = start
        names = "|".join(map(re.escape, sorted(path[-1]))) if path else ""
        self._array = re.compile(rf'"(?:{names})"\s*:\s*\[')
        self._index = 0
        self._is_cut = False  # a reject says already that the file ends too early

    def values(self) -> Iterator[Value | RawReject]:
        """The records, numbered from 1 through the whole file."""
        while opening := self._window.peek():
            if opening == "[":
                self._window.step()
                yield from self._elements()
            elif opening == "{" and self._path:
                yield from self._document()
            elif opening == "{" and self._of_members:
                self._window.step()
                yield from self._elements()
            elif opening in "]}":
                self._window.step()  # one too many
            else:
                yield self._value()

    def _elements(self) -> Iterator[Value | RawReject]:
        """The values of the array or the object that the window is inside of."""
        while self._window.peek() not in {"", "]", "}"}:
            if not self._of_members or self._is_at_member():
                yield self._value()
        if self._window.peek() == "" and not self._is_cut:
            what = "object" if self._of_members else "array"
            detail = f"the file ends after item {self._index}, before the end of its {what}"
            self._index += 1
            self._is_cut = True
            yield RawReject(str(self._index), "truncated", detail)
        self._window.step()

    def _is_at_member(self) -> bool:
        """Goes behind the key that may stand here; whether a value is there then."""
        is_key = self._window.peek() != '"' or self._window.key() is not None
        following = self._window.peek()
        return following not in {"", "]", "}"} and (is_key or following == '"')

    def _document(self) -> Iterator[Value | RawReject]:
        """The records of an object, or a reject if it has no array for them."""
        excerpt, keys = self._window.excerpt(), list[str]()
        found = yield from self._members(0, keys)
        if not found and not self._is_cut:
            self._index += 1
            named = " or ".join(sorted(self._path[-1]))
            detail = f"this object has no list {named}; its keys are {', '.join(keys) or 'none'}"
            yield RawReject(str(self._index), "empty_file", detail, excerpt)

    def _members(self, depth: int, keys: list[str]) -> Generator[Value | RawReject, None, bool]:
        """The records below an object; returns whether there is an array for them."""
        self._window.step()
        found = False
        while self._window.peek() not in {"", "}", "]"}:
            key = self._window.key()
            if key is None:
                return (yield from self._behind_fault())
            keys += [key] if depth == 0 and len(keys) < _SHOWN else []
            opening = self._window.peek()
            if key in self._path[depth] and opening == "[" and depth + 1 == len(self._path):
                self._window.step()
                found = True
                yield from self._elements()
            elif key in self._path[depth] and opening == "{" and depth + 1 < len(self._path):
                found = (yield from self._members(depth + 1, keys)) or found
            elif not self._window.skip():
                return (yield from self._behind_fault())
        self._window.step()
        return found

    def _behind_fault(self) -> Generator[Value | RawReject, None, bool]:
        """The records of an object that is broken before its array, as `_members` gives them."""
        where, excerpt = self._window.where("this is not JSON"), self._window.excerpt()
        match = self._window.seek(self._array, from_next=False)
        if match is None:
            self._index += 1
            detail = f"{where}, and no list {' or '.join(sorted(self._path[-1]))} follows"
            yield RawReject(str(self._index), "broken_syntax", detail, excerpt)
            return True
        while self._window.peek() != "[":
            self._window.step()
        self._window.step()
        yield from self._elements()
        return True

    def _value(self) -> Value | RawReject:
        """The value that the window stands at, or why there is none."""
        self._index += 1
        position = str(self._index)
        value = self._window.decoded()
        if not isinstance(value, Exception):
            return Value(position, value)
        where, excerpt = self._window.where(value), self._window.excerpt()
        if isinstance(value, TooLongError):
            if not self._window.skip():
                self._window.seek(self._start or _like(excerpt))
            detail = (
                f"item {position} has more than {LINE_LIMIT:,} characters and was skipped; if it "
                "holds many records, write them as one list, or one a line"
            )
            return RawReject(position, "line_too_long", detail, excerpt)
        following = self._window.seek(self._start or _like(excerpt))
        if following is None:
            self._is_cut = True
            detail = f"item {position} does not end before the file does; {where}"
            return RawReject(position, "truncated", detail, excerpt)
        detail = f"item {position} is not JSON, {where}; the items after it were read"
        return RawReject(position, "broken_syntax", detail, excerpt)


def _like(broken: str) -> re.Pattern[str]:
    """How the object after a broken one starts: with the same first key."""
    key = _FIRST_KEY.match(broken)
    return re.compile(r"\{\s*" + (re.escape(key[1]) if key else r'"'))
