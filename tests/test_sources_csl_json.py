"""CSL-JSON: dates in all of its ways, item by item, with faults, within bounds."""

import datetime as dt
import json
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upwell.config import SourceConfig
from upwell.sources import find_files, read_files
from upwell.sources.content import Content
from upwell.sources.csl_json import csl_date
from upwell.sources.item import RawReject
from upwell.sources.json_stream import object_of, read_values
from upwell.tables import REASONS

TODAY = dt.date(2025, 11, 21)
A = "We show that alpha waves rise when the reader of a table is surprised by it."
ITEM = {
    "id": "doe2020", "type": "article-journal", "title": "On waves", "container-title": "J. Waves",
    "author": [{"family": "Doe", "given": "J."}, {"literal": "The Readers"}],
    "DOI": "10.1109/X.2020.1", "URL": "https://example.org/1", "abstract": f"<jats:p>{A}</jats:p>",
    "issued": {"date-parts": [[2020, 7, 28]]}, "accessed": {"date-parts": [[2019, 1, 1]]},
}  # fmt: skip


@pytest.fixture
def read(tmp_path):
    def _read(data):
        (tmp_path / "a").write_bytes(data if isinstance(data, bytes) else data.encode())
        return read_files(find_files([tmp_path / "a"]), config=SourceConfig(), today=TODAY)

    return _read


@pytest.mark.parametrize(
    "written",
    [
        json.dumps([ITEM, ITEM]),
        json.dumps([ITEM, ITEM], indent=2),
        "\ufeff" + json.dumps([ITEM, ITEM], indent="\t").replace("\n", "\r\n"),
        json.dumps(ITEM) + "\n" + json.dumps(ITEM),
    ],
)
def test_items_are_read_however_they_are_laid_out(read, written):
    reading = read(written)
    assert reading.files[0].format == "csl_json"
    assert reading.records["source"].to_list() == ["a#1", "a#2"]
    row = reading.records.row(0, named=True)
    assert (row["title"], row["abstract"], row["n_authors"]) == ("On waves", A, 2)
    assert (row["published"], row["date_precision"]) == (dt.date(2020, 7, 28), "day")
    assert (row["doi"], row["url"]) == ("10.1109/x.2020.1", "https://example.org/1")


@pytest.mark.parametrize(
    ("value", "day", "precision"),
    [
        ({"date-parts": [["2020", "7", 28]]}, dt.date(2020, 7, 28), "day"),
        ({"date-parts": [[2020, 7]]}, dt.date(2020, 7, 1), "month"),
        ({"date-parts": [[2020]], "season": 2}, dt.date(2020, 1, 1), "year"),
        ({"date-parts": [[2020, 7, 3], [2020, 7, 9]]}, dt.date(2020, 7, 3), "day"),
        ({"date-parts": [[2020, 7], [2020, 9]]}, dt.date(2020, 7, 1), "month"),
        ({"date-parts": [[2019, 12], [2020, 1]]}, dt.date(2019, 12, 1), "month"),
        ({"date-parts": [[2020, 7], [2020, 12]]}, dt.date(2020, 1, 1), "year"),
        ({"date-parts": [["2019"], ["2020"]]}, None, "none"),
        ({"date-parts": [[2020, 7], [2020, 13]]}, dt.date(2020, 7, 1), "month"),
        ({"date-parts": [[2020, 0, 0]]}, dt.date(2020, 1, 1), "year"),
        ({"date-parts": [[2020, 13]]}, None, "none"),
        ({"date-parts": [[None]]}, None, "none"),
        ({"date-parts": "2020"}, None, "none"),
        ({"raw": "28 Jul 2020"}, dt.date(2020, 7, 28), "day"),
        ({"literal": "Spring 2020"}, dt.date(2020, 1, 1), "year"),
        ("2020-07", dt.date(2020, 7, 1), "month"),
        ({}, None, "none"),
        (None, None, "none"),
    ],
)
def test_dates(value, day, precision):
    when = csl_date(value)
    assert (when.day, when.precision) == (day, precision)


def test_available_goes_before_a_later_issue(read):
    row = read(json.dumps([ITEM | {"available-date": {"date-parts": [[2020, 2]]}}])).records
    assert row["published"][0] == dt.date(2020, 2, 1)


