"""Saved Daily Papers pages and Abstract listings: which text belongs to which record."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upwell.config import SourceConfig
from upwell.sources import find_files, read_files

TODAY = dt.date(2025, 11, 21)
SEEDS = Path(__file__).parents[1].parent / "shared" / "seeds"
TOP = "new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\nDaily Papers\n\nbyAK and the research community\n\n"
LONG = (
    "Wherein "
    + "papers are read from saved pages, and each of them wants its own title and place. " * 3
)


def abstract(word):
    return f"{word} opens this abstract. {LONG}".strip()


def closing(date, n=4):
    return f"  • {n} authors\n·\n{date}\n\n"


def page(*parts, header="Nov 7"):
    return f"{TOP}{header}\n\n" + "".join(parts)


def record(title, date="Dec 2, 2024 2", n=4):
    return f"{title}\n\n{abstract(title.split()[0])}\n\n{closing(date, n)}"


def bare(title):
    return f"{title}\n\n{abstract(title.split()[0])}\n\n"


@pytest.fixture
def read(tmp_path):
    def read_text(text, name="page.txt", **config):
        data = text if isinstance(text, bytes) else text.encode()
        (tmp_path / name).write_bytes(data)
        files = find_files([tmp_path / name])
        return read_files(files, config=SourceConfig(**config), today=TODAY)

    return read_text


def rows(reading):
    """Line, title, first word of the abstract, date, authors, comments, in the file's order."""
    table = reading.records.with_columns(line=pl.col("source").str.split("#").list.last().cast(int))
    return [
        (
            r["line"],
            r["title"],
            r["abstract"].split()[0],
            r["published"],
            r["n_authors"],
            r["n_comments"],
        )
        for r in table.sort("line").iter_rows(named=True)
    ]


def test_a_page_is_its_records(read):
    reading = read(
        page(
            record("Alpha One"),
            record("Beta Two", "Jul 28", 1),
            record("Gamma Three", "May 4, 2022"),
        )
    )
    assert rows(reading) == [
        (13, "Alpha One", "Alpha", dt.date(2024, 12, 2), 4, 2),
        (21, "Beta Two", "Beta", dt.date(2025, 7, 28), 1, None),
        (29, "Gamma Three", "Gamma", dt.date(2022, 5, 4), 4, None),
    ]
    assert reading.rejects.is_empty()
    assert reading.files[0].format == "huggingface_daily_papers"
    assert reading.files[0].notes == (
        "header day Nov 7 without a year; newest explicit year on the page is 2024, so it was saved in 2025; 1 date without a year resolved to 2024-11-08…2025-11-07",
    )


def test_records_without_authors_and_date_do_not_swallow_their_neighbours(read):
    reading = read(page(record("Alpha"), bare("Beta"), bare("Gamma"), record("Delta", "Jul 28")))
    assert [(r[1], r[2], r[3], r[4]) for r in rows(reading)] == [
        ("Alpha", "Alpha", dt.date(2024, 12, 2), 4),
        ("Beta", "Beta", None, None),
        ("Gamma", "Gamma", None, None),
        ("Delta", "Delta", dt.date(2025, 7, 28), 4),
    ]


@pytest.mark.parametrize(
    ("end", "day", "n_authors", "n_comments"),
    [
        ("  • 4 authors\n·\nJul 28 12\n", dt.date(2025, 7, 28), 4, 12),
        ("  • 1 author\n\n·\n\nJul 28\n", dt.date(2025, 7, 28), 1, None),
        ("  • 1,204 authors\n·\nJuly 28, 2024\n", dt.date(2024, 7, 28), 1204, None),
        ("·\nJul 28\n", dt.date(2025, 7, 28), None, None),
        ("Jul 28 3\n", dt.date(2025, 7, 28), None, 3),
        ("  • 3 authors\n", None, 3, None),
        ("  • 3 authors\r\n·\r\nDec 2 2024\r\n", dt.date(2024, 12, 2), 3, None),
    ],
)
def test_parts_of_a_closing_may_be_missing(read, end, day, n_authors, n_comments):
    text = page(bare("Alpha"), f"{end}\n", record("Beta", "Dec 2, 2024"))
    first, second = rows(read(text))
    assert first[1:] == ("Alpha", "Alpha", day, n_authors, n_comments)
    assert second[1:3] == ("Beta", "Beta")


