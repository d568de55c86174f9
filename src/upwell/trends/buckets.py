"""Calendar buckets: how wide they are, which paper is in which, how far they are covered."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.config import BucketWidth
from upwell.trends.logit import Floats

Precision = Literal["day", "month", "year"]

WIDTHS: tuple[BucketWidth, ...] = ("week", "month", "quarter", "year")
_STEP = {"week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}
_PLACEABLE: dict[BucketWidth, tuple[Precision, ...]] = {
    "week": ("day",),
    "month": ("day", "month"),
    "quarter": ("day", "month"),
    "year": ("day", "month", "year"),
}

# Below 8 buckets even a doubling a year is seldom told from noise (bench_trends.py), and from 30
# papers on a bucket's share is worth drawing.
_ENOUGH_BUCKETS = 8
_ENOUGH_PAPERS = 30
_MOST_TOO_COARSE = 0.1  # of the dated papers; a finer width is not worth losing more
_GAP_DAYS = 3  # a weekend and a holiday without papers are no sign of an end
_GAP_SPACINGS = 3  # nor is a gap that papers at random leave in one of 20 cases (e**-3)
_DAYS_A_YEAR = 365.25


@dataclass(frozen=True)
class Calendar:
    """Buckets of one width and the papers in them.

    `placed` has one row per paper that can be placed: `paper_id`, `bucket_start`. `buckets` has
    one row per bucket from the first paper to the last: `bucket_start`, `bucket_end`, `n_total`,
    `is_partial`, and `time`, the middle of its covered part in years since the start of `span`,
    the first and last day known to be covered.
    """

    width: BucketWidth
    placed: pl.DataFrame
    buckets: pl.DataFrame
    span: tuple[date, date]

    @property
    def n_years(self) -> float:
        """Length of the span, years."""
        return ((self.span[1] - self.span[0]).days + 1) / _DAYS_A_YEAR

    @property
    def n_total(self) -> Floats:
        """Papers of each bucket, (B,)."""
        return self.buckets["n_total"].to_numpy().astype(np.float64)

    @property
    def time(self) -> Floats:
        """Middle of the covered part of each bucket, years, (B,)."""
        return self.buckets["time"].to_numpy().astype(np.float64)

    @property
    def filled(self) -> NDArray[np.intp]:
        """Positions of the buckets that hold papers."""
        return np.flatnonzero(self.n_total > 0)


def dated_papers(papers: pl.DataFrame) -> pl.DataFrame:
    """The papers with any date at all, sorted by `paper_id`."""
    known = pl.col("published").is_not_null() & (pl.col("date_precision") != "none")
    return papers.filter(known).sort("paper_id")


def placeable(dated: pl.DataFrame, width: BucketWidth) -> pl.DataFrame:
    """The dated papers whose date is fine enough for this width."""
    return dated.filter(pl.col("date_precision").is_in(_PLACEABLE[width]))


def make_calendar(dated: pl.DataFrame, width: BucketWidth) -> Calendar | None:
    """Buckets of this width over the dated papers.

    Parameters
    ----------
    dated : `paper_id`, `published`, `date_precision` of papers that have a date.
    width : of every bucket.

    Returns
    -------
    The calendar; None if no paper's date is fine enough.
    """
    papers = placeable(dated, width)
    if papers.is_empty():
        return None
    start = pl.col("published").dt.truncate(_STEP[width]).alias("bucket_start")
    placed = papers.select("paper_id", start)
    first, last = _first_day(papers), _last_day(papers)
    counted = placed.group_by("bucket_start").agg(pl.len().cast(pl.Int64).alias("n_total"))
    occupied = placed["bucket_start"].unique().sort()
    starts = pl.date_range(occupied[0], occupied[-1], _STEP[width], eager=True)
    buckets = (
        pl.DataFrame({"bucket_start": starts})
        .with_columns(pl.col("bucket_start").dt.offset_by(_STEP[width]).alias("bucket_end"))
        .join(counted, on="bucket_start", how="left", maintain_order="left")
        .with_columns(pl.col("n_total").fill_null(0))
    )
    return Calendar(width, placed, _cover(buckets, first, last), (first, last))


def choose_width(dated: pl.DataFrame) -> BucketWidth:
    """The finest width that the number and the dates of the papers allow.

    It is chosen before any trend is looked at. A width is possible if it has at least 8 buckets
    and at most a tenth of the dated papers are dated too coarsely for it. Of these, the finest
    with a median of 30 papers a bucket; else the widest, which has most papers a bucket. If none
    is possible, the finest that loses no more than a tenth. Weeks, in which conferences and
    holidays show, are taken only where months are too few to be possible.

    Parameters
    ----------
    dated : `paper_id`, `published`, `date_precision` of papers that have a date; not empty.

    Returns
    -------
    The width.
    """
    precise = [w for w in WIDTHS if keeps_enough(dated, w)]
    calendars = [c for w in precise if (c := make_calendar(dated, w)) is not None]
    possible = [c for c in calendars if (c.buckets["n_total"] > 0).sum() >= _ENOUGH_BUCKETS]
    if any(c.width != "week" for c in possible):
        possible = [c for c in possible if c.width != "week"]
    full = [c for c in possible if float(np.median(c.buckets["n_total"])) >= _ENOUGH_PAPERS]
    if full:
        return full[0].width
    if possible and possible[-1].width != "week":
        return possible[-1].width
    return next(c.width for c in calendars if c.width != "week")


def keeps_enough(dated: pl.DataFrame, width: BucketWidth) -> bool:
    """Whether all but a tenth of the dated papers can be placed at this width."""
    return len(placeable(dated, width)) >= (1 - _MOST_TOO_COARSE) * len(dated)


def count_papers(calendar: Calendar, members: pl.DataFrame, subjects: pl.DataFrame) -> Floats:
    """Papers of each subject in each bucket of the calendar, (S, B), in the subjects' order.

    Parameters
    ----------
    calendar : holds the papers that count.
    members : (`kind`, `subject`, `paper_id`), each once.
    subjects : (`kind`, `subject`), each once.
    """
    n_buckets = len(calendar.buckets)
    rows = subjects.select("kind", "subject").with_row_index("row")
    columns = calendar.buckets.select("bucket_start").with_row_index("column")
    cells = (
        members.join(calendar.placed, on="paper_id")
        .join(rows, on=["kind", "subject"])
        .join(columns, on="bucket_start")
        .select(pl.col("row").cast(pl.Int64) * n_buckets + pl.col("column"))
        .to_series()
    )
    counts = np.bincount(cells.to_numpy(), minlength=len(subjects) * n_buckets)
    return counts.reshape(len(subjects), n_buckets).astype(np.float64)


def _first_day(papers: pl.DataFrame) -> date:
    """First day the collection is known to cover."""
    first: date = papers["published"].sort()[0]
    return first


def _last_day(papers: pl.DataFrame) -> date:
    """Last day the collection is known to cover.

    A paper dated to the month covers its month, one dated to the year its year, unless finer
    dates within that month or year say where the collection ends.
    """
    newest = dict(papers.group_by("date_precision").agg(pl.col("published").max()).iter_rows())
    last: date = newest.get("day", date.min)
    if "month" in newest and _month_after(newest["month"]) > _month_after(last):
        last = _month_after(newest["month"]) - timedelta(days=1)
    if "year" in newest and newest["year"].year > last.year:
        last = date(newest["year"].year, 12, 31)
    return last


def _month_after(day: date) -> date:
    """First day of the following month."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _cover(buckets: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """Adds `is_partial` and `time`: only the ends of the collection can lie inside a bucket."""
    starts, ends = buckets["bucket_start"].to_list(), buckets["bucket_end"].to_list()
    counts = buckets["n_total"].to_list()
    after = last + timedelta(days=1)
    covered = [[s, e] for s, e in zip(starts, ends, strict=True)]
    partial = [False] * len(covered)
    head = min(after, ends[0]) - first
    if first - starts[0] > _idle_days(head, counts[0]):
        covered[0][0], partial[0] = first, True
    tail = after - max(first, starts[-1])
    if ends[-1] - after > _idle_days(tail, counts[-1]):
        covered[-1][1], partial[-1] = after, True
    middle = [((s - first) + (e - first)).days / 2 / _DAYS_A_YEAR for s, e in covered]
    return buckets.with_columns(
        pl.Series("is_partial", partial, dtype=pl.Boolean),
        pl.Series("time", middle, dtype=pl.Float64),
    )


def _idle_days(covered: timedelta, n_papers: int) -> timedelta:
    """The longest stretch without papers that is no sign of the collection's end."""
    return max(timedelta(days=_GAP_DAYS), _GAP_SPACINGS * covered / n_papers)
