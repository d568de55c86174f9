"""Dates as sources write them, with how much of each is known. An ambiguous date is not guessed."""

import calendar
import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Precision = Literal["day", "month", "year", "none"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
_MONTH_WORD = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*"
MONTH = rf"(?P<month>{_MONTH_WORD})\.?"
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
        rf"(?P<number>\d{{1,2}})/{_YEAR}",
    )
)
# "24-27 Sept. 2019", "31 May-3 June 2016", "2022 Jul-Aug", "10 May 2018 through 14 May 2018"
_SPAN = re.compile(
    rf"(?:{_MONTH_WORD}(?![a-z])|(?<!\d)\d{{1,4}}(?!\d)(?:st|nd|rd|th)?|to\b|through\b|and\b"
    r"|[-\u2013\u2014/&,. ]){2,40}\Z",
    re.IGNORECASE,
)
# RIS: year, month, day and anything, of which all but the year may be blank.
_SLASHED = re.compile(r"(?P<date>\d{4}(?:/\d{1,2}){0,2})/+(?!\d)[^/]*\Z")
_NUMBERS = re.compile(rf"(?P<a>\d{{1,2}})([/.-])(?P<b>\d{{1,2}})\2{_YEAR}{_TIME}\Z")
_ONLY_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_FROM_TO = re.compile(r" ?(?:\b(?:to|through|and)\b|[-\u2013\u2014/&]) ?")
# IEEE writes Secondquarter 2020, others 3rd Quarter 2020 or Q4 2020.
_QUARTER = re.compile(
    rf"(?:(first|1st)|(second|2nd)|(third|3rd)|(fourth|4th)) ?quarter,? {_YEAR}\Z"
    rf"|q(?P<number>[1-4])[ -]{_YEAR.replace('year', 'of')}\Z",
    re.IGNORECASE,
)
_LONGEST_SPAN = 80  # characters
_MOST_MONTHS = 3  # of a span that counts as its first month: an issue over two, a quarter


@dataclass(frozen=True, slots=True)
class When:
    """A date: its first possible day, how much of it is known, and what was wrong with it."""

    day: dt.date | None = None
    precision: Precision = "none"
    problem: str | None = None


UNDATED = When()
UNDATED_PAPER = "; the paper counts as undated"  # how the problem of a date that is none ends
ONLY_YEAR = "; only its year is kept"
FIRST_MONTH = "; its first month is kept"


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


