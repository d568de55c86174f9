"""Growth in the halves of the span, and newcomers: what a single line does not say."""

import numpy as np
from numpy.typing import NDArray

from upwell.trends.growth import Growth, moderate
from upwell.trends.logit import Floats, fit_logit

_FEWEST_BUCKETS = 4  # in a half, for a slope of its own to mean something
_SURE = 1.96  # standard errors
_BIRTH = 0.25  # of the later half's share, in the earlier half, is the most of a newcomer


def halves(time: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Positions of the buckets (B,) in the earlier and the later half of the span.

    The later one has at least half of the buckets, wherever the middle of the time lies.
    """
    late = np.flatnonzero(time >= (time[0] + time[-1]) / 2)
    if len(late) < len(time) // 2:
        late = np.arange(len(time) - len(time) // 2, len(time))
    return np.setdiff1d(np.arange(len(time)), late), late


def grow_in(
    growth: Growth,
    n_papers: Floats,
    n_total: Floats,
    time: Floats,
    rank: Floats,
    *,
    buckets: NDArray[np.intp],
) -> Growth | None:
    """Growth over a part of the span, with the noise learned from all of it.

    Parameters
    ----------
    growth : over all buckets.
    n_papers, n_total, time, rank : what it was measured on.
    buckets : positions of the part's buckets.

    Returns
    -------
    The growth in that part; None with fewer than 4 buckets in it.

    Source
    ------
    Our definition.
    """
    if len(buckets) < _FEWEST_BUCKETS:
        return None
    here = (n_papers[:, buckets], n_total[buckets], rank[buckets])
    fit = fit_logit(
        *here[:2],
        time[buckets],
        variance_factor=growth.noise.variance_factor(here[1]),
        offset=growth.fit.offset[:, buckets],
    )
    return moderate(fit, growth.noise, *here, within=growth.within)


def has_turned(growth: Growth, recent: Growth) -> NDArray[np.bool_]:
    """Whether the later half surely goes the other way than the whole span, (S,).

    It does if its 95 % interval lies on the other side of no growth.
    """
    low, high = recent.interval()
    turned: NDArray[np.bool_] = np.where(growth.slope > 0, high < 0, low > 0)
    return turned


def has_bent(early: Growth, late: Growth) -> NDArray[np.bool_]:
    """Whether the two halves of the span surely grow differently, (S,).

    They do if the difference of their slopes is more than 1.96 of its standard errors.
    """
    error = np.hypot(early.standard_error, late.standard_error)
    bent: NDArray[np.bool_] = np.abs(early.slope - late.slope) > _SURE * error
    return bent


def born_late(growth: Growth, n_papers: Floats, n_total: Floats, time: Floats) -> Floats:
    """Whether a subject was all but absent in the earlier half of the span, (S,).

    It was if the upper end of the 95 % interval of its share then is at most a quarter of its
    share since. Clumped papers count as what they are worth.

    Parameters
    ----------
    growth : over all buckets.
    n_papers, n_total, time : what it was measured on.

    Returns
    -------
    True for newcomers, (S,).

    Source
    ------
    Our definition; Jeffreys interval as in Brown, Cai & DasGupta (2001).
    """
    from scipy.special import betaincinv

    early, late = halves(time)
    worth = np.maximum(growth.noise.variance_factor(n_total) * growth.dispersion[:, None], 1.0)
    inside, outside = n_papers / worth, (n_total - n_papers) / worth
    then = betaincinv(
        inside[:, early].sum(axis=1) + 0.5, outside[:, early].sum(axis=1) + 0.5, 0.975
    )
    since = n_papers[:, late].sum(axis=1) / n_total[late].sum()
    newcomers: Floats = then <= _BIRTH * since
    return newcomers
