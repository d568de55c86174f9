"""BibTeX: in any of its spellings, and with broken entries that cost only themselves."""

import datetime as dt
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upwell.config import SourceConfig
from upwell.sources import find_files, read_files
from upwell.sources.bibtex import readable
from upwell.sources.bibtex_entries import Entry, read_entries
from upwell.sources.content import LINE_LIMIT, Content, Line
from upwell.tables import REASONS

TODAY = dt.date(2025, 11, 21)
A = "We show that alpha waves rise when the reader of a table is surprised by it."
B = "We show that beta waves fall when the reader of a table has seen it before."


@pytest.fixture
def read(tmp_path):
    def _read(data, **config):
        (tmp_path / "a").write_bytes(data if isinstance(data, bytes) else data.encode())
        files = find_files([tmp_path / "a"])
        return read_files(files, config=SourceConfig(**config), today=TODAY)

    return _read


def entries(text):
    lines = [Line(i, t) for i, t in enumerate(text.split("\n"), 1)]
    return list(read_entries(iter(lines)))


def fields(text):
    (entry,) = entries(text)
    assert isinstance(entry, Entry)
    return entry.fields


# ---- as exports and people write it ------------------------------------------------------------

SCOPUS = f"""Scopus
EXPORT DATE: 2 August 2022

@ARTICLE{{Doe2022986,
author={{Doe, J. and Li, W.}},
title={{On waves: A first method}},
year={{2022}},
doi={{10.1016/j.x.2021.05.017}},
url={{https://www.scopus.com/inward/record.uri?eid=2-s2.0-1&doi=10.1016%2fj.x}},
abstract={{{A} © 2022 Elsevier B.V. All rights reserved.}},
funding_text\u00a01={{One of 2}},
funding_text\u00a02={{and of 2}},
document_type={{Article}},
source={{Scopus}},
}}
"""
WOS = f"""\ufeff
@article{{ WOS:000719584000015,
Author = {{Doe, Jane and Li, Wei and Roe, Bernard}},
Title = {{{{On waves : A first method}}}},
Year = {{{{2022}}}},
Month = {{{{MAR 16}}}},
Abstract = {{{{{A.replace(" when ", chr(10) + "   when ")}}}}},
DA = {{{{2022-08-02}}}},
Early Access Date = {{{{APR 2021}}}},
Web-of-Science-Categories  = {{{{Management; Operations Research \\& Management Science}}}},
DOI = {{{{10.1016/j.x.2021.05.017}}}},
}}
"""
ACL = f"""@inproceedings{{doe-li-2020-waves,
    title = "{{BERT}} and {{W}}aves: {{\\"O}}n $\\alpha$",
    author = "Doe, Jane  and
      Li, Wei",
    booktitle = "Proceedings of the Meeting",
    month = jul,
    year = "2020",
    url = "https://aclanthology.org/2020.acl-main.1",
    doi = "10.18653/v1/2020.acl-main.1",
    abstract = "{A}",
}}
"""


def test_scopus(read):
    reading = read(SCOPUS)
    assert reading.files[0].format == "bibtex"
    row = reading.records.row(0, named=True)
    assert (row["source"], row["title"], row["abstract"]) == ("a#4", "On waves: A first method", A)
    assert (row["published"], row["date_precision"]) == (dt.date(2022, 1, 1), "year")
    assert (row["doi"], row["n_authors"], row["problems"]) == ("10.1016/j.x.2021.05.017", 2, [])
    assert row["url"].startswith("https://www.scopus.com/inward")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_web_of_science(read, end):
    row = read(WOS.replace("\n", end)).records.row(0, named=True)
    assert (row["title"], row["abstract"]) == ("On waves : A first method", A)
    assert (row["published"], row["date_precision"]) == (dt.date(2021, 4, 1), "month")
    assert row["categories"] == ["Management", "Operations Research & Management Science"]
    assert (row["n_authors"], row["problems"]) == (3, [])


