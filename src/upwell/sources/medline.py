"""PubMed's MEDLINE text."""

import re
from collections.abc import Iterator
from dataclasses import replace

from upwell.sources.content import Content, Head
from upwell.sources.dates import When, earliest, parse_date
from upwell.sources.dating import date_record
from upwell.sources.item import Context, Item, RawRecord
from upwell.sources.tagged import Dialect, Entry, read_entries

_DIALECT = Dialect(re.compile(r"([A-Z][A-Z0-9 ]{3})- ?(.*)", re.DOTALL), starts="PMID")
_START = re.compile(r"[\s\ufeff]*(?:[^\n]{0,200}\n){0,5}?PMID- ?\d")
_KIND = re.compile(r"\s*\[\w+\]\s*\Z")  # "10.3389/fpubh.2022.895552 [doi]"
_ELSEWHERE = re.compile(r"\s*(?:Publisher: )?Abstract available", re.IGNORECASE)
_LAST_TAG = "SO"  # PubMed ends every entry with it


class Medline:
    """Entries from `PMID-` on; fields go on in lines that begin with six blanks.

    Dated by the earlier of electronic publication (`DEP`) and the issue (`DP`); only without either
    by the day on which PubMed took it in (`EDAT`). MeSH terms are no categories and are left out.
    """

    name = "medline"

    def recognises(self, head: Head) -> bool:
        """Whether the file starts with an entry."""
        return _START.match(head.text[:20_000]) is not None

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each entry; positions are the first line of each."""
        for entry in read_entries(content.lines(), _DIALECT):
            if isinstance(entry, Entry):
                is_cut = entry.is_cut and _LAST_TAG not in entry.fields
                yield _record(replace(entry, is_cut=is_cut), context)
            else:
                yield entry


def _record(entry: Entry, context: Context) -> RawRecord:
    """The record of an entry."""
    ids = tuple(_KIND.sub("", id_).strip() for id_ in entry.every("AID", "LID"))
    dated = date_record(_published(entry), {}, ids, context.file_day)
    pmid = entry.first("PMID").strip()
    return RawRecord(
        position=entry.position,
        title=entry.first("TI", "BTI", "CTI", "TT") or None,
        abstract=entry.first("AB") or _other_abstract(entry),
        published=dated.when,
        dated_by=dated.rule,
        identifiers=ids,
        url=f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/" if pmid.isdecimal() else None,
        n_authors=len(entry.every("AU") or entry.every("FAU")) or None,
        problems=entry.problems,
        is_cut=entry.is_cut,
    )


def _other_abstract(entry: Entry) -> str:
    """An abstract in another language (`OAB`); not the word that the publisher has one."""
    return next((text for text in entry.every("OAB") if not _ELSEWHERE.match(text)), "")


def _published(entry: Entry) -> When:
    """The day it was public; that of PubMed only where nothing better is known."""
    own = earliest(parse_date(text) for text in entry.every("DEP", "DP"))
    return own if own.day else earliest([own, *map(parse_date, entry.every("EDAT")[:1])])
