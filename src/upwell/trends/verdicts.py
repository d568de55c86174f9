"""From a measured growth to what the evidence allows to say."""

import numpy as np
from numpy.typing import NDArray

from upwell.trends.growth import Growth, burst_p_values
from upwell.trends.logit import Floats
from upwell.trends.squeeze import adjust_p_values

_MOST_CHANGE = 2.0  # of the odds over the whole span, for what is called steady


def decide_verdicts(
    growth: Growth,
    *,
    false_discovery_rate: float,
    steady_margin: float,
    n_years: float,
    turned: NDArray[np.bool_] | None = None,
    bent: NDArray[np.bool_] | None = None,
) -> tuple[list[str], Floats]:
    """Verdict of each subject, and the q-value behind `rising` and `falling`.

    A subject whose 95 % interval lies wholly within the margin is no discovery, however surely its
    growth differs from 1: who calls 10 % a year steady would be misled by `rising` at 2 %. Over
    more than seven years the margin is that of a doubling over the span: 10 % a year for thirty
    years is seventeenfold, and not steady. It
    enters the adjustment with p = 1 rather than being left out of it, which keeps the false
    discovery rate of the other verdicts: a p-value that is only ever raised stays valid. So does
    one that has turned: what rose for twenty years and fell in the last ten is not rising.

    - `rising`, `falling`: q at most the false discovery rate, and the sign of the slope;
    - `steady`: the 95 % interval lies within 1 / (1 + margin) to 1 + margin, the p-value of
      the equivalence test (TOST), adjusted likewise, is at most the false discovery rate, and the
      share does not bend: what came and went grows by nothing over its whole span;
    - else `insufficient_evidence`.

    Parameters
    ----------
    growth : of S subjects.
    false_discovery_rate : share of the verdicts of a sort that may be wrong, 0 to 1.
    steady_margin : change a year that still counts as steady, as a fraction.
    n_years : length of the span.
    turned : (S,) whether the later half of the span surely goes the other way; none means no.
    bent : (S,) whether the share surely leaves a straight course within the span; none means no.

    Returns
    -------
    Verdicts (S) and q-values (S,).

    Source
    ------
    Benjamini & Hochberg (1995); Schuirmann (1987) for the equivalence test; their combination is
    ours.
    """
    bound = min(float(np.log1p(steady_margin)), np.log(_MOST_CHANGE) / n_years)
    low, high = growth.interval()
    within = (low >= -bound) & (high <= bound)
    against = np.zeros(len(low), dtype=bool) if turned is None else turned
    q_value = adjust_p_values(np.where(within | against, 1.0, growth.p_value()))
    outside = np.maximum(growth.p_above(-bound), 1 - growth.p_above(bound))
    level = within & ~against if bent is None else within & ~against & ~bent
    steady = level & (adjust_p_values(outside) <= false_discovery_rate)
    moving = q_value <= false_discovery_rate
    direction = np.where(growth.slope > 0, "rising", "falling")
    other = np.where(steady, "steady", "insufficient_evidence")
    return [str(v) for v in np.where(moving, direction, other)], q_value


def find_bursts(
    growth: Growth,
    n_papers: Floats,
    n_total: Floats,
    bucket: int,
    *,
    false_discovery_rate: float,
) -> NDArray[np.bool_]:
    """Whether a bucket holds more papers of a subject than its trend explains, (S,).

    Parameters
    ----------
    growth : of S subjects over B buckets.
    n_papers, n_total : (S, B) and (B,), what it was measured on.
    bucket : position of the bucket in B.
    false_discovery_rate : share of the bursts that may be none, 0 to 1.

    Returns
    -------
    True where the bucket stands out, after Benjamini-Hochberg over all subjects.
    """
    p_values = burst_p_values(growth, n_papers, n_total, bucket)
    bursts: NDArray[np.bool_] = adjust_p_values(p_values) <= false_discovery_rate
    return bursts
