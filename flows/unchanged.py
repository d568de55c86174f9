"""The end of a run that found nothing new: the latest one stands."""

from pathlib import Path

from prefect.artifacts import create_markdown_artifact
from prefect.states import Completed, State

from flows.progress import announce
from flows.published import PublishedRun, nothing_new


def leave(last: PublishedRun) -> State[Path]:
    """Say that the latest run stands, in the log, at the terminal and on the run's page."""
    text = nothing_new(last)
    announce(text, is_warning=False)
    create_markdown_artifact(
        key="report",
        markdown=f"# Nothing new\n\n{text}\n\nIts report: `{last.folder}/report.html`",
        description="Nothing was published",
    )
    return Completed(message=text, data=last.folder)