def test_abstracts_may_have_paragraphs_and_wraps(read):
    wrapped = abstract("Beta").replace(" wants", "\nwants")
    text = page(
        f"Alpha\n\n{abstract('Alpha')}\n\n{abstract('More')}\n\nCode is at https://x.org.\n\n{closing('Jul 28')}",
        f"Beta and a title\nover two lines\n\n{wrapped}\n\n{closing('Jul 28')}",
    )
    reading = read(text)
    assert [r[1] for r in rows(reading)] == ["Alpha", "Beta and a title over two lines"]
    first, second = reading.records["abstract"]
    assert first == f"{abstract('Alpha')} {abstract('More')} Code is at https://x.org."
    assert second == abstract("Beta")


def test_poor_records_are_rejects_and_lose_only_themselves(read):
    reading = read(
        page(
            record("Alpha"),
            f"Short\n\nThree words here\n\n{closing('Jul 28')}",
            f"A title and nothing else\n\n{closing('Jul 28')}",
            "A second one without\n\n",
            bare("Beta"),
            "Shorter\n\nOnly this\n\n",
            record("Gamma"),
            closing("Jul 28"),
            f"{abstract('Untitled')}\n\n{closing('Jul 28')}",
        )
    )
    assert [r[1:3] for r in rows(reading)] == [
        ("Alpha", "Alpha"), ("Beta", "Beta"), ("Gamma", "Gamma"), (None, "Untitled"),
    ]  # fmt: skip
    found = sorted(zip(reading.rejects["reason"], reading.rejects["excerpt"], strict=True))
    assert found == [
        ("abstract_too_short", "Short; Three words here"),
        ("abstract_too_short", "Shorter; Only this"),
        ("no_abstract", "A second one without"),
        ("no_abstract", "A title and nothing else"),
        ("no_abstract", "Jul 28"),
    ]


@pytest.mark.parametrize(
    ("date", "problem"),
    [
        ("Feb 30, 2024", "date 'Feb 30, 2024' is not in the calendar"),
        ("Dec 2, 2026", "date '2026-12-02' is after the day the page was saved, 2025-11-07"),
        ("Nov 8, 2025", "date '2025-11-08' is after the day the page was saved, 2025-11-07"),
        ("Dec 2, 0", "date 'Dec 2, 0' has the year 0"),
        ("Dec 2, 0000", "date 'Dec 2, 0000' has the year 0"),
        ("2 hours ago", "date '2 hours ago' is not understood"),
        ("Feb 29", "date 'Feb 29' is not in the calendar"),
    ],
)
def test_a_bad_date_does_not_lose_the_paper(read, date, problem):
    reading = read(page(record("Alpha", date), record("Beta", "Dec 2, 2024")), saved_year=2025)
    first = reading.records.sort("title").row(0, named=True)
    assert (first["published"], first["date_precision"]) == (None, "none")
    assert first["problems"] == [f"{problem}; the paper counts as undated"]
    assert reading.records.height == 2


@pytest.mark.parametrize(
    ("header", "dates", "saved_year", "expected", "why"),
    [
        # the newest explicit year is over
        ("Nov 7", ["Dec 2, 2024", "Jul 28"], None, "2025-07-28", "newest explicit year on the page is 2024, so it was saved in 2025"),
        ("Nov 7", ["Dec 2, 2019", "Jul 28"], None, "2020-07-28", "newest explicit year on the page is 2019, so it was saved in 2020"),
        # after the header day: the year before
        ("Nov 7", ["Dec 2, 2023", "Nov 8"], None, "2023-11-08", "saved in 2024"),
        ("Nov 7", ["Dec 2, 2023", "Nov 7"], None, "2024-11-07", "saved in 2024"),
        ("Jan 3", ["Dec 2, 2024", "Dec 30"], None, "2024-12-30", "saved in 2025"),
        # the year after the newest would be after today
        ("Nov 7", ["Dec 2, 2025", "Jul 28"], None, "2025-07-28", "newest explicit year on the page is 2025, the last that it can be"),
        ("Dec 24", ["Dec 2, 2024", "Jul 28"], None, "2024-07-28", "newest explicit year on the page is 2024, the last that it can be"),
        # a year that cannot be does not bound
        ("Nov 7", ["Dec 2, 2099", "May 1, 2021", "Jul 28"], None, "2022-07-28", "newest explicit year on the page is 2021"),
        # no year at all: the last time it was that day
        ("Nov 7", ["Jul 28"], None, "2025-07-28", "no year on the page, so it was saved in 2025"),
        ("Dec 24", ["Jul 28"], None, "2024-07-28", "no year on the page, so it was saved in 2024"),
        # the user or the header says so
        ("Nov 7", ["Dec 2, 2020", "Jul 28"], 2024, "2024-07-28", "saved_year is set to 2024"),
        ("Nov 7, 2023", ["Dec 2, 2020", "Jul 28"], 2024, "2023-07-28", "the header says Nov 7, 2023"),
        # no header day
        ("", ["Dec 2, 2024", "Jul 28"], None, "2025-07-28", "no header day; newest explicit year on the page is 2024"),
        ("", ["Dec 2, 2024", "Dec 28"], None, "2024-12-28", "no header day"),
        ("Feb 29", ["Dec 2, 2024", "Jan 28"], None, "2025-01-28", "saved in 2025"),
    ],
)  # fmt: skip
def test_the_year_is_inferred_from_the_page(read, header, dates, saved_year, expected, why):
    records = [record(f"T{i} title", date) for i, date in enumerate(dates)]
    reading = read(page(*records, header=header), saved_year=saved_year)
    last = reading.records.sort("title").row(-1, named=True)
    assert str(last["published"]) == expected
    assert why in reading.files[0].notes[0]


