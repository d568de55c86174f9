"""arXiv's metadata snapshot: an object a line for each paper, dated by its first version."""

from collections.abc import Iterator, Mapping

from upwell.sources import values
from upwell.sources.content import Content, Head
from upwell.sources.dates import UNDATED, When, parse_date
from upwell.sources.dating import date_record
from upwell.sources.fields import Row
from upwell.sources.item import Context, Item, RawRecord, RawReject
from upwell.sources.json_stream import read_objects, shape_of
from upwell.sources.withdrawals import NOTICE_ONLY, is_only_notice, problems_of

_NO_ARRAYS: frozenset[str] = frozenset()
_START = r'\{\s*"id"\s*:'


class ArxivSnapshot:
    """The snapshot, whole or in parts."""

    name = "arxiv_snapshot"

    def recognises(self, head: Head) -> bool:
        """Whether the first objects have the snapshot's keys."""
        if b'"versions"' not in head.data or b'"abstract"' not in head.data:
            return False
        shape = shape_of(head, _NO_ARRAYS)
        first = shape.first[:1] if shape else ()
        return any({"id", "abstract", "versions"} <= set(keys) for keys in first)

    def parse(self, content: Content, context: Context) -> Iterator[Item]:  # noqa: ARG002  every format is called so
        """A record or a reject for each object; positions are lines."""
        for row in read_objects(content, _NO_ARRAYS, _START):
            yield row if isinstance(row, RawReject) else _item(row)


def _item(row: Row) -> Item:
    """The record of an object; `update_date` is that of its last change, and is not used."""
    cells = row.cells
    title, abstract = values.text(cells.get("title")), values.text(cells.get("abstract"))
    arxiv_id = values.text(cells.get("id")) or ""
    if abstract is None:
        detail = "there is no abstract"
        return RawReject(row.position, "no_abstract", detail, title or arxiv_id)
    if is_only_notice(abstract):
        return RawReject(row.position, "no_abstract", NOTICE_ONLY, f"{title}; {abstract}")
    dated = date_record(_first_version(cells), {}, (arxiv_id,), None)
    return RawRecord(
        position=row.position,
        title=title,
        abstract=abstract,
        published=dated.when,
        dated_by=dated.rule,
        identifiers=tuple(filter(None, (arxiv_id, *_dois(cells)))),
        url=f"https://arxiv.org/abs/{arxiv_id}" if arxiv_id else None,
        n_authors=values.n_authors(cells.get("authors_parsed") or cells.get("authors")),
        categories=_categories(cells.get("categories")),
        problems=problems_of(abstract, values.text(cells.get("comments"))),
    )


def _categories(written: object) -> tuple[str, ...]:
    """The categories, with blanks between; the oldest snapshots have such a text in a list."""
    texts = written if isinstance(written, list) else [written]
    found = (category for text in texts for category in (values.text(text) or "").split())
    return tuple(dict.fromkeys(found))


def _first_version(cells: Mapping[str, object]) -> When:
    """When version 1 was submitted; the oldest snapshots name versions without their dates."""
    versions = cells.get("versions")
    first = versions[0] if isinstance(versions, list) and versions else None
    return parse_date(first.get("created")) if isinstance(first, dict) else UNDATED


def _dois(cells: Mapping[str, object]) -> list[str]:
    """The DOIs of a paper: some have two, with a blank between."""
    return (values.text(cells.get("doi")) or "").split()
