"""Which papers say which runs of one to three words, counted fast enough for every theme.

Words are numbers and a run of them is one number, so that a corpus is counted by sorting integers.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.themes.words import FUNCTION_WORDS

MAX_WORDS = 3
# Words that a phrase neither begins nor ends with, besides those without a meaning of their own.
EDGE_WORDS = FUNCTION_WORDS | frozenset(
    re.findall(
        r"\w+",
        "i we us you he she here there not no nor only also more most much many few very well how "
        "what why who whom whose all every each any one two three several various same new novel "
        "recent recently first second then thus hence therefore however although though because "
        "since so if between among across through during before after about against over out off "
        "without per do does did done will would could should might must use used uses using based "
        "propose proposed proposes show shows shown present presents paper work approach et al",
    )
)

_PIECE = r"[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)?|[.,;:()\[\]!?]"
_BREAK = "."  # what no run of words crosses

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Words:
    """The words of a corpus, one after the other.

    `paper` and `word` (n_tokens,) say in which paper stands which word, by its place in
    `vocabulary`; place 0 is the end of a sentence or clause. `starts` are the tokens at which a
    phrase of 1, 2, … `MAX_WORDS` words may begin, `singles` each (word, paper) of those of one, as
    word × n_papers + paper: they are the same for all themes.
    """

    n_papers: int
    paper: NDArray[np.int32]
    word: NDArray[np.int32]
    vocabulary: tuple[str, ...]
    starts: tuple[NDArray[np.intp], ...]
    singles: Ints

    @classmethod
    def of(cls, titles: pl.Series, abstracts: pl.Series) -> "Words":
        """Read titles and abstracts; hyphens are read open, a plural `s` is taken off."""
        text = pl.concat_str("title", "abstract", separator=" . ", ignore_nulls=True) + " ."
        tokens = (
            pl.DataFrame({"title": titles, "abstract": abstracts})
            .lazy()
            .with_row_index("paper")
            .select("paper", word=text.str.to_lowercase().str.extract_all(_PIECE))
            .explode("word", empty_as_null=False)
            .collect()
        )
        written = tokens["word"].unique().sort()
        singular = written.str.replace(r"^(.{2,}[^siu])s$", "$1")
        singular = singular.str.replace(r"^[.,;:()\[\]!?]$", _BREAK)
        vocabulary = sorted({*singular.to_list(), _BREAK})  # a full stop sorts before all letters
        place = {word: number for number, word in enumerate(vocabulary)}
        places = np.array([place[word] for word in singular.to_list()], dtype=np.int32)
        word = places[tokens["word"].cast(pl.Enum(written)).to_physical().to_numpy()]
        edge = np.array([_is_edge(word) for word in vocabulary])
        paper = tokens["paper"].to_numpy().astype(np.int32)
        starts = tuple(_starts(word, edge, length) for length in range(1, MAX_WORDS + 1))
        singles = _distinct(word[starts[0]].astype(np.int64) * titles.len() + paper[starts[0]])
        return cls(titles.len(), paper, word, tuple(vocabulary), starts, singles)

    def runs(self, inside: NDArray[np.bool_], *, least: int) -> Iterator["Runs"]:
        """The runs of words that at least so many of some papers have, and all papers with them.

        Parameters
        ----------
        inside : which papers are looked at for runs (n_papers,).
        least : how many of them must have a run.

        Returns
        -------
        One for each length, from 1 to `MAX_WORDS` words.
        """
        for length in range(1, MAX_WORDS + 1):
            starts = self.starts[length - 1]
            here = starts[inside[self.paper[starts]]]
            keys, found = np.unique(self._keys(here, length), return_inverse=True)
            n_papers = np.bincount(self._apart(found, here) // self.n_papers, minlength=len(keys))
            keys = keys[n_papers >= least]
            yield Runs(self, length, keys, self._with(keys, starts, length))

    def text(self, key: int, length: int) -> tuple[str, ...]:
        """The words of a run."""
        places = []
        for _ in range(length):
            key, place = divmod(key, len(self.vocabulary))
            places.append(place)
        return tuple(self.vocabulary[place] for place in reversed(places))

    def _keys(self, starts: NDArray[np.intp], length: int) -> Ints:
        """The number of each run."""
        keys = np.zeros(len(starts), dtype=np.int64)
        for offset in range(length):
            keys = keys * len(self.vocabulary) + self.word[starts + offset]
        return keys

    def _with(self, keys: Ints, starts: NDArray[np.intp], length: int) -> Ints:
        """Each (run, paper) once, as run × n_papers + paper."""
        if not len(keys):
            return np.zeros(0, dtype=np.int64)
        if length == 1:
            place = np.full(len(self.vocabulary), -1)
            place[keys] = np.arange(len(keys))
            run, paper = np.divmod(self.singles, self.n_papers)
            run = place[run]
            return (run * self.n_papers + paper)[run >= 0]
        left = keys
        for offset in reversed(range(length)):  # a look at single words rules most places out
            left, place = np.divmod(left, len(self.vocabulary))
            wanted = np.zeros(len(self.vocabulary), dtype=np.bool_)
            wanted[place] = True
            starts = starts[wanted[self.word[starts + offset]]]
        found = self._keys(starts, length)
        at = np.minimum(np.searchsorted(keys, found), len(keys) - 1)
        same = keys[at] == found
        return self._apart(at[same], starts[same])

    def _apart(self, run: NDArray[np.intp], starts: NDArray[np.intp]) -> Ints:
        """Each (run, paper) once, as run × n_papers + paper."""
        return _distinct(run.astype(np.int64) * self.n_papers + self.paper[starts])


@dataclass(frozen=True)
class Runs:
    """Runs of words of one length: `keys` (n_runs,), and `pairs`, run × n_papers + paper."""

    words: Words
    length: int
    keys: Ints
    pairs: Ints

    def count(self, papers: NDArray[np.bool_]) -> Ints:
        """How many of some papers (a mask) have each run."""
        run, paper = np.divmod(self.pairs, self.words.n_papers)
        return np.bincount(run[papers[paper]], minlength=len(self.keys))

    def papers(self, run: int) -> Ints:
        """The papers with a run, by their row."""
        n_papers = self.words.n_papers
        first, last = np.searchsorted(self.pairs, (run * n_papers, (run + 1) * n_papers))
        return self.pairs[first:last] - run * n_papers

    def text(self, run: int) -> tuple[str, ...]:
        """The words of a run."""
        return self.words.text(int(self.keys[run]), self.length)


def _distinct(numbers: Ints) -> Ints:
    """Each number once, in order; for millions, faster than `np.unique`, which hashes them."""
    numbers = np.sort(numbers)
    first = np.ones(len(numbers), dtype=np.bool_)
    first[1:] = numbers[1:] != numbers[:-1]
    return numbers[first]


def _starts(word: NDArray[np.int32], edge: NDArray[np.bool_], length: int) -> NDArray[np.intp]:
    """Where a run of so many words begins that could be a phrase."""
    n_starts = max(len(word) - length + 1, 0)
    at_edge = edge[word]
    good = at_edge[:n_starts] & at_edge[length - 1 : length - 1 + n_starts]
    for between in range(1, length - 1):
        good &= word[between : between + n_starts] > 0
    return np.flatnonzero(good)


def _is_edge(word: str) -> bool:
    """Whether a phrase may begin and end with a word: one with a letter and a meaning."""
    return len(word) > 1 and word not in EDGE_WORDS and bool(re.search(r"[^\W\d_]", word))
