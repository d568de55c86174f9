"""Did what was called rising go on to grow: verdicts at past dates against what came after.

Pure parts of the back-test: which dates to look back from, what was known then, and how the shares
went on. Finding topics and themes in what was known is for the flow, which alone may call stages.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from upwell.config import BucketWidth, TrendConfig
from upwell.tables import BACKTEST, VERDICTS
from upwell.trends.buckets import dated_papers, make_calendar
from upwell.trends.proportions import wilson
from upwell.trends.span import within_span

BUCKETS_BEFORE, BUCKETS_AFTER = 8, 2
"""Buckets with papers that a cut-off leaves on either side, at least."""
OUTCOMES = ("exceeds_fit", "exceeds_before")

_HORIZON = {"week": "1y", "month": "1y", "quarter": "1y", "year": "2y"}


class BacktestError(ValueError):
    """A corpus cannot be back-tested; the message says why."""


@dataclass(frozen=True)
class Cutoff:
    """A date to look back from: `day` is the first that is not known.

    What came after is looked at until `until` (not included), what was known last since `since`,
    a span of the same length.
    """

    day: date
    since: date
    until: date


def choose_cutoffs(
    papers: pl.DataFrame, *, width: BucketWidth, config: TrendConfig, n_cutoffs: int
) -> list[Cutoff]:
    """Ends of buckets to look back from, spread evenly.

    Each leaves at least 8 buckets with papers before it and 2 after. What comes after is a year,
    two with yearly buckets, or what there is.

    Parameters
    ----------
    papers : `paper_id`, `published`, `date_precision`.
    width : of the buckets.
    config : of the run; nothing is looked at outside of its span.
    n_cutoffs : how many, at most.

    Returns
    -------
    The cut-offs, the earliest first.

    Raises
    ------
    BacktestError
        There are not buckets enough.
    """
    calendar = make_calendar(within_span(dated_papers(papers), config), width)
    n_filled = 0 if calendar is None else len(calendar.filled)
    if calendar is None or n_filled < BUCKETS_BEFORE + BUCKETS_AFTER:
        raise BacktestError(
            f"papers fall in only {n_filled} buckets of a {width}; a back-test needs "
            f"{BUCKETS_BEFORE + BUCKETS_AFTER}: {BUCKETS_BEFORE} before a cut-off and "
            f"{BUCKETS_AFTER} after it; name a run that covers more time"
        )
    ends = calendar.buckets["bucket_end"].gather(calendar.filled.tolist())
    possible = ends[BUCKETS_BEFORE - 1 : n_filled - BUCKETS_AFTER]
    n_chosen = min(n_cutoffs, len(possible))
    places = np.linspace(0, len(possible) - 1, n_chosen) if n_chosen > 1 else [len(possible) // 2]
    days = possible.gather(np.unique(np.round(places)).astype(int).tolist())
    latest: date = min(ends[-1], config.until + timedelta(days=1)) if config.until else ends[-1]
    untils = days.dt.offset_by(_HORIZON[width])
    return [
        Cutoff(day, day - (min(until, latest) - day), min(until, latest))
        for day, until in zip(days, untils, strict=True)
    ]


def known_at(papers: pl.DataFrame, cutoff: Cutoff) -> pl.DataFrame:
    """The papers that had surely been published by then; not those that may have come later."""
    return papers.filter(_last_day() < cutoff.day)


def published_after(papers: pl.DataFrame, cutoff: Cutoff) -> pl.DataFrame:
    """The papers of the span after a cut-off, as far as their dates tell."""
    return papers.filter(pl.col("published") >= cutoff.day, _last_day() < cutoff.until)


def _last_day() -> pl.Expr:
    """The last day on which a paper may have been published; null without a date."""
    day, precision = pl.col("published"), pl.col("date_precision")
    year_end = pl.date(day.dt.year(), 12, 31)
    return (
        pl.when(precision == "day")
        .then(day)
        .when(precision == "month")
        .then(day.dt.month_end())
        .when(precision == "year")
        .then(year_end)
    )


def compare(
    trends: pl.DataFrame,
    cutoff: Cutoff,
    *,
    known: tuple[pl.DataFrame, pl.DataFrame],
    later: tuple[pl.DataFrame, pl.DataFrame],
) -> pl.DataFrame:
    """What was said of each subject at a cut-off, beside how its share went on.

    Parameters
    ----------
    trends : the table `trends` as of the cut-off.
    cutoff : the cut-off.
    known, later : papers (`paper_id`, `published`) up to the cut-off and after it, each with its
        members (`kind`, `subject`, `paper_id`).

    Returns
    -------
    Rows of `tables.BACKTEST`. `exceeds_fit` is about the fitted share at the end of what was
    known, `exceeds_before` about the pooled share of an equally long span before the cut-off; both
    are null where no papers came after, and where nothing could be fitted or compared with.

    Source
    ------
    Our definition.
    """
    papers, members = known
    recent = papers.filter(pl.col("published") >= cutoff.since)
    rows = trends.select(
        "kind", "subject", "name", "verdict", "growth", "growth_low", "growth_high",
        "recent_growth", "q_value", "n_papers", "last_share",
    )  # fmt: skip
    for when, (inside, belonging) in (("before", (recent, members)), ("after", later)):
        counts = (
            belonging.join(inside, on="paper_id", how="semi")
            .group_by("kind", "subject")
            .agg(pl.len().cast(pl.Int32).alias(f"n_{when}"))
        )
        rows = rows.join(counts, on=["kind", "subject"], how="left").with_columns(
            pl.col(f"n_{when}").fill_null(0), pl.lit(len(inside)).alias(f"n_total_{when}")
        )
    after = pl.when(pl.col("n_total_after") > 0).then(pl.col("n_after") / pl.col("n_total_after"))
    before = pl.when(pl.col("n_total_before") > 0).then(
        pl.col("n_before") / pl.col("n_total_before")
    )
    return BACKTEST.conform(
        rows.with_columns(
            cutoff=pl.lit(cutoff.day),
            until=pl.lit(cutoff.until),
            exceeds_fit=after > pl.col("last_share"),
            exceeds_before=after > before,
        )
    )


def followed_by_growth(table: pl.DataFrame) -> pl.DataFrame:
    """How often each verdict was followed by growth, against the base rate.

    The base rate is that of all subjects that were tested at the same cut-offs and are no smaller
    than the smallest with the verdict. Subjects are not independent: they share papers, and stand
    at several cut-offs; intervals are those of independent cases, hence too narrow, and the number
    of different subjects says by how much at most.

    Parameters
    ----------
    table : the table `backtest`.

    Returns
    -------
    One row per kind (`all`, `topic`, `theme`), verdict and outcome (`exceeds_fit`,
    `exceeds_before`) that occur: `n_cases`, `n_subjects`, `n_cutoffs`, `n_grew`, `share`,
    `share_low`, `share_high`, and of the base `min_papers`, `n_base`, `base`, `base_low`,
    `base_high`.

    Source
    ------
    Our definition; Wilson (1927) for the intervals.
    """
    return pl.DataFrame(list(_rates(table.filter(pl.col("growth").is_not_null()))))


def _rates(tested: pl.DataFrame) -> Iterator[dict[str, object]]:
    """The rows of `followed_by_growth`."""
    for kind in ("all", "topic", "theme"):
        mine = tested if kind == "all" else tested.filter(pl.col("kind") == kind)
        for verdict in VERDICTS:
            for outcome in OUTCOMES:
                told = mine.filter(pl.col(outcome).is_not_null())
                cases = told.filter(pl.col("verdict") == verdict)
                if cases.is_empty():
                    continue
                fewest = cases["n_papers"].to_numpy().min()
                base = told.filter(pl.col("n_papers") >= fewest)
                yield {
                    "kind": kind,
                    "verdict": verdict,
                    "outcome": outcome,
                    "n_cases": len(cases),
                    "n_subjects": cases.select("kind", "subject").n_unique(),
                    "n_cutoffs": cases["cutoff"].n_unique(),
                    "n_grew": int(cases[outcome].sum()),
                    **_share("share", cases[outcome]),
                    "min_papers": int(fewest),
                    "n_base": len(base),
                    **_share("base", base[outcome]),
                }


def _share(name: str, outcome: pl.Series) -> dict[str, float]:
    """How often something came out, with its interval."""
    share = int(outcome.sum()) / len(outcome)
    low, high = wilson(share, len(outcome))
    return {name: share, f"{name}_low": low, f"{name}_high": high}
