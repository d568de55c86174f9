"""Pull what is new from live sources into a landing folder, for `analyse` to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from flows.endings import explain
from flows.form import titled
from flows.page import put_on_page
from flows.progress import announce, progress
from upwell.config import FeedConfig
from upwell.harvest import Feed, Harvested, HarvestError
from upwell.store import StoreError


@dataclass(frozen=True)
class Asked:
    """A feed that was asked: by its folder, what it brought, or why it brought nothing."""

    folder: str
    found: Harvested | None
    problem: str = ""


def _run_name() -> str:
    """Distinct to the second."""
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} harvest"


@flow(
    name="harvest",
    flow_run_name=_run_name,
    on_failure=[explain],
    on_crashed=[explain],
    on_cancellation=[explain],
)
def harvest(
    feeds: Annotated[list[FeedConfig], titled("Sources to ask")],
    landing: Annotated[Path, titled("Where answers land")] = Path("landing"),
    again: Annotated[bool, titled("All days again")] = False,
) -> None:
    """Asks live sources for papers that are not here yet, and keeps each answer as it came.

    A source that fails does not keep the others from being asked; the run fails at its end, and
    names it. The next run goes on where this one stopped.

    Args:
        feeds: The sources, what is wanted of each, and how fast they may be asked.
        landing: Folder in which the answers land, to be read by `analyse`.
        again: Ask for all days since the first one wanted, harvested before or not.
    """
    today = datetime.now(UTC).date()
    asked = [found for feed in feeds for found in ask_all(feed, landing, today, again)]
    put_on_page(
        create_table_artifact,
        key="harvest",
        table=rows(asked),
        description=f"What came into {landing}",
    )
    problems = [f"{one.folder}: {one.problem}" for one in asked if one.problem]
    if problems:
        raise HarvestError(
            f"{len(asked) - len(problems)} of {len(asked)} feeds were harvested. "
            + "; ".join(problems)
        )


def ask_all(config: FeedConfig, landing: Path, today: date, again: bool) -> list[Asked]:
    """Ask each feed of one source, one after the other, as a source wants it."""
    from upwell.harvest import feeds_of

    try:
        feeds = feeds_of(config, landing, today=today)
    except HarvestError as error:
        return [Asked(config.source, None, str(error))]
    return [ask(config, feed, landing, today, again) for feed in feeds]


@task(
    name="harvest",
    task_run_name="harvest {feed.folder} since {config.since}",
    cache_policy=NO_CACHE,
    persist_result=False,
)
def ask(config: FeedConfig, feed: Feed, landing: Path, today: date, again: bool) -> Asked:
    """Ask one feed. Not a failed task if the source fails: its retries have been made."""
    from upwell import harvest

    name = feed.folder
    secrets = harvest.secrets_of(config)
    if config.source == "openalex" and not secrets:
        announce(f"{harvest.KEY} is not set: without a key, OpenAlex soon has enough for the day")
    settings = {"timeout": config.timeout_seconds, "contact": config.contact, "secrets": secrets}
    days = {"since": config.since, "today": today, "again": again}
    try:
        with (
            progress(f"harvest {name}") as advance,
            harvest.take_turn(landing, feed.host) as turn,
            harvest.Client(pause=feed.pause, turn=turn, tell=announce, **settings) as client,
        ):
            found = harvest.harvest(feed, landing, client=client, progress=advance, **days)
    except (HarvestError, StoreError) as error:
        announce(f"{name}: {error}")
        return Asked(name, None, str(error))
    announce(f"{name}: {in_words(found)}", is_warning=False)
    return Asked(name, found)


def in_words(found: Harvested) -> str:
    """What a feed brought, in a sentence."""
    days = ", ".join(f"{a}" if a == b else f"{a} to {b}" for a, b in found.days)
    went_on = "; it went on with a harvest that had stopped" if found.resumed else ""
    known = f"; {found.n_repeated} answers were here already" if found.n_repeated else ""
    short = f"; {found.n_short:,} less than the source said there are" if found.n_short else ""
    what = f"{found.n_records:,} records in {found.n_answers} answers for {days or 'no day'}"
    return what + short + went_on + known


def rows(asked: Sequence[Asked]) -> list[dict[str, Any]]:
    """The table of the run's page."""
    return [
        {
            "feed": one.folder,
            "records": one.found.n_records if one.found else 0,
            "answers": one.found.n_answers if one.found else 0,
            "what happened": in_words(one.found) if one.found else one.problem,
        }
        for one in asked
    ]
