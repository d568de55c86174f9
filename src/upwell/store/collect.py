"""Files and what is known of them → the records of the corpus; only what is new is read."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatch
from pathlib import Path

import polars as pl

from upwell.config import SourceConfig
from upwell.sources import (
    VERSION,
    FileReport,
    InputFile,
    Reading,
    digest,
    find_files,
    name_files,
    read_files,
)
from upwell.store.corpus import (
    KnownFile,
    Removal,
    State,
    add_batch,
    compact,
    damaged_batches,
    key_of,
    read_batches,
    read_state,
    write_state,
)
from upwell.store.disk import StoreError
from upwell.tables import RECORDS, REJECTS

_VERSION_MARK = 8  # characters of the hash that tell an older version of a file
_SAME = [c for c in RECORDS.columns if c not in {"source", "problems"}]
MAX_NAMES = 5


@dataclass(frozen=True)
class Collected:
    """The corpus: `records` and `rejects` of every file of it, and a report a file, by name.

    `n_read` files were read now, the others were known; `digest` is of all that decides the
    records; `removed` are the papers that the operator took out, by their id; `notes` say what was
    mended or is no longer there.
    """

    records: pl.DataFrame
    rejects: pl.DataFrame
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
    keep: bool = True,
    progress: Callable[[int, int], None] | None = None,
) -> Collected:
    """Every record of the corpus, reading only the files that are new or changed.

    Parameters
    ----------
    outputs : whose state has what is known.
    paths : files, folders or globs; none means the corpus as it is known, which needs `join`.
    config : how files are read; a file that was read otherwise is read again.
    today : no paper is dated after it.
    join : the files join the corpus, whose other files stay in it, on disk or not; else they are
        all of it.
    keep : remember what was read; not for files that are there for this run only.
    progress : told after each file that is read.

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
    before = read_state(outputs) if keep else State()
    whole, lost = _part_damaged(outputs, before)
    given = find_files(paths) if paths or not (join and before.current) else ()
    reading = _reading(config)
    known = {file.key: file for file in whole.files}
    keys = {key_of(f.path, digest(f.path)[0], reading): f for f in given}
    again, notes = _recover(lost, set(keys), join=join)
    new = {k: f for k, f in keys.items() if k not in known or _is_due(known[k], today)}
    todo = new | again
    found = read_files(
        [InputFile(key, file.path) for key, file in todo.items()],
        config=config,
        today=today,
        progress=progress,
    )
    fresh = [_known(report, todo[report.name], reading, today) for report in found.files]
    if keep:
        state = add_batch(outputs, whole, fresh, found.records, found.rejects)
    else:
        state = State(files=tuple(fresh))
    state = _choose(state, set(keys) | again.keys(), join=join)
    if keep and state != before:
        state = compact(outputs, state)
        write_state(outputs, state)
    rows = read_batches(outputs, state.current) if keep else _unbatched(found)
    return _assemble(state, *rows, n_read=len(todo), notes=notes)


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
    given = find_files(paths) if paths or not (join and state.current) else ()
    reading = _reading(config)
    known = {file.key: file for file in state.files}
    keys = {key_of(f.path, digest(f.path)[0], reading) for f in given}
    if any(key not in known or _is_due(known[key], today) for key in keys):
        return None
    return _choose(state, keys, join=join).digest


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


