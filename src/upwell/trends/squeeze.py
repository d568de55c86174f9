"""Moderation across subjects: shrunken dispersions and the false discovery rate."""

import numpy as np

from upwell.trends.logit import Floats


def trigamma_inverse(value: float) -> float:
    """The x > 0 whose trigamma is `value` > 0.

    Source
    ------
    Smyth (2004), appendix: Newton on 1 / trigamma, convex and monotone from this start.
    """
    from scipy.special import polygamma

    x = 0.5 + 1 / value
    for _ in range(60):
        here = float(polygamma(1, x))
        step = here * (1 - here / value) / float(polygamma(2, x))
        x += step
        if abs(step) < 1e-10 * x:
            break
    return x


def squeeze_dispersion(dispersion: Floats, n_residual: float) -> tuple[Floats, Floats]:
    """Each subject's dispersion, drawn towards what is common to all.

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
    Smyth (2004), Linear models and empirical Bayes methods, section 6.2 (moments of log F).
    """
    from scipy.special import digamma, polygamma

    n_subjects = len(dispersion)
    if n_subjects < 2:
        return dispersion.copy(), np.full(n_subjects, float(n_residual))
    floor = max(1e-5 * float(np.median(dispersion)), 1e-10)
    half = n_residual / 2
    log_ratio = np.log(np.maximum(dispersion, floor)) - digamma(half) + np.log(half)
    excess = float(log_ratio.var(ddof=1) - polygamma(1, half))
    if excess <= 0:  # the subjects differ no more than chance makes them: one dispersion for all
        total = float(n_residual * n_subjects)
        return np.full(n_subjects, dispersion.mean()), np.full(n_subjects, total)
    n_prior = 2 * trigamma_inverse(excess)
    prior = float(np.exp(log_ratio.mean() + digamma(n_prior / 2) - np.log(n_prior / 2)))
    shrunken = (n_prior * prior + n_residual * dispersion) / (n_prior + n_residual)
    n_behind = min(n_prior + n_residual, n_residual * n_subjects)
    return shrunken, np.full(n_subjects, float(n_behind))


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
