"""Names of topics: from BERTopic's c-TF-IDF over phrases to keywords and a label for people."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from upwell.topics.phrases import abbreviations, phrases

Scores = NDArray[np.float64]

N_KEYWORDS = 10
_MAX_LABEL_WORDS = 4
_N_CANDIDATES = 80  # phrases with the highest c-TF-IDF that are looked at for each topic
_IN_TITLE = 3  # a phrase in the title counts as often as in so many abstracts
_RELEVANCE = 0.7  # weight of relevance against repetition when keywords are picked
_NESTED = 0.7  # a phrase is part of a longer one if it is so often in it
_ONE_WORD = 0.5  # worth of one word beside a phrase
_NO_TITLE = 0.5  # worth of a phrase in a paper whose title lacks it
_FILLERS = ("(none)", "(nothing)")  # held by all papers: BERTopic fails on fewer than two phrases
_ENDS = 1 / 3  # of the papers with a phrase have it at the end of a run, or it is a piece of one
_COVERS = 1 / 3  # of a topic's papers hold a phrase that can stand for it alone
_LEADS = 1 / 2  # of a topic's papers hold a word that can come first


@dataclass(frozen=True)
class Corpus:
    """Papers as bags of phrases: what BERTopic counts.

    `counts` (n_papers, n_phrases) is 1 for a phrase in the abstract and `_IN_TITLE` for one in
    the title; `keys` names its columns, sorted.
    """

    counts: sp.csr_matrix
    keys: tuple[str, ...]
    abbreviated: dict[str, str]

    @property
    def documents(self) -> list[str]:
        """Each paper as the phrases it holds, each closed by a bar."""
        rows = []
        for start, end in zip(self.counts.indptr[:-1], self.counts.indptr[1:], strict=True):
            names = (self.keys[column] for column in self.counts.indices[start:end])
            times = self.counts.data[start:end]
            rows.append("".join(f"{name}|" * n for name, n in zip(names, times, strict=True)))
        return rows


def split_document(document: str) -> list[str]:
    """Phrases of a document, or of several that BERTopic joined by blanks."""
    return [phrase.strip() for phrase in document.split("|") if phrase.strip()]


def read_corpus(titles: Sequence[str], abstracts: Sequence[str]) -> Corpus:
    """Phrases of the papers (title empty if unknown) that are in at least two of them.

    Pieces of phrases, which seldom end a run of words, are left out. Where the papers share
    nothing, all phrases are taken.
    """
    abbreviated = abbreviations(abstracts)
    in_titles = [phrases(title, abbreviated) for title in titles]
    in_papers = [phrases(abstract, abbreviated) for abstract in abstracts]
    n_papers: Counter[str] = Counter()
    n_ends: Counter[str] = Counter()
    for title, paper in zip(in_titles, in_papers, strict=True):
        for key in title.keys() | paper.keys():
            n_papers[key] += 1
            n_ends[key] += title.get(key, False) or paper.get(key, False)
    shared = sorted(k for k, n in n_papers.items() if n >= 2 and n_ends[k] >= _ENDS * n)
    found = shared or sorted(n_papers)
    keys = tuple(found if len(found) > 1 else sorted([*found, *_FILLERS]))
    column = {key: i for i, key in enumerate(keys)}
    rows = [
        sorted(
            (column[key], _IN_TITLE if key in title else 1)
            for key in title.keys() | paper.keys() | set(_FILLERS)
            if key in column
        )
        for title, paper in zip(in_titles, in_papers, strict=True)
    ]
    indices = np.array([i for row in rows for i, _ in row], dtype=np.int32)
    data = np.array([count for row in rows for _, count in row], dtype=np.int32)
    indptr = np.cumsum([0, *map(len, rows)])
    counts = sp.csr_matrix((data, indices, indptr), shape=(len(rows), len(keys)))
    return Corpus(counts, keys, abbreviated)


@dataclass(frozen=True)
class Name:
    """What a topic is called: keys of its keywords, the most telling first, and of its label."""

    keywords: tuple[str, ...]
    label: tuple[str, ...]


def topic_names(
    c_tf_idf: sp.csr_matrix,
    corpus: Corpus,
    labels: NDArray[np.int64],
    strength: NDArray[np.float32],
) -> list[Name]:
    """Keywords and label of every topic; labels are unique.

    Parameters
    ----------
    c_tf_idf : (n_topics, n_phrases) from BERTopic, columns as in `corpus.keys`.
    corpus : the papers' phrases.
    labels : (n_papers,) topic from 0, -1 for none.
    strength : (n_papers,) how firmly a paper is in its topic; firm papers count more.

    Source
    ------
    Carbonell & Goldstein (1998) for picking keywords that do not repeat each other. A phrase's
    relevance is our definition: `signal` of the phrase, twice, and of its words on average.
    """
    present = corpus.counts.astype(np.float64).tocsr()
    in_title = present.data >= _IN_TITLE
    present.data = np.where(in_title, 1.0, _NO_TITLE)
    in_words = _words_of(corpus.keys)
    n_words = np.asarray(in_words.sum(axis=1)).ravel()
    words_present = (present @ in_words).tocsr()
    words_present.data = np.minimum(words_present.data, 1.0)
    names: list[Name] = []
    taken: set[frozenset[str]] = set()
    for topic in range(c_tf_idf.shape[0]):
        inside = labels == topic
        weights = np.where(inside, strength, 0.0)
        telling = 2 * _topic_signal(present, weights, inside)
        telling += in_words @ _topic_signal(words_present, weights, inside) / n_words
        members = present[np.flatnonzero(inside)]
        if in_title.any():  # a single word that no title holds is no name
            telling[(n_words == 1) & (members.max(axis=0).toarray().ravel() < 1)] = 0
        telling *= np.where(n_words == 1, _ONE_WORD, 1.0)
        row = c_tf_idf[[topic]].toarray().ravel()
        names.append(_name(row, telling, members, corpus.keys, taken))
        taken.add(frozenset(names[-1].label))
    return names


def _words_of(keys: Sequence[str]) -> sp.csr_matrix:
    """Which words (columns) make which phrases (rows)."""
    column: dict[str, int] = {}
    pairs = [
        (row, column.setdefault(word, len(column)))
        for row, key in enumerate(keys)
        for word in key.split()
    ]
    rows, columns = zip(*pairs, strict=True) if pairs else ((), ())
    ones = np.ones(len(pairs))
    return sp.csr_matrix((ones, (rows, columns)), shape=(len(keys), max(len(column), 1)))


def signal(inside: Scores, outside: Scores) -> Scores:
    """Bits by which phrases tell a topic from the rest.

    Parameters
    ----------
    inside, outside : share of the topic's papers, and of the others, that hold the phrase [0-1];
        `outside` above 0.

    Returns
    -------
    `inside` times the binary logarithm of `inside / outside`; 0 where a phrase is rarer inside.

    Source
    ------
    The topic's part of the Kullback-Leibler divergence.
    """
    ratio = np.maximum(inside, 1e-12) / outside
    return np.asarray(np.where(ratio > 1, inside * np.log2(np.maximum(ratio, 1)), 0.0))


def _topic_signal(present: sp.csr_matrix, weights: Scores, inside: NDArray[np.bool_]) -> Scores:
    """`signal` of all columns, the topic's papers weighted, the others smoothed by half a paper."""
    n_others = (present.T @ (~inside).astype(np.float64) + 0.5) / ((~inside).sum() + 1)
    return signal(present.T @ (weights / max(weights.sum(), 1e-12)), n_others)


