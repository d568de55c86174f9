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
from upwell.trends.checks import disagreeing_checks
from upwell.trends.collection import Jump, find_jumps, part
from upwell.trends.growth import Growth, estimate_growth
from upwell.trends.logit import Floats
from upwell.trends.notes import (
    ENOUGH_BUCKETS,
    ENOUGH_PAPERS,
    describe,
    describe_jumps,
    describe_no_buckets,
)
from upwell.trends.rows import Counted, with_evidence, without_evidence
from upwell.trends.series import share_series
from upwell.trends.span import within_span
from upwell.trends.strata import count_strata, grow_within

OUTLIER_TOPIC = "-1"


@dataclass(frozen=True)
class Trends:
    """What `measure_trends` found.

    `trends` and `series` are the published tables, `notes` sentences for the reader about what
    the numbers cannot say. `bucket` is the width used and `span` the first and last day covered;
    both None if no paper could be placed. Of the papers, `n_undated` have no date,
    `n_too_coarse` a date coarser than the buckets and `n_outside` one outside the span; none of
    these count in any trend. `jumps` are the
    sudden changes of the collection; where there are any, growth is measured within strata.
    """

    trends: pl.DataFrame
    series: pl.DataFrame
    notes: tuple[str, ...]
    bucket: BucketWidth | None
    n_undated: int
    n_too_coarse: int
    n_outside: int
    span: tuple[date, date] | None
    jumps: tuple[Jump, ...]


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
        day|month|year|none, `categories` list[str], `sources` list[str].
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
    all_dated = dated_papers(papers)
    dated = within_span(all_dated, config)
    n_undated, n_outside = len(papers) - len(all_dated), len(all_dated) - len(dated)
    calendar = None
    if not dated.is_empty():
        width = choose_width(dated) if config.bucket == "auto" else config.bucket
        calendar = make_calendar(dated, width)
    if calendar is None:
        notes = describe_no_buckets(
            config.bucket, n_papers=len(papers), n_undated=n_undated, n_outside=n_outside
        )
        table = TRENDS.conform(without_evidence(subjects, np.zeros(len(subjects))))
        coarse = len(dated)
        return Trends(
            table, TREND_SERIES.empty(), notes, None, n_undated, coarse, n_outside, None, ()
        )
    jumps = find_jumps(calendar, dated)
    parts = part(dated, jumps)
    n_papers = count_papers(calendar, members, subjects)
    tested = _is_testable(calendar, n_papers)
    rows = without_evidence(subjects, n_papers.sum(axis=1))
    growth = None
    if tested.any():
        known = subjects.filter(tested)
        growth = measure_growth(calendar, members, known, parts)
        counted = Counted(calendar, n_papers[tested][:, calendar.filled])
        disagreeing = disagreeing_checks(growth, counted, dated, members, known, parts=parts)
        known = with_evidence(rows.filter(tested), growth, counted, disagreeing, config)
        rows = pl.concat([rows.filter(~tested), known])
    limits = describe(
        calendar,
        n_papers=len(papers),
        n_dated=len(dated),
        n_outside=n_outside,
        tested=tested,
    )
    return Trends(
        TRENDS.conform(rows),
        TREND_SERIES.conform(share_series(subjects, calendar, n_papers, tested, growth)),
        limits + describe_jumps(jumps, is_parted=parts is not None),
        calendar.width,
        n_undated,
        len(dated) - len(calendar.placed),
        n_outside,
        calendar.span,
        jumps,
    )


def measure_growth(
    calendar: Calendar,
    members: pl.DataFrame,
    subjects: pl.DataFrame,
    parts: pl.DataFrame | None,
) -> Growth:
    """Growth of subjects over the filled buckets of a calendar, within strata if there are any.

    Parameters
    ----------
    calendar : at least 3 buckets hold papers.
    members : (`kind`, `subject`, `paper_id`), each once.
    subjects : (`kind`, `subject`); none is without papers or has them all.
    parts : (`paper_id`, `stratum`) where the collection changed.
    """
    filled = calendar.filled
    time, rank = calendar.time[filled], filled.astype(np.float64)
    if parts is None:
        n_papers = count_papers(calendar, members, subjects)[:, filled]
        return estimate_growth(n_papers, calendar.n_total[filled], time, rank)
    here = parts.join(calendar.placed, on="paper_id", how="semi")
    return grow_within(count_strata(calendar, members, subjects, here), time, rank)


def _check(papers: pl.DataFrame, members: pl.DataFrame, subjects: pl.DataFrame) -> pl.DataFrame:
    """The members, each once and without the outlier topic; errors if the frames do not fit."""
    needed = {
        "papers": (papers, ("paper_id", "published", "date_precision", "categories", "sources")),
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


def _is_testable(calendar: Calendar, n_papers: Floats) -> NDArray[np.bool_]:
    """Which subjects there is evidence enough to test, (S,)."""
    filled = calendar.filled
    n_total, n_in = calendar.n_total[filled], n_papers.sum(axis=1)
    tested = (n_in >= ENOUGH_PAPERS) & (n_total.sum() - n_in >= ENOUGH_PAPERS)
    testable: NDArray[np.bool_] = tested & (len(filled) >= ENOUGH_BUCKETS)
    return testable
