"""Numbers of the subjects → rows of the table `trends`."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.config import TrendConfig
from upwell.trends.buckets import Calendar
from upwell.trends.bursts import find_change_points, find_kleinberg_bursts
from upwell.trends.growth import Growth
from upwell.trends.logit import Floats, refit_level
from upwell.trends.recent import born_late, grow_in, halves, has_bent, has_turned
from upwell.trends.verdicts import decide_verdicts, find_bursts

_LARGEST_GROWTH = 1e6  # a year; what is beyond is no better known than this


@dataclass(frozen=True)
class Counted:
    """What the growth of S subjects was measured on: the filled buckets of a calendar.

    `n_papers` (S, B), `n_total`, `time` and `rank` (B,), as for `estimate_growth`.
    """

    calendar: Calendar
    n_papers: Floats

    @property
    def n_total(self) -> Floats:
        """All papers of each bucket, (B,)."""
        return self.calendar.n_total[self.calendar.filled]

    @property
    def time(self) -> Floats:
        """Middle of each bucket, years, (B,)."""
        return self.calendar.time[self.calendar.filled]

    @property
    def rank(self) -> Floats:
        """Number of each bucket in the calendar, (B,)."""
        return self.calendar.filled.astype(np.float64)

    def given(self) -> tuple[Floats, Floats, Floats, Floats]:
        """`n_papers`, `n_total`, `time`, `rank`: the arguments of `estimate_growth`."""
        return self.n_papers, self.n_total, self.time, self.rank


def without_evidence(subjects: pl.DataFrame, n_papers: Floats) -> pl.DataFrame:
    """Every subject as one about which nothing can be said.

    Parameters
    ----------
    subjects : (`kind`, `subject`, `name`), S rows.
    n_papers : (S,) dated papers.
    """
    unknown = ["growth", "growth_low", "growth_high", "p_value", "q_value"]
    unknown += ["first_share", "last_share"]
    unknown += ["recent_growth", "recent_growth_low", "recent_growth_high"]
    flags = ["has_turned", "is_emerging", "is_burst", "robust"]
    return subjects.with_columns(
        pl.lit("insufficient_evidence").alias("verdict"),
        *(pl.lit(None, dtype=pl.Float64).alias(c) for c in unknown),
        pl.Series("n_papers", n_papers.astype(np.int32)),
        *(pl.lit(value=False).alias(c) for c in flags),
        *(pl.lit(None, dtype=pl.Date).alias(c) for c in ("burst_start", "burst_end")),
        pl.lit(0.0).alias("burst_weight"),
        pl.lit([], dtype=pl.List(pl.Date)).alias("change_points"),
        pl.lit([], dtype=pl.List(pl.String)).alias("sensitive_to"),
    )


def with_evidence(
    rows: pl.DataFrame,
    growth: Growth,
    counted: Counted,
    disagreeing: list[list[str]],
    config: TrendConfig,
) -> pl.DataFrame:
    """The rows of the tested subjects, with their numbers and verdicts.

    Parameters
    ----------
    rows : of S subjects, as `without_evidence` makes them.
    growth : theirs, measured on `counted`.
    disagreeing : S lists of the sensitivity checks that disagree.
    config : error rates and margins.
    """
    early, recent = (
        grow_in(growth, *counted.given(), buckets=half) for half in halves(counted.time)
    )
    turned = has_turned(growth, recent) if recent else np.zeros(len(rows), dtype=bool)
    shapes = _shapes(growth, counted)
    bent = np.array([bool(points) for points in shapes["change_points"]])
    if early and recent:
        bent |= has_bent(early, recent)
    verdicts, q_value = decide_verdicts(
        growth,
        false_discovery_rate=config.false_discovery_rate,
        steady_margin=config.steady_margin,
        n_years=counted.calendar.n_years,
        turned=turned,
        bent=bent,
    )
    low, high = growth.interval()
    late = born_late(growth, *counted.given()[:3])
    values: dict[str, Any] = {
        "growth": _factor(growth.slope),
        "growth_low": _factor(low),
        "growth_high": _factor(high),
        "p_value": growth.p_value(),
        "q_value": q_value,
        "first_share": _share_at(0.0, growth, counted),
        "last_share": _share_at(counted.calendar.n_years, growth, counted),
        "has_turned": turned,
        "is_emerging": late & (np.array(verdicts) == "rising"),
        "is_burst": _last_bursts(growth, counted, config),
        "robust": np.array([not names for names in disagreeing]) & (growth.slope != 0),
        "sensitive_to": disagreeing,
    }
    if recent:
        ends = ("recent_growth", "recent_growth_low", "recent_growth_high")
        values |= dict(zip(ends, map(_factor, (recent.slope, *recent.interval())), strict=True))
    values |= shapes
    return rows.with_columns(
        pl.Series("verdict", verdicts),
        *(pl.Series(k, v, dtype=rows.schema[k]) for k, v in values.items()),
    )


def _share_at(time: float, growth: Growth, counted: Counted) -> Floats:
    """Share on a line that holds as many papers as there are, (S,).

    Firth's penalty, which keeps slopes honest, draws the level of small subjects up.

    Source
    ------
    Puhr et al. (2017), Firth's logistic regression with rare events (FLIC).
    """
    level = refit_level(growth.fit, counted.n_papers, counted.n_total)
    logit = np.clip(level + growth.slope * time, -500, 500)
    share: Floats = 1 / (1 + np.exp(-logit))
    return share


def _last_bursts(growth: Growth, counted: Counted, config: TrendConfig) -> NDArray[np.bool_]:
    """Whether the last complete bucket stands out; False if it holds no papers at all."""
    calendar = counted.calendar
    complete = np.flatnonzero(~calendar.buckets["is_partial"].to_numpy())
    if not len(complete) or complete[-1] not in calendar.filled:
        return np.zeros(len(counted.n_papers), dtype=bool)
    return find_bursts(
        growth,
        counted.n_papers,
        counted.n_total,
        int(np.searchsorted(calendar.filled, complete[-1])),
        false_discovery_rate=config.false_discovery_rate,
    )


def _shapes(growth: Growth, counted: Counted) -> dict[str, Any]:
    """Bursts and change points, in units of what clumped papers are worth."""
    factor = growth.noise.variance_factor(counted.n_total)
    worth = np.maximum(factor * growth.dispersion[:, None], 1.0)
    bursts = find_kleinberg_bursts(counted.n_papers / worth, counted.n_total / worth)
    share, n_total = growth.fit.share, counted.n_total
    spread = np.sqrt(np.maximum(n_total * share * (1 - share), 1e-12) * worth)
    changes = find_change_points((counted.n_papers - n_total * share) / spread)
    filled = counted.calendar.filled
    starts = counted.calendar.buckets["bucket_start"].gather(filled.tolist()).to_list()
    ends = counted.calendar.buckets["bucket_end"].gather(filled.tolist()).to_list()
    return {
        "burst_start": [starts[i] if i >= 0 else None for i in bursts.first],
        "burst_end": [ends[i] if i >= 0 else None for i in bursts.last],
        "burst_weight": bursts.weight,
        "change_points": [[starts[i] for i in at] for at in changes],
    }


def _factor(slope: Floats) -> Floats:
    """Slopes as factors a year, cut where they tell nothing more."""
    limit = np.log(_LARGEST_GROWTH)
    factor: Floats = np.exp(np.clip(slope, -limit, limit))
    return factor
