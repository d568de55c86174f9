"""Phrases to consider for a theme: its wording changes over the years, its watch list does not.

A paper that says `large language model` is no less of a theme that was written down as `deep
network`, but its words leave it out. Its meaning may put it in: such papers are gathered, and the
phrases that they say and the corpus at large does not are proposed. Nothing is added by itself;
a neighbouring subject, too, has phrases of its own.
"""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.config import Theme
from upwell.themes.naming import STRONG
from upwell.themes.ngrams import Ints, Runs, Words
from upwell.themes.phrases import read_phrase
from upwell.themes.words import FUNCTION_WORDS, read_word

MIN_STRONG = 10  # papers that name a theme strongly, below which its meaning is not known well
MIN_PAPERS = 5  # that mean the theme and say a phrase
MIN_Z = 4.0
MIN_FAVOURABLE = 0.5  # of all papers with a phrase, those whose meaning speaks for the theme
LEAST_PRIOR = 0.5  # papers; a phrase that the corpus has nowhere else keeps a finite variance
SAME_PAPERS = 0.8  # of a phrase's papers have a longer one: the longer one is what is said
MIN_OWN = 0.5  # of a phrase's papers, those that no better proposal brings
SINCE = 0.1  # quantile of the papers' dates
MAX_PROPOSALS = 5  # a theme
MAX_EXAMPLES = 3

PROPOSALS = pl.Schema(
    [
        ("theme", pl.String()),
        ("phrase", pl.String()),
        ("n_papers", pl.UInt32()),
        ("z", pl.Float64()),
        ("since", pl.Date()),
        ("examples", pl.List(pl.String)),
    ]
)


@dataclass(frozen=True)
class _Found:
    """A run of words with its z-score, and the rows of the papers it would bring."""

    words: tuple[str, ...]
    z: float
    rows: Ints

    def within(self, other: "_Found") -> bool:
        """Whether this run is a part of another, or the same."""
        n, longer = len(self.words), other.words
        return any(longer[i : i + n] == self.words for i in range(len(longer) - n + 1))


def propose_phrases(
    papers: pl.DataFrame,
    words: Words,
    *,
    theme: Theme,
    strength: NDArray[np.float64],
    log_odds: NDArray[np.float64],
    settled: NDArray[np.bool_],
) -> pl.DataFrame:
    """Phrases that papers say which mean a theme and have none of its phrases.

    Parameters
    ----------
    papers : `paper_id`, `title`, `abstract` and, if there is one, `published` (date).
    words : those of these papers.
    strength : naming strength of each paper (n_papers,).
    log_odds : of each paper's meaning (n_papers,).
    settled : papers that are in the theme already, or that an exclusion keeps out (n_papers,).

    Returns
    -------
    `PROPOSALS`, best first, at most `MAX_PROPOSALS`: the `phrase` (as most papers write it, lower
    case), the `n_papers` that it would bring, `z`, the day `since` which all but a tenth of these
    papers were published (null without dates), and the `examples` nearest in meaning. Empty if
    fewer than `MIN_STRONG` papers name the theme strongly.

    Source
    ------
    Log-odds ratio with an informative Dirichlet prior, as a z-score (Monroe, Colaresi & Quinn
    2008, equations 16 and 22), of papers with the phrase instead of its occurrences. That a longer
    phrase with the same papers goes first is from the C-value (Frantzi, Ananiadou & Mima 2000).
    """
    strong = strength >= STRONG
    if strong.sum() < MIN_STRONG:
        return pl.DataFrame(schema=PROPOSALS)
    left_out = (strength == 0) & ~settled
    # With the lower quartile instead of the median, neighbouring subjects get in: `imaging` for
    # deep learning, `semi-supervised learning` for label noise.
    meant = left_out & (log_odds > 0) & (log_odds >= np.median(log_odds[strong]))
    # Papers of the theme that say a phrase are no evidence against it.
    others = left_out & ~meant
    if meant.sum() < MIN_PAPERS or not others.any():
        return pl.DataFrame(schema=PROPOSALS)
    found = [
        run
        for runs in words.runs(meant, least=MIN_PAPERS)
        for run in _telling(runs, meant, others, favourable=log_odds > 0)
    ]
    own = _stems(theme)
    found = [run for run in found if not _made_of(run.words, own)]
    rows = [_row(papers, theme, run, log_odds) for run in _best(found)]
    return pl.DataFrame(rows, schema=PROPOSALS)


