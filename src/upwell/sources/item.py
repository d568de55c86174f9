"""What a format hands on: a record as it was found, or a reject."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from upwell.config import SourceConfig
from upwell.sources.content import LINE_LIMIT, Content, Head, Line
from upwell.sources.dates import UNDATED, When
from upwell.sources.dating import Rule


@dataclass(frozen=True, slots=True)
class RawRecord:
    """A record as it stands in its file; text is not repaired yet.

    `position` is the line, row or index, from 1, that leads back to it. `identifiers` are the
    values that may hold an arXiv id or a DOI, the most trusted first. `dated_by` is the rule that
    gave `published`, None where the format has no need of rules. `is_cut` says that the file ends
    in the middle of the record, so that a part of it may be missing.
    """

    position: str
    abstract: str
    title: str | None = None
    published: When = UNDATED
    dated_by: Rule | None = None
    identifiers: tuple[str, ...] = ()
    url: str | None = None
    n_authors: int | None = None
    n_comments: int | None = None
    categories: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class RawReject:
    """An item that could not become a record; without `position`, the whole file."""

    position: str | None
    reason: str
    detail: str
    excerpt: str = ""


Item = RawRecord | RawReject


@dataclass(frozen=True, slots=True)
class Context:
    """What a format needs to know beside the content, and where it says what it inferred.

    `file_day` is the day in the file's name, if there is one; `file_name` is without its folder.
    """

    config: SourceConfig
    today: dt.date
    file_day: dt.date | None = None
    file_name: str = ""
    notes: list[str] = field(default_factory=list)


class Format(Protocol):
    """One format: a module of this package with an instance of this in `registry.FORMATS`."""

    name: str

    def recognises(self, head: Head) -> bool:
        """Whether the start of a file is of this format."""

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """The records and rejects of a file, positions never repeated, in the file's order."""


def noting_years(items: Iterator[Item], context: Context) -> Iterator[Item]:
    """The items of a source that writes a bare year as its 1 January; says how many were such."""
    n_years = 0
    for item in items:
        n_years += isinstance(item, RawRecord) and item.published.precision == "year"
        yield item
    if n_years:
        context.notes.append(f"{n_years:,} dates are years: 1 January stands for no more")


def too_long(line: Line) -> RawReject:
    """The reject of a line that was too long to hold."""
    detail = (
        f"line {line.number} has {line.too_long:,} bytes, the limit is {LINE_LIMIT:,}; it was "
        "skipped, the lines after it were read; if it holds many records, write one a line"
    )
    return RawReject(str(line.number), "line_too_long", detail, line.text)
