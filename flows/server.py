"""The Prefect server of a run at a terminal: a temporary one if need be, and what if it vanishes.

Prefect tries each call again for a minute, one call after the other: a run whose server has gone
would end after four, in noise. Here the run is ended sooner, and in words.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from flows.exits import FAILED, stop

# Looks in a row that may go unanswered. A server that is started again is away for half a minute on
# a slow machine; Prefect's calls wait for a minute before they fail.
MAX_SILENT = 9
PAUSE_SECONDS = 5.0
# A server under load answers late; a process that is gone refuses at once.
TIMEOUT_SECONDS = 10.0


@contextmanager
def server() -> Iterator[None]:
    """Start Prefect's temporary server while the body imports what the run needs.

    Server and imports take most of a warm run's time, each on a core of its own; where a server
    is configured (`PREFECT_API_URL`), nothing is started. Exits with 1 if it does not answer.
    """
    from prefect.settings import PREFECT_API_URL

    if url := PREFECT_API_URL.value():
        _need(url)
        yield
        return
    from prefect.server.api.server import SubprocessASGIServer

    failure: list[Exception] = []

    def start() -> None:
        try:
            SubprocessASGIServer().start()
        except Exception as error:  # noqa: BLE001 - handed to the main thread
            failure.append(error)

    thread = Thread(target=start, daemon=True)
    thread.start()
    yield
    thread.join()
    if failure:
        stop(f"Prefect's temporary server did not start: {failure[0]}", FAILED)


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
def while_server_answers(outputs: Path, *, before_end: Callable[[], None]) -> Iterator[None]:
    """End the process, in words, if the server stops answering while the body runs.

    Where it is in its work does not matter: readers see whole runs only, as after a kill.

    Parameters
    ----------
    outputs : folder of runs, whose latest one the words name.
    before_end : called before the words are printed, such as to clear the screen.
    """
    url, is_own = _address()
    before, done = latest_name(outputs), Event()

    def give_up() -> None:
        before_end()
        said = words(url, is_own=is_own, before=before, now=latest_name(outputs))
        print(f"upwell: {said}", file=sys.stderr, flush=True)
        # Not `sys.exit`: Prefect would try to tell the server first.
        os._exit(FAILED)

    watch = Thread(target=look, args=(lambda: _answers(url), done, give_up), daemon=True)
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


def words(url: str, *, is_own: bool, before: str | None, now: str | None) -> str:
    """What happened, what holds now, and what to do.

    Parameters
    ----------
    url : of the server.
    is_own : it was the temporary one.
    before, now : names of the latest run when this one began and now; None if there is none.
    """
    server = "Prefect's temporary server" if is_own else "the Prefect server"
    happened = f"{server} at {url} stopped answering, so the run was given up."
    if now != before:
        stands = f"It had already published its results as run {now}; only its page is incomplete."
    elif now:
        stands = f"Nothing is damaged: the latest run is still {now}."
    else:
        stands = "Nothing is damaged; no run has been published yet."
    start = "" if is_own else "start it with `prefect server start`, and "
    return f"{happened}\n{stands}\nWhat to do: {start}give the same command again."


def latest_name(outputs: Path) -> str | None:
    """The name of the latest published run; None if there is none."""
    latest = outputs / "latest"
    return latest.resolve().name if latest.exists() else None


def _address() -> tuple[str, bool]:
    """Of the server that is configured, else of the temporary one; whether it is the latter."""
    from prefect.server.api.server import SubprocessASGIServer
    from prefect.settings import PREFECT_API_URL

    configured = PREFECT_API_URL.value()
    return (configured, False) if configured else (SubprocessASGIServer().api_url, True)


def _answers(url: str) -> bool:
    """Whether the server says anything at all: one that is overloaded or locked is still there."""
    import httpx

    try:
        httpx.get(f"{url}/health", timeout=TIMEOUT_SECONDS)
    except httpx.TransportError:
        return False
    return True
