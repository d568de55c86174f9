"""JSON Lines: an object a line."""

import json
from collections.abc import Iterator

from upwell.sources.content import Content, Head, Line
from upwell.sources.fields import Row, is_named, read_rows
from upwell.sources.item import Context, Item, RawReject, too_long
from upwell.sources.json_text import layout_of, top_keys

# One for all lines: json.loads would make one a line, which takes a fifth of the time.
_DECODER = json.JSONDecoder(strict=False)


class JsonLines:
    """Objects with a line each; keys are matched to fields."""

    name = "json_lines"

    def recognises(self, head: Head) -> bool:
        """Whether lines are objects, as opposed to one object over several lines."""
        text = head.text.lstrip()
        if not text.startswith("{"):
            return False
        first, _, rest = text.partition("\n")
        if rest.lstrip().startswith("{") and first.rstrip().endswith("}"):
            return True
        if rest.strip() and not first.rstrip().endswith("}"):
            return False
        try:  # one line only: an object that wraps a list is no record
            whole = json.loads(first, strict=False)
        except (ValueError, RecursionError):
            return any(is_named(key, "abstract") for key in top_keys(first))
        return isinstance(whole, dict) and not layout_of(whole).path

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each line that is not blank."""
        return read_rows((row_of(line) for line in content.lines() if line.text.strip()), context)


def row_of(line: Line) -> Row | RawReject:
    """The object of a line, or why there is none."""
    if line.too_long:
        return too_long(line)
    position = str(line.number)
    try:
        cells = _DECODER.decode(line.text.removeprefix("\x1e"))  # before each text of RFC 7464
    except (ValueError, RecursionError) as error:
        column = f", column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        why = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        if line.is_last:
            detail = f"the file ends in the middle of line {line.number}{column}: {why}"
            return RawReject(position, "truncated", detail, line.text)
        detail = f"line {line.number}{column} is not JSON: {why}; the lines after it were read"
        return RawReject(position, "broken_syntax", detail, line.text)
    if not isinstance(cells, dict):
        detail = f"line {line.number} is JSON but not an object"
        return RawReject(position, "broken_syntax", detail, line.text)
    return Row(position, cells)
