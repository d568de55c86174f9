"""Vectors to clusters: UMAP and HDBSCAN.

The parameters were chosen on the 275 seed papers (mean stability over 3 seeds x 3 refits) and on
3,200 abstracts of 16 arXiv categories (AMI with the categories, outlier share, mean stability):

    275 papers, 7 the smallest     topics  outliers  stability
    centred, 8 neighbours, eom        18      .12       .58
    as it comes, 8 neighbours         16      .13       .51
    centred, 12 / 20 neighbours       16      .17-.20   .57 / .54
    centred, 10 / 3 dimensions        16      .16-.19   .54 / .55
    centred, leaf                     18      .14       .58

    3,200 papers                   topics  outliers  AMI    stability
    15 the smallest, 5 samples        54      .13     .44     .43
    20, 10 samples                    28      .08     .48     .53
    25, 10-15 samples                 19      .08     .50     .64-.72
    25, 10 samples, leaf              28      .19     .46     .66
    30, 10 samples                    16      .07     .51     .69
"""

import warnings
from dataclasses import dataclass

import hdbscan
import numpy as np
import umap
from numpy.typing import NDArray

from upwell.config import TopicConfig
from upwell.topics.centres import Labels, Vectors
from upwell.topics.policy import smallest_topic

N_DIMS = 5  # of the space that is clustered
_MOST_PAPERS = 1 / 3  # of all, in one topic: from there on it hides the topics inside it
_BLOCK = 2048  # papers whose distances are held at a time


@dataclass(frozen=True)
class Sizes:
    """Parameters of UMAP and HDBSCAN for a number of papers."""

    min_cluster_size: int
    min_samples: int
    n_neighbors: int

    @classmethod
    def scaled(cls, n_papers: int, config: TopicConfig) -> "Sizes":
        """What is set, or else what suits the number of papers.

        With the square root of the corpus both topics and their papers grow: 275 papers have
        topics from 7 papers up, 3,200 from 24, 100,000 from 133.
        """
        smallest = smallest_topic(n_papers, config)
        near = config.n_neighbors or int(np.clip(round(n_papers**0.5 / 2), 8, 15))
        return cls(smallest, min(12, max(2, smallest // 2)), min(near, n_papers - 1))

    def in_sample(self, share: float) -> "Sizes":
        """What finds the same topics in a share [0-1] of the papers."""
        smallest = max(3, round(share * self.min_cluster_size))
        return Sizes(smallest, min(12, max(2, smallest // 2)), self.n_neighbors)


@dataclass(frozen=True)
class Neighbours:
    """The nearest papers of each: indices and cosine distances (n_papers, k), itself first."""

    indices: NDArray[np.int32]
    distances: NDArray[np.float32]


def nearest(vectors: Vectors, k: int) -> Neighbours:
    """Each paper's `k` nearest by cosine, exactly; equals in order of the rows.

    Exact search needs no random forest, whose compilation alone takes half a minute, and takes
    36 s for 36,000 papers on one slow core.
    """
    n = len(vectors)
    indices = np.empty((n, k), dtype=np.int32)
    distances = np.empty((n, k), dtype=np.float32)
    for start in range(0, n, _BLOCK):
        block = 1 - vectors[start : start + _BLOCK] @ vectors.T
        rows = np.arange(len(block))
        block[rows, start + rows] = -1  # a paper is its own nearest, whatever its duplicates
        near = np.sort(np.argpartition(block, k - 1, axis=1)[:, :k], axis=1)
        distance = np.take_along_axis(block, near, axis=1)
        order = np.argsort(distance, axis=1, kind="stable")
        rows_slice = slice(start, start + len(block))
        indices[rows_slice] = np.take_along_axis(near, order, axis=1)
        distances[rows_slice] = np.take_along_axis(distance, order, axis=1).clip(min=0)
    return Neighbours(indices, distances)


def principal(vectors: Vectors, n_dims: int) -> Vectors:
    """First principal components (n_papers, n_dims), the longest scaled to ±10, where UMAP starts.

    As good a start as UMAP's spectral one (same stability and AMI on 275 and 3,200 papers) and
    quicker. A little noise parts equal papers and fills components that there are not.
    """
    moved = (vectors - vectors.mean(axis=0)).astype(np.float64)
    _, axes = np.linalg.eigh(moved.T @ moved)
    axes = axes[:, ::-1][:, :n_dims]
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), range(axes.shape[1])])  # any sign is one
    position = np.zeros((len(vectors), n_dims))
    position[:, : axes.shape[1]] = moved @ axes
    position *= 10 / max(np.abs(position).max(), 1e-12)
    position += np.random.default_rng(0).normal(scale=1e-3, size=position.shape)
    return position.astype(np.float32)


def reduced(
    vectors: Vectors,
    near: Neighbours,
    n_dims: int,
    random_state: int,
    *,
    min_dist: float = 0.0,
    start: Vectors | None = None,
) -> Vectors:
    """UMAP's embedding (n_papers, n_dims) of vectors whose neighbours are known.

    It starts at the principal components of `start`, or of the vectors.
    """
    _cache_compiled()
    model = umap.UMAP(
        n_components=n_dims,
        n_neighbors=near.indices.shape[1],
        min_dist=min_dist,
        metric="cosine",
        random_state=random_state,
        n_jobs=1,  # what a fixed seed implies; UMAP warns when told otherwise
        init=principal(vectors if start is None else start, n_dims),
        precomputed_knn=(near.indices.copy(), near.distances.copy(), None),
    )
    with warnings.catch_warnings():
        # No search index is given: it is for placing new papers, which nobody asks of the model.
        warnings.filterwarnings("ignore", message=r"precomputed_knn\[2\]")
        return np.asarray(model.fit_transform(vectors), dtype=np.float32)


def _cache_compiled() -> None:
    """Let numba keep the machine code of what UMAP leaves uncached: 10 s a process otherwise."""
    for name in ("smooth_knn_dist", "compute_membership_strengths"):
        function = getattr(umap.umap_, name, None)
        if function is not None and not function.stats.cache_path:
            try:
                function.enable_caching()
            except RuntimeError:  # no folder that numba could write to: compile each time
                return


def dense_cores(embedding: Vectors, sizes: Sizes) -> Labels:
    """HDBSCAN's clusters of an embedding; `OUTLIER` outside of them.

    The clusters that last longest (`eom`), unless one of them swallows a third of the papers:
    then the finest (`leaf`), as between two islands there may be many topics on each.
    """
    cores = _hdbscan(embedding, sizes, "eom")
    if np.bincount(cores[cores >= 0], minlength=1).max() > _MOST_PAPERS * len(cores):
        finest = _hdbscan(embedding, sizes, "leaf")
        return finest if finest.max() > cores.max() else cores
    return cores


def _hdbscan(embedding: Vectors, sizes: Sizes, method: str) -> Labels:
    """Labels of one run of HDBSCAN."""
    model = hdbscan.HDBSCAN(
        min_cluster_size=sizes.min_cluster_size,
        min_samples=sizes.min_samples,
        cluster_selection_method=method,
        approx_min_span_tree=False,
        core_dist_n_jobs=1,
    )
    return np.asarray(model.fit(embedding).labels_, dtype=np.int64)
