"""The stages as Prefect tasks: read the tables a stage needs, call it, write what it found.

Tasks hand each other paths, never frames. What the manifest wants to know of a stage (notes,
seconds, counts) the stage leaves in the workspace. No stage is retried: they are pure functions
of files on disk, and what failed once fails again.
"""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
from prefect import task, unmapped
from prefect.cache_policies import NO_CACHE

from flows.file_notes import file_facts, file_notes, problem_notes, why_nothing
from flows.progress import counted, progress
from flows.stage import describe, stage
from flows.subjects import list_members, list_subjects
from upwell.config import (
    DedupConfig,
    EncoderConfig,
    SourceConfig,
    Theme,
    TopicConfig,
    TrendConfig,
)
from upwell.store import TableFile, Workspace, keep_vectors, last_lineage, read_vectors

# Refits of the clustering that tell how stable a topic is; each costs about one clustering.
N_REFITS = 5


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
    removed: TableFile


@dataclass(frozen=True)
class Clusters:
    """What `cluster` found."""

    topics: TableFile
    assignments: TableFile
    lineage: TableFile
    members: TableFile


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
    from upwell.store import collect

    is_sample = not (paths or join)
    with progress(f"read {describe(paths, join=join)}") as advance:
        corpus = collect(
            run.outputs,
            [_sample(run)] if is_sample else paths,
            config=config,
            today=as_of,
            join=join,
            keep=not is_sample,
            progress=advance,
        )
    problems = corpus.records.select("source", problem="problems").explode("problem").drop_nulls()
    found = Read(
        run.put("records", corpus.records),
        run.put("rejects", corpus.rejects),
        run.put("problems", problems.unique()),
        corpus.digest,
        tuple(corpus.removed.items()),
    )
    if not found.records.n_rows:
        raise NothingToAnalyseError(why_nothing(corpus.rejects))
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
    if papers.is_empty():
        raise NothingToAnalyseError("every paper was taken out with `upwell remove`")
    return (
        Unique(
            run.put("papers", papers),
            run.put("duplicates", duplicates),
            run.put("removed", removed),
        ),
        {},
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
    keep_vectors(run, encoder.identity, found.fresh)
    return run.put("vectors", found.vectors), {"encoder": encoder.identity}


@task(
    name="refit",
    task_run_name="refit topics of {papers.n_rows} papers, sample {number}",
    cache_policy=NO_CACHE,
    persist_result=False,
)
def refit(
    run: Workspace, papers: TableFile, vectors: TableFile, config: TopicConfig, number: int
) -> TableFile:
    """One sample of the papers (from 1) to topics, to see which topics come back."""
    from upwell import topics

    again = topics.refit(papers.read(), vectors.read(), config=config, number=number)
    return run.put(f"refit-{number}", again)


def refit_all(
    run: Workspace, papers: TableFile, vectors: TableFile, config: TopicConfig
) -> list[TableFile]:
    """Every refit, one after the other, or side by side if the flow runs on Dask."""
    began = time.perf_counter()
    same = [unmapped(given) for given in (run, papers, vectors, config)]
    futures = refit.map(*same, number=range(1, N_REFITS + 1))
    with progress(f"refit topics {N_REFITS} times") as advance:
        refits = []
        for future in futures:
            refits.append(future.result())
            advance(len(refits), N_REFITS)
    run.put_facts("refit", {"notes": [], "seconds": round(time.perf_counter() - began, 3)})
    return refits


@stage(lambda given: f"cluster {given['papers'].n_rows} papers")
def cluster(
    run: Workspace,
    papers: TableFile,
    vectors: TableFile,
    refits: Sequence[TableFile],
    config: TopicConfig,
) -> tuple[Clusters, dict[str, Any]]:
    """Vectors to topics whose ids hold from run to run."""
    from upwell import lineage, quality, topics

    unplaced, embedded = papers.read(), vectors.read()
    with progress(f"cluster {papers.n_rows} papers") as advance:
        step = counted(advance, 2)
        found = topics.discover(unplaced, embedded, config=config, progress=step)
    again = pl.concat(file.read() for file in refits)
    last = last_lineage(run.outputs)
    traced = lineage.trace(
        found.assignments,
        embedded,
        history=lineage.History(*last) if last else lineage.History.none(),
        run_id=run.run_id,
    )
    described = (
        found.topics.join(quality.coherence(unplaced, found.topics), on="topic_id")
        .join(quality.stability(found.assignments, again), on="topic_id")
        .rename({"topic_id": "raw_id"})
        .join(traced.ids, on="raw_id")
        .drop("raw_id")
    )
    stable = dict(traced.ids.select("raw_id", "topic_id").iter_rows()) | {-1: -1}
    assignments = found.assignments.with_columns(pl.col("topic_id").replace_strict(stable))
    clusters = Clusters(
        run.put("topics", described),
        run.put("assignments", assignments),
        run.put("lineage", traced.events),
        run.put("members", traced.members),
    )
    measures = {"topic_diversity": quality.diversity(found.topics)} if described.height else {}
    return clusters, {"notes": list(found.notes), "measures": measures}


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
    from upwell.trends import measure_trends

    subjects = list_subjects(clusters.topics.read(), themes)
    found = measure_trends(
        papers.read(),
        list_members(clusters.assignments.read(), members.read(), subjects),
        subjects,
        config=config,
    )
    facts = {
        "notes": list(found.notes),
        "bucket": found.bucket,
        "span": [day.isoformat() for day in found.span] if found.span else None,
        "n_undated": found.n_undated,
        "n_too_coarse": found.n_too_coarse,
        "n_outside": found.n_outside,
        "collection_jumps": [asdict(j) | {"when": j.when.isoformat()} for j in found.jumps],
    }
    return Measured(run.put("trends", found.trends), run.put("trend_series", found.series)), facts


def _sample(run: Workspace) -> Path:
    """The sample corpus as files, which are read like any others."""
    from upwell.sample import sample_files

    return run.put_files("sample", sample_files().files)
