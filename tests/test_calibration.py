"""Shuffled dates: what is kept, what is counted, what is said, and what goes wrong."""

import shutil
from collections import Counter
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

from upwell.config import TrendConfig
from upwell.figures import calibration as draw
from upwell.figures import render
from upwell.tables import CALIBRATION, TRENDS
from upwell.trends import measure_trends
from upwell.trends.buckets import dated_papers, make_calendar
from upwell.trends.calibration import MOVING, CalibrationError, _mean, calibrate
from upwell.trends.proportions import wilson
from upwell.trends.shuffling import Corpus


def papers_of(*rows: tuple[str, date, str]) -> pl.DataFrame:
    """Papers by id, day and file."""
    return pl.DataFrame(
        [(i, d, "day", [], [f"{file}#1"]) for i, d, file in rows],
        schema={
            "paper_id": pl.String, "published": pl.Date, "date_precision": pl.String,
            "categories": pl.List(pl.String), "sources": pl.List(pl.String),
        },
        orient="row",
    )  # fmt: skip


SOME = papers_of(
    *((f"a{i}", date(2020, 1 + i % 4, 1), "a.json") for i in range(8)),
    *((f"b{i}", date(2020, 3 + i % 2, 1), "b2020.json") for i in range(7)),
)
SUBJECTS = pl.DataFrame({"kind": ["topic", "topic"], "subject": ["0", "1"], "name": ["x", "y"]})
MEMBERS = pl.DataFrame(
    [("topic", str(i % 2), p) for i, p in enumerate(SOME["paper_id"]) if i % 5],
    schema=["kind", "subject", "paper_id"],
    orient="row",
)


def corpus() -> Corpus:
    calendar = make_calendar(dated_papers(SOME), "month")
    assert calendar is not None
    return Corpus.of(calendar, dated_papers(SOME), MEMBERS, SUBJECTS)


def test_counts_are_those_of_the_long_way_round() -> None:
    day = dict(SOME.select("paper_id", "published").iter_rows())
    counted = Counter((s, day[p].month) for _, s, p in MEMBERS.iter_rows())
    true = corpus().true
    assert true.n_papers[:, 0].tolist() == [
        [counted[s, m] for m in (1, 2, 3, 4)] for s in ("0", "1")
    ]
    assert true.n_total[0].tolist() == [
        [*day.values()].count(date(2020, m, 1)) for m in (1, 2, 3, 4)
    ]


def test_papers_keep_their_source_and_sources_their_dates() -> None:
    numbers = corpus()
    assert [len(numbers.bucket[g]) for g in numbers.groups] == [8, 7]
    by_source = [np.sort(numbers.bucket[g]).tolist() for g in numbers.groups]
    seen = set()
    rng = np.random.default_rng(3)
    for strata in numbers.shuffles("papers", rng, 30):
        assert strata.n_total.tolist() == numbers.true.n_total.tolist()
        assert (strata.n_papers.sum(axis=2) == numbers.true.n_papers.sum(axis=2)).all()
        # source b has no papers before March, and no shuffle moves any there
        assert strata.n_papers.sum(axis=(0, 1))[:2].sum() <= 4
        seen.add(strata.n_papers.tobytes())
    assert len(seen) > 20
    assert [np.sort(numbers.bucket[g]).tolist() for g in numbers.groups] == by_source


def test_buckets_move_whole() -> None:
    true = corpus().true
    columns = Counter(zip(map(tuple, true.n_papers[:, 0].T), true.n_total[0], strict=True))
    for strata in corpus().shuffles("buckets", np.random.default_rng(3), 10):
        moved = zip(map(tuple, strata.n_papers[:, 0].T), strata.n_total[0], strict=True)
        assert Counter(moved) == columns


def members_of(papers: pl.DataFrame) -> pl.DataFrame:
    return papers.select(
        "paper_id", kind=pl.lit("topic"), subject=pl.col("topic_id").cast(pl.String)
    )


FIELDS = pl.DataFrame(
    {"kind": ["topic"] * 4, "subject": list("0123"), "name": list(small_run.FIELDS)}
)


def calibrated(papers: pl.DataFrame, n_shuffles: int = 60, random_state: int = 42):
    return calibrate(
        papers, members_of(papers), FIELDS, width="month", config=TrendConfig(),
        n_shuffles=n_shuffles, random_state=random_state,
    )  # fmt: skip


@pytest.mark.parametrize("rising", [None, "label noise"])
def test_the_test_is_the_one_of_the_run(rising: str | None) -> None:
    papers = small_run.small_papers(rising=rising)
    found = calibrated(papers, 1)
    config = TrendConfig(bucket="month")
    run = measure_trends(papers, members_of(papers), FIELDS, config=config).trends
    assert np.array_equal(found.p_value, run["p_value"].to_numpy())
    moving = run["verdict"].is_in(MOVING).to_list()
    assert found.is_moving.tolist() == moving
    assert any(moving) == bool(rising)


