"""Growth within strata: a line common to all, a level for each stratum.

Where the collection changed, the share of a subject moves because other papers are collected. The
levels of a subject in the strata and its slope give the share that the mixture of each bucket leads
to expect; the logistic regression is then made around these (`offset`), and its standard error is
widened to what the buckets of one stratum tell about time (`within`).
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from upwell.trends.buckets import Calendar, count_papers
from upwell.trends.growth import Growth, estimate_growth
from upwell.trends.logit import Floats

_ROUNDS = 5
_LEVEL_STEPS = 12
_FARTHEST = 30.0  # logit


@dataclass(frozen=True)
class Strata:
    """Papers by stratum: `n_papers` (S, K, B) of each subject, `n_total` (K, B) of all."""

    n_papers: Floats
    n_total: Floats


@dataclass(frozen=True)
class Mixture:
    """What the strata make of S subjects in B buckets.

    `offset` (S, B) is the part of the logit of the share that is due to the mixture of strata, 0 on
    average; `within` (S,) the share [0-1] of the information about the slope that lies within them.
    """

    offset: Floats
    within: Floats


def count_strata(
    calendar: Calendar, members: pl.DataFrame, subjects: pl.DataFrame, parts: pl.DataFrame
) -> Strata:
    """Papers of each subject and of all in each stratum and filled bucket of the calendar.

    Parameters
    ----------
    calendar : holds the papers that count.
    members : (`kind`, `subject`, `paper_id`), each once.
    subjects : (`kind`, `subject`), S rows.
    parts : (`paper_id`, `stratum` from 0), of every paper of the calendar.
    """
    everything = pl.DataFrame({"kind": ["all"], "subject": ["all"]})
    n_papers, n_total = [], []
    for stratum in parts["stratum"].unique().sort():
        inside = parts.filter(pl.col("stratum") == stratum)
        mine = members.join(inside, on="paper_id", how="semi")
        all_of_it = inside.select("paper_id", kind=pl.lit("all"), subject=pl.lit("all"))
        n_papers.append(count_papers(calendar, mine, subjects)[:, calendar.filled])
        n_total.append(count_papers(calendar, all_of_it, everything)[0, calendar.filled])
    return Strata(np.stack(n_papers, axis=1), np.stack(n_total))


def grow_within(strata: Strata, time: Floats, rank: Floats) -> Growth:
    """Trend of every subject within strata.

    Parameters
    ----------
    strata : of S subjects over B buckets; no subject empty.
    time, rank : (B,) as for `estimate_growth`.

    Returns
    -------
    The growth; its shares are those of the average mixture.

    Source
    ------
    Stratified (fixed-effects) logistic regression, Breslow & Day (1980), with the noise of
    `estimate_growth`; solved by alternating, our way.
    """
    n_papers, n_total = strata.n_papers.sum(axis=1), strata.n_total.sum(axis=0)
    if len(strata.n_total) == 1:
        return estimate_growth(n_papers, n_total, time, rank)
    mixture = mix(strata, time, np.zeros(len(n_papers)))
    for _ in range(_ROUNDS):
        growth = estimate_growth(n_papers, n_total, time, rank, offset=mixture.offset)
        last, mixture = mixture, mix(strata, time, growth.slope)
        if np.abs(mixture.offset - last.offset).max() < 1e-3:
            break
    return estimate_growth(
        n_papers, n_total, time, rank, offset=mixture.offset, within=mixture.within
    )


def mix(strata: Strata, time: Floats, slope: Floats) -> Mixture:
    """What the mixture of strata does to shares, for subjects of known slope.

    Parameters
    ----------
    strata : of S subjects over B buckets.
    time : (B,) years.
    slope : (S,) a year, on the logit scale.

    Returns
    -------
    The mixture.
    """
    n_total = strata.n_total.sum(axis=0)
    tilt = slope[:, None] * (time - time.mean())
    share = _shares(strata, tilt)
    mean = (strata.n_total * share).sum(axis=1) / np.maximum(n_total, 1.0)
    mean = np.clip(mean, 1e-12, 1 - 1e-12)
    offset = np.log(mean / (1 - mean)) - tilt
    offset -= (offset @ n_total / n_total.sum())[:, None]
    inside = _spread(strata.n_total * share * (1 - share), time).sum(axis=1)
    across = _spread(n_total * mean * (1 - mean), time)
    return Mixture(offset, np.clip(inside / np.maximum(across, 1e-200), 1e-9, 1.0))


def _shares(strata: Strata, tilt: Floats) -> Floats:
    """Share of each subject in each stratum and bucket whose sums are those observed, (S, K, B)."""
    size = strata.n_total.sum(axis=1)
    overall = strata.n_papers.sum(axis=(1, 2)) / np.maximum(size.sum(), 1.0)
    # half a paper at the overall rate keeps an empty stratum from an infinite level
    observed = strata.n_papers.sum(axis=2) + overall[:, None] / 2
    start = np.clip(observed / np.maximum(size + 0.5, 1.0), 1e-9, 1 - 1e-9)
    level = np.log(start / (1 - start))
    for _ in range(_LEVEL_STEPS):
        share = _expit(level[:, :, None] + tilt[:, None, :])
        expected = (strata.n_total * share).sum(axis=2) + start / 2
        slope = (strata.n_total * share * (1 - share)).sum(axis=2) + start * (1 - start) / 2
        level += np.clip((observed - expected) / np.maximum(slope, 1e-12), -1, 1)
    return _expit(level[:, :, None] + tilt[:, None, :])


def _expit(logit: Floats) -> Floats:
    share: Floats = 1 / (1 + np.exp(-np.clip(logit, -_FARTHEST, _FARTHEST)))
    return share


def _spread(weight: Floats, time: Floats) -> Floats:
    """Weighted sum of squares of time around its weighted mean, over the last axis."""
    total = np.maximum(weight.sum(axis=-1), 1e-200)
    mean = weight @ time / total
    spread: Floats = weight @ time**2 - mean**2 * total
    return np.maximum(spread, 0.0)
