"""How surely a proportion is known."""

from statistics import NormalDist

_Z = NormalDist().inv_cdf(0.975)


def wilson(share: float, n: float) -> tuple[float, float]:
    """95 % interval of a proportion.

    Parameters
    ----------
    share : observed, 0 to 1.
    n : independent cases it was observed in, above 0; need not be whole.

    Returns
    -------
    Lower and upper end, within 0 to 1 and around `share`.

    Source
    ------
    Wilson (1927); recommended for few cases by Brown, Cai & DasGupta (2001).
    """
    middle = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    reach = _Z * (share * (1 - share) / n + _Z**2 / (4 * n**2)) ** 0.5 / (1 + _Z**2 / n)
    return max(min(middle - reach, share), 0.0), min(max(middle + reach, share), 1.0)
