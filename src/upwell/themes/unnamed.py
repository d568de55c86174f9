"""How many papers of a theme never name it, and what that leaves for papers without its words.

A theme such as few-shot learning goes by other words in many papers; one such as Gaussian splatting
hardly ever does, and what lies near it without its words is of a neighbouring subject. Which of the
two it is, the papers that do name it tell: many that name it just once mean many that never do.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_FARTHEST = -40.0  # log odds


def count_unnamed(score: Floats, n_mentions: NDArray[np.int64]) -> float:
    """How many papers of a theme never name it, at least.

    Parameters
    ----------
    score : how surely each paper is of the theme (n_papers,), a probability.
    n_mentions : how often each paper names it (n_papers,).

    Returns
    -------
    Papers; 0 if none names it once.

    Source
    ------
    Chao (1984), Nonparametric estimation of the number of classes in a population, in the form for
    small counts (Chao 1987, bias-corrected).
    """
    once, twice = (float(score[n_mentions == n].sum()) for n in (1, 2))
    return max(0.0, once * (once - 1) / (2 * (twice + 1)))


def shift_unnamed(log_odds: Floats, n_papers: float) -> float:
    """What to add to log odds so that they expect no more than so many papers of the theme.

    Parameters
    ----------
    log_odds : of the papers without a word of the theme being of it.
    n_papers : of them, at most, that are.

    Returns
    -------
    0 if fewer are expected, else the shift, below 0.
    """

    def expected(shift: float) -> float:
        """Papers of the theme after a shift."""
        return float((1 / (1 + np.exp(-np.maximum(log_odds + shift, _FARTHEST)))).sum())

    low, high = _FARTHEST, 0.0
    if not len(log_odds) or expected(0.0) <= n_papers:
        return 0.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if expected(middle) > n_papers else (middle, high)
    return low
