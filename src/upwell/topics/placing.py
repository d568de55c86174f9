"""Between two fits: papers among the topics there are, and on the map beside their like."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.tables import ASSIGNMENTS, UNPLACED
from upwell.topics.centres import Centres, Vectors, around
from upwell.topics.frames import Discovery, labels_of, matrix_of, need_columns, topics_table
from upwell.topics.model import TopicModel

_NEAR = 5  # papers of the fit that place a new one on the map
_MOST_ANCHORS = 10_000  # papers of the fit that are looked at for it; a million take minutes
_BLOCK = 2048  # papers whose neighbours are sought at a time


def place(
    vectors: pl.DataFrame, centres: Centres, cores: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Topics of papers, whether or not they were there when the topics were found.

    Parameters
    ----------
    vectors : one row per paper: `paper_id` str, `vector` Array(f32, d) of the same encoder.
    centres : what `discover` learned; nothing is learned from the papers placed.
    cores : the papers it learned from, `Discovery.cores`, if any of them is placed again: a paper
        has no say in its own topic.

    Returns
    -------
    One row per paper, sorted: `paper_id` str, `topic_id` i32 (-1: outlier) and `topic_strength`
    f32, as `discover` gives them.

    Raises
    ------
    ValueError
        A column is missing, or the vectors are not as long as those of the topics.

    Source
    ------
    Our definition.
    """
    need_columns(vectors)
    papers = vectors.select("paper_id").sort("paper_id")
    core_of = labels_of(papers, cores, "core_of") if cores is not None else None
    membership = centres.place(matrix_of(papers, vectors), core_of)
    return papers.select(
        "paper_id",
        topic_id=pl.Series(membership.labels, dtype=pl.Int32),
        topic_strength=pl.Series(membership.strength, dtype=pl.Float32),
    )


def recall(papers: pl.DataFrame, vectors: pl.DataFrame, model: TopicModel) -> Discovery:
    """Topics of an earlier fit, and the topic of every paper by them.

    Parameters
    ----------
    papers, vectors : as for `discover`.
    model : of that fit, to vectors of the same encoder.

    Returns
    -------
    What `discover` returns, but `topic_id` holds from run to run; topics without papers have no
    row. Papers that were not there are on the map where their five nearest of the fit are.

    Raises
    ------
    ValueError
        As `discover` and `place`.
    """
    papers = UNPLACED.conform(papers)
    matrix = matrix_of(papers, vectors)
    number = {-1: -1} | dict(enumerate(model.topics["topic_id"]))
    placed = place(vectors.join(papers, on="paper_id", how="semi"), model.centres, model.cores)
    known = papers.select("paper_id").join(
        model.papers, on="paper_id", how="left", maintain_order="left"
    )
    there = known.select("x", "y").cast(pl.Float32).fill_null(float("nan")).to_numpy()
    position = positions(matrix, model.centres.mean, there)
    assignments = ASSIGNMENTS.conform(
        placed.with_columns(
            pl.col("topic_id").replace_strict(number, return_dtype=pl.Int32),
            x=position[:, 0],
            y=position[:, 1],
        )
    )
    names = model.topics.select("topic_id", "label", "keywords")
    return Discovery(topics_table(names, assignments), assignments, model.cores, (), model.centres)


def positions(vectors: Vectors, mean: Vectors, known: NDArray[np.float32]) -> NDArray[np.float32]:
    """Place of each paper on the map: that of the fit, or the middle of its nearest papers' there.

    Parameters
    ----------
    vectors : (n_papers, d) as encoded.
    mean : (d,) what the papers of the fit share; (0,) if it found no topics.
    known : (n_papers, 2) places of the papers of the fit, NaN for others, which may be left out at
        the end. Of more than `_MOST_ANCHORS` known ones, so many are taken, evenly spread.

    Returns
    -------
    (n_papers, 2); 0 where no paper of the fit is left.

    Source
    ------
    Our definition.
    """
    position = np.full((len(vectors), 2), np.nan, dtype=np.float32)
    position[: len(known)] = known
    is_new = np.isnan(position[:, 0])
    anchors, new = np.flatnonzero(~is_new), np.flatnonzero(is_new)
    anchors = anchors[:: -(-len(anchors) // _MOST_ANCHORS) or 1]
    if not len(new) or not len(anchors):
        return np.nan_to_num(position)
    shared = mean if len(mean) else np.zeros(vectors.shape[1], np.float32)
    near_to, k = around(vectors[anchors], shared).T, min(_NEAR, len(anchors))
    for start in range(0, len(new), _BLOCK):
        rows = new[start : start + _BLOCK]
        cosine = around(vectors[rows], shared) @ near_to
        near = np.argpartition(-cosine, k - 1, axis=1)[:, :k]
        position[rows] = position[anchors[np.sort(near, axis=1)]].mean(axis=1)
    return position
