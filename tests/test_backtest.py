"""Looking back: what counts as known, that nothing later is seen, and what is said of it."""

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import polars as pl
import pytest
import small_run
from test_cli import upwell
from test_figures import assert_readable, texts

from flows import backtest as flow
from upwell.config import TrendConfig
from upwell.encode import embed, load_encoder
from upwell.figures import backtest as draw
from upwell.figures import render
from upwell.lineage import History
from upwell.tables import BACKTEST, TRENDS
from upwell.topics import place
from upwell.trends.backtest import (
    BacktestError,
    Cutoff,
    choose_cutoffs,
    compare,
    followed_by_growth,
    known_at,
    published_after,
)


def dated(*days: date | tuple[date, str]) -> pl.DataFrame:
    """Papers p0, p1, … of these days, or of (first day, precision)."""
    rows = [(f"p{i}", *(d if isinstance(d, tuple) else (d, "day"))) for i, d in enumerate(days)]
    return pl.DataFrame(
        rows,
        schema={"paper_id": pl.String, "published": pl.Date, "date_precision": pl.String},
        orient="row",
    )


# Dates to look back from


def test_cutoffs_leave_eight_buckets_before_and_two_after() -> None:
    papers = dated(*(small_run.month(m) for m in range(14)))
    found = choose_cutoffs(papers, width="month", config=TrendConfig(), n_cutoffs=99)
    assert [c.day for c in found] == [small_run.month(m) for m in (8, 9, 10, 11, 12)]
    assert {c.until for c in found} == {small_run.month(14)}, "as far as there are papers"
    assert found[-1].since == date(2022, 11, 3), "as long before as after"
    three = choose_cutoffs(papers, width="month", config=TrendConfig(), n_cutoffs=3)
    assert [c.day for c in three] == [small_run.month(m) for m in (8, 10, 12)]
    one = choose_cutoffs(papers, width="month", config=TrendConfig(), n_cutoffs=1)
    assert [c.day for c in one] == [small_run.month(10)]


def test_what_comes_after_is_a_year_or_two_yearly_buckets() -> None:
    months = dated(*(small_run.month(m) for m in range(40)))
    first = choose_cutoffs(months, width="month", config=TrendConfig(), n_cutoffs=9)[0]
    assert (first.day, first.until) == (date(2022, 9, 1), date(2023, 9, 1))
    years = dated(*((date(1990 + y, 1, 1), "year") for y in range(14)))
    first = choose_cutoffs(years, width="year", config=TrendConfig(), n_cutoffs=9)[0]
    assert (first.day, first.until) == (date(1998, 1, 1), date(2000, 1, 1))


def test_empty_buckets_do_not_count() -> None:
    papers = dated(*(small_run.month(m) for m in (0, 1, 2, 3, 10, 11, 12, 13, 20, 21)))
    found = choose_cutoffs(papers, width="month", config=TrendConfig(), n_cutoffs=9)
    assert [c.day for c in found] == [small_run.month(14)]


def test_nothing_is_looked_at_outside_the_span_of_the_run() -> None:
    papers = dated(date(1999, 1, 1), *(small_run.month(m) for m in range(14)))
    span = TrendConfig(since=date(2022, 1, 1), until=date(2022, 12, 10))
    found = choose_cutoffs(papers, width="month", config=span, n_cutoffs=9)
    assert [c.day for c in found] == [small_run.month(m) for m in (8, 9, 10)]
    assert {c.until for c in found} == {date(2022, 12, 11)}


@pytest.mark.parametrize("n_months", [0, 1, 9])
def test_too_few_buckets_are_named(n_months: int) -> None:
    papers = dated(*(small_run.month(m) for m in range(n_months)))
    with pytest.raises(BacktestError, match=f"only {n_months} buckets of a month.* needs 10: 8"):
        choose_cutoffs(papers, width="month", config=TrendConfig(), n_cutoffs=4)