def test_of_crossref_the_day_online_goes_before_the_issue(read):
    item = ITEM | {
        "published-print": {"date-parts": [[2020, 10]]},
        "published-online": {"date-parts": [[2020, 6, 30]]},
        "created": {"date-parts": [[2020, 1, 1]]},
    }
    assert read(json.dumps(item)).records["published"][0] == dt.date(2020, 6, 30)


def test_a_preprint_is_known_by_its_number(read):
    item = {k: v for k, v in ITEM.items() if k not in {"issued", "DOI"}}
    row = read(json.dumps([item | {"number": "arXiv:2003.01234"}])).records.row(0, named=True)
    assert (row["arxiv_id"], row["published"]) == ("2003.01234", dt.date(2020, 3, 1))


def test_an_item_without_an_abstract_is_a_reject(read):
    reading = read(json.dumps([ITEM, ITEM | {"abstract": ""}, {"id": "x"}, 3]))
    assert reading.records.height == 1
    assert reading.rejects["reason"].to_list() == ["no_abstract", "no_abstract", "broken_syntax"]


@pytest.mark.parametrize(
    ("old", "new"),
    [('"title":', '"title"'), ("}}", "}"), ('"On waves"', '"On waves'), ('"J. Waves",', "J. Waves,")],
)  # fmt: skip
def test_a_broken_item_costs_no_other(read, old, new):
    items = [json.dumps(ITEM | {"id": str(i)}) for i in range(5)]
    items[2] = items[2].replace(old, new)
    assert items[2] != json.dumps(ITEM | {"id": "2"})
    reading = read("[" + ",\n".join(items) + "]")
    assert reading.records["source"].to_list() == ["a#1", "a#2", "a#4", "a#5"]
    assert reading.rejects.select("source", "reason").rows() == [("a#3", "broken_syntax")]


def test_a_file_that_ends_in_an_item(read):
    text = json.dumps([ITEM, ITEM], indent=1)
    reading = read(text[: len(text) - 30])
    assert reading.records.height == 1
    assert reading.rejects.select("source", "reason").rows() == [("a#2", "truncated")]


def objects(text):
    """The objects of an array that is streamed, and the rejects."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.json"
        path.write_text(text, encoding="utf-8")
        found = list(read_values(Content(path), frozenset(), r"\{"))
    return [f if isinstance(f, RawReject) else object_of(f) for f in found]


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.text(max_size=20))), st.booleans())
@settings(deadline=None)
def test_any_objects_are_read_back(items, is_indented):
    found = objects(json.dumps(items, indent=1 if is_indented else None))
    assert found == items


def test_an_object_whose_key_is_no_text_ends_nothing():
    """Found by fuzzing: the key was looked up, and an object cannot be."""
    assert objects('[{"a": 1}]{{}: 2}')[0] == {"a": 1}


def test_objects_larger_than_a_block_are_read_back():
    items = [{"a": "x" * n, "b": [{"a": "y"}] * 1000} for n in (0, 70_000, 300_000, 5)]
    for indent in (None, 1):
        assert objects(json.dumps(items, indent=indent)) == items


PARTS = [
    '{"a": ',
    "{",
    "}",
    "[",
    "]",
    '"',
    "\\",
    ",",
    '{"a": 1},\n',
    '{"a": [',
    "\n",
    "x",
    "1",
    "\x00",
]


@given(st.lists(st.sampled_from(PARTS), max_size=40))
@settings(deadline=None, max_examples=300)
def test_no_text_breaks_it_and_positions_are_unique(parts):
    found = [item for item in objects("[" + "".join(parts)) if isinstance(item, RawReject)]
    positions = [item.position for item in found]
    assert len(positions) == len(set(positions))
    assert {item.reason for item in found} <= set(REASONS)


@pytest.mark.parametrize("part", PARTS)
def test_time_grows_with_the_length_only(part):
    def seconds(n):
        began = time.process_time()
        objects('[{"a": 1, ' + part * (n // len(part)))
        return time.process_time() - began

    assert seconds(100_000) < 6 + 9 * seconds(25_000)  # less up to a block, 65,536 bytes