def _unbatched(found: Reading) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Records and rejects as `read_batches` gives them."""
    parts = pl.col("source").str.splitn("#", 2).struct
    keyed = [
        frame.with_columns(key=parts.field("field_0"), position=parts.field("field_1"))
        for frame in (found.records, found.rejects)
    ]
    return keyed[0].drop("source"), keyed[1].drop("source")


def _assemble(
    state: State, records: pl.DataFrame, rejects: pl.DataFrame, *, n_read: int,
    notes: tuple[str, ...],
) -> Collected:  # fmt: skip
    """Names for keys, the newest version of each file, and what was taken out."""
    names = _names(state.current)
    kept, out = _take_out(_sourced(_without_repeats(state, records), names), state.removals)
    bad = _sourced(rejects, names)
    n_records = dict(kept["name"].value_counts().iter_rows())
    n_bad = pl.concat([bad["name"], out["source"].str.replace(r"#[^#]*$", "")]).value_counts()
    n_rejects = dict(n_bad.iter_rows())
    named = sorted(((names[f.key], f) for f in state.current), key=lambda pair: pair[0])
    gone = sum(not f.path.exists() for f in state.current)
    if gone:
        notes += (f"{gone} files are no longer on disk; their papers stay in the corpus",)
    return Collected(
        RECORDS.conform(kept),
        REJECTS.conform(pl.concat([bad.select(out.columns), out])),
        tuple(_report(file, name, n_records, n_rejects) for name, file in named),
        n_read,
        state.digest,
        {r.what: r.on for r in state.removals if r.kind == "paper"},
        notes,
    )


def _names(files: Sequence[KnownFile]) -> dict[str, str]:
    """The name of each file by its key; older versions of a file carry a mark of their content."""
    by_path = {f.path: f.name for f in name_files({(f.path, f.depth) for f in files})}
    newest = {f.path: f.key for f in files}
    return {
        f.key: by_path[f.path] + ("" if newest[f.path] == f.key else f"~{f.sha256[:_VERSION_MARK]}")
        for f in files
    }


def _without_repeats(state: State, records: pl.DataFrame) -> pl.DataFrame:
    """The records without those of a file's older versions that a newer one has as well."""
    keys = [f.key for f in state.current]
    paths = [str(f.path) for f in state.current]
    order = pl.DataFrame({"key": keys, "path": paths}).with_row_index("age")
    twice = order.filter(pl.col("path").is_duplicated())
    if twice.is_empty():
        return records
    said = [
        pl.col(c).list.join("\x1f") if c == "categories" else pl.col(c).cast(pl.String)
        for c in _SAME
    ]
    content = pl.concat_str(*(c.fill_null("\x1e") for c in said), separator="\x1f")
    older = (
        records.with_columns(content=content)
        .join(twice, on="key")
        .filter(pl.col("age") < pl.col("age").max().over("path", "content"))
    )
    return records.join(older, on=["key", "position"], how="anti")


def _sourced(frame: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    """`source` from the name of the file and the position in it."""
    name = pl.col("key").replace_strict(names, return_dtype=pl.String)
    return frame.with_columns(
        source=pl.concat_str(name, "position", separator="#", ignore_nulls=True), name=name
    )


def _take_out(
    records: pl.DataFrame, removals: Sequence[Removal]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The records that stay, and those of removed sources as rejects."""
    stay, out = records, [REJECTS.empty()]
    for removal in (r for r in removals if r.kind == "source"):
        hit = [n for n in stay["name"].unique() if fnmatch(n, removal.what)]
        gone = pl.col("name").is_in(hit)
        out.append(_as_rejects(stay.filter(gone), f"--source {removal.what}", removal.on))
        stay = stay.filter(~gone)
    return stay, pl.concat(out)


def take_out(
    papers: pl.DataFrame,
    duplicates: pl.DataFrame,
    records: pl.DataFrame,
    *,
    removed: Mapping[str, date],
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Papers without those that the operator took out.

    Parameters
    ----------
    papers, duplicates : as deduplication gives them.
    records : what they were made of.
    removed : the day on which each paper was taken out, by its id.

    Returns
    -------
    The other papers and duplicates, and every record of the removed papers as a reject.
    """
    out = [REJECTS.empty()]
    for paper_id, on in removed.items():
        sources = papers.filter(paper_id=paper_id).select(source=pl.col("sources").explode())
        mine = records.join(sources, on="source", how="semi")
        out.append(_as_rejects(mine, f"--paper {paper_id}", on))
    gone = pl.col("paper_id").is_in(list(removed))
    return papers.filter(~gone), duplicates.filter(~gone), REJECTS.conform(pl.concat(out))


def _as_rejects(records: pl.DataFrame, what: str, on: date) -> pl.DataFrame:
    """Records that were taken out with `upwell remove`, as rejects."""
    return records.select(
        "source",
        reason=pl.lit("removed"),
        detail=pl.lit(f"taken out by `upwell remove {what}` on {on.isoformat()}"),
        excerpt=pl.col("title").fill_null(pl.col("abstract")).str.slice(0, 200),
    )


def _report(
    file: KnownFile, name: str, n_records: Mapping[str, int], n_rejects: Mapping[str, int]
) -> FileReport:
    """What became of one file of the corpus."""
    return FileReport(
        name=name,
        path=file.path,
        format=file.format,
        sha256=file.sha256,
        n_bytes=file.n_bytes,
        n_records=n_records.get(name, 0),
        n_rejects=n_rejects.get(name, 0),
        notes=file.notes,
        has_future=file.is_provisional,
    )
