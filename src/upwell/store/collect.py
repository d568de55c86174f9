"""Files and what is known of them → the records of the corpus; only what is new is read."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from upwell.config import SourceConfig
from upwell.sources import (
    VERSION,
    FileReport,
    InputFile,
    Sink,
    digest,
    find_files,
    read_files,
    stream_files,
)
from upwell.store.assemble import Parts, assemble
from upwell.store.corpus import (
    BatchWriter,
    KnownFile,
    State,
    compact,
    damaged_batches,
    key_of,
    keyed,
    read_batches,
    read_state,
    write_state,
)
from upwell.store.disk import StoreError
from upwell.tables import RECORDS, REJECTS

MAX_NAMES = 5


@dataclass(frozen=True)
class Collected:
    """The corpus: `records` and `rejects` of every file of it, and a report a file, by name.

    Both are queries, each for a part of the rows, as in `tables.RECORDS` and `tables.REJECTS`: what
    is on disk need not fit in memory. `n_read` files were read now, the others were known; `digest`
    is of all that decides the records; `removed` are the papers that the operator took out, by
    their id; `notes` say what was mended or is no longer there.
    """

    records: Parts
    rejects: Parts
    files: tuple[FileReport, ...]
    n_read: int
    digest: str
    removed: Mapping[str, date]
    notes: tuple[str, ...]


def collect(
    outputs: Path,
    paths: Sequence[Path],
    *,
    config: SourceConfig,
    today: date,
    join: bool,
    progress: Callable[[int, int], None] | None = None,
) -> Collected:
    """Every record of the corpus, reading only the files that are new or changed.

    Parameters
    ----------
    outputs : whose state has what is known.
    paths : files, folders or globs; none means the corpus as it is known, which needs `join`. Where
        there is one to join, folders may be empty by now.
    config : how files are read; a file that was read otherwise is read again.
    today : no paper is dated after it.
    join : the files join the corpus, whose other files stay in it, on disk or not; else they are
        all of it.
    progress : told now and then how many bytes are read and how many there are to read.

    Returns
    -------
    The corpus; neither the order in which files came nor how many runs they came in matters.

    Raises
    ------
    InputError
        A path is none, or nothing is given and nothing known.
    StoreError
        What is known is damaged and cannot be read again, or cannot be written.
    """
    before = read_state(outputs)
    whole, lost = _part_damaged(outputs, before)
    given = _given(paths, before, join=join)
    reading = _reading(config)
    known = {file.key: file for file in whole.files}
    keys = _by_key(given, reading)
    again, notes = _recover(lost, set(keys), join=join)
    new = {k: f for k, f in keys.items() if k not in known or _is_due(known[k], today)}
    todo = new | again
    state = whole
    if todo:
        writer = BatchWriter(outputs, whole)
        sink = Sink(partial(writer.add, RECORDS), partial(writer.add, REJECTS))
        asked = [InputFile(key, file.path) for key, file in todo.items()]
        reports = stream_files(asked, sink, config=config, today=today, progress=progress)
        state = writer.added([_known(r, todo[r.name], reading, today) for r in reports])
    state = _choose(state, set(keys) | again.keys(), join=join)
    if state != before:
        state = compact(outputs, state)
        write_state(outputs, state)
    records, rejects, files = assemble(state, *read_batches(outputs, state.current).values())
    n_gone = sum(not file.path.exists() for file in state.current)
    if n_gone:
        notes += (f"{n_gone} files are no longer on disk; their papers stay in the corpus",)
    removed = {r.what: r.on for r in state.removals if r.kind == "paper"}
    return Collected(records, rejects, files, len(todo), state.digest, removed, notes)


def read_once(paths: Sequence[Path], *, config: SourceConfig, today: date) -> Collected:
    """Every record of files that are there for one run only; nothing of them is remembered.

    Parameters
    ----------
    paths, config, today : as for `collect`; the records have to fit in memory.
    """
    reading = _reading(config)
    files = _by_key(find_files(paths), reading)
    asked = [InputFile(key, file.path) for key, file in files.items()]
    found = read_files(asked, config=config, today=today)
    state = State(files=tuple(_known(r, files[r.name], reading, today) for r in found.files))
    rows = [[keyed(frame.lazy())] for frame in (found.records, found.rejects)]
    records, rejects, reports = assemble(state, *rows)
    return Collected(records, rejects, reports, len(files), state.digest, {}, ())


def peek(
    outputs: Path, paths: Sequence[Path], *, config: SourceConfig, today: date, join: bool
) -> str | None:
    """What `collect` would give as `digest`, if it had nothing to read; else None.

    Parameters
    ----------
    outputs, paths, config, today, join : as for `collect`.

    Raises
    ------
    InputError, StoreError
        As `collect`.
    """
    state = read_state(outputs)
    if damaged_batches(outputs, state):
        return None
    given = _given(paths, state, join=join)
    reading = _reading(config)
    known = {file.key: file for file in state.files}
    keys = set()
    for file in given:  # the first one that is new ends it, unread
        key = key_of(file.path, digest(file.path)[0], reading)
        if key not in known or _is_due(known[key], today):
            return None
        keys.add(key)
    return _choose(state, keys, join=join).digest


def _given(paths: Sequence[Path], state: State, *, join: bool) -> tuple[InputFile, ...]:
    """The files that are given; none will do where there is a corpus to join."""
    is_known = join and bool(state.current)
    return find_files(paths, may_be_empty=is_known) if paths or not is_known else ()


def _by_key(files: Iterable[InputFile], reading: str) -> dict[str, InputFile]:
    """Files by the key of what they hold now."""
    return {key_of(file.path, digest(file.path)[0], reading): file for file in files}


def _reading(config: SourceConfig) -> str:
    """How files are read, in one word that changes whenever it does."""
    return hashlib.sha256(f"{VERSION} {config.model_dump_json()}".encode()).hexdigest()[:12]


def _is_due(file: KnownFile, today: date) -> bool:
    """Whether a known file is read again, as dates in it may lie in the past by now."""
    return file.is_provisional and file.read_on != today


def _part_damaged(outputs: Path, state: State) -> tuple[State, tuple[KnownFile, ...]]:
    """The state without damaged batches, and the files that were in them."""
    hurt = damaged_batches(outputs, state)
    whole = state.model_copy(
        update={
            "files": tuple(f for f in state.files if f.batch not in hurt),
            "batches": {n: s for n, s in state.batches.items() if n[:6] not in hurt},
        }
    )
    return whole, tuple(f for f in state.files if f.batch in hurt)


def _recover(
    lost: Iterable[KnownFile], given: set[str], *, join: bool
) -> tuple[dict[str, InputFile], tuple[str, ...]]:
    """Files of damaged batches that the corpus needs, to be read again, and what to say of it."""
    needed = [f for f in lost if f.key not in given and join and f.is_current]
    gone = [f for f in needed if digest(f.path)[0] != f.sha256]
    if gone:
        listed = ", ".join(str(f.path) for f in gone[:MAX_NAMES])
        more = f" and {len(gone) - MAX_NAMES} more" if len(gone) > MAX_NAMES else ""
        raise StoreError(
            f"the state of the corpus is damaged, and {len(gone)} files that it was read from are "
            f"gone or changed: {listed}{more}; put them back, or go on without them with "
            "`upwell rebuild`"
        )
    n_lost = sum(1 for _ in lost)
    note = f"the state of the corpus was damaged; {n_lost} files were read again"
    return {f.key: InputFile(f.key, f.path, f.depth) for f in needed}, (note,) if n_lost else ()


def _known(report: FileReport, file: InputFile, reading: str, today: date) -> KnownFile:
    """A file that was just read under its key; its batch is not known yet."""
    return KnownFile(
        key=report.name,
        path=file.path,
        depth=file.depth,
        sha256=report.sha256,
        n_bytes=report.n_bytes,
        reading=reading,
        format=report.format,
        n_records=report.n_records,
        n_rejects=report.n_rejects,
        notes=report.notes,
        batch="",
        read_on=today,
        is_provisional=report.has_future,
    )


def _choose(state: State, given: set[str], *, join: bool) -> State:
    """The state with the given files as the corpus, or joining it."""
    files = tuple(
        f.model_copy(update={"is_current": f.key in given or (join and f.is_current)})
        for f in state.files
    )
    return state.model_copy(update={"files": files})
