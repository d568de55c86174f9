"""Words and stems: when two spellings are one word.

Stems are Snowball's for English (Porter 2001), after British spelling was made American; `noise`
and `noisy`, which Snowball keeps apart, share a stem.
"""

import re
from functools import cache
from typing import NamedTuple, Protocol

FUNCTION_WORDS = frozenset(
    re.findall(
        r"\w+",
        "a an and any are as at be been being both but by can each either even for from has have "
        "having if in into is it its may of often on or other our own over some such than that "
        "the their them these they this those to under up upon via was were when where which "
        "while with within",
    )
)
_BRITISH = (
    # not `noise`, `precise`, `otherwise`, `surprise`, `promise`, `premise`
    (
        re.compile(r"(?<![cvwo])(?<!pr)(?<!om)(?<!em)(?<=[a-z]{4})is(e|ed|es|er|ers|ing|ations?)$"),
        r"iz\1",
    ),
    (re.compile(r"ys(e|ed|es|er|ers|ing)$"), r"yz\1"),
    (
        re.compile(r"^(behavi|col|endeav|fav|flav|harb|hon|hum|lab|neighb|rum|tum|vap|vig)our"),
        r"\1or",
    ),
)
_DERIVED = re.compile(r"(ation|ion|ment|ness|ity|er|or|ist|ism|ive|able|ing)s?$")
_MADE = re.compile(r"[a-z]{3}iz(e|ed|es|er|ers|ing|ations?)$")


class Word(NamedTuple):
    """A word as far as matching goes: its stem, and the suffix that makes it another word.

    `distilled` and `distillation` share the stem; the suffix (here `ation`) tells them apart where
    a lone word is looked for. Inflections (`-s`, `-ed`) have no suffix.
    """

    stem: str
    suffix: str


class _Stemmer(Protocol):
    def stemWord(self, word: str) -> str: ...  # noqa: N802 (the library's name)


@cache
def _stemmer() -> _Stemmer:
    """Snowball's English stemmer, loaded at first use."""
    import snowballstemmer

    stemmer: _Stemmer = snowballstemmer.stemmer("english")
    return stemmer


def read_word(word: str) -> Word:
    """The stem and suffix of a word in lower case."""
    plain = re.sub(r"['’]s?$", "", word)
    for british, american in _BRITISH:
        plain = british.sub(american, plain)
    stem = _stemmer().stemWord(plain)
    derived = _DERIVED.search(plain)
    stem = stem.removesuffix("i") if len(stem) > 3 else stem
    if _MADE.search(plain) and not stem.endswith("iz"):  # "local" is not "localized"
        stem += "iz"
    return Word(stem, derived[1] if derived else "")
