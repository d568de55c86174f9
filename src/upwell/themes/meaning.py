"""How the meaning of a paper speaks for a theme, on a scale that every encoder shares.

A direction in the encoder's space leads from all papers to those that name the theme strongly
(Rocchio's relevance feedback). Where a paper lies along it is turned into the log of how much
likelier it is among the papers that name the theme than among those that do not, both taken from
this very corpus: 0 is neither, whatever the encoder's similarities look like.
"""

import numpy as np
from numpy.typing import NDArray

from upwell.themes.naming import STRONG

MAX_LOG_ODDS = 6.0
NEUTRAL = 4.0  # log odds of a usual paper that names the theme, used where nothing can be compared
PRIOR_PAPERS = 3.0  # strong papers at which the corpus counts as much as `NEUTRAL`
PROTOTYPE_WEIGHT = 0.5  # of the theme's own words against its strong papers
NORMAL_MAD = 1.4826  # median absolute deviation → standard deviation of a normal distribution


def log_odds(
    vectors: NDArray[np.float32], prototype: NDArray[np.float32], strength: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Log odds of each paper's meaning, papers of the theme against the others.

    Parameters
    ----------
    vectors : of the papers (n_papers, n_dims), length 1.
    prototype : vector (n_dims,) of the theme's phrases and description.
    strength : naming strength of each paper (n_papers,).

    Returns
    -------
    (n_papers,) within ±`MAX_LOG_ODDS`; drawn to `NEUTRAL` the fewer papers there are to learn from.

    Source
    ------
    Rocchio (1971) for the direction; the log odds are those of two normal distributions of one
    width (linear discriminant), with medians and MADs for robustness.
    """
    strong, without = strength >= STRONG, strength == 0
    n_known = min(int(strong.sum()), int(without.sum()) // 5)
    trust = n_known / (n_known + PRIOR_PAPERS)
    if not n_known:
        return np.full(len(vectors), NEUTRAL)
    along = _along(vectors.astype(np.float64), prototype.astype(np.float64), strong)
    middle, width = _middle_and_width(along[without])
    strong_middle, strong_width = _middle_and_width(along[strong])
    variance = (width**2 + strong_width**2) / 2 if strong.sum() > 8 else width**2
    if variance <= 0 or strong_middle <= middle:
        return np.full(len(vectors), NEUTRAL)
    slope = (strong_middle - middle) / variance
    odds = slope * (along - (middle + strong_middle) / 2)
    return trust * np.clip(odds, -MAX_LOG_ODDS, MAX_LOG_ODDS) + (1 - trust) * NEUTRAL


def _along(
    vectors: NDArray[np.float64], prototype: NDArray[np.float64], strong: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Where papers lie along the theme's direction; a strong one is left out of its own."""
    centre = vectors.mean(axis=0)
    centred = vectors - centre
    named = PROTOTYPE_WEIGHT * _unit(prototype - centre)
    feedback = centred[strong].sum(axis=0)
    along: NDArray[np.float64] = centred @ (_unit(feedback) + named)
    if strong.sum() > 1:
        others = feedback - centred[strong]
        others /= np.maximum(np.linalg.norm(others, axis=1, keepdims=True), 1e-12)
        along[strong] = (centred[strong] * (others + named)).sum(axis=1)
    else:
        along[strong] = (1 + 1 / PROTOTYPE_WEIGHT) * (centred[strong] @ named)
    return along


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """A vector at length 1; zero stays zero."""
    unit: NDArray[np.float64] = vector / max(float(np.linalg.norm(vector)), 1e-12)
    return unit


def _middle_and_width(values: NDArray[np.float64]) -> tuple[float, float]:
    """Median, and standard deviation as the median absolute deviation has it."""
    middle = float(np.median(values))
    return middle, NORMAL_MAD * float(np.median(np.abs(values - middle)))
