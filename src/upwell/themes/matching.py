"""Papers and themes: words and meaning together, and a probability.

`tests/theme_judgements.csv` holds 3,547 judgements (core, borderline, no) on twelve themes; 565
of them are on papers drawn at random and read, without a score, only when the matcher was ready.
Matched over a corpus of 69,175 papers, precision / recall of core against no is
(tests/benchmarks/bench_themes.py, static encoder; drawn papers count as many as they stand for):

                                  three listed themes        bare phrases
                                   drawn       fresh       drawn       fresh
    phrases as they are written   .78 / .86   .78 / .88   .93 / .82   .95 / .67
    phrases, inflections included .69 / .95  .72 / .98   .81 / .83   .93 / .71
    similarity, at its best cut   .29 / .70   .29 / .88   .17 / 1.0   .63 / .89
    words and meaning (this)      .92 / .91   .94 / .95   .97 / .98   .91 / .82

By theme: label noise .95 / .80 (fresh), distillation .94 / .97 (fresh), local/global attention
1.0 / .74 (drawn; no member was left unread to draw a fresh one). `drawn` was looked at when the cut
and some phrases were chosen. A second reader of the same papers gives the listed themes .93 / .93.
Of the papers picked for being doubtful, .91 / .79 (listed) and .92 / .88 (bare) come out right.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.config import Theme
from upwell.tables import THEME_PAPERS
from upwell.themes.aligned import align
from upwell.themes.evidence import quote_mentions, quote_words
from upwell.themes.learning import (
    Corpus,
    Encode,
    Evidence,
    LearnedTheme,
    Scored,
    learn_theme,
    score_theme,
    weigh_words,
)
from upwell.themes.naming import Namings
from upwell.themes.ngrams import Words
from upwell.themes.notes import theme_notes
from upwell.themes.proposals import PROPOSALS, propose_phrases

MAX_NEAR_MISSES = 50  # a theme
MOST_LEARNED = 100_000
"""Papers that themes are learned from; they are applied to the others. A million took 17 GB.

Learned from 35,000 of the 69,175 papers above, fresh papers come out at .90 / .90 (listed) and
.95 / .75 (bare): half as many papers of a theme teach a little less.
"""
_BLOCK = 50_000  # papers that it is applied to at a time


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
    its words name the theme, how its meaning compares with the papers of this corpus that name it
    strongly, and what else it says. Papers that say no word of a theme are members only as far as
    the theme goes unnamed (`unnamed.py`). Of more than `MOST_LEARNED` papers those with the first
    ids, hashes and so a sample at random, teach what the themes are; near misses and proposals are
    theirs.

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
    first = papers.head(MOST_LEARNED)
    corpus = Corpus.read(first, matrix[:MOST_LEARNED], themes)
    words = Words.of(first["title"], first["abstract"]) if propose else None
    members, misses, proposals = [], [], [PROPOSALS.to_frame()]
    learned = []
    for number, theme in enumerate(themes):
        known, scored, log_odds = learn_theme(corpus, number, theme, encode)
        is_member = scored.score >= known.threshold
        learned.append(known)
        members.append(_table(corpus, number, known, scored, np.flatnonzero(is_member)))
        misses.append(_table(corpus, number, known, scored, _nearest(scored, known.threshold)))
        if words:
            proposals.append(
                propose_phrases(
                    first,
                    words,
                    theme=theme,
                    strength=corpus.namings.strength[:, number],
                    log_odds=log_odds,
                    settled=is_member | corpus.namings.excluded[:, number],
                )
            )
    namings = [corpus.namings]
    del corpus, words  # before the others are read: they are large
    for start in range(MOST_LEARNED, papers.height, _BLOCK):
        block = slice(start, start + _BLOCK)
        table, said = _applied(papers[block], matrix[block], learned)
        members.append(table)
        namings.append(said)
    theme_papers = THEME_PAPERS.conform(pl.concat(members))
    return Matching(
        theme_papers,
        THEME_PAPERS.conform(pl.concat(misses)),
        tuple(learned),
        tuple(_notes(themes, theme_papers, namings)),
        pl.concat(proposals),
    )


def _notes(
    themes: Sequence[Theme], theme_papers: pl.DataFrame, namings: Sequence[Namings]
) -> Iterator[str]:
    """What is out of the ordinary with each theme, from what all blocks of papers say."""
    for number, theme in enumerate(themes):
        n_members = theme_papers.filter(theme=theme.name).height
        strength = np.concatenate([said.strength[:, number] for said in namings])
        unseen = [p for p in theme.phrases if all(p in said.unseen[number] for said in namings)]
        yield from theme_notes(theme, n_members, strength, unseen)


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
    papers, matrix = align(papers, vectors)
    blocks = [slice(start, start + _BLOCK) for start in range(0, papers.height, _BLOCK)]
    tables = [_applied(papers[block], matrix[block], learned)[0] for block in blocks]
    return THEME_PAPERS.conform(pl.concat(tables))


def _applied(
    papers: pl.DataFrame, matrix: NDArray[np.float32], learned: Sequence[LearnedTheme]
) -> tuple[pl.DataFrame, Namings]:
    """Which papers are of which theme, by what others taught, and what their words say of them."""
    themes = [known.theme for known in learned]
    corpus = Corpus.read(papers, matrix, themes, learned[0].vocabulary)  # one taught them all
    tables = []
    for number, known in enumerate(learned):
        meaning = known.meaning.log_odds(corpus.space.vectors)
        said = known.wording.at(corpus.weights) if known.wording else np.zeros(len(papers))
        evidence = Evidence(weigh_words(corpus, number, known), meaning, said)
        scored = score_theme(corpus, number, known, evidence)
        inside = np.flatnonzero(scored.score >= known.threshold)
        tables.append(_table(corpus, number, known, scored, inside))
    return pl.concat(tables), corpus.namings


def _nearest(scored: Scored, threshold: float) -> NDArray[np.intp]:
    """The papers that fell short least, of those whose words say something of the theme."""
    score = scored.score
    outside = np.flatnonzero((scored.worth > 0) & (score > 0) & (score < threshold))
    return outside[np.argsort(-score[outside], kind="stable")][:MAX_NEAR_MISSES]


def _table(
    corpus: Corpus, number: int, known: LearnedTheme, scored: Scored, chosen: NDArray[np.intp]
) -> pl.DataFrame:
    """Some papers of a theme with their evidence, as `THEME_PAPERS` has them."""
    rows = chosen.tolist()
    table = {
        "theme": [known.theme.name] * len(rows),
        "paper_id": corpus.paper_ids.gather(rows).to_list(),
        "score": scored.score[rows].tolist(),
        "evidence": [_evidence(corpus, number, known, scored, row) for row in rows],
    }
    return pl.DataFrame(table, schema=THEME_PAPERS.schema)


def _evidence(corpus: Corpus, number: int, known: LearnedTheme, scored: Scored, row: int) -> str:
    """Words of a paper: its phrases, else its companion words, else those that say most."""
    if corpus.namings.strength[row, number] > 0:
        return quote_mentions(corpus.texts[row], corpus.namings.mentions[row, number])
    if scored.worth[row] > 0 or known.wording is None:
        return quote_words(corpus.texts[row], known.companions)
    telling = known.wording.telling_words(corpus.weights[[row]], corpus.vocabulary)
    return quote_words(corpus.texts[row], telling)
