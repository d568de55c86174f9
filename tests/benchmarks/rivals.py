"""Tests of a trend that upwell's is compared with; each gives p-values and slopes, (S,) both."""

from collections.abc import Callable

import numpy as np
from benchmarks.simulation import Corpus
from scipy import stats

from upwell.trends.growth import estimate_growth
from upwell.trends.logit import Floats, fit_logit
from upwell.trends.noise import Noise, fit_with_noise
from upwell.trends.squeeze import squeeze_dispersion


def ours(c: Corpus) -> tuple[Floats, Floats]:
    """What upwell does."""
    growth = estimate_growth(c.n_papers, c.n_total, c.time, np.arange(len(c.time), dtype=float))
    return growth.p_value(), growth.slope


def line(c: Corpus, variance: Callable[[Floats, Floats], Floats]) -> tuple[Floats, Floats, Floats]:
    """Slope, its error at dispersion 1, and Pearson dispersion, for a log or logit link."""
    level, slope = np.log((c.n_papers.sum(axis=1) + 0.5) / c.n_total.sum()), 0.0
    time_ = c.time - c.time.mean()
    slope = np.zeros(len(level))
    for _ in range(40):
        mean = c.n_total * np.exp(np.clip(level[:, None] + slope[:, None] * time_, -40, 0))
        centre = (mean * time_).sum(axis=1) / mean.sum(axis=1)
        off = time_ - centre[:, None]
        spread = (mean * off**2).sum(axis=1)
        lever = mean * (1 / mean.sum(axis=1)[:, None] + off**2 / spread[:, None])
        score = c.n_papers - mean + lever / 2
        tilt = np.clip((score * off).sum(axis=1) / spread, -1, 1)
        level += np.clip(score.sum(axis=1) / mean.sum(axis=1), -1, 1) - centre * tilt
        slope += tilt
    pearson = ((c.n_papers - mean) ** 2 / variance(mean, c.n_total)).sum(axis=1)
    return slope, 1 / np.sqrt(spread), pearson / (len(time_) - 2)


def poisson(c: Corpus) -> tuple[Floats, Floats]:
    """Poisson with offset."""
    slope, error, _ = line(c, lambda mean, _: mean)
    return 2 * stats.norm.sf(np.abs(slope) / error), slope


def quasi_poisson(c: Corpus) -> tuple[Floats, Floats]:
    """Quasi-Poisson with offset, each subject by itself."""
    slope, error, dispersion = line(c, lambda mean, _: mean)
    t = np.abs(slope) / error / np.sqrt(np.maximum(dispersion, 1))
    return 2 * stats.t.sf(t, len(c.time) - 2), slope


def shrunken_quasi_poisson(c: Corpus) -> tuple[Floats, Floats]:
    """Quasi-Poisson with offset, dispersion shrunk and floored at 1."""
    slope, error, dispersion = line(c, lambda mean, _: mean)
    shrunken, n_behind = squeeze_dispersion(dispersion, len(c.time) - 2)
    t = np.abs(slope) / error / np.sqrt(np.maximum(shrunken, 1))
    return 2 * stats.t.sf(t, n_behind), slope


def shrunken_quasi_binomial(c: Corpus) -> tuple[Floats, Floats]:
    """Quasi-binomial, dispersion shrunk and floored at 1."""
    fit = fit_logit(c.n_papers, c.n_total, c.time, variance_factor=np.ones_like(c.n_total))
    gap = (c.n_papers - c.n_total * fit.share) ** 2
    pearson = (gap / (c.n_total * fit.share * (1 - fit.share))).sum(axis=1) / (len(c.time) - 2)
    shrunken, n_behind = squeeze_dispersion(pearson, len(c.time) - 2)
    t = np.abs(fit.slope) * np.sqrt(fit.information / np.maximum(shrunken, 1))
    return 2 * stats.t.sf(t, n_behind), fit.slope