def parse_date(value: object, *, day_first: bool | None = None) -> When:
    """The date that a cell or a JSON value holds.

    Parameters
    ----------
    value : text in any common spelling, a date, a timestamp, a year, or seconds or milliseconds
        since 1970; None and blank text are no date.
    day_first : what 03/04/2020 means, if that is known: 3 April, or (False) 4 March.

    Returns
    -------
    The date with its precision. A date that is not in the calendar or not understood has precision
    `none` and a problem that says so. Several days of a month (`24-27 Sept. 2019`) have precision
    `month`. So has a span of up to three months (`Mar-Apr 2020`, `31 May-3 June 2020`, `Q2 2020`):
    an issue appears, and a conference begins, in the first, which is kept, with a problem. A date
    that may mean two days (03/04/2020), names months further apart or in no order, or of which
    only the year is understood (`Spring 2020`, which is autumn elsewhere) has precision `year` and
    a problem.
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
    return _from_text(text, day_first)


def in_year(written: str, year: str, *, day_first: bool | None = None) -> When:
    """The date of a text that may leave out the year.

    Parameters
    ----------
    written : `MAR 16`, `mar`, `7`, `JUL-SEP`, `26-30 August`, or a date in full; may be blank.
    year : what the source gives as the year; may be blank, or a date in full.
    day_first : as in `parse_date`.

    Returns
    -------
    The date as `parse_date` gives it; that of the year alone where the text is no date.
    """
    written, year = " ".join(written.split()), " ".join(year.split())
    whole = parse_date(year, day_first=day_first)
    if not written or (whole.day is not None and whole.precision != "year"):
        return whole
    if whole.day is None:
        when = parse_date(written, day_first=day_first)
        return when if when.day is not None or not whole.problem else whole
    if _ONLY_YEAR.search(written):
        return earliest([parse_date(written, day_first=day_first), whole])
    if written.isdecimal():
        when = on_calendar(f"{year}-{written}", whole.day.year, int(written) or 13, None)
    else:
        when = parse_date(f"{written} {year}", day_first=day_first)
    return earliest([when, whole])


def earliest(dates: Iterable[When]) -> When:
    """The date by whose last possible day a paper was public for certain, of several for one paper.

    Parameters
    ----------
    dates : each of them a day by which, or in which, the paper was public.

    Returns
    -------
    The date that is over first, so that a day of June 2022 goes before the year 2022, and the year
    2021 before both; none if there is none. The problem of a date that could not be used stays.
    """
    dates = list(dates)
    known = [when for when in dates if when.day is not None]
    problem = next((when.problem for when in dates if when.day is None and when.problem), None)
    if not known:
        return When(problem=problem) if problem else UNDATED
    first = min(known, key=lambda when: (_last_day(when), when.problem is None))
    if first.problem or not problem:
        return first
    return replace(first, problem=problem.removesuffix(UNDATED_PAPER))


def _last_day(when: When) -> dt.date:
    """The last day that a date may mean."""
    day = when.day or dt.date.max
    if when.precision == "year":
        return day.replace(month=12, day=31)
    if when.precision == "month":
        return day.replace(day=calendar.monthrange(day.year, day.month)[1])
    return day


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
        return _from_text(str(int(value)), None)
    seconds = value / 1000 if abs(value) > 1e11 else value
    if not 1e8 <= seconds <= 4.2e9:
        return undated(str(value), "is not understood")
    return When(dt.datetime.fromtimestamp(seconds, dt.UTC).date(), "day")


def _from_text(text: str, day_first: bool | None) -> When:
    """The date of a text on one line."""
    slashed = _SLASHED.match(text)
    if slashed:
        text = slashed["date"]
    for pattern in _WRITTEN:
        match = pattern.match(text)
        if match:
            return _from_parts(text, match.groupdict())
    numbers = _NUMBERS.match(text)
    if numbers:
        a, b, year = (int(numbers[name]) for name in ("a", "b", "year"))
        return _from_two_numbers(text, a, b, year, day_first)
    return _from_several(text, day_first)


def _from_several(text: str, day_first: bool | None) -> When:
    """The date of a text that names several days or months, or of which only the year is known."""
    quarter = _QUARTER.match(text)
    if quarter:
        return _from_quarter(text, quarter)
    years = set(_ONLY_YEAR.findall(text))
    months = [m for m in map(month_number, re.findall(r"[A-Za-z]{3,}", text)) if m]
    if len(years) == 1 and months and _SPAN.match(text):
        return _from_span(text, int(min(years)), months)
    ends = _ends(text, day_first)
    if ends:
        return of_span(*ends, text)
    if len(years) == 1:
        problem = f"date {text[:40]!r} is not understood but for its year"
        return When(dt.date(int(min(years)), 1, 1), "year", problem)
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


def _from_span(text: str, year: int, months: Sequence[int]) -> When:
    """The month that all days of a span are in, or that it begins in."""
    first = first_month(months)
    when = on_calendar(text, year, first, None)
    if len(set(months)) == 1 or not when.day:
        return when
    problem = f"date {text[:40]!r} names several months{FIRST_MONTH if first else ONLY_YEAR}"
    return replace(when, problem=problem)


def first_month(months: Sequence[int]) -> int | None:
    """The month in which a span begins; None if it is longer than a quarter, or goes backwards.

    Parameters
    ----------
    months : those that a date names, in its order, at least one.
    """
    is_short = 0 <= months[-1] - months[0] < _MOST_MONTHS and list(months) == sorted(months)
    return months[0] if is_short else None


def _from_quarter(text: str, quarter: re.Match[str]) -> When:
    """The first month of a quarter."""
    number = next((i for i in range(1, 5) if quarter[i]), None) or int(quarter["number"])
    when = on_calendar(text, int(quarter["year"] or quarter["of"]), 3 * number - 2, None)
    problem = f"date {text[:40]!r} is a quarter{FIRST_MONTH}"
    return replace(when, problem=problem) if when.day else when


def of_span(first: When, last: When, written: str) -> When:
    """The date of what happened from one date to another, by the same rules as in `parse_date`.

    Parameters
    ----------
    first, last : dates that are known.
    written : how the span stands in the source, for the problem.

    Returns
    -------
    The first one if both are in a month; its month, with a problem, if they are no further apart
    than a quarter of a year; else its year, with a problem, or none of a span of years.
    """
    if not (first.day and last.day) or first.problem or last.problem:
        return undated(written, "is not understood")
    n_months = (last.day.year - first.day.year) * 12 + last.day.month - first.day.month
    is_year = "year" in {first.precision, last.precision}
    if n_months == 0 and not is_year:
        return first
    if 0 < n_months < _MOST_MONTHS and not is_year:
        problem = f"date {written[:40]!r} names several months{FIRST_MONTH}"
        return When(first.day.replace(day=1), "month", problem)
    if first.day.year != last.day.year:
        return undated(written, "is a span of years")
    problem = f"date {written[:40]!r} names several months{ONLY_YEAR}"
    return When(first.day.replace(month=1, day=1), "year", problem)


def _ends(text: str, day_first: bool | None) -> tuple[When, When] | None:
    """The two dates of `30 Dec 2019 - 2 Jan 2020`, each in full; None if these are not two."""
    if len(text) > _LONGEST_SPAN or len(_ONLY_YEAR.findall(text)) != 2:
        return None
    for between in _FROM_TO.finditer(text):
        parts = text[: between.start()], text[between.end() :]
        if all(_ONLY_YEAR.search(part) for part in parts):
            first, last = (_from_text(part, day_first) for part in parts)
            if first.day and last.day and not (first.problem or last.problem):
                return first, last
    return None


def _from_two_numbers(text: str, a: int, b: int, year: int, day_first: bool | None) -> When:
    """The date of day and month in an order that only their size can tell, or a setting."""
    if 1 <= a <= 12 and 1 <= b <= 12 and a != b and day_first is None:
        problem = f"date {text[:40]!r} may mean two days, day or month first{ONLY_YEAR}"
        return replace(on_calendar(text, year, None, None), problem=problem)
    day, month = (a, b) if b <= 12 and (a > 12 or day_first is not False) else (b, a)
    if not day or not month:
        return undated(text, "is not in the calendar")
    return on_calendar(text, year, month, day)
