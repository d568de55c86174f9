"""RIS, Web of Science's tagged text and PubMed's MEDLINE: as exported, with faults, within bounds."""

import datetime as dt
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upwell.config import SourceConfig
from upwell.sources import find_files, medline, read_files, ris, web_of_science
from upwell.sources.content import LINE_LIMIT, Line
from upwell.sources.tagged import Entry, read_entries
from upwell.tables import REASONS

TODAY = dt.date(2025, 11, 21)
A = "We show that alpha waves rise when the reader of a table is surprised by it."
WRAPPED = A.replace(" when ", "\n when ")


@pytest.fixture
def read(tmp_path):
    def _read(data, **config):
        (tmp_path / "a").write_bytes(data if isinstance(data, bytes) else data.encode())
        files = find_files([tmp_path / "a"])
        return read_files(files, config=SourceConfig(**config), today=TODAY)

    return _read


def with_fields(start, fields, end):
    return start + "".join(f"{tag}{text}\n" for tag, text in fields) + end


def ris_entry(*fields):
    return with_fields("TY  - JOUR\n", [(f"{t}  - ", x) for t, x in fields], "ER  - \n\n")


def wos_entry(*fields):
    return with_fields("PT J\n", [(f"{t} ", x) for t, x in fields], "ER\n\n")


def medline_entry(*fields):
    return with_fields("PMID- 1\n", [(f"{t:<4}- ", x) for t, x in fields], "SO  - J.\n\n")


WOS_HEAD = "\ufeffFN Clarivate Analytics Web of Science\nVR 1.0\n"


# ---- as they are exported ----------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\n\n\r"])
def test_ris(read, end):
    text = ris_entry(
        ("TI", "On waves"), ("AU", "Doe, J."), ("AU", "Li, W."), ("KW", "one"), ("KW", "two"),
        ("PY", "2020"), ("DA", "2020/07/28/"), ("DO", "10.1109/X.2020.1"),
        ("UR", "https://example.org/1"), ("AB", WRAPPED),
    )  # fmt: skip
    reading = read((text * 2).replace("\n", end))
    assert reading.files[0].format == "ris"
    assert reading.records.height == 2
    row = reading.records.row(0, named=True)
    assert (row["title"], row["abstract"], row["n_authors"]) == ("On waves", A, 2)
    assert (row["published"], row["date_precision"]) == (dt.date(2020, 7, 28), "day")
    assert (row["doi"], row["url"]) == ("10.1109/x.2020.1", "https://example.org/1")
    assert (row["categories"], row["problems"]) == ([], [])


def test_web_of_science(read):
    text = wos_entry(
        ("AU", "Doe, J\n   Li, W"), ("TI", "On\n   waves"), ("AB", WRAPPED.replace("\n", "\n  ")),
        ("PD", "MAR 16"), ("PY", "2020"), ("DA", "2022-08-02"), ("DI", "10.1109/X.2020.1"),
        ("WC", "Management; Operations\n   Research"),
    )  # fmt: skip
    reading = read(WOS_HEAD + text * 2 + "EF")
    assert reading.files[0].format == "web_of_science"
    assert reading.records["source"].to_list() == ["a#18", "a#3"]
    row = reading.records.row(0, named=True)
    assert (row["title"], row["abstract"], row["n_authors"]) == ("On waves", A, 2)
    assert (row["published"], row["date_precision"]) == (dt.date(2020, 3, 16), "day")
    assert row["categories"] == ["Management", "Operations Research"]
    assert (row["doi"], row["problems"]) == ("10.1109/x.2020.1", [])
    assert reading.rejects.is_empty()


TAGS = ["PT", "AU", "TI", "SO", "AB", "PD", "PY", "EA", "DI", "WC", "UT", "PM", "DA"]


def wos_table(*rows, end="\n"):
    lines = [TAGS, *([row.get(tag, "") for tag in TAGS] for row in rows)]
    return "".join("\t".join(cells) + end for cells in lines)


ROW = {
    "PT": "J", "AU": "Doe, J; Li, W", "TI": '"Loud" waves: an "essay"', "AB": f'{A} It is 5" wide.',
    "PD": "MAR 16", "PY": "2020", "EA": "FEB 2020", "DI": "10.1109/X.2020.1", "UT": "WOS:0001",
    "WC": "Management; Operations Research", "DA": "2022-08-02",
}  # fmt: skip


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\t\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_web_of_science_separated_by_tabs(read, end, encoding):
    reading = read(wos_table(ROW, ROW | {"EA": "", "AB": f'"{A}"'}, end=end).encode(encoding))
    assert reading.files[0].format == "web_of_science"
    assert reading.records["source"].to_list() == ["a#2", "a#3"]
    row, other = reading.records.rows(named=True)
    assert (row["title"], row["abstract"], row["n_authors"]) == (ROW["TI"], ROW["AB"], 2)
    assert (row["published"], row["date_precision"]) == (dt.date(2020, 2, 1), "month")
    assert (row["doi"], row["problems"]) == ("10.1109/x.2020.1", [])
    assert row["categories"] == ["Management", "Operations Research"]
    assert (other["abstract"], other["published"]) == (A, dt.date(2020, 3, 16))
    assert reading.rejects.is_empty()