def test_a_paper_is_known_once_it_must_have_been_published() -> None:
    papers = dated(
        date(2020, 6, 30),
        date(2020, 7, 1),
        (date(2020, 6, 1), "month"),
        (date(2020, 7, 1), "month"),
        (date(2020, 1, 1), "year"),
        (date(2019, 1, 1), "year"),
        (date(2021, 1, 1), "year"),
        (date(2020, 1, 1), "none"),
    )
    cutoff = Cutoff(date(2020, 7, 1), date(2020, 1, 1), date(2021, 7, 1))
    assert known_at(papers, cutoff)["paper_id"].to_list() == ["p0", "p2", "p5"]
    assert published_after(papers, cutoff)["paper_id"].to_list() == ["p1", "p3"]


# What became of a subject

CUTOFF = Cutoff(date(2021, 1, 1), date(2020, 7, 1), date(2021, 7, 1))


def said(**columns: object) -> pl.DataFrame:
    """Rows of `trends` at a cut-off."""
    rows = pl.DataFrame(columns)
    n = len(rows)
    return rows.with_columns(
        name=pl.col("subject"),
        growth_low=pl.lit(0.5),
        growth_high=pl.lit(2.0),
        recent_growth=pl.lit(None, dtype=pl.Float64),
        q_value=pl.lit(0.1),
        n_papers=pl.Series([10] * n),
    )


def test_shares_before_and_after_are_those_of_the_long_way_round() -> None:
    known = dated(*[date(2020, 3, 1)] * 5, *[date(2020, 9, 1)] * 10)
    later = dated(*[date(2021, 2, 1)] * 8).with_columns(paper_id="q" + pl.col("paper_id"))
    before = pl.DataFrame(
        [("topic", "0", f"p{i}") for i in (0, 1, 2, 5, 6)] + [("theme", "a", "p9")],
        schema=["kind", "subject", "paper_id"],
        orient="row",
    )
    after = pl.DataFrame(
        [("topic", "0", f"qp{i}") for i in (0, 1, 2)], schema=before.schema, orient="row"
    )
    trends = said(
        kind=["topic", "theme", "theme"],
        subject=["0", "a", "b"],
        verdict=["rising", "falling", "insufficient_evidence"],
        growth=[2.0, 0.5, None],
        last_share=[0.4, 0.0, None],
    )
    table = compare(trends, CUTOFF, known=(known, before), later=(later, after))
    assert table.equals(BACKTEST.conform(table))
    assert table["subject"].to_list() == ["a", "b", "0"]
    assert table["n_before"].to_list() == [1, 0, 2]
    assert table["n_after"].to_list() == [0, 0, 3]
    assert set(table["n_total_before"]) == {10}
    assert set(table["n_total_after"]) == {8}
    assert table["exceeds_fit"].to_list() == [False, None, False]  # 3/8 < .4
    assert table["exceeds_before"].to_list() == [False, False, True]  # 3/8 > 2/10


def test_nothing_after_tells_nothing() -> None:
    known = dated(*[date(2020, 9, 1)] * 3)
    none = pl.DataFrame(schema={"kind": pl.String, "subject": pl.String, "paper_id": pl.String})
    trends = said(kind=["topic"], subject=["0"], verdict=["steady"], growth=[1.0], last_share=[0.1])
    table = compare(trends, CUTOFF, known=(known, none), later=(known.clear(), none))
    assert table["exceeds_fit"].item() is None
    assert table["exceeds_before"].item() is None
    assert followed_by_growth(table).is_empty()