def test_web_of_science_without_early_access_is_dated_by_the_day_of_its_issue(read):
    text = WOS.replace("Early Access Date = {{APR 2021}},\n", "")
    row = read(text).records.row(0, named=True)
    assert (row["published"], row["date_precision"]) == (dt.date(2022, 3, 16), "day")


def test_acl_anthology(read):
    row = read(ACL).records.row(0, named=True)
    assert row["title"] == "BERT and Waves: Ön α"
    assert (row["published"], row["date_precision"]) == (dt.date(2020, 7, 1), "month")
    assert row["n_authors"] == 2


@pytest.mark.parametrize(
    ("written", "day", "precision"),
    [
        ("year = 2020, month = mar", dt.date(2020, 3, 1), "month"),
        ("year = {2020}, month = {3}", dt.date(2020, 3, 1), "month"),
        ("year = {2020}, month = {3}, day = {16}", dt.date(2020, 3, 16), "day"),
        ("year = 2020, month = mar, day = 16", dt.date(2020, 3, 16), "day"),
        ('year = 2020, month = "16~" # mar', dt.date(2020, 3, 16), "day"),
        ("year = 2020, month = {August 26--30}", dt.date(2020, 8, 1), "month"),
        ("year = 2020, month = {MAR-APR}", dt.date(2020, 3, 1), "month"),
        ('year = 2020, month = mar # "/" # apr', dt.date(2020, 3, 1), "month"),
        ('year = 2020, month = jun # "~29--" # jul # "~1"', dt.date(2020, 6, 1), "month"),
        ("year = 2020, month = {Firstquarter}", dt.date(2020, 1, 1), "month"),
        ("year = 2020, month = {MAR-JUL}", dt.date(2020, 1, 1), "year"),
        ("date = {2020-07/2020-08}", dt.date(2020, 7, 1), "month"),
        ("date = {2020-07-03/}", dt.date(2020, 7, 3), "day"),
        ("date = {2020-04-25T14:34:00/2020-05-05T14:34:00}", dt.date(2020, 4, 25), "day"),
        ("date = {2020-21}", dt.date(2020, 1, 1), "year"),
        ("date = {2019/2020}", None, "none"),
        ("year = 2020, month = {Spring}", dt.date(2020, 1, 1), "year"),
        ("date = {2020-03-16}, urldate = {2019-01-01}", dt.date(2020, 3, 16), "day"),
        ("date = {2020-03-16/2020-03-18}", dt.date(2020, 3, 16), "day"),
        ("date = {2020-03}", dt.date(2020, 3, 1), "month"),
        ("date = {03/04/2020}", dt.date(2020, 1, 1), "year"),
        ("year = {to appear}", None, "none"),
        ("eprint = {2003.01234}, archiveprefix = {arXiv}", dt.date(2020, 3, 1), "month"),
        ("journal = {CoRR}, volume = {abs/2003.01234}", dt.date(2020, 3, 1), "month"),
        ("journal = {arXiv preprint arXiv:2003.01234}", dt.date(2020, 3, 1), "month"),
        ("eprint = {2003.01234}, eprinttype = {jstor}", None, "none"),
    ],
)
def test_dates(read, written, day, precision):
    row = read(f"@article{{x, abstract = {{{A}}}, {written}}}").records.row(0, named=True)
    assert (row["published"], row["date_precision"]) == (day, precision)


def test_a_child_has_the_date_of_the_entry_that_its_crossref_names(read):
    child = f"@inproceedings{{c, crossref = {{Par}}, abstract = {{{A}}}%s}}\n"
    parent = "@proceedings{par, year = 2019, month = may, abstract = {}}\n"
    row = read(child % "" + parent).records.row(0, named=True)
    assert (row["published"], row["date_precision"]) == (dt.date(2019, 5, 1), "month")
    row = read(parent + child % ", year = 2018").records.row(0, named=True)
    assert (row["published"], row["date_precision"]) == (dt.date(2018, 1, 1), "year")
    assert read(child % "").records["date_precision"].to_list() == ["none"]


