"""Submissions to conferences: lists of papers with a status, and notes of OpenReview."""

import datetime as dt
import json

import pytest

from upwell.config import SourceConfig
from upwell.sources import find_files, read_files

TODAY = dt.date(2026, 11, 27)
A = "We show that alpha waves rise when the reader of a table is surprised by it."
REJECTED = ["the source says that this submission was rejected"]
WITHDRAWN = ["the source says that this submission was withdrawn"]


@pytest.fixture
def read(tmp_path):
    def reading(data, name="input"):
        (tmp_path / name).write_text(data if isinstance(data, str) else json.dumps(data, indent=1))
        return read_files(find_files([tmp_path / name]), config=SourceConfig(), today=TODAY)

    return reading


def rows(reading, *columns):
    return reading.records.sort("source").select(columns).rows()


# ---- lists --------------------------------------------------------------------------------------

PAPER = {
    "id": "--GJ", "title": "Waves", "track": "main", "status": "Poster", "abstract": A,
    "author": "Ann Bee; Cee Dee", "rating_avg": [5.75, 0.4], "site": "", "openreview": "",
}  # fmt: skip
ENTRY = '@inproceedings{z,\n    month = aug,\n    year = "2020",\n}'


def test_submissions_that_were_not_accepted_stay_and_say_so(read):
    statuses = ["Poster", "Reject", "Withdraw", "Desk Reject", "Active", "Rejected", None]
    reading = read([{**PAPER, "status": status} for status in statuses])
    assert reading.files[0].format == "conference_list"
    assert [row[0] for row in rows(reading, "problems")] == [
        [], REJECTED, WITHDRAWN, REJECTED, [], REJECTED, [],
    ]  # fmt: skip
    assert "4 submissions were rejected or withdrawn, and stay" in reading.files[0].notes


@pytest.mark.parametrize(
    ("cells", "name", "expected"),
    [
        ({"site": "https://iclr.cc/virtual/2021/poster/3064"}, "x.json", (2021, 1, "year")),
        ({"oa": "https://openaccess.thecvf.com/content/CVPR2023/html/x"}, "x.json", (2023, 1, "year")),
        ({"pdf": "https://papers.nips.cc/paper/2018/file/8b16.pdf"}, "x.json", (2018, 1, "year")),
        ({"site": "https://aclanthology.org/2021.acl-long.24/"}, "x.json", (2021, 1, "year")),
        ({}, "iclr2022.json", (2022, 1, "year")),
        ({"site": "https://iclr.cc/virtual/2021/poster/3064"}, "iclr2022.json", (2021, 1, "year")),
        ({"bibtex": ENTRY}, "iclr2022.json", (2020, 8, "month")),
        ({"year": 2019}, "iclr2022.json", (2019, 1, "year")),
    ],
)  # fmt: skip
def test_a_paper_is_dated_by_its_page_or_else_by_the_name_of_the_list(read, cells, name, expected):
    year, month, precision = expected
    reading = read([{**PAPER, **cells}], name)
    assert rows(reading, "published", "date_precision") == [(dt.date(year, month, 1), precision)]


def test_what_dated_a_list_is_told(read):
    paged = {**PAPER, "site": "https://iclr.cc/virtual/2021/poster/3064"}
    notes = read([paged, PAPER, PAPER], "iclr2021.json").files[0].notes
    assert "1 papers are dated by the year in the address of their page" in notes
    assert "2 papers are dated by the year in the name of the file" in notes
    assert rows(read([PAPER], "papers-2021.json"), "published") == [(dt.date(2021, 1, 1),)]
    for name in ("2021.json", "export of 2021.json", "list20210101.json"):
        assert rows(read([PAPER], name), "published") == [(None,)]


def test_broken_papers_and_those_without_abstract(read):
    text = json.dumps([PAPER, PAPER, {**PAPER, "abstract": ""}, 7, PAPER], indent=1)
    reading = read(text.replace('"title": ', '"title" ', 1))
    assert reading.records["source"].to_list() == ["input#2", "input#5"]
    assert dict(reading.rejects.select("source", "reason").rows()) == {
        "input#1": "broken_syntax", "input#3": "no_abstract", "input#4": "broken_syntax",
    }  # fmt: skip


# ---- OpenReview ------------------------------------------------------------------------------------

V1 = {
    "id": "Hkgh", "cdate": 1540035843524, "tcdate": 1540035843524, "tmdate": 1543593753140,
    "content": {"title": "Waves", "abstract": A, "authors": ["Ann", "Bo"], "pdf": "/pdf/1.pdf"},
    "forum": "Hkgh", "invitation": "ICLR.cc/2019/Conference/-/Blind_Submission", "replyto": None,
}  # fmt: skip
V2 = {
    "content": {
        "title": {"value": "Waves"}, "abstract": {"value": A}, "authors": {"value": ["A", "B", "C"]},
        "primary_area": {"value": "optimization"}, "venue": {"value": "ICLR 2024 poster"},
        "venueid": {"value": "ICLR.cc/2024/Conference"},
    },
    "id": "abc", "forum": "abc", "invitations": ["ICLR.cc/2024/Conference/-/Submission"],
    "tcdate": 1694000000000, "cdate": 1694000000000, "odate": 1697213872000, "pdate": 1705410000000,
}  # fmt: skip


@pytest.mark.parametrize(
    "shape",
    [
        lambda *n: json.dumps({"notes": n, "count": 2}),
        lambda *n: json.dumps(n, indent=2),
        lambda *n: "\n".join(map(json.dumps, n)),
    ],
)
def test_notes_of_both_versions(read, shape):
    reading = read(shape(V1, V2))
    assert reading.files[0].format == "openreview"
    assert rows(reading, "title", "abstract", "published", "n_authors", "categories", "url") == [
        ("Waves", A, dt.date(2018, 10, 20), 2, [], "https://openreview.net/forum?id=Hkgh"),
        ("Waves", A, dt.date(2023, 10, 13), 3, ["optimization"], "https://openreview.net/forum?id=abc"),
    ]  # fmt: skip


def test_a_note_is_dated_by_the_day_it_became_public(read):
    def dated(**dates):
        reading = read({"notes": [{**V2, **dates}]})
        return rows(reading, "published")[0][0]

    assert dated(odate=None) == dt.date(2024, 1, 16)
    assert dated(odate=None, pdate=None) == dt.date(2023, 9, 6)
    assert dated(odate=None, pdate=None, cdate=None, tcdate=None) is None


def test_notes_that_were_rejected_or_withdrawn_and_replies(read):
    def venue(name):
        return {
            **V2,
            "content": {**V2["content"], "venueid": {"value": f"ICLR.cc/2024/Conference/{name}"}},
        }

    old = {**V1, "invitation": "ICLR.cc/2021/Conference/-/Withdrawn_Submission"}
    anonymous = {**old, "content": {**V1["content"], "authors": ["Anonymous"]}}
    review = {**V1, "id": "r", "replyto": "Hkgh", "content": {"title": "Review", "review": A}}
    bare = {**V1, "content": None}
    notes = [venue("Rejected_Submission"), venue("Withdrawn_Submission"), anonymous, review, bare]
    reading = read({"notes": notes})
    assert rows(reading, "problems", "n_authors") == [
        (REJECTED, 3),
        (WITHDRAWN, 3),
        (WITHDRAWN, None),
    ]
    assert reading.rejects.select("source", "reason", "detail").rows() == [
        ("input#4", "no_abstract", "this note is a reply, such as a review"),
        ("input#5", "no_abstract", "there is no abstract"),
    ]
    assert "3 submissions were rejected or withdrawn, and stay" in reading.files[0].notes
