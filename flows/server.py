"""The Prefect server of a run at a terminal: a temporary one if need be, and what if it vanishes.

Prefect tries each call again for a minute, one call after the other: a run whose server has gone
would end after four, in noise. Here the run is ended sooner, and in words.
"""

import atexit
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event, Thread
from typing import IO

from flows.exits import FAILED, stop

# Looks in a row that may go unanswered. A server that is started again is away for half a minute on
# a slow machine; Prefect's calls wait for a minute before they fail.
MAX_SILENT = 9
PAUSE_SECONDS = 5.0
# A server under load answers late; a process that is gone refuses at once.
TIMEOUT_SECONDS = 10.0
END_SECONDS = 5.0  # that a temporary server has to end by itself


@dataclass(frozen=True)
class Server:
    """The Prefect server of a run: where its API is, and whether it lives for this run alone."""

    url: str
    is_own: bool


@contextmanager
def server() -> Iterator[Server]:
    """Start a temporary Prefect server while the body imports what the run needs.

    Prefect's own way to start one imports all of the server here first, which takes five seconds;
    so the process is started here, and Prefect told its address. Where a server is configured
    (`PREFECT_API_URL`), nothing is started. Exits with 1 if it does not answer.
    """
    from prefect.settings import PREFECT_API_URL

    if url := PREFECT_API_URL.value():
        _need(url)
        yield Server(url, is_own=False)
        return
    with TemporaryFile() as said:
        process, url = _start(said)
        yield Server(url, is_own=True)
        _wait(process, url, said)
    os.environ["PREFECT_API_URL"] = url
    from prefect.context import refresh_global_settings_context

    refresh_global_settings_context()


def _start(said: IO[bytes]) -> tuple[subprocess.Popen[bytes], str]:
    """Start a server that ends with this process; what it says goes to a file."""
    from prefect.settings import get_current_settings

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host, port = free.getsockname()
    process = subprocess.Popen(  # noqa: S603 - as Prefect starts its own
        [
            *(sys.executable, "-m", "uvicorn", "--factory", "prefect.server.api.server:create_app"),
            *("--host", host, "--port", str(port), "--log-level", "error", "--lifespan", "on"),
        ],
        env={
            **os.environ,
            **get_current_settings().to_environment_variables(exclude_unset=True),
            "PREFECT_UI_ENABLED": "0",
            "PREFECT__SERVER_EPHEMERAL": "1",
            "PREFECT__SERVER_FINAL": "1",
        },
        stdin=subprocess.DEVNULL,
        stdout=said,
        stderr=said,
    )
    atexit.register(_end, process)
    return process, f"http://{host}:{port}/api"


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server, and wait until it has."""
    process.terminate()
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, said: IO[bytes]) -> None:
    """Wait until the server answers; ends this process, in words, if it does not."""
    from prefect.settings import PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS

    limit = PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS.value()
    began = time.monotonic()
    while process.poll() is None:
        if _answers(url):
            return
        if time.monotonic() - began > limit:
            stop(
                f"Prefect's temporary server did not start within {limit} s: give the command "
                "again, with PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS set higher on a slow "
                "or busy machine",
                FAILED,
            )
        time.sleep(0.1)
    said.seek(0)
    last = said.read().decode(errors="replace").strip().rpartition("\n")[2]
    stop(f"Prefect's temporary server did not start: {last or 'it said nothing'}", FAILED)


def _need(url: str) -> None:
    """Ends the command unless the server that is configured answers."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        fault = client.api_healthcheck()
    if fault is not None:
        stop(
            f"no Prefect server answers at {url} ({fault}). Start it with `prefect server start`, "
            "or do without: PREFECT_API_URL= in front of the command",
            FAILED,
        )


@contextmanager
def while_server_answers(
    server: Server, stands: Callable[[], str], *, before_end: Callable[[], None]
) -> Iterator[None]:
    """End the process, in words, if the server stops answering while the body runs.

    Where it is in its work does not matter: readers see whole runs only, as after a kill.

    Parameters
    ----------
    server : the one that is looked at.
    stands : says what holds although the run was given up.
    before_end : called before the words are printed, such as to clear the screen.
    """
    done = Event()

    def give_up() -> None:
        before_end()
        said = words(server, stands())
        print(f"upwell: {said}", file=sys.stderr, flush=True)
        # Not `sys.exit`: Prefect would try to tell the server first.
        os._exit(FAILED)

    watch = Thread(target=look, args=(lambda: _answers(server.url), done, give_up), daemon=True)
    watch.start()
    try:
        yield
    finally:
        done.set()
        watch.join(TIMEOUT_SECONDS)


def look(
    answers: Callable[[], bool],
    done: Event,
    give_up: Callable[[], None],
    *,
    pause: float = PAUSE_SECONDS,
) -> None:
    """Look whether the server answers until `done`; give up after `MAX_SILENT` looks in vain.

    Looks are counted and not seconds, as a laptop that slept has seen no silence. They count once
    one was answered: where none ever is, the way to the server is one that only Prefect knows.
    """
    has_answered, n_silent = False, 0
    while n_silent < MAX_SILENT:
        if answers():
            has_answered, n_silent = True, 0
        elif has_answered:
            n_silent += 1
        if done.wait(pause):
            return
    give_up()


def words(server: Server, stands: str) -> str:
    """What happened, what holds now, and what to do."""
    which = "Prefect's temporary server" if server.is_own else "the Prefect server"
    start = "" if server.is_own else "start it with `prefect server start`, and "
    return (
        f"{which} at {server.url} stopped answering, so the run was given up.\n{stands}\n"
        f"What to do: {start}give the same command again."
    )


def latest_stands(outputs: Path) -> Callable[[], str]:
    """What will hold of the runs in a folder, compared with now."""
    before = latest_name(outputs)

    def stands() -> str:
        now = latest_name(outputs)
        if now != before:
            return (
                f"It had already published its results as run {now}; only its page is incomplete."
            )
        if now:
            return f"Nothing is damaged: the latest run is still {now}."
        return "Nothing is damaged; no run has been published yet."

    return stands


def latest_name(outputs: Path) -> str | None:
    """The name of the latest published run; None if there is none."""
    latest = outputs / "latest"
    return latest.resolve().name if latest.exists() else None


def _answers(url: str) -> bool:
    """Whether the server says anything at all: one that is overloaded or locked is still there."""
    import httpx

    try:
        httpx.get(f"{url}/health", timeout=TIMEOUT_SECONDS)
    except httpx.TransportError:
        return False
    return True