def beta_binomial(c: Corpus) -> tuple[Floats, Floats]:
    """Beta-binomial with one clumping for all subjects, no dispersion of their own."""
    fit, noise = fit_with_noise(c.n_papers, c.n_total, c.time, np.arange(len(c.time)) * 1e6)
    assert isinstance(noise, Noise)
    return 2 * stats.norm.sf(np.abs(fit.slope) * np.sqrt(fit.information)), fit.slope


def negative_binomial(c: Corpus) -> tuple[Floats, Floats]:
    """Negative binomial regression with offset, by maximum likelihood; likelihood-ratio test."""
    time_ = c.time - c.time.mean()
    with_slope, slope = _nb_profile(c, time_)
    without, _ = _nb_profile(c, np.zeros_like(time_))
    return stats.chi2.sf(np.maximum(2 * (with_slope - without), 0), 1), slope


def _nb_profile(c: Corpus, time_: Floats) -> tuple[Floats, Floats]:
    """Highest log likelihood over the dispersion, and its slope, (S,) both."""
    best, slope_at = np.full(len(c.n_papers), -np.inf), np.zeros(len(c.n_papers))
    for size in 1 / np.geomspace(1e-6, 3, 24):
        level = np.log((c.n_papers.sum(axis=1) + 0.5) / c.n_total.sum())
        slope = np.zeros(len(level))
        for _ in range(15):
            mean = c.n_total * np.exp(np.clip(level[:, None] + slope[:, None] * time_, -40, 0))
            weight = mean / (1 + mean / size)
            centre = (weight * time_).sum(axis=1) / weight.sum(axis=1)
            off = time_ - centre[:, None]
            score = (c.n_papers - mean) / (1 + mean / size)
            tilt = (score * off).sum(axis=1) / np.maximum((weight * off**2).sum(axis=1), 1e-9)
            tilt = np.clip(tilt, -1, 1)
            level += np.clip(score.sum(axis=1) / weight.sum(axis=1), -1, 1) - centre * tilt
            slope += tilt
        mean = c.n_total * np.exp(np.clip(level[:, None] + slope[:, None] * time_, -40, 0))
        height = stats.nbinom.logpmf(c.n_papers, size, size / (size + mean)).sum(axis=1)
        slope_at = np.where(height > best, slope, slope_at)
        best = np.maximum(height, best)
    return best, slope_at


def mann_kendall(c: Corpus) -> tuple[Floats, Floats]:
    """Mann-Kendall on the shares."""
    share, n = c.n_papers / c.n_total, len(c.time)
    i, j = np.triu_indices(n, 1)
    score = np.sign(share[:, j] - share[:, i]).sum(axis=1)
    z = (np.abs(score) - 1).clip(0) / np.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    return 2 * stats.norm.sf(z), score


def permutation(c: Corpus, n_orders: int = 2000) -> tuple[Floats, Floats]:
    """Slope of standardised residuals among random orders of the buckets."""
    rng = np.random.default_rng(0)
    share = c.n_papers.sum(axis=1, keepdims=True) / c.n_total.sum()
    residual = (c.n_papers - c.n_total * share) / np.sqrt(c.n_total * share * (1 - share))
    off = c.time - c.time.mean()
    orders = np.array([rng.permutation(off) for _ in range(n_orders)])
    observed, random = residual @ off, residual @ orders.T
    above = (np.abs(random) >= np.abs(observed)[:, None] - 1e-12).sum(axis=1)
    return (above + 1) / (n_orders + 1), observed


METHODS: dict[str, Callable[[Corpus], tuple[Floats, Floats]]] = {
    "upwell": ours,
    "shr.q.bin": shrunken_quasi_binomial,
    "shr.q.Poi": shrunken_quasi_poisson,
    "q.Poisson": quasi_poisson,
    "beta-bin.": beta_binomial,
    "neg.bin.": negative_binomial,
    "permut.": permutation,
    "M-Kendall": mann_kendall,
    "Poisson": poisson,
}
