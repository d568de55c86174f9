"""JSON as a stream of objects: one a line, or those of an array that is never held whole."""

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from upwell.sources.content import LINE_LIMIT, Content, Head
from upwell.sources.fields import Row
from upwell.sources.item import RawReject
from upwell.sources.json_document import top_keys
from upwell.sources.json_lines import row_of

# strict=False: a raw tab or NUL inside a string is no reason to lose a record.
_DECODER = json.JSONDecoder(strict=False)
_BLANK = re.compile(r"[\s,]*")
_COLON = re.compile(r"\s*:\s*")
_PEEKED = 5  # objects that are looked at to tell the format
_KEPT = 400  # characters kept while the next object is sought: its start may be cut in two


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file holds its objects, as far as its start tells.

    `first` are the first objects; of one that the start does not hold whole, only the keys.
    `wrapper` are the keys of the object around the array, if there is one.
    """

    is_lines: bool
    first: tuple[Mapping[str, object], ...]
    wrapper: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Value:
    """A value of an array and its number, from 1; or of a line and the number of the line."""

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
        return Shape(False, tuple(_first_values(text, 1)))
    if not text.startswith("{"):
        return None
    try:
        whole, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        start = _array_start(text, arrays)
        keys = tuple(top_keys(text[: start or len(text)]))
        if start is None:
            return Shape(True, (dict.fromkeys(keys),))
        return Shape(False, tuple(_first_values(text, start)), keys)
    name = next((key for key in whole if key in arrays and isinstance(whole[key], list)), None)
    if name is not None:
        objects = [value for value in whole[name][:_PEEKED] if isinstance(value, dict)]
        return Shape(False, tuple(objects), tuple(whole))
    return Shape(True, (whole, *_first_values(text, end)))


def read_values(
    content: Content, arrays: frozenset[str], start: str
) -> Iterator[Value | RawReject]:
    """The values of a file, one at a time; a broken one costs only itself.

    Parameters
    ----------
    content : of a file that has a `shape_of`.
    arrays : as for `shape_of`.
    start : pattern of how an object begins, by which the one behind a broken one is found.
    """
    shape = shape_of(content.head, arrays)
    if shape is None or shape.is_lines:
        for line in content.lines():
            if line.text.strip():
                row = row_of(line)
                yield Value(row.position, row.cells) if isinstance(row, Row) else row
        return
    yield from _Window(content, arrays, re.compile(start)).values()


def object_of(value: Value) -> Mapping[str, object] | RawReject:
    """The object that a value is, or why it is none."""
    if isinstance(value.value, dict):
        return value.value
    kind = "null" if value.value is None else type(value.value).__name__
    detail = f"item {value.position} is {kind}, not an object"
    return RawReject(value.position, "broken_syntax", detail, str(value.value)[:400])


def _first_values(text: str, at: int) -> Iterator[Mapping[str, object]]:
    """The objects among the first values from a place on; of one that is cut, the keys."""
    for _ in range(_PEEKED):
        at = _after(_BLANK, text, at)
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            if text.startswith("{", at):
                yield dict.fromkeys(top_keys(text[at:]))
            return
        if isinstance(value, dict):
            yield value


def _array_start(text: str, arrays: frozenset[str]) -> int | None:
    """Where the first value of the array inside an object stands, if the text gets there."""
    at = 1
    while True:
        at = _after(_BLANK, text, at)
        try:
            key, at = _DECODER.raw_decode(text, at)
            at = _after(_COLON, text, at)
            if key in arrays and text.startswith("[", at):
                return at + 1
            _, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError, TypeError):
            return None


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    """The place behind a pattern that may match nothing."""
    match = pattern.match(text, at)
    return match.end() if match else at


class _Window:
    """The part of a document that is held: from the value at hand to what was read last."""

    def __init__(self, content: Content, arrays: frozenset[str], start: re.Pattern[str]) -> None:
        self._blocks = content.blocks()
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._arrays = arrays
        self._start = start
        self._named = re.compile(rf'"(?:{"|".join(map(re.escape, sorted(arrays)))})"\s*:\s*\[')
        self._text = ""
        self._at = 0
        self._line = 1  # of the start of the window
        self._index = 0
        self._is_cut = False  # a reject says already that the file ends too early

    def values(self) -> Iterator[Value | RawReject]:
        """The values of every array, of one document or of several in a row."""
        while self._enter():
            while self._peek() not in {"", "]", "}"}:
                self._index += 1
                yield self._value()
            if self._peek() == "" and not self._is_cut:
                detail = f"the file ends after item {self._index}, before the end of its array"
                self._index += 1
                yield RawReject(str(self._index), "truncated", detail)
            self._at += 1

    def _enter(self) -> bool:
        """Goes to the first value of the next array; False if there is none."""
        while opening := self._peek():
            self._at += 1
            if opening == "[":
                return True
            if opening == "{" and self._enter_object():
                return True
        return False

    def _enter_object(self) -> bool:
        """Goes into the array of an object; False, behind the object, if it has none."""
        while self._peek() not in {"", "}"}:
            key = self._decoded()
            while not (separator := _COLON.match(self._text, self._at)) and self._more():
                pass
            if not isinstance(key, str) or separator is None:
                return self._find_array()
            self._at = separator.end()
            if key in self._arrays and self._peek() == "[":
                self._at += 1
                return True
            if isinstance(self._decoded(), Exception):
                return self._find_array()
        self._at += 1
        return False

    def _find_array(self) -> bool:
        """Goes to the array of an object that is broken before it."""
        found = self._seek(self._named, self._at)
        self._at = found.end() if found else len(self._text)
        return found is not None

    def _value(self) -> Value | RawReject:
        """The value that the window stands at, or why there is none."""
        position, begin = str(self._index), self._at
        value = self._decoded()
        if not isinstance(value, Exception):
            if self._at - begin <= LINE_LIMIT:
                return Value(position, value)
            n = self._at - begin
            detail = f"item {position} has {n:,} characters, the limit is {LINE_LIMIT:,}"
            return RawReject(position, "line_too_long", detail, self._text[begin : begin + 400])
        where, excerpt = self._where(value), self._text[self._at : self._at + 400]
        following = self._seek(self._start, self._at + 1)
        self._at = following.start() if following else len(self._text)
        if following is None:
            self._is_cut = True
            detail = f"item {position} does not end before the file does; {where}"
            return RawReject(position, "truncated", detail, excerpt)
        detail = f"item {position} is not JSON, {where}; the items after it were read"
        return RawReject(position, "broken_syntax", detail, excerpt)

    def _decoded(self) -> object:
        """The value here, or the error that there is none; the window goes behind a value."""
        self._drop()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if self._may_go_on(error) and self._more():
                    continue
                return error
            if end == len(self._text) and isinstance(value, int | float) and self._more():
                continue  # the rest of the number
            self._at = end
            return value

    def _may_go_on(self, error: Exception) -> bool:
        """Whether the value may only be cut by the end of the window."""
        n_held = len(self._text) - self._at
        if not isinstance(error, json.JSONDecodeError) or n_held > LINE_LIMIT:
            return False
        return error.msg.startswith("Unterminated string") or error.pos > len(self._text) - 20

    def _where(self, error: Exception) -> str:
        """Line and reason of an error."""
        at = error.pos if isinstance(error, json.JSONDecodeError) else self._at
        why = error.msg if isinstance(error, json.JSONDecodeError) else "it is nested too deep"
        column = at - self._text.rfind("\n", 0, at)
        return f"line {self._line + self._text.count(chr(10), 0, at)}, column {column}: {why}"

    def _peek(self) -> str:
        """The next character that is not blank or a comma; none at the end."""
        while True:
            self._at = _after(_BLANK, self._text, self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _seek(self, pattern: re.Pattern[str], at: int) -> re.Match[str] | None:
        """The next match; what is before it is not kept."""
        while not (match := pattern.search(self._text, at)):
            self._at = max(at, len(self._text) - _KEPT)
            self._drop(always=True)
            at = self._at
            if not self._more():
                return None
        return match

    def _drop(self, *, always: bool = False) -> None:
        """Lets go of what is behind, once that is much."""
        if self._at > 100_000 or always:
            self._line += self._text.count("\n", 0, self._at)
            self._text, self._at = self._text[self._at :], 0

    def _more(self) -> bool:
        """Reads on, as much again as is held, so that a long value is not tried too often."""
        self._drop()
        wanted, parts = len(self._text) - self._at, []
        for block in self._blocks:
            parts.append(self._decoder.decode(block))
            wanted -= len(parts[-1])
            if wanted <= 0:
                break
        if not parts:
            last = self._decoder.decode(b"", final=True)
            self._text += last
            return bool(last)
        self._text += "".join(parts)
        return True
