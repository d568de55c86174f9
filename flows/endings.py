"""Why a run ended early, in words: a state hook that leaves an artifact and a line in the log."""

from pathlib import Path
from typing import Any

from prefect import Flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import FlowRun, State, TaskRun
from prefect.client.schemas.sorting import TaskRunSort
from prefect.logging.loggers import flow_run_logger

# Errors whose message says what is wrong and what to do.
_IN_WORDS = {
    "EncoderError",
    "FeedsError",
    "HarvestError",
    "InputError",
    "NothingToAnalyseError",
    "StoreError",
    "TableError",
    "WatchListError",
}

_WHAT_NOW = {
    "Failed": "Put right what the message says, then press *Retry*, or leave it to the next "
    "scheduled run. If it says nothing you can act on, the traceback is under *Logs*.",
    "Crashed": "The process did not end by itself: it was killed, the machine went down, or memory "
    "ran out (exit code −9 or 137 without anyone having killed it). Nothing needs to be cleaned "
    "up: press *Retry*, or leave it to the next scheduled run.",
    "Cancelled": "Somebody stopped it, here or with `prefect flow-run cancel`. The next scheduled "
    "run reads the same files.",
}


def explain(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Say why a run failed, crashed or was cancelled, where it was, and what holds now.

    Parameters
    ----------
    flow, flow_run, state : as Prefect hands them to a state hook, in the process of the run or, if
        that is gone, of what served it.
    """
    kind = "Cancelled" if state.is_cancelling() else state.type.value.capitalize()
    reason = _reason(state)
    with get_client(sync_client=True) as client:
        tasks = client.read_task_runs(
            flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[flow_run.id])),
            sort=TaskRunSort.EXPECTED_START_TIME_DESC,
        )
        where = _where(tasks)
        client.create_artifact(
            ArtifactCreate(
                key="why-it-ended",
                type="markdown",
                description=f"{kind}{where}: {reason.splitlines()[0]}",
                data=_page(kind, where, reason, _standing(flow_run.parameters.get("outputs"))),
                flow_run_id=flow_run.id,
            )
        )
    flow_run_logger(flow_run, flow).error(f"{kind}{where}: {reason}")


def _page(kind: str, where: str, reason: str, standing: str) -> str:
    """The artifact; the reason is set off, as it may have several lines."""
    quoted = "\n".join(f"    {line}" for line in reason.splitlines())
    return f"## {kind}{where}\n\n{quoted}\n\n{standing}\n\n{_WHAT_NOW.get(kind, '')}\n"


def _reason(state: State[Any]) -> str:
    """The error in its own words; those that are ours need no name of a class in front."""
    message = (state.message or "").removeprefix("Flow run encountered an exception: ")
    name, colon, words = message.partition(": ")
    if colon and name in _IN_WORDS:
        return words
    return message or "Stopped before it was done."


def _where(tasks: list[TaskRun]) -> str:
    """The stage that a run was in: the latest one that was begun and not completed."""
    begun = [t for t in tasks if t.state and not t.state.is_completed() and t.start_time]
    # A flow within the flow stands there as harvest-0.
    return f" in “{begun[0].name.removesuffix('-0')}”" if begun else ""


def _standing(outputs: object) -> str:
    """What readers see now: the last published run."""
    if outputs is None:
        return "What has landed is kept, and the next run goes on from there."
    latest = Path(str(outputs)) / "latest"
    if not latest.exists():
        return "No run has been published there yet."
    return f"Readers see run `{latest.resolve().name}`, the last one that was published."
