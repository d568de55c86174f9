"""JSON Lines, JSON, CSV and Parquet: columns guessed or set, and broken items that cost only themselves."""

import datetime as dt
import gzip
import io
import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upwell.config import SourceConfig
from upwell.sources import InputError, find_files, read_files
from upwell.sources.json_stream import Walk
from upwell.sources.values import categories, date_cell, n_authors, number

TODAY = dt.date(2025, 11, 21)
A = "We show that alpha waves rise when the reader of a table is surprised by it."
B = "We show that beta waves fall when the reader of a table has seen it before."
C = "We show that gamma waves do nothing at all while nobody reads any table."


def read_bytes(folder, data, name="input", **config):
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_files(find_files([folder / name]), config=SourceConfig(**config), today=TODAY)


@pytest.fixture
def read(tmp_path):
    return lambda data, **config: read_bytes(tmp_path, data, **config)


def lines(*objects):
    return "".join(json.dumps(o) + "\n" for o in objects)


def found(reading):
    """Position and first five words of the abstract of each record."""
    rows = reading.records.select("source", "abstract").rows()
    return sorted((int(source.split("#")[1]), abstract.split()[3]) for source, abstract in rows)


def rejected(reading):
    return [
        (r["source"].removeprefix("input"), r["reason"])
        for r in reading.rejects.iter_rows(named=True)
    ]


# ---- columns -------------------------------------------------------------------------------


FULL = {
    "id": "2503.11731", "abs": "https://arxiv.org/abs/2503.11731", "authors": ["A", "B"],
    "title": "On\n waves", "categories": ["cs.CV", "cs.RO"], "comment": None, "summary": A,
}  # fmt: skip


def test_columns_are_guessed_from_common_names(read):
    reading = read(lines(FULL))
    assert reading.records.row(0, named=True) == {
        "source": "input#1", "title": "On waves", "abstract": A,
        "published": dt.date(2025, 3, 1), "date_precision": "month", "arxiv_id": "2503.11731", "doi": None,
        "url": "https://arxiv.org/abs/2503.11731", "n_authors": 2, "n_comments": None,
        "categories": ["cs.CV", "cs.RO"], "language": "en", "problems": [],
    }  # fmt: skip
    assert reading.files[0].format == "json_lines"
    assert reading.files[0].notes == (
        "columns: title=title, abstract=summary, arxiv_id=id, url=abs, n_authors=authors, categories=categories",
        "dates: 1 by the month of the arXiv id",
    )


@pytest.mark.parametrize(
    ("cells", "column", "value"),
    [
        ({"Document Title": "T", "Abstract": A}, "title", "T"),
        ({"Abstract": A, "Publication Year": "2013"}, "published", dt.date(2013, 1, 1)),
        ({"Abstract": A, "Online Date": "4 Feb 2014", "Publication Year": "2013"}, "published", dt.date(2014, 2, 4)),
        ({"Abstract": A, "Online Date": "", "Publication Year": "2013"}, "published", dt.date(2013, 1, 1)),
        ({"Abstract": A, "Online Date": "soon", "Year": 2013}, "published", dt.date(2013, 1, 1)),
        ({"abstract": A, "issued": {"date-parts": [[2020, 7]]}}, "published", dt.date(2020, 7, 1)),
        ({"abstract": A, "DOI": "https://doi.org/10.1103/X"}, "doi", "10.1103/x"),
        ({"abstract": A, "url": "https://arxiv.org/abs/2503.11731v3"}, "arxiv_id", "2503.11731"),
        ({"abstract": A, "id": "11127"}, "arxiv_id", None),
        ({"abstract": A, "authors": "A. Doe and B. Li"}, "n_authors", 2),
        ({"abstract": A, "author_num": 3, "author": "A"}, "n_authors", 3),
        ({"abstract": A, "comments": "12 pages", "num_comments": 4}, "n_comments", 4),
        ({"abstract": A, "categories": "cs.LG math.OC"}, "categories", ["cs.LG", "math.OC"]),
        ({"abstract": ["One paragraph of this.", "And a second, of which more."]}, "abstract", "One paragraph of this. And a second, of which more."),
        ({"title": "", "paper": {"title": "T", "summary": A}}, "title", "T"),
        ({"abstract": "", "summary": A}, "abstract", A),
        ({"abstract": f"Abstract: {A}"}, "abstract", A),
    ],
)  # fmt: skip
def test_a_field_is_found(read, cells, column, value):
    found = read(lines(cells)).records[column][0]
    assert (found.to_list() if isinstance(found, pl.Series) else found) == value


