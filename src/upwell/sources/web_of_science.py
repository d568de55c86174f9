"""Web of Science, tagged text ("plain text file"); its BibTeX is read as BibTeX."""

import re
from collections.abc import Iterator

from upwell.sources.content import Content, Head
from upwell.sources.dates import When, earliest, in_year, parse_date
from upwell.sources.dating import date_record
from upwell.sources.item import Context, Item, RawRecord
from upwell.sources.tagged import Dialect, Entry, read_entries

_DIALECT = Dialect(
    re.compile(r"([A-Z][A-Z0-9])(?: (.*))?\Z", re.DOTALL),
    starts="PT",
    ends="ER",
    outside=frozenset({"FN", "VR", "EF"}),
)
_START = re.compile(r"[\s\ufeff]*(?:FN [^\n]{0,200}\n[\s\ufeff]*VR |PT [A-Z]\s*\n[A-Z][A-Z0-9] )")


class WebOfScience:
    """Entries from `PT` to `ER`; fields go on in lines that begin with three blanks.

    Dated by the earlier of early access (`EA`) and the issue (`PD` with `PY`, or `PY`). `DA` is the
    day of the export and dates nothing. Categories are those of Web of Science (`WC`).
    """

    name = "web_of_science"

    def recognises(self, head: Head) -> bool:
        """Whether the file starts with its header or its first entry."""
        return _START.match(head.text) is not None

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each entry; positions are the first line of each."""
        for entry in read_entries(content.lines(), _DIALECT):
            yield _record(entry, context) if isinstance(entry, Entry) else entry


def issue_date(early: str, month: str, year: str, *, day_first: bool | None) -> When:
    """The earlier of early access and the issue.

    Parameters
    ----------
    early : `APR 2020`, `APR 5 2020`; may be blank.
    month : `MAR 16`, `MAR`, `MAR-APR`, `SPR`; may be blank.
    year : of the issue; may be blank.
    day_first : as in `parse_date`.
    """
    return earliest(
        [parse_date(early, day_first=day_first), in_year(month, year, day_first=day_first)]
    )


def _record(entry: Entry, context: Context) -> RawRecord:
    """The record of an entry."""
    ids = tuple(id_.strip() for id_ in entry.every("DI", "AR"))
    own = issue_date(
        entry.first("EA"), entry.first("PD"), entry.first("PY"), day_first=context.config.day_first
    )
    dated = date_record(own, {}, ids, context.file_day)
    authors = [name for text in entry.every("AU") for name in text.split("\n") if name.strip()]
    categories = " ".join(entry.first("WC").split()).split(";")
    return RawRecord(
        position=entry.position,
        title=entry.first("TI") or None,
        abstract=entry.first("AB"),
        published=dated.when,
        dated_by=dated.rule,
        identifiers=ids,
        n_authors=len(authors) or None,
        categories=tuple(dict.fromkeys(c.strip() for c in categories if c.strip())),
        problems=entry.problems,
        is_cut=entry.is_cut,
    )
