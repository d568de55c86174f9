"""One feed harvested: the days that are missing, page after page, going on where it stopped."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from upwell.harvest.asking import Ask, ExpiredError, Feed, HarvestError, Page
from upwell.harvest.client import Client
from upwell.harvest.landing import Covered, Landing, Sequence, open_landing

DOUBTS = 2  # times that an empty answer is asked for again where it may be a slip
IDLE = 5  # pages in a row without a new record, after which a source goes in a circle

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Harvested:
    """What a harvest brought: answers that landed, records in them, and the days asked for.

    `n_repeated` are answers that were here already, `n_short` the records that the source said that
    there are and did not give; `resumed` says that it went on with a sequence that an earlier
    harvest had not finished.
    """

    folder: Path
    days: tuple[tuple[date, date], ...]
    n_answers: int
    n_records: int
    n_repeated: int
    n_short: int
    resumed: bool


@dataclass
class _Tally:
    n_answers: int = 0
    n_records: int = 0
    n_repeated: int = 0
    n_short: int = 0


def harvest(
    feed: Feed,
    landing: Path,
    *,
    since: date,
    today: date,
    client: Client,
    again: bool = False,
    progress: Progress | None = None,
) -> Harvested:
    """Ask a source for what is not here yet, and keep each answer as it came.

    Parameters
    ----------
    feed : what to ask.
    landing : folder of all feeds; answers land in `feed.folder` below it.
    since : the first day wanted. Days that were harvested before are not asked for again but as
        `missing` says, since records appear late.
    today : the last day wanted.
    client : that asks.
    again : ask for all days wanted, whether they were harvested before or not.
    progress : told after each answer how many records there are and, where the source says so, of
        how many.

    Raises
    ------
    HarvestError
        The source refuses or does not answer; what came before is kept, and the next harvest goes
        on from there.
    StoreError
        The landing folder cannot be written.
    """
    tally = _Tally()
    with open_landing(landing / feed.folder) as place:
        resumed = place.going is not None
        if place.going:
            _readdress(place.going, feed)
            _sequence(feed, place, client, tally, progress)
        days = missing(feed, [] if again else place.covered, since=since, today=today)
        for first, last in days:
            place.begin(first, last, feed.first(first, last))
            _sequence(feed, place, client, tally, progress)
    return Harvested(
        landing / feed.folder,
        tuple(days),
        tally.n_answers,
        tally.n_records,
        tally.n_repeated,
        tally.n_short,
        resumed,
    )


def missing(
    feed: Feed, covered: Collection[Covered], *, since: date, today: date
) -> list[tuple[date, date]]:
    """The days that are to be asked for, in stretches of a first and a last day, in order.

    A day is asked for if it never was, and again if it is one of the last `feed.overlap` before the
    newest one that was: that one was not over. Where records come in months late or change, every
    day is asked for once more whenever its age has doubled since: what comes after some time is
    found before as much time again has passed.

    Parameters
    ----------
    feed : that is to be asked.
    covered : the days of complete sequences, and when they were asked for.
    since, today : the days wanted.

    Raises
    ------
    HarvestError
        No such day has come.
    """
    if since > today:
        raise HarvestError(f"since {since} is after today, {today}; name an earlier day")
    asked: dict[date, date] = {}
    for days in covered:
        asked |= {d: max(days.on, asked.get(d, days.on)) for d in _days(days.since, days.until)}
    newest = min(today, max(asked, default=today))

    def is_due(day: date) -> bool:
        if day not in asked or newest - day < timedelta(days=feed.overlap):
            return True
        return feed.comes_late and today - day >= 2 * (asked[day] - day)

    found: list[tuple[date, date]] = []
    for day in filter(is_due, _days(max(since, feed.earliest), today)):
        if found and found[-1][1] == day - timedelta(days=1):
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def _days(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def _readdress(going: Sequence, feed: Feed) -> None:
    """Ask the host that the feed has now: it may not be the one that the sequence began with."""
    if going.following:
        url = feed.first(going.since, going.until).url
        going.following = replace(going.following, url=url)


def _sequence(
    feed: Feed, place: Landing, client: Client, tally: _Tally, progress: Progress | None
) -> None:
    """The pages of the sequence that has begun, to its end."""
    restarted = False
    while (going := place.going) and (ask := going.following):
        if str(ask) in going.asked or going.n_idle >= IDLE:
            raise HarvestError(
                f"{ask}: the pages of the source go in a circle, and the last ones bring nothing "
                "new; what came before is kept. Try again later; if it stays so, tell the source"
            )
        try:
            body, page = _answer(feed, client, ask)
        except ExpiredError as error:
            if restarted:
                raise HarvestError(f"{ask}: the source forgets its own place: {error}") from error
            restarted = True
            client.tell(f"{ask}: {error}; the pages are asked for from the first one again")
            place.begin(going.since, going.until, feed.first(going.since, going.until))
            continue
        is_new = place.land(going, ask, body, suffix=feed.suffix, page=page)
        tally.n_answers += is_new
        tally.n_repeated += not is_new
        tally.n_records += page.n_records if is_new else 0
        if progress:
            progress(tally.n_records, page.n_total or 0)
    _end(place, client, tally)


def _end(place: Landing, client: Client, tally: _Tally) -> None:
    """The sequence is complete, though the source may have said that there is more."""
    going = place.going
    if going and going.n_records < going.n_total:
        n_short = going.n_total - going.n_records
        tally.n_short += n_short
        client.tell(
            f"{going.since} to {going.until}: the source said that there are {going.n_total:,} "
            f"records and gave {n_short:,} less; --again asks for all of them once more"
        )
    place.end()


def _answer(feed: Feed, client: Client, ask: Ask) -> tuple[bytes, Page]:
    """An answer and what it holds; an empty one that may be a slip is asked for again."""
    for _ in range(1 + DOUBTS):
        body, page = client.get(ask, lambda body: feed.read(ask, body))
        if not page.is_doubtful:
            break
    if page.is_doubtful and page.n_total:
        raise HarvestError(
            f"{ask}: the source says that there are {page.n_total:,} records and gives none; what "
            "came before is kept: give the same command again later"
        )
    return body, page
