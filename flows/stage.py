"""What makes a Prefect task of a stage: its name, its time, its facts for the manifest."""

import functools
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from upwell.store import Workspace

P = ParamSpec("P")
R = TypeVar("R")

TAG = "upwell"
"""Tag of every run, by which the server's list of runs and automations find them."""


def describe(paths: Sequence[Path] | None, *, join: bool = False) -> str:
    """What is read, in a few words."""
    if join and not paths:
        return "the papers known so far"
    names = [Path(path).name or str(path) for path in paths or ()]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more if names else "the sample corpus"


def stage(
    work: Callable[[dict[str, Any]], str],
) -> Callable[
    [Callable[Concatenate[Workspace, P], tuple[R, dict[str, Any]]]],
    Callable[Concatenate[Workspace, P], R],
]:
    """Make a Prefect task of a stage that returns its result and facts for the manifest.

    `work` says what a run of it works on, from its arguments: the name of the task run.
    """

    def task_run_name(parameters: dict[str, Any]) -> str:
        return work(parameters)

    def wrap(
        function: Callable[Concatenate[Workspace, P], tuple[R, dict[str, Any]]],
    ) -> Callable[Concatenate[Workspace, P], R]:
        @functools.wraps(function)
        def timed(run: Workspace, *args: P.args, **kwargs: P.kwargs) -> R:
            began = time.perf_counter()
            result, facts = function(run, *args, **kwargs)
            seconds = round(time.perf_counter() - began, 3)
            run.put_facts(function.__name__, {"notes": [], **facts, "seconds": seconds})
            for note in facts.get("notes", ()):
                get_run_logger().info(note)
            return result

        return task(  # type: ignore[return-value]
            name=function.__name__,
            task_run_name=task_run_name,
            cache_policy=NO_CACHE,
            persist_result=False,
        )(timed)

    return wrap
