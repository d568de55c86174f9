"""Exports as tables (Scopus, IEEE Xplore, Zotero), and what becomes of the real files of each format."""

import csv
import datetime as dt
import re
from collections import Counter
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


# ---- the real files ----------------------------------------------------------------------------

# Format, how many entries a count that knows nothing of the parser finds, rejects, precisions.
FILES = {
    "exports/scopus.bib": (
        "bibtex", r"(?m)^@\w+\{", {"no_abstract": 1}, {"year": 262},
    ),
    "exports/wos.bib": (
        "bibtex", r"(?m)^@\w+\{", {}, {"day": 56, "month": 115, "year": 65},
    ),
    "exports/example.ris": ("ris", r"(?m)^ER  -", {}, {"month": 25}),
    "exports/pubmed.txt": (
        "medline", r"(?m)^PMID- ", {}, {"day": 273, "month": 58, "year": 4},
    ),
    "exports/scopus.csv": (
        "csv", r"(?m),2-s2\.0-\d+$|\"2-s2\.0-\d+\"\r?$", {"no_abstract": 1}, {"year": 57},
    ),
    "exports/ieee.csv": ("csv", r"ieeexplore\.ieee\.org/stamp", {}, {"day": 10}),
}  # fmt: skip
# Left are names of products (Matlab©) and one notice in the middle of an abstract.
NOTICES_LEFT = {"exports/scopus.bib": 2, "exports/pubmed.txt": 1}


@pytest.mark.skipif(not REAL.exists(), reason="the shared corpora are not beside the project")
@pytest.mark.parametrize("path", FILES)
def test_every_entry_of_a_real_file_is_a_record_or_a_reject(path):
    known, entry, rejects, precisions = FILES[path]
    reading = read_files(find_files([REAL / path]), config=SourceConfig(), today=TODAY)
    text = (REAL / path).read_text("utf-8-sig")
    n_entries = len(re.findall(entry, text))
    assert reading.files[0].format == known
    assert n_entries == reading.records.height + reading.rejects.height
    assert Counter(reading.rejects["reason"]) == rejects
    assert Counter(reading.records["date_precision"]) == precisions
    assert reading.records["title"].null_count() == 0
    notice = re.compile(r"©|\([cC]\) ?(?:19|20)\d\d|All rights reserved")
    left = sum(notice.search(abstract) is not None for abstract in reading.records["abstract"])
    assert left == NOTICES_LEFT.get(path, 0)
    assert not any("{" in title for title in reading.records["title"])
