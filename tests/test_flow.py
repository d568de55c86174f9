"""The flow end to end, through a real Prefect server: sample corpus, seeds, and bad input."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from upwell.config import RunConfig, Theme, TrendConfig
from upwell.sample import sample_files
from upwell.tables import PUBLISHED

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("prefect_server")]


def analyse(*paths: Path, outputs: Path, config: RunConfig | None = None) -> Path:
    from flows.analyse import analyse as flow

    return flow(list(paths) or None, outputs, config or RunConfig())


def table(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(folder / f"{name}.parquet")


def manifest(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text())


@pytest.fixture(scope="module")
def sample_run(prefect_server: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return analyse(outputs=tmp_path_factory.mktemp("sample"))


def test_every_table_figure_and_page_is_there(sample_run: Path) -> None:
    for declared in PUBLISHED:
        frame = table(sample_run, declared.name)
        assert frame.equals(declared.conform(frame))
    figures = {path.name for path in (sample_run / "figures").iterdir()}
    assert figures == {
        f"{name}.{kind}"
        for name in ("rising", "theme_shares", "topics_over_time", "topic_map")
        for kind in ("png", "svg")
    }
    assert "<html" in (sample_run / "report.html").read_text()
    assert (sample_run.parents[1] / "latest").resolve() == sample_run


def test_every_record_is_accounted_for(sample_run: Path) -> None:
    expected = sample_files().counts
    counts = manifest(sample_run)["counts"]
    for name in ("n_records", "n_papers", "n_duplicates", "n_rejects", "n_undated"):
        assert counts[name] == getattr(expected, name), name
    papers, duplicates = table(sample_run, "papers"), table(sample_run, "duplicates")
    sources = (
        papers["sources"].explode().to_list() + table(sample_run, "rejects")["source"].to_list()
    )
    assert len(sources) == len(set(sources)) == counts["n_records"]
    assert set(duplicates["source"]) <= set(sources)


def test_verdicts_agree_with_what_was_planted(sample_run: Path) -> None:
    truth = {
        subject: growth
        for kind, subject, growth in sample_files()
        .truth.select("kind", "subject", "growth")
        .iter_rows()
        if kind == "theme"
    }
    trends = table(sample_run, "trends").filter(kind="theme")
    assert set(trends["subject"]) == set(truth)
    for row in trends.iter_rows(named=True):
        growth = truth[row["subject"]]
        allowed = {"rising"} if growth > 1.3 else {"falling"} if growth < 0.75 else set()
        assert row["verdict"] in allowed | {"insufficient_evidence"} | (
            set() if allowed else {"steady"}
        ), row
        assert row["growth_low"] <= growth <= row["growth_high"], row
    verdicts = set(trends["verdict"])
    assert verdicts - {"insufficient_evidence"}, "a thousand papers are evidence enough for some"


def test_series_is_zero_filled(sample_run: Path) -> None:
    series, trends = table(sample_run, "trend_series"), table(sample_run, "trends")
    n_buckets = series["bucket_start"].n_unique()
    assert series.height == n_buckets * trends.height
    assert series.filter("is_partial")["bucket_start"].n_unique() <= 2
    assert series.filter(pl.col("n_total") > 0).select(
        (pl.col("share") - pl.col("n_papers") / pl.col("n_total")).abs().max()
    ).item() == pytest.approx(0)


@pytest.fixture
def half(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every second record of the sample; runs of them take two refits, and a third of the time."""
    monkeypatch.setattr("flows.topic_tasks.N_REFITS", 2)
    records = sample_files().files["papers.jsonl"].decode().splitlines()
    return [line for line in records if line.startswith("{") and line.endswith("}")][::2]


