"""The end of a run that found nothing new: the latest one stands."""

from pathlib import Path

from prefect.artifacts import create_markdown_artifact
from prefect.states import Completed, State

from flows.news import tell_nothing_new
from flows.page import put_on_page
from flows.progress import announce
from flows.published import PublishedRun, nothing_new


def leave(last: PublishedRun) -> State[Path]:
    """Say that the latest run stands: log, terminal, an event, the run's page and its state."""
    text = nothing_new(last)
    announce(text, is_warning=False)
    tell_nothing_new(text, run_id=last.folder.name, folder=last.folder)
    put_on_page(
        create_markdown_artifact,
        key="report",
        markdown=f"# Nothing new\n\n{text}\n\nIts report: `{last.folder}/report.html`",
        description="Nothing was published",
    )
    # No name of its own: the UI's list of a deployment leaves out those that Prefect did not give.
    return Completed(message=text, data=last.folder)
