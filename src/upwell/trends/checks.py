"""Whether the sign of a growth survives looking at the same papers another way."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.trends.buckets import WIDTHS, Calendar, count_papers, keeps_enough, make_calendar
from upwell.trends.growth import Growth, slopes_without_one_bucket
from upwell.trends.logit import Floats, fit_logit
from upwell.trends.noise import Noise

_ENOUGH_TOPICS = 10  # for the median topic to mean something


def same_sign_everywhere(
    growth: Growth,
    calendar: Calendar,
    dated: pl.DataFrame,
    members: pl.DataFrame,
    subjects: pl.DataFrame,
) -> NDArray[np.bool_]:
    """Whether each subject's growth keeps its sign under every sensitivity check.

    The checks: any one bucket left out (the incomplete last one among them); the next finer and
    the next wider buckets; the papers of the largest category left out; and the growth taken
    relative to the median topic, so that a subject does not fall only because another one fills
    the corpus. A check that cannot be made (no category, too few buckets, fewer than 10 topics)
    does not count. How the records are spread over files plays no part: the same records give the
    same tables.

    Parameters
    ----------
    growth : of the S `subjects`, over the buckets of `calendar` that hold papers.
    calendar : the buckets the growth was measured on.
    dated : papers with a date: `paper_id`, `published`, `date_precision`, `categories`.
    members : (`kind`, `subject`, `paper_id`).
    subjects : (`kind`, `subject`), in the order of `growth`.

    Returns
    -------
    True where every check agrees, (S,).

    Source
    ------
    Our definition.
    """
    sign = np.sign(growth.slope)
    n_papers = count_papers(calendar, members, subjects)[:, calendar.filled]
    without = slopes_without_one_bucket(growth, n_papers, calendar.n_total[calendar.filled])
    robust: NDArray[np.bool_] = np.all(np.sign(without) == sign[:, None], axis=1)
    robust &= np.sign(_relative_slope(growth, subjects)) == sign
    for other, papers in _other_views(calendar, dated):
        slope = _slope(other, members.join(papers, on="paper_id", how="semi"), subjects, growth)
        robust &= np.isnan(slope) | (np.sign(slope) == sign)
    robust &= sign != 0
    return robust


def _relative_slope(growth: Growth, subjects: pl.DataFrame) -> Floats:
    """Slope less that of the median topic, if there are topics enough."""
    topics = (subjects["kind"] == "topic").to_numpy()
    if topics.sum() < _ENOUGH_TOPICS:
        return growth.slope
    relative: Floats = growth.slope - np.median(growth.slope[topics])
    return relative


def _other_views(calendar: Calendar, dated: pl.DataFrame) -> list[tuple[Calendar, pl.DataFrame]]:
    """Calendars to compare with, each with the papers it is made of."""
    place = WIDTHS.index(calendar.width)
    near = [w for i, w in enumerate(WIDTHS) if abs(i - place) == 1 and keeps_enough(dated, w)]
    views = [(w, dated) for w in near]
    views.append((calendar.width, _without_category(dated)))
    made = [(make_calendar(papers, width), papers) for width, papers in views]
    return [(c, p) for c, p in made if c is not None]


def _without_category(dated: pl.DataFrame) -> pl.DataFrame:
    """The papers that are not of the largest category; all of them if none has a category."""
    labels = dated.select("paper_id", category="categories").explode("category").drop_nulls()
    labels = labels.unique()
    in_largest = labels.filter(pl.col("category") == _most_frequent(labels["category"]))
    return dated.join(in_largest, on="paper_id", how="anti")


def _most_frequent(names: pl.Series) -> str:
    """The most frequent name, of several the first in the alphabet; empty if there is none."""
    counts = names.alias("name").value_counts().sort("count", "name", descending=[True, False])
    return "" if counts.is_empty() else str(counts["name"][0])


def _slope(
    calendar: Calendar, members: pl.DataFrame, subjects: pl.DataFrame, growth: Growth
) -> Floats:
    """Slope of each subject on another calendar; NaN where it cannot be told."""
    slope = np.full(len(subjects), np.nan)
    n_total = calendar.n_total[calendar.filled]
    n_papers = count_papers(calendar, members, subjects)[:, calendar.filled]
    told = (n_papers.sum(axis=1) > 0) & (n_papers.sum(axis=1) < n_total.sum())
    if len(n_total) >= 3 and told.any():
        time = calendar.time[calendar.filled]
        factor = Noise(growth.noise.clumping, 0.0).variance_factor(n_total)
        slope[told] = fit_logit(n_papers[told], n_total, time, variance_factor=factor).slope
    return slope
