"""OpenReview: notes as both versions of its API hand them out, a submission a paper."""

from collections.abc import Iterator, Mapping

from upwell.sources import submissions, values
from upwell.sources.content import Content, Head
from upwell.sources.dates import When, earliest, parse_date
from upwell.sources.fields import Row
from upwell.sources.item import Context, Item, RawRecord, RawReject
from upwell.sources.json_stream import read_objects, shape_of

_ARRAYS = frozenset({"notes"})
_START = r'\{\s*"(?:id|forum|content|cdate|tcdate|original|number|invitation|invitations)"\s*:'
_SITE = "https://openreview.net/forum?id="
_TELLING = {"forum", "invitation", "invitations", "tcdate"}


class OpenReview:
    """Notes, of which those with an abstract are papers; cells of version 2 stand below `value`.

    Dated by the day a note became public (`odate`) or was published (`pdate`), the earlier of
    both; without either by the day it was made, as under open review it was public from then on.
    """

    name = "openreview"

    def recognises(self, head: Head) -> bool:
        """Whether objects are notes with content."""
        if b'"content"' not in head.data or b'"forum"' not in head.data:
            return False
        shape = shape_of(head, _ARRAYS)
        return shape is not None and any(_is_note(cells) for cells in shape.first)

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each note; positions are lines, or count the notes from 1."""
        n_not_accepted = 0
        for row in read_objects(content, _ARRAYS, _START):
            item = row if isinstance(row, RawReject) else _item(row)
            n_not_accepted += isinstance(item, RawRecord) and bool(item.problems)
            yield item
        context.notes.extend(submissions.note_of(n_not_accepted))


def _is_note(cells: Mapping[str, object]) -> bool:
    """Whether an object is a note."""
    return "content" in cells and bool(_TELLING & set(cells))


def _item(row: Row) -> Item:
    """The record of a note, or why it is no paper."""
    note = row.cells
    inner = note.get("content")
    cells = {k: _plain(v) for k, v in inner.items()} if isinstance(inner, dict) else {}
    own_id = values.text(note.get("forum")) or values.text(note.get("id")) or ""
    title, abstract = values.text(cells.get("title")), values.text(cells.get("abstract"))
    if abstract is None:
        is_reply = bool(note.get("replyto"))
        detail = "this note is a reply, such as a review" if is_reply else "there is no abstract"
        return RawReject(row.position, "no_abstract", detail, title or own_id)
    invitations = note.get("invitations")
    return RawRecord(
        position=row.position,
        title=title,
        abstract=abstract,
        published=_date(note),
        dated_by="own date",
        url=f"{_SITE}{own_id}" if own_id else None,
        n_authors=_n_authors(cells.get("authors")),
        categories=values.categories(cells.get("primary_area")),
        problems=submissions.problems_of(
            cells.get("venue"),
            cells.get("venueid"),
            note.get("invitation"),
            *(invitations if isinstance(invitations, list) else []),
        ),
    )


def _plain(cell: object) -> object:
    """A cell as version 1 has it."""
    return cell.get("value") if isinstance(cell, dict) else cell


def _date(note: Mapping[str, object]) -> When:
    """When a note became public."""
    public = earliest(parse_date(note.get(key)) for key in ("odate", "pdate"))
    return (
        public if public.day else earliest(map(parse_date, (note.get("cdate"), note.get("tcdate"))))
    )


def _n_authors(authors: object) -> int | None:
    """How many authors there are; None while they are kept anonymous."""
    return None if authors == ["Anonymous"] else values.n_authors(authors)
