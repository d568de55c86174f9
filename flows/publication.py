"""The last stage: figures, report and manifest; then the run becomes visible, all at once."""

import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl
from prefect import get_run_logger, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from flows.news import since_last_run, tell
from flows.page import put_on_page
from flows.progress import progress
from flows.retries import DELAYS, JITTER, disk_may_come_back
from flows.tasks import Measured, Read, Unique
from flows.topic_tasks import Clusters
from upwell import store, tables
from upwell.config import RunConfig
from upwell.dictionary import data_dictionary
from upwell.manifest import Counts, InputFile, Manifest
from upwell.store import TableFile, Workspace
from upwell.wording import headline, verdict_rows

_PACKAGES = (
    "upwell",
    "bertopic",
    "hdbscan",
    "numpy",
    "polars",
    "prefect",
    "scikit-learn",
    "scipy",
    "umap-learn",
)


@task(
    name="publish",
    task_run_name="publish {run.run_id}",
    cache_policy=NO_CACHE,
    persist_result=False,
)
def publish(
    run: Workspace,
    config: RunConfig,
    found: Read,
    unique: Unique,
    clusters: Clusters,
    members: TableFile,
    measured: Measured,
) -> Path:
    """Draw and write everything a reader sees; returns the folder of the published run."""
    from upwell import report
    from upwell.figures import draw_all

    frames = _tables(found, unique, clusters, members, measured)
    manifest = _manifest(run, config, frames, found)
    frames[tables.CHANGES] = since_last_run(run.outputs, manifest, frames)
    with progress("draw figures and report") as advance:
        figures = draw_all(frames, progress=advance)
    page = report.html(manifest, frames, figures)
    folder = make_visible(
        run,
        frames=frames,
        members=clusters.members.read(),
        files={f"figures/{name}": content for name, content in figures.items()}
        | {"report.html": page.encode()},
        manifest=manifest,
        model={name: file.read() for name, file in clusters.model.items()},
    )
    get_run_logger().info(headline(frames[tables.TRENDS]))
    tell(frames[tables.CHANGES], run_id=run.run_id, folder=folder)
    put_on_page(
        create_markdown_artifact,
        key="report",
        markdown=report.markdown(manifest, frames, figures, folder),
        description=f"What run {run.run_id} found",
    )
    put_on_page(
        create_table_artifact,
        key="verdicts",
        table=verdict_rows(frames[tables.TRENDS]),
        description=f"Verdicts of run {run.run_id}, the most surely rising first",
    )
    return folder


@task(
    name="make visible",
    task_run_name="make run {run.run_id} visible",
    retries=len(DELAYS),
    retry_delay_seconds=DELAYS,
    retry_jitter_factor=JITTER,
    retry_condition_fn=disk_may_come_back,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def make_visible(
    run: Workspace,
    *,
    frames: Mapping[tables.Table, pl.DataFrame],
    members: pl.DataFrame,
    files: Mapping[str, bytes],
    manifest: Manifest,
    model: Mapping[str, pl.DataFrame],
) -> Path:
    """Write everything and let readers see it; apart from drawing, so that only this is retried."""
    return store.publish(
        run,
        tables=frames,
        members=members,
        files=files,
        manifest=manifest,
        data_dictionary=data_dictionary(),
        topic_model=model,
    )


def _tables(
    found: Read, unique: Unique, clusters: Clusters, members: TableFile, measured: Measured
) -> dict[tables.Table, pl.DataFrame]:
    """Every published table."""
    papers = unique.papers.read().join(clusters.assignments.read(), on="paper_id")
    return {
        tables.PAPERS: papers,
        tables.DUPLICATES: unique.duplicates.read(),
        tables.REJECTS: pl.concat([found.rejects.read(), unique.removed.read()]),
        tables.PROBLEMS: found.problems.read(),
        tables.TOPICS: clusters.topics.read(),
        tables.TOPIC_LINEAGE: clusters.lineage.read(),
        tables.THEME_PAPERS: members.read(),
        tables.TRENDS: measured.trends.read(),
        tables.TREND_SERIES: measured.series.read(),
    }


def _manifest(
    run: Workspace,
    config: RunConfig,
    frames: Mapping[tables.Table, pl.DataFrame],
    found: Read,
) -> Manifest:
    """The run in facts; fails if the counts do not add up."""
    facts = run.facts()
    measured: dict[str, Any] = facts["measure"]
    return Manifest(
        run_id=run.run_id,
        started=run.started,
        ended=datetime.now(UTC),
        as_of=run.started.date(),
        config=config,
        corpus=found.corpus,
        n_files_read=facts["read"]["n_read"],
        files=tuple(InputFile.model_validate(file) for file in facts["read"]["files"]),
        counts=_counts(frames, measured, found),
        bucket=measured["bucket"],
        span=measured["span"],
        collection_jumps=measured["collection_jumps"],
        topic_fit=facts["cluster"]["topic_fit"],
        encoder=facts["embed"]["encoder"],
        random_state=config.topics.random_state,
        versions={"python": platform.python_version()} | {p: version(p) for p in _PACKAGES},
        stage_seconds={stage: fact["seconds"] for stage, fact in facts.items()},
        measures=facts["cluster"]["measures"],
        notes=tuple(note for fact in facts.values() for note in fact["notes"]),
    )


def _counts(
    frames: Mapping[tables.Table, pl.DataFrame], measured: Mapping[str, Any], found: Read
) -> Counts:
    papers, rejects = frames[tables.PAPERS], frames[tables.REJECTS]
    duplicates = frames[tables.DUPLICATES]
    apart = {name: measured[name] for name in ("n_undated", "n_too_coarse", "n_outside")}
    return Counts(
        n_records=found.records.n_rows + found.rejects.n_rows,
        n_papers=papers.height,
        n_duplicates=duplicates.height,
        n_rejects=rejects.height,
        n_dated=papers.height - sum(apart.values()),
        **apart,
        n_topics=frames[tables.TOPICS].height,
        n_outliers=papers.filter(pl.col("topic_id") < 0).height,
        rejects_by_reason=_tally(rejects["reason"]),
        duplicates_by_method=_tally(duplicates["method"]),
    )


def _tally(values: pl.Series) -> dict[str, int]:
    return dict(values.value_counts().sort(values.name).iter_rows())
