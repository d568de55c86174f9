"""The corpus between runs: what every file held that was ever read, and which files make it up.

    outputs/state/
      corpus.json              this file's `State`: the files, the batches, what was taken out
      corpus/000001.parquet    records of the files that were read in one go, under the file's key
      corpus/000001.rejects.parquet

Batches are written once and never changed; many are merged into one. `corpus.json` is swapped in
one step after them, and what it does not name does not exist: a run that is killed leaves at worst
a batch that the next one removes. A file is known by its path, its bytes and how it was read, so a
file that grew is read again and one that did not change never.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path

import polars as pl
from pydantic import BaseModel, ConfigDict, ValidationError

from upwell.sources import digest
from upwell.store.disk import (
    StoreError,
    first_line,
    flush_folder,
    in_words,
    parquet,
    replace,
    write,
)
from upwell.tables import RECORDS, REJECTS

VERSION = 1
"""Of the layout; raised when older states cannot be read as they are."""
MAX_BATCHES = 16
"""More than these are merged into one."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KnownFile(_Part):
    """A file as it was read: `reading` is how, `batch` where its records are.

    `depth` is as in `sources.InputFile`. `is_current` says that it is part of the corpus,
    `is_provisional` that it held a date after `read_on` and is read again on another day.
    """

    key: str
    path: Path
    depth: int
    sha256: str
    n_bytes: int
    reading: str
    format: str | None
    n_records: int
    n_rejects: int
    notes: tuple[str, ...]
    batch: str
    read_on: date
    is_current: bool = True
    is_provisional: bool = False


class Removal(_Part):
    """What the operator took out: a `paper` by its id, or a `source` by a pattern of file names."""

    kind: str
    what: str
    on: date


class State(_Part):
    """Everything known of the corpus but the records; `batches` has the SHA-256 of each file."""

    version: int = VERSION
    files: tuple[KnownFile, ...] = ()
    batches: Mapping[str, str] = {}
    removals: tuple[Removal, ...] = ()

    @property
    def current(self) -> tuple[KnownFile, ...]:
        """The files that make up the corpus, in the order they were read."""
        return tuple(file for file in self.files if file.is_current)

    @property
    def digest(self) -> str:
        """Of all that decides which records and rejects the corpus has."""
        facts = sorted((f.path.parts[-f.depth :], f.sha256, f.reading) for f in self.current)
        removed = sorted((r.kind, r.what) for r in self.removals)
        return hashlib.sha256(json.dumps([facts, removed]).encode()).hexdigest()


def key_of(path: Path, sha256: str, reading: str) -> str:
    """The key of a file that was read in one way."""
    return hashlib.sha256(f"{path}\n{sha256}\n{reading}".encode()).hexdigest()[:16]


def read_state(outputs: Path) -> State:
    """What is known of the corpus; nothing if no run has kept any.

    Raises
    ------
    StoreError
        The state is damaged, or was left by a newer version.
    """
    path = _state_file(outputs)
    if not path.exists():
        return State()
    try:
        content = json.loads(path.read_bytes())
        version = content["version"]
        if version == VERSION:
            return State.model_validate(content)
    except (OSError, ValueError, KeyError, TypeError, ValidationError) as error:
        raise StoreError(
            f"{path}: the state of the corpus is damaged ({first_line(error)}); `upwell rebuild` "
            "makes it anew from the files that were read"
        ) from error
    raise StoreError(
        f"{path}: the state has version {version}, this upwell keeps version {VERSION}; "
        + (
            "use the newer upwell that wrote it"
            if isinstance(version, int) and version > VERSION
            else "`upwell rebuild` makes it anew from the files that were read"
        )
    )


def write_state(outputs: Path, state: State) -> None:
    """Swap the state for another in one step, then remove the batches that it does not name."""
    folder = _batch_folder(outputs)
    with in_words(outputs):
        folder.mkdir(parents=True, exist_ok=True)
        flush_folder(folder)
        replace(_state_file(outputs), state.model_dump_json(indent=1).encode() + b"\n")
        for stray in folder.iterdir():
            if stray.name not in state.batches:
                stray.unlink(missing_ok=True)


