"""One corpus through BERTopic: reduction, clusters, c-TF-IDF, names."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
from bertopic import BERTopic
from bertopic.vectorizers import ClassTfidfTransformer
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer

from upwell.config import TopicConfig
from upwell.topics.centres import (
    Centres,
    Labels,
    Membership,
    Vectors,
    around,
    common,
    find_centres,
)
from upwell.topics.clusters import N_DIMS, Neighbours, Sizes, dense_cores, nearest, reduced
from upwell.topics.naming import Corpus, Name, read_corpus, split_document, topic_names
from upwell.topics.phrases import spell
from upwell.topics.warm import Before, continued

_SPELLING_PAPERS = 100  # of each topic, are read to see how its keywords are written


@dataclass
class Reduction:
    """UMAP as BERTopic asks for it, on neighbours that are kept for the map."""

    sizes: Sizes
    random_state: int
    near: Neighbours = field(init=False)
    embedding: Vectors = field(init=False)

    def fit_transform(self, vectors: Vectors, y: object = None) -> Vectors:
        """The space that is clustered (n_papers, N_DIMS); `y` is BERTopic's, and unused."""
        del y
        self.near = nearest(vectors, self.sizes.n_neighbors)
        self.embedding = reduced(vectors, self.near, N_DIMS, self.random_state)
        return self.embedding


@dataclass
class Clusters:
    """HDBSCAN and the rule that assigns papers, as BERTopic asks for a cluster model."""

    vectors: Vectors
    sizes: Sizes
    before: Before | None = None
    centres: Centres = field(init=False)
    cores: Labels = field(init=False)
    membership: Membership = field(init=False)
    labels_: Labels = field(init=False)

    def fit(self, embedding: Vectors) -> "Clusters":
        """Cores in the embedding, with those of earlier topics if any, then every paper by them."""
        mean = common(self.vectors)
        around_mean = around(self.vectors, mean)
        found = dense_cores(embedding, self.sizes)
        centres, cores = find_centres(around_mean, found, mean)
        if self.before is not None:
            clusters = centres.assign(around_mean, cores).labels
            smallest = self.sizes.min_cluster_size
            cores = continued(self.vectors, self.before, cores, clusters, smallest=smallest)
            around_mean = around(self.vectors, self.before.centres.mean)
            centres, cores = find_centres(around_mean, cores, self.before.centres.mean)
        self.centres, self.cores = centres, cores
        self.membership = centres.assign(around_mean, cores)
        self.labels_ = self.membership.labels
        return self


@dataclass(frozen=True)
class Fit:
    """Topics of a corpus: per paper in its rows' order, the names of topics from 0, the rule."""

    membership: Membership
    cores: Labels
    centres: Centres
    position: NDArray[np.float32]
    labels: list[str]
    keywords: list[list[str]]


def resampled(
    vectors: Vectors, config: TopicConfig, *, n_papers: int, random_state: int
) -> Membership:
    """Topic of each paper (rows of `vectors`) of a sample of `n_papers`, without names."""
    around_mean = around(vectors, common(vectors))
    sizes = Sizes.scaled(n_papers, config).in_sample(len(vectors) / n_papers)
    embedding = Reduction(sizes, random_state).fit_transform(around_mean)
    return Clusters(vectors, sizes).fit(embedding).membership


def fitted(
    vectors: Vectors,
    titles: Sequence[str],
    abstracts: Sequence[str],
    config: TopicConfig,
    before: Before | None = None,
) -> Fit:
    """Topics of a corpus with their names, and the map.

    Parameters
    ----------
    vectors : (n_papers, d), at least a dozen of them not 0.
    titles, abstracts : of the papers; a title that is unknown is empty.
    config : sizes and seed.
    before : the topics there are, if they go on.
    """
    around_mean = around(vectors, common(vectors))
    sizes = Sizes.scaled(len(vectors), config)
    corpus = read_corpus(titles, abstracts)
    reduction = Reduction(sizes, config.random_state)
    clusters = Clusters(vectors, sizes, before)
    model = BERTopic(
        language=None,  # with a language it strips all but A-Z, 0-9 and blanks: our bars too
        umap_model=reduction,
        hdbscan_model=clusters,
        vectorizer_model=CountVectorizer(
            analyzer=split_document,
            vocabulary=corpus.keys,
            lowercase=False,  # the keys are, but for letters that have no lower case, such as 𝔾
        ),
        ctfidf_model=ClassTfidfTransformer(reduce_frequent_words=True),
    )
    model.fit(corpus.documents, embeddings=around_mean)
    membership = clusters.membership
    c_tf_idf = _rows_of(model, membership.labels)
    names = topic_names(c_tf_idf, corpus, membership.labels, membership.strength)
    spelling = _spelling(names, corpus, titles, abstracts, membership)
    return Fit(
        membership=membership,
        cores=clusters.cores,
        centres=clusters.centres,
        position=_map(around_mean, reduction),
        labels=_written_labels(names, spelling),
        keywords=[[spelling[key] for key in name.keywords] for name in names],
    )


def _rows_of(model: BERTopic, labels: Labels) -> sp.csr_matrix:
    """BERTopic's c-TF-IDF with a row for each of our topics, which it numbers in its own way."""
    theirs = np.asarray(model.topics_)
    n_outlier_rows = int((theirs < 0).any())
    first = [int(np.flatnonzero(labels == topic)[0]) for topic in range(labels.max() + 1)]
    return model.c_tf_idf_.tocsr()[theirs[first] + n_outlier_rows]


def _map(vectors: Vectors, reduction: Reduction) -> NDArray[np.float32]:
    """Two coordinates for each paper around 0, from the neighbours that the clusters have."""
    position = reduced(
        vectors,
        reduction.near,
        2,
        reduction.random_state,
        min_dist=0.1,
        start=reduction.embedding,
    )
    return np.asarray(position - position.mean(axis=0), dtype=np.float32)


def _spelling(
    names: Sequence[Name],
    corpus: Corpus,
    titles: Sequence[str],
    abstracts: Sequence[str],
    membership: Membership,
) -> dict[str, str]:
    """How the firmest papers of each topic write its keywords."""
    firm: set[int] = set()
    for topic in range(len(names)):
        members = np.flatnonzero(membership.labels == topic)
        order = np.argsort(-membership.strength[members], kind="stable")
        firm.update(members[order[:_SPELLING_PAPERS]].tolist())
    rows = sorted(firm)
    keys = {key for name in names for key in name.keywords}
    return spell(keys, [titles[i] for i in rows], [abstracts[i] for i in rows], corpus.abbreviated)


def _written_labels(names: Sequence[Name], spelling: dict[str, str]) -> list[str]:
    """Labels as the papers write them; a number sets apart those that are still equal."""
    labels: list[str] = []
    for name in names:
        label = ", ".join(spelling[key] for key in name.label) or "unnamed"
        twins = sum(other == label or other.startswith(f"{label} (") for other in labels)
        labels.append(f"{label} ({twins + 1})" if twins else label)
    return labels
