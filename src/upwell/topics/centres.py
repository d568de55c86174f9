"""The one rule by which every paper gets its topic, learned from the cores of the clusters.

HDBSCAN's own say on a paper counts only through the centres, so a paper that was not in the fit is
placed in the same way as one that was: `Centres` holds all that it takes.

The rule that assigns papers, on the same 3,200 (HDBSCAN alone: AMI .46, 10 % outliers):

    farther out than so many core papers   outliers  AMI    AMI without outliers
    nobody is out                              0      .491    .491
    1 in 20                                   .008    .491    .496
    1 in 10                                   .054    .492    .516
    1 in 5                                    .168    .475    .555
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]

OUTLIER = -1
_CORE_QUANTILE = 0.10  # of the core papers, so many are farther out than a topic reaches


@dataclass(frozen=True)
class Membership:
    """Topic of each paper, `OUTLIER` if none, and how firmly it is in it [0-1]."""

    labels: Labels
    strength: NDArray[np.float32]


@dataclass(frozen=True)
class Centres:
    """What decides a paper's topic, all of it learned from the papers that topics were found in.

    `mean` (d,) is what those papers share, `directions` (n_topics, d) are the topics' centres among
    vectors around it, in the order of the topic numbers, and `reach` is the cosine to the nearest
    centre below which a paper is an outlier.
    """

    mean: Vectors
    directions: Vectors
    reach: float

    @classmethod
    def none(cls) -> "Centres":
        """Those of no topic at all: every paper is an outlier, whatever its vector."""
        return cls(np.zeros(0, np.float32), np.zeros((0, 0), np.float32), 1.0)

    def place(self, vectors: Vectors) -> Membership:
        """Topic of each paper from its vector (n_papers, d), in the fit or not.

        Raises
        ------
        ValueError
            The vectors are of another length than those that were learned from.
        """
        if not len(self.directions) or not len(vectors):
            return _outliers(len(vectors))
        if vectors.shape[1] != len(self.mean):
            raise ValueError(
                f"vectors of {vectors.shape[1]} dimensions cannot be placed among topics of "
                f"{len(self.mean)}; encode these papers with the encoder of those topics"
            )
        return self.assign(around(vectors, self.mean))

    def assign(self, around_mean: Vectors) -> Membership:
        """Topic of each paper from its vector around the mean: the nearest centre, if in reach."""
        if not len(self.directions):
            return _outliers(len(around_mean))
        cosine = around_mean @ self.directions.T
        best = cosine.max(axis=1)
        inside = best >= self.reach
        labels = np.where(inside, cosine.argmax(axis=1), OUTLIER)
        strength = np.where(inside, best, 0).clip(0, 1).astype(np.float32)
        return Membership(labels, strength)


def _outliers(n_papers: int) -> Membership:
    """All papers in no topic."""
    return Membership(np.full(n_papers, OUTLIER), np.zeros(n_papers, np.float32))


def common(vectors: Vectors) -> Vectors:
    """What all papers share and so says nothing about topics: the mean (d,) of those not 0."""
    known = np.linalg.norm(vectors, axis=1) > 0
    mean = vectors[known].mean(axis=0) if known.any() else np.zeros(vectors.shape[1])
    return np.asarray(mean, dtype=np.float32)


def around(vectors: Vectors, mean: Vectors) -> Vectors:
    """Vectors (n_papers, d) of length 1 around a mean; zero where a paper is the mean."""
    known = np.linalg.norm(vectors, axis=1) > 0
    moved = np.zeros_like(vectors)
    moved[known] = vectors[known] - mean
    length = np.linalg.norm(moved, axis=1, keepdims=True)
    return np.where(length > 1e-4, moved / np.maximum(length, 1e-12), 0).astype(np.float32)


def find_centres(around_mean: Vectors, cores: Labels, mean: Vectors) -> tuple[Centres, Labels]:
    """The rule that cores teach.

    The centre of a topic is the mean direction of its core papers; too far is farther than nine
    in ten core papers are from theirs. Topics are numbered by size, equal ones by their first
    paper.

    Parameters
    ----------
    around_mean : (n_papers, d) what `around` returns for `mean`.
    cores : (n_papers,) cluster of each paper that is in the core of one, from 0; else `OUTLIER`.
    mean : (d,) kept for placing other papers.

    Returns
    -------
    The centres, and the cores by the numbers of their topics; `OUTLIER` where nothing is left.
    """
    n_topics = int(cores.max(initial=OUTLIER)) + 1
    if not n_topics:
        return Centres.none(), cores
    core = np.flatnonzero(cores >= 0)
    directions = np.zeros((n_topics, len(mean)), dtype=np.float32)
    np.add.at(directions, cores[core], around_mean[core])
    directions /= np.maximum(np.linalg.norm(directions, axis=1, keepdims=True), 1e-12)
    own = (around_mean @ directions.T)[core, cores[core]]
    centres = Centres(mean, directions, max(float(np.quantile(own, _CORE_QUANTILE)), 1e-6))
    order = _by_size(centres.assign(around_mean).labels)
    numbers = np.full(n_topics + 1, OUTLIER)
    numbers[order] = np.arange(len(order))  # the last place is that of `OUTLIER`
    return replace(centres, directions=directions[order]), numbers[cores]


def assign_left_out(around_mean: Vectors, cores: Labels, centres: Centres) -> Labels:
    """Topic of each paper if it had had no part in any centre, as is true of those that come later.

    A core paper draws the centre of its topic towards itself, so by `assign` papers of the fit are
    in topics more often than others will be: of 143 papers of the sample corpus 90 %, of those of
    the next year 76 %, and of the same 143 by this 76 %.

    Parameters
    ----------
    around_mean : (n_papers, d) what the centres were found in.
    cores, centres : what `find_centres` returned.

    Source
    ------
    Leave-one-out, with the clusters as they are.
    """
    labels = centres.assign(around_mean).labels
    core = np.flatnonzero(cores >= 0)
    if not len(core):
        return labels
    sums = np.zeros(centres.directions.shape)
    np.add.at(sums, cores[core], around_mean[core].astype(np.float64))
    others = sums[cores[core]] - around_mean[core]
    others /= np.maximum(np.linalg.norm(others, axis=1, keepdims=True), 1e-12)
    cosine = around_mean[core] @ centres.directions.T
    cosine[np.arange(len(core)), cores[core]] = (others * around_mean[core]).sum(axis=1)
    inside = cosine.max(axis=1) >= centres.reach
    labels[core] = np.where(inside, cosine.argmax(axis=1), OUTLIER)
    return labels


def _by_size(labels: Labels) -> list[int]:
    """The topics that hold papers, the largest first, of equal ones that with the first row."""
    found, first, n_papers = np.unique(labels, return_index=True, return_counts=True)
    order = np.lexsort((first, -n_papers))
    return [int(found[i]) for i in order if found[i] != OUTLIER]
