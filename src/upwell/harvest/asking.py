"""What a source of new papers is asked, and what its answers say: the contract of a feed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from typing import Protocol


class HarvestError(Exception):
    """A source cannot be harvested further; says what it answered, where, and what to do."""


class PassingError(Exception):
    """An answer that may be better when the same is asked again a little later.

    `after` is how many seconds the source itself asks to wait, 0 if it does not say.
    """

    def __init__(self, message: str, after: float = 0.0) -> None:
        super().__init__(message)
        self.after = after


class ExpiredError(Exception):
    """The source has forgotten where a sequence of pages stood; it can only begin again."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: an address and its parameters, none of them secret."""

    url: str
    params: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        from urllib.parse import quote, urlencode

        url, mark, kept = self.url.partition("#")
        query = f"?{urlencode(self.params, quote_via=quote)}" if self.params else ""
        return f"{url}{query}{mark}{kept}"


@dataclass(frozen=True, slots=True)
class Page:
    """What one answer holds, and what is to be asked next; None if it was the last.

    `n_total` is how many records the source says that there are in all pages. `is_doubtful` says
    that an empty answer may be a slip of the source, and is worth asking for again. `digest` is of
    the names of the records: pages with the same one hold the same records.
    """

    n_records: int
    following: Ask | None = None
    n_total: int | None = None
    is_doubtful: bool = False
    digest: str = ""


def digest_of(names: Iterable[object]) -> str:
    """The digest of a page by the names of its records; empty if it has none."""
    told = "\n".join(sorted(map(str, names)))
    return blake2b(told.encode(), digest_size=8).hexdigest() if told else ""


class Feed(Protocol):
    """One sequence of pages of one source: a module of this package, a line in `feeds.feeds_of`."""

    @property
    def host(self) -> str:
        """The address that is asked."""

    @property
    def folder(self) -> str:
        """Where its answers land, below the landing folder."""

    @property
    def suffix(self) -> str:
        """How the names of its answers end."""

    @property
    def pause(self) -> float:
        """Seconds that the source asks to leave between two requests."""

    @property
    def overlap(self) -> int:
        """Days before the last harvest that are asked for again, as records appear late."""

    @property
    def earliest(self) -> date:
        """The first day for which the source has anything."""

    @property
    def comes_late(self) -> bool:
        """Whether records of a day still come in, or change, months after it."""

    def first(self, since: date, until: date) -> Ask:
        """The first request for what appeared in these days, both included."""

    def read(self, ask: Ask, body: bytes) -> Page:
        """What an answer holds.

        Raises
        ------
        PassingError
            It is not what was asked for, as when a proxy answers with a page of its own.
        ExpiredError
            The source no longer knows the place in its sequence.
        HarvestError
            The source refuses, and would again.
        """
