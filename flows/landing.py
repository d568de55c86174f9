"""The folder that papers arrive in: whether it is there, and whether anything is in it."""

from collections.abc import Sequence
from pathlib import Path

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from flows.retries import DELAYS, JITTER
from flows.stage import describe
from upwell.quantities import count


def _name(parameters: dict[str, list[Path]]) -> str:
    return f"look for files in {describe(parameters['paths'])}"


@task(
    name="look for files",
    task_run_name=_name,
    retries=len(DELAYS),
    retry_delay_seconds=DELAYS,
    retry_jitter_factor=JITTER,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def look_for_files(paths: Sequence[Path], *, join: bool) -> None:
    """Make sure that there are files to read, before anything is computed.

    A network mount that is away looks like a missing or empty folder: this is tried again for a
    few minutes, unless papers join others, whose folder may be emptied once they are known.
    From a shell, `upwell run` looks before it starts, so that a slip is told at once.
    """
    from upwell.sources import find_files

    get_run_logger().info(f"{count(len(find_files(paths, may_be_empty=join)), 'file')} to read")