def _telling(
    runs: Runs,
    meant: NDArray[np.bool_],
    others: NDArray[np.bool_],
    *,
    favourable: NDArray[np.bool_],
) -> list[_Found]:
    """The runs of words that set papers that mean the theme apart from the others."""
    n_meant, n_others = runs.count(meant), runs.count(others)
    z = _z_scores(n_meant, n_others, int(meant.sum()), int(others.sum()))
    n_all = runs.count(np.ones(len(meant), dtype=np.bool_))
    good = (z >= MIN_Z) & (runs.count(favourable) >= MIN_FAVOURABLE * n_all)
    chosen = np.flatnonzero(good).tolist()
    papers = [runs.papers(run) for run in chosen]
    return [
        _Found(runs.text(run), float(z[run]), rows[meant[rows]])
        for run, rows in zip(chosen, papers, strict=True)
    ]


def _z_scores(
    n_meant: Ints, n_others: Ints, all_meant: int, all_others: int
) -> NDArray[np.float64]:
    """The log-odds ratio of each phrase between two sets of papers, in its standard errors.

    The prior is the two together, and counts for as many papers as mean the theme.
    """
    share = (n_meant + n_others) / (all_meant + all_others)
    prior = LEAST_PRIOR + all_meant * share
    without = LEAST_PRIOR + all_meant * (1 - share)
    odds_meant = (n_meant + prior) / (all_meant - n_meant + without)
    odds_others = (n_others + prior) / (all_others - n_others + without)
    variance = 1 / (n_meant + prior) + 1 / (n_others + prior)
    z: NDArray[np.float64] = np.log(odds_meant / odds_others) / np.sqrt(variance)
    return z


def _stems(theme: Theme) -> frozenset[str]:
    """The stems of a theme's phrases."""
    spellings = (s for phrase in theme.phrases for s in read_phrase(phrase).spellings)
    return frozenset(word.stem for spelling in spellings for word in spelling)


def _made_of(words: tuple[str, ...], stems: frozenset[str]) -> bool:
    """Whether a theme's own words are all that a run of words has."""
    return all(read_word(w).stem in stems for w in words if w not in FUNCTION_WORDS)


def _best(found: list[_Found]) -> list[_Found]:
    """The best runs of words, without parts of each other and what says the same."""
    whole = [
        run
        for run in found
        if not any(
            run is not other
            and len(other.rows) >= SAME_PAPERS * len(run.rows)
            and run.within(other)
            for other in found
        )
    ]
    chosen: list[_Found] = []
    brought: set[int] = set()
    for run in sorted(whole, key=lambda run: (-run.z, run.words)):
        folded = any(run.within(better) or better.within(run) for better in chosen)
        rows = set(run.rows.tolist())
        if folded or len(rows - brought) < max(MIN_PAPERS, MIN_OWN * len(rows)):
            continue
        chosen.append(run)
        brought |= rows
        if len(chosen) == MAX_PROPOSALS:
            break
    return chosen


def _row(
    papers: pl.DataFrame, theme: Theme, run: _Found, log_odds: NDArray[np.float64]
) -> dict[str, Any]:
    """A proposal, as `PROPOSALS` has it."""
    brought = papers[run.rows].with_columns(log_odds=log_odds[run.rows])
    nearest = brought.sort("log_odds", "paper_id", descending=[True, False])
    return {
        "theme": theme.name,
        "phrase": _as_written(brought, run.words),
        "n_papers": len(run.rows),
        "z": run.z,
        "since": _since(brought),
        "examples": nearest["paper_id"].head(MAX_EXAMPLES).to_list(),
    }


def _as_written(papers: pl.DataFrame, words: tuple[str, ...]) -> str:
    """How most papers write a run of words: with its hyphens and plurals, in lower case."""
    pattern = (
        r"\b" + r"[^\pL\pN.,;:()\[\]!?]+".join(f"{re.escape(word)}s?" for word in words) + r"\b"
    )
    text = pl.concat_str("title", "abstract", separator=" . ", ignore_nulls=True)
    written = papers.select(text.str.to_lowercase().str.extract_all(pattern).alias("w"))["w"]
    counted = Counter(" ".join(found.split()) for found in written.explode().drop_nulls())
    return min(counted, key=lambda found: (-counted[found], found), default=" ".join(words))


def _since(papers: pl.DataFrame) -> date | None:
    """The day from which all but a tenth of the dated papers are."""
    if "published" not in papers.columns:
        return None
    dates = papers["published"].drop_nulls().sort().to_list()
    return dates[int(SINCE * len(dates))] if dates else None