def test_the_test_is_the_one_of_the_run_within_strata() -> None:
    """A source that appears half-way, of another mixture of topics, parts the papers."""
    first = small_run.small_papers(36, 20)
    second = small_run.small_papers(36, 20, rising="protein structure", seed=2)
    second = second.filter(pl.col("published") >= date(2023, 6, 1))
    second = second.with_columns(paper_id="q" + pl.col("paper_id"), sources=pl.lit(["other.csv#1"]))
    papers = pl.concat([first, second])
    found = calibrated(papers, 12)
    config = TrendConfig(bucket="month")
    run = measure_trends(papers, members_of(papers), FIELDS, config=config)
    assert run.jumps
    assert np.allclose(found.p_value, run.trends["p_value"].to_numpy(), rtol=1e-9)
    assert found.is_moving.tolist() == run.trends["verdict"].is_in(MOVING).to_list()
    value = found.table.filter(shuffled="papers", kind="all", measure="any_false_verdict")["value"]
    assert value.item() < 0.3, "what another source brings is no trend"


def test_same_input_same_table_and_the_seed_counts() -> None:
    papers = small_run.small_papers()
    one = calibrated(papers).table
    assert one.equals(calibrated(papers.sample(fraction=1, shuffle=True, seed=4)).table)
    assert not one.equals(calibrated(papers, random_state=1).table)


def test_without_trends_p_values_are_level_and_with_trends_they_still_are() -> None:
    for rising in (None, "federated learning"):
        table = calibrated(small_run.small_papers(rising=rising), 150).table
        level = table.filter(shuffled="papers", kind="all", measure="p_value")
        apart = level.filter(
            (pl.col("value_low") > pl.col("expected") * 1.3)
            | (pl.col("value_high") < pl.col("expected") * 0.4)
        )
        assert apart.is_empty()
        false = table.filter(measure="any_false_verdict", kind="all", shuffled="papers")
        assert false["value_low"].item() <= 0.05
        assert false["expected"].item() == 0.05


def test_parts_of_the_table_add_up() -> None:
    table = calibrated(small_run.small_papers(), 20).table
    assert table.equals(CALIBRATION.conform(table))
    p_values = table.filter(measure="p_value")
    deciles = p_values.filter((pl.col("p_to") - pl.col("p_from") - 0.1).abs() < 1e-9)
    sums = deciles.group_by("shuffled", "kind").agg(pl.col("value").sum(), pl.len())
    assert sums["value"].to_list() == pytest.approx([1.0] * 4)
    assert sums["len"].to_list() == [10] * 4
    assert ((table["value_low"] <= table["value"]) & (table["value"] <= table["value_high"])).all()
    assert set(table["n_subjects"]) == {4}


def test_monte_carlo_intervals_know_that_p_values_depend() -> None:
    alike = np.repeat(np.arange(40) < 20, 25).reshape(40, 25)
    free = np.random.default_rng(1).random((40, 25)) < 0.5
    wide, narrow = _mean(alike), _mean(free)
    assert wide["value_low"] == pytest.approx(wilson(0.5, 40)[0], abs=0.01)
    assert narrow["value_high"] - narrow["value_low"] < 0.08
    none = _mean(np.zeros((40, 25), dtype=bool))
    assert (none["value"], none["value_low"]) == (0, 0)
    assert none["value_high"] == pytest.approx(3.84 / 1004, rel=0.01)


@pytest.mark.parametrize(
    ("share", "n", "low", "high"), [(0.1, 10, 0.0179, 0.4042), (0.5, 4, 0.15, 0.85), (1, 5, 0.5655, 1)]
)  # fmt: skip
def test_wilson(share: float, n: float, low: float, high: float) -> None:
    assert wilson(share, n) == pytest.approx((low, high), abs=1e-4)


def test_nothing_to_shuffle_is_said() -> None:
    for papers, subjects in ((SOME.clear(), SUBJECTS), (SOME, SUBJECTS.clear())):
        with pytest.raises(CalibrationError, match="no subject of the run was tested"):
            calibrate(
                papers, MEMBERS, subjects, width="month", config=TrendConfig(), n_shuffles=1,
                random_state=1,
            )  # fmt: skip


def test_progress_is_told() -> None:
    steps: list[tuple[int, int]] = []
    papers = small_run.small_papers(n_months=8)
    calibrate(
        papers, members_of(papers), FIELDS, width="month", config=TrendConfig(), n_shuffles=2,
        random_state=1, progress=lambda *step: steps.append(step),
    )  # fmt: skip
    assert steps == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize("n_shuffles", [1, 30])
def test_the_figure_is_readable_and_says_what_was_found(n_shuffles: int) -> None:
    found = calibrated(small_run.small_papers(rising="label noise"), n_shuffles)
    figure = draw(found.table, pl.Series(found.p_value))
    assert_readable(figure)
    said = " ".join(texts(figure))
    assert "at most 5.0 % is promised" in said
    assert f"shuffled {n_shuffles} times" in said
    assert render(figure, "png") == render(draw(found.table, pl.Series(found.p_value)), "png")


