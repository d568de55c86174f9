"""The corpus between runs: what every file held that was ever read, and which files make it up.

    outputs/state/
      corpus.json              this file's `State`: the files, the batches, what was taken out
      corpus/000001.parquet    records of the files that were read in one go, under the file's key
      corpus/000001.rejects.parquet
      corpus/000001.2.parquet  the second part of them, and so on

Memory does not grow with what is read: a part is some ten thousand rows, on disk before the next
ones are read, and what is read of batches is a query for each part. Batches are written once and
never changed; many are merged into one. `corpus.json` is swapped in one step after them, and what
it does not name does not exist: a run that is killed leaves at worst a batch that the next one
removes. A file is known by its path, its bytes and how it was read, so a file that grew is read
again and one that did not change never.
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
from upwell.tables import RECORDS, REJECTS, Table

VERSION = 2
"""Of the layout; raised when an older upwell would read it wrongly. 1 had one part a batch."""
_READ = (1, 2)
PART_ROWS = 50_000
_ENDINGS = {RECORDS: ".parquet", REJECTS: ".rejects.parquet"}
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
        if version in _READ:
            return State.model_validate(content | {"version": VERSION})
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


class BatchWriter:
    """Writes a batch of the corpus; it does not exist until a state that names it is written.

    A part is on disk before the next one begins.
    """

    def __init__(self, outputs: Path, state: State) -> None:
        self._state = state
        self._batch = f"{max((int(name[:6]) for name in state.batches), default=0) + 1:06}"
        folder = _batch_folder(outputs)
        for leftover in folder.glob(f"{self._batch}.*"):  # of a run that was killed
            leftover.unlink()
        self._piles = {table: _Pile(folder, self._batch, table) for table in _ENDINGS}

    def add(self, table: Table, rows: pl.DataFrame) -> None:
        """Takes rows of `RECORDS` or `REJECTS`, `source` being `key#position` or `key`."""
        self._piles[table].add(rows)

    def added(self, files: Sequence[KnownFile]) -> State:
        """The state with these files in the batch; those read again take the place of the old."""
        hashes = {name: sha256 for pile in self._piles.values() for name, sha256 in pile.close()}
        fresh = {file.key: file.model_copy(update={"batch": self._batch}) for file in files}
        kept = tuple(file for file in self._state.files if file.key not in fresh)
        return self._state.model_copy(
            update={
                "files": (*kept, *fresh.values()),
                "batches": {**self._state.batches, **hashes},
            }
        )


class _Pile:
    """Rows of one table that wait to be a part of a batch."""

    def __init__(self, folder: Path, batch: str, table: Table) -> None:
        self._folder = folder
        self._batch = batch
        self._ending = _ENDINGS[table]
        self._waiting = [table.empty()]
        self._n_waiting = 0
        self._hashes: dict[str, str] = {}

    def add(self, rows: pl.DataFrame) -> None:
        """Takes rows."""
        self._waiting.append(rows.select(self._waiting[0].columns))
        self._n_waiting += rows.height
        if self._n_waiting >= PART_ROWS:
            self._write()

    def close(self) -> Iterable[tuple[str, str]]:
        """Writes what is left, one part at least; name and hash of each part."""
        if self._n_waiting or not self._hashes:
            self._write()
        return self._hashes.items()

    def _write(self) -> None:
        """Writes a part, `000001.parquet`, then `000001.2.parquet` and so on."""
        number = f".{len(self._hashes) + 1}" if self._hashes else ""
        name = f"{self._batch}{number}{self._ending}"
        content = parquet(pl.concat(self._waiting), {"upwell.state_version": str(VERSION)})
        write(self._folder / name, content)
        self._hashes[name] = hashlib.sha256(content).hexdigest()
        self._waiting, self._n_waiting = self._waiting[:1], 0


def damaged_batches(outputs: Path, state: State) -> frozenset[str]:
    """The batches of which a file is missing or is not what was written."""
    folder = _batch_folder(outputs)
    return frozenset(
        name[:6] for name, sha256 in state.batches.items() if digest(folder / name)[0] != sha256
    )


def read_batches(outputs: Path, files: Iterable[KnownFile]) -> dict[Table, list[pl.LazyFrame]]:
    """Records and rejects of known files: queries for the parts of their batches, in order.

    They give rows as in `tables.RECORDS` and `tables.REJECTS`, but with the `key` of the file and
    the `position` in it (null for a whole file) in place of `source`.
    """
    keys: dict[str, list[str]] = {}
    for file in files:
        keys.setdefault(file.batch, []).append(file.key)
    found = {table: [keyed(table.empty().lazy())] for table in _ENDINGS}
    for batch, mine in sorted(keys.items()):
        paths = _batch_folder(outputs).glob(f"{batch}.*")
        for path in sorted(paths, key=lambda p: (len(p.name), p.name)):
            table = REJECTS if path.name.endswith(_ENDINGS[REJECTS]) else RECORDS
            # A batch of an older version lacks columns that were added since; they are null.
            part = pl.concat([table.empty().lazy(), pl.scan_parquet(path)], how="diagonal")
            found[table].append(keyed(part).filter(pl.col("key").is_in(mine)))
    return found


def compact(outputs: Path, state: State) -> State:
    """The state with its batches merged into one, if there are many, without unused files."""
    if len({name[:6] for name in state.batches}) <= MAX_BATCHES:
        return state
    writer = BatchWriter(outputs, state)
    for table, parts in read_batches(outputs, state.current).items():
        for part in parts:
            writer.add(table, part.with_columns(source=sourced("key")).collect())
    merged = writer.added(state.current)
    batch = {file.batch for file in merged.current}
    return merged.model_copy(
        update={
            "files": merged.current,
            "batches": {n: s for n, s in merged.batches.items() if n[:6] in batch},
        }
    )


def _state_file(outputs: Path) -> Path:
    return outputs / "state" / "corpus.json"


def _batch_folder(outputs: Path) -> Path:
    return outputs / "state" / "corpus"


def keyed(frame: pl.LazyFrame) -> pl.LazyFrame:
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
