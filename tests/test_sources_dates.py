"""Dates in any spelling, and identifiers."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upwell.sources.dates import (
    UNDATED,
    When,
    earliest,
    in_year,
    month_number,
    not_after,
    parse_date,
)
from upwell.sources.identifiers import Identifiers, find_identifiers

DAY = dt.date(2020, 7, 28)
JULY = dt.date(2020, 7, 1)
YEAR = dt.date(2020, 1, 1)


@pytest.mark.parametrize(
    ("written", "day", "precision"),
    [
        ("2020-07-28", DAY, "day"),
        ("2020-7-28", DAY, "day"),
        ("2020/07/28", DAY, "day"),
        ("20200728", DAY, "day"),
        ("2020-07-28T23:59:59.000Z", DAY, "day"),
        ("2020-07-28 01:02:03+00:00", DAY, "day"),
        ("28 Jul 2020", DAY, "day"),
        ("28-Jul-2020", DAY, "day"),
        ("28th July 2020", DAY, "day"),
        ("July 28, 2020", DAY, "day"),
        ("Jul. 28, 2020", DAY, "day"),
        ("2020 Jul 28", DAY, "day"),
        ("Tue, 28 Jul 2020 19:18:42 GMT", DAY, "day"),
        ("28/07/2020", DAY, "day"),
        ("07/28/2020", DAY, "day"),
        ("28.7.2020", DAY, "day"),
        ("07/07/2020", dt.date(2020, 7, 7), "day"),
        ("2020-07", JULY, "month"),
        ("2020/07", JULY, "month"),
        ("Jul 2020", JULY, "month"),
        ("JULY 2020", JULY, "month"),
        ("July, 2020", JULY, "month"),
        ("2020 Jul", JULY, "month"),
        ("07/2020", JULY, "month"),
        ("2020/07/28/", DAY, "day"),
        ("2020/07/28/epub", DAY, "day"),
        ("2020/07//", JULY, "month"),
        ("2020///", YEAR, "year"),
        ("July 26-30, 2020", JULY, "month"),
        ("26-30 July 2020", JULY, "month"),
        ("26 July 2020 through 30 July 2020", JULY, "month"),
        ("2020", YEAR, "year"),
        ("2020.0", YEAR, "year"),
        (2020, YEAR, "year"),
        (2020.0, YEAR, "year"),
        (20200728, DAY, "day"),
        (1595894400, DAY, "day"),
        (1595894400000, DAY, "day"),
        (DAY, DAY, "day"),
        (dt.datetime(2020, 7, 28, 23, 0), DAY, "day"),
        (None, None, "none"),
        ("  ", None, "none"),
        ("NaN", None, "none"),
        (float("nan"), None, "none"),
    ],
)
def test_dates_have_the_precision_they_are_written_with(written, day, precision):
    when = parse_date(written)
    assert (when.day, when.precision, when.problem) == (day, precision, None)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("Feb 30, 2024", "is not in the calendar"),
        ("2023-02-29", "is not in the calendar"),
        ("2023-13-01", "is not in the calendar"),
        ("2023-00-01", "is not in the calendar"),
        ("31/04/2023", "is not in the calendar"),
        ("00/04/2023", "is not in the calendar"),
        ("0000-01-01", "has the year 0"),
        ("0", "is not understood"),
        (0, "has the year 0"),
        ("13/2020", "is not in the calendar"),
        ("MAR 16", "is not understood"),
        ("yesterday", "is not understood"),
        ("1/2/20", "is not understood"),
        (True, "is not a date"),
        (123456789012345678, "is not understood"),
    ],
)
def test_bad_dates_are_no_date_but_a_problem(written, why):
    when = parse_date(written)
    assert (when.day, when.precision) == (None, "none")
    assert why in when.problem
    assert str(written) in when.problem
    assert when.problem.endswith("; the paper counts as undated")


def test_a_date_of_which_only_the_year_is_understood():
    when = parse_date("Spring 2020")
    assert (when.day, when.precision) == (YEAR, "year")
    assert when.problem == "date 'Spring 2020' is not understood but for its year"


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("03/04/2020", "may mean two days, day or month first; only its year is kept"),
        ("03.04.2020", "may mean two days, day or month first; only its year is kept"),
        ("Dec-Jan 2020", "names several months; only its year is kept"),
        ("2020 Jan/Apr", "names several months; only its year is kept"),
        ("June-April 2020", "names several months; only its year is kept"),
        ("January 2020-December 2020", "names several months; only its year is kept"),
        ("2020 Autumn", "is not understood but for its year"),
        ("not before May 2020", "is not understood but for its year"),
    ],
)
def test_of_a_date_that_may_mean_several_the_year_is_kept(written, why):
    assert parse_date(written) == When(YEAR, "year", f"date {written!r} {why}")


@pytest.mark.parametrize(
    ("written", "month", "why"),
    [
        ("2020 Jul-Aug", 7, "names several months"),
        ("Nov.-Dec. 2020", 11, "names several months"),
        ("Jul/Aug 2020", 7, "names several months"),
        ("31 May-3 June 2020", 5, "names several months"),
        ("31 May 2020 through 3 June 2020", 5, "names several months"),
        ("2020 Jan/Mar", 1, "names several months"),
        ("2020-07/2020-08", 7, "names several months"),
        ("30 Dec 2020 - 2 Jan 2021", 12, "names several months"),
        ("December 2020/January 2021", 12, "names several months"),
        ("2020-12-30/2021-01-02", 12, "names several months"),
        ("Secondquarter 2020", 4, "is a quarter"),
        ("3rd Quarter, 2020", 7, "is a quarter"),
        ("Q4 2020", 10, "is a quarter"),
    ],
)
def test_of_a_span_of_up_to_three_months_the_first_is_kept(written, month, why):
    problem = f"date {written!r} {why}; its first month is kept"
    assert parse_date(written) == When(dt.date(2020, month, 1), "month", problem)


def test_a_span_within_a_month_has_no_problem():
    assert parse_date("2020-07-03/2020-07-09") == When(dt.date(2020, 7, 3), "day")


@pytest.mark.parametrize("written", ["2019/2020", "Sept 2019 - Jan 2020", "2020-11/2021-02"])
def test_a_span_of_years_is_no_date(written):
    problem = f"date {written!r} is a span of years; the paper counts as undated"
    assert parse_date(written) == When(problem=problem)


def test_an_ambiguous_day_is_read_as_it_is_set():
    assert parse_date("03/04/2020", day_first=True) == When(dt.date(2020, 4, 3), "day")
    assert parse_date("03/04/2020", day_first=False) == When(dt.date(2020, 3, 4), "day")
    for day_first in (True, False, None):
        assert parse_date("28/07/2020", day_first=day_first).day == DAY
        assert parse_date("07/28/2020", day_first=day_first).day == DAY


@pytest.mark.parametrize(
    ("written", "year", "day", "precision"),
    [
        ("JUL 28", "2020", DAY, "day"),
        ("28 July", "2020", DAY, "day"),
        ("jul", "2020", JULY, "month"),
        ("7", "2020", JULY, "month"),
        ("July 26-30", "2020", JULY, "month"),
        ("JUL-SEP", "2020", JULY, "month"),
        ("JUL-OCT", "2020", YEAR, "year"),
        ("SPR", "2020", YEAR, "year"),
        ("13", "2020", YEAR, "year"),
        ("0", "2020", YEAR, "year"),
        ("FEB 30", "2020", YEAR, "year"),
        ("", "2020", YEAR, "year"),
        ("28 Jul 2020", "2020", DAY, "day"),
        ("28 Jul 2020", "", DAY, "day"),
        ("Jul 28", "2020/07/28/", DAY, "day"),
        ("JUL 2020", "2021", JULY, "month"),
        ("JUL 28", "", None, "none"),
        ("", "", None, "none"),
    ],
)
def test_a_date_whose_year_stands_elsewhere(written, year, day, precision):
    when = in_year(written, year)
    assert (when.day, when.precision) == (day, precision)
    if precision == "year" and written:
        assert repr(written)[:-1] in when.problem or written in when.problem


def test_a_year_that_is_none_is_said():
    assert "'in press' is not understood" in in_year("", "in press").problem
    assert "'2020/2021' is a span of years" in in_year("jan", "2020/2021").problem


def test_time_grows_with_the_length_only():
    for part in ("2019-2020 ", "2019/", "Jan 2019 to ", "to 2019 ", "jan ", "9"):
        parse_date(part * (200_000 // len(part)))


def test_of_several_dates_the_one_that_is_over_first_stands():
    day, month, year = parse_date("2020-07-28"), parse_date("2020-07"), parse_date("2020")
    assert earliest([year, month, day]) is day
    assert earliest([parse_date("2021-03"), day]) is day
    assert earliest([day, parse_date("2020-06")]).day == dt.date(2020, 6, 1)
    assert earliest([parse_date("2019"), day]).precision == "year"
    assert earliest([]) is UNDATED
    assert earliest([UNDATED, parse_date("soon")]).problem.endswith("counts as undated")
    assert earliest([parse_date("soon"), day]) == When(DAY, "day", "date 'soon' is not understood")
    ambiguous = parse_date("03/04/2020")
    assert earliest([year, ambiguous]) is ambiguous


def test_nothing_is_dated_after_the_last_possible_day():
    when = parse_date("2020-07-28")
    assert not_after(when, DAY, "today") is when
    assert not_after(UNDATED, DAY, "today") is UNDATED
    late = not_after(when, dt.date(2020, 7, 27), "the day of this run")
    assert late.day is None
    assert late.problem == (
        "date '2020-07-28' is after the day of this run, 2020-07-27; the paper counts as undated"
    )


@pytest.mark.parametrize(
    ("name", "number"), [("Jan", 1), ("sept", 9), ("December", 12), ("Marvel", None), ("xyz", None)]
)
def test_month_names(name, number):
    assert month_number(name) == number


@given(
    st.one_of(st.text(max_size=60), st.from_regex(r"[0-9/ .-]{1,12}"), st.floats(), st.integers())
)
def test_any_value_is_a_date_or_none(value):
    when = parse_date(value)
    assert (when.day is None) == (when.precision == "none")


@given(st.dates(dt.date(1900, 1, 1), dt.date(2100, 12, 31)))
def test_every_day_is_read_back(day):
    for written in (
        day.isoformat(),
        f"{day:%b} {day.day}, {day.year}",
        f"{day.day} {day:%B} {day.year}",
    ):
        assert parse_date(written).day == day


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://arxiv.org/abs/2503.11731v2", Identifiers("2503.11731")),
        ("http://arxiv.org/pdf/2503.11731v2.pdf", Identifiers("2503.11731")),
        ("arXiv:2503.11731 [cs.CV]", Identifiers("2503.11731")),
        ("oai:arXiv.org:0704.0001", Identifiers("0704.0001")),
        ("0704.0001", Identifiers("0704.0001")),
        ("https://huggingface.co/papers/2503.11731", Identifiers("2503.11731")),
        ("cs/0112017", Identifiers("cs/0112017")),
        ("math.GT/0309136v1", Identifiers("math/0309136")),
        ("astro-ph/0601001", Identifiers("astro-ph/0601001")),
        ("2513.11731", Identifiers()),  # no month 13
        ("11127", Identifiers()),
        ("https://doi.org/10.1103/PhysRevD.76.013009", Identifiers(doi="10.1103/physrevd.76.013009")),
        ("doi:10.1/x", Identifiers()),
        ("10.1016/S0370-2693(97)00001-2", Identifiers(doi="10.1016/s0370-2693(97)00001-2")),
        ("10.1103/x).", Identifiers(doi="10.1103/x")),
        ("https://dl.acm.org/doi/abs/10.1145/3292500", Identifiers(doi="10.1145/3292500")),
        ("https://doi.org/10.1002%2Fjcc.20289", Identifiers(doi="10.1002/jcc.20289")),
        ("https://example.org/10.1145/3292500", Identifiers()),
        ("10.1103/\udcffPhysRevD.76.013009", Identifiers()),
        ("https://doi.org/10.48550/arXiv.2503.11731", Identifiers("2503.11731", "10.48550/arxiv.2503.11731")),
    ],
)  # fmt: skip
def test_identifiers_have_one_spelling(value, expected):
    assert find_identifiers((value,)) == expected


def test_the_first_identifier_of_each_kind_stands():
    found = find_identifiers(("nothing", "2503.11731", "10.48550/arXiv.2503.99999", "2504.00001"))
    assert found == Identifiers("2503.11731", "10.48550/arxiv.2503.99999")
    assert find_identifiers(()) == Identifiers()
