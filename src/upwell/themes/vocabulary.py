"""How the vocabulary of a paper speaks for a theme: what its papers say beside its phrases.

Every word counts a little, for or against: papers on label noise speak of annotators, corruption
and robust losses, papers that mention it once of something else. Which words count how much is
learned from the papers of this very corpus that words and meaning make sure of.
"""

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

SURE = 0.8  # first score from which a paper is an example of the theme
UNLIKELY = 0.5  # first score below which a paper that names the theme is an example of the others
MIN_PAPERS = 10  # a word is in, to count; fewer in a small corpus
MAX_OTHERS = 8000  # papers that do not name the theme, to learn from
RIDGE = 3e-4  # times the papers learned from
PRIOR_EXAMPLES = 10.0  # examples at which the corpus counts as much as saying nothing
TELLING_WORDS = 3  # of a paper, that are shown
FOLDS = 5  # a paper is judged by what the other folds teach


@dataclass(frozen=True)
class Vocabulary:
    """The words of a corpus: `words` has `word` and `column`, `idf` (n_words,) what each weighs."""

    words: pl.DataFrame
    idf: Floats

    @classmethod
    def of(cls, counts: pl.DataFrame, n_papers: int) -> "Vocabulary":
        """The vocabulary of a corpus of `n_papers`, of which `count_words` returns `counts`."""
        least = min(MIN_PAPERS, max(2, n_papers // 100))
        words = (
            counts.group_by("word")
            .len("n_papers")
            .filter(pl.col("n_papers") >= least)
            .sort("word")
            .with_row_index("column")
        )
        idf = np.log((1 + n_papers) / (1 + words["n_papers"].to_numpy())) + 1
        return cls(words.select("word", "column"), idf)

    def weigh(self, counts: pl.DataFrame, n_papers: int) -> "csr_array":
        """What the words of any papers weigh (n_papers, n_words): rows of length 1.

        A word weighs 1 + the log of its count, times its idf.
        """
        from scipy.sparse import csr_array

        known = counts.join(self.words, on="word").sort("paper", "column")
        row, column = known["paper"].to_numpy(), known["column"].to_numpy()
        weight = (1 + np.log(known["n"].to_numpy())) * self.idf[column]
        length = np.sqrt(np.bincount(row, weights=weight**2, minlength=n_papers))
        shape = (n_papers, len(self.idf))
        return csr_array((weight / length[row], (row, column)), shape=shape)


@dataclass(frozen=True)
class Wording:
    """What a corpus teaches about the words of a theme, to be applied to any paper.

    `weights` (n_words,) and `level`: the words of a paper sum up to about 1 for papers of the
    theme, -1 for others, and all of it is drawn to 0 the fewer examples there are.
    """

    weights: Floats
    level: float

    def at(self, rows: "csr_array") -> Floats:
        """How far papers speak for the theme, by what their words weigh (n_papers, n_words)."""
        along: Floats = rows @ self.weights + self.level
        return along

    def telling_words(self, row: "csr_array", vocabulary: Vocabulary) -> list[str]:
        """The words of a paper (1, n_words) that speak most for the theme, best first."""
        entries = row.tocoo()
        says = entries.data * self.weights[entries.col]
        best = np.argsort(-says, kind="stable")[:TELLING_WORDS]
        return vocabulary.words["word"].gather(entries.col[best[says[best] > 0]]).to_list()


def learn_wording(
    rows: "csr_array", paper_ids: pl.Series, first: Floats, strength: Floats
) -> tuple[Wording, Floats]:
    """What papers teach of the words of a theme, and how far these papers' own speak for it.

    A paper is judged by papers of other folds, so that it does not vouch for itself.

    Parameters
    ----------
    rows : what the words of each paper weigh (n_papers, n_words).
    paper_ids : they decide the folds, and who of many others is learned from.
    first : how surely each paper is of the theme (n_papers,), as far as is known.
    strength : naming strength (n_papers,).

    Returns
    -------
    The wording, and for each paper of the corpus how far its words speak for the theme (n_papers,);
    0 for all if there is nothing to learn from.

    Source
    ------
    Ridge regression of one class against the other, both counting the same (Hoerl & Kennard 1970).
    """
    keys = np.array([zlib.crc32(paper.encode()) for paper in paper_ids])
    examples, others = first > SURE, _others(first, strength, keys)
    nothing = Wording(np.zeros(rows.shape[1]), 0.0)
    own = np.zeros(len(keys))
    if not rows.shape[1] or not examples.any() or not others.any():
        return nothing, own
    trust = examples.sum() / (examples.sum() + PRIOR_EXAMPLES)
    fold = keys % FOLDS
    for learns, judged in ((fold != f, np.flatnonzero(fold == f)) for f in range(FOLDS)):
        wording = _fit(rows, examples & learns, others & learns)
        own[judged] = trust * wording.at(rows[judged])
    wording = _fit(rows, examples, others)
    return Wording(trust * wording.weights, trust * wording.level), own


def _others(first: Floats, strength: Floats, keys: NDArray[np.int64]) -> Mask:
    """Papers that are not of the theme: those that name it in passing, and some of the rest."""
    others = (first < UNLIKELY) & (strength > 0)
    rest = np.flatnonzero((first < UNLIKELY) & (strength == 0))
    others[rest[np.argsort(keys[rest], kind="stable")[:MAX_OTHERS]]] = True
    return others


def _fit(rows: "csr_array", examples: Mask, others: Mask) -> Wording:
    """Ridge regression of the examples (1) against the others (-1)."""
    from sklearn.linear_model import Ridge

    learned = np.flatnonzero(examples | others)
    is_example = examples[learned]
    n_examples, n_others = int(is_example.sum()), int((~is_example).sum())
    if not n_examples or not n_others:
        return Wording(np.zeros(rows.shape[1]), 0.0)
    counted = len(learned) * np.where(is_example, 1 / n_examples, 0.5 / n_others)
    fit = Ridge(alpha=RIDGE * len(learned), solver="sparse_cg", tol=1e-6)
    fit.fit(rows[learned], np.where(is_example, 1.0, -1.0), sample_weight=counted)
    return Wording(np.asarray(fit.coef_, dtype=np.float64), float(fit.intercept_))
