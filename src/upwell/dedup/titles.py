"""What two titles say of each other, and what an abstract says of a title."""

import re

import polars as pl

# Share of common words, among all, from which two titles may be wordings of one.
SIMILAR = 0.5
# A title says enough to be that of one work only.
TELLING_WORDS, TELLING_CHARACTERS = 3, 15
# An abstract tells of a title if it has this share of the title's words, compared by their first
# letters; words of fewer letters tell nothing.
TOLD, TOLD_BEGINNING, TOLD_LETTERS = 0.66, 5, 4

# Words that make another paper of a title when only one of the two has them.
MARKERS = frozenset(
    # What a paper says of another one; parts of a series (other numbers are seen by their digits).
    re.findall(
        r"\w+",
        """
        addendum appendix comment comments correction corrections corrigenda corrigendum discussion
        errata erratum rejoinder reply response retracted retraction supplement supplementary
        part i ii iii iv v vi vii viii ix x first second third fourth fifth
        """,
    )
)
# What stands beside a marker ("Comment on the …", "Part 2").
BESIDE_MARKERS = rf"\b(?:{'|'.join(sorted(MARKERS))}|a|an|by|for|in|of|on|the|to|\d{{1,2}})\b"


def compare(a: str, b: str) -> str:
    """How two normalised titles stand to each other.

    Parameters
    ----------
    a, b : lower-case words with blanks between; empty if there is none.

    Returns
    -------
    `unknown` (one is missing) · `equal` (the same letters and digits) · `compatible` (one has words
    in addition: a subtitle, "(extended abstract)") · `similar` (each has words of its own but most
    are common) · `different` · `opposed` (only one has a number, or a word such as "part" or
    "erratum").

    Source
    ------
    Our definition.
    """
    if not a or not b:
        return "unknown"
    if a.replace(" ", "") == b.replace(" ", ""):
        return "equal"
    words_a, words_b = set(a.split()), set(b.split())
    only_a, only_b = words_a - words_b, words_b - words_a
    # A subtitle may speak of "3D", but "X" and "X 2", or "X 2020", are two of a series.
    is_subtitle = b.startswith(f"{a} ") or a.startswith(f"{b} ")
    number = r"\d$" if is_subtitle else r"\d"
    if any(word in MARKERS or re.search(number, word) for word in only_a | only_b):
        return "opposed"
    if not only_a or not only_b:
        return "compatible"
    common_share = len(words_a & words_b) / len(words_a | words_b)
    return "similar" if common_share >= SIMILAR else "different"


def tells_of(abstract: str, a: str, b: str) -> bool:
    """Whether an abstract tells of both titles, each by the words that the other has not.

    Parameters
    ----------
    abstract, a, b : lower-case words with blanks between.

    Source
    ------
    Our definition.
    """
    told = {word[:TOLD_BEGINNING] for word in abstract.split()}
    for title, other in ((a, b), (b, a)):
        words = [word for word in title.split() if len(word) >= TOLD_LETTERS]
        own = [word for word in words if word not in other.split()] or words
        if not own or sum(word[:TOLD_BEGINNING] in told for word in own) < TOLD * len(own):
            return False
    return True


def named_work(title_words: pl.Expr) -> pl.Expr:
    """The title without what makes a part, an erratum or a reply of it; null if it tells little.

    "Reply to: X", "Erratum to X", "X, Part II" and "X" name one work. A year is no part's number.
    """
    work = (
        title_words.str.replace_all(BESIDE_MARKERS, "").str.replace_all(" +", " ").str.strip_chars()
    )
    return pl.when(is_telling(work)).then(work)


def is_telling(title_words: pl.Expr) -> pl.Expr:
    """Whether a title says enough to be that of one work only ("Introduction" does not)."""
    n_words = title_words.str.count_matches(" ", literal=True) + 1
    n_characters = title_words.str.replace_all(" ", "", literal=True).str.len_chars()
    return (n_words >= TELLING_WORDS) & (n_characters >= TELLING_CHARACTERS)
