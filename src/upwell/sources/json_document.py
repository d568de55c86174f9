"""JSON: an array of objects, an object that wraps one, or objects one after the other."""

import json
import re
from collections.abc import Iterator

from upwell.sources.content import Content, Head
from upwell.sources.fields import Row, is_named, read_rows
from upwell.sources.item import Context, Item, RawReject
from upwell.sources.json_stream import Value, Walk, object_of
from upwell.sources.json_text import ARRAY_NAMES, Layout, cut_object, layout_of
from upwell.sources.json_window import DECODER

# What stands around a record: of the rows of Hugging Face's data sets, of hits of Elasticsearch.
_AROUND = (("row_idx", "row"), ("_index", "_source"))
_ARRAY_IN_OBJECT = re.compile(r'"([^"\\]{1,200})"\s*:\s*\[(?=\s*\{)')


class JsonDocument:
    """A document of unknown keys, of which a record is held at a time.

    Where its records stand is seen in its first million bytes; a broken record loses itself, not
    those after it.
    """

    name = "json"

    def recognises(self, head: Head) -> bool:
        """Whether the file starts as an array of JSON or as an object."""
        return re.match(r"\s*(?:\[\s*[\[{\"\]]|\{\s*[\"}])", head.text) is not None

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each object; positions count them from 1."""
        layout = _layout(content.head.text.lstrip())
        if layout.path:
            context.notes.append(f"the records are the list {'.'.join(layout.path)!r}")
        path = tuple(frozenset({name}) for name in layout.path)
        found = Walk(content, path, of_members=layout.of_members).values()
        return read_rows(map(_row, found), context)


def _layout(text: str) -> Layout:
    """Where the records of the document that starts with a text stand."""
    if not text.startswith("{"):
        return Layout()
    try:
        whole, _ = DECODER.raw_decode(text)
    except json.JSONDecodeError as error:
        whole = cut_object(text[: error.pos])
    except RecursionError:
        whole = None
    return layout_of(whole) if whole is not None else _layout_by_names(text)


def _layout_by_names(text: str) -> Layout:
    """The array inside a broken object; the object if it has none."""
    arrays = [match[1] for match in _ARRAY_IN_OBJECT.finditer(text)]
    named = [name for name in arrays if name.lower() in ARRAY_NAMES]
    first = next(iter(named or [name for name in arrays if not is_named(name)]), None)
    return Layout((first,) if first else ())


def _row(value: Value | RawReject) -> Row | RawReject:
    """A value as a row, or why it is none."""
    if isinstance(value, RawReject):
        return value
    cells = object_of(value)
    if isinstance(cells, RawReject):
        return cells
    for beside, around in _AROUND:
        inner = cells.get(around)
        if beside in cells and isinstance(inner, dict):
            cells = inner
    return Row(value.position, cells)
