"""Whether the sign of a growth survives looking at the same papers another way."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.trends.buckets import WIDTHS, Calendar, count_papers, keeps_enough, make_calendar
from upwell.trends.growth import Growth, slopes_without_one_bucket
from upwell.trends.logit import Floats, fit_logit
from upwell.trends.noise import Noise
from upwell.trends.origins import origins
from upwell.trends.rows import Counted
from upwell.trends.strata import count_strata, mix

_ENOUGH_TOPICS = 10  # for the median topic to mean something


def disagreeing_checks(
    growth: Growth,
    counted: Counted,
    dated: pl.DataFrame,
    members: pl.DataFrame,
    subjects: pl.DataFrame,
    *,
    parts: pl.DataFrame | None,
) -> list[list[str]]:
    """Which sensitivity checks give each subject's growth another sign.

    - `one_bucket`: any one bucket left out, the incomplete last one among them;
    - `bucket_width`: the next finer and the next wider buckets;
    - `largest_source`, `largest_category`: its papers left out;
    - `clustered_only`: the papers of the outlier topic left out;
    - `composition`: the growth relative to the median topic, so that a subject does not fall only
      because another one fills the corpus (the median log ratio).

    A check that cannot be made (one source, no category, too few buckets, fewer than 10 topics)
    does not count. Where the collection changed, every check is made within strata.

    Parameters
    ----------
    growth : of the S `subjects`.
    counted : what it was measured on.
    dated : papers with a date: `paper_id`, `published`, `date_precision`, `sources`, `categories`.
    members : (`kind`, `subject`, `paper_id`).
    subjects : (`kind`, `subject`), in the order of `growth`.
    parts : (`paper_id`, `stratum`), if growth was measured within strata.

    Returns
    -------
    The names of the checks that disagree, sorted; S lists.

    Source
    ------
    Our definition.
    """
    sign = np.sign(growth.slope)
    without = slopes_without_one_bucket(growth, counted.n_papers, counted.n_total)
    other: list[tuple[str, NDArray[np.bool_]]] = [
        ("one_bucket", np.any(np.sign(without) != sign[:, None], axis=1)),
        ("composition", np.sign(_relative_slope(growth, subjects)) != sign),
    ]
    for name, view, papers in _other_views(counted.calendar, dated, members):
        mine = members.join(papers, on="paper_id", how="semi")
        slope = _slope(view, mine, subjects, growth, parts)
        other.append((name, ~np.isnan(slope) & (np.sign(slope) != sign)))
    return [sorted({name for name, wrong in other if wrong[i]}) for i in range(len(subjects))]


def _relative_slope(growth: Growth, subjects: pl.DataFrame) -> Floats:
    """Slope less that of the median topic, if there are topics enough."""
    topics = (subjects["kind"] == "topic").to_numpy()
    if topics.sum() < _ENOUGH_TOPICS:
        return growth.slope
    relative: Floats = growth.slope - np.median(growth.slope[topics])
    return relative


def _other_views(
    calendar: Calendar, dated: pl.DataFrame, members: pl.DataFrame
) -> Iterator[tuple[str, Calendar, pl.DataFrame]]:
    """Calendars to compare with, each with the papers it is made of."""
    place = WIDTHS.index(calendar.width)
    views = [
        ("bucket_width", w, dated)
        for i, w in enumerate(WIDTHS)
        if abs(i - place) == 1 and keeps_enough(dated, w)
    ]
    clustered = members.filter(pl.col("kind") == "topic")
    views += [
        ("largest_source", calendar.width, _without_largest(dated, "source")),
        ("largest_category", calendar.width, _without_largest(dated, "category")),
        ("clustered_only", calendar.width, dated.join(clustered, on="paper_id", how="semi")),
    ]
    for name, width, papers in views:
        view = make_calendar(papers, width)
        if view is not None:
            yield name, view, papers


def _without_largest(dated: pl.DataFrame, kind: str) -> pl.DataFrame:
    """The papers that are not of the largest source or category; all if none has any."""
    named = origins(dated).filter(pl.col("kind") == kind)
    sizes = named["name"].value_counts().sort("count", "name", descending=[True, False])
    largest = named.filter(pl.col("name") == (sizes["name"][0] if len(sizes) else ""))
    return dated.join(largest, on="paper_id", how="anti")


def _slope(
    calendar: Calendar,
    members: pl.DataFrame,
    subjects: pl.DataFrame,
    growth: Growth,
    parts: pl.DataFrame | None,
) -> Floats:
    """Slope of each subject on another calendar; NaN where it cannot be told."""
    slope = np.full(len(subjects), np.nan)
    n_total = calendar.n_total[calendar.filled]
    n_papers = count_papers(calendar, members, subjects)[:, calendar.filled]
    told = (n_papers.sum(axis=1) > 0) & (n_papers.sum(axis=1) < n_total.sum())
    if len(n_total) < 3 or not told.any():
        return slope
    time = calendar.time[calendar.filled]
    factor = Noise(growth.noise.clumping, 0.0).variance_factor(n_total)
    offset = None
    if parts is not None:
        here = parts.join(calendar.placed, on="paper_id", how="semi")
        strata = count_strata(calendar, members, subjects.filter(told), here)
        offset = mix(strata, time, growth.slope[told]).offset
    fit = fit_logit(n_papers[told], n_total, time, variance_factor=factor, offset=offset)
    slope[told] = fit.slope
    return slope
