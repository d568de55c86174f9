"""RIS, as Zotero, EndNote, IEEE, Scopus, ProQuest and publishers write it."""

import re
from collections.abc import Iterator

from upwell.sources.content import Content, Head
from upwell.sources.dates import When, earliest, in_year, parse_date
from upwell.sources.dating import date_record
from upwell.sources.item import Context, Item, RawRecord
from upwell.sources.tagged import Dialect, Entry, read_entries
from upwell.sources.values import address

_DIALECT = Dialect(re.compile(r"([A-Z][A-Z0-9])  -\s?(.*)", re.DOTALL), starts="TY", ends="ER")
# Some providers put a few lines of their own in front.
_START = re.compile(r"(?:[^\n]{0,500}\n){0,30}?[\s\ufeff]*TY  -")


class Ris:
    """Entries from `TY  -` to `ER  -`; keywords (KW) are no categories and are left out.

    Dated by the earliest of `DA`, `Y1` and `PY`, each in its precision; `Y2` is the day on which
    somebody looked the paper up, and dates nothing.
    """

    name = "ris"

    def recognises(self, head: Head) -> bool:
        """Whether an entry begins in the first lines."""
        return _START.match(head.text[:20_000]) is not None

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each entry; positions are the first line of each."""
        for entry in read_entries(content.lines(), _DIALECT):
            yield _record(entry, context) if isinstance(entry, Entry) else entry


def _record(entry: Entry, context: Context) -> RawRecord:
    """The record of an entry."""
    links = entry.every("UR", "L1", "L2", "LK")
    ids = tuple(id_.strip() for id_ in [*entry.every("DO", "DI"), *links, *entry.every("AN")])
    own = _published(entry, day_first=context.config.day_first)
    dated = date_record(own, {}, ids, context.file_day)
    return RawRecord(
        position=entry.position,
        title=entry.first("TI", "T1", "CT") or None,
        abstract=entry.first("AB", "N2"),
        published=dated.when,
        dated_by=dated.rule,
        identifiers=ids,
        url=next(filter(None, map(address, links)), None),
        n_authors=len(entry.every("AU") or entry.every("A1")) or None,
        problems=entry.problems,
        is_cut=entry.is_cut,
    )


def _published(entry: Entry, *, day_first: bool | None) -> When:
    """The earliest of the entry's dates; those that leave out the year are of that of `PY`."""
    year = entry.first("PY", "Y1", "DA")
    written = [*entry.every("DA"), *entry.every("Y1"), *entry.every("PY")]
    dates = [in_year(text, year, day_first=day_first) for text in written]
    return earliest(dates) if dates else parse_date(None)
