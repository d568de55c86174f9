"""JSON: an array of objects, an object that wraps one, or objects one after the other."""

import json
import re
from collections.abc import Iterator

from upwell.sources.content import LINE_LIMIT, Content, Head
from upwell.sources.fields import Row, is_named, read_rows
from upwell.sources.item import Context, Item, RawReject

# strict=False: a raw tab or NUL inside a string is no reason to lose a record.
_DECODER = json.JSONDecoder(strict=False)
_BETWEEN = re.compile(r"[\s,]*")
_TOKEN = re.compile(r'"((?:[^"\\]|\\.){0,200})"\s*(:?)|[\[\]{}]', re.DOTALL)
_FIRST_KEY = re.compile(r'\{\s*("(?:[^"\\]|\\.){1,200}"\s*:)')
_ARRAY_IN_OBJECT = re.compile(r'"([^"\\]{1,200})"\s*:\s*\[(?=\s*\{)')
_ARRAY_NAMES = (
    "data", "results", "papers", "items", "records", "articles", "entries", "works", "docs",
    "documents", "publications", "hits",
)  # fmt: skip


class JsonDocument:
    """A whole file of JSON; a broken object loses itself, not those after it."""

    name = "json"

    def recognises(self, head: Head) -> bool:
        """Whether the file starts as an array of JSON or as an object."""
        return re.match(r"\s*(?:\[\s*[\[{\"\]]|\{\s*[\"}])", head.text) is not None

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each object of the array; positions count them from 1."""
        return read_rows(_rows(content.text(), context.notes), context)


def top_keys(text: str) -> list[str]:
    """The keys of the object that a text starts with; the text may end inside it."""
    keys, depth = [], 0
    for token in _TOKEN.finditer(text):
        if token[0][0] == '"':
            if depth == 1 and token[2]:
                keys.append(token[1])
        else:
            depth += 1 if token[0] in "[{" else -1
            if depth == 0:
                break
    return keys


def _rows(text: str, notes: list[str]) -> Iterator[Row | RawReject]:
    """The objects of a document."""
    start = len(text) - len(text.lstrip())
    if text.startswith("[", start):
        yield from _elements(text, start + 1)
        return
    try:
        whole, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        yield from _elements(text, _wrapped_start(text, start))
        return
    if text[end:].strip():
        yield from _elements(text, start)
        return
    name, objects = wrapped(whole)
    notes.extend([f"the records are the list {name!r}"] if name else [])
    for index, value in enumerate(objects, 1):
        yield _row(index, value)


def _elements(text: str, start: int) -> Iterator[Row | RawReject]:
    """The values from a place on, up to the end of their array or of the text."""
    at, index, is_cut = _after_blank(text, start), 0, False
    while at < len(text) and text[at] not in "]}":
        index += 1
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            end = _next_object(text, at)
            is_cut = end == len(text)
            yield _broken(text, at, end, index, error)
        else:
            if end - at > LINE_LIMIT:
                detail = f"item {index} has {end - at:,} characters, the limit is {LINE_LIMIT:,}"
                yield RawReject(str(index), "line_too_long", detail, text[at : at + 400])
            else:
                yield _row(index, value)
        at = _after_blank(text, end)
    if at >= len(text) and not is_cut and text.lstrip().startswith("["):
        detail = f"the file ends after item {index}, before the end of its array"
        yield RawReject(str(index + 1), "truncated", detail)


def _after_blank(text: str, at: int) -> int:
    """The place after blanks and commas."""
    match = _BETWEEN.match(text, at)
    return match.end() if match else at


def _row(index: int, value: object) -> Row | RawReject:
    """A value as a row, or why it is none."""
    if isinstance(value, dict):
        return Row(str(index), value)
    detail = f"item {index} is {type(value).__name__}, not an object"
    return RawReject(str(index), "broken_syntax", detail, str(value)[:400])


def _next_object(text: str, at: int) -> int:
    """Where the object after a broken one starts: it has the same first key."""
    key = _FIRST_KEY.match(text, at)
    pattern = r"\{\s*" + (re.escape(key[1]) if key else r'"')
    following = re.compile(pattern).search(text, at + 1)
    return following.start() if following else len(text)


def _broken(text: str, at: int, end: int, index: int, error: Exception) -> RawReject:
    """The reject of an object that does not parse."""
    if isinstance(error, json.JSONDecodeError):
        where = f"line {error.lineno}, column {error.colno}: {error.msg}"
    else:
        where = f"line {text.count(chr(10), 0, at) + 1}: {error}"
    if end == len(text):
        detail = f"item {index} does not end before the file does; {where}"
        return RawReject(str(index), "truncated", detail, text[at : at + 400])
    detail = f"item {index} is not JSON, {where}; the items after it were read"
    return RawReject(str(index), "broken_syntax", detail, text[at : at + 400])


def _wrapped_start(text: str, start: int) -> int:
    """Where the elements of the array inside a broken object begin; the object if it has none."""
    arrays = list(_ARRAY_IN_OBJECT.finditer(text, start, start + 1_000_000))
    named = [m for m in arrays if m[1].lower() in _ARRAY_NAMES]
    first = next(iter(named or [m for m in arrays if not is_named(m[1])]), None)
    return first.end() if first else start


def wrapped(whole: dict[str, object]) -> tuple[str, list[object]]:
    """The list of records inside an object and its key, or the object itself without a key."""
    known = {k: v for k, v in whole.items() if isinstance(v, list) and k.lower() in _ARRAY_NAMES}
    if any(is_named(key, "abstract") for key in whole) and not any(
        map(_has_objects, known.values())
    ):
        return "", [whole]
    if known:
        name = max(known, key=lambda k: (len(known[k]), k))
        return name, known[name]
    if any(is_named(key, "title") for key in whole):
        return "", [whole]
    inner = {key: value for key, value in whole.items() if isinstance(value, dict)}
    for key, value in inner.items():
        name, records = wrapped(value)
        if name:
            return f"{key}.{name}", records
    if inner and len(inner) == len(whole):
        return "", list(inner.values())
    other = {k: v for k, v in whole.items() if isinstance(v, list) and _has_objects(v)}
    other = {k: v for k, v in other.items() if not is_named(k)}
    name = max(other, key=lambda k: (len(other[k]), k), default="")
    return name, other.get(name, [whole])


def _has_objects(values: list[object]) -> bool:
    """Whether an object is among values."""
    return any(isinstance(value, dict) for value in values)
