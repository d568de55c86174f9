"""Deployments and their schedules."""

from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from prefect.client.orchestration import get_client
from prefect.schedules import Cron
from prefect.settings import PREFECT_API_URL

from flows.analyse import analyse
from upwell.config import RunConfig


class ServeError(ValueError):
    """A deployment cannot be offered as asked."""


def serve(folder: Path, *, outputs: Path, cron: str, timezone: str, config: RunConfig) -> None:
    """Offer a daily run on a folder to the Prefect server, and work on it until stopped.

    Parameters
    ----------
    folder : read whole at each run.
    outputs : where the runs are published.
    cron : when to run, five fields; in `timezone`, such as `Europe/Berlin`.
    config : everything else; the form in the UI starts from it.

    Raises
    ------
    ServeError
        No server is configured or it does not answer, there is no such folder, or cron or
        timezone are none.
    """
    if not folder.exists():
        raise ServeError(f"{folder}: no such folder; name the one that papers arrive in")
    try:
        schedule = Cron(cron, timezone=ZoneInfo(timezone).key)
    except (ValueError, ZoneInfoNotFoundError) as error:
        raise ServeError(
            f"--cron {cron!r} --timezone {timezone!r}: {error}; "
            'write five fields and a zone, such as "0 6 * * *" and Europe/Berlin'
        ) from error
    _need_server()
    analyse.serve(
        name="daily",
        schedule=schedule,
        parameters={
            "paths": [str(folder.absolute())],
            "outputs": str(outputs.absolute()),
            "config": config.model_dump(mode="json"),
        },
        tags=["upwell"],
        limit=1,
    )


def _need_server() -> None:
    """Raises unless a server answers; a temporary one would forget the schedule."""
    start = "start one with `prefect server start` and set PREFECT_API_URL to its address"
    url = PREFECT_API_URL.value()
    if not url:
        raise ServeError(f"no Prefect server is configured; {start}")
    with get_client(sync_client=True) as client:
        fault = client.api_healthcheck()
    if fault is not None:
        raise ServeError(f"no Prefect server answers at {url} ({fault}); {start}")
