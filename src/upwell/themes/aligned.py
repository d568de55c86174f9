"""Papers beside their vectors."""

import numpy as np
import polars as pl
from numpy.typing import NDArray


def align(papers: pl.DataFrame, vectors: pl.DataFrame) -> tuple[pl.DataFrame, NDArray[np.float32]]:
    """Papers in order of their id, and the matrix of their vectors in the same order.

    Raises
    ------
    ValueError
        A column is missing, or a paper has no vector.
    """
    for frame, called, wanted in (
        (papers, "papers", ("paper_id", "title", "abstract")),
        (vectors, "vectors", ("paper_id", "vector")),
    ):
        missing = [name for name in wanted if name not in frame.columns]
        if missing:
            raise ValueError(
                f"{called}: no column {', '.join(missing)}; there are {', '.join(frame.columns)}"
            )
    joined = papers.sort("paper_id").join(
        vectors.select("paper_id", "vector"), on="paper_id", how="left", maintain_order="left"
    )
    without = joined.filter(pl.col("vector").is_null())["paper_id"]
    if len(without):
        raise ValueError(
            f"{len(without)} of {len(joined)} papers have no vector, such as {without[0]}; "
            "encode all papers first"
        )
    return joined, np.asarray(joined["vector"].to_numpy(), dtype=np.float32)
