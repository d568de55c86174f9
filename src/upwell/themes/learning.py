"""What a corpus teaches of a theme, and how surely each paper is of it: a probability.

What the parts are worth, as the log loss of core against no, a theme at a time left out of the fit,
on 2,197 judgements: words and meaning .287, with the vocabulary .254, with a claim .251, and with
the number of phrases .241. Without gain were tried: meaning of the title, of the sentences in which
authors speak, place of the mention, and gradient boosting over all of these.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.config import Theme
from upwell.themes.companions import companion_strength, count_words, find_companions
from upwell.themes.meaning import Meaning, Space, learn_meaning
from upwell.themes.naming import Namings, read_namings
from upwell.themes.threshold import NOTHING, choose_threshold
from upwell.themes.unnamed import count_unnamed, shift_unnamed
from upwell.themes.vocabulary import Vocabulary, Wording, learn_wording

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Slopes:
    """A logistic regression of `core` against `no`, fitted to the judgements for tuning.

    Per natural log of 1 + what the words are worth, in mentions; per natural log odds of the
    meaning; per step of the wording; and per natural log of the number of phrases, as one of many
    is met in passing more easily.
    """

    level: float
    worth: float
    meaning: float
    wording: float
    phrases: float


_FIRST = _Slopes(level=-4.6, worth=4.4, meaning=0.38, wording=0.0, phrases=0.0)
_SCORE = _Slopes(level=-2.0, worth=3.05, meaning=0.25, wording=2.3, phrases=-0.37)
RELIABILITY = (0.4, 0.5)  # of companion words, in a first round (few papers are known) and a second


@dataclass(frozen=True)
class LearnedTheme:
    """A theme and all that a corpus taught about it.

    `companions` are its companion words (word → reliability), `meaning` says where its papers lie,
    `wording` what else they say, in the words of `vocabulary`; `unnamed` is added to the log odds
    of papers without a phrase or companion word, `threshold` the score from which a paper is in it.
    """

    theme: Theme
    companions: Mapping[str, float]
    meaning: Meaning
    vocabulary: Vocabulary
    wording: Wording | None = None
    unnamed: float = 0.0
    threshold: float = NOTHING


@dataclass(frozen=True)
class Corpus:
    """Papers in order of their id, with all that is read of them but once for all themes."""

    paper_ids: pl.Series
    texts: list[tuple[str, str]]
    space: Space
    namings: Namings
    counts: pl.DataFrame
    vocabulary: Vocabulary

    @classmethod
    def read(
        cls,
        papers: pl.DataFrame,
        matrix: NDArray[np.float32],
        themes: Sequence[Theme],
        vocabulary: Vocabulary | None = None,
    ) -> "Corpus":
        """Titles, abstracts, and what is found in them; their own vocabulary if there is none."""
        texts = [(t or "", a) for t, a in papers.select("title", "abstract").iter_rows()]
        counts = count_words(papers["title"], papers["abstract"])
        namings = read_namings(texts, themes)
        vocabulary = vocabulary or Vocabulary.of(counts, len(texts))
        return cls(papers["paper_id"], texts, Space.of(matrix), namings, counts, vocabulary)

    @cached_property
    def weights(self) -> "csr_array":
        """What the words of the vocabulary weigh in each paper."""
        return self.vocabulary.weigh(self.counts, len(self.texts))


@dataclass(frozen=True)
class Evidence:
    """What is known of each paper, for one theme (n_papers,).

    What its words, companions included, are `worth`, the log odds of its `meaning` and, once the
    wording is known, how far what is `said` in it speaks for the theme.
    """

    worth: Floats
    meaning: Floats
    said: Floats | None = None


@dataclass(frozen=True)
class Scored:
    """What speaks for a theme in each paper (n_papers,).

    What its words, companions included, are `worth`, the `log_odds` of its being of the theme, and
    its `score`, 0 where an exclusion stands.
    """

    worth: Floats
    log_odds: Floats
    score: Floats


def learn_theme(
    corpus: Corpus, number: int, theme: Theme, encode: Encode
) -> tuple[LearnedTheme, Scored, Floats]:
    """What a corpus teaches of a theme; its own papers' scores, and log odds of their meaning."""
    strength = corpus.namings.strength[:, number]
    meaning, log_odds = learn_meaning(corpus.space, _prototype(theme, encode), strength)
    known = LearnedTheme(theme, {}, meaning, corpus.vocabulary)
    first = Evidence(weigh_words(corpus, number, known), log_odds)
    for reliability in RELIABILITY:
        score = score_theme(corpus, number, known, first).score
        companions = find_companions(corpus.counts, score, reliability=reliability)
        known = replace(known, companions=companions)
        first = Evidence(weigh_words(corpus, number, known), log_odds)
    score = score_theme(corpus, number, known, first).score
    wording, said = learn_wording(corpus.weights, corpus.paper_ids, score, strength)
    known, evidence = replace(known, wording=wording), replace(first, said=said)
    scored = score_theme(corpus, number, known, evidence)
    known = replace(known, unnamed=_shift_unnamed(corpus, number, scored))
    scored = score_theme(corpus, number, known, evidence)
    return replace(known, threshold=choose_threshold(scored.score)), scored, log_odds


def weigh_words(corpus: Corpus, number: int, known: LearnedTheme) -> Floats:
    """What the words of every paper are worth for one theme, companions included (n_papers,)."""
    return corpus.namings.strength[:, number] + companion_strength(
        corpus.counts,
        known.companions,
        n_papers=len(corpus.texts),
        n_phrases=len(known.theme.phrases),
    )


def score_theme(corpus: Corpus, number: int, known: LearnedTheme, evidence: Evidence) -> Scored:
    """How surely every paper is of one theme, from what is known of it."""
    slopes = _FIRST if evidence.said is None else _SCORE
    worth = evidence.worth
    odds = slopes.level + slopes.phrases * np.log(len(known.theme.phrases))
    odds = odds + slopes.worth * np.log1p(worth + corpus.namings.claim[:, number])
    odds += slopes.meaning * evidence.meaning + np.where(worth > 0, 0.0, known.unnamed)
    if evidence.said is not None:
        odds += slopes.wording * evidence.said
    score = np.where(corpus.namings.excluded[:, number], 0.0, 1 / (1 + np.exp(-odds)))
    return Scored(worth, odds, score)


def _shift_unnamed(corpus: Corpus, number: int, scored: Scored) -> float:
    """What papers without a word of the theme lose, as only so many can be of it."""
    n_mentions = corpus.namings.n_mentions[:, number]
    unnamed = count_unnamed(scored.score, n_mentions)
    companions_only = (n_mentions == 0) & (scored.worth > 0)
    wordless = (scored.worth == 0) & ~corpus.namings.excluded[:, number]
    return shift_unnamed(scored.log_odds[wordless], unnamed - scored.score[companions_only].sum())


def _prototype(theme: Theme, encode: Encode) -> NDArray[np.float32]:
    """The vector of a theme's phrases and, counting as much as all of them, its description."""
    said = encode(list(theme.phrases)).mean(axis=0)
    said /= max(float(np.linalg.norm(said)), 1e-12)
    if theme.description:
        said = said + encode([theme.description])[0]
    return np.asarray(said, dtype=np.float32)
