"""Whether topics are sought anew, or papers only placed among those there are; and why."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from upwell.config import TopicConfig
from upwell.topics.centres import OUTLIER
from upwell.topics.model import TopicModel
from upwell.topics.placing import place

LEAST_LEFT = 0.5  # of the papers of a fit that have to be left for its topics to go on
Action = Literal["fitted", "refitted", "kept"]


@dataclass(frozen=True)
class Decision:
    """What becomes of the topic model in a run.

    `fitted`: topics from scratch; `refitted`: topics anew, those there are going on where they can;
    `kept`: papers are only placed. `reason` is a sentence for the run's notes; `n_new` are the
    papers that the model was not fitted on.
    """

    action: Action
    reason: str
    n_new: int


def decide(
    vectors: pl.DataFrame,
    model: TopicModel | None,
    *,
    encoder: str,
    config: TopicConfig,
) -> Decision:
    """What to do with the topics of the last run.

    Parameters
    ----------
    vectors : `paper_id`, `vector` of every paper of this run.
    model : what the last run left.
    encoder : identity of what made the vectors.
    config : what is asked for, and when a refit is due.

    Returns
    -------
    The decision. New papers fit no topic where their outliers exceed what the share of outliers
    among the papers of the fit explains by as many as make a topic, and by more than chance.

    Source
    ------
    Our definition.
    """
    n = len(vectors)
    if model is None:
        return Decision("fitted", "Topics were sought from scratch: no run before has left any.", n)
    new = vectors.filter(~pl.col("paper_id").is_in(model.papers["paper_id"].implode()))
    n_left = n - len(new)
    anew = _from_scratch(model, encoder, config, n_left)
    if anew:
        return Decision("fitted", f"Topics were sought from scratch: {anew}.", len(new))
    why = _why_refit(model, vectors, new, config)
    if why:
        return Decision("refitted", f"Topics were sought anew: {why}.", len(new))
    placed = f"{len(new)} papers that came since were placed" if len(new) else "no paper came since"
    return Decision("kept", f"Topics are those of the fit in {model.run_id}; {placed}.", len(new))


def smallest_topic(n_papers: int, config: TopicConfig) -> int:
    """Papers in the smallest topic that is sought among so many."""
    return config.min_cluster_size or max(4, round(0.42 * n_papers**0.5))


def _from_scratch(model: TopicModel, encoder: str, config: TopicConfig, n_left: int) -> str:
    """Why the model cannot be used or shall not be; empty if it can.

    `n_left` are the papers of its fit that are there still.
    """
    if config.refit == "afresh":
        return "asked for by refit = afresh"
    if model.encoder != encoder:
        return f"the last ones are of vectors by {model.encoder}, these are by {encoder}"
    if config.refit == "never":
        return ""
    if dict(model.asked) != config.of_fit:
        return "their sizes or seed were set otherwise in the last fit"
    n_fitted = len(model.papers)
    if len(model.topics) and n_left < LEAST_LEFT * n_fitted:
        # Topics cannot go on without their papers: this is another corpus.
        return f"{n_fitted - n_left} of the {n_fitted} papers of the last fit are gone"
    return "" if len(model.topics) else "the last fit found none"


def _why_refit(
    model: TopicModel, vectors: pl.DataFrame, new: pl.DataFrame, config: TopicConfig
) -> str:
    """Why a refit is due; empty if none is."""
    if config.refit in {"always", "never"}:
        return "asked for by refit = always" if config.refit == "always" else ""
    n_fitted = len(model.papers)
    if len(new) >= config.refit_growth * n_fitted:
        return (
            f"{len(new)} papers came since the last fit of {n_fitted}, and a refit is due from "
            f"{config.refit_growth:.0%} more"
        )
    n_gone = n_fitted - (len(vectors) - len(new))
    if n_gone >= config.refit_growth * n_fitted:
        return f"{n_gone} of the {n_fitted} papers of the last fit are gone"
    n_out = int((place(new, model.centres, model.cores)["topic_id"] == OUTLIER).sum())
    expected = model.outlier_share * len(new)
    chance = 3 * float(np.sqrt(expected * (1 - model.outlier_share)))
    if n_out - expected >= max(smallest_topic(len(vectors), config), chance):
        return (
            f"{n_out} of the {len(new)} papers that came since the last fit are in no topic, "
            f"where {expected:.0f} were expected"
        )
    return ""
