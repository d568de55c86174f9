"""Lists of a conference's papers as papercopilot's paperlists have them, with their status."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from upwell.sources import submissions
from upwell.sources.content import Content, Head
from upwell.sources.fields import Row, is_named, read_rows
from upwell.sources.item import Context, Item, RawReject
from upwell.sources.json_stream import read_objects, shape_of

_NO_ARRAYS: frozenset[str] = frozenset()
_START = r'\{\s*"(?:id|title)"\s*:'
_KEYS = {"title", "status", "track"}
_ENTRY = re.compile(r"\s*@[A-Za-z]+\s*[{(]")
# ".../virtual/2021/poster/3064", ".../content/CVPR2023/html/x", "aclanthology.org/2021.acl-long.24"
_YEAR_IN_PAGE = re.compile(
    r"(?:/virtual/|/paper/|/content[/_](?:[A-Z]+_?)?|aclanthology\.org/)((?:19|20)\d\d)(?!\d)"
)
_PAGES = ("site", "oa", "pdf", "openreview")
_YEAR_IN_NAME = re.compile(r"[A-Za-z]{2,12}[-_ ]?((?:19|20)\d\d)(?!\d)")


class ConferenceList:
    """An array of papers with a status; columns are matched to fields as in any JSON.

    A paper without a date and a BibTeX entry is dated by the year in the address of its page, else
    by the year behind the conference's name in the name of the file (`iclr2021.json`).
    """

    name = "conference_list"

    def recognises(self, head: Head) -> bool:
        """Whether the first objects of an array have a title, a status and a track."""
        if not head.data.lstrip().startswith(b"[") or b'"status"' not in head.data:
            return False
        shape = shape_of(head, _NO_ARRAYS)
        return shape is not None and any(set(cells) >= _KEYS for cells in shape.first)

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each paper; positions count them from 1."""
        reading = _Reading(context.file_name)
        yield from read_rows(reading.rows(content), context)
        context.notes.extend(reading.notes())


class _Reading:
    """The rows of a list, and how many of them are not accepted or dated by something else."""

    def __init__(self, file_name: str) -> None:
        named = _YEAR_IN_NAME.match(file_name)
        self._year = named[1] if named else None
        self._n_not_accepted = self._n_by_page = self._n_by_name = 0

    def rows(self, content: Content) -> Iterator[Row | RawReject]:
        """The papers, with a year and with what is to be said of them."""
        for row in read_objects(content, _NO_ARRAYS, _START):
            if isinstance(row, RawReject):
                yield row
                continue
            problems = submissions.problems_of(row.cells.get("status"))
            self._n_not_accepted += bool(problems)
            yield self._dated(replace(row, problems=problems))

    def _dated(self, row: Row) -> Row:
        """The row with a year, where it has no date of its own."""
        if _has_date(row.cells):
            return row
        pages = (_YEAR_IN_PAGE.search(str(row.cells.get(key) or "")) for key in _PAGES)
        year = next((page[1] for page in pages if page), None)
        self._n_by_page += year is not None
        self._n_by_name += year is None and self._year is not None
        year = year or self._year
        return replace(row, cells={**row.cells, "year": year}) if year else row

    def notes(self) -> list[str]:
        """What was inferred."""
        by = ((self._n_by_page, "address of their page"), (self._n_by_name, "name of the file"))
        dated = [f"{n:,} papers are dated by the year in the {where}" for n, where in by if n]
        return dated + submissions.note_of(self._n_not_accepted)


def _has_date(cells: Mapping[str, object]) -> bool:
    """Whether a paper has a date, or a BibTeX entry."""
    return any(
        (is_named(key, "published") and cell) or (isinstance(cell, str) and _ENTRY.match(cell))
        for key, cell in cells.items()
    )
