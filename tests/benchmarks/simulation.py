"""Corpora whose truth is known, simulated bucket by bucket.

Each subject's share is a line on the logit scale, its count beta-binomial, or binomial around an
autoregressive logit where noise lasts.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit

from upwell.trends.logit import Floats


@dataclass(frozen=True)
class Setting:
    """One simulated corpus; `effect` is the spread of the moving subjects' slopes, logit a year."""

    n_subjects: int = 60
    n_buckets: int = 12
    corpus: str = "growing"
    n_per_bucket: int = 500
    clumping: float = 0.003
    uneven: bool = False  # subjects differ in clumping
    carry_over: float = 0.0
    humps: float = 0.0  # part of the subjects that come and go, which is no trend
    moving: float = 1 / 6
    effect: float = 0.24
    n_years: float = 5.0
    shares: tuple[float, float] = (0.01, 0.3)

    def label(self) -> str:
        """What differs from the default."""
        default = Setting()
        named = {k: v for k, v in vars(self).items() if v != getattr(default, k)}
        return ", ".join(f"{k}={v}" for k, v in named.items()) or "default"


@dataclass(frozen=True)
class Corpus:
    """Counts (S, B), totals (B,), times (B,) and the true slopes (S,)."""

    n_papers: Floats
    n_total: Floats
    time: Floats
    slope: Floats


def totals(setting: Setting) -> Floats:
    """Papers of each bucket."""
    place = np.arange(setting.n_buckets)
    way = place / (setting.n_buckets - 1)
    shape = {
        "flat": np.ones(setting.n_buckets),
        "growing": 10**way,
        "shrinking": 10**-way,
        "jumping": np.where(way < 0.5, 1.0, 8.0),
        "tail": np.where(way < 0.6, 0.01, 1.0),
    }[setting.corpus]
    return np.maximum(1, np.round(shape / shape.mean() * setting.n_per_bucket))


def simulate(rng: np.random.Generator, setting: Setting) -> Corpus:
    """One corpus; subjects without enough papers to be tested are left out."""
    n, n_subjects = totals(setting), setting.n_subjects
    when = (np.arange(setting.n_buckets) + 0.5) / setting.n_buckets * setting.n_years
    share = np.exp(rng.uniform(*np.log(setting.shares), n_subjects))
    slope = np.zeros(n_subjects)
    k = round(setting.moving * n_subjects)
    slope[:k] = setting.effect * rng.choice([1, 1, 1, -1], k) * rng.uniform(0.5, 1.5, k)
    mean = expit(logit(share)[:, None] + slope[:, None] * (when - when.mean()))
    h = n_subjects - round(setting.humps * n_subjects)
    mean[h:] *= 0.4 + 1.6 * np.exp(-(((when - when.mean()) / setting.n_years * 4) ** 2))
    clumping = np.full((n_subjects, 1), max(setting.clumping, 1e-12))
    if setting.uneven:
        clumping = setting.clumping * rng.gamma(1, 1, (n_subjects, 1)) + 1e-12
    if setting.carry_over:
        size = np.sqrt(clumping / (share * (1 - share))[:, None])
        mean = expit(logit(mean) + size * lasting(rng, mean.shape, setting.carry_over))
    elif setting.clumping:
        mean = rng.beta(mean * (1 / clumping - 1), (1 - mean) * (1 / clumping - 1))
    counts = rng.binomial(n.astype(int), mean).astype(float)
    enough = (counts.sum(axis=1) >= 1) & (counts.sum(axis=1) < n.sum())
    return Corpus(counts[enough], n, when, slope[enough])


def lasting(rng: np.random.Generator, shape: tuple[int, int], carry_over: float) -> Floats:
    """Standard autoregressive noise along the buckets."""
    noise = rng.normal(size=shape)
    for b in range(1, shape[1]):
        noise[:, b] = carry_over * noise[:, b - 1] + np.sqrt(1 - carry_over**2) * noise[:, b]
    return noise