def test_same_records_shuffled_and_split_give_the_same_tables(
    half: list[str], tmp_path: Path
) -> None:
    """Other files, other order, other names: same papers, topics, themes and verdicts."""
    import random

    whole, split = tmp_path / "whole", tmp_path / "split"
    whole.mkdir()
    split.mkdir()
    (whole / "all.jsonl").write_text("\n".join(half))
    random.Random(4).shuffle(half)
    for n, start in enumerate(range(0, len(half), 150)):
        (split / f"{9 - n}.txt").write_text("\n".join(half[start : start + 150]))
    one = analyse(whole, outputs=tmp_path / "one")
    other = analyse(split, outputs=tmp_path / "other")
    for name in ("topics", "theme_papers", "trends", "trend_series"):
        left, right = (
            table(folder, name).drop("first_run", strict=False) for folder in (one, other)
        )
        assert left.equals(right), name
    left, right = (table(folder, "papers").drop("sources") for folder in (one, other))
    assert left.equals(right)


def test_second_run_keeps_topic_ids_and_vectors(sample_run: Path) -> None:
    outputs = sample_run.parents[1]
    again = analyse(outputs=outputs, config=RunConfig(trends=TrendConfig(steady_margin=0.2)))
    assert again != sample_run
    before, after = table(sample_run, "papers"), table(again, "papers")
    assert before.select("paper_id", "topic_id").equals(after.select("paper_id", "topic_id"))
    events = table(again, "topic_lineage").filter(run_id=again.name)
    assert set(events["event"]) == {"continued"}
    assert len(list((outputs / "state" / "vectors").rglob("*.parquet"))) == 1
    assert table(sample_run, "changes").is_empty()
    changes = table(again, "changes")
    assert set(changes["from_run"]) == {sample_run.name}
    assert set(changes["event"]) >= {"new_papers", "setting_changed"}
    assert changes.filter(event="new_papers")["n_papers"].to_list() == [0]
    fit = manifest(again)["topic_fit"]
    assert (fit["action"], fit["fitted_in"], fit["n_new"]) == ("kept", sample_run.name, 0)
    assert fit["reason"] in manifest(again)["notes"]
    assert "refit" not in manifest(again)["stage_seconds"], "nothing is clustered"
    topics = [table(run, "topics") for run in (sample_run, again)]
    assert topics[0].equals(topics[1])
    names = sorted(p.name for p in (again / "topic_model").iterdir())
    assert names == ["fit.parquet", "papers.parquet", "topics.parquet"]


