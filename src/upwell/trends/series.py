"""Share of every subject in every bucket, for drawing."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.trends.buckets import Calendar
from upwell.trends.growth import Growth
from upwell.trends.logit import Floats


def share_series(
    subjects: pl.DataFrame,
    calendar: Calendar,
    n_papers: Floats,
    tested: NDArray[np.bool_],
    growth: Growth | None,
) -> pl.DataFrame:
    """One row per subject and bucket, with the share and its interval.

    Clumped papers tell less than independent ones: the interval is that of as many independent
    papers as would scatter as much around the trend. It is thus about the share behind the count,
    and wider than that of a coin. Of a subject that was not tested, only the clumping common to
    all is known; if none was, papers count as independent.

    Parameters
    ----------
    subjects : (`kind`, `subject`), S rows.
    calendar : B buckets.
    n_papers : (S, B) papers of each subject in each bucket.
    tested : (S,) which subjects `growth` is about.
    growth : of the tested subjects; None if there is none.

    Returns
    -------
    Columns of `tables.TREND_SERIES`; share and interval are null in a bucket without papers.

    Source
    ------
    Brown, Cai & DasGupta (2001), Interval estimation for a binomial proportion (Jeffreys); the
    effective number of papers is n / (1 + (n - 1) * clumping) / dispersion.
    """
    from scipy.special import betaincinv

    n_total = calendar.n_total
    worth = np.ones_like(n_papers)
    if growth is not None:
        worth *= growth.noise.variance_factor(n_total)
        worth[tested] *= growth.dispersion[:, None]
    inside = n_papers / np.maximum(worth, 1.0)
    outside = (n_total - n_papers) / np.maximum(worth, 1.0)
    low = np.where(n_papers == 0, 0.0, betaincinv(inside + 0.5, outside + 0.5, 0.025))
    high = np.where(n_papers == n_total, 1.0, betaincinv(inside + 0.5, outside + 0.5, 0.975))
    share = n_papers / np.maximum(n_total, 1.0)
    known = pl.when(pl.col("n_total") > 0)
    return (
        subjects.select("kind", "subject")
        .join(calendar.buckets, how="cross", maintain_order="left_right")
        .with_columns(
            pl.Series("n_papers", n_papers.ravel()),
            known.then(pl.Series(share.ravel())).alias("share"),
            known.then(pl.Series(np.minimum(low, share).ravel())).alias("share_low"),
            known.then(pl.Series(np.maximum(high, share).ravel())).alias("share_high"),
        )
    )
