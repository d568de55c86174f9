"""The stages as Prefect tasks: read the tables a stage needs, call it, write what it found.

Tasks hand each other paths, never frames. What the manifest wants to know of a stage (notes,
seconds, counts) the stage leaves in the workspace. No stage is retried: they are pure functions
of files on disk, and what failed once fails again.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from prefect import get_run_logger

from flows.file_notes import (
    file_facts,
    file_notes,
    language_notes,
    problem_notes,
    why_nothing,
)
from flows.progress import counted, progress
from flows.stage import describe, stage
from flows.subjects import list_members, list_subjects
from flows.topic_tasks import Clusters
from upwell.config import (
    DedupConfig,
    EncoderConfig,
    SourceConfig,
    Theme,
    TrendConfig,
)
from upwell.quantities import count
from upwell.store import TableFile, Workspace, keep_vectors, read_vectors
from upwell.tables import REJECTS


class NothingToAnalyseError(ValueError):
    """Files were read, but no item in them could become a paper."""


@dataclass(frozen=True)
class Read:
    """What `read` found; `corpus` tells it from any other, `removed` are papers taken out, when."""

    records: TableFile
    rejects: TableFile
    problems: TableFile
    corpus: str
    removed: tuple[tuple[str, date], ...]


@dataclass(frozen=True)
class Unique:
    """What `deduplicate` found; `removed` are the records of papers taken out, as rejects."""

    papers: TableFile
    duplicates: TableFile
    related: TableFile
    removed: TableFile


@dataclass(frozen=True)
class Measured:
    """What `measure` found."""

    trends: TableFile
    series: TableFile


@stage(lambda given: f"read {describe(given['paths'], join=given['join'])}")
def read(
    run: Workspace, paths: Sequence[Path], config: SourceConfig, as_of: date, *, join: bool
) -> tuple[Read, dict[str, Any]]:
    """Files, and those that earlier runs read, to records and rejects; else the sample corpus."""
    from upwell.store import collect, read_once

    with progress(f"read {describe(paths, join=join)}") as advance:
        corpus = (
            collect(run.outputs, paths, config=config, today=as_of, join=join, progress=advance)
            if paths or join
            else read_once([_sample(run)], config=config, today=as_of)
        )
    n_files = len(corpus.files)
    get_run_logger().info(f"{corpus.n_read} of {count(n_files, 'file')} read, the others are known")
    problems = pl.concat(
        part.select("source", problem="problems").explode("problem").drop_nulls().unique()
        for part in corpus.records
    ).collect()
    rejects = REJECTS.conform(pl.concat(corpus.rejects).collect())
    found = Read(
        run.put_parts("records", (part.collect() for part in corpus.records)),
        run.put("rejects", rejects),
        run.put("problems", problems),
        corpus.digest,
        tuple(corpus.removed.items()),
    )
    if not found.records.n_rows:
        raise NothingToAnalyseError(why_nothing(rejects))
    return found, {
        "notes": [*corpus.notes, *file_notes(corpus.files), *problem_notes(problems)],
        "files": [file_facts(f) for f in corpus.files],
        "n_read": corpus.n_read,
    }


@stage(lambda given: f"deduplicate {given['found'].records.n_rows} records")
def deduplicate(run: Workspace, found: Read, config: DedupConfig) -> tuple[Unique, dict[str, Any]]:
    """Records to papers, without those that were taken out."""
    from upwell import dedup
    from upwell.store import take_out

    records = found.records.read()
    with progress(f"deduplicate {len(records)} records") as advance:
        unique = dedup.deduplicate(records, config=config, progress=counted(advance, 4))
    papers, duplicates, removed = take_out(
        unique.papers, unique.duplicates, records, removed=dict(found.removed)
    )
    stays = (pl.col(c).is_in(papers["paper_id"].implode()) for c in ("paper_id", "related_id"))
    if papers.is_empty():
        raise NothingToAnalyseError("every paper was taken out with `upwell remove`")
    return (
        Unique(
            run.put("papers", papers),
            run.put("duplicates", duplicates),
            run.put("related", unique.related.filter(pl.all_horizontal(stays))),
            run.put("removed", removed),
        ),
        {"notes": language_notes(papers)},
    )


@stage(lambda given: f"embed {given['papers'].n_rows} papers")
def embed(
    run: Workspace, papers: TableFile, config: EncoderConfig
) -> tuple[TableFile, dict[str, Any]]:
    """Papers to vectors, computing only those that no earlier run has."""
    from upwell import encode

    encoder = encode.load_encoder(config.encoder)
    known = read_vectors(run.outputs, encoder.identity)
    with progress(f"embed {papers.n_rows} papers") as advance:
        found = encode.embed(papers.read(), encoder, known=known, progress=advance)
    n_fresh = found.fresh.height
    get_run_logger().info(f"{count(n_fresh, 'paper')} embedded, {papers.n_rows - n_fresh} known")
    keep_vectors(run, encoder.identity, found.fresh)
    aside = (
        f"{found.n_set_aside:,} papers are in languages that the encoder does not know; they are "
        "in no topic, and count in every total"
    )
    notes = [aside] if found.n_set_aside else []
    return run.put("vectors", found.vectors), {"encoder": encoder.identity, "notes": notes}


@stage(lambda given: f"match {given['papers'].n_rows} papers to {len(given['themes'])} themes")
def match(
    run: Workspace,
    papers: TableFile,
    vectors: TableFile,
    themes: Sequence[Theme],
    config: EncoderConfig,
) -> tuple[TableFile, dict[str, Any]]:
    """Papers to themes of the watch list."""
    from upwell import encode
    from upwell.themes import match_themes, proposal_notes

    encoder = encode.load_encoder(config.encoder)
    found = match_themes(papers.read(), vectors.read(), themes=themes, encode=encoder.encode)
    notes = [*found.notes, *proposal_notes(found.proposals)]
    return run.put("theme_papers", found.theme_papers), {"notes": notes}


@stage(
    lambda given: (
        f"measure {given['clusters'].topics.n_rows} topics and {len(given['themes'])} themes"
    )
)
def measure(
    run: Workspace,
    papers: TableFile,
    clusters: Clusters,
    members: TableFile,
    themes: Sequence[Theme],
    config: TrendConfig,
) -> tuple[Measured, dict[str, Any]]:
    """Membership and dates to shares, growth and verdicts."""
    from upwell.trends import doubt_unstable, measure_trends

    topics = clusters.topics.read()
    subjects = list_subjects(topics, themes)
    found = measure_trends(
        papers.read(),
        list_members(clusters.assignments.read(), members.read(), subjects),
        subjects,
        config=config,
    )
    doubted = doubt_unstable(found.trends, topics)
    facts = {
        "notes": [*found.notes, *doubted.notes],
        "bucket": found.bucket,
        "span": [day.isoformat() for day in found.span] if found.span else None,
        "n_undated": found.n_undated,
        "n_too_coarse": found.n_too_coarse,
        "n_outside": found.n_outside,
        "collection_jumps": [asdict(j) | {"when": j.when.isoformat()} for j in found.jumps],
    }
    return Measured(run.put("trends", doubted.trends), run.put("trend_series", found.series)), facts


def _sample(run: Workspace) -> Path:
    """The sample corpus as files, which are read like any others."""
    from upwell.sample import sample_files

    return run.put_files("sample", sample_files().files)