def test_a_column_that_is_set_is_not_guessed(read):
    data = lines({"abstract": B, "body": A, "title": "No", "name": "Yes"})
    reading = read(data, columns={"abstract": "body", "title": "name"})
    assert reading.records.select("title", "abstract").row(0) == ("Yes", A)


def test_a_field_that_does_not_exist_cannot_be_set(read):
    with pytest.raises(
        InputError, match="there is no field abstrakt; a column may be given for title, abstract"
    ):
        read(lines({"abstract": A}), columns={"abstrakt": "x"})


@pytest.mark.parametrize(
    ("config", "start"),
    [
        ({}, "no column is known to hold abstracts"),
        ({"columns": {"abstract": "blurb"}}, "there is no column blurb"),
    ],
)
def test_a_table_without_abstracts_says_what_it_has_and_what_to_do(read, config, start):
    for data in (
        lines({"title": "T", "body": A}),
        f"title,body\nT,{A}\n",
        json.dumps([{"title": "T", "body": A}]),
    ):
        reading = read(data, **config)
        assert rejected(reading) == [("", "unknown_format")]
        assert (
            reading.rejects["detail"][0]
            == f"{start}; there are title, body; name it with --columns.abstract NAME, or export the "
            "records again with abstracts"
        )


@pytest.mark.parametrize(
    "abstract", ["", None, "nan", "N/A", "[No abstract available]", "Abstract Unavailable", "-"]
)
def test_a_missing_abstract_is_a_reject(read, abstract):
    reading = read(lines({"title": "T", "abstract": abstract}, {"abstract": A}))
    assert rejected(reading) == [("#1", "no_abstract")]
    assert reading.rejects["excerpt"][0].startswith("T")


def test_a_short_abstract_is_a_reject_in_any_script(read):
    seven, eight = "one two three four five six seven", "one two three four five six seven eight"
    reading = read(lines({"abstract": "Only three words"}, {"abstract": seven}, {"abstract": eight}, {"abstract": "我们提出了一种新的深度学习方法用于图像识别"}, {"abstract": "深度学习"}))  # fmt: skip
    assert rejected(reading) == [("#1", "abstract_too_short"), ("#2", "abstract_too_short"), ("#5", "abstract_too_short")]  # fmt: skip
    assert reading.rejects["detail"][0] == "the abstract has 3 words, the least is 8"
    assert reading.rejects["excerpt"][0] == "Only three words"


def test_a_date_in_the_future_does_not_lose_the_paper(read):
    reading = read(
        lines({"abstract": A, "date": "2025-11-22"}, {"abstract": B, "date": "2025-11-21"})
    )
    assert reading.records["published"].to_list() == [None, TODAY]
    assert reading.records["problems"][0].to_list() == [
        "date '2025-11-22' is after the day of this run, 2025-11-21; the paper counts as undated"
    ]


@pytest.mark.parametrize(
    ("value", "n"),
    [
        (["A", "B", ""], 2), ([{"name": "A"}], 1), ([["Doe", "J.", ""], ["Li", "W.", ""]], 2), ([], None),
        ("G. Tesauro; T. J. Sejnowski", 2), ("Li, Wei and Doe, Jane", 2), ("A. Doe, B. Li and C. Ek", 3),
        ("A. Doe, B. Li, and C. Ek", 3), ("Phillips J.C., Braun R., Wang W.", 3), ("Doe, J., Li, W. X.", 2),
        ("Doe, Jane", 1), ("Jane Doe, Wei Li", 2), ("Jane Doe", 1), ("A. Doe (1, 2), B. Li ((1) X, Y)", 2),
        ("['A. Doe', \"B. O'Li\"]", 2), ('["A", "B", "C"]', 3), ("A. Doe et al.", None), ("", None),
        (4, 4), ("12", 12), (0, None), (True, 1), (None, None), (float("nan"), None),
    ],
)  # fmt: skip
def test_authors_are_counted(value, n):
    assert n_authors(value) == n


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["cs.CV", " cs.RO ", "cs.CV", None], ("cs.CV", "cs.RO")), ("cs.LG stat.ML", ("cs.LG", "stat.ML")),
        ("hep-th gr-qc", ("hep-th", "gr-qc")), ("machine-learning vision", ("machine-learning vision",)),
        ("hep-ph", ("hep-ph",)), ("Computer Science; Art, Fine", ("Computer Science", "Art, Fine")),
        ("Physics, Optics", ("Physics", "Optics")), ("['cs.AI', 'cs.CL']", ("cs.AI", "cs.CL")),
        ([{"term": "cs.AI"}, {"display_name": "Optics"}], ("cs.AI", "Optics")), (None, ()), ("", ()),
    ],
)  # fmt: skip
def test_categories_are_split(value, expected):
    assert categories(value) == expected


