"""What a fit leaves for the runs after it: all that it takes to put papers into its topics.

topic_model/fit.parquet      one row: encoder, what was asked for, the reach, the mean
topic_model/topics.parquet   a row a topic: names and the papers it was named for, stability, its
                             core papers' vectors added up
topic_model/papers.parquet   a row a paper of the fit: row of the topic that it is a core paper of
                             (-1: none), place on the map
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from upwell.config import TopicConfig
from upwell.topics.centres import Centres
from upwell.topics.frames import Discovery

VERSION = 1
# A topic gets another name in a refit once it shares less than this with the papers it was named
# for (Jaccard): when it has doubled, or lost half, or exchanged a third.
SAME_NAME = 0.5

_NAMED = pl.Schema(
    {
        "topic_id": pl.Int32(),
        "label": pl.String(),
        "keywords": pl.List(pl.String()),
        "named_for": pl.List(pl.String()),
    }
)


class TopicModelError(ValueError):
    """A topic model was kept by another version, or its tables do not fit each other."""


@dataclass(frozen=True)
class TopicModel:
    """A fit, to be applied to vectors of the same encoder.

    `topics` (`topic_id`, which holds from run to run, `label`, `keywords`, `named_for`
    list[paper_id], `stability`) are in the order of the centres; `papers` (`paper_id`, `core_of`,
    `x`, `y`) are those of the fit. `asked` is what of the configuration decides the topics,
    `run_id` the run that fitted, `outlier_share` the share of its papers that were outliers.
    """

    centres: Centres
    topics: pl.DataFrame
    papers: pl.DataFrame
    encoder: str
    asked: Mapping[str, int | None]
    run_id: str
    outlier_share: float

    @property
    def cores(self) -> pl.DataFrame:
        """The papers that the centres were learned from: `paper_id`, `core_of`."""
        return self.papers.select("paper_id", "core_of").filter(pl.col("core_of") >= 0)

    def frames(self) -> dict[str, pl.DataFrame]:
        """The model as tables that `from_frames` reads."""
        fit = {
            "version": VERSION,
            "encoder": self.encoder,
            "asked": json.dumps(dict(self.asked)),
            "run_id": self.run_id,
            "outlier_share": self.outlier_share,
            "reach": self.centres.reach,
            "mean": self.centres.mean.tolist(),
        }
        sums = pl.Series(self.centres.sums.tolist(), dtype=pl.List(pl.Float64))
        return {
            "fit": pl.DataFrame([fit], schema_overrides={"mean": pl.List(pl.Float32)}),
            "topics": self.topics.with_columns(core_sum=sums),
            "papers": self.papers,
        }

    @classmethod
    def from_frames(cls, frames: Mapping[str, pl.DataFrame]) -> "TopicModel":
        """The model that `frames` wrote.

        Raises
        ------
        TopicModelError
            They are of another version, or lack something.
        """
        try:
            fit = frames["fit"].row(0, named=True)
            if fit["version"] != VERSION:
                raise TopicModelError(
                    f"the topic model is of version {fit['version']}, this upwell reads {VERSION}; "
                    "run with --topics.refit afresh"
                )
            sums = frames["topics"]["core_sum"].to_list()
            mean = np.array(fit["mean"], np.float32)
            centres = Centres(mean, np.array(sums).reshape(len(sums), len(mean)), fit["reach"])
            topics, papers = frames["topics"].drop("core_sum"), frames["papers"]
            asked = json.loads(fit["asked"])
            about = (fit["encoder"], asked, fit["run_id"], fit["outlier_share"])
        except (KeyError, pl.exceptions.PolarsError) as error:
            raise TopicModelError(f"the topic model is incomplete: {error}") from error
        return cls(centres, topics, papers, *about)


def keep_names(
    topics: pl.DataFrame, assignments: pl.DataFrame, before: TopicModel | None
) -> pl.DataFrame:
    """Labels and keywords that change only when the topic does.

    A topic that went on keeps its names while it shares at least `SAME_NAME` (Jaccard) with the
    papers that it was named for.

    Parameters
    ----------
    topics : `topic_id`, `label`, `keywords` and others, as named after a fit.
    assignments : `paper_id`, `topic_id`, both with ids that hold from run to run.
    before : the model before the fit.

    Returns
    -------
    The topics with the names they go by, and `named_for` list[str]: the papers they have them for.
    A new label that another topic has already gets a number.
    """
    members = (
        assignments.filter(pl.col("topic_id") >= 0)
        .group_by("topic_id")
        .agg(now=pl.col("paper_id").sort())
    )
    known = ("topic_id", "label", "keywords", "named_for")
    old = before.topics.select(known) if before is not None else _NAMED.to_frame()
    n_both = pl.col("now").list.set_intersection("named_for").list.len()
    n_any = pl.col("now").list.set_union("named_for").list.len()
    is_same = (n_both / n_any >= SAME_NAME).fill_null(value=False)
    both = topics.join(members, on="topic_id").join(old, on="topic_id", how="left", suffix="_old")
    pick = pl.when(is_same)
    settled = both.with_columns(
        is_same=is_same,
        label=pick.then("label_old").otherwise("label"),
        keywords=pick.then("keywords_old").otherwise("keywords"),
        named_for=pick.then("named_for").otherwise("now"),
    ).sort(pl.col("is_same").not_(), "topic_id")
    labels: list[str] = []
    for label in settled["label"]:
        twins = sum(other == label or other.startswith(f"{label} (") for other in labels)
        labels.append(f"{label} ({twins + 1})" if twins else label)
    settled = settled.with_columns(label=pl.Series(labels, dtype=pl.String))
    return settled.select(*topics.columns, "named_for").sort("topic_id")


def remember(
    found: Discovery,
    topics: pl.DataFrame,
    ids: pl.DataFrame,
    *,
    encoder: str,
    config: TopicConfig,
    run_id: str,
) -> TopicModel:
    """What later runs need to put papers into the topics of a fit.

    Parameters
    ----------
    found : what `discover` returned.
    topics : `topic_id` that holds from run to run, `label`, `keywords`, `named_for`, `stability`.
    ids : `raw_id`, `topic_id`: the number of each topic in `found`, and its lasting id.
    encoder : identity of what made the vectors.
    config : what was asked for.
    run_id : of the run that fitted.
    """
    columns = ("topic_id", "label", "keywords", "named_for", "stability")
    kept = ids.select("raw_id", "topic_id").join(topics.select(columns), on="topic_id")
    places = found.assignments.select("paper_id", "x", "y")
    papers = places.join(found.cores, on="paper_id", how="left")
    outliers = found.assignments["topic_id"] < 0
    return TopicModel(
        centres=found.centres,
        topics=kept.sort("raw_id").select(columns),
        papers=papers.with_columns(pl.col("core_of").fill_null(-1)).sort("paper_id"),
        encoder=encoder,
        asked=config.of_fit,
        run_id=run_id,
        outlier_share=float(outliers.to_numpy().mean()) if len(outliers) else 0.0,
    )
