"""Publication is all or nothing, and one run at a time."""

import errno
import json
import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from upwell import store
from upwell.config import RunConfig
from upwell.dictionary import data_dictionary
from upwell.manifest import Counts, Manifest
from upwell.store import (
    StoreError,
    Workspace,
    add_to_run,
    disk,
    last_topic_model,
    open_run,
    publish,
    verify,
)
from upwell.tables import PUBLISHED, REJECTS, TableError

START = datetime(2026, 3, 1, 7, 0, 0, tzinfo=UTC)
MEMBERS = pl.DataFrame(schema={"topic_id": pl.Int32, "paper_id": pl.String})


def manifest(run_id: str) -> Manifest:
    return Manifest(
        run_id=run_id,
        started=START,
        ended=START,
        as_of=date(2026, 3, 1),
        config=RunConfig(),
        files=(),
        counts=counts(),
        bucket=None,
        span=None,
        encoder="static",
        random_state=42,
        versions={},
        stage_seconds={},
        measures={},
        notes=(),
    )


def counts(**changes: object) -> Counts:
    zero = {name: {} if name.endswith(("reason", "method")) else 0 for name in Counts.model_fields}
    return Counts(**(zero | changes))


def finish(
    run: Workspace,
    files: dict[str, bytes] | None = None,
    topic_model: dict[str, pl.DataFrame] | None = None,
) -> Path:
    return publish(
        run,
        tables={table: table.empty() for table in PUBLISHED},
        members=MEMBERS,
        files=files or {},
        manifest=manifest(run.run_id),
        data_dictionary="about",
        topic_model=topic_model,
    )


def begin(outputs: Path, started: datetime = START):
    return open_run(outputs, started=started, on_wait=pytest.fail)


def test_the_last_topic_model_is_that_of_the_last_run(tmp_path: Path) -> None:
    assert last_topic_model(tmp_path) is None
    model = {"fit": pl.DataFrame({"reach": [0.5]}), "topics": pl.DataFrame({"topic_id": [3]})}
    with begin(tmp_path) as run:
        folder = finish(run, topic_model=model)
    found = last_topic_model(tmp_path)
    assert sorted(found) == ["fit", "topics"]
    assert all(found[name].equals(model[name]) for name in model)
    (folder / "topic_model" / "fit.parquet").write_bytes(b"no Parquet")
    with pytest.raises(StoreError, match=r"topic model of the last run is damaged .* remove this"):
        last_topic_model(tmp_path)
    with begin(tmp_path) as run:
        finish(run)
    assert last_topic_model(tmp_path) is None, "whatever earlier runs have"


def test_published_run_is_complete_and_latest(tmp_path: Path) -> None:
    with begin(tmp_path) as run:
        run.put("records", REJECTS.empty())
        folder = finish(run, {"figures/rising.png": b"png"})
    assert (tmp_path / "latest").resolve() == folder
    assert sorted(p.name for p in folder.iterdir()) == sorted(
        [
            *(f"{t.name}.parquet" for t in PUBLISHED),
            "topic_members.parquet",
            "run.json",
            "figures",
            "SHA256SUMS",
        ]
    )
    assert json.loads((folder / "run.json").read_text())["run_id"] == "2026-03-01T07-00-00Z"
    metadata = pl.read_parquet_metadata(folder / "rejects.parquet")
    assert metadata["upwell.schema_version"] == "1"
    assert pl.read_parquet(tmp_path / "latest" / "papers.parquet").is_empty()
    assert (tmp_path / "README.md").read_text() == "about"


def test_every_file_of_a_run_can_be_checked(tmp_path: Path) -> None:
    with begin(tmp_path) as run:
        folder = finish(run, {"figures/rising.png": b"png"})
    add_to_run(folder, tables={}, files={"figures/rising.png": b"new", "note.txt": b"x"})
    assert verify(tmp_path) == ()
    check = ["sha256sum", "--check", "--quiet", "SHA256SUMS"]
    subprocess.run(check, cwd=folder, check=True)
    (folder / "figures" / "rising.png").write_bytes(b"other")
    (folder / "note.txt").unlink()
    assert verify(tmp_path) == (
        f"{folder}/figures/rising.png: damaged (it is not what was written)",
        f"{folder}/note.txt: missing",
    )
    (folder / "SHA256SUMS").unlink()
    assert verify(tmp_path) == (f"{folder}/SHA256SUMS: missing, so the run cannot be checked",)
    folder.rename(folder.with_name("elsewhere"))
    assert verify(tmp_path)[-1].startswith(f"{tmp_path}/latest: points at a run that is not there")


