"""Papers and themes: words and meaning together, and a probability.

`tests/theme_judgements.csv` holds 1,565 judgements (core, borderline, no) on eight themes, 458 of
them (`fresh`) by readers who saw no score, and not fitted to; its totals were seen a few times on
the way, so take them as slightly too good. Matched over a corpus of 69,175 papers, precision /
recall of core against no is (tests/benchmarks/bench_themes.py, static encoder):

                                  three listed themes            bare phrases
                                  tuned on     fresh        tuned on     fresh
    phrases as they are written   .82 / .76   .63 / .71    .92 / .71   .89 / .63
    phrases, inflections included .70 / .95   .51 / .98    .85 / .80   .81 / .78
    similarity, at its best cut   .57 / .79   .52 / .82    .70 / .90   .70 / .88
    words and meaning (this)      .94 / .85   .82 / .82    .96 / .95   .91 / .92

Two fifths of the fresh papers were picked for being doubtful or near without the words, which makes
them harder than a corpus is. `local/global attention` is the weakest (.60 / .60 on the 10 core
papers of its 45 fresh ones): papers that name local attention once may be about it or not.
A discriminant direction replaced Rocchio's, and companion words are found in two rounds: on the
judgements tuned on, recall with bare phrases rose from .83 to .95, precision stayed.

Meaning without words was left out: of the 22 papers nearest to each theme that never name it,
nearly all were of a neighbouring subject unless they had a companion word.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.config import Theme
from upwell.tables import THEME_PAPERS
from upwell.themes.aligned import align
from upwell.themes.companions import companion_strength, count_words, find_companions
from upwell.themes.evidence import quote_mentions, quote_words
from upwell.themes.meaning import Meaning, Space, learn_meaning
from upwell.themes.naming import Namings, read_namings
from upwell.themes.ngrams import Words
from upwell.themes.notes import theme_notes
from upwell.themes.proposals import PROPOSALS, propose_phrases
from upwell.themes.threshold import NOTHING, choose_threshold

Encode = Callable[[Sequence[str]], NDArray[np.float32]]

# Logistic regression of `core` against `no` on the judgements for tuning. Leaving out one theme at
# a time changes little, and no further term (title, interaction) helps.
INTERCEPT = -4.6
STRENGTH_SLOPE = 4.4  # per natural log of 1 + what the words are worth, in mentions
MEANING_SLOPE = 0.38  # per natural log odds of the meaning
RELIABILITY = (0.4, 0.5)  # of companion words, in a first round (few papers are known) and a second
MAX_NEAR_MISSES = 50  # a theme


@dataclass(frozen=True)
class LearnedTheme:
    """A theme and all that a corpus taught about it.

    `companions` are its companion words (word → reliability), `meaning` says where its papers lie,
    `threshold` is the score from which a paper is in it.
    """

    theme: Theme
    companions: Mapping[str, float]
    meaning: Meaning
    threshold: float = NOTHING


@dataclass(frozen=True)
class Matching:
    """Which papers are of which theme, and what the operator should know.

    `theme_papers` is the published table. `near_misses` has its columns and, of each theme, the
    papers that fell short least, at most `MAX_NEAR_MISSES`. `learned` is what these papers taught
    of each theme, for `apply_themes`. `proposals` (`PROPOSALS`) are phrases to consider.
    """

    theme_papers: pl.DataFrame
    near_misses: pl.DataFrame
    learned: tuple[LearnedTheme, ...]
    notes: tuple[str, ...]
    proposals: pl.DataFrame

    @property
    def thresholds(self) -> dict[str, float]:
        """The score from which a paper is in a theme, by the theme's name."""
        return {known.theme.name: known.threshold for known in self.learned}