def cases(*rows: tuple[str, str, str, str, int, bool | None]) -> pl.DataFrame:
    """Rows of `backtest`: kind, subject, verdict, cut-off, papers, whether the share grew."""
    return BACKTEST.conform(
        pl.DataFrame(
            [
                {
                    "kind": kind, "subject": subject, "verdict": verdict, "n_papers": n,
                    "cutoff": date.fromisoformat(day), "exceeds_fit": grew, "exceeds_before": True,
                    "name": subject, "growth": 1.5, "growth_low": 1.1, "growth_high": 2.0,
                    "recent_growth": 1.2, "q_value": 0.1, "last_share": 0.1, "until": date(2022, 1, 1), "n_before": 4,
                    "n_total_before": 40, "n_after": 10 if grew else 2, "n_total_after": 50,
                }
                for kind, subject, verdict, day, n, grew in rows
            ]
        )
    )  # fmt: skip


UNKNOWN = "insufficient_evidence"
CASES = cases(
    ("topic", "0", "rising", "2020-01-01", 30, True),
    ("topic", "0", "rising", "2021-01-01", 50, True),
    ("topic", "1", "rising", "2021-01-01", 40, False),
    ("topic", "2", UNKNOWN, "2021-01-01", 35, False),
    ("topic", "3", UNKNOWN, "2021-01-01", 5, True),
    ("theme", "a", UNKNOWN, "2021-01-01", 99, None),
    ("theme", "b", "falling", "2021-01-01", 60, False),
)


def test_rates_are_counted_with_their_base() -> None:
    rates = followed_by_growth(CASES)
    rising = rates.row(by_predicate=(pl.col("kind") == "all") & (pl.col("verdict") == "rising") & (pl.col("outcome") == "exceeds_fit"), named=True)  # fmt: skip
    assert (rising["n_cases"], rising["n_subjects"], rising["n_cutoffs"]) == (3, 2, 2)
    assert (rising["n_grew"], rising["share"]) == (2, pytest.approx(2 / 3))
    assert rising["share_low"] < 2 / 3 < rising["share_high"]
    assert rising["min_papers"] == 30
    assert rising["n_base"] == 5, "no smaller, and with a known outcome"
    assert rising["base"] == pytest.approx(2 / 5)
    kinds = rates.filter(outcome="exceeds_fit").group_by("kind").agg(pl.col("n_cases").sum())
    assert dict(kinds.iter_rows()) == {"all": 6, "topic": 5, "theme": 1}
    untested = CASES.with_columns(growth=pl.lit(None, dtype=pl.Float64))
    assert followed_by_growth(untested).is_empty()


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (
            CASES,
            "After 3 verdicts of “rising” on 2 subjects at past dates, the share grew in 100 %",
        ),
        (CASES.filter(pl.col("verdict") != "rising"), "At no past date would a subject have been"),
        (
            CASES.filter(subject="0", n_papers=30),
            "After 1 verdict of “rising” on 1 subject at past dates",
        ),
        (CASES.clear(), "At no date was there a subject to compare"),
        (CASES.with_columns(growth=1e6, last_share=0.0), "After 3 verdicts of “rising”"),
    ],
)
def test_the_figure_is_readable_and_says_what_was_found(table: pl.DataFrame, words: str) -> None:
    figure = draw(table, followed_by_growth(table))
    assert_readable(figure)
    assert words in " ".join(texts(figure))
    assert render(figure, "svg") == render(draw(table, followed_by_growth(table)), "svg")


# No look-ahead

DAY = small_run.month(16)
SPAN = Cutoff(DAY, small_run.month(8), small_run.month(24))
KNOWN = ("kind", "subject", "name", "verdict", "growth", "growth_low", "growth_high")
KNOWN += ("recent_growth", "q_value", "n_papers", "last_share", "n_before", "n_total_before")


@pytest.fixture(scope="module")
def papers() -> pl.DataFrame:
    return small_run.small_papers(24, 12, rising="federated learning")


def vectors_of(papers: pl.DataFrame) -> pl.DataFrame:
    return embed(papers, load_encoder("static")).vectors


def looked_at(papers: pl.DataFrame) -> flow.Known:
    past = known_at(papers, SPAN)
    return flow.look(
        past, vectors_of(past), SPAN, History.none(), config=small_run.CONFIG,
        encoder=load_encoder("static"),
    )  # fmt: skip


