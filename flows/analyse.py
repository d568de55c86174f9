"""The main flow: load → deduplicate → embed → cluster → match themes → measure trends → publish."""

from datetime import UTC, datetime
from pathlib import Path

from prefect import flow
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

from flows import tasks
from flows.progress import announce
from flows.publication import publish
from flows.stage import describe
from flows.topic_tasks import find_topics
from flows.watch_list import DEFAULT_WATCH_LIST, read_watch_list
from upwell.config import RunConfig
from upwell.store import open_run


def _run_name() -> str:
    """Distinct to the second, and says what is read."""
    paths = flow_run.parameters.get("paths")
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {describe(paths)}"


# One thread: numba's loops may not run in two threads at once. Dask has processes.
@flow(
    name="analyse",
    flow_run_name=_run_name,
    task_runner=ThreadPoolTaskRunner(max_workers=1),
)
def analyse(
    paths: list[Path] | None = None,
    outputs: Path = Path("outputs"),
    config: RunConfig = RunConfig(),
) -> Path:
    """Tells which research themes are rising in piles of paper records.

    Args:
        paths: Files, folders or globs to read; none means the sample corpus.
        outputs: Folder in which the run is published; `latest` in it points at the newest run.
        config: Everything that decides what the run computes.

    Returns:
        The folder of the published run.
    """
    started = datetime.now(UTC)
    config = config if config.themes else config.with_themes(read_watch_list(DEFAULT_WATCH_LIST))
    with open_run(outputs, started=started, on_wait=announce) as run:
        found = tasks.read(run, paths or [], config.sources, started.date())
        unique = tasks.deduplicate(run, found.records, config.dedup)
        vectors = tasks.embed(run, unique.papers, config.encode)
        clusters = find_topics(run, unique.papers, vectors, config.topics)
        members = tasks.match(run, unique.papers, vectors, config.themes, config.encode)
        trends = tasks.measure(run, unique.papers, clusters, members, config.themes, config.trends)
        return publish(run, config, found, unique, clusters, members, trends)
