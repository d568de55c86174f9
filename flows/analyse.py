"""The main flow: load → deduplicate → embed → cluster → match themes → measure trends → publish."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from prefect import flow
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

from flows import tasks
from flows.endings import explain
from flows.form import titled
from flows.landing import look_for_files
from flows.progress import announce
from flows.publication import publish
from flows.published import latest_if_same
from flows.stage import describe
from flows.topic_tasks import find_topics
from flows.unchanged import leave
from flows.watch_list import DEFAULT_WATCH_LIST, read_watch_list
from upwell.config import RunConfig
from upwell.store import open_run


def _run_name() -> str:
    """Distinct to the second, and says what is read."""
    paths = flow_run.parameters.get("paths")
    join = flow_run.parameters.get("join", False)
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {describe(paths, join=join)}"


# One thread: numba's loops may not run in two threads at once. Dask has processes.
@flow(
    name="analyse",
    flow_run_name=_run_name,
    task_runner=ThreadPoolTaskRunner(max_workers=1),
    on_failure=[explain],
    on_crashed=[explain],
    on_cancellation=[explain],
)
def analyse(
    paths: Annotated[list[Path] | None, titled("Papers to read")] = None,
    outputs: Annotated[Path, titled("Where to publish")] = Path("outputs"),
    config: Annotated[RunConfig, titled("How to analyse")] = RunConfig(),
    join: Annotated[bool, titled("Join what is known")] = False,
    watch_list: Annotated[Path | None, titled("Watch list")] = None,
) -> Path:
    """Tells which research themes are rising in piles of paper records.

    Args:
        paths: Files, folders or globs to read; none means the sample corpus.
        outputs: Folder in which the run is published; `latest` in it points at the newest run.
        config: Everything that decides what the run computes; the defaults suit most corpora.
        join: The papers join those that earlier runs read into the folder, on disk or not; else
            they are all there is. Without paths: those known so far.
        watch_list: TOML file of the themes to follow, read when the run starts; none means the
            default one. Not read if the settings have themes of their own.

    Returns:
        The folder of the published run; of the latest one if there is nothing new.
    """
    started = datetime.now(UTC)
    config = (
        config
        if config.themes
        else config.with_themes(read_watch_list(watch_list or DEFAULT_WATCH_LIST))
    )
    if paths:
        look_for_files(paths, join=join)
    with open_run(outputs, started=started, on_wait=announce) as run:
        found = tasks.read(run, paths or [], config.sources, started.date(), join=join)
        if last := latest_if_same(run.outputs, found.corpus, config):
            return leave(last)
        unique = tasks.deduplicate(run, found, config.dedup)
        vectors = tasks.embed(run, unique.papers, config.encode)
        clusters = find_topics(run, unique.papers, vectors, config.topics)
        members = tasks.match(run, unique.papers, vectors, config.themes, config.encode)
        trends = tasks.measure(run, unique.papers, clusters, members, config.themes, config.trends)
        return publish(run, config, found, unique, clusters, members, trends)
