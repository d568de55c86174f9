"""CSL-JSON, as Zotero, Mendeley and citation services write it."""

import re
from collections.abc import Iterator, Mapping

from upwell.sources.content import Content, Head
from upwell.sources.dates import When, earliest, of_span, parse_date
from upwell.sources.dating import date_record
from upwell.sources.fields import Row
from upwell.sources.item import Context, Item, RawRecord, RawReject
from upwell.sources.json_stream import read_objects
from upwell.sources.json_text import top_keys
from upwell.sources.values import address, n_authors, text

_START = re.compile(r"\s*\[?\s*(?=\{)")
_TYPE = re.compile(
    r'"type"\s*:\s*"(?:article(?:-journal|-magazine|-newspaper)?|paper-conference|chapter|book'
    r'|thesis|report|manuscript|webpage|post-weblog|entry-\w+|review|dataset|software|speech)"'
)
_OWN_KEYS = {"issued", "container-title", "citation-key", "citation-label"}
_DATES = ("issued", "available-date", "published-online", "published-print")
_ARRAYS = frozenset({"items"})
_ITEM = r'\{\s*"(?:id|type|title|citation-key|citation-label|DOI|abstract|language|author)"\s*:'
_PEEKED = 200_000  # characters in which the first item's keys are looked for
_ARXIV = re.compile(r"arXiv:\s?[\w./-]{7,30}", re.IGNORECASE)


class CslJson:
    """An array of items, or items one after the other; read item by item.

    Dated by the earliest of `issued`, `available-date` and Crossref's `published-online` and
    `published-print`, in the precision of their `date-parts`; a season is kept to its year, a span
    as in `parse_date`. `accessed`, `submitted` and `event-date` are about something else.
    """

    name = "csl_json"

    def recognises(self, head: Head) -> bool:
        """Whether the first item has CSL's keys and a type of CSL's."""
        start = _START.match(head.text)
        if not start:
            return False
        first = head.text[start.end() : start.end() + _PEEKED]
        keys = set(top_keys(first))
        return "type" in keys and bool(keys & _OWN_KEYS) and _TYPE.search(first) is not None

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each item; positions count them from 1."""
        for row in read_objects(content, _ARRAYS, _ITEM):
            yield row if isinstance(row, RawReject) else _record(row, context)


def csl_date(value: object, *, day_first: bool | None = None) -> When:
    """The date of a CSL date variable.

    Parameters
    ----------
    value : an object with `date-parts` (numbers, or text of them; two lists are a span), or with
        `raw` or `literal` text; text alone.
    day_first : as in `parse_date`.
    """
    if not isinstance(value, Mapping):
        return parse_date(value if isinstance(value, str) else None, day_first=day_first)
    spans = value.get("date-parts")
    spans = spans if isinstance(spans, list) else []
    dates = [parse_date("-".join(parts)) for parts in map(_parts, spans[:2]) if parts]
    if not dates:
        written = value.get("raw") or value.get("literal")
        return parse_date(written if isinstance(written, str) else None, day_first=day_first)
    if len(dates) == 1 or not (dates[0].day and dates[1].day):
        return dates[0]
    return of_span(dates[0], dates[1], "/".join("-".join(_parts(span)) for span in spans[:2]))


def _parts(span: object) -> list[str]:
    """Year, month and day, as far as they are numbers."""
    parts: list[str] = []
    for part in span if isinstance(span, list) else []:
        number = str(part).strip()
        if isinstance(part, bool) or not number.isdecimal() or not int(number[:6]):
            break
        parts.append(number)
    return parts[:3]


def _record(row: Row, context: Context) -> RawRecord:
    """The record of an item."""
    item = row.cells
    found = [text(item.get(key)) for key in ("DOI", "URL", "arxiv")]
    named = [
        _ARXIV.match(text(item.get(key)) or "") for key in ("number", "note", "archive_location")
    ]
    ids = (*filter(None, found), *(match[0] for match in named if match))
    day_first = context.config.day_first
    own = earliest(csl_date(item.get(key), day_first=day_first) for key in _DATES)
    dated = date_record(own, {}, ids, context.file_day)
    return RawRecord(
        position=row.position,
        title=text(item.get("title")),
        abstract=text(item.get("abstract")) or "",
        published=dated.when,
        dated_by=dated.rule,
        identifiers=ids,
        url=address(item.get("URL")),
        n_authors=n_authors(item.get("author")),
    )
