"""Companion words: what papers of a theme say though no phrase of it is made of them.

`Mamba` for state space models, `3DGS` for Gaussian splatting, `unlearned` for machine unlearning:
words that are common among the surest papers of the theme, and rare elsewhere. They are found in
the corpus at hand, so a theme given as one bare phrase has them as well.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.themes.naming import TITLE_WEIGHT

SURE = 0.9  # score from which a paper shows what papers of the theme say
MIN_PAPERS = 5  # sure papers a theme needs, and papers a companion word must be in
MIN_COVERAGE = 0.10  # of the sure papers have the word
MIN_ODDS_RATIO = 8.0  # the odds that a paper with the word is of the theme, times those of any
MAX_COUNT = 3  # occurrences in one paper that count
COMPANION_WEIGHT = 0.8  # of a companion word's reliability, against a mention
MAX_STRENGTH = 3.0  # companions together are never worth more mentions than this …
FEW_PHRASES = 3  # … and less for a theme of more phrases: a paper without any is of another theme

_WORDS = r"\p{L}[\p{L}\p{N}]+|\p{N}+\p{L}[\p{L}\p{N}]*"


def count_words(titles: pl.Series, abstracts: pl.Series) -> pl.DataFrame:
    """How often each paper has each word, once in the title counting double.

    Returns
    -------
    One row per (paper, word): `paper` u32 (row number), `word` str (lower case, plural `s` taken
    off), `n` f64.
    """
    frame = pl.LazyFrame({"title": titles, "abstract": abstracts}).with_row_index("paper")

    def words(column: str, weight: float) -> pl.LazyFrame:
        """The words of one column, one a row."""
        found = pl.col(column).fill_null("").str.to_lowercase().str.extract_all(_WORDS)
        return frame.select("paper", word=found).explode("word").drop_nulls().with_columns(n=weight)

    return (
        pl.concat([words("title", TITLE_WEIGHT), words("abstract", 1.0)])
        .with_columns(pl.col("word").str.replace(r"^(.{2,}[^siu])s$", "$1"))
        .group_by("paper", "word")
        .agg(pl.col("n").sum())
        .collect()
    )


def find_companions(
    counts: pl.DataFrame, score: NDArray[np.float64], *, reliability: float
) -> dict[str, float]:
    """The companion words of a theme and the reliability of each.

    Parameters
    ----------
    counts : what `count_words` returns.
    score : how surely each paper is of the theme (n_papers,), 0 to 1, as far as is known.
    reliability : the least that a companion word must have.

    Returns
    -------
    Word → reliability, the share of the papers with the word that are of the theme, as the scores
    have it; empty if fewer than `MIN_PAPERS` papers are sure.
    """
    n_sure = int((score >= SURE).sum())
    if n_sure < MIN_PAPERS:
        return {}
    share = float(score.mean())
    odds = MIN_ODDS_RATIO * share / max(1 - share, 1e-9)
    sure = pl.DataFrame({"paper": np.flatnonzero(score >= SURE).astype(np.uint32)})
    common = (
        counts.join(sure, on="paper", how="semi")
        .group_by("word")
        .len()
        .filter(pl.col("len") >= MIN_COVERAGE * n_sure)
    )
    # Whole numbers, as their sum does not depend on the order of the papers.
    millionths = pl.DataFrame({"millionths": np.rint(1e6 * score).astype(np.int64)})
    companions = (
        counts.join(common, on="word", how="semi")
        .join(millionths.with_row_index("paper"), on="paper")
        .group_by("word")
        .agg(pl.len().alias("n_papers"), reliability=pl.col("millionths").sum() / (1e6 * pl.len()))
        .filter(
            pl.col("n_papers") >= MIN_PAPERS,
            pl.col("reliability") >= max(reliability, odds / (1 + odds)),
        )
        .sort("word")
    )
    return dict(companions.select("word", "reliability").iter_rows())


def companion_strength(
    counts: pl.DataFrame, companions: Mapping[str, float], *, n_papers: int, n_phrases: int
) -> NDArray[np.float64]:
    """What the companion words of each paper are worth, on the scale of the naming strength.

    Parameters
    ----------
    counts : what `count_words` returns for `n_papers` papers.
    companions : what `find_companions` returns for a theme of `n_phrases` phrases.
    """
    strength = np.zeros(n_papers)
    if companions:
        table = pl.DataFrame({"word": list(companions), "reliability": list(companions.values())})
        worth = (
            counts.join(table, on="word")
            .sort("paper", "word")
            .group_by("paper", maintain_order=True)
            .agg(worth=(pl.col("reliability") * pl.col("n").clip(upper_bound=MAX_COUNT)).sum())
        )
        strength[worth["paper"].to_numpy()] = worth["worth"].to_numpy()
    share = min(1.0, FEW_PHRASES / n_phrases)
    return share * np.minimum(COMPANION_WEIGHT * strength, MAX_STRENGTH)
