"""How the meaning of a paper speaks for a theme, on a scale that every encoder shares.

A direction in the encoder's space parts the papers that name the theme strongly from all others,
those that mention it in passing included. Where a paper lies along it is turned into the log of how
much likelier it is among the papers that name the theme than among those that do not, both taken
from this very corpus: 0 is neither, whatever the encoder's similarities look like.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upwell.themes.naming import STRONG

Floats = NDArray[np.float64]

MAX_LOG_ODDS = 8.0
NEUTRAL = 5.0  # log odds of a usual paper that names the theme, used where nothing can be compared
PRIOR_PAPERS = 3.0  # strong papers at which the corpus counts as much as `NEUTRAL`
PROTOTYPE_PAPERS = 1.0  # what the theme's own words count for, among its strong papers
PASSING = 1.0  # naming strength below which a paper is no example of the theme
RIDGE = 1.0  # times the mean variance of a dimension; much of it: the difference of the means
NORMAL_MAD = 1.4826  # median absolute deviation → standard deviation of a normal distribution


@dataclass(frozen=True)
class Space:
    """The vectors of a corpus (n_papers, n_dims), and their moments, taken once for all themes.

    `total` (n_dims,) is the sum of the vectors, `products` (n_dims, n_dims) that of their outer
    products.
    """

    vectors: NDArray[np.float32]
    total: Floats
    products: Floats

    @classmethod
    def of(cls, vectors: NDArray[np.float32]) -> "Space":
        """The space of these vectors."""
        products = np.asarray(vectors.T @ vectors, dtype=np.float64)
        return cls(vectors, vectors.sum(axis=0, dtype=np.float64), products)


@dataclass(frozen=True)
class Meaning:
    """What a corpus teaches about where papers of a theme lie, to be applied to any paper.

    `centre` and `direction` (n_dims,) lead from other papers to those of the theme; `middle` is
    where along it a paper is as likely of the theme as not, `slope` the log odds per step, and
    `trust` [0-1] how much the corpus counts against `NEUTRAL`.
    """

    centre: Floats
    direction: Floats
    middle: float = 0.0
    slope: float = 0.0
    trust: float = 0.0

    def log_odds(self, vectors: NDArray[np.float32]) -> Floats:
        """Log odds of papers (n_papers, n_dims) that were not learned from."""
        return self.at((vectors.astype(np.float64) - self.centre) @ self.direction)

    def at(self, along: Floats) -> Floats:
        """Log odds of papers by their place along the direction (n_papers,)."""
        odds = np.clip(self.slope * (along - self.middle), -MAX_LOG_ODDS, MAX_LOG_ODDS)
        return self.trust * odds + (1 - self.trust) * NEUTRAL


def learn_meaning(
    space: Space, prototype: NDArray[np.float32], strength: Floats
) -> tuple[Meaning, Floats]:
    """What papers teach of a theme's meaning, and the log odds of these papers themselves.

    A strong paper has a part in what is learned, so among these papers it is judged by the others.

    Parameters
    ----------
    space : the papers, n_papers.
    prototype : vector (n_dims,) of the theme's phrases and description.
    strength : naming strength of each paper (n_papers,).

    Returns
    -------
    The meaning, and log odds (n_papers,) within ±`MAX_LOG_ODDS`; drawn to `NEUTRAL` the fewer
    papers there are to learn from.

    Source
    ------
    The direction is that of a ridge regression of one class against the other, both counting the
    same, hence Fisher's discriminant with a shrunken covariance (Friedman 1989); a strong paper is
    left out of its own (Allen 1974). The log odds are those of two normal distributions of one
    width, with medians and MADs for robustness.
    """
    strong, without = strength >= STRONG, strength == 0
    n_known = min(int(strong.sum()), int(without.sum()) // 5)
    n_dims = space.vectors.shape[1]
    nothing = Meaning(np.zeros(n_dims), np.zeros(n_dims))
    if not n_known:
        return nothing, np.full(len(strength), NEUTRAL)
    fit = _discriminate(space, prototype.astype(np.float64), strong, strength < PASSING)
    along = fit.along(space.vectors, strong)
    middle, width = _middle_and_width(along[without])
    strong_middle, strong_width = _middle_and_width(along[strong])
    variance = (width**2 + strong_width**2) / 2 if strong.sum() > 8 else width**2
    if variance <= 0 or strong_middle <= middle:
        return nothing, np.full(len(strength), NEUTRAL)
    meaning = Meaning(
        fit.centre,
        fit.direction,
        middle=(middle + strong_middle) / 2,
        slope=(strong_middle - middle) / variance,
        trust=n_known / (n_known + PRIOR_PAPERS),
    )
    return meaning, meaning.at(along)


@dataclass(frozen=True)
class _Discriminant:
    """Centre and direction (n_dims,), and the leverage of each strong paper in them."""

    centre: Floats
    direction: Floats
    leverage: Floats

    def along(self, vectors: NDArray[np.float32], strong: NDArray[np.bool_]) -> Floats:
        """Where papers lie along the direction; a strong one is left out of its own."""
        along = (vectors @ self.direction - self.centre @ self.direction).astype(np.float64)
        along[strong] = (along[strong] - self.leverage) / (1 - self.leverage)
        return along


def _discriminate(
    space: Space, prototype: Floats, strong: NDArray[np.bool_], others: NDArray[np.bool_]
) -> _Discriminant:
    """Ridge regression of the strong papers and the prototype (1) against the others (-1)."""
    examples = np.vstack([space.vectors[strong], prototype]).astype(np.float64)
    counted = np.ones(len(examples))
    counted[-1] = PROTOTYPE_PAPERS
    counted /= 2 * counted.sum()
    left_out = space.vectors[~others].astype(np.float64)
    n_others = 2 * int(others.sum())
    centre = counted @ examples + (space.total - left_out.sum(axis=0)) / n_others
    scatter = (examples.T * counted) @ examples - np.outer(centre, centre)
    scatter += (space.products - left_out.T @ left_out) / n_others
    ridge = RIDGE * np.trace(scatter) / len(scatter)
    inverse = np.linalg.inv(scatter + max(ridge, 1e-12) * np.eye(len(scatter)))
    direction = inverse @ (2 * counted @ examples - 2 * counted.sum() * centre)
    centred = examples[:-1] - centre
    leverage = counted[:-1] * (1 + ((centred @ inverse) * centred).sum(axis=1))
    return _Discriminant(centre, direction, leverage)


def _middle_and_width(values: Floats) -> tuple[float, float]:
    """Median, and standard deviation as the median absolute deviation has it."""
    middle = float(np.median(values))
    return middle, NORMAL_MAD * float(np.median(np.abs(values - middle)))
