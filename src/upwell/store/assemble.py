"""What was read of each file → the corpus: names, the newest versions, and what was taken out."""

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


def assemble(
    state: State, records: pl.DataFrame, rejects: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame, tuple[FileReport, ...]]:
    """Records, rejects and a report a file, by name, of the corpus.

    Parameters
    ----------
    state : says which files make up the corpus, and what was taken out of it.
    records, rejects : of these files, as `read_batches` gives them.

    Returns
    -------
    Tables as in `tables.RECORDS` and `tables.REJECTS`, and the reports. Of a file that was read in
    several versions, older ones give what the newest no longer has, under a name with a mark.
    """
    names = _names(state.current)
    kept, out = _take_out(_sourced(_without_repeats(state, records), names), state.removals)
    bad = _sourced(rejects, names)
    n_records = dict(kept["name"].value_counts().iter_rows())
    n_rejects = dict(pl.concat([bad["name"], out["name"]]).value_counts().iter_rows())
    named = sorted(((names[f.key], f) for f in state.current), key=lambda pair: pair[0])
    return (
        RECORDS.conform(kept),
        REJECTS.conform(pl.concat([bad.select(out.columns), out])),
        tuple(_report(file, name, n_records, n_rejects) for name, file in named),
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
    return frame.with_columns(source=sourced(name), name=name)


def _take_out(
    records: pl.DataFrame, removals: Sequence[Removal]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The records that stay, and those of removed sources as rejects."""
    stay = records.with_columns(MEMBER)
    out = [REJECTS.empty().with_columns(name=pl.lit("").cast(pl.String))]
    for removal in (r for r in removals if r.kind == "source"):
        places = stay.select("name", "member").unique()
        hit = places.filter([is_named(removal.what, *place) for place in places.iter_rows()])
        gone = stay.join(hit, on=["name", "member"], how="semi", maintain_order="left")
        stay = stay.join(hit, on=["name", "member"], how="anti", maintain_order="left")
        rejects = _as_rejects(gone, f"--source {removal.what}", removal.on)
        out.append(rejects.with_columns(gone["name"]))
    return stay.drop("member"), pl.concat(out)


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