def test_numbers_and_dates_in_odd_shapes():
    assert [number(v) for v in (3, "3", 3.5, -1, "x", None, float("inf"), "1e400", 10**400)] == [
        3,
        3,
    ] + [None] * 7
    assert date_cell({"date-parts": [[2020, 7, 28]]}) == "2020-7-28"
    assert date_cell([2020]) == "2020"
    assert date_cell(["x"]) is None
    assert date_cell({"unknown": 1}) is None


# ---- JSON Lines -----------------------------------------------------------------------------


def test_a_broken_line_costs_itself(read):
    good = lines({"abstract": A})
    reading = read(good + '{"abstract": "cut\n\n[1]\n' + "{" * 3000 + "\n" + lines({"abstract": B}))
    assert found(reading) == [(1, "alpha"), (6, "beta")]
    assert rejected(reading) == [
        ("#2", "broken_syntax"),
        ("#4", "broken_syntax"),
        ("#5", "broken_syntax"),
    ]
    details = reading.rejects["detail"].to_list()
    assert details[0].startswith("line 2, column 14 is not JSON: Unterminated string")
    assert details[1] == "line 4 is JSON but not an object"


def test_a_file_that_ends_inside_a_line_is_truncated(read):
    reading = read(lines({"abstract": A}) + '{"abstract": "We sh')
    assert found(reading) == [(1, "alpha")]
    assert rejected(reading) == [("#2", "truncated")]
    assert reading.rejects["detail"][0].startswith(
        "the file ends in the middle of line 2, column 14"
    )


def test_lines_that_begin_with_a_record_separator(read):
    text = lines({"abstract": A}, {"abstract": B}).replace("{", "\x1e{")
    assert found(read(text)) == [(1, "alpha"), (2, "beta")]


def test_a_broken_line_names_its_place_and_what_became_of_the_others(read):
    reading = read(lines({"abstract": A}) + '{"abstract": "x",}\n' + lines({"abstract": B}))
    assert found(reading) == [(1, "alpha"), (3, "beta")]
    assert reading.rejects["detail"][0].startswith("line 2, column ")
    assert reading.rejects["detail"][0].endswith("; the lines after it were read")


def test_a_file_that_was_downloaded_in_part_says_so(read):
    reading = read(
        gzip.compress(lines(*[{"abstract": f"{A} {i}"} for i in range(2000)]).encode())[:-99]
    )
    assert (
        "ended before the end-of-stream marker was reached; download or copy it again; the "
        in (reading.rejects.filter(source="input")["detail"][0])
    )


def test_deeply_nested_json_is_a_reject(read):
    reading = read(
        lines({"abstract": A}) + '{"abstract": ' + "[" * 100_000 + "\n" + lines({"abstract": B})
    )
    assert found(reading) == [(1, "alpha"), (3, "beta")]
    assert rejected(reading) == [("#2", "broken_syntax")]


def test_a_long_line_is_skipped_within_bounded_memory(tmp_path):
    import tracemalloc

    path = tmp_path / "input"
    with path.open("wb") as file:
        file.write(lines({"abstract": A}).encode())
        file.write(b'{"abstract": "')
        for _ in range(50):
            file.write(b"word " * 200_000)
        file.write(b'"}\n' + lines({"abstract": B}).encode())
    files = find_files([path])
    tracemalloc.start()
    reading = read_files(files, config=SourceConfig(), today=TODAY)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found(reading) == [(1, "alpha"), (3, "beta")]
    assert rejected(reading) == [("#2", "line_too_long")]
    assert "line 2 has 50,000,017 bytes, the limit is 10,000,000" in reading.rejects["detail"][0]
    assert len(reading.rejects["excerpt"][0]) <= 200
    assert peak < 45_000_000


