"""Which column or key of a table or JSON holds which field of a record: guessed, or set."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice

from upwell.sources import values
from upwell.sources.dates import UNDATED, When, in_year, parse_date, year_of_new_year
from upwell.sources.dating import date_record
from upwell.sources.files import InputError
from upwell.sources.item import Context, Item, RawRecord, RawReject

# For each field the names that mean it, the most telling first, without case and punctuation.
_NAMES: dict[str, tuple[str, ...]] = {
    "title": (
        "title", "papertitle", "articletitle", "documenttitle", "displayname", "papername", "ti",
        "name", "headline",
    ),
    "abstract": (
        "abstract", "abstracttext", "paperabstract", "abstractnote", "summary", "papersummary",
        "ab", "description", "text", "content",
    ),
    "published": (
        "published", "publishedat", "publisheddate", "datepublished", "earlyaccessdate",
        "publicationdateonline", "publicationdate", "dateofpublication",
        "publishedon", "pubdate", "publishdate", "onlinedate", "dateaddedtoxplore",
        "coverdisplaydate", "coverdate",
        "issued", "issuedate", "date",
        "submitted", "submitteddate", "submissiondate", "datesubmitted", "created", "createdat",
        "publicationyear", "pubyear", "publicationdt", "year", "py",
    ),
    "arxiv_id": ("arxivid", "arxiv", "eprint", "paperid", "id", "entryid", "externalid"),
    "doi": ("doi", "digitalobjectidentifier", "di"),
    "url": (
        "url", "absurl", "abs", "link", "paperurl", "landingpageurl", "entryid", "site",
        "htmlurl", "pdfurl", "pdf", "pdflink", "paperlink",
    ),
    "n_authors": (
        "nauthors", "numauthors", "authorcount", "authorscount", "authornum", "numberofauthors",
        "authors", "authornames", "authorlist", "authorships", "author", "creators", "creator",
        "au",
    ),
    "n_comments": ("ncomments", "numcomments", "commentcount", "commentscount"),
    "categories": (
        "categories", "category", "arxivcategories", "primarycategory", "subjects", "subject",
        "subjectareas", "fieldsofstudy", "woscategories",
    ),
}  # fmt: skip
FIELDS = tuple(_NAMES)
# Objects inside a record that are about the paper, not about its journal or its authors.
_PARENTS = {"paper", "article", "work", "record", "document", "data", "metadata", "ids", "fields"}
# Embase ends the name of the journal with it, in the column `Source`.
_SOURCE_DATE = re.compile(r"Date of Publication: (.{4,40})\Z")
_PEEKED = 1000  # records that are looked at before a file is said to have no abstracts


@dataclass(frozen=True, slots=True)
class Row:
    """An object or a row, where it stands, and what is wrong with it."""

    position: str
    cells: Mapping[str, object]
    problems: tuple[str, ...] = ()


def check_columns(columns: Mapping[str, str]) -> None:
    """Nothing if columns are given for fields that there are.

    Raises
    ------
    InputError
        A field is named that a record does not have.
    """
    unknown = sorted(set(columns) - set(FIELDS))
    if unknown:
        raise InputError(
            f"columns: there is no field {', '.join(unknown)}; a column may be given for "
            f"{', '.join(FIELDS)}"
        )


class Mapper:
    """Makes records of rows; columns are guessed once for each set of column names."""

    def __init__(
        self,
        columns: Mapping[str, str],
        file_day: dt.date | None = None,
        day_first: bool | None = None,
    ) -> None:
        self._set = dict(columns)
        self._file_day = file_day
        self._day_first = day_first
        self._plans: dict[tuple[str, ...], dict[str, tuple[str, ...]]] = {}

    def plan(self, keys: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
        """For each field the columns that may hold it, best first."""
        if keys not in self._plans:
            self._plans[keys] = {field: self._columns(field, keys) for field in FIELDS}
        return self._plans[keys]

    def _columns(self, field: str, keys: tuple[str, ...]) -> tuple[str, ...]:
        """The columns of one field: the one that was set, or those with a fitting name."""
        if self._set.get(field) in keys:
            return (self._set[field],)
        ranked = [(_rank(key, field), key) for key in keys]
        return tuple(key for rank, key in sorted((r, k) for r, k in ranked if r is not None))

    def record(self, row: Row) -> Item:
        """The record of a row, or a reject if no column of it holds an abstract."""
        cells = flattened(row.cells)
        plan = self.plan(tuple(cells))

        def held(field: str) -> Iterator[object]:
            return (cells[key] for key in plan[field] if not values.is_missing(cells[key]))

        abstract = next(filter(None, map(values.text, held("abstract"))), None)
        title = next(filter(None, map(values.text, held("title"))), None)
        if abstract is None:
            start = title or ", ".join(f"{k}: {v}" for k, v in islice(cells.items(), 5))
            detail = "there is no abstract" if plan["abstract"] else self.no_column(list(cells))
            return RawReject(row.position, "no_abstract", detail, start)
        ids = [*filter(None, map(values.text, chain(*map(held, ("arxiv_id", "doi", "url")))))]
        dated = date_record(self._date(cells, plan["published"]), cells, ids, self._file_day)
        urls = filter(None, map(values.address, held("url")))
        return RawRecord(
            position=row.position,
            title=title,
            abstract=abstract,
            published=dated.when,
            dated_by=dated.rule,
            identifiers=tuple(ids),
            url=next(urls, None),
            n_authors=next(filter(None, map(values.n_authors, held("n_authors"))), None),
            n_comments=next(filter(None, map(values.number, held("n_comments"))), None),
            categories=next(filter(None, map(values.categories, held("categories"))), ()),
            problems=row.problems,
        )

    def _date(self, cells: Mapping[str, object], columns: Iterable[str]) -> When:
        """The first cell that is a date.

        One of which only the year is understood gives way to a finer one of the same year.
        """
        written = {key: values.date_cell(cells[key]) for key in columns}
        dates = {
            key: parse_date(value, day_first=self._day_first) for key, value in written.items()
        }
        year = next(
            (str(w.day.year) for w in dates.values() if w.day and w.precision == "year"), ""
        )
        poor = UNDATED
        for key, when in dates.items():
            if _letters(key).endswith("coverdate"):
                when = year_of_new_year(when)  # noqa: PLW2901
            if when.day is None and when.problem and year:  # "MAR 16" here, 2020 there
                when = in_year(str(written[key]), year, day_first=self._day_first)  # noqa: PLW2901
            if when.day is None or (when.precision == "year" and when.problem):
                poor = poor if poor.day or (poor.problem and not when.day) else when
            else:
                is_worse = poor.day and (when.precision == "year" or when.day.year != poor.day.year)
                return poor if is_worse else when
        if poor.day is None:
            named = _SOURCE_DATE.search(str(cells.get("Source", ""))[-200:])
            return parse_date(named[1], day_first=self._day_first) if named else poor
        return poor

    def no_column(self, keys: list[str]) -> str:
        """That no column holds the abstract, which columns there are, and what to do."""
        shown = ", ".join(keys[:30]) + (", …" if len(keys) > 30 else "")
        wrong = self._set.get("abstract")
        start = f"there is no column {wrong}" if wrong else "no column is known to hold abstracts"
        remedy = "name it with --columns.abstract NAME, or export the records again with abstracts"
        return f"{start}; there are {shown}; {remedy}"

    def note(self) -> str:
        """Which column was read as which field."""
        used: dict[str, dict[str, None]] = {field: {} for field in FIELDS}
        for plan in self._plans.values():
            for field, keys in plan.items():
                used[field].update(dict.fromkeys(keys))
        pairs = [f"{field}={' or '.join(keys)}" for field, keys in used.items() if keys]
        return "columns: " + ", ".join(pairs)


def read_rows(rows: Iterator[Row | RawReject], context: Context) -> Iterator[Item]:
    """Records and rejects of rows; one reject for the whole file if it has no abstracts at all."""
    mapper = Mapper(context.config.columns, context.file_day, context.config.day_first)
    first: list[Row | RawReject] = list(islice(rows, _PEEKED))
    known = [row for row in first if isinstance(row, Row)]
    plans = {tuple(flattened(row.cells)) for row in known}
    if known and not any(mapper.plan(keys)["abstract"] for keys in plans):
        keys = list(dict.fromkeys(chain.from_iterable(flattened(row.cells) for row in known)))
        yield RawReject(None, "unknown_format", mapper.no_column(keys))
        return
    for row in chain(first, rows):
        yield mapper.record(row) if isinstance(row, Row) else row
    if known:
        context.notes.append(mapper.note())


def flattened(cells: Mapping[str, object]) -> dict[str, object]:
    """The cells, with those of an object about the paper beside them as `paper.title`."""
    flat = dict(cells)
    for key, value in cells.items():
        if isinstance(value, dict) and _letters(key) in _PARENTS:
            flat |= {f"{key}.{inner}": cell for inner, cell in value.items()}
    return flat


def is_named(key: str, field: str | None = None) -> bool:
    """Whether a column's name means a field, or any field."""
    return any(_rank(key, f) is not None for f in ((field,) if field else FIELDS))


def _rank(key: str, field: str) -> tuple[int, int] | None:
    """How telling a column's name is for a field, lower is better; None if it is not at all."""
    *parents, name = key.split(".") if key.partition(".")[0].lower() in _PARENTS else [key]
    try:
        return len(parents), _NAMES[field].index(_letters(name))
    except ValueError:
        return None


def _letters(name: str) -> str:
    """A name without case and punctuation."""
    return re.sub(r"[\W_]+", "", name.lower())
