"""What the Prefect server does by itself for runs that cannot speak: automations, written once."""

from datetime import timedelta

from prefect.automations import Automation
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY

from flows.stage import TAG

WATCH = "upwell: runs whose process is gone"
EXPLAIN = "upwell: runs that were not needed"
# Heartbeats that may be missing before a run counts as gone.
MISSED_HEARTBEATS = 3

_ENDINGS = ("Completed", "Failed", "Cancelled", "Crashed")
_OURS = {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{TAG}"}


def set_up() -> None:
    """Make sure that the automations are there, once and as they are now."""
    beat = PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value()
    wanted = [explain_overlap()]
    if beat is not None:  # else switched off by the user
        wanted.append(end_silent(timedelta(seconds=MISSED_HEARTBEATS * max(beat, 30))))
    with get_client(sync_client=True) as client:
        for automation in wanted:
            for old in client.read_automations_by_name(automation.name):
                client.delete_automation(old.id)
            automation.create()


def end_silent(silence: timedelta) -> Automation:
    """Ends runs whose process died without a word.

    If a run's process is killed, what serves it says so. If that is killed too, or the machine goes
    down, the run would stay `Running` for ever: this ends it when its heartbeats stop.
    """
    return Automation(
        name=WATCH,
        description="Written by `upwell serve`; ends runs whose heartbeats have stopped.",
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.heartbeat", *(f"prefect.flow-run.{e}" for e in _ENDINGS)},
            match={"prefect.resource.id": "prefect.flow-run.*"},
            match_related=_OURS,
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=silence,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED,
                message=f"No sign of life for {silence.seconds / 60:g} minutes: the process of "
                "this run is gone or stands still (killed, or the machine went down or slept). "
                "Nothing is damaged: readers see the last published run. What to do: see that "
                "`upwell serve` is running; the next run reads the same files.",
            )
        ],
    )


def explain_overlap() -> Automation:
    """Says of a run that was cancelled, as another one was at work, that nothing is missed.

    Prefect says “Deployment concurrency limit reached”, which sounds like a fault. The state keeps
    its name: the UI's list of a deployment leaves out those that Prefect has not named.
    """
    return Automation(
        name=EXPLAIN,
        description="Written by `upwell serve`; explains runs that were cancelled for another one.",
        trigger=EventTrigger(
            expect={"prefect.flow-run.Cancelled"},
            match={
                "prefect.resource.id": "prefect.flow-run.*",
                "prefect.state-message": "Deployment concurrency limit reached.",
            },
            match_related=_OURS,
            posture=Posture.Reactive,
            threshold=1,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CANCELLED,
                name="Cancelled",
                message="Not needed: another run was at work on this folder when this one was due. "
                "Nothing is missed and nothing is to be done: each run reads everything there is.",
            )
        ],
    )
