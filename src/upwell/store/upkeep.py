"""Keeping house: take papers out, remove old runs, check everything, make the state anew."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from upwell.config import SourceConfig
from upwell.manifest import Manifest
from upwell.sources import digest, name_files
from upwell.store import checksums
from upwell.store.assemble import count_rows
from upwell.store.collect import collect
from upwell.store.corpus import (
    Removal,
    State,
    damaged_batches,
    read_batches,
    read_state,
    write_state,
)
from upwell.store.disk import StoreError, first_line, in_words, remove
from upwell.store.removals import MEMBER, is_named
from upwell.tables import PAPERS, RECORDS

MAX_NAMES = 3


@dataclass(frozen=True)
class Rebuilt:
    """What `rebuild` read again, and the files that were gone, whose papers are lost."""

    n_files: int
    n_records: int
    gone: tuple[Path, ...]


def take_papers_out(
    outputs: Path, *, papers: Sequence[str], sources: Sequence[str], today: date
) -> tuple[Removal, ...]:
    """Take papers out of the corpus for good: from the next run on, and whoever brings them again.

    Parameters
    ----------
    outputs : folder of the outputs.
    papers : ids of papers of the latest run.
    sources : names of files or of members of archives as they stand in `sources`, or patterns of
        them such as `*2019*`.
    today : said with the rejects.

    Returns
    -------
    What is taken out now and was not before.

    Raises
    ------
    StoreError
        There is no such paper in the latest run, or no such file or member in the corpus.
    """
    state = read_state(outputs)
    known = _latest_papers(outputs)
    for paper in papers:
        if paper not in known:
            raise StoreError(
                f"--paper {paper}: the latest run in {outputs} has no such paper; its id is the "
                "column paper_id of papers.parquet"
            )
    places = _places(outputs, state) if sources else {}
    for source in sources:
        if not any(is_named(source, *place) for place in places):
            raise StoreError(_unknown(source, outputs, places))
    before = {(r.kind, r.what) for r in state.removals}
    wanted = [("paper", p) for p in papers] + [("source", s) for s in sources]
    fresh = tuple(
        Removal(kind=kind, what=what, on=today)
        for kind, what in dict.fromkeys(wanted)
        if (kind, what) not in before
    )
    write_state(outputs, state.model_copy(update={"removals": (*state.removals, *fresh)}))
    return fresh


def n_named(outputs: Path, source: str) -> int:
    """How many records of the corpus a name or pattern names, as `take_papers_out` takes it."""
    places = _places(outputs, read_state(outputs))
    return sum(n for place, n in places.items() if is_named(source, *place))


def prune(outputs: Path, *, keep: int) -> tuple[str, ...]:
    """Remove all published runs but the newest, never the one that `latest` points at.

    Parameters
    ----------
    outputs : folder of the outputs.
    keep : how many runs stay, at least 1.

    Returns
    -------
    The ids of the runs that went, the oldest first.
    """
    latest = (outputs / "latest").resolve().name if (outputs / "latest").exists() else ""
    runs = sorted(p.name for p in (outputs / "runs").glob("[!.]*") if p.is_dir())
    others = [name for name in runs if name != latest]
    stay = max(0, keep - (latest in runs))
    gone = others[: max(0, len(others) - stay)]
    with in_words(outputs):
        for name in gone:
            hidden = outputs / "runs" / f".{name}"  # a reader never sees half of it
            (outputs / "runs" / name).rename(hidden)
            remove(hidden)
    return tuple(gone)


def verify(outputs: Path) -> tuple[str, ...]:
    """What is damaged in a folder of outputs, in words; nothing if all is well.

    Every checksum of every run and batch, every count of the state, and every vector is looked at.
    """
    return (*_state_faults(outputs), *_vector_faults(outputs), *_run_faults(outputs))


def rebuild(outputs: Path, *, config: SourceConfig, today: date) -> Rebuilt:
    """Read every file of the corpus again and make the state of what is there.

    Parameters
    ----------
    outputs : folder of the outputs; where `corpus.json` is damaged, the latest run says which
        files there were.
    config : how files are read.
    today : no paper is dated after it.

    Raises
    ------
    StoreError
        Nothing says which files there were, or none of them is left.
    """
    paths, removals = _remembered(outputs)
    there = [path for path in paths if digest(path)[0]]
    gone = tuple(path for path in paths if path not in there)
    if not there:
        raise StoreError(
            f"{outputs}: none of the files that the corpus was read from is left"
            if paths
            else f"{outputs}: nothing says which files the corpus was read from; remove "
            f"{outputs / 'state' / 'corpus.json'} and name them to `upwell run --into {outputs}`"
        )
    write_state(outputs, State(removals=removals))
    found = collect(outputs, there, config=config, today=today, join=False)
    return Rebuilt(len(there), sum(file.n_records for file in found.files), gone)


def _remembered(outputs: Path) -> tuple[list[Path], tuple[Removal, ...]]:
    """The files of the corpus and what was taken out, from the state or else the latest run."""
    try:
        state = read_state(outputs)
    except StoreError:
        state = State()
    if state.current:
        return sorted({f.path for f in state.current}), state.removals
    path = outputs / "latest" / "run.json"
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        return [], ()
    return sorted({Path(f.path) for f in manifest.files}), ()


def _places(outputs: Path, state: State) -> dict[tuple[str, str], int]:
    """How many records each file, and each member of an archive, has, by name."""
    by_path = {f.path: f.name for f in name_files({(f.path, f.depth) for f in state.current})}
    names = {file.key: by_path[file.path] for file in state.current}
    hurt = damaged_batches(outputs, state)
    found = read_batches(outputs, [f for f in state.current if f.batch not in hurt])
    n_records = count_rows(found[RECORDS], pl.col("key"), MEMBER)
    places = {(name, ""): 0 for name in sorted(by_path.values())}
    for (key, member), n in sorted(n_records.items()):
        places[names[key], member] = places.get((names[key], member), 0) + n
    return places


def _unknown(source: str, outputs: Path, places: Iterable[tuple[str, str]]) -> str:
    """That no file or member has this name, and what there is, of the archive if it names one."""
    names = [file + member for file, member in places]
    archive = source.partition("!")[0]
    inside = [name for name in names if name.startswith(f"{archive}!")] if "!" in source else []
    listed = inside or names
    return (
        f"--source {source}: no file of the corpus in {outputs} has such a name, and no member of "
        f"an archive with records in it; there are {', '.join(listed[:MAX_NAMES]) or 'none'}"
        f"{' …' if len(listed) > MAX_NAMES else ''}"
    )


def _latest_papers(outputs: Path) -> frozenset[str]:
    """The ids of the papers of the latest run."""
    path = outputs / "latest" / f"{PAPERS.name}.parquet"
    try:
        return frozenset(pl.read_parquet(path, columns=["paper_id"])["paper_id"])
    except (OSError, pl.exceptions.PolarsError):
        return frozenset()


def _state_faults(outputs: Path) -> Iterator[str]:
    """What is wrong with the state of the corpus."""
    try:
        state = read_state(outputs)
    except StoreError as error:
        yield str(error)
        return
    hurt = damaged_batches(outputs, state)
    folder = outputs / "state" / "corpus"
    for name in sorted(hurt):
        files = [str(f.path) for f in state.files if f.batch == name]
        yield (
            f"{folder / name}.parquet or {name}.rejects.parquet: damaged or missing; it holds "
            f"{len(files)} files, such as {files[0] if files else 'none'}; the next run reads them "
            "again if they are unchanged"
        )
    whole = [f for f in state.files if f.batch not in hurt]
    n_records, n_rejects = (
        count_rows(parts, pl.col("key")) for parts in read_batches(outputs, whole).values()
    )
    for file in whole:
        counted = (n_records[file.key,], n_rejects[file.key,])
        if counted != (file.n_records, file.n_rejects):
            yield (
                f"{folder / file.batch}.parquet: {counted[0]} records and {counted[1]} rejects of "
                f"{file.path}, not {file.n_records} and {file.n_rejects}; run `upwell rebuild`"
            )


def _vector_faults(outputs: Path) -> Iterator[str]:
    """What is wrong with the vectors that are kept."""
    for path in sorted((outputs / "state" / "vectors").glob("*/*.parquet")):
        try:
            vectors = pl.read_parquet(path, columns=["content_hash", "vector"])
        except (OSError, pl.exceptions.PolarsError) as error:
            what = first_line(error)
            yield f"{path}: damaged ({what}); remove it, and its papers are embedded again"
            continue
        is_finite = pl.col("vector").arr.eval(pl.element().is_finite()).arr.all()
        if not vectors.select(is_finite.all()).item():
            yield f"{path}: a vector is not finite; remove it, and its papers are embedded again"


def _run_faults(outputs: Path) -> Iterator[str]:
    """What is wrong with published runs."""
    for folder in sorted(p for p in (outputs / "runs").glob("[!.]*") if p.is_dir()):
        yield from checksums.faults(folder)
    latest = outputs / "latest"
    if latest.is_symlink() and not latest.exists():
        yield f"{latest}: points at a run that is not there; `upwell run` makes a new one"
