"""Asking politely: who we are, no faster than asked to, and again only when that may help.

Tenacity decides how often and when something is tried again; httpx asks. The clients that there
are for single sources (arxiv, pyalex, oaipmh-scythe) parse at once and keep neither the answer nor
their place, and both are what must not be lost here.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from upwell.harvest import clocks
from upwell.harvest.asking import Ask, HarvestError, PassingError
from upwell.harvest.turns import Turn

if TYPE_CHECKING:
    import httpx
    from tenacity import RetryCallState

T = TypeVar("T")

TRIES = 6
FIRST_WAIT, LONGEST_WAIT = 5.0, 300.0  # seconds between tries, doubling; with up to as much again
MAX_REDIRECTS = 5  # none of them waits for its turn
MAX_BYTES = 200_000_000
PASSING = frozenset((408, 425, 429, 500, 502, 503, 504))


@dataclass
class Client:
    """Asks one source, one request at a time.

    `pause` is the least number of seconds between two requests, `timeout` how long the source may
    be silent, `limit` how long one answer may take in all. `contact` is a mail address that the
    source may write to; `secrets` are parameters that are sent and never shown. `sleep` waits and
    `tell` is told why. `turn` is when the source was last asked by whom it may be.
    """

    pause: float
    timeout: float = 60.0
    limit: float = 600.0
    contact: str = ""
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    sleep: Callable[[float], None] = time.sleep
    tell: Callable[[str], None] = lambda _: None
    turn: Turn = field(default_factory=Turn)
    _elsewhere: str = field(default="", init=False)

    def __enter__(self) -> "Client":
        import httpx

        contact = f"; mailto:{self.contact}" if self.contact else ""
        self._http = httpx.Client(
            headers={"User-Agent": f"upwell/{version('upwell')} (trends of research{contact})"},
            timeout=self.timeout,
            follow_redirects=True,
            max_redirects=MAX_REDIRECTS,
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
            before_sleep=lambda state: self.tell(self._shown(_trying_again(ask, state))),
            reraise=True,
        )
        try:
            for attempt in tries:
                with attempt:
                    body = self._body(ask)
                    return body, read(body)
        except PassingError as error:
            said = (
                f"{ask}: gave up after {TRIES} tries: {error}. What came before is kept: give the "
                "same command again later, and it goes on from there"
            )
            raise HarvestError(self._shown(said)) from error
        except HarvestError as error:
            raise HarvestError(self._shown(str(error))) from error.__cause__
        raise AssertionError("tenacity tries at least once")

    def _shown(self, said: str) -> str:
        """What is said, without secrets that a source repeats, and with where it came from."""
        for secret in self.secrets.values():
            said = said.replace(secret, "…")
        return f"{said} (a redirect led to {self._elsewhere})" if self._elsewhere else said

    def _body(self, ask: Ask) -> bytes:
        """One answer's body, decompressed."""
        import httpx

        self.sleep(max(0.0, self.pause - self.turn.seconds_ago()))
        params = dict(ask.params) | self.secrets
        try:
            with self._http.stream("GET", ask.url, params=params or None) as answer:
                return self._read(ask, answer)
        except (httpx.TransportError, httpx.DecodingError) as error:
            said = str(error).strip() or type(error).__name__
            raise PassingError(f"no whole answer came ({said})") from error
        except httpx.TooManyRedirects as error:
            raise HarvestError(
                f"{ask}: over {MAX_REDIRECTS} redirects, one after the other; is --host right?"
            ) from error
        finally:
            self.turn.note()

    def _read(self, ask: Ask, answer: "httpx.Response") -> bytes:
        """The body of a good answer, within bounds of size and time."""
        import httpx

        self._elsewhere = answer.url.host if answer.url.host != httpx.URL(ask.url).host else ""
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
            clocks.compare(ask, answer.headers)
            return bytes(body)
        said = " ".join(bytes(body[:300]).decode(errors="replace").split())
        what = f"HTTP {answer.status_code} {answer.reason_phrase}: {said or 'no more said'}"
        if answer.status_code not in PASSING:
            raise HarvestError(f"{ask}: {what}; check what is asked for, and --host")
        raise PassingError(what, clocks.asked_to_wait(answer.headers))


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
