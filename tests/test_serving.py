"""What the Prefect server and its UI get to see: events, automations, endings, retries, the form."""

import errno
import json
import queue
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import made_up
import polars as pl
import pytest

from upwell import tables
from upwell.store import StoreError, Workspace

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("prefect_server")]


@pytest.fixture
def webhook() -> Iterator[tuple[str, "queue.Queue[dict]"]]:
    """A local HTTP server: its address, and what it was sent."""
    received: queue.Queue[dict] = queue.Queue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            received.put(json.loads(self.rfile.read(length)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_said: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/chat", received
    server.shutdown()
    server.server_close()


def tell_in_a_flow(changes: pl.DataFrame, run_id: str = "r2") -> None:
    from prefect import flow

    from flows.news import tell

    flow(name="tells")(lambda: tell(changes, run_id=run_id, folder=Path("outputs/runs") / run_id))()


def events(*names: str, at_least: int) -> list[dict]:
    """Events as the server holds them; they arrive a little later than they are sent."""
    from prefect.client.orchestration import get_client

    wanted = {"filter": {"event": {"name": list(names)}}, "limit": 50}
    with get_client(sync_client=True) as client:
        for _ in range(60):
            found = client._client.post("/events/filter", json=wanted).json()["events"]
            if len(found) >= at_least:
                return found
            time.sleep(0.5)
    raise AssertionError(f"only {len(found)} events {names}")


def told_of(run_id: str, name: str) -> dict:
    """The event of this name that a run told, among those of the runs of other tests."""
    for _ in range(100):
        for event in events(name, at_least=1):
            if run_id in {
                event["payload"].get("run_id"),
                event["resource"].get("prefect.resource.name"),
            }:
                return event
        time.sleep(0.1)
    pytest.fail(f"no {name} of {run_id}")


def test_a_change_is_an_event_that_names_its_subject() -> None:
    tell_in_a_flow(made_up.changes_table())
    rising, born, published = (
        told_of("r2", name)
        for name in ("upwell.theme.rising", "upwell.topic.born", "upwell.run.published")
    )
    assert rising["resource"] == {
        "prefect.resource.id": "upwell.theme.distillation",
        "prefect.resource.name": "distillation",
    }
    payload = rising["payload"]
    assert payload["text"].startswith("Theme distillation is now rising, was insufficient evidence")
    assert (payload["before"], payload["after"]) == ("insufficient_evidence", "rising")
    assert payload["growth"] == pytest.approx(1.48)
    assert payload["run_id"] == "r2"
    assert "flow-run" in {related["prefect.resource.role"] for related in rising["related"]}
    assert born["payload"]["text"] == "Topic robustness & <certified> is new."
    assert "37 new papers" in published["payload"]["text"]
    assert len(json.dumps(rising)) < 4000


def test_the_first_run_tells_of_no_change() -> None:
    tell_in_a_flow(tables.CHANGES.empty(), run_id="first")
    told: list[dict] = []
    while not told:  # events come in order: what else it told would be there by then
        told = [
            event
            for event in events("upwell.run.published", at_least=1)
            if event["resource"]["prefect.resource.name"] == "first"
        ]
    assert "nothing to compare" in told[0]["payload"]["text"]
    others = events("upwell.theme.rising", "upwell.topic.born", at_least=0)
    assert not [event for event in others if event["payload"]["run_id"] == "first"]


def test_a_run_with_nothing_new_says_so_in_state_artifact_and_event(tmp_path: Path) -> None:
    from prefect import flow
    from prefect.client.orchestration import get_client
    from small_run import publish_run, small_papers

    from flows.published import find_run
    from flows.unchanged import leave

    last = find_run("latest", publish_run(tmp_path, small_papers(6)).parents[1])
    state = flow(name="leaves")(lambda: leave(last))(return_state=True)
    assert (state.is_completed(), state.name) == (True, "Completed"), "others are not listed"
    assert state.message.startswith("Nothing new: the 96 records are those of run ")
    event = told_of(last.folder.name, "upwell.run.nothing_new")
    assert event["payload"] == {
        "text": state.message,
        "run_id": last.folder.name,
        "folder": str(last.folder),
    }
    assert "flow-run" in {related["prefect.resource.role"] for related in event["related"]}
    with get_client(sync_client=True) as client:
        (page,) = [a for a in client.read_artifacts() if last.folder.name in str(a.data)]
    assert (page.key, page.description) == ("report", "Nothing was published")


def test_the_automation_of_the_readme_calls_a_webhook(webhook) -> None:
    """As an operator sets it up: a webhook block, and an automation from the file in the README."""
    import yaml
    from prefect.automations import Automation
    from prefect.blocks.webhook import Webhook

    address, received = webhook
    block = Webhook(url=address).save("team-chat", overwrite=True)
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    text = readme.split("```yaml\n", 1)[1].split("```", 1)[0]
    (declared,) = yaml.safe_load(text.replace("BLOCK_ID", str(block)))["automations"]
    automation = Automation(**declared).create()
    try:
        time.sleep(3)  # the server learns of automations by itself, a moment later
        tell_in_a_flow(made_up.changes_table())
        assert received.get(timeout=60)["text"].startswith("Theme distillation is now rising")
    finally:
        automation.delete()


def why_it_ended(name: str) -> tuple[str, str]:
    """State and explanation of the latest run that reads something of this name."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        run = next(r for r in reversed(client.read_flow_runs()) if r.name.endswith(name))
        found = [a for a in client.read_artifacts() if a.flow_run_id == run.id]
    (artifact,) = [a for a in found if a.key == "why-it-ended"]
    return run.state_name, artifact.data


def test_a_run_that_fails_says_why_where_and_what_holds(tmp_path: Path) -> None:
    from flows.analyse import analyse

    (tmp_path / "short.jsonl").write_text('{"title": "A", "abstract": "Only three words"}')
    with pytest.raises(ValueError, match="no paper"):
        analyse([tmp_path / "short.jsonl"], tmp_path / "out")
    state, said = why_it_ended("short.jsonl")
    assert state == "Failed"
    assert said.startswith(
        "## Failed in “read short.jsonl”\n\n    no paper in what was given; 1 rej"
    )
    assert "No run has been published there yet." in said
    assert "*Retry*" in said


@pytest.mark.parametrize("kind", ["Crashed", "Cancelling"])
def test_what_serves_a_run_says_why_it_is_gone(tmp_path: Path, kind: str) -> None:
    """As after SIGKILL or a cancellation: the hook runs outside of the run."""
    from prefect import flow, states
    from prefect.client.orchestration import get_client

    from flows.endings import explain

    @flow(flow_run_name=f"a run to be {kind}")
    def short(outputs: Path) -> None:
        pass

    (tmp_path / "runs" / "r7").mkdir(parents=True)
    (tmp_path / "latest").symlink_to("runs/r7")
    short(tmp_path)
    with get_client(sync_client=True) as client:
        run = next(r for r in client.read_flow_runs() if r.name == f"a run to be {kind}")
    explain(short, run, getattr(states, kind)(message="Process exited with status code: -9."))
    _, said = why_it_ended(f"a run to be {kind}")
    assert said.startswith(f"## {kind.replace('Cancelling', 'Cancelled')}\n")
    assert "status code: -9." in said
    assert "Readers see run `r7`" in said


def test_a_landing_folder_that_comes_back_is_waited_for(tmp_path: Path) -> None:
    from prefect import flow

    from flows.landing import look_for_files

    folder = tmp_path / "landing"
    look = look_for_files.with_options(retry_delay_seconds=[0.5] * 3, retry_jitter_factor=0)
    tries = []

    def mount() -> None:
        time.sleep(0.8)
        folder.mkdir()
        (folder / "a.jsonl").write_text("{}")
        tries.append("mounted")

    thread = threading.Thread(target=mount)
    thread.start()
    flow(name="waits")(lambda: look([folder], join=False))()
    thread.join()
    assert tries == ["mounted"]


@pytest.mark.parametrize(
    ("cause", "again"),
    [
        (OSError(errno.ESTALE, "stale file handle"), True),
        (OSError(errno.EIO, "input/output error"), True),
        (OSError(errno.ENOSPC, "no space left on device"), False),
        (OSError(errno.EACCES, "permission denied"), False),
        (None, False),
    ],
)
def test_only_what_may_pass_is_written_again(cause: OSError | None, again: bool) -> None:
    from prefect.states import Failed

    from flows.retries import disk_may_come_back

    error = StoreError("outputs: cannot write here")
    error.__cause__ = cause
    assert disk_may_come_back(None, None, Failed(data=error)) is again
    assert disk_may_come_back(None, None, Failed(data=ValueError("a bug"))) is False


def test_a_disk_that_comes_back_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect import flow

    from flows import publication

    tries = []

    def flaky(run: Workspace, **_what: object) -> Path:
        tries.append(run.run_id)
        if len(tries) == 1:
            raise StoreError("outputs: cannot write here") from OSError(errno.ESTALE, "stale")
        return run.outputs

    monkeypatch.setattr(publication.store, "publish", flaky)
    make_visible = publication.make_visible.with_options(retry_delay_seconds=[0.1] * 3)
    run = Workspace(tmp_path, "r1", datetime.now(UTC))
    nothing = tables.CHANGES.empty()
    content = {"frames": {tables.CHANGES: nothing}, "members": nothing, "files": {}}
    flow(name="publishes")(
        lambda: make_visible(run, **content, manifest=made_up.manifest(), model={})
    )()
    assert tries == ["r1", "r1"]


def test_every_field_of_the_form_has_a_title_and_says_what_it_does() -> None:
    from prefect.utilities.callables import parameter_schema

    from flows.analyse import analyse

    schema = parameter_schema(analyse)
    titles = {name: field["title"] for name, field in schema.properties.items()}
    assert titles == {
        "paths": "Papers to read",
        "outputs": "Where to publish",
        "config": "How to analyse",
        "join": "Join what is known",
        "watch_list": "Watch list",
    }
    for name, model in schema.definitions.items():
        for field, about in model["properties"].items():
            assert about.get("title"), (name, field)
            assert about.get("description") or "$ref" in about or field == "name", (name, field)


def test_silent_runs_are_ended_by_an_automation_that_is_there_once() -> None:
    from prefect.client.orchestration import get_client

    from flows.automations import WATCH, set_up

    set_up()
    set_up()
    with get_client(sync_client=True) as client:
        (automation,) = client.read_automations_by_name(WATCH)
    assert automation.trigger.within.total_seconds() >= 90
    assert "prefect.flow-run.heartbeat" in automation.trigger.after
    assert "prefect.flow-run.Completed" in automation.trigger.expect


def test_a_run_that_another_one_makes_needless_says_so() -> None:
    """As the server cancels a run at the concurrency limit of its deployment."""
    from prefect import flow, states
    from prefect.client.orchestration import get_client

    from flows.automations import set_up
    from flows.stage import TAG

    set_up()
    time.sleep(3)  # the server learns of automations by itself, a moment later
    with get_client(sync_client=True) as client:
        run = client.create_flow_run(flow(name="due")(lambda: None), tags=[TAG])
        stopped = states.Cancelled(message="Deployment concurrency limit reached.")
        client.set_flow_run_state(run.id, stopped)
        for _ in range(100):
            run = client.read_flow_run(run.id)
            if run.state.message != stopped.message:
                break
            time.sleep(0.2)
    assert (run.state.type, run.state.name) == ("CANCELLED", "Cancelled")
    assert run.state.message.startswith("Not needed: another run was at work on this folder")
