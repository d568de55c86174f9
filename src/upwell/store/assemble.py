"""What was read of each file → the corpus: names, the newest versions, and what was taken out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from upwell.sources import FileReport, name_files
from upwell.store.corpus import KnownFile, Removal, State, sourced
from upwell.store.removals import MEMBER, is_named
from upwell.tables import RECORDS, REJECTS

_VERSION_MARK = 8  # characters of the hash that tell an older version of a file
# `language` is told by the abstract, and null where an older upwell read it.
_SAME = [c for c in RECORDS.columns if c not in {"source", "problems", "language"}]


Parts = Sequence[pl.LazyFrame]
Counts = Counter[tuple[str, ...]]


def assemble(
    state: State, records: Parts, rejects: Parts
) -> tuple[Parts, Parts, tuple[FileReport, ...]]:
    """Records, rejects and a report a file, by name, of the corpus.

    Parameters
    ----------
    state : says which files make up the corpus, and what was taken out of it.
    records, rejects : of these files, as `read_batches` gives them.

    Returns
    -------
    Queries, a part each, for rows as in `tables.RECORDS` and `tables.REJECTS`, and the reports. Of
    a file that was read in several versions, older ones give what the newest no longer has, under
    a name with a mark.
    """
    names = _names(state.current)
    bad = [_sourced(part, names) for part in rejects]
    kept = []
    for part in _without_repeats(state, records):
        stay, out = _take_out(_sourced(part, names), state.removals)
        kept.append(stay)
        bad += out
    n_records, n_rejects = (count_rows(parts, pl.col("name")) for parts in (kept, bad))
    named = sorted(((names[f.key], f) for f in state.current), key=lambda pair: pair[0])
    return (
        [part.select(RECORDS.schema.names()) for part in kept],
        [part.select(REJECTS.schema.names()) for part in bad],
        tuple(_report(file, name, n_records, n_rejects) for name, file in named),
    )


def count_rows(parts: Parts, *columns: pl.Expr) -> Counts:
    """How many rows have each combination of values."""
    n_rows = Counts()
    for part in parts:
        counted = part.group_by(columns).len().collect()
        n_rows.update({tuple(row): n for *row, n in counted.iter_rows()})
    return n_rows


def _names(files: Sequence[KnownFile]) -> dict[str, str]:
    """The name of each file by its key; older versions of a file carry a mark of their content."""
    by_path = {f.path: f.name for f in name_files({(f.path, f.depth) for f in files})}
    newest = {f.path: f.key for f in files}
    return {
        f.key: by_path[f.path] + ("" if newest[f.path] == f.key else f"~{f.sha256[:_VERSION_MARK]}")
        for f in files
    }


def _without_repeats(state: State, records: Parts) -> Parts:
    """The records without those of a file's older versions that a newer one has as well."""
    keys = [f.key for f in state.current]
    paths = [str(f.path) for f in state.current]
    if len(set(paths)) == len(paths):
        return records
    order = pl.LazyFrame({"key": keys, "path": paths}).with_row_index("age")
    twice = order.filter(pl.col("path").is_duplicated())
    said = [
        pl.col(c).list.join("\x1f") if c == "categories" else pl.col(c).cast(pl.String)
        for c in _SAME
    ]
    content = pl.concat_str(*(c.fill_null("\x1e") for c in said), separator="\x1f").hash()
    marked = [
        part.select("key", "position", content=content).join(twice, on="key") for part in records
    ]
    older = (
        pl.concat(marked)
        .filter(pl.col("age") < pl.col("age").max().over("path", "content"))
        .select("key", "position")
        .collect()
        .lazy()
    )
    return [part.join(older, on=["key", "position"], how="anti") for part in records]


def _sourced(frame: pl.LazyFrame, names: Mapping[str, str]) -> pl.LazyFrame:
    """`source` from the name of the file and the position in it."""
    name = pl.col("key").replace_strict(names, return_dtype=pl.String)
    return frame.with_columns(source=sourced(name), name=name)


def _take_out(
    records: pl.LazyFrame, removals: Sequence[Removal]
) -> tuple[pl.LazyFrame, list[pl.LazyFrame]]:
    """The records that stay, and those of removed sources as rejects."""
    stay, out = records, []
    for removal in (r for r in removals if r.kind == "source"):
        places = stay.select("name", member=MEMBER).unique().collect()
        hit = [
            name + member
            for name, member in places.iter_rows()
            if is_named(removal.what, name, member)
        ]
        gone = pl.concat_str("name", MEMBER).is_in(hit)
        what = f"--source {removal.what}"
        out.append(stay.filter(gone).select(*_as_rejects(what, removal.on), "name"))
        stay = stay.filter(~gone)
    return stay, out


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
        out.append(mine.select(_as_rejects(f"--paper {paper_id}", on)))
    gone = pl.col("paper_id").is_in(list(removed))
    return papers.filter(~gone), duplicates.filter(~gone), REJECTS.conform(pl.concat(out))


def _as_rejects(what: str, on: date) -> tuple[pl.Expr, ...]:
    """What records that were taken out with `upwell remove` are as rejects."""
    detail = f"taken out by `upwell remove {what}` on {on.isoformat()}"
    return (
        pl.col("source"),
        pl.lit("removed").alias("reason"),
        pl.lit(detail).alias("detail"),
        pl.col("title").fill_null(pl.col("abstract")).str.slice(0, 200).alias("excerpt"),
    )


def _report(file: KnownFile, name: str, n_records: Counts, n_rejects: Counts) -> FileReport:
    """What became of one file of the corpus."""
    return FileReport(
        name=name,
        path=file.path,
        format=file.format,
        sha256=file.sha256,
        n_bytes=file.n_bytes,
        n_records=n_records[name,],
        n_rejects=n_rejects[name,],
        notes=file.notes,
        has_future=file.is_provisional,
    )
