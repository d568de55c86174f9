"""The stage: papers and membership in, trends and their series out."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.config import BucketWidth, TrendConfig
from upwell.tables import TREND_SERIES, TRENDS
from upwell.trends.buckets import (
    Calendar,
    choose_width,
    count_papers,
    dated_papers,
    make_calendar,
)
from upwell.trends.checks import same_sign_everywhere
from upwell.trends.growth import Growth, estimate_growth
from upwell.trends.logit import Floats
from upwell.trends.notes import ENOUGH_BUCKETS, ENOUGH_PAPERS, describe, describe_no_buckets
from upwell.trends.series import share_series
from upwell.trends.verdicts import decide_verdicts, find_bursts

OUTLIER_TOPIC = "-1"

_LARGEST_GROWTH = 1e6  # a year; what is beyond is no better known than this


@dataclass(frozen=True)
class Trends:
    """What `measure_trends` found.

    `trends` and `series` are the published tables, `notes` sentences for the reader about what
    the numbers cannot say. `bucket` is the width used and `span` the first and last day covered;
    both None if no paper could be placed. Of the papers, `n_undated` have no date and
    `n_too_coarse` a date coarser than the buckets; neither count in any trend.
    """

    trends: pl.DataFrame
    series: pl.DataFrame
    notes: tuple[str, ...]
    bucket: BucketWidth | None
    n_undated: int
    n_too_coarse: int
    span: tuple[date, date] | None


def measure_trends(
    papers: pl.DataFrame,
    members: pl.DataFrame,
    subjects: pl.DataFrame,
    *,
    config: TrendConfig,
) -> Trends:
    """Share, growth and verdict of every topic and theme.

    Per subject, a logistic regression of its papers on time gives the growth of its odds; the
    noise around the line is learned from all subjects together (`noise.py`), the dispersion of
    each is shrunk across them, and Benjamini-Hochberg goes over all subjects tested. A subject is
    tested if 5 dated papers are in it, 5 are not, and 5 buckets hold papers.

    Parameters
    ----------
    papers : every paper: `paper_id` str, `published` date?, `date_precision`
        day|month|year|none, `categories` list[str].
    members : one row per (subject, paper): `kind` topic|theme, `subject`, `paper_id` str. Rows of
        the outlier topic may be there; it is no subject, but its papers count in every total.
    subjects : every subject, also those without papers: `kind`, `subject`, `name` str.
    config : bucket width, false discovery rate and the margin of `steady`.

    Returns
    -------
    The tables `trends` and `trend_series`, and what the run should say about them. `share_low`
    and `share_high` are Jeffreys intervals of the papers that the bucket is worth once clumping
    is allowed for. `is_burst` says that the last complete bucket holds more papers than the trend
    through the others explains, after Benjamini-Hochberg. `growth` and its interval are cut at a
    million a year.

    Raises
    ------
    ValueError
        A column is missing, a member is of a paper or subject that is not listed, or a subject or
        paper is listed twice.

    Source
    ------
    Smyth (2004); Williams (1982); Firth (1993); Benjamini & Hochberg (1995); combined as
    tests/benchmarks/bench_trends.py found best.
    """
    members = _check(papers, members, subjects)
    subjects = subjects.select("kind", "subject", "name").sort("kind", "subject")
    dated = dated_papers(papers)
    n_undated = len(papers) - len(dated)
    calendar = None
    if not dated.is_empty():
        width = choose_width(dated) if config.bucket == "auto" else config.bucket
        calendar = make_calendar(dated, width)
    if calendar is None:
        notes = describe_no_buckets(config.bucket, n_papers=len(papers), n_undated=n_undated)
        table = TRENDS.conform(_without_evidence(subjects, np.zeros(len(subjects))))
        coarse = len(dated)
        return Trends(table, TREND_SERIES.empty(), notes, None, n_undated, coarse, None)
    n_papers = count_papers(calendar, members, subjects)
    tested, growth = _grow(calendar, n_papers)
    rows = _without_evidence(subjects, n_papers.sum(axis=1))
    if growth is not None:
        known = rows.filter(tested)
        robust = same_sign_everywhere(growth, calendar, dated, members, known)
        known = _with_evidence(known, growth, calendar, n_papers[tested], config)
        known = known.with_columns(pl.Series("robust", robust, dtype=pl.Boolean))
        rows = pl.concat([rows.filter(~tested), known])
    return Trends(
        TRENDS.conform(rows),
        TREND_SERIES.conform(share_series(subjects, calendar, n_papers, tested, growth)),
        describe(calendar, n_papers=len(papers), n_dated=len(dated), tested=tested),
        calendar.width,
        n_undated,
        len(dated) - len(calendar.placed),
        calendar.span,
    )


def _check(papers: pl.DataFrame, members: pl.DataFrame, subjects: pl.DataFrame) -> pl.DataFrame:
    """The members, each once and without the outlier topic; errors if the frames do not fit."""
    needed = {
        "papers": (papers, ("paper_id", "published", "date_precision", "categories")),
        "members": (members, ("kind", "subject", "paper_id")),
        "subjects": (subjects, ("kind", "subject", "name")),
    }
    for name, (frame, columns) in needed.items():
        missing = [c for c in columns if c not in frame.columns]
        if missing:
            there = ", ".join(frame.columns)
            raise ValueError(f"{name}: no column {', '.join(missing)}; there are {there}")
    for name, frame, key in (
        ("papers", papers, ["paper_id"]),
        ("subjects", subjects, ["kind", "subject"]),
    ):
        twice = frame.select(key).filter(frame.select(key).is_duplicated())
        if len(twice):
            raise ValueError(f"{name}: {twice.row(0)} is listed more than once; list each once")
    members = members.select("kind", "subject", "paper_id").unique()
    members = members.filter(~((pl.col("kind") == "topic") & (pl.col("subject") == OUTLIER_TOPIC)))
    for name, frame, key in (
        ("papers", papers, ["paper_id"]),
        ("subjects", subjects, ["kind", "subject"]),
    ):
        stray = members.join(frame, on=key, how="anti").select(key).unique().sort(key)
        if len(stray):
            raise ValueError(
                f"members: {stray.row(0)} and {len(stray) - 1} others are not in {name}; "
                f"give measure_trends all {name}"
            )
    return members.sort("kind", "subject", "paper_id")


def _grow(calendar: Calendar, n_papers: Floats) -> tuple[NDArray[np.bool_], Growth | None]:
    """Which subjects there is evidence enough to test, (S,), and the growth of these."""
    filled = calendar.filled
    n_total, n_in = calendar.n_total[filled], n_papers.sum(axis=1)
    tested = (n_in >= ENOUGH_PAPERS) & (n_total.sum() - n_in >= ENOUGH_PAPERS)
    tested &= len(filled) >= ENOUGH_BUCKETS
    if not tested.any():
        return tested, None
    counts, rank = n_papers[tested][:, filled], filled.astype(np.float64)
    return tested, estimate_growth(counts, n_total, calendar.time[filled], rank)


def _without_evidence(subjects: pl.DataFrame, n_papers: Floats) -> pl.DataFrame:
    """Every subject as one about which nothing can be said."""
    unknown = ["growth", "growth_low", "growth_high", "p_value", "q_value"]
    unknown += ["first_share", "last_share"]
    return subjects.with_columns(
        pl.lit("insufficient_evidence").alias("verdict"),
        *(pl.lit(None, dtype=pl.Float64).alias(c) for c in unknown),
        pl.Series("n_papers", n_papers.astype(np.int32)),
        pl.lit(value=False).alias("is_burst"),
        pl.lit(value=False).alias("robust"),
    )


def _with_evidence(
    rows: pl.DataFrame, growth: Growth, calendar: Calendar, n_papers: Floats, config: TrendConfig
) -> pl.DataFrame:
    """The rows of the tested subjects, with their numbers and verdicts."""
    verdicts, q_value = decide_verdicts(
        growth,
        false_discovery_rate=config.false_discovery_rate,
        steady_margin=config.steady_margin,
    )
    low, high = growth.interval()
    values = {
        "growth": _factor(growth.slope),
        "growth_low": _factor(low),
        "growth_high": _factor(high),
        "p_value": growth.p_value(),
        "q_value": q_value,
        "first_share": growth.share_at(0.0),
        "last_share": growth.share_at(calendar.n_years),
        "is_burst": _bursts(growth, calendar, n_papers, config),
    }
    return rows.with_columns(
        pl.Series("verdict", verdicts), *(pl.Series(k, v) for k, v in values.items())
    )


def _bursts(
    growth: Growth, calendar: Calendar, n_papers: Floats, config: TrendConfig
) -> NDArray[np.bool_]:
    """Whether the last complete bucket stands out; False if it holds no papers at all."""
    filled = calendar.filled
    complete = np.flatnonzero(~calendar.buckets["is_partial"].to_numpy())
    if not len(complete) or complete[-1] not in filled:
        return np.zeros(len(n_papers), dtype=bool)
    return find_bursts(
        growth,
        n_papers[:, filled],
        calendar.n_total[filled],
        int(np.searchsorted(filled, complete[-1])),
        false_discovery_rate=config.false_discovery_rate,
    )


def _factor(slope: Floats) -> Floats:
    """Slopes as factors a year, cut where they tell nothing more."""
    limit = np.log(_LARGEST_GROWTH)
    factor: Floats = np.exp(np.clip(slope, -limit, limit))
    return factor
