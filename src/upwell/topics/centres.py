"""The one rule by which every paper gets its topic, learned from the cores of the clusters.

HDBSCAN's own say on a paper counts only through the centres, so a paper that was not in the fit is
placed in the same way as one that was: `Centres` holds all that it takes. A paper is compared with
the *other* core papers of each topic. To count itself would draw the centre of its topic towards it
and leave papers of the fit in topics more surely than those that come later, so that every topic
would seem to shrink from the fit on.

Rules, learned from 80 % of 3,724 Hugging Face papers and 4,000 of 17,145 arXiv papers: outliers
among the papers learned from and among the others; core papers that keep HDBSCAN's cluster;
agreement of two fits to different samples (AMI, papers of both); coherence (NPMI of the ten
telling words):

    Hugging Face              outliers     others   kept   two fits   coherence
    HDBSCAN itself              .24          -       1        -           -
    centre, itself counted      .142        .170    .86     .744        .254
    centre of the others        .123        .141    .84     .743        .255
    a reach for each topic      .152        .181    .84     .721        .250
    LDA, 50 components          .146        .130    .85     .719        .254
    15 neighbours, a third      .135        .132    .94     .700        .235
    15 neighbours, half         .343        .368    .80     .630        .231

    arXiv                     outliers     others   kept   two fits   coherence   AMI, categories
    HDBSCAN itself              .28          -       1        -           -            -
    centre, itself counted      .151        .192    .85     .579        .182         .120
    centre of the others        .125        .137    .82     .574        .212         .121
    a reach for each topic      .184        .207    .81     .504        .217         .117
    LDA, 50 components          .128        .124    .81     .550        .196         .120
    15 neighbours, a third      .210        .259    .89     .468        .177         .110

Neighbours hold to HDBSCAN's clusters best, but these come back worst; what comes back, and has the
words of a topic, is what the centres make of them. LDA knows as little of the papers it was learned
from, but its topics come back less often.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Labels = NDArray[np.int64]

OUTLIER = -1
_BLOCK = 20_000  # papers that are placed at a time
_CORE_QUANTILE = 0.10  # of the core papers, so many are farther out than a topic reaches


@dataclass(frozen=True)
class Membership:
    """Topic of each paper, `OUTLIER` if none, and how firmly it is in it [0-1]."""

    labels: Labels
    strength: NDArray[np.float32]


@dataclass(frozen=True)
class Centres:
    """What decides a paper's topic, all of it learned from the papers that topics were found in.

    `mean` (d,) is what those papers share, `sums` (n_topics, d) are the topics' core papers added
    up, as vectors around it, in the order of the topic numbers, and `reach` is the cosine to the
    nearest centre below which a paper is an outlier.
    """

    mean: Vectors
    sums: NDArray[np.float64]
    reach: float

    @classmethod
    def none(cls) -> "Centres":
        """Those of no topic at all: every paper is an outlier, whatever its vector."""
        return cls(np.zeros(0, np.float32), np.zeros((0, 0)), 1.0)

    def place(self, vectors: Vectors, cores: Labels | None = None) -> Membership:
        """Topic of each paper from its vector (n_papers, d), in the fit or not.

        `cores` (n_papers,) is the topic that a paper is a core paper of, else `OUTLIER`; without it
        none is.

        Raises
        ------
        ValueError
            The vectors are of another length than those that were learned from.
        """
        if not len(self.sums) or not len(vectors):
            return _outliers(len(vectors))
        if vectors.shape[1] != len(self.mean):
            raise ValueError(
                f"vectors of {vectors.shape[1]} dimensions cannot be placed among topics of "
                f"{len(self.mean)}; encode these papers with the encoder of those topics"
            )
        blocks = [
            self.assign(
                around(vectors[start : start + _BLOCK], self.mean),
                None if cores is None else cores[start : start + _BLOCK],
            )
            for start in range(0, len(vectors), _BLOCK)
        ]
        return Membership(
            np.concatenate([block.labels for block in blocks]),
            np.concatenate([block.strength for block in blocks]),
        )

    def assign(self, around_mean: Vectors, cores: Labels | None = None) -> Membership:
        """Topic of each paper from its vector around the mean: the nearest centre, if in reach."""
        if not len(self.sums):
            return _outliers(len(around_mean))
        cosine = self.cosines(around_mean, cores)
        best = cosine.max(axis=1)
        inside = best >= self.reach
        labels = np.where(inside, cosine.argmax(axis=1), OUTLIER)
        strength = np.where(inside, best, 0).clip(0, 1).astype(np.float32)
        return Membership(labels, strength)

    def cosines(self, around_mean: Vectors, cores: Labels | None = None) -> NDArray[np.float64]:
        """Cosine of each paper to the mean direction of each topic's other core papers."""
        cosine = np.asarray(around_mean @ _directions(self.sums).astype(np.float32).T, np.float64)
        if cores is not None:
            core = np.flatnonzero(cores >= 0)
            own = around_mean[core].astype(np.float64)
            others = _directions(self.sums[cores[core]] - own)
            cosine[core, cores[core]] = (others * own).sum(axis=1)
        return cosine


def learn(around_mean: Vectors, cores: Labels, mean: Vectors, n_topics: int) -> Centres:
    """The centres of cores; too far is farther than nine in ten core papers are from theirs.

    Parameters
    ----------
    around_mean : (n_papers, d) what `around` returns for `mean`.
    cores : (n_papers,) topic of each paper that is in the core of one, from 0; else `OUTLIER`.
    mean : (d,) kept for placing other papers.
    n_topics : topics there are, with or without core papers.
    """
    core = np.flatnonzero(cores >= 0)
    if not len(core):
        return Centres.none()
    sums = np.zeros((n_topics, len(mean)))
    np.add.at(sums, cores[core], around_mean[core].astype(np.float64))
    own = Centres(mean, sums, 0.0).cosines(around_mean, cores)[core, cores[core]]
    return Centres(mean, sums, max(float(np.quantile(own, _CORE_QUANTILE)), 1e-6))


def _directions(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows of length 1; zero where there is nothing but rounding."""
    length = np.linalg.norm(sums, axis=1, keepdims=True)
    return np.where(length > 1e-9, sums / np.maximum(length, 1e-12), 0)


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
    """The rule that cores teach, topics numbered by size, equal ones by their first paper.

    Parameters
    ----------
    around_mean, cores, mean : as for `learn`.

    Returns
    -------
    The centres, and the cores by the numbers of their topics; `OUTLIER` where nothing is left.
    """
    n_topics = int(cores.max(initial=OUTLIER)) + 1
    if not n_topics:
        return Centres.none(), cores
    centres = learn(around_mean, cores, mean, n_topics)
    order = _by_size(centres.assign(around_mean, cores).labels)
    numbers = np.full(n_topics + 1, OUTLIER)
    numbers[order] = np.arange(len(order))  # the last place is that of `OUTLIER`
    if len(order) == n_topics:
        return replace(centres, sums=centres.sums[order]), numbers[cores]
    # A topic that no paper is nearest to is none, and its core papers teach nothing.
    return find_centres(around_mean, numbers[cores], mean)


def _by_size(labels: Labels) -> list[int]:
    """The topics that hold papers, the largest first, of equal ones that with the first row."""
    found, first, n_papers = np.unique(labels, return_index=True, return_counts=True)
    order = np.lexsort((first, -n_papers))
    return [int(found[i]) for i in order if found[i] != OUTLIER]
