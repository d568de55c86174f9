"""The year of dates that leave it out, from what a saved page says about the day it was saved."""

import calendar
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from upwell.sources.dates import When, not_after, on_calendar


@dataclass(frozen=True, slots=True)
class PageDate:
    """A date as a page writes it; `year` None if it leaves it out."""

    written: str
    month: int
    day: int
    year: int | None = None


@dataclass(frozen=True, slots=True)
class PageYear:
    """The day a page was saved, and how that was inferred.

    `last` is the last day that a paper on the page can have; `note` says how it was found.
    """

    last: dt.date
    note: str

    def resolve(self, date: PageDate) -> When:
        """The date in full; none if the calendar lacks it or the page is older than it."""
        year = date.year
        if year is None:
            is_later = (date.month, date.day) > (self.last.month, self.last.day)
            year = self.last.year - is_later
        when = on_calendar(date.written, year, date.month, date.day)
        return not_after(when, self.last, "the day the page was saved")


def infer_page_year(
    header: PageDate | None, dates: Sequence[PageDate], saved_year: int | None, today: dt.date
) -> PageYear:
    """The day a page was saved.

    The site leaves out the year that it is, so every year that stands on the page is over: the page
    is of the year after the newest, the year before that if the header day would be after `today`.
    Where no year stands on it, it was saved the last time it was the header day.

    Parameters
    ----------
    header : the day in the page's header; None if it has none.
    dates : the dates of its papers.
    saved_year : the year if the user says so; a year in the header goes before it.
    today : the last day on which it can have been saved.

    Returns
    -------
    The day, the last of the year where the header has none, and the reasons in words.
    """
    newest = max((d.year for d in dates if d.year is not None and d.year <= today.year), default=0)
    if header and header.year:
        year, why = header.year, f"the header says {header.written}"
    elif saved_year:
        year, why = saved_year, f"saved_year is set to {saved_year}"
    elif newest:
        year = newest + 1
        why = f"newest explicit year on the page is {newest}, so it was saved in {year}"
        if _last_day(header, year, today) > today:
            year = newest
            why = f"newest explicit year on the page is {newest}, the last that it can be"
    else:
        year = today.year
        if _last_day(header, year, today) > today:
            year -= 1
        why = f"no year on the page, so it was saved in {year}, the last that it can be"
    last = _last_day(header, year, today)
    named = f"header day {header.written} without a year" if header else "no header day"
    named = f"header day {header.written}" if header and header.year else named
    n_short = sum(d.year is None for d in dates)
    first = _on(last.year - 1, last.month, last.day) + dt.timedelta(days=1)
    noun = "date" if n_short == 1 else "dates"
    resolved = f"{n_short} {noun} without a year resolved to {first}…{last}"
    return PageYear(last, f"{named}; {why}; {resolved}")


def _last_day(header: PageDate | None, year: int, today: dt.date) -> dt.date:
    """The header day in a year; without a header, the end of the year or today."""
    if header:
        return _on(year, header.month, header.day)
    return min(dt.date(year, 12, 31), today) if year <= today.year else dt.date(year, 12, 31)


def _on(year: int, month: int, day: int) -> dt.date:
    """A day of a year; the last of its month if the month is shorter."""
    return dt.date(year, month, min(day, calendar.monthrange(year, month)[1]))
