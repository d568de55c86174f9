"""Bursts in Kleinberg's sense, and change points: extra columns that no verdict rests on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upwell.trends.logit import Floats

Indices = NDArray[np.intp]

_SCALING = 2.0  # a burst has twice the share
_COST = 1.0  # of entering one, in units of log(buckets)
_PENALTY = 3.0  # of a change point, in units of log(buckets)
_FEWEST = 2  # buckets between change points


@dataclass(frozen=True)
class Bursts:
    """The weightiest burst of S subjects.

    `first` and `last` (S,) are positions of buckets, -1 where there is no burst; `weight` (S,) is
    how much likelier the counts are with it than without, in natural logs, 0 where there is none.
    """

    first: Indices
    last: Indices
    weight: Floats


def find_kleinberg_bursts(n_papers: Floats, n_total: Floats) -> Bursts:
    """The weightiest stretch of buckets in which a subject has twice its usual share.

    Parameters
    ----------
    n_papers : (S, B) papers of each subject in each bucket; independent ones, so clumped papers
        are to be divided by what a clump is worth.
    n_total : (S, B) all papers of each bucket, likewise.

    Returns
    -------
    The bursts; a bucket without papers never begins or ends one.

    Source
    ------
    Kleinberg (2003), Bursty and hierarchical structure in streams, section 4 (batched arrivals),
    two states, s = 2, gamma = 1.
    """
    n_subjects, n_buckets = n_papers.shape
    usual = n_papers.sum(axis=1) / np.maximum(n_total.sum(axis=1), 1e-12)
    raised = np.minimum(_SCALING * usual, (1 + usual) / 2)
    gain = _log_likelihood(n_papers, n_total, raised) - _log_likelihood(n_papers, n_total, usual)
    enter = _COST * np.log(n_buckets)
    inside = _cheapest_states(gain, enter)
    first, last = np.full(n_subjects, -1), np.full(n_subjects, -1)
    weight = np.zeros(n_subjects)
    begin, total = np.full(n_subjects, -1), np.zeros(n_subjects)
    for b in range(n_buckets):
        starts = inside[:, b] & (begin < 0)
        begin = np.where(inside[:, b], np.where(starts, b, begin), -1)
        total = np.where(inside[:, b], np.where(starts, 0.0, total) + gain[:, b], 0.0)
        best = inside[:, b] & (total > weight)
        first, last = np.where(best, begin, first), np.where(best, b, last)
        weight = np.where(best, total, weight)
    return Bursts(first.astype(np.intp), last.astype(np.intp), weight)


def _log_likelihood(n_papers: Floats, n_total: Floats, share: Floats) -> Floats:
    """Of the counts in each bucket, up to what does not depend on the share (S,); (S, B)."""
    share = np.clip(share, 1e-12, 1 - 1e-12)[:, None]
    height: Floats = n_papers * np.log(share) + (n_total - n_papers) * np.log1p(-share)
    return height


def _cheapest_states(gain: Floats, enter: float) -> NDArray[np.bool_]:
    """Whether the likeliest sequence of states is raised in each bucket (S, B); Viterbi."""
    n_subjects, n_buckets = gain.shape
    usual, raised = np.zeros(n_subjects), np.full(n_subjects, -np.inf)
    came_from_raised = np.zeros((2, n_subjects, n_buckets), dtype=bool)
    for b in range(n_buckets):
        came_from_raised[0, :, b] = raised > usual
        came_from_raised[1, :, b] = raised >= usual - enter
        stay = np.maximum(raised, usual - enter) + gain[:, b]
        usual, raised = np.maximum(usual, raised), stay
    states = np.zeros((n_subjects, n_buckets), dtype=bool)
    now = raised > usual
    for b in range(n_buckets - 1, -1, -1):
        states[:, b] = now
        now = came_from_raised[now.astype(int), np.arange(n_subjects), b]
    return states


def find_change_points(residual: Floats) -> list[list[int]]:
    """Where the level of each subject's residuals around its trend shifts.

    Parameters
    ----------
    residual : (S, B) in units of their standard deviation; B at least 1.

    Returns
    -------
    For each subject the positions of the buckets from which the level is another one, rising.
    Without a shift a subject has one in about 1 of 100 cases.

    Source
    ------
    Killick, Fearnhead & Eckley (2012), PELT, by ruptures (Truong et al. 2020) with the squared
    error and 3 log(B) a change point.
    """
    import ruptures

    n_buckets = residual.shape[1]
    if n_buckets < 2 * _FEWEST:
        return [[] for _ in residual]
    penalty = _PENALTY * np.log(n_buckets)
    search = ruptures.KernelCPD(kernel="linear", min_size=_FEWEST)
    return [search.fit(row[:, None]).predict(pen=penalty)[:-1] for row in residual]
