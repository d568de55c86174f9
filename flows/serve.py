"""Deployments and their schedules: one run at a time, and none that hangs for ever."""

import time
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from prefect.automations import Automation
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import (
    ConcurrencyLimitConfig,
    ConcurrencyLimitStrategy,
    StateType,
)
from prefect.deployments.runner import EntrypointType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.schedules import Cron, Schedule
from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY

from flows.analyse import analyse
from flows.stage import TAG
from upwell.config import RunConfig

WATCH = "upwell: runs whose process is gone"
# Heartbeats that may be missing before a run counts as gone.
MISSED_HEARTBEATS = 3

# Each run looks at the whole folder: one that waits for another would find nothing that the other
# has not read. So does a run that is late because the machine slept: the first one catches up, and
# the others say at once that they are not needed.
ONE_AT_A_TIME = ConcurrencyLimitConfig(
    limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
)

_ENDINGS = {f"prefect.flow-run.{e}" for e in ("Completed", "Failed", "Cancelled", "Crashed")}


class ServeError(ValueError):
    """A deployment cannot be offered as asked."""


def serve(
    folder: Path,
    *,
    outputs: Path,
    cron: str,
    timezone: str,
    config: RunConfig,
    name: str | None = None,
    wait: float = 60,
) -> None:
    """Offer a daily run on a folder to the Prefect server, and work on it until stopped.

    Parameters
    ----------
    folder : what is new in it joins what earlier runs read, at each run.
    outputs : where the runs are published.
    cron : when to run, five fields; in `timezone`, such as `Europe/Berlin`.
    config : everything else; the form in the UI starts from it.
    name : of the deployment; None for the name of the folder.
    wait : seconds for the server to come up, as after a boot or in its very first start.

    Raises
    ------
    ServeError
        No server is configured or it does not answer, there is no such folder, or cron or
        timezone are none.
    """
    if not folder.exists():
        raise ServeError(f"{folder}: no such folder; name the one that papers arrive in")
    schedule = _schedule(cron, timezone)
    _need_server(wait)
    _watch_over()
    folder, outputs = folder.absolute(), outputs.absolute()
    analyse.serve(
        name=name or folder.name,
        schedule=schedule,
        parameters={
            "paths": [str(folder)],
            "outputs": str(outputs),
            "config": config.model_dump(mode="json"),
            "join": True,
        },
        description=_about(folder, outputs),
        tags=[TAG, folder.name],
        global_limit=ONE_AT_A_TIME,
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


def _about(folder: Path, outputs: Path) -> str:
    """What the page of the deployment says, in markdown."""
    return f"""Joins what is new in `{folder}` to the papers known so far, and says which
research themes are rising. A run that finds nothing new says so and publishes nothing.

- Results: `{outputs}/latest`. A run that fails or is stopped leaves the last one in place.
- A run's page has its report under *Artifacts*: verdicts, figure, what changed since the last run.
- **Cancelled, “Deployment concurrency limit reached”**: another run was reading the same folder.
  Nothing is missed, as each run looks at the whole folder.
- **Late**: nobody works on it. Is `upwell serve` running, and the machine awake? One late run
  catches up with everything; the others are cancelled as above.
- **Failed**, **Crashed**: the artifact *why-it-ended* says why, and what to do.
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


def _watch_over() -> None:
    """Make sure that the server ends runs whose process died without a word.

    If a run's process is killed, what serves it says so. If that is killed too, or the machine goes
    down, the run would stay `Running` for ever: this automation ends it when its heartbeats stop.
    """
    beat = PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value()
    if beat is None:  # switched off by the user
        return
    silence = timedelta(seconds=MISSED_HEARTBEATS * max(beat, 30))
    wanted = Automation(
        name=WATCH,
        description="Written by `upwell serve`; ends runs whose heartbeats have stopped.",
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.heartbeat", *_ENDINGS},
            match={"prefect.resource.id": "prefect.flow-run.*"},
            match_related={
                "prefect.resource.role": "tag",
                "prefect.resource.id": f"prefect.tag.{TAG}",
            },
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=silence,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED,
                message=f"No sign of life for {silence.seconds / 60:g} minutes: the process that "
                "served this run is gone (killed, or the machine went down). Published runs are "
                "whole; start `upwell serve` again.",
            )
        ],
    )
    with get_client(sync_client=True) as client:
        for old in client.read_automations_by_name(WATCH):
            client.delete_automation(old.id)
    wanted.create()
