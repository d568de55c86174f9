"""Growth of each subject with its standard error, and whether its last bucket stands out."""

from dataclasses import dataclass

import numpy as np

from upwell.trends.logit import Floats, LogitFit
from upwell.trends.noise import Noise, fit_with_noise, scaled_squares
from upwell.trends.squeeze import squeeze_dispersion


@dataclass(frozen=True)
class Growth:
    """Trend of S subjects: `slope` a year on the logit scale, its error and what is behind it.

    `dispersion` (S,) is the subject's variance as a multiple of what `noise` leads to expect;
    `n_behind` (S,) the degrees of freedom of the moderated t; `within` (S,) the share of the
    information about the slope that lies within strata, 1 without strata.
    """

    fit: LogitFit
    noise: Noise
    dispersion: Floats
    standard_error: Floats
    n_behind: Floats
    within: Floats

    @property
    def slope(self) -> Floats:
        """Change of the logit of the share a year, (S,)."""
        return self.fit.slope

    def p_value(self) -> Floats:
        """Two-sided, of no change, (S,)."""
        from scipy.special import stdtr

        p: Floats = 2 * stdtr(self.n_behind, -np.abs(self.slope) / self.standard_error)
        return p

    def p_above(self, slope: float) -> Floats:
        """One-sided, of the true slope being `slope` or less, (S,)."""
        from scipy.special import stdtr

        p: Floats = stdtr(self.n_behind, (slope - self.slope) / self.standard_error)
        return p

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Ends of the interval of the slope, (S,) each."""
        from scipy.special import stdtrit

        reach = stdtrit(self.n_behind, 0.5 + level / 2) * self.standard_error
        return self.slope - reach, self.slope + reach


def estimate_growth(
    n_papers: Floats,
    n_total: Floats,
    time: Floats,
    rank: Floats,
    *,
    offset: Floats | None = None,
    within: Floats | None = None,
) -> Growth:
    """Trend of every subject, with noise learned from all of them.

    Logistic regression with beta-binomial weights; each subject's dispersion by Fletcher's
    estimator (Pearson's scatters too much when counts are few), shrunk across subjects, and never
    below what independent papers would give.

    Parameters
    ----------
    n_papers : (S, B) papers of each subject in each bucket; no row empty or equal to `n_total`.
    n_total : (B,) all papers of each bucket, above 0.
    time : (B,) years, B at least 3.
    rank : (B,) number of the bucket in the calendar, rising.
    offset, within : (S, B) and (S,), a `strata.Mixture`; none for papers of one stratum.

    Returns
    -------
    The growth of each subject.

    Source
    ------
    Smyth (2004) for the moderated t; Fletcher (2012), Estimating overdispersion when fitting a
    generalized linear model to sparse data; Williams (1982) for the weights. Their combination,
    chosen by simulation (tests/benchmarks/bench_trends.py), is ours.
    """
    fit, noise = fit_with_noise(n_papers, n_total, time, rank, offset)
    inside = np.ones(len(n_papers)) if within is None else within
    return moderate(fit, noise, n_papers, n_total, rank, within=inside)


def moderate(
    fit: LogitFit,
    noise: Noise,
    n_papers: Floats,
    n_total: Floats,
    rank: Floats,
    *,
    within: Floats,
) -> Growth:
    """Lines and the noise around them to growth with its error, dispersions shrunk.

    Parameters
    ----------
    fit, noise : of S subjects over B buckets.
    n_papers, n_total, rank : what they were fitted to.
    within : (S,) share of the information about the slope that lies within strata.
    """
    correlation = noise.correlation(n_total, rank)
    inflation = _inflation(fit, correlation)
    level = np.sqrt(fit.weight / fit.weight.sum(axis=1, keepdims=True))
    n_expected = len(n_total) - inflation - _quadratic(level, correlation)
    squares = scaled_squares(fit, n_papers, n_total) / noise.variance_factor(n_total)
    raw = squares.sum(axis=1) / n_expected
    shrunken, n_behind = squeeze_dispersion(raw, float(len(n_total) - 2))
    dispersion = np.maximum(shrunken, fit.information / _binomial_information(fit, n_total))
    error = np.sqrt(dispersion * inflation / fit.information / within)
    return Growth(fit, noise, dispersion, error, n_behind, within)


def _inflation(fit: LogitFit, correlation: Floats) -> Floats:
    """Variance of each slope as a multiple of that without carry-over, (S,)."""
    tilt = np.sqrt(fit.weight) * fit.centred / np.sqrt(fit.information)[:, None]
    return _quadratic(tilt, correlation)


def _quadratic(vectors: Floats, matrix: Floats) -> Floats:
    """Quadratic form v' M v of each row v, (S,)."""
    product: Floats = ((vectors @ matrix) * vectors).sum(axis=1)
    return product


def _binomial_information(fit: LogitFit, n_total: Floats) -> Floats:
    """Inverse variance the slope would have if papers were independent, (S,)."""
    weight = np.maximum(n_total * fit.share * (1 - fit.share), 1e-200)
    centred = fit.centred - ((weight * fit.centred).sum(axis=1) / weight.sum(axis=1))[:, None]
    information: Floats = (weight * centred**2).sum(axis=1)
    return information


def slopes_without_one_bucket(growth: Growth, n_papers: Floats, n_total: Floats) -> Floats:
    """Slope of each subject when one bucket is left out, for each bucket: (S, B).

    Source
    ------
    Pregibon (1981), Logistic regression diagnostics: one step of the refit.
    """
    fit = growth.fit
    gap = (n_papers - n_total * fit.share) / growth.noise.variance_factor(n_total)
    left = np.maximum(1 - fit.leverage, 1e-6)
    change = fit.centred * gap / fit.information[:, None] / left
    without: Floats = fit.slope[:, None] - change
    return without


def burst_p_values(growth: Growth, n_papers: Floats, n_total: Floats, bucket: int) -> Floats:
    """One-sided p-values of a bucket holding this many papers or more, given the others: (S,).

    Trend (one step of the refit) and dispersion are those without the bucket, lest a burst hide
    itself; the count is compared with a negative binomial that has the predicted mean and the
    variance of a prediction, and its tail widened from normal to t, as the dispersion is a guess.

    Parameters
    ----------
    growth : trend over all buckets.
    n_papers : (S, B) papers of each subject in each bucket.
    n_total : (B,) all papers of each bucket.
    bucket : which bucket, as a position in B.

    Returns
    -------
    The p-values.

    Source
    ------
    Our definition.
    """
    from scipy.special import betainc, ndtri, stdtr

    fit = growth.fit
    lever = np.minimum(fit.leverage[:, bucket], 1 - 1e-6)
    factor = growth.noise.variance_factor(n_total)[bucket]
    squares = scaled_squares(fit, n_papers, n_total) / growth.noise.variance_factor(n_total)
    rest = squares.sum(axis=1) - squares[:, bucket] / (1 - lever)
    n_rest = float(len(n_total) - 3)
    dispersion, n_behind = squeeze_dispersion(np.maximum(rest, 0.0) / n_rest, n_rest)
    dispersion = np.maximum(dispersion, 1 / factor)
    share, count, total = fit.share[:, bucket], n_papers[:, bucket], n_total[bucket]
    gap = (count - total * share) / factor
    shift = lever * gap / fit.weight[:, bucket] / (1 - lever)
    odds = share / np.maximum(1 - share, 1e-16) * np.exp(-np.clip(shift, -30, 30))
    expected = np.maximum(total * odds / (1 + odds), 1e-9)
    spread = expected * (1 - expected / total) * factor * dispersion / (1 - lever)
    spread = np.maximum(spread, expected * (1 + 1e-6))
    size = expected**2 / (spread - expected)
    tail = betainc(np.maximum(count, 1), size, 1 - expected / spread)
    widened: Floats = stdtr(n_behind, ndtri(np.where(count > 0, tail, 1.0)))
    return widened
