"""Papers with vectors as matrices, and what was found in them as tables."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.topics.centres import OUTLIER, Centres, Labels

N_EXEMPLARS = 5

TOPICS = pl.Schema(
    {
        "topic_id": pl.Int32(),
        "label": pl.String(),
        "keywords": pl.List(pl.String()),
        "n_papers": pl.Int32(),
        "exemplars": pl.List(pl.String()),
    }
)


@dataclass(frozen=True)
class Discovery:
    """What `discover` found: topics, each paper's place among them, and remarks for the run.

    `centres` is the rule by which papers got their topics; `cores` (`paper_id`, `core_of`) has the
    papers that it was learned from, each for one topic. `place` applies it to others.
    """

    topics: pl.DataFrame
    assignments: pl.DataFrame
    cores: pl.DataFrame
    notes: tuple[str, ...]
    centres: Centres


def matrix_of(papers: pl.DataFrame, vectors: pl.DataFrame) -> NDArray[np.float32]:
    """The papers' vectors, row by row."""
    need_columns(vectors)
    joined = papers.select("paper_id").join(
        vectors, on="paper_id", how="left", maintain_order="left"
    )
    without = joined.filter(pl.col("vector").is_null())["paper_id"]
    if len(without):
        raise ValueError(
            f"{len(without)} of {len(papers)} papers have no vector, such as {without[0]}; "
            "encode every paper before its topic is sought"
        )
    if not len(papers):
        return np.zeros((0, 1), dtype=np.float32)
    return np.ascontiguousarray(joined["vector"].to_numpy(), dtype=np.float32)


def need_columns(vectors: pl.DataFrame) -> None:
    """Raises if the frame of vectors lacks a column."""
    missing = [name for name in ("paper_id", "vector") if name not in vectors.columns]
    if missing:
        raise ValueError(
            f"vectors: no column {', '.join(missing)}; there are {', '.join(vectors.columns)}"
        )


def labels_of(
    papers: pl.DataFrame, labels: pl.DataFrame, column: str, *, other: int = OUTLIER
) -> Labels:
    """A column of `labels` for each of the papers, in their order; `other` where it has none."""
    joined = papers.select("paper_id").join(
        labels.select("paper_id", column), on="paper_id", how="left", maintain_order="left"
    )
    return np.asarray(joined[column].fill_null(other).to_numpy(), dtype=np.int64)


def topics_table(names: pl.DataFrame, assignments: pl.DataFrame) -> pl.DataFrame:
    """The row of each topic that holds papers: its name, its size and its firmest papers."""
    members = (
        assignments.sort(["topic_strength", "paper_id"], descending=[True, False])
        .group_by("topic_id")
        .agg(n_papers=pl.len(), exemplars=pl.col("paper_id").head(N_EXEMPLARS))
    )
    named = names.with_columns(pl.col("topic_id").cast(pl.Int32()))
    topics = named.join(members, on="topic_id", validate="1:1")
    return topics.select(pl.col(name).cast(dtype) for name, dtype in TOPICS.items()).sort(
        "topic_id"
    )