def test_two_pages_in_one_file_each_have_their_year(read):
    text = page(record("Alpha", "Dec 2, 2021"), record("Beta", "Jul 28")) + page(
        record("Gamma", "Dec 2, 2023"), record("Delta", "Jul 28"), header="Aug 1"
    )
    reading = read(text)
    dates = dict(zip(reading.records["title"], reading.records["published"], strict=True))
    assert dates["Beta"] == dt.date(2022, 7, 28)
    assert dates["Delta"] == dt.date(2024, 7, 28)
    assert reading.rejects.is_empty()
    assert len(reading.files[0].notes) == 2


@pytest.mark.parametrize("cut", range(0, 420, 11))
def test_a_page_cut_anywhere_loses_nothing_but_the_end(read, cut):
    whole = page(record("Alpha"), record("Beta"), record("Gamma", "Jul 28"))
    reading = read(whole[: len(whole) - cut])
    titles = [r[1] for r in rows(reading)]
    assert titles[:2] == ["Alpha", "Beta"]
    last = reading.records.filter(pl.col("title") == "Gamma")
    if last.height:
        row = last.row(0, named=True)
        assert abstract("Gamma").startswith(row["abstract"])
        is_dated = row["published"] is not None
        assert is_dated != bool(row["problems"])
    elif reading.rejects.height:
        assert reading.rejects["reason"].to_list() == ["truncated"]
        assert reading.rejects["excerpt"][0].startswith("Ga"[: len(reading.rejects["excerpt"][0])])


def test_of_a_page_that_is_too_long_only_its_start_is_read(read, monkeypatch):
    monkeypatch.setattr("upwell.sources.huggingface._LONGEST_PAGE", 1_000)
    first = page(*(record(f"Alpha {i}") for i in range(9)))
    reading = read(first + "\n" + page(record("Beta")))
    titles = reading.records["title"].to_list()
    assert "Alpha 0" in titles
    assert "Beta" in titles
    assert "Alpha 8" not in titles
    rejects = reading.rejects.filter(reason="line_too_long")
    assert len(rejects) == 1
    assert "more than 1,000 characters; from line " in rejects["detail"][0]


def test_an_abstract_without_end_is_skipped(read, monkeypatch):
    monkeypatch.setattr("upwell.sources.abstract_listing.LINE_LIMIT", 500)
    words = "word " * 20 + "\n"
    short = "We show that alpha waves rise when the reader of a table is surprised by it."
    reading = read("Abstract: " + words * 9 + f"Abstract: {short}\n")
    assert [source.split("#")[1] for source in reading.records["source"]] == ["10"]
    assert reading.rejects["reason"].to_list() == ["line_too_long"]
    assert "the limit is 500; it was skipped up to the next" in reading.rejects["detail"][0]


def test_a_line_that_is_too_long_costs_only_itself(read, monkeypatch):
    monkeypatch.setattr("upwell.sources.content.LINE_LIMIT", 1000)
    reading = read(
        page(record("Alpha"), f"Huge\n\n{'x ' * 9000}\n\n{closing('Jul 28')}", record("Beta"))
    )
    assert [r[1] for r in rows(reading)] == ["Alpha", "Beta"]
    assert sorted(reading.rejects["reason"]) == ["line_too_long", "no_abstract"]


