"""What a daily deployment with live sources does: ask them, then analyse what has come."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from prefect import flow, tags
from prefect.states import Completed, State
from prefect.task_runners import ThreadPoolTaskRunner

from flows.analyse import analyse
from flows.endings import explain
from flows.feeds import read_feeds
from flows.form import titled
from flows.harvest import harvest
from flows.stage import TAG
from upwell.config import RunConfig
from upwell.harvest import HarvestError


def _run_name() -> str:
    """Distinct to the second."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} daily"


@flow(
    name="daily",
    flow_run_name=_run_name,
    task_runner=ThreadPoolTaskRunner(max_workers=1),
    on_failure=[explain],
    on_crashed=[explain],
    on_cancellation=[explain],
)
def daily(
    feeds: Annotated[Path, titled("List of sources")],
    landing: Annotated[Path, titled("Where answers land")] = Path("landing"),
    outputs: Annotated[Path, titled("Where to publish")] = Path("outputs"),
    config: Annotated[RunConfig, titled("How to analyse")] = RunConfig(),
    watch_list: Annotated[Path | None, titled("Watch list")] = None,
) -> State[Path]:
    """Asks live sources for new papers, and tells which research themes are rising with them.

    A source that fails does not keep the papers of the others from being analysed; the run fails
    at its end, and names it.

    Args:
        feeds: TOML file of the sources to ask, read when the run starts.
        landing: Folder in which answers land; files that others put there are read as well.
        outputs: Folder in which the run is published; `latest` in it points at the newest run.
        config: Everything that decides what the run computes; the defaults suit most corpora.
        watch_list: TOML file of the themes to follow; none means the default one.

    Returns:
        The folder of the published run; of the latest one if there is nothing new.
    """
    listed, problem = list(read_feeds(feeds)), None
    with tags(TAG):  # by which automations find the two runs inside this one
        try:
            harvest(listed, landing)
        except HarvestError as error:
            problem = error
        ended: State[Path] = analyse(
            [landing], outputs, config, join=True, watch_list=watch_list, return_state=True
        )
    folder = ended.result()  # raises what made it fail
    if problem:
        raise problem
    return Completed(message=ended.message, data=folder)
