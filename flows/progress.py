"""Progress of a long stage: a bar on the terminal, a progress artifact in the Prefect UI."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol
from uuid import UUID

from prefect import get_run_logger
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.context import TaskRunContext

from flows.page import without_server

Advance = Callable[[int, int], None]

# An artifact costs a call to the server: only stages that last get one, renewed now and then.
LONG_SECONDS = 3.0
RENEW_SECONDS = 2.0


class Terminal(Protocol):
    """Where a person watches; set by the command line."""

    def bar(self, name: str) -> Advance:
        """Open a bar of this name; returns what moves it."""

    def say(self, text: str) -> None:
        """Print a line beside the bars."""


terminal: ContextVar[Terminal | None] = ContextVar("terminal", default=None)


def announce(text: str, *, is_warning: bool = True) -> None:
    """Tell whoever watches, in the UI's log and on the terminal."""
    get_run_logger().log(logging.WARNING if is_warning else logging.INFO, text)
    watched = terminal.get()
    if watched:
        watched.say(text)


@contextmanager
def progress(name: str) -> Iterator[Advance]:
    """Show how far a stage is.

    Parameters
    ----------
    name : what the stage works on, as in `embed papers`.

    Returns
    -------
    A function of (done, of how many), to be called as the stage goes on, as often as it likes.
    """
    watched = terminal.get()
    move = watched.bar(name) if watched else None
    began = renewed = time.monotonic()
    artifact: UUID | None = None

    def advance(done: int, total: int) -> None:
        nonlocal artifact, renewed
        if move:
            move(done, total)
        now = time.monotonic()
        if now - began < LONG_SECONDS or now - renewed < RENEW_SECONDS or not TaskRunContext.get():
            return
        renewed = now
        percent = 100.0 * done / total if total else 100.0
        with without_server():
            if artifact is None:
                artifact = create_progress_artifact(percent, description=name)  # type: ignore[assignment]
            else:
                update_progress_artifact(artifact, percent)

    yield advance
    if move:
        move(1, 1)
    if artifact is not None:
        with without_server():
            update_progress_artifact(artifact, 100.0)


def counted(advance: Advance, n_steps: int) -> Callable[..., None]:
    """For a stage that names its steps, one call a step: how many there have been."""
    done = iter(range(n_steps))
    return lambda *_step: advance(next(done, n_steps), n_steps)
