"""Exports as tables (Scopus, IEEE Xplore, Zotero), and what becomes of the real files of each format."""

import csv
import datetime as dt
import re
from pathlib import Path

import pytest

from upwell.config import SourceConfig
from upwell.sources import find_files, read_files

TODAY = dt.date(2025, 11, 21)
REAL = Path(__file__).parents[1].parent / "shared" / "corpora"
A = "We show that alpha waves rise when the reader of a table is surprised by it."


def table(folder, *rows, **config):
    with (folder / "a.csv").open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0], quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(rows)
    files = find_files([folder / "a.csv"])
    return read_files(files, config=SourceConfig(**config), today=TODAY)


# ---- tables ------------------------------------------------------------------------------------


def test_scopus(tmp_path):
    row = {
        "Authors": "Doe J.C., Li W.", "Author(s) ID": "1;2;", "Title": "On waves", "Year": "2005",
        "Source title": "J. Waves", "DOI": "10.1002/X.1", "Link": "https://www.scopus.com/1",
        "Abstract": f"{A} © 2005 Wiley Periodicals, Inc.", "Author Keywords": "one; two",
        "Conference date": "1 May 2004 through 3 May 2004", "Document Type": "Review",
    }  # fmt: skip
    reading = table(tmp_path, row, row | {"Abstract": "[No abstract available]"})
    found = reading.records.row(0, named=True)
    assert (found["title"], found["abstract"], found["n_authors"]) == ("On waves", A, 2)
    assert (found["published"], found["date_precision"]) == (dt.date(2005, 1, 1), "year")
    assert (found["doi"], found["categories"]) == ("10.1002/x.1", [])
    assert reading.rejects["reason"].to_list() == ["no_abstract"]


@pytest.mark.parametrize(
    ("online", "added", "issue", "day", "precision"),
    [
        ("16 Oct 2013", "4 Feb 2014", "Nov.-Dec. 2013", dt.date(2013, 10, 16), "day"),
        ("", "4 Feb 2014", "Nov.-Dec. 2013", dt.date(2014, 2, 4), "day"),
        ("", "", "Nov. 2013", dt.date(2013, 11, 1), "month"),
        ("", "", "Nov.-Dec. 2013", dt.date(2013, 11, 1), "month"),
        ("", "", "", dt.date(2013, 1, 1), "year"),
    ],
)
def test_ieee_xplore(tmp_path, online, added, issue, day, precision):
    row = {
        "Document Title": "On waves", "Authors": "J. Doe; W. Li", "Date Added To Xplore": added,
        "Publication Year": "2013", "Abstract": A, "DOI": "10.1109/X.1", "Online Date": online,
        "PDF Link": "https://example.org/1", "Issue Date": issue, "Meeting Date": "1 May 2012",
    }  # fmt: skip
    found = table(tmp_path, row).records.row(0, named=True)
    assert (found["title"], found["abstract"], found["n_authors"]) == ("On waves", A, 2)
    assert (found["published"], found["date_precision"]) == (day, precision)


@pytest.mark.parametrize(
    ("date", "config", "day", "precision"),
    [
        ("2020-07-28", {}, dt.date(2020, 7, 28), "day"),
        ("July 28, 2020", {}, dt.date(2020, 7, 28), "day"),
        ("7/2020", {}, dt.date(2020, 7, 1), "month"),
        ("03/04/2020", {}, dt.date(2020, 1, 1), "year"),
        ("03/04/2020", {"day_first": True}, dt.date(2020, 4, 3), "day"),
        ("", {}, dt.date(2020, 1, 1), "year"),
    ],
)
def test_zotero(tmp_path, date, config, day, precision):
    row = {
        "Key": "ABCD1234", "Item Type": "journalArticle", "Publication Year": "2020",
        "Author": "Doe, Jane; Li, Wei", "Title": "On waves", "Publication Title": "J. Waves",
        "DOI": "10.1002/X.1", "Url": "http://arxiv.org/abs/2003.01234", "Abstract Note": A,
        "Date": date, "Date Added": "2022-01-01 10:00:00", "Date Modified": "2022-01-02 10:00:00",
        "Access Date": "2022-01-01 10:00:00", "Manual Tags": "one; two",
    }  # fmt: skip
    found = table(tmp_path, row, **config).records.row(0, named=True)
    assert (found["title"], found["abstract"], found["n_authors"]) == ("On waves", A, 2)
    if date and precision != "year":
        assert (found["published"], found["date_precision"]) == (day, precision)
    assert found["published"].year == 2020
    assert found["arxiv_id"] == "2003.01234"
    assert ("may mean two days" in "".join(found["problems"])) == (
        date == "03/04/2020" and not config
    )


