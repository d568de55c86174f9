"""Deployments and their schedules: one run at a time, and none that hangs for ever."""

import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import (
    ConcurrencyLimitConfig,
    ConcurrencyLimitStrategy,
)
from prefect.deployments.runner import EntrypointType
from prefect.schedules import Cron, Schedule
from prefect.settings import PREFECT_API_URL

from flows import automations
from flows.analyse import analyse
from flows.daily import daily
from flows.feeds import read_feeds
from flows.stage import TAG
from flows.watch_list import read_watch_list

# Each run looks at the whole folder: one that waits for another would find nothing that the other
# has not read. So does a run that is late because the machine slept: the first one catches up, and
# the others say at once that they are not needed.
ONE_AT_A_TIME = ConcurrencyLimitConfig(
    limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
)


class ServeError(ValueError):
    """A deployment cannot be offered as asked."""


def serve(
    folder: Path,
    *,
    outputs: Path,
    cron: str,
    timezone: str,
    watch_list: Path | None = None,
    feeds: Path | None = None,
    name: str | None = None,
    wait: float = 60,
) -> None:
    """Offer a daily run on a folder to the Prefect server, and work on it until stopped.

    Parameters
    ----------
    folder : what is new in it joins what earlier runs read, at each run.
    outputs : where the runs are published.
    cron : when to run, five fields; in `timezone`, such as `Europe/Berlin`.
    watch_list : TOML file of themes, which each run reads anew; None for the default one.
    feeds : TOML file of live sources, which each run reads anew and asks first; their answers land
        in the folder. None for what others put there alone.
    name : of the deployment; None for the name of the folder.
    wait : seconds for the server to come up, as after a boot or in its very first start.

    Raises
    ------
    ServeError
        No server is configured or it does not answer, there is no such folder, or cron or
        timezone are none.
    FeedsError, WatchListError
        The list of sources or of themes cannot be read as it is now.
    """
    if feeds:
        read_feeds(feeds)
        folder.mkdir(parents=True, exist_ok=True)
    if not folder.exists():
        raise ServeError(f"{folder}: no such folder; name the one that papers arrive in")
    schedule = _schedule(cron, timezone)
    if watch_list:
        watch_list = watch_list.absolute()
        read_watch_list(watch_list)
    _need_server(wait)
    automations.set_up()
    folder, outputs = folder.absolute(), outputs.absolute()
    parameters = {"outputs": str(outputs), "watch_list": str(watch_list) if watch_list else None}
    if feeds:
        work: Flow[..., Any] = daily
        parameters |= {"feeds": str(feeds.absolute()), "landing": str(folder)}
    else:
        work = analyse
        parameters |= {"paths": [str(folder)], "join": True}
    work.serve(
        name=name or folder.name,
        schedule=schedule,
        parameters=parameters,
        description=_about(folder, outputs, feeds),
        tags=[TAG, folder.name],
        global_limit=ONE_AT_A_TIME,
        # Another `upwell serve` may work on it still; and a run that is late can be seen, whereas
        # a schedule that was paused is silent.
        pause_on_shutdown=False,
        # A file path would be looked up from the folder that the command is started in.
        entrypoint_type=EntrypointType.MODULE_PATH,
    )


def _schedule(cron: str, timezone: str) -> Schedule:
    try:
        return Cron(cron, timezone=ZoneInfo(timezone).key)
    except (ValueError, ZoneInfoNotFoundError) as error:
        raise ServeError(
            f"--cron {cron!r} --timezone {timezone!r}: {error}; "
            'write five fields and a zone, such as "0 6 * * *" and Europe/Berlin'
        ) from error


def _about(folder: Path, outputs: Path, feeds: Path | None) -> str:
    """What the page of the deployment says, in markdown."""
    asks = f"Asks the sources in `{feeds}` for new papers, whose answers land in `{folder}`.\n"
    return f"""{asks if feeds else ""}Joins what is new in `{folder}` to the papers known so far, \
and says which research themes are rising.

- Results: `{outputs}/latest`. A run that fails or is stopped leaves the last one in place.
- A run's page has its report under *Artifacts*: verdicts, figure, what changed since the last run.
- **Completed** and no new results: no paper came; the state message, under *Details*, says so.
- **Cancelled**, never started: another run was reading the same folder. Nothing is missed, as \
each run looks at the whole folder.
- **Late**: nobody works on it. Is `upwell serve` running, and the machine awake? One late run \
catches up with everything; the others are cancelled as above.
- **Failed**, **Crashed**: the artifact *why-it-ended* says why, and what to do; so does the state \
message under *Details*, if the machine went down.
"""


def _need_server(wait: float) -> None:
    """Raises unless a server answers in time; a temporary one would forget the schedule."""
    start = "start one with `prefect server start` and set PREFECT_API_URL to its address"
    url = PREFECT_API_URL.value()
    if not url:
        raise ServeError(f"no Prefect server is configured; {start}")
    deadline = time.monotonic() + wait
    with get_client(sync_client=True) as client:
        while (fault := client.api_healthcheck()) and time.monotonic() < deadline:
            time.sleep(1)
    if fault is not None:
        raise ServeError(f"no Prefect server answers at {url} ({fault}); {start}")