def test_nothing_is_seen_before_publication(tmp_path: Path) -> None:
    with begin(tmp_path) as run:
        run.put("records", REJECTS.empty())
        assert not (tmp_path / "latest").exists()
        assert [p for p in (tmp_path / "runs").iterdir() if not p.name.startswith(".")] == []


def test_a_table_that_breaks_its_contract_is_not_published(tmp_path: Path) -> None:
    with begin(tmp_path) as run:
        before = finish(run)
    wrong = pl.DataFrame({"source": ["a#1"], "reason": ["mood"], "detail": [""], "excerpt": [""]})
    with (
        begin(tmp_path, START.replace(minute=1)) as run,
        pytest.raises(TableError, match="reason is 'mood', not one of unreadable_file"),
    ):
        publish(
            run,
            tables={REJECTS: wrong},
            members=MEMBERS,
            files={},
            manifest=manifest(run.run_id),
            data_dictionary="",
        )
    assert (tmp_path / "latest").resolve() == before


def test_ids_sort_by_the_order_of_runs_whatever_the_clock_says(tmp_path: Path) -> None:
    names = []
    for start in (START, START, START.replace(year=2025)):
        with begin(tmp_path, start) as run:
            names.append(finish(run).name)
    assert names == [f"2026-03-01T07-00-0{second}Z" for second in (0, 1, 2)]
    assert (tmp_path / "latest").resolve().name == names[-1]


