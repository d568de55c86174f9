"""Where answers land, as they came, and what is known of the harvests that brought them.

    landing/arxiv-oai/cs.CV/
      .harvest.jsonl              a line for each thing that happened, only ever added to
      0001-000001.xml.zst         the answers of the first sequence of pages, of the second, …

All answers of a feed lie in one folder, which is the source that its papers are said to be of.
An answer is on disk before its line is written, so a harvest that is killed loses at most the
answer it was waiting for. A line names its answer's SHA-256, and what is to be asked next.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from upwell.harvest.asking import Ask, HarvestError, Page
from upwell.store import add, replace

LOG = ".harvest.jsonl"
OPTION = "--into"
_LEVEL = 10  # of zstd: answers are written once, and a source is slower than this


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime


class _Begun(_Line):
    """A sequence of pages for some days, and its first request."""

    event: Literal["begun"] = "begun"
    since: date
    until: date
    following: Ask


class _Landed(_Line):
    """An answer, and the next request; none after the last page."""

    event: Literal["landed"] = "landed"
    asked: str
    file: str
    sha256: str
    n_records: int
    following: Ask | None = None


class _Done(_Line):
    """The sequence is complete."""

    event: Literal["done"] = "done"


_LINES: TypeAdapter[_Begun | _Landed | _Done] = TypeAdapter(
    Annotated[_Begun | _Landed | _Done, Field(discriminator="event")]
)


@dataclass
class Sequence:
    """A sequence of pages that has begun: its days, and what is to be asked next."""

    since: date
    until: date
    following: Ask | None
    n_pages: int = 0
    asked: set[str] = field(default_factory=set)


@dataclass
class Landing:
    """The folder of one feed, as its log has it.

    `covered` are the days that complete sequences asked for, `known` the files of answers by their
    SHA-256, `going` the sequence that is not complete.
    """

    folder: Path
    covered: list[tuple[date, date]] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    going: Sequence | None = None
    n_begun: int = 0

    def begin(self, since: date, until: date, first: Ask) -> None:
        """A new sequence; one that was going is given up."""
        self._add(_Begun(at=datetime.now(UTC), since=since, until=until, following=first))

    def land(self, going: Sequence, ask: Ask, body: bytes, *, suffix: str, page: Page) -> bool:
        """Keep an answer; False if the very same is kept already, which is only noted."""
        import zstandard

        sha256 = hashlib.sha256(body).hexdigest()
        known = self.known.get(sha256)
        file = known or f"{self.n_begun:04d}-{going.n_pages + 1:06d}.{suffix}.zst"
        if not known:
            replace(self.folder / file, zstandard.compress(body, _LEVEL), option=OPTION)
        self._add(
            _Landed(
                at=datetime.now(UTC),
                asked=str(ask),
                file=file,
                sha256=sha256,
                n_records=page.n_records,
                following=page.following,
            )
        )
        return not known

    def end(self) -> None:
        """The sequence is complete."""
        self._add(_Done(at=datetime.now(UTC)))

    def _add(self, line: _Begun | _Landed | _Done) -> None:
        """Write a line for good, then believe it."""
        text = line.model_dump_json(exclude_none=True) + "\n"
        add(self.folder / LOG, text.encode(), option=OPTION)
        self.follow(line)

    def follow(self, line: _Begun | _Landed | _Done) -> None:
        """Know one more line.

        Raises
        ------
        ValueError
            It goes on with a sequence that has not begun.
        """
        if isinstance(line, _Begun):
            self.n_begun += 1
            self.going = Sequence(line.since, line.until, line.following)
        elif self.going is None:
            raise ValueError(f"{line.event} before a sequence has begun")
        elif isinstance(line, _Done):
            self.covered.append((self.going.since, self.going.until))
            self.going = None
        else:
            self.known[line.sha256] = line.file
            self.going.n_pages += 1
            self.going.asked.add(line.asked)
            self.going.following = line.following


@contextmanager
def open_landing(folder: Path) -> Iterator[Landing]:
    """The folder of one feed, alone, with what is known of it; made if it is not there.

    Raises
    ------
    HarvestError
        Another harvest is at work in it, or its log is damaged.
    StoreError
        It cannot be written.
    """
    from filelock import FileLock, Timeout

    add(folder / LOG, b"", option=OPTION)
    try:
        with FileLock(folder / ".lock", timeout=0):
            yield _read(folder)
    except Timeout:
        raise HarvestError(f"{folder}: another `upwell harvest` is at work in it") from None


def _read(folder: Path) -> Landing:
    """What the log says; a last line that was cut off, as by a kill, never happened."""
    path, landing = folder / LOG, Landing(folder)
    whole, _, cut = path.read_bytes().rpartition(b"\n")
    if cut:
        replace(path, whole + b"\n" if whole else b"", option=OPTION)
    for number, text in enumerate(whole.splitlines(), 1):
        try:
            landing.follow(_LINES.validate_json(text))
        except ValueError as error:
            raise HarvestError(
                f"{path}, line {number}: not what a harvest has written "
                f"({str(error).splitlines()[0]}); remove this line and those after it, and what "
                "they tell of is asked for again"
            ) from error
    return landing
