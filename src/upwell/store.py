"""The only writer: the outputs folder, its runs, and the state between them.

    outputs/
      latest             link to the newest complete run
      runs/<run_id>/     published runs
      runs/.<run_id>/    a run in the making; a leftover of a killed one goes at the next start
      state/vectors/     vectors by content, a folder per encoder
      .lock              held by the run that writes

A reader never sees half a run: a run is written into its hidden folder, flushed to disk, renamed,
and only then does `latest` point at it. What is added to a published run later, `add_to_run`
renames into place, file by file.
"""

import errno
import hashlib
import io
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from upwell.manifest import Manifest
from upwell.tables import TOPIC_LINEAGE, Table

LOCK_SECONDS = 3600.0
"""How long a run waits for another one that writes to the same outputs."""
_MEMBERS = "topic_members.parquet"
_TOPIC_MODEL = "topic_model"

_REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder with --outputs",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another --outputs",
    errno.EACCES: "it may not be written; change its permissions or choose another --outputs",
    errno.EPERM: "it may not be written; change its permissions or choose another --outputs",
    errno.EROFS: "it is on a read-only disk; choose another folder with --outputs",
    errno.ENOTDIR: "a part of this path is a file; choose another folder with --outputs",
    errno.EEXIST: "there is a file of this name; choose another folder with --outputs",
}


class StoreError(Exception):
    """The outputs folder cannot be written or does not hold what it should."""


@dataclass(frozen=True)
class TableFile:
    """A table on disk, which is what tasks hand to each other."""

    path: Path
    n_rows: int

    def read(self) -> pl.DataFrame:
        """The table."""
        return pl.read_parquet(self.path)


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
        _write(path, _parquet(frame, {}))
        return TableFile(path, frame.height)

    def put_files(self, name: str, files: Mapping[str, bytes]) -> Path:
        """Write files that a later stage reads into a folder; it goes with the publication."""
        folder = self.folder / "work" / name
        for file, content in files.items():
            _write(folder / file, content)
        return folder

    def put_facts(self, stage: str, facts: Mapping[str, object]) -> None:
        """Leave facts of a stage for the manifest; JSON."""
        _write(self.folder / "work" / f"{stage}.json", json.dumps(dict(facts)).encode())

    def facts(self) -> dict[str, dict[str, Any]]:
        """The facts of every stage that has ended, by stage."""
        paths = sorted((self.folder / "work").glob("*.json"), key=lambda p: p.stat().st_mtime_ns)
        return {path.stem: json.loads(path.read_text()) for path in paths}


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
    from filelock import FileLock, Timeout

    outputs = outputs.absolute()
    with _in_words(outputs):
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
        with _in_words(outputs):
            for leftover in (outputs / "runs").glob(".*"):
                _remove(leftover)
            workspace = Workspace(outputs, _free_run_id(outputs, started), started)
            (workspace.folder / "work").mkdir(parents=True)
        try:
            yield workspace
        finally:
            _remove(workspace.folder)
    finally:
        lock.release()


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
    with _in_words(run.outputs):
        for table, frame in conformed.items():
            _write(run.folder / f"{table.name}.parquet", _parquet(frame, _about(table)))
        _write(run.folder / _MEMBERS, _parquet(members, {}))
        for name, frame in (topic_model or {}).items():
            _write(run.folder / _TOPIC_MODEL / f"{name}.parquet", _parquet(frame, {}))
        for name, content in files.items():
            _write(run.folder / name, content)
        _write(run.folder / "run.json", manifest.model_dump_json(indent=2).encode() + b"\n")
        _remove(run.folder / "work")
        for folder in [run.folder, *(f for f in run.folder.rglob("*") if f.is_dir())]:
            _flush_folder(folder)
        run.folder.rename(final)
        _flush_folder(final.parent)
        _point(run.outputs / "latest", Path("runs") / run.run_id)
        readme = run.outputs / "README.md"
        if not readme.exists() or readme.read_text() != data_dictionary:
            _write(readme, data_dictionary.encode())
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
        f"{table.name}.parquet": _parquet(table.conform(frame), _about(table))
        for table, frame in tables.items()
    }
    with _in_words(folder):
        for name, data in {**files, **content}.items():
            _replace(folder / name, data)


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


def read_vectors(outputs: Path, encoder: str) -> pl.DataFrame | None:
    """Vectors that an encoder gave in earlier runs: `content_hash`, `vector`; None if none.

    A file that cannot be read is left out: its vectors are computed again.
    """
    batches = []
    for path in sorted(_vector_folder(outputs, encoder).glob("*.parquet")):
        with suppress(OSError, pl.exceptions.PolarsError):
            batches.append(pl.read_parquet(path, columns=["content_hash", "vector"]))
    return pl.concat(batches).unique("content_hash", maintain_order=True) if batches else None


def keep_vectors(run: Workspace, encoder: str, fresh: pl.DataFrame) -> None:
    """Add newly computed vectors (`content_hash`, `vector`) to those that are kept."""
    if fresh.height:
        about = {"upwell.encoder": encoder}
        path = _vector_folder(run.outputs, encoder) / f"{run.run_id}.parquet"
        with _in_words(run.outputs):
            _write(path.with_suffix(".partial"), _parquet(fresh, about))
            path.with_suffix(".partial").rename(path)


def _vector_folder(outputs: Path, encoder: str) -> Path:
    """Folder of one encoder's vectors; its name is safe whatever the encoder is called."""
    readable = "".join(c if c.isalnum() else "-" for c in encoder)[:40].strip("-")
    digest = hashlib.sha256(encoder.encode()).hexdigest()[:12]
    return outputs / "state" / "vectors" / f"{readable}-{digest}"


def _free_run_id(outputs: Path, started: datetime) -> str:
    """An id that sorts by time and that no run has."""
    stem = started.astimezone(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    run_id, n = stem, 1
    while (outputs / "runs" / run_id).exists():
        n += 1
        run_id = f"{stem}-{n}"
    return run_id


def _about(table: Table) -> dict[str, str]:
    """What a file of a table says of itself."""
    return {"upwell.table": table.name, "upwell.schema_version": str(table.version)}


def _parquet(frame: pl.DataFrame, about: Mapping[str, str]) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, metadata=dict(about))
    return buffer.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Write and flush to disk, so that a rename after it never shows an empty file."""
    with _in_words(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def _replace(path: Path, content: bytes) -> None:
    """Write a file such that a reader sees the old one or the new one, never a part."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        _write(fresh, content)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    _flush_folder(path.parent)


def _flush_folder(path: Path) -> None:
    """Flush a folder's entries to disk, where the system can."""
    if os.name == "posix":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _point(link: Path, target: Path) -> None:
    """Swap a link in one step."""
    fresh = link.with_name(f".{link.name}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target, target_is_directory=True)
    fresh.replace(link)
    _flush_folder(link.parent)


def _remove(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Turn an input/output error into one that says what is wrong and what to do."""
    try:
        yield
    except OSError as error:
        where = error.filename or path
        remedy = _REMEDIES.get(error.errno or 0, f"{error.strerror}; choose another --outputs")
        raise StoreError(f"{where}: cannot write here: {remedy}") from error