def _name(
    c_tf_idf: Scores,
    telling: Scores,
    members: sp.csr_matrix,
    keys: Sequence[str],
    taken: set[frozenset[str]],
) -> Name:
    """Keywords and label of one topic out of the phrases with the highest c-TF-IDF."""
    n_papers = np.asarray((members > 0).sum(axis=0)).ravel()
    frequent = np.where(n_papers >= min(2, members.shape[0]), c_tf_idf, 0)
    top = np.lexsort((np.arange(len(keys)), -frequent))[:_N_CANDIDATES]
    top = top[frequent[top] > 0]
    top = top[~_part_of_longer([keys[i] for i in top], n_papers[top])]
    top = top[telling[top] > 0]
    present = members[:, top].toarray() > 0
    picked = _diverse(telling[top], _similarity([keys[i] for i in top], present))
    keywords = tuple(keys[top[i]] for i in picked)
    return Name(keywords, _label(keywords, present[:, picked], taken))


def _part_of_longer(keys: Sequence[str], n_papers: Scores) -> NDArray[np.bool_]:
    """Which phrases mostly occur inside a longer one that is there too."""
    padded = [f" {key} " for key in keys]
    return np.array(
        [
            any(
                short != long and short in long and n_long >= _NESTED * n_short
                for long, n_long in zip(padded, n_papers, strict=True)
            )
            for short, n_short in zip(padded, n_papers, strict=True)
        ],
        dtype=bool,
    )