def match_themes(
    papers: pl.DataFrame,
    vectors: pl.DataFrame,
    *,
    themes: Sequence[Theme],
    encode: Encode,
    propose: bool = True,
) -> Matching:
    """Which papers are of which theme; a paper may be of several.

    A paper is in a theme if its score is at least the theme's threshold, which the scores of this
    corpus decide (`threshold.py`), and no exclusion stands in it. The score is the probability that
    a reader would call the theme central to the paper rather than absent from it, from how strongly
    its words name the theme and from how its meaning compares with the papers of this corpus that
    name it strongly. Meaning alone never suffices.

    Parameters
    ----------
    papers : `UNPLACED` (or `PAPERS`); `paper_id`, `title` and `abstract` are read, and
        `published` for the dates of proposals, if there is one.
    vectors : one row per paper; `paper_id`, `vector` of length 1.
    themes : the watch list; names differ.
    encode : texts → vectors (n_texts, n_dims) in the space of `vectors`.
    propose : look for phrases to add to the themes, which takes seconds.

    Returns
    -------
    The members, with as evidence words of the paper, verbatim, at most 160 characters; those whose
    words say something of a theme but that fell short; the thresholds; and notes on themes without
    a paper, without enough papers to compare meaning, and on phrases never seen.

    Raises
    ------
    ValueError
        Two themes have one name, a column is missing, or a paper has no vector.
    """
    names = [theme.name for theme in themes]
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"two themes are named {', '.join(map(repr, twice))}; rename one")
    papers, matrix = align(papers, vectors)
    if not themes or papers.is_empty():
        empty = THEME_PAPERS.empty()
        return Matching(empty, empty, (), (), PROPOSALS.to_frame())
    corpus = _Corpus.read(papers, matrix, themes)
    words = Words.of(papers["title"], papers["abstract"]) if propose else None
    members, misses, proposals, notes = [], [], [PROPOSALS.to_frame()], []
    learned = []
    for number, theme in enumerate(themes):
        known, log_odds = _learn(corpus, number, theme, encode)
        scored = _score_theme(corpus, number, known, log_odds)
        strength = corpus.namings.strength[:, number]
        is_member = scored.score >= known.threshold
        inside = np.flatnonzero(is_member)
        learned.append(known)
        members.append(_table(corpus, number, theme, scored, inside))
        misses.append(_table(corpus, number, theme, scored, _nearest(scored, known.threshold)))
        notes += theme_notes(theme, len(inside), strength, corpus.namings.unseen[number])
        if words:
            proposals.append(
                propose_phrases(
                    papers,
                    words,
                    theme=theme,
                    strength=strength,
                    log_odds=log_odds,
                    settled=is_member | corpus.namings.excluded[:, number],
                )
            )
    return Matching(
        THEME_PAPERS.conform(pl.concat(members)),
        THEME_PAPERS.conform(pl.concat(misses)),
        tuple(learned),
        tuple(notes),
        pl.concat(proposals),
    )


@dataclass(frozen=True)
class _Corpus:
    """Papers in order of their id, with all that is read of them but once for all themes."""

    paper_ids: pl.Series
    texts: list[tuple[str, str]]
    space: Space
    namings: Namings
    counts: pl.DataFrame

    @classmethod
    def read(
        cls, papers: pl.DataFrame, matrix: NDArray[np.float32], themes: Sequence[Theme]
    ) -> "_Corpus":
        """Titles, abstracts, and what is found in them."""
        texts = [(t or "", a) for t, a in papers.select("title", "abstract").iter_rows()]
        counts = count_words(papers["title"], papers["abstract"])
        namings = read_namings(texts, themes)
        return cls(papers["paper_id"], texts, Space.of(matrix), namings, counts)


def apply_themes(
    papers: pl.DataFrame, vectors: pl.DataFrame, *, learned: Sequence[LearnedTheme]
) -> pl.DataFrame:
    """Which of these papers are of which theme, by what other papers taught.

    Parameters
    ----------
    papers, vectors : as for `match_themes`; nothing is learned from them.
    learned : `Matching.learned` of other papers.

    Returns
    -------
    `THEME_PAPERS`; a paper's row does not depend on the papers beside it.
    """
    if not learned or papers.is_empty():
        return THEME_PAPERS.empty()
    corpus = _Corpus.read(*align(papers, vectors), [known.theme for known in learned])
    tables = []
    for number, known in enumerate(learned):
        scored = _score_theme(corpus, number, known, known.meaning.log_odds(corpus.space.vectors))
        inside = np.flatnonzero(scored.score >= known.threshold)
        tables.append(_table(corpus, number, known.theme, scored, inside))
    return THEME_PAPERS.conform(pl.concat(tables))