def compared(papers: pl.DataFrame) -> pl.DataFrame:
    """The rows of a back-test at one cut-off."""
    (table,) = flow.look_back(
        papers, vectors_of(papers), [SPAN], config=small_run.CONFIG, encoder=load_encoder("static")
    )
    return table


@pytest.fixture(scope="module")
def known(papers: pl.DataFrame) -> flow.Known:
    return looked_at(papers)


@pytest.fixture(scope="module")
def table(papers: pl.DataFrame) -> pl.DataFrame:
    return compared(papers)


def planted(papers: pl.DataFrame) -> pl.DataFrame:
    """From the cut-off on, a new word is everywhere, one companion of a theme, and a new field."""
    later = pl.col("published") >= DAY
    noise = pl.col("topic_id") == 0
    quantum = "Qubits of quantum computers decohere; quantum circuits need error correction. "
    return papers.with_columns(
        abstract=pl.when(later & (pl.col("topic_id") == 3))
        .then(pl.lit(quantum) + "Zyxwvut.")
        .when(later & noise)
        .then("Coteaching, zyxwvut: " + pl.col("abstract") + " Coteaching copes.")
        .when(later)
        .then(pl.col("abstract") + " Zyxwvut zyxwvut.")
        .otherwise("abstract"),
        title=pl.when(later).then("Zyxwvut: " + pl.col("title")).otherwise("title"),
    )


def test_what_only_the_future_says_is_not_known(papers: pl.DataFrame, known: flow.Known) -> None:
    changed = planted(papers)
    then = looked_at(changed)
    words = " ".join(then.found.topics["label"].to_list())
    words += " ".join(then.found.topics.explode("keywords")["keywords"].to_list())
    for planted_word in ("zyxwvut", "quantum", "qubit", "coteaching"):
        assert planted_word not in words.lower()
        assert planted_word not in then.learned[0].companions
    assert then.found.topics.equals(known.found.topics)
    assert then.learned[0].companions == known.learned[0].companions
    # … though whoever looks at all papers sees every one of them
    everything = flow.look(
        changed, vectors_of(changed), SPAN, History.none(), config=small_run.CONFIG,
        encoder=load_encoder("static"),
    )  # fmt: skip
    seen = " ".join(everything.found.topics.explode("keywords")["keywords"].to_list()).lower()
    assert "quantum" in seen
    assert "zyxwvut" in seen
    assert "coteaching" in everything.learned[0].companions


def test_a_topic_of_the_future_finds_no_place_in_the_past(
    papers: pl.DataFrame, known: flow.Known
) -> None:
    later = published_after(planted(papers), SPAN).filter(pl.col("topic_id") == 3)
    placed = place(vectors_of(later), known.found.centres)
    assert (placed["topic_id"] < 0).mean() > 0.9, "outliers, and no topic of their own"


def test_whatever_comes_later_what_was_known_is_the_same_to_the_bit(
    papers: pl.DataFrame, table: pl.DataFrame
) -> None:
    later = pl.col("published") >= DAY
    rng = np.random.default_rng(2)
    other = small_run.small_papers(24, 20, rising="protein structure", seed=9).filter(later)
    other = other.with_columns(
        paper_id="q" + pl.col("paper_id"),
        categories=pl.lit(["new.category"]),
        sources=pl.lit(["another.csv#1"]),
        published=pl.col("published").gather(rng.permutation(len(other)).tolist()),
    )
    for changed in (planted(papers), pl.concat([papers.filter(~later), other])):
        again = compared(changed)
        assert again.select(KNOWN).equals(table.select(KNOWN))
        assert not again["n_after"].equals(table["n_after"])