# ---- JSON documents -------------------------------------------------------------------------


ABC = [{"t": 1, "abstract": A}, {"t": 2, "abstract": B}, {"t": 3, "abstract": C}]


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ABC),
        json.dumps(ABC, indent=2),
        json.dumps({"status": "ok", "data": ABC}),
        json.dumps({"meta": {"n": 3}, "authors": [{"name": "x"}], "results": ABC}),
        json.dumps({"response": {"docs": ABC}}),
        json.dumps(
            {
                "features": [{"name": "t"}],
                "rows": [{"row_idx": i, "row": x} for i, x in enumerate(ABC)],
            }
        ),
        json.dumps(
            {"took": 3, "hits": {"total": 3, "hits": [{"_index": "p", "_source": x} for x in ABC]}}
        ),
        json.dumps({"a": ABC[0], "b": ABC[1], "c": ABC[2]}, indent=1),
        "\n".join(json.dumps(item, indent=2) for item in ABC),
        "\ufeff  " + json.dumps(ABC),
    ],
)
def test_every_shape_of_json_is_its_objects(read, text):
    reading = read(text)
    assert found(reading) == [(1, "alpha"), (2, "beta"), (3, "gamma")]
    assert reading.rejects.is_empty()
    assert reading.files[0].format == "json"


def test_one_object_is_one_record(read):
    assert found(read(json.dumps(ABC[0], indent=2))) == [(1, "alpha")]
    assert found(read(json.dumps(ABC[0]))) == [(1, "alpha")]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_broken_object_costs_itself(read, indent):
    text = json.dumps(ABC, indent=indent).replace('"t": 2,', '"t": 2')
    reading = read(text)
    assert found(reading) == [(1, "alpha"), (3, "gamma")]
    assert rejected(reading) == [("#2", "broken_syntax")]
    line = 1 + text[: text.index('"t": 2')].count("\n") + (indent is not None)
    assert f"item 2 is not JSON, line {line}, column" in reading.rejects["detail"][0]


def test_a_broken_object_inside_a_wrapper_costs_itself(read):
    text = json.dumps({"status": "ok", "data": ABC}).replace('"t": 2,', '"t": 2')
    reading = read(text)
    assert found(reading) == [(1, "alpha"), (3, "gamma")]
    assert rejected(reading) == [("#2", "broken_syntax")]


@pytest.mark.parametrize("cut", [3, 1])
def test_an_array_that_breaks_off(read, cut):
    text = json.dumps(ABC)[:-cut]
    reading = read(text)
    assert [n for n, _ in found(reading)] == ([1, 2] if cut == 3 else [1, 2, 3])
    assert rejected(reading) == [("#3" if cut == 3 else "#4", "truncated")]


def test_items_that_are_no_objects_are_rejects(read):
    reading = read(json.dumps([ABC[0], "text", 3, None, ABC[1]]))
    assert found(reading) == [(1, "alpha"), (5, "beta")]
    assert rejected(reading) == [(f"#{i}", "broken_syntax") for i in (2, 3, 4)]
    assert reading.rejects["detail"][0] == "item 2 is str, not an object"


def test_a_long_array_on_one_line_is_read_but_not_a_long_item(read, monkeypatch):
    monkeypatch.setattr("upwell.sources.json_window.LINE_LIMIT", 200)
    monkeypatch.setattr("upwell.sources.content.LINE_LIMIT", 200)
    reading = read(json.dumps([*ABC, {"abstract": "word " * 100}]))
    assert found(reading) == [(1, "alpha"), (2, "beta"), (3, "gamma")]
    assert rejected(reading) == [("#4", "line_too_long")]


LONG = "word " * 400_000  # two megabytes: what stands behind is not in the head of the file