@dataclass(frozen=True)
class _Scored:
    """What speaks for a theme in each paper: companion words (word → reliability), what its words
    are `worth`, and its `score`, 0 where an exclusion stands.
    """

    companions: Mapping[str, float]
    worth: NDArray[np.float64]
    score: NDArray[np.float64]


def _learn(
    corpus: _Corpus, number: int, theme: Theme, encode: Encode
) -> tuple[LearnedTheme, NDArray[np.float64]]:
    """What a corpus teaches of a theme, and the log odds of its own papers' meaning."""
    strength = corpus.namings.strength[:, number]
    meaning, log_odds = learn_meaning(corpus.space, _prototype(theme, encode), strength)
    learned = LearnedTheme(theme, {}, meaning)
    for reliability in RELIABILITY:
        score = _score_theme(corpus, number, learned, log_odds).score
        companions = find_companions(corpus.counts, score, reliability=reliability)
        learned = LearnedTheme(theme, companions, meaning)
    score = _score_theme(corpus, number, learned, log_odds).score
    return replace(learned, threshold=choose_threshold(score)), log_odds


def _score_theme(
    corpus: _Corpus, number: int, learned: LearnedTheme, log_odds: NDArray[np.float64]
) -> _Scored:
    """Words and meaning of every paper, for one theme."""
    worth = corpus.namings.strength[:, number] + companion_strength(
        corpus.counts,
        learned.companions,
        n_papers=len(corpus.texts),
        n_phrases=len(learned.theme.phrases),
    )
    score = np.where(corpus.namings.excluded[:, number], 0.0, _score(worth, log_odds))
    return _Scored(learned.companions, worth, score)


def _nearest(scored: _Scored, threshold: float) -> NDArray[np.intp]:
    """The papers that fell short least, of those whose words say something of the theme."""
    score = scored.score
    outside = np.flatnonzero((scored.worth > 0) & (score > 0) & (score < threshold))
    return outside[np.argsort(-score[outside], kind="stable")][:MAX_NEAR_MISSES]


def _table(
    corpus: _Corpus, number: int, theme: Theme, scored: _Scored, chosen: NDArray[np.intp]
) -> pl.DataFrame:
    """Some papers of a theme with their evidence, as `THEME_PAPERS` has them."""
    rows = chosen.tolist()
    evidence = [
        quote_mentions(corpus.texts[row], corpus.namings.mentions[row, number])
        if corpus.namings.strength[row, number] > 0
        else quote_words(corpus.texts[row], scored.companions)
        for row in rows
    ]
    table = {
        "theme": [theme.name] * len(rows),
        "paper_id": corpus.paper_ids.gather(rows).to_list(),
        "score": scored.score[rows].tolist(),
        "evidence": evidence,
    }
    return pl.DataFrame(table, schema=THEME_PAPERS.schema)


def _prototype(theme: Theme, encode: Encode) -> NDArray[np.float32]:
    """The vector of a theme's phrases and, counting as much as all of them, its description."""
    said = encode(list(theme.phrases)).mean(axis=0)
    said /= max(float(np.linalg.norm(said)), 1e-12)
    if theme.description:
        said = said + encode([theme.description])[0]
    return np.asarray(said, dtype=np.float32)


def _score(strength: NDArray[np.float64], meaning: NDArray[np.float64]) -> NDArray[np.float64]:
    """The probability that a theme is central to a paper rather than absent from it."""
    odds = INTERCEPT + STRENGTH_SLOPE * np.log1p(strength) + MEANING_SLOPE * meaning
    score: NDArray[np.float64] = 1 / (1 + np.exp(-odds))
    return score