def _similarity(keys: Sequence[str], present: NDArray[np.bool_]) -> Scores:
    """How far phrases say the same [0-1]: the share of words they have in common, or of papers.

    Papers count half: phrases of the very same papers may still say different things.
    """
    words = [set(key.split()) for key in keys]
    shared = np.array([len(a & b) / min(len(a), len(b)) for a in words for b in words])
    held = present.astype(np.float64)
    length = np.maximum(np.linalg.norm(held, axis=0), 1)
    papers = held.T @ held / np.outer(length, length)
    return np.asarray(np.maximum(shared.reshape(papers.shape), 0.5 * papers))


def _diverse(score: Scores, similar: Scores) -> list[int]:
    """Up to `N_KEYWORDS` indices, each the most relevant that repeats the least of those before."""
    relevance = score / score.max(initial=1e-12)
    picked: list[int] = []
    while len(picked) < min(N_KEYWORDS, len(score)):
        repeats = similar[:, picked].max(axis=1, initial=0)
        gain = _RELEVANCE * relevance - (1 - _RELEVANCE) * repeats
        gain[picked] = -np.inf
        gain[repeats >= 1] = -np.inf
        best = int(gain.argmax())
        if gain[best] == -np.inf:
            break
        picked.append(best)
    return picked


def _label(
    keywords: Sequence[str], present: NDArray[np.bool_], taken: set[frozenset[str]]
) -> tuple[str, ...]:
    """The first phrase, with a keyword that many other papers hold if it is in few, or taken.

    A single word comes first only if it is the most telling keyword and in half of the papers.
    `present` (n_members, n_keywords) says which papers hold which keywords.
    """
    if not keywords:
        return ()
    covered = present.mean(axis=0)
    is_phrase = [" " in keyword for keyword in keywords]
    first = 0 if covered[0] >= _LEADS or not any(is_phrase) else is_phrase.index(True)
    own = (keywords[first],)
    room = _MAX_LABEL_WORDS - len(keywords[first].split())
    is_enough = is_phrase[first] and (room < 2 or covered[first] >= _COVERS)
    if is_enough and frozenset(own) not in taken:
        return own
    adds = (present & ~present[:, [first]]).mean(axis=0)
    others = [
        i
        for i in range(len(keywords))
        if len(keywords[i].split()) <= room and not _kin(keywords[first], keywords[i])
    ]
    others.sort(key=lambda i: (-adds[i] / (i + 2), i))  # many new papers, early in the ranking
    pairs = ((*own, keywords[i]) for i in others)
    return next((pair for pair in pairs if frozenset(pair) not in taken), own)


def _kin(one: str, other: str) -> bool:
    """Whether phrases share a word or nearly so, as `face parsing` and `facial image` do."""
    return any(
        a[: max(3, min(len(a), len(b)) - 1)] == b[: max(3, min(len(a), len(b)) - 1)]
        for a in one.split()
        for b in other.split()
    )