def test_the_figure_admits_a_broken_promise() -> None:
    table = calibrated(small_run.small_papers(), 5).table
    broken = pl.when(pl.col("measure") == "any_false_verdict")
    table = table.with_columns(
        value=broken.then(0.4).otherwise("value"),
        value_low=broken.then(0.3).otherwise("value_low"),
        value_high=broken.then(0.5).otherwise("value_high"),
    )
    said = " ".join(texts(draw(table, pl.Series([0.5]))))
    assert "40 % of the corpora had any false verdict, though at most 5.0 % is promised" in said


# The command


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("outputs")
    small_run.publish_run(folder, small_run.small_papers(rising="label noise"))
    return folder


def test_table_and_figure_are_written_beside_the_run(outputs: Path, tmp_path: Path) -> None:
    done = upwell("calibrate", "--outputs", str(outputs), "--shuffles", "20", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = (outputs / "latest").resolve()
    table = pl.read_parquet(folder / "calibration.parquet")
    assert table.equals(CALIBRATION.conform(table))
    assert pl.read_parquet_metadata(folder / "calibration.parquet")["upwell.table"] == "calibration"
    assert {p.name for p in (folder / "figures").iterdir()} == {
        "rising.png", "calibration.png", "calibration.svg"
    }  # fmt: skip
    assert "any false verdict; at most 5.0 % is promised." in done.stdout.replace("\xa0", " ")
    assert "another version" not in done.stdout
    assert not list(folder.rglob(".*")), "no leftovers"
    again = upwell("calibrate", folder.name, "--outputs", str(outputs), "--shuffles", "20", cwd=tmp_path)  # fmt: skip
    assert again.returncode == 0
    assert pl.read_parquet(folder / "calibration.parquet").equals(table)


def test_no_prefect_is_needed(outputs: Path, tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys\nfrom flows.cli import app\n"
        f"app(['calibrate', '--shuffles', '2', '--outputs', {str(outputs)!r}], "
        "exit_on_error=False, result_action='return_value')\n"
        "heavy = {'prefect', 'bertopic', 'umap'} & set(sys.modules)\nassert not heavy, heavy\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def broken(outputs: Path, tmp_path: Path) -> Path:
    """A copy of the outputs, to be broken."""
    copy = tmp_path / "outputs"
    shutil.copytree(outputs, copy, symlinks=True)
    return copy


def test_what_cannot_be_calibrated_is_exit_code_2(
    upwell_here: Callable[..., CompletedProcess[str]], broken: Path, tmp_path: Path
) -> None:
    run_id = (broken / "latest").resolve().name
    folder = broken / "runs" / run_id

    def said(*arguments: str, outputs: Path = broken) -> str:
        done = upwell_here("calibrate", *arguments, "--outputs", str(outputs), cwd=tmp_path)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    assert f"nope: no such run in {broken} and no such folder; there are {run_id}" in said("nope")
    assert "holds no run yet; start one with `upwell run`" in said(outputs=tmp_path / "empty")
    assert "is not the folder of a published run: it has no run.json" in said(str(tmp_path))
    assert 'Invalid value "0" for --shuffles' in said("--shuffles", "0")
    papers = folder / "papers.parquet"
    papers.write_bytes(papers.read_bytes()[:1000])
    assert "papers.parquet: this table cannot be read" in said()
    papers.unlink()
    assert "papers.parquet: this table cannot be read" in said(run_id)
    (folder / "trends.parquet").write_bytes(b"")
    assert "trends.parquet: this table cannot be read" in said(str(folder))
    (folder / "run.json").write_text("{}")
    assert "run.json: the manifest cannot be read" in said()
    (broken / "latest").unlink()
    assert f"points at no run; there are {run_id}" in said()


def test_too_few_buckets_are_exit_code_2(
    upwell_here: Callable[..., CompletedProcess[str]], tmp_path: Path
) -> None:
    small_run.publish_run(tmp_path / "outputs", small_run.small_papers(n_months=3))
    done = upwell_here("calibrate", cwd=tmp_path)
    assert done.returncode == 2
    assert "no subject was tested. Papers fall in only 3 buckets of a month" in done.stderr


def test_a_run_of_another_version_is_said(
    upwell_here: Callable[..., CompletedProcess[str]], broken: Path, tmp_path: Path
) -> None:
    path = (broken / "latest").resolve() / "trends.parquet"
    trends = pl.read_parquet(path).with_columns(p_value=pl.col("p_value") * 0.9)
    TRENDS.conform(trends).write_parquet(path)
    done = upwell_here("calibrate", "--shuffles", "2", "--outputs", str(broken), cwd=tmp_path)
    assert "another version made it" in done.stdout.replace("\n", " ")


def test_a_folder_that_cannot_be_written_is_exit_code_1(
    upwell_here: Callable[..., CompletedProcess[str]], broken: Path, tmp_path: Path
) -> None:
    folder = (broken / "latest").resolve()
    (folder / "calibration.parquet").unlink(missing_ok=True)
    (folder / "calibration.parquet").mkdir()
    done = upwell_here("calibrate", "--shuffles", "2", "--outputs", str(broken), cwd=tmp_path)
    assert done.returncode == 1
    assert "calibration.parquet" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(folder.rglob(".calibration*"))
