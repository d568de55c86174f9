"""Moderation across subjects: shrunken dispersions and the false discovery rate."""

import numpy as np
from numpy.typing import NDArray

from upwell.trends.logit import Floats

_ENDLESS = 1e6  # degrees of freedom as good as infinite
_FEWEST = 0.1
_STANDS_APART = 0.05  # false discovery rate at which a subject is not of the common kind


def squeeze_dispersion(dispersion: Floats, n_residual: float) -> tuple[Floats, Floats]:
    """Each subject's dispersion, drawn towards what is common to all.

    The common distribution is fitted to the middle half of the subjects, for a few of another
    kind (a hype that came and went is no line) must not set the rule for the rest. Such a
    subject, in turn, borrows nothing: it keeps its own dispersion and degrees of freedom.

    Parameters
    ----------
    dispersion : (S,) variance around the fit as a multiple of the expected one, not negative.
    n_residual : degrees of freedom behind each, above 0.

    Returns
    -------
    Shrunken dispersions (S,), and the degrees of freedom (S,) behind each: its own and those
    borrowed, at most all there are.

    Source
    ------
    Smyth (2004), Linear models and empirical Bayes methods, for the model (dispersion = common
    one times F) and the shrinkage; robust as in Phipson et al. (2016), Robust hyperparameter
    estimation protects against hypervariable genes, but by quartiles and setting apart.
    """
    n_subjects = len(dispersion)
    if n_subjects < 2:
        return dispersion.copy(), np.full(n_subjects, float(n_residual))
    common, n_prior = fit_common_dispersion(dispersion, n_residual)
    shrunken = (n_prior * common + n_residual * dispersion) / (n_prior + n_residual)
    n_behind = np.full(n_subjects, min(n_prior + n_residual, n_residual * n_subjects))
    apart = stands_apart(dispersion, n_residual)
    return np.where(apart, dispersion, shrunken), np.where(apart, float(n_residual), n_behind)


def stands_apart(dispersion: Floats, n_residual: float) -> NDArray[np.bool_]:
    """Whether a subject scatters more than the common distribution of dispersions allows.

    Parameters
    ----------
    dispersion : (S,) variance around the fit as a multiple of the expected one, not negative.
    n_residual : degrees of freedom behind each, above 0.

    Returns
    -------
    True where the F test, at a false discovery rate of 5 %, says so; (S,).
    """
    from scipy.special import fdtrc

    if len(dispersion) < 2:
        return np.zeros(len(dispersion), dtype=bool)
    common, n_prior = fit_common_dispersion(dispersion, n_residual)
    p_values = fdtrc(n_residual, n_prior, dispersion / common)
    apart: NDArray[np.bool_] = adjust_p_values(p_values) <= _STANDS_APART
    return apart


def fit_common_dispersion(dispersion: Floats, n_residual: float) -> tuple[float, float]:
    """Common dispersion and its degrees of freedom, from the quartiles of log F.

    Parameters
    ----------
    dispersion : (S,) of at least two subjects, not negative.
    n_residual : degrees of freedom behind each, above 0.

    Returns
    -------
    The common dispersion and the degrees of freedom it is worth to a subject, 0.1 to a million
    (as good as infinite: the subjects differ no more than chance makes them).
    """
    from scipy.special import fdtri

    low, middle, high = np.quantile(dispersion, [0.25, 0.5, 0.75])
    floor = max(1e-3 * float(dispersion.mean()), 1e-10)
    low, middle, high = max(low, floor), max(middle, floor), max(high, floor)

    def ratio(n_prior: float) -> float:
        """Upper by lower quartile of F."""
        return float(fdtri(n_residual, n_prior, 0.75) / fdtri(n_residual, n_prior, 0.25))

    few, many = np.log(_FEWEST), np.log(_ENDLESS)
    for _ in range(50):
        guess = (few + many) / 2
        few, many = (guess, many) if ratio(float(np.exp(guess))) > high / low else (few, guess)
    n_prior = float(np.exp(many))
    return float(middle / fdtri(n_residual, n_prior, 0.5)), n_prior


def adjust_p_values(p_values: Floats) -> Floats:
    """The smallest false discovery rate at which each test is a discovery, (S,).

    Source
    ------
    Benjamini & Hochberg (1995).
    """
    n_tests = len(p_values)
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * n_tests / np.arange(1, n_tests + 1)
    adjusted = np.empty(n_tests)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted
