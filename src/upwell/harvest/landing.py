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
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from upwell.harvest.asking import Ask, HarvestError, Page
from upwell.store import add, replace

LOG = ".harvest.jsonl"
OPTION = "--into"
AGAIN = "give its `upwell harvest` once more with --again"
_LEVEL = 10  # of zstd: answers are written once, and a source is slower than this


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    at: datetime


class _Begun(_Line):
    """A sequence of pages for some days, and its first request.

    Its answers are named by its number, which older logs leave to be counted.
    """

    event: Literal["begun"] = "begun"
    number: int | None = None
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
    n_total: int | None = None
    digest: str = ""
    following: Ask | None = None


class _Done(_Line):
    """The sequence is complete."""

    event: Literal["done"] = "done"


_LINES: TypeAdapter[_Begun | _Landed | _Done] = TypeAdapter(
    Annotated[_Begun | _Landed | _Done, Field(discriminator="event")]
)


class Covered(NamedTuple):
    """Days that were asked for, both included, and the day on which they were."""

    since: date
    until: date
    on: date


@dataclass
class Sequence:
    """A sequence of pages that began on a day: its days, and what is to be asked next.

    `n_total` is the most records that the source said there are; `n_idle` how many of the last
    pages had the same records as one before.
    """

    since: date
    until: date
    following: Ask | None
    on: date
    n_pages: int = 0
    n_records: int = 0
    n_total: int = 0
    n_idle: int = 0
    asked: set[str] = field(default_factory=set)
    digests: set[str] = field(default_factory=set)

    def turn_over(self, line: _Landed) -> None:
        """Know one more page."""
        self.n_pages += 1
        self.n_records += line.n_records
        self.n_total = max(self.n_total, line.n_total or 0)
        self.n_idle = self.n_idle + 1 if line.digest in self.digests else 0
        self.asked.add(line.asked)
        self.digests |= {line.digest} - {""}
        self.following = line.following


@dataclass
class Landing:
    """The folder of one feed, as its log has it.

    `covered` are the days that complete sequences asked for, and when; `known` the files of answers
    by their SHA-256, `going` the sequence that is not complete.
    """

    folder: Path
    covered: list[Covered] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    going: Sequence | None = None
    n_begun: int = 0

    def begin(self, since: date, until: date, first: Ask) -> None:
        """A new sequence; one that was going is given up."""
        # Answers that no log tells of, as one that was lost, are not written over.
        landed = (file.name.split("-", 1)[0] for file in self.folder.glob("*-*.zst"))
        number = 1 + max([self.n_begun, *(int(n) for n in landed if n.isdecimal())])
        now = datetime.now(UTC)
        self._add(_Begun(at=now, number=number, since=since, until=until, following=first))

    def land(self, going: Sequence, ask: Ask, body: bytes, *, suffix: str, page: Page) -> bool:
        """Keep an answer; False if the very same lies there already, which is only noted."""
        import zstandard

        sha256 = hashlib.sha256(body).hexdigest()
        known = self.known.get(sha256)
        known = known if known and (self.folder / known).exists() else None
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
                n_total=page.n_total,
                digest=page.digest,
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
            self.n_begun = line.number or self.n_begun + 1
            self.going = Sequence(line.since, line.until, line.following, line.at.date())
        elif self.going is None:
            raise ValueError(f"{line.event} before a sequence has begun")
        elif isinstance(line, _Done):
            self.covered.append(Covered(self.going.since, self.going.until, self.going.on))
            self.going = None
        else:
            self.known[line.sha256] = line.file
            self.going.turn_over(line)


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
            _mend(folder)
            yield look(folder)
    except Timeout:
        raise HarvestError(f"{folder}: another `upwell harvest` is at work in it") from None


def look(folder: Path) -> Landing:
    """What the log of a feed says; nothing is written, and a harvest may be at work.

    Raises
    ------
    HarvestError
        A line of the log is not what a harvest has written.
    """
    path, landing = folder / LOG, Landing(folder)
    whole, _, _ = path.read_bytes().rpartition(b"\n")
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


def _mend(folder: Path) -> None:
    """Remove a last line that was cut off, as by a kill: it never happened."""
    path = folder / LOG
    whole, _, cut = path.read_bytes().rpartition(b"\n")
    if cut:
        replace(path, whole + b"\n" if whole else b"", option=OPTION)


def faults(landing: Path) -> Iterator[str]:
    """What is wrong with the answers below a landing folder, in words.

    Answers that are gone are told of by their number: a landing folder may be emptied once it was
    read.
    """
    for log in sorted(landing.rglob(LOG)):
        try:
            known = look(log.parent).known
        except HarvestError as error:
            yield str(error)
            continue
        gone = 0
        for sha256, name in known.items():
            said = _sha256(log.parent / name)
            gone += said is None
            if said not in {None, sha256}:
                yield f"{log.parent / name}: not as it came; remove it, and {AGAIN}"
        if gone:
            yield (
                f"{log.parent}: {gone} of {len(known)} answers are gone; unless `upwell run` has "
                f"read them, {AGAIN}"
            )


def _sha256(path: Path) -> str | None:
    """The hash of an answer as it lies there; None if it does not."""
    import zstandard

    try:
        with path.open("rb") as packed, zstandard.open(packed) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None
    except (OSError, zstandard.ZstdError) as error:
        return f"unreadable: {error}"
