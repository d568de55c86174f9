"""Asking politely: who we are, no faster than asked to, and again only when that may help.

Tenacity decides how often and when something is tried again; httpx asks. The clients that there
are for single sources (arxiv, pyalex, oaipmh-scythe) parse at once and keep neither the answer nor
their place, and both are what must not be lost here.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from upwell.harvest.asking import Ask, HarvestError, PassingError

if TYPE_CHECKING:
    import httpx
    from tenacity import RetryCallState

T = TypeVar("T")

TRIES = 6
FIRST_WAIT, LONGEST_WAIT = 5.0, 300.0  # seconds between tries, doubling; with up to as much again
PATIENCE = 3600.0  # seconds that a source may ask to wait; beyond, the operator should know
MAX_BYTES = 200_000_000
PASSING = frozenset((408, 425, 429, 500, 502, 503, 504))


@dataclass
class Client:
    """Asks one source, one request at a time.

    `pause` is the least number of seconds between two requests, `timeout` how long the source may
    be silent, `limit` how long one answer may take in all. `contact` is a mail address that the
    source may write to; `secrets` are parameters that are sent and never shown. `sleep` waits and
    `tell` is told why.
    """

    pause: float
    timeout: float = 60.0
    limit: float = 600.0
    contact: str = ""
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    sleep: Callable[[float], None] = time.sleep
    tell: Callable[[str], None] = lambda _: None
    _asked: float = field(default=-1e9, init=False)

    def __enter__(self) -> "Client":
        import httpx

        contact = f"; mailto:{self.contact}" if self.contact else ""
        self._http = httpx.Client(
            headers={"User-Agent": f"upwell/{version('upwell')} (trends of research{contact})"},
            timeout=self.timeout,
            follow_redirects=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def get(self, ask: Ask, read: Callable[[bytes], T]) -> tuple[bytes, T]:
        """An answer, and what `read` makes of it; asked again while that may help.

        Raises
        ------
        HarvestError
            The source refuses, or gave no usable answer in `TRIES` tries.
        """
        from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

        tries = Retrying(
            retry=retry_if_exception_type(PassingError),
            stop=stop_after_attempt(TRIES),
            wait=_wait,
            sleep=self.sleep,
            before_sleep=lambda state: self.tell(_trying_again(ask, state)),
            reraise=True,
        )
        try:
            for attempt in tries:
                with attempt:
                    body = self._body(ask)
                    return body, read(body)
        except PassingError as error:
            raise HarvestError(
                f"{ask}: gave up after {TRIES} tries: {error}. What came before is kept: give the "
                "same command again later, and it goes on from there"
            ) from error
        raise AssertionError("tenacity tries at least once")

    def _body(self, ask: Ask) -> bytes:
        """One answer's body, decompressed."""
        import httpx

        self.sleep(max(0.0, self._asked + self.pause - time.monotonic()))
        params = dict(ask.params) | self.secrets
        try:
            with self._http.stream("GET", ask.url, params=params or None) as answer:
                return self._read(ask, answer)
        except (httpx.TransportError, httpx.DecodingError) as error:
            said = str(error).strip() or type(error).__name__
            raise PassingError(f"no whole answer came ({said})") from error
        except httpx.TooManyRedirects as error:
            raise HarvestError(f"{ask}: redirects go in a circle; is --host right?") from error
        finally:
            self._asked = time.monotonic()

    def _read(self, ask: Ask, answer: "httpx.Response") -> bytes:
        """The body of a good answer, within bounds of size and time."""
        began, body = time.monotonic(), bytearray()
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > MAX_BYTES:
                raise HarvestError(
                    f"{ask}: an answer of over {MAX_BYTES // 1_000_000} MB; is --host right?"
                )
            if time.monotonic() - began > self.limit:
                raise PassingError(f"the answer was not complete after {self.limit:.0f} s")
        if answer.is_success:
            return bytes(body)
        said = " ".join(bytes(body[:300]).decode(errors="replace").split())
        what = f"HTTP {answer.status_code} {answer.reason_phrase}: {said or 'no more said'}"
        if answer.status_code not in PASSING:
            raise HarvestError(f"{ask}: {what}")
        raise PassingError(what, _asked_to_wait(answer.headers.get("Retry-After", "")))


def _asked_to_wait(retry_after: str) -> float:
    """Seconds that a `Retry-After` asks to wait: a number, or a date; 0 if it is neither."""
    if retry_after.strip().isdecimal():
        seconds = float(retry_after)
    else:
        try:
            until = parsedate_to_datetime(retry_after)
        except ValueError:
            return 0.0
        seconds = (until - datetime.now(UTC if until.tzinfo else None)).total_seconds()
    if seconds > PATIENCE:
        raise HarvestError(
            f"the source asks to be left alone for {seconds / 3600:.1f} hours; what came before is "
            "kept: give the same command again then"
        )
    return max(seconds, 0.0)


def _wait(state: "RetryCallState") -> float:
    """Seconds to the next try: what the source asks for, and at least longer each time.

    The jitter keeps many that one outage has stopped from coming back at the same moment.
    """
    error = state.outcome.exception() if state.outcome else None
    doubled = min(FIRST_WAIT * 2 ** (state.attempt_number - 1), LONGEST_WAIT)
    asked = float(error.after) if isinstance(error, PassingError) else 0.0
    return float(max(asked, doubled) * (1 + random.random()))  # noqa: S311 - no secret


def _trying_again(ask: Ask, state: "RetryCallState") -> str:
    error = state.outcome.exception() if state.outcome else None
    seconds = state.next_action.sleep if state.next_action else 0.0
    return f"{ask}: {error}; trying again in {seconds:.0f} s"
