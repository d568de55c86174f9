"""A refit that starts from the topics there are.

A clustering from scratch gives a third of the papers another topic though hardly anything happened,
for between two equally good cuts chance decides. So topics keep their core papers, hence their
centres, unless a change is clear: the new clusters show it, and so do nearly all refits of samples
with other seeds. Then

- a topic is *born* of a cluster most of whose papers no topic holds;
- a topic *splits* when a cluster lies within it and keeps apart from the rest of it;
- topics *merge* when most papers of both are in one cluster;
- a topic is *gone* when most of its papers are in no cluster.

The clearest changes are made first, of equal ones those with fewer papers, as long as no more
papers move than a refit may move; what is left waits for the next one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from upwell.topics.centres import OUTLIER, Centres, Labels, Vectors, around, learn

Mask = NDArray[np.bool_]

UNSEEN = -2  # label of a paper that is not in a refit's sample
NOWHERE = -3  # home of papers that are neither together nor outliers
SEEN_IN = 0.8  # of the refits have to show a change
MAJORITY = 0.5  # of the papers, for one cluster to be their home
APART = 0.25  # of the rest of a topic, at most, may be where a part that splits off is
_FEWEST = 3  # papers of a sample that tell a home


@dataclass(frozen=True)
class Before:
    """The model that a refit starts from, for the papers of the refit, row by row.

    `cores` is the topic that a paper is a core paper of, else `OUTLIER`; `known` whether the model
    was fitted on it; `refits` the topics of samples clustered anew, `UNSEEN` outside of the sample;
    `most_moved` the share of the known papers that may change topic.
    """

    centres: Centres
    cores: Labels
    known: Mask
    refits: Sequence[Labels]
    most_moved: float


@dataclass(frozen=True)
class Change:
    """What the clusters show of the topics: `papers` leave `topic` for `into`.

    `topic` is `OUTLIER` for papers of none; `into` is a topic that there is, `OUTLIER`, or None for
    a new one, whose core the papers are. `n_seen` refits show it.
    """

    kind: Literal["born", "split", "merged", "gone"]
    papers: Mask
    topic: int
    into: int | None
    n_seen: int


def continued(
    vectors: Vectors, before: Before, found: Labels, clusters: Labels, *, smallest: int
) -> Labels:
    """Core papers of the topics after a refit, by numbers of which the first are those before.

    Parameters
    ----------
    vectors : (n_papers, d) as encoded.
    before : the model there is.
    found : (n_papers,) clusters' core papers of a fit from scratch; else `OUTLIER`.
    clusters : (n_papers,) cluster of every paper by the rule that `found` teaches.
    smallest : papers that a part of a topic needs to be one itself.

    Returns
    -------
    (n_papers,) topic of each core paper; else `OUTLIER`.

    Source
    ------
    Our definition.
    """
    around_mean = around(vectors, before.centres.mean)
    n_topics = len(before.centres.sums)
    held = before.centres.assign(around_mean, before.cores).labels
    cores, gone = before.cores.copy(), set[int]()
    for change in find_changes(held, found, clusters, before.refits, smallest=smallest):
        if {change.topic, change.into} & gone:
            continue
        trial = cores.copy()
        if change.into is None:
            trial[change.papers] = n_topics
        else:
            trial[cores == change.topic] = change.into
        n_trial = max(n_topics, int(trial.max(initial=OUTLIER)) + 1)
        after = learn(around_mean, trial, before.centres.mean, n_trial)
        labels = after.assign(around_mean, trial).labels
        if (labels != held)[before.known].mean() <= before.most_moved:
            cores, n_topics = trial, n_trial
            if change.kind in {"merged", "gone"}:
                gone.add(change.topic)
    return cores


def find_changes(
    held: Labels, found: Labels, clusters: Labels, refits: Sequence[Labels], *, smallest: int
) -> list[Change]:
    """What clusters of all papers, and of samples, show to have changed; the clearest first.

    Parameters
    ----------
    held : (n_papers,) topic of each paper by the model there is.
    found, clusters, smallest : as for `continued`.
    refits : (n_papers,) clusters of each sample.
    """
    need = SEEN_IN * len(refits)
    every = [*_births(held, found, refits), *_splits(held, found, clusters, refits, smallest)]
    every += [*_mergers(held, clusters, refits), *_ends(held, clusters, refits)]
    clear = [change for change in every if change.n_seen >= need]
    return sorted(clear, key=lambda c: (-c.n_seen, int(c.papers.sum()), int(c.papers.argmax())))


def home(papers: Mask, labels: Labels) -> int:
    """The cluster that holds most of some papers, `OUTLIER` if none does most, else `NOWHERE`."""
    mine = labels[papers & (labels != UNSEEN)]
    if len(mine) < _FEWEST:
        return NOWHERE
    values, n = np.unique(mine, return_counts=True)
    best = int(n.argmax())
    return int(values[best]) if n[best] >= MAJORITY * len(mine) else NOWHERE


def _births(held: Labels, found: Labels, refits: Sequence[Labels]) -> Iterator[Change]:
    """Clusters most of whose papers no topic holds."""
    for cluster in range(int(found.max(initial=OUTLIER)) + 1):
        papers = found == cluster
        if home(papers, held) == OUTLIER:
            n_seen = sum(home(papers, refit) >= 0 for refit in refits)
            yield Change("born", papers & (held == OUTLIER), OUTLIER, None, n_seen)


def _splits(
    held: Labels, found: Labels, clusters: Labels, refits: Sequence[Labels], smallest: int
) -> Iterator[Change]:
    """Clusters within a topic that keep apart from the rest; its largest part stays the topic."""
    parts: dict[int, list[int]] = {}
    for cluster in range(int(found.max(initial=OUTLIER)) + 1):
        parts.setdefault(home(found == cluster, held), []).append(cluster)
    pairs = [(topic, cluster) for topic, inside in parts.items() for cluster in inside]
    for topic, cluster in pairs:
        inside = (held == topic) & (clusters == cluster)
        rest = (held == topic) & (clusters != cluster)
        largest = max(
            parts[topic], key=lambda part: int(((held == topic) & (clusters == part)).sum())
        )
        if topic >= 0 and cluster != largest and inside.sum() >= smallest:
            n_seen = sum(_are_apart(inside, rest, refit) for refit in refits)
            yield Change("split", (found == cluster) & (held == topic), topic, None, n_seen)


def _are_apart(part: Mask, rest: Mask, refit: Labels) -> bool:
    """Whether a refit has a cluster for a part of a topic, and the rest elsewhere."""
    where = home(part, refit)
    others = refit[rest & (refit != UNSEEN)]
    return where >= 0 and bool((others == where).sum() <= APART * len(others))


def _mergers(held: Labels, clusters: Labels, refits: Sequence[Labels]) -> Iterator[Change]:
    """Topics that share the home of a larger one."""
    n_papers = np.bincount(held[held >= 0])
    by_size = sorted(np.flatnonzero(n_papers).tolist(), key=lambda t: (-n_papers[t], t))
    largest: dict[int, int] = {}
    for topic in by_size:
        where = home(held == topic, clusters)
        if where < 0 or largest.setdefault(where, topic) == topic:
            continue
        other = held == largest[where]
        homes = [(home(held == topic, refit), home(other, refit)) for refit in refits]
        n_seen = sum(one >= 0 and one == two for one, two in homes)
        yield Change("merged", held == topic, topic, largest[where], n_seen)


def _ends(held: Labels, clusters: Labels, refits: Sequence[Labels]) -> Iterator[Change]:
    """Topics most of whose papers are in no cluster any more."""
    for topic in range(int(held.max(initial=OUTLIER)) + 1):
        papers = held == topic
        if home(papers, clusters) == OUTLIER:
            n_seen = sum(home(papers, refit) == OUTLIER for refit in refits)
            yield Change("gone", papers, topic, OUTLIER, n_seen)
