"""Dates of records that have no field for one: BibTeX entries, arXiv ids and days in file names."""

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upwell.config import SourceConfig
from upwell.sources import find_files, read_files
from upwell.sources.dates import UNDATED, When, parse_date
from upwell.sources.dating import bibtex_date, date_record, dating_note, day_in_name
from upwell.sources.identifiers import submission_month

TODAY = dt.date(2025, 11, 21)
A = "We show that alpha waves rise when the reader of a table is surprised by it."
NEURIPS = (
    "@inproceedings{NIPS2000_f31b2046,\n author = {Gray, M},\n title = {T},\n year = {2000}\n}"
)


def read(folder, name, *objects):
    if name.endswith(".csv"):
        lines = [",".join(objects[0])] + [
            ",".join('"' + str(v).replace('"', '""') + '"' for v in o.values()) for o in objects
        ]
        text = "\n".join(lines) + "\n"
    elif name.endswith(".json"):
        text = json.dumps(objects)
    else:
        text = "".join(json.dumps(o) + "\n" for o in objects)
    (folder / name).write_text(text)
    return read_files(find_files([folder / name]), config=SourceConfig(), today=TODAY)


def dates(reading):
    return reading.records.select("published", "date_precision").rows()


def dates_note(reading):
    return [note for note in reading.files[0].notes if note.startswith("dates: ")]


# ---- BibTeX -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "day", "precision"),
    [
        ("year = {2000}", dt.date(2000, 1, 1), "year"),
        ('year="2000"', dt.date(2000, 1, 1), "year"),
        ("year = 2000", dt.date(2000, 1, 1), "year"),
        ("YEAR = {{2000}}", dt.date(2000, 1, 1), "year"),
        ("year = 2000, month = jun", dt.date(2000, 6, 1), "month"),
        ("year = {2000}, month = {6}", dt.date(2000, 6, 1), "month"),
        ("month = {August 26-30}, year = {2000}", dt.date(2000, 8, 1), "month"),
        ('month = jun # "~1", year = 2000', dt.date(2000, 6, 1), "month"),
        ('month = "26~" # jun, year = 2000', dt.date(2000, 6, 1), "month"),
        ("month = {July, August}, year = 2000", dt.date(2000, 7, 1), "month"),
        ('month = "July--August", year = 2000', dt.date(2000, 7, 1), "month"),
        ('month = "July--December", year = 2000', dt.date(2000, 1, 1), "year"),
        ("month = {13}, year = 2000", dt.date(2000, 1, 1), "year"),
        ("month = {Spring}, year = 2000", dt.date(2000, 1, 1), "year"),
        ("date = {2000-06}", dt.date(2000, 6, 1), "month"),
        ("date = {2000-06-12}, urldate = {2020-01-01}", dt.date(2000, 6, 12), "day"),
        ("date = {1999/2000}", None, "none"),
        ("year = {to appear}", None, "none"),
        ("year = {0}", None, "none"),
        ("myyear = {2000}", None, "none"),
        ("title = {year = 2000}", None, "none"),
        ("urldate = {2020-01-01}", None, "none"),
    ],
)
def test_the_date_of_a_bibtex_entry(fields, day, precision):
    for entry in (f"@article{{key, {fields}}}", f"@misc{{key,\n  {fields}\n}}"):
        when = bibtex_date(entry)
        assert (when.day, when.precision) == (day, precision)


def test_several_entries_date_a_record_only_where_they_agree():
    again = NEURIPS.replace("NIPS", "again")
    assert bibtex_date(NEURIPS + "\n" + again).day == dt.date(2000, 1, 1)
    assert bibtex_date(NEURIPS + "\n" + again.replace("{2000}", "{2001}")) is UNDATED


@given(st.integers(1000, 2999), st.integers(1, 12), st.sampled_from(["{%s}", '"%s"', "%s"]))
def test_every_month_of_a_bibtex_entry_is_read_back(year, month, quotes):
    for written in (str(month), f"{dt.date(2000, month, 1):%b}", f"{dt.date(2000, month, 1):%B}"):
        entry = f"@misc{{x, year = {quotes % year},\n month={quotes % written}\n}}"
        assert bibtex_date(entry) == When(dt.date(year, month, 1), "month")


# ---- arXiv ids and file names -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("arxiv_id", "month"),
    [
        ("2503.11731", dt.date(2025, 3, 1)),
        ("0704.0001", dt.date(2007, 4, 1)),
        ("hep-th/9901001", dt.date(1999, 1, 1)),
        ("hep-th/9108001", dt.date(1991, 8, 1)),
        ("math/0309136", dt.date(2003, 9, 1)),
        ("9912.00001", dt.date(2099, 12, 1)),
    ],
)
def test_the_month_in_an_arxiv_id(arxiv_id, month):
    assert submission_month(arxiv_id) == month


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("2025-03-18.jsonl", dt.date(2025, 3, 18)),
        ("2025-03-18_AI_enhanced_Chinese.jsonl.gz", dt.date(2025, 3, 18)),
        ("arxiv 2025-03-18, again 2025-03-18.csv", dt.date(2025, 3, 18)),
        ("2025-03-18 to 2025-03-19.csv", None),
        ("2025-02-30.jsonl", None),
        ("12025-03-18.jsonl", None),
        ("2025-03.jsonl", None),
        ("papers.jsonl", None),
    ],
)
def test_the_day_in_a_files_name(name, day):
    assert day_in_name(name) == day


