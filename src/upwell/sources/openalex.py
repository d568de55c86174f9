"""OpenAlex works: answers of its API and its snapshot; abstracts are inverted indexes."""

import json
import re
from collections.abc import Iterator, Mapping

from upwell.sources import values
from upwell.sources.content import Content, Head
from upwell.sources.dates import parse_date, year_of_new_year
from upwell.sources.item import Context, Item, RawRecord, RawReject, noting_years
from upwell.sources.json_stream import read_objects, shape_of

_ARRAYS = frozenset({"results"})
_START = r'\{\s*"id"\s*:\s*"https://openalex\.org/W'
_INDEX = "abstract_inverted_index"
_MARKS = (b"openalex.org/", b'"group_by"', b'"abstract_inverted_index"')
_MOST_WORDS = 1_000_000


class OpenAlex:
    """Works of any type, errata among them."""

    name = "openalex"

    def recognises(self, head: Head) -> bool:
        """Whether objects are works, or an answer has OpenAlex's keys and no works."""
        if not any(mark in head.data for mark in _MARKS):
            return False
        shape = shape_of(head, _ARRAYS)
        if shape is None:
            return False
        is_empty = not shape.first and {"meta", "results"} <= set(shape.wrapper)
        begins = re.search(_START, head.text) is not None  # though the first one may be broken
        return is_empty or begins or any(_is_work(cells) for cells in shape.first)

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each work; positions are lines, or count the works from 1.

        Covers, tables of contents and the like (`is_paratext`) are no papers and count as no items.
        """
        return noting_years(_items(content, context), context)


def _items(content: Content, context: Context) -> Iterator[Item]:
    """The items of a file; a note says how many works were left out."""
    n_paratexts = 0
    for row in read_objects(content, _ARRAYS, _START):
        if isinstance(row, RawReject):
            yield row
        elif row.cells.get("is_paratext") is True or row.cells.get("type") == "paratext":
            n_paratexts += 1
        else:
            yield _item(row.cells, row.position)
    if n_paratexts:
        context.notes.append(f"paratext of {n_paratexts:,} works, which is no paper, left out")


def _is_work(cells: Mapping[str, object]) -> bool:
    """Whether an object is a work."""
    return _INDEX in cells or str(cells.get("id")).startswith("https://openalex.org/W")


def _item(cells: Mapping[str, object], position: str) -> Item:
    """The record of a work, or a reject if it has no abstract."""
    title = values.text(cells.get("title")) or values.text(cells.get("display_name"))
    abstract = _abstract(cells)
    own_id = values.text(cells.get("id")) or ""
    if abstract is None:
        detail = "OpenAlex has no abstract of this work"
        return RawReject(position, "no_abstract", detail, title or own_id)
    written = cells.get("publication_date") or cells.get("publication_year")
    pages = _pages(cells)
    doi = values.text(cells.get("doi")) or values.text(_inner(cells, "ids").get("doi"))
    topic = values.text(_inner(cells, "primary_topic").get("display_name"))
    return RawRecord(
        position=position,
        title=title,
        abstract=abstract,
        published=year_of_new_year(parse_date(written)),
        dated_by="own date",
        identifiers=tuple(filter(None, (doi, *pages))),
        url=next(iter(pages), None) or doi or own_id or None,
        n_authors=_n_authors(cells),
        categories=(topic,) if topic else (),
        problems=("the source says that this paper was retracted",)
        if cells.get("is_retracted") is True
        else (),
    )


def _abstract(cells: Mapping[str, object]) -> str | None:
    """The abstract, put together from the places of each of its words."""
    index = cells.get(_INDEX)
    if isinstance(index, str):
        try:
            index = json.loads(index)
        except (ValueError, RecursionError):
            return None
    if isinstance(index, dict) and isinstance(index.get("InvertedIndex"), dict):
        index = index["InvertedIndex"]
    if not isinstance(index, dict):
        return values.text(cells.get("abstract"))
    placed = [
        (place, word)
        for word, places in index.items()
        if isinstance(places, list)
        for place in places
        if isinstance(place, int) and 0 <= place <= _MOST_WORDS
    ]
    return " ".join(word for _, word in sorted(placed)) or None


def _inner(cells: Mapping[str, object], key: str) -> Mapping[str, object]:
    """An object inside the work; an empty one if there is none."""
    found = cells.get(key)
    return found if isinstance(found, dict) else {}


def _pages(cells: Mapping[str, object]) -> list[str]:
    """The addresses of the work, the primary one first; one on arXiv identifies it."""
    locations = cells.get("locations")
    others = (
        [place for place in locations if isinstance(place, dict)]
        if isinstance(locations, list)
        else []
    )
    places = [_inner(cells, "primary_location"), *others]
    found = [values.address(place.get("landing_page_url")) for place in places]
    return list(dict.fromkeys(filter(None, found)))


def _n_authors(cells: Mapping[str, object]) -> int | None:
    """How many authors there are; lists of OpenAlex are cut at a hundred."""
    if cells.get("is_authors_truncated") is True:
        return None
    return values.n_authors(cells.get("authorships"))
