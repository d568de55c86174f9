"""Which days a harvest asks for: those that are missing, the last ones again, and late ones."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from odd_source import source
from test_harvest import in_turn, oai, run

from upwell.harvest import HarvestError, missing
from upwell.harvest.arxiv_oai import ArxivOai
from upwell.harvest.landing import Covered
from upwell.harvest.openalex import OpenAlex

OAI = ArxivOai("cs.CV", overlap=2)
LATE = OpenAlex("", "all", overlap=3)


def day(number: int) -> date:
    return date(2026, 1, number)


@pytest.mark.parametrize(
    ("covered", "since", "expected"),
    [
        ([], 5, [(5, 20)]),
        ([(5, 18)], 5, [(17, 20)]),
        ([(5, 20)], 5, [(19, 20)]),
        ([(5, 18)], 1, [(1, 4), (17, 20)]),
        ([(1, 4), (8, 18)], 1, [(5, 7), (17, 20)]),
        ([(5, 10)], 15, [(15, 20)]),
        ([(5, 31)], 5, [(19, 20)]),
    ],
    ids=["first", "grown", "same day", "backfill", "gap", "later", "a clock that went before"],
)
def test_days_that_are_missing(
    covered: list[tuple[int, int]], since: int, expected: list[tuple[int, int]]
) -> None:
    known = [Covered(day(a), day(b), day(b)) for a, b in covered]
    found = missing(OAI, known, since=day(since), today=day(20))
    assert found == [(day(a), day(b)) for a, b in expected]


def test_a_day_in_the_future_is_refused() -> None:
    with pytest.raises(HarvestError, match="since 2026-01-21 is after today, 2026-01-20"):
        missing(OAI, [], since=day(21), today=day(20))


def test_nothing_is_asked_for_before_the_source_began(tmp_path: Path) -> None:
    with source(in_turn(oai(1))) as server:
        run(server, tmp_path, since=date(1990, 1, 1), via="oai")
    assert server.asked[0].params["from"] == "2005-09-16"


def every_day(first: date, n_days: int) -> Iterator[tuple[date, set[date]]]:
    """Each day of daily harvests, and the days that it asks for."""
    covered: list[Covered] = []
    for n in range(n_days):
        today = first + timedelta(days=n)
        stretches = missing(LATE, covered, since=first, today=today)
        covered += [Covered(a, b, today) for a, b in stretches]
        yield today, {a + timedelta(days=k) for a, b in stretches for k in range((b - a).days + 1)}


def test_where_records_come_late_a_day_is_asked_for_whenever_its_age_has_doubled() -> None:
    of_one = [(today - day(1)).days for today, days in every_day(day(1), 400) if day(1) in days]
    assert of_one == [0, 1, 2, 3, 6, 12, 24, 48, 96, 192, 384]


def test_what_comes_late_is_found_before_as_much_time_again_has_passed() -> None:
    harvests = list(every_day(day(1), 200))
    for published in (day(1), day(9), day(30)):
        for lateness in range(80):
            came = published + timedelta(days=lateness)
            found = next(today for today, days in harvests if today >= came and published in days)
            assert (found - published).days <= max(2 * lateness, LATE.overlap)


def test_a_harvest_that_was_not_made_for_long_asks_for_what_is_due() -> None:
    covered = [Covered(day(1), day(10), day(10))]
    today = day(30)
    # Asked for at an age of 0 to 9 days, and now 20 to 29 days old: all of them are due.
    assert missing(LATE, covered, since=day(1), today=today) == [(day(1), today)]
    # At an age of 20 to 29 days: none is, but the last ones and the new ones.
    older = [Covered(day(1), day(10), today)]
    assert missing(LATE, older, since=day(1), today=today) == [(day(8), today)]