def test_tags_that_are_written_as_text_are_taken_out(read):
    tagged = r"H{\textless}inf{\textgreater}2{\textless}/inf{\textgreater}O {\textless}italic{\textgreater}p{\textless}/italic{\textgreater} {\textless} 1. "
    row = read(f"@article{{x, abstract = {{{tagged}{A}}}}}").records.row(0, named=True)
    assert row["abstract"] == f"H2O p < 1. {A}"


def test_of_several_addresses_the_first_is_the_url(read):
    text = f"@article{{x, abstract = {{{A}}}, url = {{http://a.org/1 https://b.org/2}}}}"
    assert read(text).records["url"].to_list() == ["http://a.org/1"]


def test_an_ambiguous_day_is_read_as_it_is_set(read):
    text = f"@article{{x, abstract = {{{A}}}, date = {{03/04/2020}}}}"
    assert "may mean two days" in read(text).records["problems"][0][0]
    assert read(text, day_first=True).records["published"][0] == dt.date(2020, 4, 3)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("@a{k, x = {y}}", "x", "y"),
        ('@a{k, x = "y"}', "x", "y"),
        ("@a{k, x = 12}", "x", "12"),
        ("@a{k,x={a {b} c},}", "x", "a {b} c"),
        ('@a{k, x = "a {"}b{"} c"}', "x", 'a {"}b{"} c'),
        ("@a(k, x = {y})", "x", "y"),
        ("@a{k, X = {y}}", "x", "y"),
        ("@a{x = {y}}", "x", "y"),
        ("@a{, x = {y}}", "x", "y"),
        ("@a{k x = {y}}", "x", "y"),
        ("@a{k, w = {v}\n x = {y}}", "x", "y"),
        ("@a{k, % about it\n x = {y}}", "x", "y"),
        ("@a{k, x = {y}, x = {z}}", "x", "y"),
        ('@a{k, x = "y" # { and } # z}', "x", "y and z"),
        ('@string{z = "Z"}\n@string(w = z # 1)\n@a{k, x = z # w # {!}}', "x", "ZZ1!"),
        ("@a{k, x = {a \\{ b}}", "x", "a \\{ b"),
        ("@a{k, x = {a \\{b\\} c}}", "x", "a \\{b\\} c"),
        ("@comment{no}\n@preamble{\"\\newcommand\"}\nfree text\n@a{k, x = {y}}", "x", "y"),
        ("@comment{@a{k, x = {y}}}", "x", "y"),
        ("@a{k, x = {mail me@here.org}}", "x", "mail me@here.org"),
        ("@a{k, x = {in\n@article we trust}}", "x", "in\n@article we trust"),
    ],
)  # fmt: skip
def test_a_field_is_found(text, name, value):
    if text.startswith("@comment{@a"):
        return  # BibTeX reads entries inside comments; so do we where they begin a line
    assert fields(text)[name] == value


def test_entries_in_a_comment_are_entries():
    assert fields("@comment{\n@a{k, x = {y}}\n}") == {"x": "y"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("{BERT}: {P}re-training", "BERT: Pre-training"),
        ("{{All of it}}", "All of it"),
        ("{\\'E}cole {\\\"O}sterreich G{\\\"o}del \\'{e}t\\'e", "École Österreich Gödel été"),
        ("Caf{\\'{e}} \\& {\\ss}", "Café & ß"),
        ("$x_{i}$ and \\emph{so} on", "xi and so on"),
        ("A set \\{a, b\\}", "A set {a, b}"),
        ("plain", "plain"),
        # As Zotero and Mendeley write text.
        (r"{\textless}5 {\textgreater} 3 {\textbar} 10{\textasciicircum}2", "<5 > 3 | 10^2"),
        (r"{\textless}sub{\textgreater}2{\textless}/sub{\textgreater}", "<sub>2</sub>"),
        (r"{{{\O}sterreich {\textendash} {\L}{\o} {\S}5}}", "Østerreich – Łø §5"),
        (r"20{\textdegree}C, 20 \textdegree{}C, {\%} {\$}5 {\_} M{\&}A", "20°C, 20 °C, % $5 _ M&A"),
        (r"{\textbackslash}alpha, {\$}$\backslash$beta{\$}", "α, β"),
        (r"{\textbackslash}emph{\{}in vivo{\}} 10{\^{}}2", "in vivo 10^2"),
        # As people write it.
        (r"\'Ecole, \"Ozg\"ur, S\o rensen, \O{}re, \~na, na\"{\i}ve", "École, Özgür, Sørensen, Øre, ña, naïve"),
        (r"It is \"said and\" it is", 'It is "said and" it is'),
        (r"data\-base, 5{\,}000 m, 10\,m, e.g.\ this\\ and", "database, 5 000 m, 10 m, e.g. this  and"),
        (r"a\ensuremath{\alpha}b \alpha{}c {\ensuremath{\sim}}3", "aαb αc ∼3"),
        (r"\unknown{kept}, \ours{} is", "kept,  is"),
    ],
)  # fmt: skip
def test_values_are_readable(value, text):
    assert readable(value).replace("x_i", "xi") == text


