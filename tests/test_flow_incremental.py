"""Runs that build on earlier ones: nothing new, something new, something taken out."""

import json
import shutil
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from upwell.config import RunConfig, TopicConfig
from upwell.sample import sample_files
from upwell.store import take_papers_out, verify
from upwell.tables import UNPLACED

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("prefect_server")]


def analyse(*paths: Path, outputs: Path, refit: str = "auto") -> Path:
    from flows.analyse import analyse as flow

    config = RunConfig(topics=TopicConfig(refit=refit))
    return flow(list(paths) or None, outputs, config, join=True)


def table(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_parquet(folder / f"{name}.parquet")


def manifest(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text())


@pytest.fixture(scope="module")
def halves(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A quarter of the sample's records, in two folders."""
    lines = sample_files().files["papers.jsonl"].decode().splitlines(keepends=True)
    folders = tuple(tmp_path_factory.mktemp("halves") / name for name in ("odd", "even"))
    for n, folder in enumerate(folders):
        folder.mkdir()
        (folder / "papers.jsonl").write_text("".join(lines[n::8]))
    return folders


@pytest.fixture(scope="module")
def joined(
    prefect_server: None, halves: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The first half, then the second."""
    outputs = tmp_path_factory.mktemp("joined")
    for half in halves:
        folder = analyse(half, outputs=outputs)
    return folder


def test_what_arrives_joins_what_is_known(joined: Path, halves: tuple[Path, Path]) -> None:
    facts = manifest(joined)
    assert facts["n_files_read"] == 1
    assert [file["name"] for file in facts["files"]] == ["even/papers.jsonl", "odd/papers.jsonl"]
    counts = facts["counts"]
    assert counts["n_records"] == sum(
        file["n_records"] + file["n_rejects"] for file in facts["files"]
    )
    lineage = table(joined, "topic_lineage")
    assert lineage["run_id"].n_unique() == 2
    batches = joined.parents[1] / "state" / "vectors"
    first, second = (pl.read_parquet(path).height for path in sorted(batches.rglob("*.parquet")))
    # a paper that both halves have may get the text of the second; no other is embedded twice
    assert second - (counts["n_papers"] - first) <= counts["n_duplicates"]


def test_backfill_ends_in_the_same_corpus_and_trends(
    joined: Path, halves: tuple[Path, Path], tmp_path: Path
) -> None:
    """Topics go on from those there were; sought afresh, they too are the same whatever came first."""
    analyse(halves[1], outputs=tmp_path)
    other = analyse(halves[0], outputs=tmp_path, refit="afresh")
    work = list(UNPLACED.columns)
    assert table(joined, "papers").select(work).equals(table(other, "papers").select(work))
    for name in ("duplicates", "rejects", "theme_papers"):
        assert table(joined, name).equals(table(other, name)), name
    afresh = analyse(outputs=copy_of(joined, tmp_path / "copy"), refit="afresh")
    left, right = (table(f, "papers").drop("topic_id") for f in (afresh, other))
    assert left.equals(right)
    left, right = (table(f, "trends").filter(kind="theme") for f in (afresh, other))
    assert left.equals(right)


def copy_of(run: Path, place: Path) -> Path:
    """A copy of the outputs that a run lies in."""
    return Path(shutil.copytree(run.parents[1], place, symlinks=True))


def test_nothing_new_publishes_nothing(joined: Path, halves: tuple[Path, Path]) -> None:
    from prefect.client.orchestration import get_client

    outputs = joined.parents[1]
    for paths in ((), halves[:1], halves):
        assert analyse(*paths, outputs=outputs) == joined
    assert len([p for p in (outputs / "runs").iterdir() if not p.name.startswith(".")]) == 2
    with get_client(sync_client=True) as client:
        last = max(client.read_flow_runs(), key=lambda run: run.start_time)
        assert last.state.is_completed()
        assert last.state.message.startswith("Nothing new: the ")
        latest = [a for a in client.read_artifacts() if a.flow_run_id == last.id]
    assert [a.description for a in latest if a.key == "report"] == ["Nothing was published"]
    assert verify(outputs) == ()


def test_a_paper_taken_out_is_a_reject_of_the_next_run(joined: Path) -> None:
    outputs = joined.parents[1]
    paper = table(joined, "papers").filter(pl.col("sources").list.len() > 1).row(0, named=True)
    take_papers_out(outputs, papers=[paper["paper_id"]], sources=(), today=date(2026, 3, 1))
    after = analyse(outputs=outputs)
    assert after != joined
    assert paper["paper_id"] not in table(after, "papers")["paper_id"].to_list()
    out = table(after, "rejects").filter(reason="removed")
    assert set(out["source"]) == set(paper["sources"])
    before, now = (manifest(f)["counts"] for f in (joined, after))
    assert now["n_records"] == before["n_records"]
    assert now["n_papers"] == before["n_papers"] - 1
    assert now["rejects_by_reason"]["removed"] == len(paper["sources"])
