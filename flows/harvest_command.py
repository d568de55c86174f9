"""`upwell harvest`: the flow `harvest` from a shell, or only what it would ask."""

import logging
import sys
from datetime import UTC, datetime
from pathlib import Path

from flows.exits import FAILED, UNUSABLE, stop
from upwell.config import FeedConfig
from upwell.harvest import LOG, HarvestError, feeds_of, look, missing

KEPT = "What has landed is kept, and the next harvest goes on from there."


def run(config: FeedConfig, *, into: Path, again: bool, dry_run: bool) -> None:
    """Harvest one source; exits with 1 or 2 if it cannot.

    Parameters
    ----------
    config : what is asked for.
    into : landing folder.
    again : ask for all days wanted, harvested before or not.
    dry_run : only print what would be asked; nothing is sent or written.
    """
    try:
        if dry_run:
            sys.stdout.write(plan(config, into, again=again))
            return
        feeds_of(config, into, today=datetime.now(UTC).date())  # a slip is told at once
    except HarvestError as error:
        stop(error, UNUSABLE)
    _harvest(config, into, again=again)
    sys.stdout.write(f"Answers are in {into}; read them with: upwell run {into} --into outputs\n")


def plan(config: FeedConfig, into: Path, *, again: bool = False) -> str:
    """What would be asked of each feed: the first request, how fast, and where answers land."""
    today, lines = datetime.now(UTC).date(), []
    for feed in feeds_of(config, into, today=today):
        covered, going = [], None
        if (into / feed.folder / LOG).exists():
            place = look(into / feed.folder)
            covered, going = [] if again else place.covered, place.going
        lines.append(f"{feed.folder}: one request in {feed.pause:g} s, into {into / feed.folder}")
        if going and going.following:
            lines.append(f"  goes on with {going.following}")
        for first, last in missing(feed, covered, since=config.since, today=today):
            lines.append(f"  {first} to {last}: {feed.first(first, last)}, and the pages after it")
    return "\n".join(lines) + "\n"


def _harvest(config: FeedConfig, into: Path, *, again: bool) -> None:
    """The flow, with bars for a person and its failures in words."""
    from rich.console import Console

    from flows.server import server, while_server_answers
    from flows.terminal import bars

    logging.raiseExceptions = False  # Prefect's, for lines of log that it cannot send
    with bars(Console(stderr=True)) as shown:
        with server() as used:
            from prefect import tags

            from flows.harvest import harvest
            from flows.stage import TAG
        try:
            with tags(TAG), while_server_answers(used, lambda: KEPT, before_end=shown.stop):
                harvest([config], into, again)
        except HarvestError as error:
            stop(error, FAILED)
        except KeyboardInterrupt:
            stop(f"stopped. {KEPT}", FAILED)
        except Exception as error:  # noqa: BLE001 - the last resort before a traceback
            stop(f"failed: {type(error).__name__}: {error}\n{KEPT}", FAILED)