WOS_EXCEL = {
    "Publication Type": "J", "Authors": "Doe, J; Li, W", "Article Title": "On waves", "Abstract": A,
    "Publication Date": "MAR 16", "Publication Year": "2020", "Early Access Date": "",
    "WoS Categories": "Management; Operations Research",
}  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "day", "precision", "problem"),
    [
        ({}, dt.date(2020, 3, 16), "day", None),
        ({"Publication Date": "16-Mar"}, dt.date(2020, 3, 16), "day", None),  # Excel's doing
        ({"Early Access Date": "FEB 2020"}, dt.date(2020, 2, 1), "month", None),
        ({"Publication Date": ""}, dt.date(2020, 1, 1), "year", None),
        ({"Publication Date": "JUL-AUG"}, dt.date(2020, 7, 1), "month", "its first month is kept"),
        ({"Publication Date": "SPR"}, dt.date(2020, 1, 1), "year", "not understood but for its"),
        ({"Publication Year": ""}, None, "none", "'MAR 16' is not understood"),
    ],
)
def test_web_of_science_of_excel(tmp_path, cells, day, precision, problem):
    row = table(tmp_path, WOS_EXCEL | cells).records.row(0, named=True)
    assert (row["title"], row["n_authors"]) == ("On waves", 2)
    assert row["categories"] == ["Management", "Operations Research"]
    assert (row["published"], row["date_precision"]) == (day, precision)
    assert problem in row["problems"][0] if problem else not row["problems"]


@pytest.mark.parametrize(
    ("cells", "day", "precision"),
    [
        ({"coverDate": "2020-01-01", "coverDisplayDate": "2020"}, dt.date(2020, 1, 1), "year"),
        ({"coverDate": "2020-01-01", "coverDisplayDate": "January 2020"}, dt.date(2020, 1, 1), "month"),
        ({"coverDate": "2020-01-01"}, dt.date(2020, 1, 1), "year"),  # how Scopus writes a year
        ({"coverDate": "2020-03-15"}, dt.date(2020, 3, 15), "day"),
        ({"Date": "Spring 2020", "Publication Year": "2020"}, dt.date(2020, 1, 1), "year"),
        ({"Publication Date": "Spring 2020", "Date": "2020-04-02"}, dt.date(2020, 4, 2), "day"),
        ({"Publication Date": "Spring 2020", "Date": "2021-04-02"}, dt.date(2020, 1, 1), "year"),
        ({"Source": "J Waves (2014) 3:3 (152-160). Date of Publication: 25 Aug 2014"}, dt.date(2014, 8, 25), "day"),
        ({"Source": "J Waves (2014) 3:3 (152-160)"}, None, "none"),
    ],
)  # fmt: skip
def test_dates_of_other_tables(tmp_path, cells, day, precision):
    row = table(tmp_path, {"Title": "On waves", "Abstract": A} | cells).records.row(0, named=True)
    assert (row["published"], row["date_precision"]) == (day, precision)


@pytest.mark.parametrize(
    ("above", "note"),
    [
        ("sep=,\n", "left out above the header: 1 line, from 'sep=,'"),
        (
            '"About the data: Exported on Jun 1, 2023. Criteria: waves; tables"\n\n',
            "left out above the header: 1 line, from '\"About the data: Exported on",
        ),
        (
            "https://x.org/search?a,b\nDate,2020\n",
            "left out above the header: 2 lines, from 'https://x.org/search?a,b'",
        ),
    ],
)
def test_lines_above_the_header_are_left_out(tmp_path, above, note):
    text = f"{above}Title,Abstract,Year\nOn waves,{A},2020\n"
    (tmp_path / "a.csv").write_text(text)
    reading = read_files(find_files([tmp_path / "a.csv"]), config=SourceConfig(), today=TODAY)
    assert reading.records["title"].to_list() == ["On waves"]
    assert reading.files[0].notes[0].startswith(note)
    assert reading.rejects.is_empty()


