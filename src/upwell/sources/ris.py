"""RIS, as Zotero, EndNote, IEEE, Scopus, ProQuest and publishers write it."""

import re
from collections.abc import Iterator

from upwell.sources.content import Content, Head
from upwell.sources.dates import When, earliest, in_year, parse_date
from upwell.sources.dating import date_record
from upwell.sources.item import Context, Item, RawRecord
from upwell.sources.language import language_of
from upwell.sources.tagged import Dialect, Entry, read_entries
from upwell.sources.values import address

# Ovid numbers the entries, and puts the name of the journal and links after them.
_BETWEEN = re.compile(r"\s*<?\d{1,7}[.>]?\s*\Z|NL  - |Link to the (?:Ovid|External)")


def _dialect(blanks: str) -> Dialect:
    """RIS with these blanks between tag and dash: two, but for what was copied off a web page."""
    line = re.compile(rf"[ \t]{{0,8}}([A-Z][A-Z0-9]){blanks}-\s?(.*)", re.DOTALL)
    return Dialect(line, starts="TY", ends="ER", between=_BETWEEN)


_DIALECT, _NARROW = _dialect("  "), _dialect(" ")
# Some providers put a few lines of their own in front.
_START = re.compile(r"(?:[^\n]{0,500}\n){0,30}?[\s\ufeff]*TY( {1,2})-")


class Ris:
    """Entries from `TY  -` to `ER  -`; keywords (KW) are no categories and are left out.

    Of abstracts in several languages (SciELO) the English one is read; several in one language are
    its paragraphs. Dated by the earliest of `DA`, `Y1` and `PY`, each in its precision; `Y2` is the
    day on which somebody looked the paper up, and dates nothing.
    """

    name = "ris"

    def recognises(self, head: Head) -> bool:
        """Whether an entry begins in the first lines."""
        return _START.match(head.text[:20_000]) is not None

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each entry; positions are the first line of each."""
        start = _START.match(content.head.text[:20_000])
        dialect = _NARROW if start and start[1] == " " else _DIALECT
        for entry in read_entries(content.lines(), dialect):
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
        abstract=_abstract(entry.every("AB") or entry.every("N2")),
        published=dated.when,
        dated_by=dated.rule,
        identifiers=ids,
        url=next(filter(None, map(address, links)), None),
        n_authors=len(entry.every("AU") or entry.every("A1")) or None,
        problems=entry.problems,
        is_cut=entry.is_cut,
    )


def _abstract(texts: list[str]) -> str:
    """The abstract of all that stand there, of several languages the English one, or the first."""
    if len(texts) < 2:
        return "".join(texts)
    languages = [language_of(text) for text in texts]
    kept = "en" if "en" in languages else languages[0]
    pairs = zip(texts, languages, strict=True)
    parts = [text for text, language in pairs if language in {kept, None}]
    return "\n".join(dict.fromkeys(parts))


def _published(entry: Entry, *, day_first: bool | None) -> When:
    """The earliest of the entry's dates; those that leave out the year are of that of `PY`."""
    year = entry.first("PY", "Y1", "DA")
    written = [*entry.every("DA"), *entry.every("Y1"), *entry.every("PY")]
    dates = [in_year(text, year, day_first=day_first) for text in written]
    return earliest(dates) if dates else parse_date(None)