def test_a_later_paper_is_put_where_it_belongs(papers: pl.DataFrame, table: pl.DataFrame) -> None:
    topics = table.filter(kind="topic")
    fields = published_after(papers, SPAN)["topic_id"].value_counts()
    true = {list(small_run.FIELDS)[field]: n for field, n in fields.iter_rows()}
    for label, n in topics.select("name", "n_after").iter_rows():
        (field,) = [field for field in true if label.startswith(field)]
        assert n <= true[field], "others are outliers, not of another topic"
    assert topics["n_after"].sum() > 0.7 * sum(true.values())
    theme = table.filter(kind="theme").row(0, named=True)
    assert theme["n_after"] == pytest.approx(true["label noise"], abs=2)


def test_topics_keep_their_ids_between_cutoffs(papers: pl.DataFrame) -> None:
    cutoffs = [Cutoff(small_run.month(m), small_run.month(m - 6), small_run.month(m + 6)) for m in (12, 16)]  # fmt: skip
    tables = flow.look_back(
        papers, vectors_of(papers), cutoffs, config=small_run.CONFIG,
        encoder=load_encoder("static"),
    )  # fmt: skip
    names = [dict(t.filter(kind="topic").select("name", "subject").iter_rows()) for t in tables]
    assert names[0] == names[1]


# The command


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory, papers: pl.DataFrame) -> Path:
    folder = tmp_path_factory.mktemp("outputs")
    small_run.publish_run(folder, papers)
    return folder


def test_table_and_figure_are_written_beside_the_run(outputs: Path, tmp_path: Path) -> None:
    done = upwell("backtest", "--outputs", str(outputs), "--cutoffs", "2", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = (outputs / "latest").resolve()
    table = pl.read_parquet(folder / "backtest.parquet")
    assert table.equals(BACKTEST.conform(table))
    assert table["cutoff"].unique().to_list() == [date(2022, 9, 1), date(2023, 11, 1)]
    assert {p.name for p in (folder / "figures").iterdir()} >= {"backtest.png", "backtest.svg"}
    assert "What was known at 2\xa0dates (2022-09-01, 2023-11-01), and what came after" in done.stdout  # fmt: skip
    assert not list(folder.rglob(".*"))


def test_any_other_failure_is_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], outputs: Path
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("of nothing")

    monkeypatch.setattr(flow, "choose_cutoffs", fail)
    with pytest.raises(SystemExit) as ended:
        flow.run("latest", outputs=outputs, n_cutoffs=1)
    assert ended.value.code == 1
    assert "upwell: failed: ZeroDivisionError: of nothing" in capsys.readouterr().err


def test_what_cannot_be_back_tested_is_exit_code_2(
    upwell_here: Callable[..., CompletedProcess[str]], outputs: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "outputs"
    shutil.copytree(outputs, broken, symlinks=True)
    folder = (broken / "latest").resolve()

    def words(*arguments: str) -> str:
        done = upwell_here("backtest", *arguments, "--outputs", str(broken), cwd=tmp_path)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    assert "nope: no such run in" in words("nope")
    assert 'Invalid value "0" for --cutoffs' in words("--cutoffs", "0")
    few = small_run.small_papers(n_months=9)
    small_run.publish_run(broken, few)
    assert "only 9 buckets of a month; a back-test needs 10: 8 before a cut-off and 2" in words()
    small_run.publish_run(broken, few.with_columns(published=None, date_precision=pl.lit("none")))
    assert "the run has no trends to check: no subject was tested. None of the" in words()
    manifest = folder / "run.json"
    said = manifest.read_text()
    manifest.write_text(said.replace('"encoder": "static:', '"encoder": "static:0'))
    assert "the run was encoded by static:0" in words(folder.name)
    manifest.write_text(said)
    (folder / "papers.parquet").write_bytes(b"PAR1")
    assert "papers.parquet: this table cannot be read" in words(folder.name)
    wrong = TRENDS.empty().drop("verdict")
    wrong.write_parquet(folder / "trends.parquet")
    assert "trends.parquet: this table cannot be read (trends: no column verdict" in words(folder.name)  # fmt: skip