@pytest.mark.parametrize(
    ("text", "n_rejects"),
    [
        (json.dumps([*ABC, {"t": 4, "note": LONG}]), 1),
        (json.dumps({"n": 3, "data": [*ABC, {"t": 4, "note": LONG}], "authors": [{"a": "b"}]}), 1),
        (json.dumps({"response": {"docs": [*ABC, {"t": 4, "note": LONG}]}}), 1),
        (json.dumps({"a": ABC[0], "b": ABC[1], "c": ABC[2], "d": {"t": 4, "note": LONG}}), 1),
        ("\n".join(json.dumps(item, indent=2) for item in [*ABC, {"t": 4, "note": LONG}]), 1),
        (json.dumps({"notes": LONG[:900_000], "text2": {"data": [1]}, "data": ABC}), 0),
    ],
)
def test_every_shape_is_told_by_its_start(read, text, n_rejects):
    reading = read(text)
    assert found(reading) == [(1, "alpha"), (2, "beta"), (3, "gamma")]
    assert [reason for _, reason in rejected(reading)] == ["no_abstract"] * n_rejects


def test_a_document_is_not_held(tmp_path):
    """Twenty megabytes of records, in each shape; few and long ones, as counting memory is slow."""
    import tracemalloc

    from upwell.sources.content import Content
    from upwell.sources.item import Context
    from upwell.sources.json_document import JsonDocument

    many = [{"abstract": A * 50, "n": i} for i in range(5_000)]
    for whole in (many, {"skipped": many, "data": many[:9]}, {str(x["n"]): x for x in many}):
        path = tmp_path / "input"
        path.write_text(json.dumps(whole))
        context = Context(SourceConfig(), TODAY)
        tracemalloc.start()
        n = sum(1 for _ in JsonDocument().parse(Content(path), context))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert n == 5_000
        assert path.stat().st_size > 19_000_000
        assert peak < 12_000_000


@given(
    st.lists(
        st.dictionaries(st.sampled_from("abc"), st.text(max_size=9) | st.none(), max_size=3),
        min_size=1,
    ),
    st.recursive(
        st.text(max_size=9) | st.floats(allow_nan=False) | st.booleans(),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
        max_leaves=9,
    ),
    st.sampled_from([None, 1]),
    st.integers(1, 40),
)
@settings(max_examples=200, deadline=None)
def test_a_walk_finds_what_json_finds(objects, beside, indent, block):
    """In each shape, the file read in blocks of a few bytes."""

    class Few:
        def __init__(self, text):
            self._data = text.encode("utf-8", "surrogatepass")

        def blocks(self):
            return (self._data[i : i + block] for i in range(0, len(self._data), block))

    def found(whole, *path, of_members=False):
        walk = Walk(Few(json.dumps(whole, indent=indent)), path, of_members=of_members)
        return [value.value for value in walk.values()]

    data, hits = frozenset({"data"}), frozenset({"hits"})
    assert found(objects) == objects
    assert found({"x": beside, "data": objects, "y": beside}, data) == objects
    assert found({"x": beside, "hits": {"y": beside, "hits": objects}}, hits, hits) == objects
    assert found({str(i): x for i, x in enumerate(objects)}, of_members=True) == objects
    assert found(objects[0]) == [objects[0]]


def test_several_answers_in_one_file_are_all_read(read):
    answers = [{"data": ABC[:1]}, {"message": "Too many requests"}, {"data": ABC[1:]}]
    reading = read("\n".join(json.dumps(answer, indent=1) for answer in answers))
    assert [text for _, text in found(reading)] == ["alpha", "beta", "gamma"]
    assert rejected(reading) == [("#2", "empty_file")]
    assert reading.rejects["detail"][0] == "this object has no list data; its keys are message"
    assert "Too many requests" in reading.rejects["excerpt"][0]


