"""Growth of late, and subjects that are new: what a single line over the span does not say."""

import numpy as np
from numpy.typing import NDArray

from upwell.trends.growth import Growth, moderate
from upwell.trends.logit import Floats, fit_logit

_FEWEST_BUCKETS = 4  # in the later half, for a slope of its own to mean something
_BIRTH = 0.25  # of the later half's share, in the earlier half, is the most of a newcomer


def later_half(time: Floats) -> NDArray[np.intp]:
    """Positions of the buckets (B,) in the later half of the span; at least half of them."""
    late = np.flatnonzero(time >= (time[0] + time[-1]) / 2)
    return late if len(late) >= len(time) // 2 else np.arange(len(time) - len(time) // 2, len(time))


def grow_recently(
    growth: Growth, n_papers: Floats, n_total: Floats, time: Floats, rank: Floats
) -> Growth | None:
    """Growth over the later half of the span, with the noise learned from all of it.

    Parameters
    ----------
    growth : over all buckets.
    n_papers, n_total, time, rank : what it was measured on.

    Returns
    -------
    The later growth; None with fewer than 4 buckets in that half.

    Source
    ------
    Our definition.
    """
    late = later_half(time)
    if len(late) < _FEWEST_BUCKETS:
        return None
    fit = fit_logit(
        n_papers[:, late],
        n_total[late],
        time[late],
        variance_factor=growth.noise.variance_factor(n_total[late]),
        offset=growth.fit.offset[:, late],
    )
    here = (n_papers[:, late], n_total[late], rank[late])
    return moderate(fit, growth.noise, *here, within=growth.within)


def has_turned(growth: Growth, recent: Growth) -> NDArray[np.bool_]:
    """Whether the later half surely goes the other way than the whole span, (S,).

    It does if its 95 % interval lies on the other side of no growth.
    """
    low, high = recent.interval()
    turned: NDArray[np.bool_] = np.where(growth.slope > 0, high < 0, low > 0)
    return turned


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

    late = later_half(time)
    early = np.setdiff1d(np.arange(len(time)), late)
    worth = np.maximum(growth.noise.variance_factor(n_total) * growth.dispersion[:, None], 1.0)
    inside, outside = n_papers / worth, (n_total - n_papers) / worth
    then = betaincinv(
        inside[:, early].sum(axis=1) + 0.5, outside[:, early].sum(axis=1) + 0.5, 0.975
    )
    since = n_papers[:, late].sum(axis=1) / n_total[late].sum()
    newcomers: Floats = then <= _BIRTH * since
    return newcomers
