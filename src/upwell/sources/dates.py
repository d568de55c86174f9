"""Dates as sources write them, with how much of each is known. An ambiguous date is not guessed."""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

Precision = Literal["day", "month", "year", "none"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
MONTH = r"(?P<month>(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*)\.?"
_YEAR = r"(?P<year>\d{4})"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
# A time of day after the day; only the day is kept.
_TIME = r"(?:[T ,]+\d{1,2}:\d{2}.{0,40})?"
_WRITTEN = tuple(
    re.compile(pattern + r"\Z", re.IGNORECASE)
    for pattern in (
        rf"{_YEAR}-(?P<number>\d{{1,2}})-(?P<day>\d{{1,2}}){_TIME}",
        rf"{_YEAR}[/.](?P<number>\d{{1,2}})[/.](?P<day>\d{{1,2}}){_TIME}",
        r"(?P<year>(?:19|20)\d{2})(?P<number>\d{2})(?P<day>\d{2})",
        rf"{_YEAR}(?:\.0)?",
        rf"{_YEAR}[-/.](?P<number>\d{{1,2}})",
        rf"{MONTH} {_DAY},? {_YEAR}{_TIME}",
        rf"(?:[a-z]{{3,9}},? )?{_DAY}[ -]{MONTH}[ -],?{_YEAR}{_TIME}",
        rf"{MONTH}[ ,-]+{_YEAR}",
        rf"{_YEAR}[ -]{MONTH}(?:[ -]{_DAY})?",
    )
)
_NUMBERS = re.compile(rf"(?P<a>\d{{1,2}})([/.-])(?P<b>\d{{1,2}})\2{_YEAR}{_TIME}\Z")
_ONLY_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")


@dataclass(frozen=True, slots=True)
class When:
    """A date: its first possible day, how much of it is known, and what was wrong with it."""

    day: dt.date | None = None
    precision: Precision = "none"
    problem: str | None = None


UNDATED = When()
UNDATED_PAPER = "; the paper counts as undated"  # how the problem of a date that is none ends


def undated(written: str, why: str) -> When:
    """No date, because of what is wrong with the one that stands there."""
    return When(problem=f"date {written[:40]!r} {why}{UNDATED_PAPER}")


def not_after(when: When, last: dt.date, what: str) -> When:
    """The date, or none if it is after a day that it cannot be after.

    Parameters
    ----------
    when : the date.
    last : the last possible day.
    what : what day that is, for the problem: "the day of this run".
    """
    if when.day is None or when.day <= last:
        return when
    return undated(when.day.isoformat(), f"is after {what}, {last.isoformat()}")


def year_of_new_year(when: When) -> When:
    """The date, but its year only if it is a 1 January.

    OpenAlex and Semantic Scholar give the first day of a year where they know no more than the
    year; hardly any paper appears on that day.
    """
    is_new_year = (
        when.precision == "day" and when.day is not None and when.day.timetuple()[1:3] == (1, 1)
    )
    return When(when.day, "year", when.problem) if is_new_year else when


def parse_date(value: object) -> When:
    """The date that a cell or a JSON value holds.

    Parameters
    ----------
    value : text in any common spelling, a date, a timestamp, a year, or seconds or milliseconds
        since 1970; None and blank text are no date.

    Returns
    -------
    The date with its precision. A date that is not in the calendar, not understood, or ambiguous
    (03/04/2020) has precision `none` and a problem that says so; a text of which only the year is
    understood (`Spring 2020`) has precision `year` and a problem.
    """
    if isinstance(value, dt.datetime):
        return When(value.date(), "day")
    if isinstance(value, dt.date):
        return When(value, "day")
    if isinstance(value, bool):
        return undated(str(value), "is not a date")
    if isinstance(value, int | float):
        return _from_number(value)
    text = " ".join(str(value).split()) if value is not None else ""
    if not text or text.lower() in {"none", "nan", "nat", "null", "n/a", "na", "-"}:
        return UNDATED
    return _from_text(text)


def month_number(name: str) -> int | None:
    """The month that an English name or its first letters mean, 1 to 12."""
    name = name.lower().rstrip(".")
    short = name[:3]
    if short not in _MONTHS:
        return None
    number = _MONTHS.index(short) + 1
    return number if _MONTH_NAMES[number - 1].startswith(name) or name == "sept" else None


def on_calendar(written: str, year: int, month: int | None, day: int | None) -> When:
    """The day of these numbers, or no date if the calendar has none.

    Parameters
    ----------
    written : the date as it stands in the source, for the problem.
    year, month, day : month and day None if not known.
    """
    if not 1000 <= year <= 2999:
        return undated(written, f"has the year {year}")
    try:
        first = dt.date(year, month or 1, day or 1)
    except ValueError:
        return undated(written, "is not in the calendar")
    return When(first, "day" if day else "month" if month else "year")


def _from_number(value: float) -> When:
    """A year, or seconds or milliseconds since 1970."""
    if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124  NaN
        return UNDATED
    if value == int(value) and -10_000 < value < 10_000:
        return on_calendar(str(int(value)), int(value), None, None)
    if 19_000_101 <= value <= 21_001_231 and value == int(value):
        return _from_text(str(int(value)))
    seconds = value / 1000 if abs(value) > 1e11 else value
    if not 1e8 <= seconds <= 4.2e9:
        return undated(str(value), "is not understood")
    return When(dt.datetime.fromtimestamp(seconds, dt.UTC).date(), "day")


def _from_text(text: str) -> When:
    """The date of a text on one line."""
    for pattern in _WRITTEN:
        match = pattern.match(text)
        if match:
            return _from_parts(text, match.groupdict())
    numbers = _NUMBERS.match(text)
    if numbers:
        return _from_two_numbers(text, int(numbers["a"]), int(numbers["b"]), int(numbers["year"]))
    years = set(_ONLY_YEAR.findall(text))
    if len(years) == 1:
        year = int(min(years))
        problem = f"date {text[:40]!r} is not understood but for its year"
        return When(dt.date(year, 1, 1), "year", problem)
    return undated(text, "is not understood")


def _from_parts(text: str, parts: dict[str, str | None]) -> When:
    """The date of the named groups of a pattern."""
    number = parts.get("number")
    month = int(number) if number else None
    name = parts.get("month")
    if name:
        month = month_number(name)
        if month is None:
            return undated(text, "is not understood")
    day = parts.get("day")
    if month == 0 or (day and int(day) == 0):
        return undated(text, "is not in the calendar")
    return on_calendar(text, int(parts["year"] or 0), month, int(day) if day else None)


def _from_two_numbers(text: str, a: int, b: int, year: int) -> When:
    """The date of day and month in an order that only their size can tell."""
    if 1 <= a <= 12 and 1 <= b <= 12 and a != b:
        return undated(text, "may mean two days, day or month first")
    day, month = (a, b) if b <= 12 else (b, a)
    if not day or not month:
        return undated(text, "is not in the calendar")
    return on_calendar(text, year, month, day)
