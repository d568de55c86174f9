"""BibTeX, as Scopus, Web of Science, the ACL Anthology, Zotero and people write it."""

import re
from collections.abc import Iterator, Mapping

from upwell.sources import latex
from upwell.sources.bibtex_entries import Entry, read_entries
from upwell.sources.content import Content, Head
from upwell.sources.dates import When, earliest, in_year, parse_date
from upwell.sources.dating import date_record
from upwell.sources.item import Context, Item, RawRecord
from upwell.sources.values import address

_KINDS = (
    "article|book|booklet|collection|comment|conference|dataset|inbook|incollection|inproceedings"
    "|manual|mastersthesis|misc|online|patent|phdthesis|preamble|proceedings|report|software"
    "|string|techreport|thesis|unpublished|electronic|webpage|www"
)
# Text before the first entry is a comment, such as Scopus's day of export.
_START = re.compile(
    rf"(?:[^\n\"\t]{{0,500}}\n){{0,30}}?[ \t\ufeff]{{0,20}}@(?:{_KINDS})\s{{0,20}}[{{(]",
    re.IGNORECASE,
)
_NO_COMMENT = re.compile(r"\s*[\[{<\"]")
_LITERAL = {"\\{": "\ue000", "\\}": "\ue001"}  # braces that are text, while others are taken out
_ACCENT = re.compile(r"\{\\(['\"`^~=.]|[cvuHkrbd](?=[ {]))\s?\{?(\\?[A-Za-z])\}?\}")  # `{\"O}`
# What TeX takes for an accent or a letter, wherever it stands: `\'Ecole`, `S\o rensen`.
_BARE_ACCENT = re.compile(r"\\(['\"`^~=.])(\\[ij](?![A-Za-z])|[A-Za-z])")
_BARE_LETTER = re.compile(r"\\([LlOo]|ss|ae|AE|oe|OE|aa|AA)(?:\s+|(?![A-Za-z{\s]))")
_ENDED_QUOTE = re.compile(r"\\(['\"`])(?![A-Za-z{\\])")
_BREAK = re.compile(r"\\\\(?=\s|\Z)|\{\\,\}|\\-")
# The backslash of LaTeX that Mendeley took for text and wrote as LaTeX again.
_BACKSLASH = re.compile(r"\$\\backslash\$|\{\\(?:text)?backslash\}")
_ESCAPED_AGAIN = re.compile(r"\{(?:\\([{}$_&%#])|\\textasciicircum|\\\^\{\})\}")
_GROUP = re.compile(r"(\\[A-Za-z]+\*?[ \t]?|[\^_\\])?\{([^{}]*)\}")
_ARXIV = re.compile(r"(?:arXiv:\s?|abs/)([\w./-]{7,30})", re.IGNORECASE)
_SEASON = re.compile(r"(\d{4})-2[1-4]\Z")  # biblatex: spring to winter
_DATE_FIELDS = ("date", "year", "month", "day")
_PASSES = 5


