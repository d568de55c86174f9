"""One logistic regression a subject, all subjects at once.

The share of a subject is a straight line in time on the logit scale, so the exponential of the
slope is the factor by which the odds multiply a year, at any share. A log link with an offset
gives the factor of the share instead, which is another number once the share is large, and its
variance is too large by 1 / (1 - share).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MAX_ITERATIONS = 60
_TOLERANCE = 1e-6  # of the last step on the logit scale; what is left is far smaller
_FARTHEST = 300.0  # logit; beyond it a share is 0 in any use, and its square underflows
_BLOCK = 256  # subjects at a time, so that the arrays stay in the processor's cache
_LONGEST_STEP = 3.0  # on the logit scale; keeps Newton from overshooting when counts are few


@dataclass(frozen=True)
class LogitFit:
    """Fitted lines of S subjects over B buckets.

    `intercept` (S,) is the logit of the share at time 0 and `slope` (S,) its change a year;
    `share` (S, B) are the fitted shares, `weight` (S, B) the working weights (inverse variance of
    the logit), `centred` (S, B) time minus its weighted mean, in years, and `information` (S,)
    the weighted sum of its squares: the inverse variance of the slope. `offset` (S, B) is what
    was known of the logits beside the line.
    """

    intercept: Floats
    slope: Floats
    share: Floats
    weight: Floats
    centred: Floats
    information: Floats
    offset: Floats

    @property
    def leverage(self) -> Floats:
        """Diagonal of the hat matrix, (S, B)."""
        level = 1 / self.weight.sum(axis=1, keepdims=True)
        leverage: Floats = self.weight * (level + self.centred**2 / self.information[:, None])
        return leverage


def fit_logit(
    n_papers: Floats,
    n_total: Floats,
    time: Floats,
    *,
    variance_factor: Floats,
    offset: Floats | None = None,
    start: LogitFit | None = None,
) -> LogitFit:
    """Logistic regression of each subject's share on time, by penalised iterated least squares.

    The penalty is Firth's: it takes away the first-order bias and keeps the slope finite when all
    papers of a subject are in one bucket.

    Parameters
    ----------
    n_papers : (S, B) papers of each subject in each bucket, each row's sum above 0.
    n_total : (B,) all papers of each bucket, above 0.
    time : (B,) years, at least two different ones.
    variance_factor : (B,) variance of a count as a multiple of the binomial one, at least 1.
    offset : (S, B) known part of the logit of the share, beside the line; none means 0.
    start : fit of the same subjects to start from.

    Returns
    -------
    The fit.

    Source
    ------
    Firth (1993), Bias reduction of maximum likelihood estimates; Heinze & Schemper (2002).
    """
    size = n_total / variance_factor
    counts = n_papers / variance_factor
    if start is None:
        share = (counts.sum(axis=1) + 0.5) / (size.sum() + 1)
        intercept, slope = np.log(share / (1 - share)), np.zeros(len(n_papers))
    else:
        intercept, slope = start.intercept.copy(), start.slope.copy()
    origin = float(size @ time / size.sum())  # near where the weight is, for accuracy
    intercept += origin * slope
    known = np.zeros((1, len(time))) if offset is None else offset
    known = np.broadcast_to(known, n_papers.shape)
    for first in range(0, len(n_papers), _BLOCK):
        block = slice(first, first + _BLOCK)
        _climb(
            intercept[block], slope[block], counts[block], size, time - origin, offset=known[block]
        )
    return _evaluate(intercept - origin * slope, slope, size, time, known)


def _climb(
    intercept: Floats, slope: Floats, counts: Floats, size: Floats, time: Floats, *, offset: Floats
) -> None:
    """Move these lines to where their penalised score is zero, in place."""
    powers = time[:, None] ** np.arange(3)
    reach = float(np.ptp(time))
    active = np.arange(len(counts))
    for _ in range(_MAX_ITERATIONS):
        level, tilt = _newton_step(
            intercept[active], slope[active], counts[active], size, powers, offset=offset[active]
        )
        step = np.maximum(np.abs(level + tilt * time[0]), np.abs(tilt) * reach)
        shrink = np.maximum(1.0, step / _LONGEST_STEP)
        intercept[active] += level / shrink
        slope[active] += tilt / shrink
        active = active[step > _TOLERANCE]
        if not len(active):
            break


def _newton_step(
    intercept: Floats,
    slope: Floats,
    counts: Floats,
    size: Floats,
    powers: Floats,
    *,
    offset: Floats,
) -> tuple[Floats, Floats]:
    """Change of intercept and slope that the penalised score asks for; `powers` (B, 3) of time."""
    share, weight = _share_and_weight(intercept, slope, size, powers[:, 1], offset)
    total, first, second = (weight @ powers).T
    mean = first / total
    information = np.maximum(second - mean * first, 1e-200)
    hat = np.stack([1 / total + mean**2 / information, -2 * mean / information, 1 / information])
    leverage = weight * (hat.T @ powers.T)
    score, moment = ((counts - size * share + leverage * (0.5 - share)) @ powers[:, :2]).T
    tilt = (moment - mean * score) / information
    return score / total - mean * tilt, tilt


def _share_and_weight(
    intercept: Floats, slope: Floats, size: Floats, time: Floats, offset: Floats
) -> tuple[Floats, Floats]:
    """Fitted shares and working weights of these lines, (S, B) each."""
    against = intercept[:, None] + slope[:, None] * time
    against += offset
    np.negative(against, out=against)
    np.minimum(against, _FARTHEST, out=against)
    np.exp(against, out=against)
    share = 1 / (1 + against)
    against *= share
    against *= share
    against *= size
    return share, np.maximum(against, 1e-200, out=against)


def _evaluate(
    intercept: Floats, slope: Floats, size: Floats, time: Floats, offset: Floats
) -> LogitFit:
    """The fit that belongs to these lines."""
    share, weight = _share_and_weight(intercept, slope, size, time, offset)
    centred = time - (weight @ time / weight.sum(axis=1))[:, None]
    information = (weight * centred**2).sum(axis=1)
    return LogitFit(intercept, slope, share, weight, centred, information, offset)


def refit_level(fit: LogitFit, n_papers: Floats, n_total: Floats) -> Floats:
    """Intercepts with which the lines hold as many papers as there are, (S,).

    Parameters
    ----------
    fit : lines of S subjects over B buckets; their slopes stay.
    n_papers, n_total : (S, B) and (B,), what they were fitted to.

    Source
    ------
    Puhr et al. (2017), Firth's logistic regression with rare events.
    """
    share = np.clip(fit.share, 1e-300, 1 - 1e-16)
    known = np.log(share) - np.log1p(-share)
    shift = np.zeros(len(n_papers))
    for _ in range(_MAX_ITERATIONS):
        now = 1 / (1 + np.exp(-np.clip(known + shift[:, None], -_FARTHEST, _FARTHEST)))
        gap = (n_papers - n_total * now).sum(axis=1)
        step = gap / np.maximum((n_total * now * (1 - now)).sum(axis=1), 1e-200)
        shift += np.clip(step, -1, 1)
        if np.abs(step).max(initial=0) < _TOLERANCE:
            break
    level: Floats = fit.intercept + shift
    return level
