"""Companion words: what papers of a theme say though no phrase of it is made of them.

`Mamba` for state space models, `3DGS` for Gaussian splatting, `unlearned` for machine unlearning:
words that are common among the papers that name the theme strongly, and rare elsewhere. They are
found in the corpus at hand, so a theme given as one bare phrase has them as well.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.themes.naming import STRONG, TITLE_WEIGHT

NAMED = 0.8  # naming strength from which a paper counts as naming the theme at all
MIN_PAPERS = 5  # strong papers a theme needs, and papers a companion word must be in
MIN_COVERAGE = 0.10  # of the strong papers have the word
MIN_RELIABILITY = 0.35  # of the papers with the word name the theme …
MIN_ODDS_RATIO = 8.0  # … and the odds of it are this many times those of all papers
MAX_COUNT = 3  # occurrences in one paper that count
COMPANION_WEIGHT = 0.8  # of a companion word's reliability, against a mention
MAX_STRENGTH = 1.0  # companions together are never worth more than one mention …
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


def find_companions(counts: pl.DataFrame, strength: NDArray[np.float64]) -> dict[str, float]:
    """The companion words of a theme and the reliability of each.

    Parameters
    ----------
    counts : what `count_words` returns.
    strength : naming strength of each paper (n_papers,).

    Returns
    -------
    Word → reliability, the share of the papers with the word that name the theme; empty if fewer
    than `MIN_PAPERS` papers name it strongly.
    """
    n_strong = int((strength >= STRONG).sum())
    if n_strong < MIN_PAPERS:
        return {}
    papers = pl.DataFrame(
        {"named": strength >= NAMED, "strong": strength >= STRONG}
    ).with_row_index("paper")
    share = float((strength >= NAMED).mean())
    odds = MIN_ODDS_RATIO * share / max(1 - share, 1e-9)
    least = max(MIN_RELIABILITY, odds / (1 + odds))
    companions = (
        counts.lazy()
        .join(papers.lazy(), on="paper")
        .group_by("word")
        .agg(pl.len().alias("n_papers"), pl.col("named").mean(), pl.col("strong").sum())
        .filter(
            pl.col("n_papers") >= MIN_PAPERS,
            pl.col("strong") >= MIN_COVERAGE * n_strong,
            pl.col("named") >= least,
        )
        .sort("word")
        .collect()
    )
    return dict(companions.select("word", "named").iter_rows())


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