def test_a_run_is_published_even_if_the_last_trends_are_lost(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text(lines({"title": "Noise", "abstract": PAPER}))
    first = analyse(tmp_path / "one.jsonl", outputs=tmp_path / "out")
    (first / "trends.parquet").write_bytes(b"broken")
    again = analyse(tmp_path / "one.jsonl", outputs=tmp_path / "out")
    assert table(again, "changes").is_empty(), "publishing matters more than comparing"


def test_a_refit_goes_on_from_the_topics_there_are(half: list[str], tmp_path: Path) -> None:
    papers = tmp_path / "papers.jsonl"
    papers.write_text("\n".join(half[: len(half) * 2 // 3]))
    first = analyse(papers, outputs=tmp_path / "out")
    papers.write_text("\n".join(half))
    second = analyse(papers, outputs=tmp_path / "out")
    fit = manifest(second)["topic_fit"]
    assert (fit["action"], fit["fitted_in"]) == ("refitted", second.name)
    assert "papers came since the last fit" in fit["reason"]
    before, after = (table(run, "papers").select("paper_id", "topic_id") for run in (first, second))
    both = before.join(after, on="paper_id", suffix="_after")
    assert (both["topic_id"] == both["topic_id_after"]).mean() >= 0.95


def test_run_shows_in_the_ui(sample_run: Path) -> None:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        flow_runs = client.read_flow_runs()
        names = [run.name for run in flow_runs]
        artifacts = client.read_artifacts()
        tasks = {run.name for run in client.read_task_runs()}
    assert len(set(names)) == len(names)
    assert any(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d the sample corpus", n) for n in names)
    by_key = {artifact.key: artifact for artifact in artifacts}
    assert "data:image/png;base64," in by_key["report"].data
    assert json.loads(by_key["verdicts"].data)
    assert "read the sample corpus" in tasks
    assert any(re.fullmatch(r"embed \d+ papers", name) for name in tasks)


PAPER = (
    "We study how noisy labels harm the training of deep networks and give a loss that resists "
    "them on four benchmarks of images and text without clean data."
)


def lines(*papers: dict) -> str:
    return "\n".join(json.dumps(paper) for paper in papers)


@pytest.mark.parametrize("n_papers", [1, 3])
def test_very_few_papers(tmp_path: Path, n_papers: int) -> None:
    texts = [
        PAPER,
        "Graphs of molecules are classified by message passing whose depth we bound by a theorem.",
        "A robot learns to walk over rough ground from a thousand hours of simulated falling.",
    ]
    (tmp_path / "few.jsonl").write_text(
        lines(*({"title": f"Paper {i}", "abstract": t} for i, t in enumerate(texts[:n_papers])))
    )
    folder = analyse(tmp_path / "few.jsonl", outputs=tmp_path / "out")
    assert table(folder, "papers").height == n_papers
    assert set(table(folder, "trends")["verdict"]) == {"insufficient_evidence"}
    assert manifest(folder)["counts"]["n_undated"] == n_papers
    assert any("date" in note for note in manifest(folder)["notes"]), "says that none is dated"


def test_forty_identical_papers_are_one(tmp_path: Path) -> None:
    paper = {"title": "Noisy labels", "abstract": PAPER, "published": "2024-05-01"}
    (tmp_path / "same.jsonl").write_text(lines(*[paper] * 40))
    folder = analyse(tmp_path / "same.jsonl", outputs=tmp_path / "out")
    counts = manifest(folder)["counts"]
    assert (counts["n_records"], counts["n_papers"], counts["n_duplicates"]) == (40, 1, 39)


def test_a_file_that_cannot_be_read_has_no_hash(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(lines({"title": "Noise", "abstract": PAPER}))
    (tmp_path / "b.jsonl").symlink_to(tmp_path / "gone.jsonl")
    folder = analyse(tmp_path, outputs=tmp_path / "out")
    hashes = {file["name"]: file["sha256"] for file in manifest(folder)["files"]}
    assert len(hashes["a.jsonl"]) == 64
    assert hashes["b.jsonl"] is None


def test_nothing_usable_says_why(tmp_path: Path) -> None:
    from flows.tasks import NothingToAnalyseError

    (tmp_path / "short.jsonl").write_text(lines({"title": "A", "abstract": "Only three words"}))
    with pytest.raises(NothingToAnalyseError, match=r"1 rejected:\n  short.jsonl#1: "):
        analyse(tmp_path / "short.jsonl", outputs=tmp_path / "out")
    assert not (tmp_path / "out" / "latest").exists()
    assert not list((tmp_path / "out" / "runs").iterdir()), "a failed run leaves nothing"


def test_own_themes(tmp_path: Path) -> None:
    (tmp_path / "one.jsonl").write_text(lines({"title": "Noise", "abstract": PAPER}))
    config = RunConfig(themes=(Theme(name="noise", phrases=("noisy labels",)),))
    folder = analyse(tmp_path / "one.jsonl", outputs=tmp_path / "out", config=config)
    assert table(folder, "trends").filter(kind="theme")["subject"].to_list() == ["noise"]
    assert "noisy labels" in table(folder, "theme_papers")["evidence"].item()


def test_seeds_as_they_are(seeds: Path, tmp_path: Path) -> None:
    """266 records on three pages, 20 in two listings; counted by hand."""
    folder = analyse(seeds, outputs=tmp_path)
    counts = manifest(folder)["counts"]
    assert counts["n_records"] == 286
    assert counts["n_rejects"] == 0
    assert counts["n_papers"] == counts["n_records"] - counts["n_duplicates"]
    papers = table(folder, "papers")
    assert papers["published"].max() <= datetime(2025, 11, 12, tzinfo=UTC).date()
    themes = table(folder, "trends").filter(kind="theme")
    assert themes.height == 3