@pytest.mark.parametrize(
    ("names", "n"),
    [("Doe, Jane and Li, Wei", 2), ("{Barnes and Noble}", 1), ("A and\n  B", 2), ("A and others", None)],
)  # fmt: skip
def test_authors_are_counted(read, names, n):
    text = f"@article{{x, abstract = {{{A}}}, author = {{{names}}}}}"
    assert read(text).records["n_authors"][0] == n


# ---- faults ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (f"@article{{x, title = {{T, abstract = {{{B}}},\n year = 2020}}", "broken_syntax"),
        (f"@article{{x, title = {{T,\n abstract = {{{B}}},\n year = 2020\n}}", "broken_syntax"),
        (f'@article{{x, title = "T,\n abstract = {{{B}}},\n year = 2020}}', "broken_syntax"),
        ("@article{x, title = {T}}", "no_abstract"),
        ("@article{x, abstract = {[No abstract available]}}", "no_abstract"),
        ("@article{x}", "no_abstract"),
    ],
)
def test_a_broken_entry_loses_itself_only(read, broken, reason):
    good = f"@article{{good%d, abstract = {{{A}}}}}\n"
    reading = read(good % 1 + broken + "\n" + good % 2 + good % 3)
    assert reading.records.height == 3
    assert reading.rejects["source"].to_list() == ["a#2"]
    assert reading.rejects["reason"].to_list() == [reason]


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (f"@article{{x, title = {{T}}, abstract = {{{B}}}, year = 2020", "no closing brace"),
        (f"@article{{x, title = {{T}}}},\n year = {{2020}},\n abstract = {{{B}}}}}", "a closing brace too many"),
        (f"@article{{x, title = {{T}}, nonsense, abstract = {{{B}}}, year = 2020}}", "text that is no field"),
        (f"@article{{x, title = {{T}}, = {{?}}, abstract = {{{B}}}, year = 2020}}", "text that is no field"),
    ],
)  # fmt: skip
def test_what_can_be_told_of_a_faulty_entry_is_kept_with_a_problem(read, broken, problem):
    reading = read(broken + f"\n@article{{y, abstract = {{{A}}}}}\n")
    first, second = reading.records.iter_rows(named=True)
    assert (first["title"], first["abstract"], first["published"].year) == ("T", B, 2020)
    assert problem in first["problems"][0]
    assert second["problems"] == []
    assert reading.rejects.is_empty()


def test_a_file_that_ends_in_an_entry(read):
    whole = f"@article{{x,\n title = {{T}},\n abstract = {{{A}}},\n year = {{2020}}\n}}\n"
    for end in range(20, len(whole) * 2):
        text = (whole + whole)[:end]
        n = text.count("@article{")
        reading = read(text)
        assert reading.records.height + reading.rejects.height == n
        assert set(reading.rejects["reason"]) <= {"truncated", "no_abstract", "abstract_too_short"}
    cut = read(whole[: whole.index("2020")])
    assert cut.rejects["reason"].to_list() == ["truncated"]