def test_leftovers_of_a_killed_run_go(tmp_path: Path) -> None:
    (tmp_path / "runs" / ".2026-02-01T00-00-00Z" / "work").mkdir(parents=True)
    with begin(tmp_path) as run:
        assert [p.name for p in (tmp_path / "runs").iterdir()] == [f".{run.run_id}"]


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, "the disk is full; free some space"),
        (errno.EACCES, "it may not be written; change its permissions"),
        (errno.EROFS, "it is on a read-only disk"),
        (errno.EDQUOT, "the disk quota is used up"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_disk_errors_say_what_to_do_and_keep_the_last_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    with begin(tmp_path) as run:
        before = finish(run)

    def broken(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    with begin(tmp_path, START.replace(minute=1)) as run:
        monkeypatch.setattr(disk.os, "fsync", broken)
        with pytest.raises(
            StoreError, match=rf"{words}.* choose another (folder with )?--outputs$"
        ):
            finish(run)
        monkeypatch.undo()
    assert (tmp_path / "latest").resolve() == before
    assert pl.read_parquet(tmp_path / "latest" / "trends.parquet").is_empty()


def test_really_full_disk(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    ).returncode:
        pytest.skip("may not mount a small disk here")
    try:
        with begin(disk) as run, pytest.raises(StoreError, match="disk is full"):
            finish(run, {"report.html": b"x" * 200_000})
        assert not (disk / "latest").exists()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_outputs_under_a_file(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with (
        pytest.raises(StoreError, match=r"taken.*cannot write here"),
        begin(tmp_path / "taken"),
    ):
        pass


def test_second_run_waits_and_says_so(tmp_path: Path) -> None:
    holder = (
        "import sys, time, pathlib, datetime\n"
        "from upwell.store import open_run\n"
        "with open_run(pathlib.Path(sys.argv[1]), started=datetime.datetime.now(datetime.UTC),"
        " on_wait=print):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(1.5)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        said: list[str] = []
        began = time.monotonic()
        with open_run(tmp_path, started=START, on_wait=said.append) as run:
            assert other.poll() is not None or time.monotonic() - began > 1
            finish(run)
    assert said == [f"Another run is writing to {tmp_path}; waiting for it to end."]


def test_a_run_that_never_lets_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store.runs, "LOCK_SECONDS", 0.1)
    with (
        begin(tmp_path),
        pytest.raises(StoreError, match="another run has held this folder"),
        open_run(tmp_path, started=START, on_wait=lambda _: None),
    ):
        pass


def test_lineage_comes_back(tmp_path: Path) -> None:
    assert store.last_lineage(tmp_path) is None
    with begin(tmp_path) as run:
        finish(run)
    events, members = store.last_lineage(tmp_path) or pytest.fail("no lineage")
    assert events.is_empty()
    assert members.schema == MEMBERS.schema


def test_damaged_last_run_is_named(tmp_path: Path) -> None:
    with begin(tmp_path) as run:
        folder = finish(run)
    (folder / "topic_lineage.parquet").write_bytes(b"no parquet")
    with pytest.raises(StoreError, match=f"{folder.name}: the last run is damaged"):
        store.last_lineage(tmp_path)


def test_vectors_are_kept_by_encoder(tmp_path: Path) -> None:
    fresh = pl.DataFrame(
        {"content_hash": ["a", "b"], "vector": [[1.0, 0.0], [0.0, 1.0]]},
        schema={"content_hash": pl.String, "vector": pl.Array(pl.Float32, 2)},
    )
    assert store.read_vectors(tmp_path, "one") is None
    with begin(tmp_path) as run:
        store.keep_vectors(run, "one", fresh)
        store.keep_vectors(run, "other/../one", fresh.head(1))
        store.keep_vectors(run, "none", fresh.head(0))
    one = store.read_vectors(tmp_path, "one")
    assert one is not None
    assert one.equals(fresh)
    assert store.read_vectors(tmp_path, "none") is None
    assert not list(tmp_path.rglob("*.partial"))
    for path in tmp_path.rglob("one-*/*.parquet"):
        path.write_bytes(b"damaged")
    assert store.read_vectors(tmp_path, "one") is None


def test_counts_must_add_up() -> None:
    assert (
        counts(
            n_records=3, n_papers=1, n_undated=1, n_duplicates=2, duplicates_by_method={"title": 2}
        ).n_records
        == 3
    )
    with pytest.raises(ValueError, match="3 records are not 1 papers"):
        counts(n_records=3, n_papers=1, n_undated=1)
    with pytest.raises(ValueError, match="1 papers are not 0 dated"):
        counts(n_records=1, n_papers=1)


RUN_TABLE = pl.DataFrame(
    {"source": ["a#1"], "reason": ["no_abstract"], "detail": ["x"], "excerpt": ["y"]}
)


def test_what_is_added_to_a_run_is_whole_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with begin(tmp_path) as run:
        folder = finish(run)
    add_to_run(folder, tables={REJECTS: RUN_TABLE}, files={"figures/new.png": b"one"})
    assert (folder / "figures" / "new.png").read_bytes() == b"one"
    before = (folder / "rejects.parquet").read_bytes()
    assert pl.read_parquet_metadata(folder / "rejects.parquet")["upwell.schema_version"] == "1"

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(disk.os, "fsync", full)
    with pytest.raises(StoreError, match="the disk is full"):
        add_to_run(folder, tables={REJECTS: REJECTS.empty()}, files={"figures/new.png": b"two"})
    assert (folder / "rejects.parquet").read_bytes() == before
    assert (folder / "figures" / "new.png").read_bytes() == b"one"
    assert not list(folder.rglob(".*"))


def test_a_wrong_table_is_not_added(tmp_path: Path) -> None:
    with begin(tmp_path) as run:
        folder = finish(run)
    wrong = RUN_TABLE.with_columns(reason=pl.lit("mood"))
    with pytest.raises(TableError, match="reason is 'mood'"):
        add_to_run(folder, tables={REJECTS: wrong}, files={"new.png": b"one"})
    assert not (folder / "new.png").exists()


def test_data_dictionary_is_what_the_tables_declare() -> None:
    written = Path(__file__).parents[1] / "outputs" / "README.md"
    assert written.read_text() == data_dictionary()
    for table in PUBLISHED:
        for column in table.columns:
            assert f"| `{column}` |" in data_dictionary()