def test_lists_beside_that_of_the_records_hold_none(read):
    reading = read(json.dumps({"data": ABC, "facets": [{"key": "x", "count": 1}]}))
    assert len(reading.records) == 3
    assert reading.rejects.is_empty()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": {"t": 1, "abstract": "%s"}, "b": {"t": 2 "x": 1}, "c": {"t": 3, "abstract": "%s"}}',
         [("#2", "broken_syntax")]),
        ('{"a": {"t": 1, "abstract": "%s"}, "b" 7, "c": {"t": 3, "abstract": "%s"}}',
         [("#2", "broken_syntax")]),
        ('{"a": {"t": 1, "abstract": "%s"}, "c": {"t": 3, "abstract": "%s"}, "d": {"t"',
         [("#3", "truncated")]),
        ('{"a": {"t": 1, "abstract": "%s"}, "c": {"t": 3, "abstract": "%s"}',
         [("#3", "truncated")]),
    ],
)  # fmt: skip
def test_broken_members_cost_themselves(read, text, expected):
    reading = read(text.replace(": {", ":\n{") % (A, B))
    assert [text for _, text in found(reading)] == ["alpha", "beta"]
    assert rejected(reading) == expected


def test_an_object_that_is_broken_before_its_list(read):
    text = json.dumps({"meta": {"n": 1}, "data": ABC})
    assert len(read(text.replace('"n": 1', '"n" 1')).records) == 3
    reading = read(text.replace('"data"', "data"))
    assert [text for _, text in found(reading)] == ["alpha", "beta", "gamma"]
    assert rejected(reading) == [("#1", "no_abstract"), ("#2", "broken_syntax")]
    assert "line 1, column 20: Expecting value" in reading.rejects["detail"][1]


# ---- CSV ------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_csv_of_any_kind(read, delimiter, end):
    rows = [["Title", "Abstract", "Year"], ["T, one; two", A, "2020"], ['5" disk', B, "2021"]]
    text = end.join(delimiter.join('"' + c.replace('"', '""') + '"' for c in row) for row in rows)
    reading = read(text)
    assert reading.records.select("source", "title", "abstract").rows() == [
        ("input#2", "T, one; two", A), ("input#3", '5" disk', B),
    ]  # fmt: skip
    assert reading.files[0].format == "csv"
    assert reading.files[0].notes[0] == f"cells are separated by {delimiter!r}"


def test_the_position_of_a_row_is_its_first_line(read):
    wrapped = A.replace(" when", "\nwhen")
    reading = read(f'title,abstract\n\nT,"{wrapped}"\n\nU,"{B}"\n')
    assert found(reading) == [(3, "alpha"), (6, "beta")]
    assert reading.records.sort("source")["abstract"][0] == A


def test_broken_rows_cost_only_themselves(read):
    text = (
        f'title,abstract,year\nT,{A},2020\nU,"unclosed {B},2020\nV,{B},2020\n'
        f'W,one,two,three,four\n5" disk,{C},2020\nshort,{C}\n'
    )
    reading = read(text)
    assert found(reading) == [(2, "alpha"), (4, "beta"), (6, "gamma"), (7, "gamma")]
    assert rejected(reading) == [("#3", "broken_syntax"), ("#5", "broken_syntax")]
    assert reading.rejects["detail"].to_list() == [
        "line 3 has 2 cells, the header has 3; a quote is not closed, or a cell with ',' inside has no quotes",
        "line 5 has 5 cells, the header has 3; a quote is not closed, or a cell with ',' inside has no quotes",
    ]


def test_a_row_with_a_cell_too_many_is_kept_where_its_text_is_quoted(read):
    reading = read(f'title,abstract,year,kind\n"T","{A}",2020,,x\n')
    assert reading.records["abstract"].to_list() == [A]
    assert reading.records["problems"][0].to_list() == [
        "line 2 has 5 cells, the header has 4; what stands under the last columns may be shifted"
    ]


@pytest.mark.parametrize("end", [f'U,"{B}', f'U,"{B[:20]}\n{B[20:]}', "U"])
def test_a_table_that_breaks_off(read, end):
    reading = read(f"title,abstract,year\nT,{A},2020\n{end}")
    assert found(reading) == [(2, "alpha")]
    assert rejected(reading) == [("#3", "truncated")]


def test_a_cell_may_hold_a_whole_paper(read):
    reading = read(f'abstract,full_text\n"{A}","{"long text, " * 30_000}"\n')
    assert found(reading) == [(2, "alpha")]


def test_a_long_line_in_a_table(read, monkeypatch):
    monkeypatch.setattr("upwell.sources.content.LINE_LIMIT", 300)
    reading = read(f'title,abstract\nT,"{A}"\nU,"{"x " * 300}"\nV,"{B}"\n')
    assert found(reading) == [(2, "alpha"), (4, "beta")]
    assert rejected(reading) == [("#3", "line_too_long")]