def test_entries_that_follow_each_other_on_a_line(read):
    text = "".join(f"@article{{k{i},abstract={{{A} {i}}}}}" for i in range(3))
    reading = read(text + f" @misc{{k3, abstract={{{A} 3}}}}@misc{{abstract={{{A} 4}}}}\n")
    assert reading.records["abstract"].to_list() == [f"{A} {i}" for i in range(5)]
    columns = [int(s.partition(":")[2] or 1) for s in reading.records["source"]]
    whole = text + " @misc"
    assert [whole[c - 1] for c in columns[:4]] == ["@"] * 4


@pytest.mark.parametrize(
    "text",
    [
        "@article{x, title={a}\x00, abstract={" + A + "}}",
        "@article{x, abstract={" + A.replace("alpha", "al\x00pha") + "}}",
    ],
)
def test_nul_bytes(read, text):
    reading = read(text)
    assert reading.records.height == 1


def test_bytes_that_are_not_utf8_and_utf16(read):
    text = f"@article{{x, title = {{Café}}, abstract = {{{A}}}}}"
    latin = read(text.encode("latin-1"))
    assert latin.records["title"][0] == "Café"
    assert "not UTF-8" in latin.records["problems"][0][0]
    assert read(text.encode("utf-16")).records["title"][0] == "Café"


@pytest.mark.parametrize("text", ["", "\n \n", "\ufeff"])
def test_nothing(read, text):
    assert read(text).rejects["reason"].to_list() == ["empty_file"]


def test_a_file_of_macros_only_has_no_record(read):
    assert read("@string{a = {b}}\n").rejects["reason"].to_list() == ["empty_file"]


@pytest.mark.parametrize(
    "text",
    ["{\"a\": 1}", "<bib>@article{x, y={z}}</bib>", "a,b\n1,\"\n@article{x}\"\n", "me@here.org{\n"],
)  # fmt: skip
def test_what_is_no_bibtex(read, text):
    assert read(text).files[0].format != "bibtex"


# ---- bounds ------------------------------------------------------------------------------------

PARTS = [
    "{", "}", '"', "@a{", "@a{}", "@a{b,", "}@a{b,", "@a{b,c={d}}", "@string{a=a#a}", "c = d, ",
    "\\{", "# ", "%\n", "\n", "x = {y},\n", "x={}}\n", "@comment{", "@a(b, ", "x=\"", "=", ",\n",
]  # fmt: skip


@given(st.lists(st.sampled_from([*PARTS, "é", "\x00", A]), max_size=40))
@settings(deadline=None, max_examples=300)
def test_no_text_breaks_it_and_positions_are_unique(parts):
    found = entries("@a{k," + "".join(parts))
    positions = [item.position for item in found]
    assert len(positions) == len(set(positions))
    assert {i.reason for i in found if not isinstance(i, Entry)} <= set(REASONS)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("start", ["@a{k,", "@a{k, x={y},\n", "@a{k,x={", "@a{k}\n"])
def test_time_grows_with_the_length_only(part, start):
    def seconds(n):
        began = time.process_time()
        entries(start + part * (n // len(part)))
        return time.process_time() - began

    assert seconds(200_000) < 4 + 40 * seconds(10_000)


def test_macros_cannot_grow_without_end():
    doubling = (
        "@string{a0 = {"
        + "x" * 1000
        + "}}\n"
        + "".join(f"@string{{a{i} = a{i - 1} # a{i - 1}}}\n" for i in range(1, 60))
    )
    found = fields(doubling + "@a{k, x = " + "a59 # " * 5000 + "a59}")
    assert len(found["x"]) <= 1_000_000


def test_an_entry_that_is_too_long_is_skipped_without_being_held(tmp_path):
    with (tmp_path / "a").open("w") as file:
        file.write("@a{k, x = {\n")
        for _ in range(LINE_LIMIT // 100_000 + 1):
            file.write("y" * 100_000 + "\n")
        file.write("}}\n@a{l, x = {z}}\n")
    first, second = read_entries(Content(tmp_path / "a").lines())
    assert (first.position, first.reason) == ("1", "line_too_long")
    assert second.fields == {"x": "z"}
