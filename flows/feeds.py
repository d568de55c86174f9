"""The list of live sources that a daily deployment asks: a TOML file."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from upwell.config import FeedConfig


class FeedsError(ValueError):
    """The list of sources cannot be used; the message names the file and what to do."""


def read_feeds(path: Path) -> tuple[FeedConfig, ...]:
    """The sources in a TOML file, each a table `[[feed]]` with the fields of `FeedConfig`.

    Parameters
    ----------
    path : of the file.

    Raises
    ------
    FeedsError
        It cannot be read, or is no list of sources; the feed and the field are named.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FeedsError(f"{path}: the list of sources cannot be read: {error}") from error
    tables = given.pop("feed", [])
    if given or not isinstance(tables, list) or not tables:
        more = f"; there is {', '.join(given)}" if given else ""
        raise FeedsError(
            f'{path}: write each source as a table [[feed]], with source = "arxiv" and '
            f"since = 2026-01-01{more}"
        )
    feeds = []
    for number, table in enumerate(tables, 1):
        try:
            feeds.append(FeedConfig.model_validate(table))
        except ValidationError as error:
            faults = "; ".join(
                f"{'.'.join(map(str, fault['loc']))}: {fault['msg'].removeprefix('Value error, ')}"
                for fault in error.errors()
            )
            known = ", ".join(FeedConfig.model_fields)
            raise FeedsError(f"{path}, feed {number}: {faults}; its fields are {known}") from error
    return tuple(feeds)