# ---- Parquet --------------------------------------------------------------------------------


def parquet(frame):
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def test_parquet_rows_are_records(read):
    frame = pl.DataFrame(
        {
            "title": ["T", None], "abstract": [A, B], "published": [dt.date(2020, 7, 28), None],
            "authors": [["A", "B"], None], "year": [2020, 2021],
        }
    )  # fmt: skip
    reading = read(parquet(frame))
    assert reading.records.select("source", "title", "published", "date_precision", "n_authors").rows() == [
        ("input#1", "T", dt.date(2020, 7, 28), "day", 2), ("input#2", None, dt.date(2021, 1, 1), "year", None),
    ]  # fmt: skip


def test_parquet_is_read_in_slices_and_without_vectors(read, monkeypatch):
    monkeypatch.setattr("upwell.sources.parquet._SLICE", 2)
    vectors = [[0.5, 1.5]] * 3
    frame = pl.DataFrame({"abstract": [A, B, C], "vector": vectors, "image": [b"x"] * 3})
    for data in (parquet(frame), gzip.compress(parquet(frame))):
        reading = read(data)
        assert found(reading) == [(1, "alpha"), (2, "beta"), (3, "gamma")]
        assert reading.files[0].notes == ("columns: abstract=abstract",)
    reading = read(gzip.compress(parquet(frame))[:-50])
    assert rejected(reading) == [("", "unreadable_file")]
    assert "compressed" in reading.rejects["detail"][0].lower()


def test_broken_parquet_is_a_reject(read):
    data = parquet(pl.DataFrame({"abstract": [A] * 50}))
    for broken in (data[:100], data[:-30], b"PAR1" + b"x" * 50):
        reading = read(broken)
        assert rejected(reading) == [("", "unreadable_file")]
        assert reading.rejects["detail"][0].startswith("is not whole Parquet: ")


# ---- any content ----------------------------------------------------------------------------

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from([A, B, "2020"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["title", "name", "paper", "x"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
KEYS = st.sampled_from(
    ["title", "abstract", "date", "year", "authors", "id", "doi", "url", "categories", "paper", "n"]
)
OBJECTS = st.lists(st.dictionaries(KEYS, VALUES, max_size=6), max_size=5)


def check(folder, data):
    reading = read_bytes(folder, data)
    sources = [*reading.records["source"], *reading.rejects["source"]]
    assert len(set(sources)) == len(sources) > 0
    return reading


@given(OBJECTS, st.booleans())
@settings(max_examples=100, deadline=None)
def test_every_object_is_a_record_or_a_reject(tmp_path_factory, objects, as_lines):
    folder = tmp_path_factory.mktemp("objects")
    data = lines({"abstract": A}, *objects) if as_lines else json.dumps([{"abstract": A}, *objects])
    reading = check(folder, data)
    assert reading.records.height + reading.rejects.height == 1 + len(objects)


@given(
    st.binary(max_size=300),
    st.sampled_from(
        [
            b"",
            b"{",
            b"[{",
            b"abstract,title\n",
            b"PAR1",
            b"Abstract:",
            b"\x1f\x8b",
            b"\x28\xb5\x2f\xfd",
            b"\xff\xfe",
            b'{"abstract":"x"}\n',
        ]
    ),
)
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_answered(tmp_path_factory, data, start):
    check(tmp_path_factory.mktemp("bytes"), start + data)


@given(st.text(st.sampled_from('a,"\n\r;\t x\x00'), max_size=120))
@settings(max_examples=200, deadline=None)
def test_any_table_is_answered(tmp_path_factory, text):
    check(tmp_path_factory.mktemp("csv"), "title,abstract\n" + text + f'\nlast,"{A}"\n')


@given(
    st.integers(0, 500), st.integers(0, 500), st.sampled_from(["", "}", '"', "\\", "[", ",", "x"])
)
@settings(max_examples=150, deadline=None)
def test_any_damage_to_json_is_answered(tmp_path_factory, start, length, patch):
    text = json.dumps(ABC, indent=1)
    check(tmp_path_factory.mktemp("json"), "[" + text[1:start] + patch + text[start + length :])
