"""Whether the error rate holds on this very corpus: its dates shuffled, its test made again.

Topics, themes, buckets and strata stay what they are; only when papers were published changes, so
that no subject has a trend and every `rising` or `falling` is false. There are two ways to shuffle:

- `papers`: the dates of single papers, within each source and stratum. What is left is chance
  alone, with the sizes of this corpus. It shows that the test keeps its promise for so many
  subjects of such sizes, few papers and uneven buckets included. It cannot show what clumps and
  hypes do, for it takes them apart.
- `buckets`: whole buckets change places. Every clump and burst stays whole, but a true trend turns
  into heavy noise: what used to be a rise is now scatter around no trend. That is harsher than the
  truth and a stress test: it shows whether the noise that the test learns from the corpus keeps
  pace. It cannot show noise that lasts over buckets, which it takes apart as well.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.config import BucketWidth, TrendConfig
from upwell.tables import CALIBRATION, SHUFFLES
from upwell.trends.buckets import Calendar, dated_papers, make_calendar
from upwell.trends.growth import Growth
from upwell.trends.logit import Floats
from upwell.trends.proportions import wilson
from upwell.trends.recent import grow_in, halves, has_turned
from upwell.trends.shuffling import Corpus
from upwell.trends.span import within_span
from upwell.trends.strata import Strata, grow_within
from upwell.trends.verdicts import decide_verdicts

_DECILES = tuple((i / 10, (i + 1) / 10) for i in range(10))
_TAILS = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.05, *(i / 10 for i in range(2, 10)))
RANGES = tuple(sorted({*_DECILES, *((0.0, tail) for tail in _TAILS)}))
"""Ranges of p-values that are counted: deciles, and everything up to a value."""


MOVING = ("rising", "falling")


class CalibrationError(ValueError):
    """A corpus cannot be calibrated; the message says why."""


@dataclass(frozen=True)
class Calibration:
    """What shuffling showed.

    `table` is `tables.CALIBRATION`. With the dates as they are, `p_value` (S,) and `is_moving`, of
    `subjects` (`kind`, `subject`, `name`): whether it is rising or falling. `false_share` (S,) is
    in how many of the shuffles of papers each of them had a false verdict [0-1].
    """

    table: pl.DataFrame
    subjects: pl.DataFrame
    p_value: Floats
    is_moving: NDArray[np.bool_]
    false_share: Floats


def calibrate(
    papers: pl.DataFrame,
    members: pl.DataFrame,
    subjects: pl.DataFrame,
    *,
    width: BucketWidth,
    config: TrendConfig,
    n_shuffles: int,
    random_state: int,
    progress: Callable[[int, int], None] | None = None,
) -> Calibration:
    """Shuffle the dates of a corpus many times and test every subject each time.

    Parameters
    ----------
    papers : every paper: `paper_id`, `published`, `date_precision`, `categories`, `sources`.
    members : one row per (subject, paper): `kind`, `subject`, `paper_id`.
    subjects : those that the run tested: `kind` topic|theme, `subject`, `name`.
    width : of the buckets of the run.
    config : error rates and margins of the run.
    n_shuffles : of each sort, at least 1.
    random_state : seed; the same gives the same table.
    progress : called with the number of shuffles done and of all.

    Returns
    -------
    What it showed; intervals are Monte-Carlo intervals of 95 %, which allow for the p-values of
    one shuffle depending on each other.

    Raises
    ------
    CalibrationError
        There is no subject to test or no bucket.

    Source
    ------
    Permutation of dates as in Fisher (1935); how, is our definition.
    """
    subjects = subjects.select("kind", "subject", "name").sort("kind", "subject")
    dated = within_span(dated_papers(papers), config)
    calendar = make_calendar(dated, width)
    if calendar is None or subjects.is_empty():
        raise CalibrationError("no subject of the run was tested, so there is no test to calibrate")
    corpus = Corpus.of(calendar, dated, members, subjects)
    test = _Test.on(calendar, config)
    growth, is_moving = test.of(corpus.true)
    rows: list[dict[str, object]] = []
    false_share = {}
    for number, shuffled in enumerate(SHUFFLES):
        p_value = np.empty((n_shuffles, len(subjects)))
        is_false = np.empty((n_shuffles, len(subjects)), dtype=bool)
        rng = np.random.default_rng([random_state, number])
        for i, strata in enumerate(corpus.shuffles(shuffled, rng, n_shuffles)):
            grown, is_false[i] = test.of(strata)
            p_value[i] = grown.p_value()
            if progress is not None:
                progress(number * n_shuffles + i + 1, len(SHUFFLES) * n_shuffles)
        rows += _summary(shuffled, subjects["kind"], p_value, is_false, config)
        false_share[shuffled] = is_false.mean(axis=0)
    table = CALIBRATION.conform(pl.DataFrame(rows, schema_overrides=CALIBRATION.schema))
    return Calibration(table, subjects, growth.p_value(), is_moving, false_share["papers"])


@dataclass(frozen=True)
class _Test:
    """The test of a run, as far as `rising` and `falling` go: what bends is not steady either way.

    `time` in years and `rank` in the calendar of each bucket, (B,); `n_years` of the span.
    """

    time: Floats
    rank: Floats
    n_years: float
    config: TrendConfig

    @classmethod
    def on(cls, calendar: Calendar, config: TrendConfig) -> "_Test":
        """The test on the buckets of a calendar that hold papers."""
        filled = calendar.filled
        return cls(calendar.time[filled], filled.astype(np.float64), calendar.n_years, config)

    def of(self, strata: Strata) -> tuple[Growth, NDArray[np.bool_]]:
        """Growth of each subject, and whether the run would have called it rising or falling."""
        n_papers, n_total = strata.n_papers.sum(axis=1), strata.n_total.sum(axis=0)
        growth = grow_within(strata, self.time, self.rank)
        is_moving = self._is_moving(growth, None)
        if is_moving.any():  # what has turned can only lose a verdict
            late = halves(self.time)[1]
            recent = grow_in(growth, n_papers, n_total, self.time, self.rank, buckets=late)
            if recent is not None:
                is_moving = self._is_moving(growth, has_turned(growth, recent))
        return growth, is_moving

    def _is_moving(self, growth: Growth, turned: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
        """Which subjects are called rising or falling, (S,)."""
        verdicts, _ = decide_verdicts(
            growth,
            false_discovery_rate=self.config.false_discovery_rate,
            steady_margin=self.config.steady_margin,
            n_years=self.n_years,
            turned=turned,
        )
        return np.isin(verdicts, MOVING)


def _summary(
    shuffled: str,
    kind: pl.Series,
    p_value: Floats,
    is_false: NDArray[np.bool_],
    config: TrendConfig,
) -> Iterator[dict[str, object]]:
    """Rows of the table for one sort of shuffle; p-values and verdicts are (n_shuffles, S)."""
    for name in ("all", *sorted(kind.unique())):
        mine = np.flatnonzero((kind == name).to_numpy() | (name == "all"))
        about = {
            "shuffled": shuffled,
            "kind": name,
            "n_shuffles": len(p_value),
            "n_subjects": len(mine),
            "p_from": None,
            "p_to": None,
        }
        any_false = is_false[:, mine].max(axis=1, keepdims=True)
        expected = config.false_discovery_rate if name == "all" else None
        yield about | {"measure": "any_false_verdict", "expected": expected} | _mean(any_false)
        counts = {k: v * len(mine) for k, v in _mean(is_false[:, mine]).items()}
        yield about | {"measure": "false_verdicts", "expected": None} | counts
        for low, high in RANGES:
            inside = (p_value[:, mine] <= high) & ((p_value[:, mine] > low) | (low == 0))
            where = {"measure": "p_value", "p_from": low, "p_to": high, "expected": high - low}
            yield about | where | _mean(inside)


def _mean(inside: NDArray[np.bool_]) -> dict[str, float]:
    """How often something is so, of (n_shuffles, S), with its Monte-Carlo interval.

    The cases of one shuffle depend on each other; how much, shows in how far their means scatter.
    """
    share = float(inside.mean())
    n_cases = inside.size
    chance = share * (1 - share) / inside.shape[1]
    if len(inside) > 1 and chance > 0:
        n_cases = n_cases / max(1.0, float(inside.mean(axis=1).var(ddof=1)) / chance)
    low, high = wilson(share, n_cases)
    return {"value": share, "value_low": low, "value_high": high}