@pytest.mark.parametrize(
    ("arxiv_id", "file_day", "day", "precision"),
    [
        ("2503.11731", dt.date(2025, 3, 18), dt.date(2025, 3, 18), "day"),
        ("2503.11731", dt.date(2025, 4, 7), dt.date(2025, 4, 7), "day"),
        ("2503.11731", dt.date(2025, 4, 8), dt.date(2025, 3, 1), "month"),
        ("2503.11731", dt.date(2025, 2, 28), dt.date(2025, 3, 1), "month"),
        ("2503.11731", dt.date(2024, 3, 18), dt.date(2025, 3, 1), "month"),
        ("2412.00001", dt.date(2025, 1, 2), dt.date(2025, 1, 2), "day"),
        ("2503.11731", None, dt.date(2025, 3, 1), "month"),
        ("math.GT/0309136v1", None, dt.date(2003, 9, 1), "month"),
        ("hep-th/9901001", dt.date(1999, 2, 1), dt.date(1999, 2, 1), "day"),
        ("https://doi.org/10.48550/arXiv.2503.11731", None, dt.date(2025, 3, 1), "month"),
        ("11127", dt.date(2025, 3, 18), None, "none"),
    ],
)
def test_an_id_dates_a_record_with_the_day_that_agrees_with_it(arxiv_id, file_day, day, precision):
    dated = date_record(UNDATED, {}, [arxiv_id], file_day)
    assert (dated.when.day, dated.when.precision) == (day, precision)
    assert (dated.rule is None) == (day is None)


@given(st.dates(dt.date(2008, 1, 1), dt.date(2030, 12, 31)), st.integers(-400, 400))
def test_a_day_in_a_name_never_contradicts_the_id(submitted, later):
    """The long way round: a paper listed on a day was submitted in its month or the week before."""
    day = submitted + dt.timedelta(days=later)
    dated = date_record(UNDATED, {}, [f"{submitted:%y%m}.12345"], day)
    possible = {(day - dt.timedelta(days=n)).strftime("%y%m") for n in range(day.day)}
    if day.day <= 7:
        possible.add((day.replace(day=1) - dt.timedelta(days=1)).strftime("%y%m"))
    if f"{submitted:%y%m}" in possible:
        assert dated.when == When(day, "day")
    else:
        assert dated.when == When(submitted.replace(day=1), "month")


# ---- the order of the rules -------------------------------------------------------------------


def test_its_own_date_goes_before_bibtex_and_that_before_the_id():
    own = parse_date("2019")
    day = dt.date(2025, 3, 18)
    assert date_record(own, {"bibtex": NEURIPS}, ["2503.11731"], day).when is own
    assert date_record(UNDATED, {"bibtex": NEURIPS}, ["2503.11731"], day).when.day.year == 2000
    no_year = {"bibtex": "@misc{x, title = {T}}"}
    assert date_record(UNDATED, no_year, ["2503.11731"], day).when.day == day


def test_a_date_that_cannot_be_used_says_what_was_used_instead():
    ambiguous = parse_date("03/04/2025")
    assert date_record(ambiguous, {}, [], None).when is ambiguous
    assert date_record(ambiguous, {}, ["2404.00001"], None).when is ambiguous
    assert date_record(ambiguous, {}, ["2504.00001"], None).when == When(
        dt.date(2025, 4, 1),
        "month",
        "date '03/04/2025' may mean two days, day or month first; the paper is dated by the month "
        "of the arXiv id",
    )


def test_notes_count_the_records_by_rule():
    assert dating_note({}) is None
    assert dating_note({"own date": 3, None: 2}) is None
    assert (
        dating_note({"month of the arXiv id": 1, "own date": 1_000, None: 2})
        == "dates: 1,000 by the own date, 1 by the month of the arXiv id, 2 without one"
    )


# ---- in files ---------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["jsonl", "json", "csv"])
def test_listings_are_dated_by_their_name_in_every_format(tmp_path, end):
    rows = [
        {"id": "2503.11731", "summary": A, "bib": "", "date": ""},
        {"id": "2409.13661", "summary": A, "bib": "", "date": ""},
        {"id": "x", "summary": A, "bib": "", "date": ""},
        {"id": "x", "summary": A, "bib": NEURIPS, "date": ""},
        {"id": "2503.11731", "summary": A, "bib": NEURIPS, "date": "2025-03-01"},
    ]
    reading = read(tmp_path, f"2025-03-18.{end}", *rows)
    expected = [
        (dt.date(2025, 3, 18), "day"),
        (dt.date(2024, 9, 1), "month"),
        (None, "none"),
        (dt.date(2000, 1, 1), "year"),
        (dt.date(2025, 3, 1), "day"),
    ]
    assert sorted(dates(reading), key=str) == sorted(expected, key=str)
    (note,) = dates_note(reading)
    assert note == (
        "dates: 1 by the own date, 1 by the BibTeX entry, 1 by the day in the file's name, "
        "1 by the month of the arXiv id, 1 without one"
    )


def test_a_days_download_of_records_without_ids_stays_undated(tmp_path):
    reading = read(tmp_path, "export-2025-03-18.jsonl", {"title": "T", "abstract": A})
    assert dates(reading) == [(None, "none")]
    assert dates_note(reading) == []


def test_a_record_is_not_dated_in_the_future(tmp_path):
    reading = read(
        tmp_path,
        "x.jsonl",
        {"id": "2512.00001", "abstract": A},
        {"id": "2511.00001", "abstract": A},
        {"id": "x", "abstract": A, "bibtex": NEURIPS.replace("{2000}", "{2026}")},
    )
    assert dates(reading) == [(None, "none"), (dt.date(2025, 11, 1), "month"), (None, "none")]
    assert dates_note(reading) == ["dates: 1 by the month of the arXiv id, 2 without one"]
    assert reading.records["problems"][0].to_list() == [
        "date '2025-12-01' is after the day of this run, 2025-11-21; the paper counts as undated"
    ]
