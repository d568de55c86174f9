"""Whether a verdict hides a turn: a `steady` or `rising` theme that has long fallen, and the like."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]

TURNED = 0.7  # a theme at less than this of its peak is no longer rising, nor steady
SURE = 2.5  # standard errors


def pooled_shares(series: pl.DataFrame) -> tuple[Floats, Floats]:
    """Papers and all papers of every few neighbouring buckets: one alone may be high by chance."""
    width = np.ones(3 if len(series) >= 8 else 2)
    inside, total = (series[c].to_numpy().astype(float) for c in ("n_papers", "n_total"))
    return np.convolve(inside, width, "valid"), np.convolve(total, width, "valid")


def where_it_ends(series: pl.DataFrame, verdict: str) -> tuple[float, bool]:
    """How far the end is from where the verdict lets one think, and whether that misleads.

    Parameters
    ----------
    series : `n_papers`, `n_total` of each bucket.
    verdict : on them.

    Returns
    -------
    The share of the last buckets over the peak, or the trough over the last for `falling`, or the
    lesser of the two for `steady`; and whether it is below `TURNED` by `SURE` standard errors
    of independent papers, which clumps and the choice of the highest bucket make too small.
    """
    inside, total = pooled_shares(series)
    share = inside / total
    if not inside.any():
        return float("nan"), False
    peak, trough = int(share.argmax()), int(share.argmin())
    fallen = (float(share[-1] / share[peak]), z_score(inside, total, peak))
    risen = (
        float(share[trough] / share[-1]) if share[-1] else 1.0,
        -z_score(inside, total, trough),
    )
    sides = {"falling": [risen], "steady": [fallen, risen]}.get(verdict, [fallen])
    ratio = min(side[0] for side in sides)
    hides = any(ratio < TURNED and z <= -SURE for ratio, z in sides)
    return ratio, hides and verdict != "insufficient_evidence"


def z_score(inside: Floats, total: Floats, other: int) -> float:
    """Difference of the last share from another one in standard errors, as if papers were coins."""
    both = (inside[-1] + inside[other]) / (total[-1] + total[other])
    error = np.sqrt(both * (1 - both) * (1 / total[-1] + 1 / total[other]))
    gap = inside[-1] / total[-1] - inside[other] / total[other]
    return float(gap / error) if error > 0 else 0.0
