"""What the clock of a source says: how long to wait, and whether the clock here is right."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from upwell.harvest.asking import Ask, HarvestError

PATIENCE = 3600.0  # seconds that a source may ask to wait; beyond, the operator should know
AHEAD = timedelta(days=1)
"""That the clock here may go before that of a source."""


def asked_to_wait(headers: Mapping[str, str]) -> float:
    """Seconds that `Retry-After` asks to wait: a number, or a date by the clock of the source.

    Returns
    -------
    0 if it is neither, or in the past.

    Raises
    ------
    HarvestError
        It is longer than `PATIENCE`.
    """
    said = headers.get("Retry-After", "").strip()
    if said.isdecimal():
        seconds = float(said)
    else:
        until = _moment(said)
        now = _moment(headers.get("Date", "")) or datetime.now(UTC)
        seconds = (until - now).total_seconds() if until else 0.0
    if seconds > PATIENCE:
        raise HarvestError(
            f"the source asks to be left alone for {seconds / 3600:,.1f} hours; what came before "
            "is kept: give the same command again then"
        )
    return max(seconds, 0.0)


def compare(ask: Ask, headers: Mapping[str, str]) -> None:
    """Make sure that the clock here does not go before: days to come would count as harvested.

    Raises
    ------
    HarvestError
        It goes before that of the source by more than a day.
    """
    there, here = _moment(headers.get("Date", "")), datetime.now(UTC)
    age = headers.get("Age", "").strip()  # seconds that a cache has held the answer
    try:
        there = there + timedelta(seconds=int(age) if age.isdecimal() else 0) if there else None
    except OverflowError:
        return
    if there and here - there > AHEAD:
        raise HarvestError(
            f"{ask}: by the source's clock it is {there:%Y-%m-%d %H:%M} (UTC), here it is "
            f"{here:%Y-%m-%d %H:%M}, and days that are not over would count as harvested; set the "
            "clock that is wrong"
        )


def _moment(said: str) -> datetime | None:
    """A date of HTTP."""
    try:
        moment = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
