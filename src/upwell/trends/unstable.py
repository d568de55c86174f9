"""A verdict on a topic that hardly comes back when the papers are clustered anew."""

from dataclasses import dataclass

import polars as pl

from upwell.tables import TRENDS

UNSTABLE = "unstable_topic"
# Hennig calls a cluster dissolved below it. Growth measured on what a refit has for a topic differs
# from the topic's own by so much (median of the absolute difference of the logs; NeurIPS 1987-2018,
# 44 topics x 5 refits): stability to .3 .025-.068, to .4 .026, to .5 .026, to .6 .013, to .7 .017,
# above .011. The sign is hardly another: the same in 80-100 % below, in 80-98 % above.
UNSTABLE_BELOW = 0.5


@dataclass(frozen=True)
class Doubted:
    """The table `trends` with its doubts about topics, and what the run should say about them."""

    trends: pl.DataFrame
    notes: tuple[str, ...]


def doubt_unstable(trends: pl.DataFrame, topics: pl.DataFrame) -> Doubted:
    """Mark what is said of unstable topics: it depends on how the papers happened to be cut.

    Parameters
    ----------
    trends : the table `trends`.
    topics : `topic_id` i32, `stability` f32 [0-1].

    Returns
    -------
    The table, in which every tested topic whose stability is below `UNSTABLE_BELOW` has
    `unstable_topic` in `sensitive_to` and is not `robust`; a note if any of them rises or falls.

    Source
    ------
    Our definition.
    """
    shaky = topics.filter(pl.col("stability") < UNSTABLE_BELOW).select(
        kind=pl.lit("topic"), subject=pl.col("topic_id").cast(pl.String), shaky=pl.lit(value=True)
    )
    told = trends.join(shaky, on=["kind", "subject"], how="left").with_columns(
        shaky=pl.col("shaky").fill_null(value=False) & pl.col("growth").is_not_null()
    )
    doubts = pl.col("sensitive_to").list.concat(pl.lit([UNSTABLE])).list.sort()
    marked = told.with_columns(
        robust=pl.col("robust") & ~pl.col("shaky"),
        sensitive_to=pl.when("shaky").then(doubts).otherwise("sensitive_to"),
    )
    moving = pl.col("shaky") & pl.col("verdict").is_in(["rising", "falling"])
    names = marked.filter(moving)["name"].sort().to_list()
    return Doubted(TRENDS.conform(marked), (_note(names),) if names else ())


def _note(names: list[str]) -> str:
    """Which verdicts to take with caution."""
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return (
        f"Rising or falling, but of topics that hardly come back when the papers are clustered "
        f"anew (stability below {UNSTABLE_BELOW}): {listed}."
    )
