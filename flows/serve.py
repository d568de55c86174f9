"""Deployments and their schedules."""

from pathlib import Path

from prefect.schedules import Cron

from flows.analyse import analyse
from upwell.config import RunConfig


def serve(folder: Path, *, outputs: Path, cron: str, timezone: str, config: RunConfig) -> None:
    """Offer a daily run on a folder to the Prefect server, and work on it until stopped.

    Parameters
    ----------
    folder : read whole at each run.
    outputs : where the runs are published.
    cron : when to run, five fields; in `timezone`, such as `Europe/Berlin`.
    config : everything else; the form in the UI starts from it.
    """
    analyse.serve(
        name="daily",
        schedule=Cron(cron, timezone=timezone),
        parameters={
            "paths": [str(folder.absolute())],
            "outputs": str(outputs.absolute()),
            "config": config.model_dump(mode="json"),
        },
        tags=["upwell"],
        limit=1,
    )
