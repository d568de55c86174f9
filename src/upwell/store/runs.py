"""The only writer: the outputs folder, its runs, and the state between them.

    outputs/
      latest             link to the newest complete run
      runs/<run_id>/     published runs
      runs/.<run_id>/    a run in the making; a leftover of a killed one goes at the next start
      state/             what is kept between runs: corpus.py and vectors.py
      .lock              held by the run that writes

A reader never sees half a run: a run is written into its hidden folder, flushed to disk, renamed,
and only then does `latest` point at it. What is added to a published run later, `add_to_run`
renames into place, file by file.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from upwell.manifest import Manifest
from upwell.store import checksums
from upwell.store.disk import (
    StoreError,
    flush_folder,
    in_words,
    parquet,
    point,
    remove,
    replace,
    write,
)
from upwell.tables import TOPIC_LINEAGE, Table

LOCK_SECONDS = 3600.0
"""How long a run waits for another one that writes to the same outputs."""
_MEMBERS = "topic_members.parquet"
_TOPIC_MODEL = "topic_model"
_RUN_ID = "%Y-%m-%dT%H-%M-%SZ"
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class TableFile:
    """A table on disk, which is what tasks hand to each other; in a folder, if it is in parts."""

    path: Path
    n_rows: int

    def parts(self) -> Iterator[pl.DataFrame]:
        """The table, so much at a time as was written at a time."""
        paths = sorted(self.path.iterdir()) if self.path.is_dir() else [self.path]
        return (pl.read_parquet(path) for path in paths)

    def read(self) -> pl.DataFrame:
        """The table."""
        return pl.concat(self.parts())


@dataclass(frozen=True)
class Workspace:
    """A run in the making: its id, its hidden folder and the outputs it will be published in."""

    outputs: Path
    run_id: str
    started: datetime

    @property
    def folder(self) -> Path:
        """Where the run is written before it is published."""
        return self.outputs / "runs" / f".{self.run_id}"

    def put(self, name: str, frame: pl.DataFrame) -> TableFile:
        """Write a frame that a later stage reads; it goes when the run is published."""
        path = self.folder / "work" / f"{name}.parquet"
        write(path, parquet(frame, {}))
        return TableFile(path, frame.height)

    def put_parts(self, name: str, parts: Iterable[pl.DataFrame]) -> TableFile:
        """As `put`, for frames of one schema that together need not fit in memory; one at least."""
        folder, n_rows = self.folder / "work" / name, 0
        for number, frame in enumerate(parts):
            write(folder / f"{number:06}.parquet", parquet(frame, {}))
            n_rows += frame.height
        return TableFile(folder, n_rows)

    def put_files(self, name: str, files: Mapping[str, bytes]) -> Path:
        """Write files that a later stage reads into a folder; it goes with the publication."""
        folder = self.folder / "work" / name
        for file, content in files.items():
            write(folder / file, content)
        return folder

    def put_facts(self, stage: str, facts: Mapping[str, object]) -> None:
        """Leave facts of a stage for the manifest; JSON."""
        write(self.folder / "work" / f"{stage}.json", json.dumps(dict(facts)).encode())

    def facts(self) -> dict[str, dict[str, Any]]:
        """The facts of every stage that has ended, by stage."""
        paths = sorted((self.folder / "work").glob("*.json"), key=lambda p: p.stat().st_mtime_ns)
        return {path.stem: json.loads(path.read_text()) for path in paths}


@contextmanager
def hold(outputs: Path, *, on_wait: Callable[[str], None]) -> Iterator[None]:
    """Hold an outputs folder alone; whoever comes second waits.

    Parameters
    ----------
    outputs : made if it is not there.
    on_wait : told once, in a sentence, if another run holds the folder.

    Raises
    ------
    StoreError
        The folder cannot be written, or another run has held it for an hour.
    """
    from filelock import FileLock, Timeout

    with in_words(outputs):
        (outputs / "runs").mkdir(parents=True, exist_ok=True)
        lock = FileLock(outputs / ".lock")
        try:
            try:
                lock.acquire(timeout=0)
            except Timeout:
                on_wait(f"Another run is writing to {outputs}; waiting for it to end.")
                lock.acquire(timeout=LOCK_SECONDS)
        except Timeout:
            raise StoreError(
                f"{outputs}: another run has held this folder for {LOCK_SECONDS / 60:.0f} minutes; "
                "look for an `upwell run` that hangs, or choose another folder with --outputs"
            ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def open_run(
    outputs: Path, *, started: datetime, on_wait: Callable[[str], None]
) -> Iterator[Workspace]:
    """Take the outputs folder for one run, alone.

    Parameters
    ----------
    outputs : made if it is not there.
    started : when the run began; its id is made from it, to the second.
    on_wait : told once, in a sentence, if another run holds the folder.

    Raises
    ------
    StoreError
        The folder cannot be written, or another run has held it for an hour.
    """
    outputs = outputs.absolute()
    with hold(outputs, on_wait=on_wait):
        with in_words(outputs):
            for leftover in (outputs / "runs").glob(".*"):
                remove(leftover)
            workspace = Workspace(outputs, _free_run_id(outputs, started), started)
            (workspace.folder / "work").mkdir(parents=True)
        try:
            yield workspace
        finally:
            remove(workspace.folder)


def publish(
    run: Workspace,
    *,
    tables: Mapping[Table, pl.DataFrame],
    members: pl.DataFrame,
    files: Mapping[str, bytes],
    manifest: Manifest,
    data_dictionary: str,
    topic_model: Mapping[str, pl.DataFrame] | None = None,
) -> Path:
    """Make a finished run visible, all at once.

    Parameters
    ----------
    run : the run in the making.
    tables : every published table; each is checked against its schema first.
    members : `topic_id`, `paper_id`: what `lineage` needs in the next run.
    files : further files by their path in the run's folder, such as `figures/rising.png`.
    manifest : becomes `run.json`.
    data_dictionary : becomes `README.md` of the outputs folder.
    topic_model : tables by name: what puts papers into the run's topics in later runs.

    Returns
    -------
    The folder of the published run; `latest` points at it.

    Raises
    ------
    TableError
        A table breaks its contract; nothing is published.
    StoreError
        The folder cannot be written; nothing is published and the last run stays.
    """
    conformed = {table: table.conform(frame) for table, frame in tables.items()}
    final = run.outputs / "runs" / run.run_id
    with in_words(run.outputs):
        for table, frame in conformed.items():
            write(run.folder / f"{table.name}.parquet", parquet(frame, _about(table)))
        write(run.folder / _MEMBERS, parquet(members, {}))
        for name, frame in (topic_model or {}).items():
            write(run.folder / _TOPIC_MODEL / f"{name}.parquet", parquet(frame, {}))
        for name, content in files.items():
            write(run.folder / name, content)
        write(run.folder / "run.json", manifest.model_dump_json(indent=2).encode() + b"\n")
        remove(run.folder / "work")
        write(run.folder / checksums.NAME, checksums.sum_up(run.folder))
        for folder in [run.folder, *(f for f in run.folder.rglob("*") if f.is_dir())]:
            flush_folder(folder)
        run.folder.rename(final)
        flush_folder(final.parent)
        point(run.outputs / "latest", Path("runs") / run.run_id)
        readme = run.outputs / "README.md"
        if not readme.exists() or readme.read_text() != data_dictionary:
            write(readme, data_dictionary.encode())
    return final


def add_to_run(
    folder: Path, *, tables: Mapping[Table, pl.DataFrame], files: Mapping[str, bytes]
) -> None:
    """Put tables and files beside those of a published run, each whole or not at all.

    Parameters
    ----------
    folder : of the run.
    tables : checked against their schema first; one that is there already is replaced.
    files : further files by their path in the folder, such as `figures/calibration.png`.

    Raises
    ------
    TableError
        A table breaks its contract; nothing is written.
    StoreError
        The folder cannot be written; what was there before stays.
    """
    content = {
        f"{table.name}.parquet": parquet(table.conform(frame), _about(table))
        for table, frame in tables.items()
    }
    with in_words(folder):
        for name, data in {**files, **content}.items():
            replace(folder / name, data)
        checksums.renew(folder, {**files, **content})


def last_lineage(outputs: Path) -> tuple[pl.DataFrame, pl.DataFrame] | None:
    """What the last run left for `lineage`: its events and its topics' members.

    Raises
    ------
    StoreError
        `latest` is there, but its tables cannot be read.
    """
    latest = outputs / "latest"
    if not latest.exists():
        return None
    try:
        events = pl.read_parquet(latest / f"{TOPIC_LINEAGE.name}.parquet")
        return TOPIC_LINEAGE.conform(events), pl.read_parquet(latest / _MEMBERS)
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise StoreError(
            f"{latest.resolve()}: the last run is damaged ({error}); point {latest} at an older "
            "run or remove it, and topics get new ids"
        ) from error


def last_topic_model(outputs: Path) -> dict[str, pl.DataFrame] | None:
    """The tables of the topic model that the last run left; None if it left none.

    Raises
    ------
    StoreError
        It is there, but cannot be read.
    """
    folder = outputs / "latest" / _TOPIC_MODEL
    try:
        return {p.stem: pl.read_parquet(p) for p in sorted(folder.glob("*.parquet"))} or None
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StoreError(
            f"{folder.resolve()}: the topic model of the last run is damaged ({error}); remove "
            "this folder, and topics are sought from scratch"
        ) from error


def _free_run_id(outputs: Path, started: datetime) -> str:
    """An id that sorts after that of every run there is, whatever the clock says.

    It is the second of the start, or the first one after the newest run: lineage and pruning go by
    the order of ids, and clocks are set back.
    """
    newest = max((_run_time(p.name) for p in (outputs / "runs").glob("[!.]*")), default=_NEVER)
    return f"{max(started.astimezone(UTC), newest + timedelta(seconds=1)):{_RUN_ID}}"


def _run_time(run_id: str) -> datetime:
    """The second that a run id names; the beginning of time for any other name."""
    try:
        return datetime.strptime(run_id, _RUN_ID).replace(tzinfo=UTC)
    except ValueError:
        return _NEVER


def _about(table: Table) -> dict[str, str]:
    """What a file of a table says of itself."""
    return {"upwell.table": table.name, "upwell.schema_version": str(table.version)}
