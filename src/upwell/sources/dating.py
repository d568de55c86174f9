"""When a record was published: by its own field, or by rules that a note names."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from upwell.sources.dates import (
    ONLY_YEAR,
    UNDATED,
    UNDATED_PAPER,
    When,
    first_month,
    month_number,
    on_calendar,
    parse_date,
)
from upwell.sources.identifiers import find_identifiers, submission_month

Rule = Literal["own date", "BibTeX entry", "day in the file's name", "month of the arXiv id"]
RULES: tuple[Rule, ...] = get_args(Rule)

# arXiv lists a paper within days of giving it its id; of 31,863 rows of daily listings, 1,789 stand
# in the first week of the month after that of the id, three later in that month.
_LATE_DAYS = 7
_ENTRY = re.compile(r"\s*@[A-Za-z]+\s*[{(]")
_BIBTEX_YEAR = re.compile(r"[,\n]\s*year\s*=\s*[{\"]*\s*(\d{4})(?!\d)", re.IGNORECASE)
# `{jun}`, `"July--August"`, `"26~" # jun`, `jun # "~1"`, `6`
_BIBTEX_MONTH = re.compile(
    r"[,\n]\s*month\s*=\s*(\{[^{}\n]*\}|\"[^\"\n]*\"(?:\s*#\s*\w+)?|[^,\n]{1,60})", re.IGNORECASE
)
_BIBLATEX_DATE = re.compile(
    r"[,\n]\s*date\s*=\s*[{\"]*\s*(\d{4}(?:-\d{2}){0,2})(?![\d/-])", re.IGNORECASE
)
_NAMED_DAY = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")


@dataclass(frozen=True, slots=True)
class Dated:
    """A date and the rule that gave it; None if no rule gave one."""

    when: When
    rule: Rule | None


def date_record(
    own: When,
    cells: Mapping[str, object],
    identifiers: Sequence[str],
    file_day: dt.date | None,
) -> Dated:
    """The date of a record by the first of these rules that gives one.

    1. Its own field for it.
    2. A BibTeX entry in any of its cells: the year, and the month where there is one.
    3. An arXiv id, which holds the month of submission: the day in the file's name, if that is a
       day of the same month or of the first week of the next; if not, the month itself.

    A file's name alone dates nothing: its day may be that of a download.

    Parameters
    ----------
    own : what the record's own field says.
    cells : all of its values; a BibTeX entry is known by its first characters.
    identifiers : what may hold an arXiv id, the most trusted first.
    file_day : the day in the name of its file, None if there is none.

    Returns
    -------
    The date and its rule. Where an own date could not be used, or only its year, its problem stays
    and says what was used in its place.

    Source
    ------
    Our definition; arXiv, "Understanding the arXiv identifier", for the month in an id.
    """
    if own.day is not None and not own.problem:
        return Dated(own, "own date")
    found = _by_bibtex(cells.values()) or _by_arxiv(identifiers, file_day)
    if found is None or (own.day is not None and not _is_finer(found.when, own)):
        return Dated(own, None if own.day is None else "own date")
    if own.problem is None:
        return found
    problem = own.problem.removesuffix(UNDATED_PAPER).removesuffix(ONLY_YEAR)
    problem = f"{problem}; the paper is dated by the {found.rule}"
    return replace(found, when=replace(found.when, problem=problem))


def _is_finer(when: When, own: When) -> bool:
    """Whether a date says more of the year that is all that is known of another."""
    if when.day is None or own.day is None or own.precision != "year":
        return False
    return when.precision in {"month", "day"} and when.day.year == own.day.year


def day_in_name(name: str) -> dt.date | None:
    """The day that a file's name holds, written 2025-03-18; None if it holds none, or several."""
    days = {parse_date(written).day for written in _NAMED_DAY.findall(name)}
    return days.pop() if len(days) == 1 else None


def dating_note(counts: Mapping[Rule | None, int]) -> str | None:
    """How the records of a file were dated; None if no rule but their own dates was used.

    Parameters
    ----------
    counts : records by rule; None for those without a date.
    """
    if not any(counts.get(rule) for rule in RULES[1:]):
        return None
    parts = [f"{counts[rule]:,} by the {rule}" for rule in RULES if counts.get(rule)]
    parts += [f"{counts[None]:,} without one"] if counts.get(None) else []
    return "dates: " + ", ".join(parts)


def bibtex_date(entry: str) -> When:
    """The date that a BibTeX entry gives; none where several entries disagree.

    Parameters
    ----------
    entry : the text of one entry or more, `year = {2000}` and `month = jun` in any of BibTeX's
        spellings, or `date = {2000-06}` as biblatex has it.
    """
    years = set(_BIBTEX_YEAR.findall(entry))
    if not years:
        dates = set(_BIBLATEX_DATE.findall(entry))
        return parse_date(dates.pop()) if len(dates) == 1 else UNDATED
    if len(years) > 1:
        return UNDATED
    months = {_bibtex_month(written) for written in _BIBTEX_MONTH.findall(entry)}
    year = years.pop()
    return on_calendar(year, int(year), months.pop() if len(months) == 1 else None, None)


def _bibtex_month(written: str) -> int | None:
    """The month that a value names or numbers, the first of `July--August`."""
    named = [m for m in map(month_number, re.findall(r"[A-Za-z]+", written)) if m]
    if named:
        return first_month(named)
    number = written.strip(' {}"')
    return int(number) if number.isdecimal() and 1 <= int(number) <= 12 else None


def _by_bibtex(cells: Iterable[object]) -> Dated | None:
    """The date of the first cell that is a BibTeX entry with one."""
    for cell in cells:
        if isinstance(cell, str) and _ENTRY.match(cell):
            when = bibtex_date(cell)
            if when.day is not None:
                return Dated(when, "BibTeX entry")
    return None


def _by_arxiv(identifiers: Sequence[str], file_day: dt.date | None) -> Dated | None:
    """The date of an arXiv id, to the day where the file's name agrees with it."""
    arxiv_id = find_identifiers(tuple(identifiers)).arxiv_id
    if arxiv_id is None:
        return None
    month = submission_month(arxiv_id)
    if file_day is not None and _agree(file_day, month):
        return Dated(When(file_day, "day"), "day in the file's name")
    return Dated(When(month, "month"), "month of the arXiv id")


def _agree(day: dt.date, month: dt.date) -> bool:
    """Whether a paper with an id of this month may have been listed on this day."""
    n_months = (day.year - month.year) * 12 + day.month - month.month
    return n_months == 0 or (n_months == 1 and day.day <= _LATE_DAYS)
