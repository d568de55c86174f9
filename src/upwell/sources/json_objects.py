"""The objects of a JSON array, or one after the other, without holding the file."""

import json
import re
from collections.abc import Iterator

from upwell.sources.content import LINE_LIMIT, Line
from upwell.sources.fields import Row
from upwell.sources.item import RawReject, too_long
from upwell.sources.json_document import next_object

_DECODER = json.JSONDecoder(strict=False)
_BETWEEN = re.compile(r"[\s,\[\]]*")
_DEEPEST = 1000
_BLOCK = 1 << 16  # characters after which what was read is looked at


def read_objects(lines: Iterator[Line]) -> Iterator[Row | RawReject]:
    """The objects of a file, in the file's order; one that is broken loses itself only.

    Parameters
    ----------
    lines : of the whole file, one at a time; how objects are spread over them does not matter.

    Returns
    -------
    Rows and rejects whose positions count the items from 1.
    """
    reader, size = _Reader(), 0
    waiting: list[str] = []
    for line in lines:
        if line.too_long:
            yield too_long(line)
            continue
        waiting.append(line.text)
        size += len(line.text) + 1
        if size >= reader.wanted:
            yield from reader.take("\n".join([*waiting, ""]))
            waiting, size = [], 0
    yield from reader.take("\n".join(waiting), is_end=True)


class _Reader:
    """Holds the object that is not complete yet; `wanted` characters more are worth another try.

    As many as there are already, so that time grows with the length only.
    """

    def __init__(self) -> None:
        self._rest = ""
        self._index = 0
        self.wanted = _BLOCK

    def take(self, more: str, *, is_end: bool = False) -> Iterator[Row | RawReject]:
        """The items that are complete now."""
        text, at = self._rest + more, 0
        while (at := _after_blank(text, at)) < len(text):
            try:
                value, end = _DECODER.raw_decode(text, at)
            except (ValueError, RecursionError) as error:
                may_go_on = not is_end and len(text) - at <= LINE_LIMIT
                if may_go_on and _is_unfinished(error, text):
                    break
                # What nests too deep is no record, nor are the objects inside of it.
                end = next_object(text, at + isinstance(error, RecursionError) * _DEEPEST)
                if may_go_on and end == len(text):
                    break
                self._index += 1
                yield self._broken(text[at:end], error, is_cut=is_end and end == len(text))
                at = end
                continue
            self._index += 1
            yield self._row(value)
            at = end
        self._rest = text[at:]
        self.wanted = max(_BLOCK, len(self._rest))

    def _row(self, value: object) -> Row | RawReject:
        """A value as a row, or why it is none."""
        position = str(self._index)
        if isinstance(value, dict):
            return Row(position, value)
        detail = f"item {position} is {type(value).__name__}, not an object"
        return RawReject(position, "broken_syntax", detail, str(value)[:400])

    def _broken(self, text: str, error: Exception, *, is_cut: bool) -> RawReject:
        """The reject of an item that does not parse."""
        position, why = str(self._index), str(error).partition(": line")[0]
        if is_cut:
            detail = f"item {position} does not end before the file does: {why}"
            return RawReject(position, "truncated", detail, text[:400])
        detail = f"item {position} is not JSON: {why}; the items after it were read"
        return RawReject(position, "broken_syntax", detail, text[:400])


def _is_unfinished(error: Exception, text: str) -> bool:
    """Whether all of a text may be good, and only its end is missing."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated") or error.pos >= len(text) - 10


def _after_blank(text: str, at: int) -> int:
    """The place after blanks, commas and the brackets of arrays."""
    match = _BETWEEN.match(text, at)
    return match.end() if match else at
