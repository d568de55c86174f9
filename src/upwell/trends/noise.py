"""How far shares scatter around their trend, learned from all subjects together.

Papers on one subject come in clumps (a workshop, a hype, a special issue), and clumps last. The
count of a subject in a bucket of `n` papers then varies `1 + (n - 1) * clumping` times as much as
independent papers would (beta-binomial), and the excess is carried over to the next bucket with
correlation `carry_over`. One subject has too few buckets to tell either; all of them have.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upwell.trends.logit import Floats, LogitFit, fit_logit
from upwell.trends.squeeze import stands_apart

_MOST_CLUMPING = 0.5
_CARRY_OVER_GRID = np.linspace(0, 0.95, 39)
_MAX_ROUNDS = 8
_TELLING = 2.0  # papers
_SURE = 1.0  # standard errors from which neighbours are taken to be alike


@dataclass(frozen=True)
class Noise:
    """Noise shared by all subjects: `clumping` and `carry_over`, both within 0 to 1."""

    clumping: float
    carry_over: float

    def variance_factor(self, n_total: Floats) -> Floats:
        """Variance of a count as a multiple of the binomial one; shape of `n_total`, papers."""
        factor: Floats = 1 + np.maximum(n_total - 1, 0) * self.clumping
        return factor

    def correlation(self, n_total: Floats, rank: Floats) -> Floats:
        """Correlation of the scatter between buckets, (B, B); `rank` counts calendar buckets.

        Only the clumped part of the variance is carried over.
        """
        clumped = np.sqrt(1 - 1 / self.variance_factor(n_total))
        matrix = np.outer(clumped, clumped) * self.carry_over ** np.abs(rank[:, None] - rank)
        np.fill_diagonal(matrix, 1.0)
        return matrix


def fit_with_noise(
    n_papers: Floats, n_total: Floats, time: Floats, rank: Floats, offset: Floats | None = None
) -> tuple[LogitFit, Noise]:
    """Lines of all subjects and the noise around them, each estimated given the other.

    `clumping` is where the dispersions of the middle half of the subjects average what they do
    by chance, `carry_over` where the products of neighbouring residuals sum to what is expected,
    leaving out subjects that scatter like no other. Both expectations allow for the line having
    been fitted, which alone makes residuals smaller and alternate in sign. The limits are there
    because a hype that came and went is no line, and its shape would pass for noise of all.

    Parameters
    ----------
    n_papers : (S, B) papers of each subject in each bucket.
    n_total : (B,) all papers of each bucket, above 0.
    time : (B,) years.
    rank : (B,) number of the bucket in the calendar, rising; a step above 1 is a gap.
    offset : (S, B) as for `fit_logit`.

    Returns
    -------
    The fit under that noise, and the noise.

    Source
    ------
    Williams (1982), Extra-binomial variation in logistic linear models (procedure II), with the
    parameter pooled over subjects; carry-over: our definition.
    """
    noise = Noise(0.0, 0.0)
    fit = fit_logit(n_papers, n_total, time, variance_factor=np.ones_like(n_total), offset=offset)
    n_residual = float(len(n_total) - 2)
    for _ in range(_MAX_ROUNDS):
        last = noise
        squares = scaled_squares(fit, n_papers, n_total)
        clumping = _solve_clumping(squares, n_total, n_residual)
        noise = Noise(clumping, noise.carry_over if clumping else 0.0)
        factor = noise.variance_factor(n_total)
        fit = fit_logit(n_papers, n_total, time, variance_factor=factor, offset=offset, start=fit)
        if clumping:
            residual = _pearson(fit, n_papers, n_total) / np.sqrt(factor)
            noise = Noise(clumping, _solve_carry_over(residual, fit, clumping, n_total, rank))
        n_residual = _expected(noise.correlation(n_total, rank), _line_space(fit))[1]
        if _settled(noise, last):
            break
    return fit, noise


def _settled(noise: Noise, last: Noise) -> bool:
    """Whether another round would change nothing that matters."""
    return (
        abs(noise.clumping - last.clumping) <= 5e-3 * noise.clumping
        and abs(noise.carry_over - last.carry_over) <= 0.005
    )


def _pearson(fit: LogitFit, n_papers: Floats, n_total: Floats) -> Floats:
    """Residuals in units of binomial standard deviations, (S, B)."""
    variance = np.maximum(n_total * fit.share * (1 - fit.share), 1e-200)
    residual: Floats = (n_papers - n_total * fit.share) / np.sqrt(variance)
    return residual


def scaled_squares(fit: LogitFit, n_papers: Floats, n_total: Floats) -> Floats:
    """Squared Pearson residuals, (S, B), each subject's by Fletcher's scale.

    Parameters
    ----------
    fit : lines of S subjects.
    n_papers, n_total : (S, B) and (B,), what they were fitted to.

    Returns
    -------
    Squares in units of the binomial variance; their row sums scatter less about what is expected
    of them than Pearson's do when counts are few.

    Source
    ------
    Fletcher (2012), Estimating overdispersion when fitting a generalized linear model to sparse
    data.
    """
    variance = np.maximum(n_total * fit.share * (1 - fit.share), 1e-200)
    gap = n_papers - n_total * fit.share
    skew = ((1 - 2 * fit.share) * gap / variance).mean(axis=1, keepdims=True)
    squares: Floats = gap**2 / variance / np.maximum(1 + skew, 0.1)
    return squares


def _solve_clumping(squares: Floats, n_total: Floats, n_residual: float) -> float:
    """Clumping at which the middle half of the dispersions is as chance makes it; at least 0."""
    from scipy.special import chdtr, chdtri

    cut = len(squares) // 4
    tail = cut / len(squares)
    bounds = chdtri(n_residual, [1 - tail, tail]) if cut else np.array([0.0, np.inf])
    inside = chdtr(n_residual + 2, bounds[1]) - chdtr(n_residual + 2, bounds[0])
    expected = n_residual * inside / (1 - 2 * tail)
    low, high = 0.0, _MOST_CLUMPING
    if _middle_mean(squares.sum(axis=1)) <= expected:
        return 0.0
    for _ in range(30):
        middle = (low + high) / 2
        if _middle_mean(squares @ (1 / Noise(middle, 0.0).variance_factor(n_total))) > expected:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _middle_mean(values: Floats) -> float:
    """Mean of what is left without the lowest and the highest quarter."""
    cut = len(values) // 4
    return float(np.sort(values)[cut : len(values) - cut].mean())


def _solve_carry_over(
    residual: Floats, fit: LogitFit, clumping: float, n_total: Floats, rank: Floats
) -> float:
    """Smallest carry-over that explains the correlation of neighbouring residuals."""
    neighbours = (residual[:, :-1] * residual[:, 1:]).sum(axis=1)
    own = (residual**2).sum(axis=1)
    n_residual = float(len(n_total) - 2)
    alike = _telling(fit) & ~stands_apart(own / n_residual, n_residual)
    if not own[alike].sum():
        return 0.0
    observed = float(neighbours[alike].sum() / own[alike].sum())
    line = _line_space(fit)
    # What lasts about as long as the span passes for a line: 5 buckets cannot tell it, nor large
    # clumps from lasting ones, and the two would drive each other up.
    grid = _CARRY_OVER_GRID[: np.searchsorted(_CARRY_OVER_GRID, 1 - 3 / len(n_total), "right")]
    pairs = [_expected(Noise(clumping, x).correlation(n_total, rank), line) for x in grid]
    explained = np.array([neighbours / total for neighbours, total in pairs])
    gap = neighbours[alike] - observed * own[alike]
    error = float(np.sqrt((gap**2).sum()) / own[alike].sum())
    if observed < explained[0] + _SURE * error:
        return 0.0
    top = int(np.argmax(explained))
    reached = np.flatnonzero(explained[: top + 1] >= observed)
    if not len(reached):
        return float(grid[top])
    first = int(reached[0])
    if first == 0:
        return 0.0
    sides = slice(first - 1, first + 1)
    return float(np.interp(observed, explained[sides], grid[sides]))


def _telling(fit: LogitFit) -> NDArray[np.bool_]:
    """Subjects with 2 papers a bucket or more, in what clumped papers are worth, (S,).

    The counts of smaller ones are mostly 0, now and then a clump, and their residuals correlate
    whatever the noise does. The quarter with most papers, where hardly any has so many.
    """
    worth = fit.weight.mean(axis=1)
    telling: NDArray[np.bool_] = worth >= min(_TELLING, float(np.quantile(worth, 0.75)))
    return telling


def _line_space(fit: LogitFit) -> Floats:
    """Orthonormal basis (B, 2) of what a line can explain, for the average subject."""
    weight = (fit.weight / fit.weight.sum(axis=1, keepdims=True)).mean(axis=0)
    time = fit.centred[0]
    columns = np.sqrt(weight)[:, None] * np.column_stack([np.ones_like(time), time])
    basis: Floats = np.linalg.qr(columns)[0]
    return basis


def _expected(correlation: Floats, line: Floats) -> tuple[float, float]:
    """Expected sums, after the line is fitted: of products of neighbours, and of squares."""
    through = correlation @ line
    inner = line @ (line.T @ through)
    neighbours = np.trace(correlation, 1)
    neighbours -= (line[:-1] * through[1:]).sum() + (through[:-1] * line[1:]).sum()
    neighbours += (inner[:-1] * line[1:]).sum()
    return float(neighbours), float(np.trace(correlation) - (line * through).sum())