def test_a_row_of_web_of_science_that_is_broken_costs_no_other(read):
    good = wos_table(ROW)
    header, row = good.splitlines(keepends=True)
    short, cut = row.rstrip("\n").removesuffix("\t\t2022-08-02") + "\n", row[:60]
    reading = read(
        header + row.replace("alpha", "al\npha") + short + row.replace("\n", "\tx\n") + cut
    )
    assert reading.records["source"].to_list() == ["a#4"]
    assert reading.rejects.select("source", "reason").rows() == [
        ("a#2", "broken_syntax"), ("a#3", "broken_syntax"), ("a#5", "broken_syntax"), ("a#6", "truncated"),
    ]  # fmt: skip
    assert reading.rejects["detail"][2] == (
        "line 5 has 14 cells, the header has 13; a tab or a line break stands inside a cell; the rows "
        "after it were read"
    )
    assert reading.rejects["detail"][3].startswith(
        "the file ends in the middle of this row; line 6"
    )


def test_a_file_of_web_of_science_without_its_end_says_so(read):
    entry = wos_entry(("TI", "T"), ("AB", A))
    whole = read(WOS_HEAD + entry + "EF\n\n")
    assert whole.rejects.is_empty()
    reading = read(WOS_HEAD + entry)
    assert reading.records.height == 1
    assert reading.rejects.select("source", "reason").rows() == [("a", "truncated")]
    assert reading.rejects["detail"][0].startswith("the file does not end with EF")
    assert read(entry).rejects.is_empty()  # a part that somebody cut out
    cut = read(WOS_HEAD + entry + entry[: -len("ER\n\n")])
    assert cut.rejects.is_empty()
    assert any("the file ends in this record" in p for ps in cut.records["problems"] for p in ps)


def test_medline(read):
    text = medline_entry(
        ("DP", "2022 Jun 3"), ("TI", "On\n      waves."), ("AB", WRAPPED.replace("\n", "\n     ")),
        ("FAU", "Doe, Jane"), ("AU", "Doe J"), ("LID", "895552"), ("AID", "10.3389/x.1 [doi]"),
    )  # fmt: skip
    reading = read("\n" + text.replace("PMID- 1", "PMID- 35757629") + text)
    assert reading.files[0].format == "medline"
    assert reading.records.height == 2
    row = reading.records.sort("source").row(1, named=True)
    assert row["source"] == "a#2"
    assert (row["title"], row["abstract"], row["n_authors"]) == ("On waves.", A, 1)
    assert (row["published"], row["doi"]) == (dt.date(2022, 6, 3), "10.3389/x.1")
    assert row["url"] == "https://pubmed.ncbi.nlm.nih.gov/35757629/"


def test_ovid_numbers_its_entries_and_puts_links_between_them(read):
    entry = ris_entry(("T1", "On waves"), ("N2", A)).rstrip("\n")
    between = "\nNL  - J Waves\n\nLink to the Ovid Full Text or citation: https://x.org\n\n"
    reading = read("".join(f"{i}.\n{entry}{between}" for i in (1, 2, 3)))
    assert reading.records.height == 3
    assert reading.records["problems"].to_list() == [[], [], []]
    assert reading.rejects.is_empty()


@pytest.mark.parametrize(
    ("old", "new"), [("  - ", " - "), ("  - ", "  -"), ("\n", "\n  "), ("TY  -", "\ufeffTY  -")]
)
def test_blanks_around_tags_do_not_matter(read, old, new):
    text = ris_entry(("TI", "On waves"), ("PY", "2020"), ("AB", f"{A}\nMore of it.")) * 2
    reading = read(text.replace(old, new))
    assert reading.records["title"].to_list() == ["On waves"] * 2
    assert reading.records["abstract"][0] == f"{A} More of it."
    assert reading.records["published"].to_list() == [dt.date(2020, 1, 1)] * 2


def test_a_dash_in_a_continued_line_is_no_tag(read):
    text = ris_entry(("AB", f"{A}\nUV - visible light is seen."), ("PY", "2020"))
    assert read(text).records["abstract"][0] == f"{A} UV - visible light is seen."


PORTUGUESE = (
    "Mostramos que as ondas alfa sobem quando o leitor de uma tabela se surpreende com ela."
)


