"""What the start of a JSON file tells: keys, and where its records stand."""

import json
import re
from dataclasses import dataclass

from upwell.sources.fields import is_named

_TOKEN = re.compile(r'"((?:[^"\\]|\\.){0,200})"\s*(:?)|[\[\]{}]', re.DOTALL)
# A string that is cut matches up to the end of the text.
_ENDS = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)|[\[\]{},]', re.DOTALL)
_CLOSING = {"[": "]", "{": "}"}
_MOST_DEEP = 1_000
ARRAY_NAMES = (
    "data", "results", "papers", "items", "records", "articles", "entries", "works", "docs",
    "documents", "publications", "hits", "notes", "submissions", "rows",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the records of an object stand.

    `path` are the keys that lead to the list of them; without any, the object is a record itself,
    or (`of_members`) each of its values is one.
    """

    path: tuple[str, ...] = ()
    of_members: bool = False


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


def cut_object(text: str) -> dict[str, object] | None:
    """What a text that ends inside the object it starts with holds of it; None if it is broken."""
    open_ones: list[str] = []
    end, closing = 0, ""
    for token in _ENDS.finditer(text):
        mark = token[0]
        if mark in _CLOSING:
            open_ones.append(mark)
            if len(open_ones) > _MOST_DEEP:
                return None
        elif mark in {"]", "}"}:
            if not open_ones:
                return None
            open_ones.pop()
            if not open_ones:
                return None
        elif mark == ",":
            end, closing = token.start(), "".join(_CLOSING[m] for m in reversed(open_ones))
    try:
        found = json.loads(text[:end] + closing, strict=False)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def layout_of(whole: dict[str, object]) -> Layout:
    """Where the records of an object stand: it is one, wraps a list of them, or is made of them."""
    known = {k: v for k, v in whole.items() if isinstance(v, list) and k.lower() in ARRAY_NAMES}
    if any(is_named(key, "abstract") for key in whole) and not any(
        map(_has_objects, known.values())
    ):
        return Layout()
    if known:
        return Layout((max(known, key=lambda k: (len(known[k]), k)),))
    if any(is_named(key, "title") for key in whole):
        return Layout()
    inner = {key: value for key, value in whole.items() if isinstance(value, dict)}
    for key, value in inner.items():
        below = layout_of(value)
        if below.path:
            return Layout((key, *below.path))
    if inner and len(inner) == len(whole):
        return Layout(of_members=True)
    other = {k: v for k, v in whole.items() if isinstance(v, list) and _has_objects(v)}
    other = {k: v for k, v in other.items() if not is_named(k)}
    name = max(other, key=lambda k: (len(other[k]), k), default=None)
    return Layout((name,) if name is not None else ())


def _has_objects(values: list[object]) -> bool:
    """Whether an object is among values."""
    return any(isinstance(value, dict) for value in values)
