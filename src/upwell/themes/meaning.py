"""How the meaning of a paper speaks for a theme, on a scale that every encoder shares.

A direction in the encoder's space leads from all papers to those that name the theme strongly
(Rocchio's relevance feedback). Where a paper lies along it is turned into the log of how much
likelier it is among the papers that name the theme than among those that do not, both taken from
this very corpus: 0 is neither, whatever the encoder's similarities look like.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upwell.themes.naming import STRONG

MAX_LOG_ODDS = 6.0
NEUTRAL = 4.0  # log odds of a usual paper that names the theme, used where nothing can be compared
PRIOR_PAPERS = 3.0  # strong papers at which the corpus counts as much as `NEUTRAL`
PROTOTYPE_WEIGHT = 0.5  # of the theme's own words against its strong papers
NORMAL_MAD = 1.4826  # median absolute deviation → standard deviation of a normal distribution


@dataclass(frozen=True)
class Meaning:
    """What a corpus teaches about where papers of a theme lie, to be applied to any paper.

    `centre` and `direction` (n_dims,) lead from all papers to those of the theme; `middle` is where
    along it a paper is as likely of the theme as not, `slope` the log odds per step, and `trust`
    [0-1] how much the corpus counts against `NEUTRAL`.
    """

    centre: NDArray[np.float64]
    direction: NDArray[np.float64]
    middle: float = 0.0
    slope: float = 0.0
    trust: float = 0.0

    def log_odds(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """Log odds of papers (n_papers, n_dims) that were not learned from."""
        return self.at((vectors.astype(np.float64) - self.centre) @ self.direction)

    def at(self, along: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log odds of papers by their place along the direction (n_papers,)."""
        odds = np.clip(self.slope * (along - self.middle), -MAX_LOG_ODDS, MAX_LOG_ODDS)
        return self.trust * odds + (1 - self.trust) * NEUTRAL


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
    return learn_meaning(vectors, prototype, strength)[1]


def learn_meaning(
    vectors: NDArray[np.float32], prototype: NDArray[np.float32], strength: NDArray[np.float64]
) -> tuple[Meaning, NDArray[np.float64]]:
    """What `log_odds` learns from these papers, to be applied to others, and what it returns.

    A strong paper has a part in what is learned, so among these papers it is judged by the others.
    """
    strong, without = strength >= STRONG, strength == 0
    n_known = min(int(strong.sum()), int(without.sum()) // 5)
    nothing = Meaning(np.zeros(vectors.shape[1]), np.zeros(vectors.shape[1]))
    if not n_known:
        return nothing, np.full(len(vectors), NEUTRAL)
    wide, named = vectors.astype(np.float64), prototype.astype(np.float64)
    along = _along(wide, named, strong)
    middle, width = _middle_and_width(along[without])
    strong_middle, strong_width = _middle_and_width(along[strong])
    variance = (width**2 + strong_width**2) / 2 if strong.sum() > 8 else width**2
    if variance <= 0 or strong_middle <= middle:
        return nothing, np.full(len(vectors), NEUTRAL)
    meaning = Meaning(
        *_direction(wide, named, strong),
        middle=(middle + strong_middle) / 2,
        slope=(strong_middle - middle) / variance,
        trust=n_known / (n_known + PRIOR_PAPERS),
    )
    return meaning, meaning.at(along)


def _direction(
    vectors: NDArray[np.float64], prototype: NDArray[np.float64], strong: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The centre of all papers, and the theme's direction from there."""
    centre = vectors.mean(axis=0)
    feedback = (vectors - centre)[strong].sum(axis=0)
    return centre, _unit(feedback) + PROTOTYPE_WEIGHT * _unit(prototype - centre)


def _along(
    vectors: NDArray[np.float64], prototype: NDArray[np.float64], strong: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Where papers lie along the theme's direction; a strong one is left out of its own."""
    centre, direction = _direction(vectors, prototype, strong)
    centred = vectors - centre
    named = PROTOTYPE_WEIGHT * _unit(prototype - centre)
    feedback = centred[strong].sum(axis=0)
    along: NDArray[np.float64] = centred @ direction
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
