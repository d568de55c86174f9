"""Dates in any spelling, and identifiers."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upwell.sources.dates import UNDATED, month_number, not_after, parse_date
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
        ("03/04/2020", "may mean two days"),
        ("03.04.2020", "may mean two days"),
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
        ("https://doi.org/10.48550/arXiv.2503.11731", Identifiers("2503.11731", "10.48550/arxiv.2503.11731")),
    ],
)  # fmt: skip
def test_identifiers_have_one_spelling(value, expected):
    assert find_identifiers((value,)) == expected


def test_the_first_identifier_of_each_kind_stands():
    found = find_identifiers(("nothing", "2503.11731", "10.48550/arXiv.2503.99999", "2504.00001"))
    assert found == Identifiers("2503.11731", "10.48550/arxiv.2503.99999")
    assert find_identifiers(()) == Identifiers()