@pytest.mark.parametrize(
    ("abstracts", "expected"),
    [
        ([A, PORTUGUESE], A),
        ([PORTUGUESE, A], A),
        ([PORTUGUESE], PORTUGUESE),
        ([A, A], A),
        (["We ask what waves are to the reader.", A], f"We ask what waves are to the reader. {A}"),
    ],
)
def test_of_several_abstracts_the_english_one_is_read(read, abstracts, expected):
    row = read(ris_entry(*(("AB", text) for text in abstracts))).records.row(0, named=True)
    assert row["abstract"] == expected


def test_an_abstract_in_another_language_is_read_where_there_is_no_other(read):
    other = medline_entry(("OAB", PORTUGUESE))
    assert read(other).records["abstract"].to_list() == [PORTUGUESE]
    assert read(other.replace("OAB", "AB  - " + A + "\nOAB")).records["abstract"].to_list() == [A]
    elsewhere = read(medline_entry(("OAB", "Publisher: Abstract available from the publisher.")))
    assert elsewhere.rejects["reason"].to_list() == ["no_abstract"]


@pytest.mark.parametrize(
    ("entry", "day", "precision"),
    [
        (ris_entry(("AB", A), ("PY", "2020")), dt.date(2020, 1, 1), "year"),
        (ris_entry(("AB", A), ("PY", "2020/07//")), dt.date(2020, 7, 1), "month"),
        (ris_entry(("AB", A), ("PY", "2020"), ("DA", "Jul 28")), dt.date(2020, 7, 28), "day"),
        (ris_entry(("AB", A), ("Y1", "24-27 Sept. 2019"), ("PY", "2019")), dt.date(2019, 9, 1), "month"),
        (ris_entry(("AB", A), ("Y1", "1 Nov.-Dec. 2019"), ("PY", "2019")), dt.date(2019, 11, 1), "month"),
        (ris_entry(("AB", A), ("Y1", "Nov.-May 2019"), ("PY", "2019")), dt.date(2019, 1, 1), "year"),
        (ris_entry(("AB", A), ("Y2", "2020/07/28/")), None, "none"),
        (ris_entry(("AB", A), ("DA", "03/04/2020")), dt.date(2020, 1, 1), "year"),
        (ris_entry(("AB", A), ("UR", "http://arxiv.org/abs/2003.01234")), dt.date(2020, 3, 1), "month"),
        (WOS_HEAD + wos_entry(("AB", A), ("PD", "MAR-APR"), ("PY", "2020")), dt.date(2020, 3, 1), "month"),
        (WOS_HEAD + wos_entry(("AB", A), ("PD", "SPR"), ("PY", "2020")), dt.date(2020, 1, 1), "year"),
        (WOS_HEAD + wos_entry(("AB", A), ("EA", "APR 2020"), ("PY", "2021")), dt.date(2020, 4, 1), "month"),
        (WOS_HEAD + wos_entry(("AB", A), ("EA", "APR 2020")), dt.date(2020, 4, 1), "month"),
        (WOS_HEAD + wos_entry(("AB", A), ("DA", "2022-08-02")), None, "none"),
        (medline_entry(("AB", A), ("DP", "2017 Mar"), ("DEP", "20160729")), dt.date(2016, 7, 29), "day"),
        (medline_entry(("AB", A), ("DP", "2010 Jan"), ("DEP", "20100203")), dt.date(2010, 1, 1), "month"),
        (medline_entry(("AB", A), ("DP", "2010"), ("DEP", "20100203")), dt.date(2010, 2, 3), "day"),
        (medline_entry(("AB", A), ("DP", "2015 Apr/Jun")), dt.date(2015, 4, 1), "month"),
        (medline_entry(("AB", A), ("DP", "2015"), ("EDAT", "2015/06/28 06:00")), dt.date(2015, 1, 1), "year"),
        (medline_entry(("AB", A), ("EDAT", "2015/06/28 06:00")), dt.date(2015, 6, 28), "day"),
    ],
)  # fmt: skip
def test_dates(read, entry, day, precision):
    row = read(entry).records.row(0, named=True)
    assert (row["published"], row["date_precision"]) == (day, precision)


def test_an_ambiguous_day_is_read_as_it_is_set(read):
    text = ris_entry(("AB", A), ("DA", "03/04/2020"))
    assert "may mean two days" in read(text).records["problems"][0][0]
    assert read(text, day_first=False).records["published"][0] == dt.date(2020, 3, 4)


def test_the_header_of_a_provider_is_no_entry(read):
    reading = read("Provider: Nobody\nContent: text/plain\n\n" + ris_entry(("AB", A)))
    assert reading.records["source"].to_list() == ["a#4"]
    assert reading.rejects.is_empty()


# ---- faults ------------------------------------------------------------------------------------

