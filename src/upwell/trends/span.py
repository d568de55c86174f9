"""Which dated papers trends are measured on: those of the span that the collection covers."""

from datetime import date

import numpy as np
import polars as pl

from upwell.config import TrendConfig

_FEW = 0.01  # of the papers, at most, are stragglers …
_SPARSE = 0.05  # … in buckets with less than this of what the usual paper's bucket holds


def within_span(dated: pl.DataFrame, config: TrendConfig) -> pl.DataFrame:
    """The papers from `since` to `until`, by default from the day the collection begins.

    A listing of this spring names a paper of 2021 now and then. Such stragglers would stretch the
    span by years in which nothing was collected; they are left out where no `since` is set.

    Parameters
    ----------
    dated : `published`, `date_precision` of papers that have a date.
    config : `since` and `until`.

    Returns
    -------
    The papers that count.

    Source
    ------
    Our definition.
    """
    since = config.since or first_dense_day(dated)
    if since is not None:
        dated = dated.filter(pl.col("published") >= since)
    if config.until is not None:
        dated = dated.filter(pl.col("published") <= config.until)
    return dated


def first_dense_day(dated: pl.DataFrame) -> date | None:
    """First day of the month, or year, before which there are but stragglers.

    Of the first months, those are stragglers' that hold less than a twentieth of what the month of
    the median paper holds, and together no more than a hundredth of all papers. Years are looked
    at instead where a tenth of the dates are no finer.

    Parameters
    ----------
    dated : `published`, `date_precision`.

    Returns
    -------
    The day; None if there are no stragglers.
    """
    if dated.is_empty():
        return None
    is_coarse = float((dated["date_precision"] == "year").mean()) >= 0.1  # type: ignore[arg-type]
    start = pl.col("published").dt.truncate("1y" if is_coarse else "1mo").alias("start")
    sizes = dated.select(start).group_by("start").len().sort("start")
    n_papers = sizes["len"].to_numpy()
    usual = float(np.median(np.repeat(n_papers, n_papers)))
    is_sparse = (n_papers < _SPARSE * usual) & (np.cumsum(n_papers) <= _FEW * n_papers.sum())
    n_sparse = int(np.argmin(is_sparse)) if not is_sparse.all() else 0
    first: date = sizes["start"][n_sparse]
    return first if n_sparse else None
