"""The sources that can be harvested, and the feeds that a configuration asks of them."""

import os
import re
from collections.abc import Sequence
from datetime import date, timedelta
from hashlib import blake2b
from pathlib import Path

from upwell.config import FeedConfig
from upwell.harvest.arxiv_api import ArxivApi
from upwell.harvest.arxiv_oai import ArxivOai
from upwell.harvest.asking import Feed, HarvestError
from upwell.harvest.daily_papers import DailyPapers
from upwell.harvest.landing import LOG
from upwell.harvest.openalex import OpenAlex

SMALL_DAYS = 14
"""Days up to which `auto` takes arXiv's search; more days are a matter of OAI-PMH."""
KEY = "OPENALEX_API_KEY"


def feeds_of(config: FeedConfig, landing: Path, *, today: date) -> tuple[Feed, ...]:
    """The feeds of a configuration: one a category for arXiv's OAI-PMH, else one.

    Parameters
    ----------
    config : what is asked for.
    landing : folder of all feeds; `auto` stays with the way that it began with there.
    today : the last day wanted.

    Raises
    ------
    HarvestError
        What is asked for does not go together.
    """
    given: dict[str, object] = {}
    if config.host:
        given["host"] = config.host.rstrip("/")
    if config.pause_seconds is not None:
        given["pause"] = config.pause_seconds
    if config.overlap_days is not None:
        given["overlap"] = config.overlap_days
    sized = given | ({"page_size": config.page_size} if config.page_size else {})
    match config.source:
        case "huggingface":
            return (DailyPapers(**sized),)  # type: ignore[arg-type]
        case "openalex":
            return (OpenAlex(config.filter, _slug(config.filter), **sized),)  # type: ignore[arg-type]
    bulk = [ArxivOai(name, **given) for name in config.categories or ("",)]  # type: ignore[arg-type]
    search = ArxivApi(config.categories, **sized)  # type: ignore[arg-type]
    if _in_bulk(config, bulk, search, landing, today):
        return tuple(bulk)
    if not config.categories:
        raise HarvestError("arXiv's search needs --categories, such as cs.CV,cs.LG")
    return (search,)


def secrets_of(config: FeedConfig) -> dict[str, str]:
    """What a source is sent and nobody is shown: keys come from the environment."""
    key = os.environ.get(KEY, "")
    return {"api_key": key} if config.source == "openalex" and key else {}


def _in_bulk(
    config: FeedConfig, bulk: Sequence[Feed], search: Feed, landing: Path, today: date
) -> bool:
    """Whether arXiv is asked by OAI-PMH, not by its search."""
    if config.via != "auto":
        return config.via == "oai"
    if not config.categories or any((landing / feed.folder / LOG).exists() for feed in bulk):
        return True
    if (landing / search.folder / LOG).exists():
        return False
    return today - config.since > timedelta(days=SMALL_DAYS)


def _slug(text: str) -> str:
    """A folder's name for a filter: readable, and its own."""
    plain = re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-")[:60] or "all"
    return f"{plain}-{blake2b(text.encode(), digest_size=3).hexdigest()}"