class Bibtex:
    """Entries of any kind; an entry without an abstract is a reject, as in every format.

    Dated by the earliest of early access (Web of Science), `date` (biblatex), and `year` with what
    `month` and `day` say; `urldate` and Web of Science's `DA`, the day of the export, date nothing.
    Categories are those of Web of Science or arXiv (`primaryclass`); keywords are none.
    """

    name = "bibtex"

    def recognises(self, head: Head) -> bool:
        """Whether an entry of a known kind begins in the first lines."""
        start = head.text[:20_000]
        return not _NO_COMMENT.match(start) and _START.match(start) is not None

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each entry; positions are the first line of each."""
        parents: dict[str, Mapping[str, str]] | None = None
        for entry in read_entries(content.lines()):
            if not isinstance(entry, Entry):
                yield entry
                continue
            parent = entry.fields.get("crossref", "").strip(" {}").lower()
            if parent and not any(name in entry.fields for name in _DATE_FIELDS):
                parents = _dates_by_key(content) if parents is None else parents
                entry.fields.update(parents.get(parent, {}))
            yield _record(entry, context)


def _dates_by_key(content: Content) -> dict[str, Mapping[str, str]]:
    """What dates each entry, to be inherited by those whose `crossref` names its key.

    The parent stands after its children, so that the file is read once more; only where a child
    has no date of its own.
    """
    entries = (entry for entry in read_entries(content.lines()) if isinstance(entry, Entry))
    dates = {
        entry.key.lower(): {n: entry.fields[n] for n in _DATE_FIELDS if n in entry.fields}
        for entry in entries
    }
    return {key: fields for key, fields in dates.items() if fields}


def readable(value: str) -> str:
    r"""A value without the braces that keep BibTeX from changing it.

    Parameters
    ----------
    value : with its LaTeX, such as `{BERT}: {G}erman \& more` and `{\"O}sterreich`.
    """
    if "{" not in value and "\\" not in value:
        return value
    if _BACKSLASH.search(value):
        value = _ESCAPED_AGAIN.sub(lambda m: m[1] or "^", _BACKSLASH.sub(r"\\", value))
    for literal, kept in _LITERAL.items():
        value = value.replace(literal, kept)
    value = _BREAK.sub(lambda m: "" if m[0] == r"\-" else " ", value)
    value = _BARE_LETTER.sub(r"{\\\1}", _bare_accents(value))
    value = _ACCENT.sub(r"\\\1{\2}", value)
    for _ in range(_PASSES):
        before = value
        if latex.has_residue(value):
            value = latex.readable(value)
        value = _GROUP.sub(lambda m: m[0] if m[1] or m[2].startswith("\\") else m[2], value)
        if value == before:
            break
    for literal, kept in _LITERAL.items():
        value = value.replace(kept, literal[1])
    return value


def _bare_accents(value: str) -> str:
    r"""Accents without braces with them; quotes where `\"` ends a word, so that it is no accent."""
    for quote in set(_ENDED_QUOTE.findall(value)):
        value = value.replace(f"\\{quote}", quote)
    return _BARE_ACCENT.sub(r"\\\1{\2}", value)


def _record(entry: Entry, context: Context) -> RawRecord:
    """The record of an entry."""
    fields = entry.fields
    ids = _identifiers(fields)
    own = _published(fields, day_first=context.config.day_first)
    dated = date_record(own, {}, ids, context.file_day)
    return RawRecord(
        position=entry.position,
        title=readable(fields.get("title", "")) or None,
        abstract=readable(fields.get("abstract", "")),
        published=dated.when,
        dated_by=dated.rule,
        identifiers=ids,
        url=next(filter(None, map(address, readable(fields.get("url", "")).split())), None),
        n_authors=_n_authors(fields.get("author", "")),
        categories=_categories(fields),
        problems=entry.problems,
        is_cut=entry.is_cut,
    )


def _published(fields: Mapping[str, str], *, day_first: bool | None) -> When:
    """The earliest of the dates that the fields give."""
    plain = {
        name: fields.get(name, "").replace("{", "").replace("}", "").replace("~", " ").strip()
        for name in ("early access date", "date", "year", "month", "day")
    }
    month = f"{plain['month']} {plain['day']}" if plain["day"].isdecimal() else plain["month"]
    if plain["month"].isdecimal() and plain["day"].isdecimal():
        month = f"{plain['year']}-{plain['month']}-{plain['day']}"
    season = _SEASON.match(plain["date"])
    return earliest(
        [
            parse_date(plain["early access date"], day_first=day_first),
            parse_date(season[1] if season else plain["date"].strip("/"), day_first=day_first),
            in_year(month, plain["year"], day_first=day_first),
        ]
    )


def _identifiers(fields: Mapping[str, str]) -> tuple[str, ...]:
    """What may hold a DOI or an arXiv id, the most trusted first."""
    found = [readable(fields.get(name, "")) for name in ("doi", "arxivid", "arxiv", "url")]
    kind = (fields.get("archiveprefix") or fields.get("eprinttype") or "arxiv").strip(" {}").lower()
    found += [fields.get("eprint", "").strip(" {}")] if kind == "arxiv" else []
    for name in ("journal", "volume", "note", "howpublished", "number"):
        named = _ARXIV.search(fields.get(name, "")[:1000])
        found += [f"arXiv:{named[1].rstrip('.')}"] if named else []
    return tuple(value.strip() for value in found if value.strip())


def _n_authors(names: str) -> int | None:
    """How many authors there are; None if not all are named."""
    for _ in range(_PASSES):
        names = re.sub(r"\{[^{}]*\}", "x", names)
    parts = [part.strip() for part in re.split(r"\sand\s", f" {' '.join(names.split())} ")]
    parts = [part for part in parts if part]
    return None if not parts or parts[-1].lower() == "others" else len(parts)


def _categories(fields: Mapping[str, str]) -> tuple[str, ...]:
    """The categories of Web of Science, or arXiv's first."""
    named = readable(fields.get("web-of-science-categories") or fields.get("primaryclass", ""))
    parts = (" ".join(part.split()) for part in named.split(";"))
    return tuple(dict.fromkeys(part for part in parts if part))