def add_batch(
    outputs: Path, state: State, files: Sequence[KnownFile], records: pl.DataFrame,
    rejects: pl.DataFrame,
) -> State:  # fmt: skip
    """The state with files that were just read; their batch is on disk, the state not yet.

    Parameters
    ----------
    outputs : folder of the outputs.
    state : as it is.
    files : what was read; their `batch` is set here. Those read again take the place of the old.
    records, rejects : of these files, `source` being `key#position` or, of a whole file, `key`.
    """
    if not files:
        return state
    name = f"{max((int(n[:6]) for n in state.batches), default=0) + 1:06}"
    fresh = {file.key: file.model_copy(update={"batch": name}) for file in files}
    kept = tuple(file for file in state.files if file.key not in fresh)
    hashes = _write_batch(outputs, name, records, rejects)
    return state.model_copy(
        update={"files": (*kept, *fresh.values()), "batches": {**state.batches, **hashes}}
    )


def damaged_batches(outputs: Path, state: State) -> frozenset[str]:
    """The batches of which a file is missing or is not what was written."""
    folder = _batch_folder(outputs)
    return frozenset(
        name[:6] for name, sha256 in state.batches.items() if digest(folder / name)[0] != sha256
    )


def read_batches(outputs: Path, files: Iterable[KnownFile]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Records and rejects of known files, in the order of their key and batch.

    Returns
    -------
    Two frames as in `tables.RECORDS` and `tables.REJECTS`, but with the `key` of the file and the
    `position` in it (null for a whole file) in place of `source`.
    """
    files = tuple(files)
    mine = pl.DataFrame(
        {"key": [f.key for f in files], "batch": [f.batch for f in files]},
        schema={"key": pl.String, "batch": pl.String},
    )
    folder, found = _batch_folder(outputs), []
    for ending, table in zip(_ENDINGS, (RECORDS, REJECTS), strict=True):
        batches = mine["batch"].unique().sort()
        parts = [pl.read_parquet(folder / f"{name}{ending}") for name in batches]
        named = [
            keyed(p).with_columns(batch=pl.lit(n)) for n, p in zip(batches, parts, strict=True)
        ]
        # A batch of an older version lacks columns that were added since; they are null.
        empty = keyed(table.empty()).with_columns(batch=pl.lit(""))
        whole = pl.concat([empty, *named], how="diagonal")
        found.append(whole.join(mine, on=["key", "batch"], how="semi").drop("batch"))
    return found[0], found[1]


def compact(outputs: Path, state: State) -> State:
    """The state with its batches merged into one, if there are many, without unused files."""
    if len(state.batches) <= len(_ENDINGS) * MAX_BATCHES:
        return state
    records, rejects = read_batches(outputs, state.current)
    merged = State(version=state.version, batches=state.batches, removals=state.removals)
    merged = add_batch(outputs, merged, state.current, _unkeyed(records), _unkeyed(rejects))
    name = merged.files[0].batch if merged.files else ""
    return merged.model_copy(
        update={"batches": {n: s for n, s in merged.batches.items() if n.startswith(name)}}
    )


_ENDINGS = (".parquet", ".rejects.parquet")


def _state_file(outputs: Path) -> Path:
    return outputs / "state" / "corpus.json"


def _batch_folder(outputs: Path) -> Path:
    return outputs / "state" / "corpus"


def _write_batch(
    outputs: Path, name: str, records: pl.DataFrame, rejects: pl.DataFrame
) -> dict[str, str]:
    """Write both files of a batch; returns the hash of each by its name."""
    hashes = {}
    for ending, frame in zip(_ENDINGS, (records, rejects), strict=True):
        content = parquet(frame, {"upwell.state_version": str(VERSION)})
        write(_batch_folder(outputs) / f"{name}{ending}", content)
        hashes[f"{name}{ending}"] = hashlib.sha256(content).hexdigest()
    return hashes


def keyed(frame: pl.DataFrame) -> pl.DataFrame:
    """`source` parted into `key` and `position`.

    The position is null for a whole file, and `!member#position` inside an archive.
    """
    source = pl.col("source")
    position = source.str.extract(r"^[^#!]*([#!].*)$").str.strip_prefix("#")
    return frame.with_columns(key=source.str.extract(r"^([^#!]*)"), position=position).drop(
        "source"
    )


def sourced(name: str | pl.Expr) -> pl.Expr:
    """A `source` of a name and the column `position`."""
    position = pl.col("position")
    is_inside = position.str.starts_with("!") | position.is_null()
    mark = pl.when(is_inside).then(pl.lit("")).otherwise(pl.lit("#"))
    return pl.concat_str(name, mark, position.fill_null(""))


def _unkeyed(frame: pl.DataFrame) -> pl.DataFrame:
    """`key` and `position` put together again."""
    rest = [c for c in frame.columns if c not in {"key", "position"}]
    return frame.select(sourced("key").alias("source"), *rest)