BLOCKS = st.lists(
    st.sampled_from(
        [
            "Daily Papers",
            "Nov 7",
            "A title",
            LONG,
            "Three words here",
            "  • 4 authors",
            "·",
            "Dec 2, 2024 2",
            "Jul 28",
            "Feb 30",
            "  • 4 auth",
            "x" * 300,
            "new",
            "",
            "",
            "",
            "\ufeff",
            "\x00",
            "• ",
        ]
    ),
    max_size=25,
)


@given(BLOCKS)
@settings(max_examples=150, deadline=None)
def test_any_page_keeps_every_paragraph(tmp_path_factory, lines):
    file = tmp_path_factory.mktemp("page") / "page.txt"
    file.write_text("Daily Papers\n\nby AK\n\nNov 7\n\n" + "\n".join(lines))
    reading = read_files(find_files([file]), config=SourceConfig(), today=TODAY)
    sources = [*reading.records["source"], *reading.rejects["source"]]
    assert len(set(sources)) == len(sources)
    kept = reading.records["abstract"].str.count_matches("Wherein").sum()
    assert kept == lines.count(LONG)


def test_a_listing_is_its_paragraphs(read):
    text = (
        f"Abstract:{abstract('Alpha')}\n"
        f"Abstract: {abstract('Beta')[:60]}\n{abstract('Beta')[60:]}\n\n"
        f"ABSTRACT: Too short.\n"
        f"Abstract:{abstract('Gamma')}Abstract:{abstract('Delta')}"
    )
    reading = read(text)
    column = len(f"Abstract:{abstract('Gamma')}") + 1
    found = {r["source"]: r["abstract"] for r in reading.records.iter_rows(named=True)}
    assert found == {
        "page.txt#1": abstract("Alpha"),
        "page.txt#2": f"{abstract('Beta')[:60]} {abstract('Beta')[60:]}".replace("  ", " "),
        "page.txt#6": abstract("Gamma"),
        f"page.txt#6:{column}": abstract("Delta"),
    }
    assert reading.records["title"].null_count() == 4
    assert set(reading.records["date_precision"]) == {"none"}
    assert reading.rejects.select("source", "reason").rows() == [
        ("page.txt#5", "abstract_too_short")
    ]
    assert reading.files[0].format == "abstract_listing"


def test_a_listing_that_breaks_off_says_so(read):
    reading = read(f"Abstract: {abstract('Alpha')}\nAbstract: {abstract('Beta')[:-40]}")
    assert reading.records.sort("source")["problems"].to_list() == [
        [], ["the file ends in this record; its end may be missing"],
    ]  # fmt: skip


@given(
    st.lists(
        st.sampled_from(["Abstract:", "abstract :", LONG, "\n", "word ", ".Abstract:X", "\r\n"]),
        max_size=20,
    )
)
@settings(max_examples=100, deadline=None)
def test_any_listing_has_unique_positions(tmp_path_factory, parts):
    file = tmp_path_factory.mktemp("listing") / "listing.txt"
    file.write_text("Abstract: " + "".join(parts))
    reading = read_files(find_files([file]), config=SourceConfig(), today=TODAY)
    sources = [*reading.records["source"], *reading.rejects["source"]]
    assert len(set(sources)) == len(sources) > 0
    assert reading.records["abstract"].str.count_matches("Wherein").sum() == parts.count(LONG)


@pytest.mark.skipif(not SEEDS.exists(), reason="the shared seeds are not beside the project")
def test_the_seeds_are_read_whole():
    reading = read_files(find_files([SEEDS]), config=SourceConfig(), today=TODAY)
    assert [report.n_records for report in reading.files] == [10, 95, 97, 74, 10]
    assert reading.rejects.is_empty()
    pages = reading.records.filter(pl.col("title").is_not_null())
    assert pages["published"].null_count() == 4
    assert pages["title"].n_unique() == 255
    assert pages["title"].str.len_chars().max() <= 140
    assert pages["abstract"].str.len_chars().min() >= 300
    # the long way round: what stands between two blank lines above "• N authors"
    for file in sorted(SEEDS.glob("00[123]*")):
        paragraphs = file.read_text().split("\n\n")
        closed = [i for i, text in enumerate(paragraphs) if text.startswith("  •")]
        expected = {" ".join(paragraphs[i - 2].split())[:5] for i in closed}
        found = pages.filter(
            pl.col("source").str.starts_with(file.name) & pl.col("published").is_not_null()
        )
        assert {title[:5] for title in found["title"]} == expected