def test_a_footer_of_the_provider_is_a_reject_that_quotes_it(tmp_path):
    text = f'Title,Abstract,Year\nOn waves,{A},2020\n"Copyright 2020 IEEE, all rights"\n'
    (tmp_path / "a.csv").write_text(text)
    reading = read_files(find_files([tmp_path / "a.csv"]), config=SourceConfig(), today=TODAY)
    assert reading.records.height == 1
    (reject,) = reading.rejects.rows(named=True)
    assert (reject["reason"], reject["detail"]) == ("no_abstract", "there is no abstract")
    assert reject["excerpt"] == "Copyright 2020 IEEE, all rights"


@pytest.mark.parametrize("cut", [0, 1])
def test_scopus_with_more_funding_texts_than_its_header(tmp_path, cut):
    header = ["Title", "Year", "Abstract", "Funding Text 1", "References", "Source", "EID"]
    row = ["On waves", "2020", A, "We thank A.", "We thank B.", "Doe, 2019", "Scopus", "2-s2.0-1"]
    row = row[:-1] if cut else row
    with (tmp_path / "a.csv").open("w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([header, row, row])
    reading = read_files(find_files([tmp_path / "a.csv"]), config=SourceConfig(), today=TODAY)
    assert reading.records["abstract"].to_list() == [A, A]
    assert reading.records["problems"].to_list() == [[], []]
    row[-1] = "3"
    with (tmp_path / "a.csv").open("w", newline="") as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows([header, [*row, "4"]])
    reading = read_files(find_files([tmp_path / "a.csv"]), config=SourceConfig(), today=TODAY)
    assert "may be shifted" in reading.records["problems"][0][0]


@pytest.mark.parametrize(
    ("data", "detail"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Excel before 2007 (.xls); save it as CSV"),
        (b"%0 Journal Article\n%T On waves\n", "EndNote's own format (.enw); export RIS or BibTeX"),
        (b"\n<!DOCTYPE html>\n<html><title>Sign in</title>", "a web page titled 'Sign in'"),
    ],
)  # fmt: skip
def test_what_is_no_export_says_what_to_do(tmp_path, data, detail):
    (tmp_path / "a.csv").write_bytes(data)
    reading = read_files(find_files([tmp_path / "a.csv"]), config=SourceConfig(), today=TODAY)
    (reject,) = reading.rejects.rows(named=True)
    assert reject["reason"] == "unknown_format"
    assert detail in reject["detail"]
    assert ("Sign in" in reject["excerpt"]) == (b"Sign in" in data)


# ---- the real files ----------------------------------------------------------------------------

# Of notices are left names of products (Matlab©) and one notice in the middle of an abstract.
NOTICES_LEFT = {
    "scopus.bib": 2, "wos.bib": 0, "example.ris": 0, "pubmed.txt": 1, "scopus.csv": 0, "ieee.csv": 0,
}  # fmt: skip


@pytest.mark.skipif(not REAL.exists(), reason="the shared corpora are not beside the project")
@pytest.mark.parametrize("name", NOTICES_LEFT)
def test_texts_of_real_files_are_clean(name):
    """What becomes of their entries is in `test_sources_real`."""
    files = find_files([REAL / "exports" / name])
    records = read_files(files, config=SourceConfig(), today=TODAY).records
    assert records["title"].null_count() == 0
    assert not any("{" in title for title in records["title"])
    notice = re.compile(r"©|\([cC]\) ?(?:19|20)\d\d|All rights reserved")
    left = sum(notice.search(abstract) is not None for abstract in records["abstract"])
    assert left == NOTICES_LEFT[name]