KINDS = {"ris": ("", ris_entry), "wos": (WOS_HEAD, wos_entry), "medline": ("", medline_entry)}


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_without_an_abstract_is_a_reject(read, kind):
    head, entry = KINDS[kind]
    good, bad = entry(("AB", A)), entry(("TI", "T"), ("AB", "[No abstract available]"))
    end = "EF" if kind == "wos" else ""
    reading = read(head + good + bad + entry(("TI", "T")) + good + end)
    assert reading.records.height == 2
    assert reading.rejects["reason"].to_list() == ["no_abstract", "no_abstract"]


@pytest.mark.parametrize("kind", ["ris", "wos"])
def test_an_entry_without_its_end_or_start_costs_no_other(read, kind):
    head, entry = KINDS[kind]
    good = entry(("TI", "T"), ("AB", A))
    unended = good.replace("ER  - \n", "").replace("ER\n", "")
    unstarted = good.partition("\n")[2]
    reading = read(head + good + unended + good + unstarted + good)
    assert reading.records.height == 5
    problems = sorted(p for ps in reading.records["problems"] for p in ps)
    assert [p.partition("does not")[2] for p in problems] == [
        f" start with {'TY' if kind == 'ris' else 'PT'}",
        " end with ER",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_ends_in_an_entry_says_so(read, kind):
    head, entry = KINDS[kind]
    text = head + entry(("AB", A)) + entry(("TI", "T"), ("AB", A))
    for end in range(len(head) + 40, len(text)):
        reading = read(text[:end])
        starts = ("TY  -", "PT ", "PMID-")
        n = sum(line.startswith(starts) for line in text[:end].split("\n"))
        # The start of a tag that is not whole is text between entries.
        n_rejects = reading.rejects["source"].str.contains("#").sum()
        assert reading.records.height + n_rejects in {n, n + 1}
    last = read(text[: text.rindex(" it.")]).records.sort("source").row(1, named=True)
    assert "the file ends in this record" in last["problems"][-1]


@pytest.mark.parametrize("kind", KINDS)
def test_nul_bytes_and_bytes_that_are_not_utf8(read, kind):
    head, entry = KINDS[kind]
    text = head + entry(("TI", "Caf\x00é"), ("AB", A))
    row = read(text.encode("latin-1") if not head else text).records.row(0, named=True)
    assert row["title"] == "Café"
    assert read(text.encode("utf-16")).records.height == 1


def test_text_between_entries_is_a_reject(read):
    good = ris_entry(("AB", A))
    reading = read(good + "What is this?\nAnd this?\n" + good)
    assert reading.records.height == 2
    assert reading.rejects.select("source", "reason").rows() == [("a#5", "broken_syntax")]


# ---- bounds ------------------------------------------------------------------------------------

DIALECTS = {"ris": ris._DIALECT, "wos": web_of_science._DIALECT, "medline": medline._DIALECT}
PARTS = [
    "TY  - JOUR\n", "ER  - \n", "AB  - text\n", "PT J\n", "ER\n", "EF\n", "FN x\n", "PMID- 1\n",
    "   more\n", "\n", "x", "AB", "  - ", "\r", "\x00", "é", "\ufeff", " ",
]  # fmt: skip


def entries(text, kind):
    lines = [Line(i, t) for i, t in enumerate(text.split("\n"), 1)]
    return list(read_entries(iter(lines), DIALECTS[kind]))


@given(st.sampled_from(list(DIALECTS)), st.lists(st.sampled_from(PARTS), max_size=40))
@settings(deadline=None, max_examples=300)
def test_no_text_breaks_it_and_positions_are_unique(kind, parts):
    found = entries("".join(parts), kind)
    positions = [item.position for item in found]
    assert len(positions) == len(set(positions))
    assert {i.reason for i in found if not isinstance(i, Entry)} <= set(REASONS)


@pytest.mark.parametrize("part", PARTS)
def test_time_grows_with_the_length_only(part):
    def seconds(n):
        began = time.process_time()
        for kind in DIALECTS:
            entries("TY  - x\n" + part * (n // len(part)), kind)
        return time.process_time() - began

    assert seconds(200_000) < 4 + 40 * seconds(10_000)


def test_an_entry_that_is_too_long_is_skipped_without_being_held():
    def lines():
        yield Line(1, "TY  - JOUR")
        for i in range(LINE_LIMIT // 100_000 + 1):
            yield Line(i + 2, "y" * 100_000)
        yield Line(1000, "ER  - ")
        yield Line(1001, "TY  - JOUR")
        yield Line(1002, "AB  - short")
        yield Line(1003, "AB  - ", too_long=LINE_LIMIT + 1)

    first, line, second = read_entries(lines(), DIALECTS["ris"])
    assert (first.position, first.reason) == ("1", "line_too_long")
    assert line.position == "1003"
    assert second.problems == ("line 1003 is too long and was left out",)
