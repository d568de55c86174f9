"""Phrases of papers: runs of one to three words that could name a topic.

A phrase is known by its key, in which the spellings of one thing meet: lower case, singular, no
hyphens, an abbreviation written out when the papers say what it stands for. `spell` leads from
keys back to how the papers write them.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from upwell.topics.words import BOILERPLATE, BREAKERS, GENERIC, LY_NOUNS, WEAK

MAX_WORDS = 4

_NOT_TEXT = re.compile(r"https?://\S+|\$[^$]{0,200}\$|\\[A-Za-z]+")
_WORD = re.compile(r"[^\W_]+(?:[-'’+&][^\W_]+)*\+*")
_ABBREVIATED = re.compile(r"((?:[\w-]+ ){1,6})\(([A-Z][A-Za-z-]{0,6}[A-Z0-9])s?\)")


class Word(NamedTuple):
    """A word as written, its key, and whether its capital may come from a sentence's start."""

    text: str
    key: str
    opens: bool


class Run(NamedTuple):
    """Words without a break, and whether they are whole.

    They are not where a noun or adjective of `BOILERPLATE` follows, as in `causal effects`.
    """

    words: list[Word]
    is_whole: bool


def word_key(word: str) -> str:
    """A word in lower case and in the singular, without hyphens."""
    return _singular(_plain(word)).replace("-", "")


def _plain(word: str) -> str:
    """A word in lower case, without a possessive."""
    return word.lower().replace("’", "'").removesuffix("'s")


def _singular(word: str) -> str:
    """A plural noun (or a verb in -s) without its ending; other words as they are."""
    if len(word) <= 3 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and word not in {"series", "species"}:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    return word if word in {"series", "species", "bias", "bayes"} else word[:-1]


def _is_break(word: str) -> bool:
    """Whether no phrase runs across a word: grammar, boilerplate, adverbs, numbers, letters."""
    return (
        word in BREAKERS
        or len(word) == 1
        or (word[0].isdigit() and not any(c.isalpha() for c in word))
        or (word.endswith("ly") and word not in LY_NOUNS and word not in WEAK)
    )


def runs(text: str) -> Iterator[Run]:
    """The stretches of a text without punctuation or a breaking word in them."""
    text = _NOT_TEXT.sub(" . ", text)
    words: list[Word] = []
    end = 0
    for match in _WORD.finditer(text):
        gap = text[end : match.start()]
        opens = end == 0 or any(c in ".!?:" for c in gap)
        end = match.end()
        if gap.strip() and words:
            yield Run(words, is_whole=True)
            words = []
        plain = _plain(match[0])
        single = _singular(plain)
        if not (_is_break(plain) or _is_break(single)):
            words.append(Word(match[0], single.replace("-", ""), opens))
        elif words:
            yield Run(words, is_whole=single not in BOILERPLATE)
            words = []
    if words:
        yield Run(words, is_whole=True)


def _candidates(
    text: str, abbreviated: Mapping[str, str]
) -> Iterator[tuple[str, list[Word], bool]]:
    """Every phrase in a text that could name something: key, words, whether it ends its run."""
    for words, is_whole in runs(text):
        keys = [abbreviated.get(word.key, word.key) for word in words]
        for i in range(len(words)):
            for j in range(i + 1, min(i + MAX_WORDS, len(words)) + 1):
                key = " ".join(keys[i:j])
                if key not in WEAK and key not in GENERIC and len(set(keys[i:j])) == j - i:
                    yield key, words[i:j], is_whole and j == len(words)


def abbreviations(texts: Iterable[str]) -> dict[str, str]:
    """What the papers say their abbreviations stand for.

    Parameters
    ----------
    texts : such as abstracts; `large language models (LLMs)` defines `LLM`.

    Returns
    -------
    Key of the abbreviation → key of what it stands for, of at most `MAX_WORDS` words; for an
    abbreviation with several meanings the most frequent one, if it is most of them.

    Source
    ------
    Our definition, after Schwartz & Hearst (2003): the words' initials must spell it.
    """
    meanings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for text in texts:
        for match in _ABBREVIATED.finditer(text):
            long = _spelled_by(match[2], match[1].split())
            if long:
                meanings[word_key(match[2])][" ".join(map(word_key, long))] += 1
    known = {}
    for short, counts in sorted(meanings.items()):
        meaning, n = min(counts.items(), key=lambda item: (-item[1], item[0]))
        if n >= 2 and 2 * n > counts.total() and short not in meaning.split():
            known[short] = meaning
    return known


def _spelled_by(short: str, before: list[str]) -> list[str]:
    """The last of some words whose initials spell an abbreviation; empty if none do."""
    letters = [c.lower() for c in short if c.isalnum()]
    for n in range(1, min(MAX_WORDS, len(before)) + 1):
        initials = [part[0].lower() for word in before[-n:] for part in word.split("-") if part]
        if initials == letters:
            return before[-n:]
    return []


def phrases(text: str, abbreviated: Mapping[str, str]) -> dict[str, bool]:
    """Phrases of a text.

    Parameters
    ----------
    text : such as a title or an abstract.
    abbreviated : from `abbreviations`; an abbreviation counts as what it stands for.

    Returns
    -------
    Key of each phrase → whether it ends a run somewhere. `graph neural` never does, for a noun
    follows it: it is a piece of a phrase.
    """
    found: dict[str, bool] = {}
    for key, _, is_end in _candidates(text, abbreviated):
        found[key] = found.get(key, False) or is_end
    return found


def spell(
    keys: Collection[str],
    titles: Iterable[str],
    abstracts: Iterable[str],
    abbreviated: Mapping[str, str],
) -> dict[str, str]:
    """How the papers write phrases.

    Parameters
    ----------
    keys : of the phrases to spell.
    titles, abstracts : where to look. A capital at a sentence's start or in a title says
        nothing, so the spelling inside sentences decides; a phrase that is only in titles gets
        its plain capitals lowered.
    abbreviated : from `abbreviations`; what one stands for is written out, other phrases are as
        the papers have them.

    Returns
    -------
    Key → the most frequent spelling (of several, the first in the alphabet).
    """
    wanted = set(keys)
    inside: defaultdict[str, Counter[str]] = defaultdict(Counter)
    elsewhere: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for texts, is_title in ((titles, True), (abstracts, False)):
        for text in texts:
            for key, run, _ in _candidates(text, abbreviated):
                if key in wanted:
                    written = " ".join(word.text for word in run)
                    if is_title or run[0].opens:
                        elsewhere[key][_lower_plain(written)] += 1
                    else:
                        inside[key][written] += 1
    meanings = set(abbreviated.values())
    return {
        key: _usual(key, inside[key], elsewhere[key], key in meanings) for key in sorted(wanted)
    }


def _usual(key: str, inside: Counter[str], elsewhere: Counter[str], is_meaning: bool) -> str:
    """The most frequent spelling of a phrase: its words and number first, then its capitals."""
    known = inside + elsewhere
    if is_meaning:  # written out where it is at all
        known = Counter({s: n for s, n in known.items() if s.count(" ") == key.count(" ")}) or known
    counts = Counter({s: n for s, n in inside.items() if s in known}) or known
    if not counts:
        return key
    wording: Counter[str] = Counter()
    for spelling, n in counts.items():
        is_plural = word_key(spelling.split()[-1]) != _plain(spelling.split()[-1]).replace("-", "")
        wording[spelling.lower()] += 3 * n if is_plural else 2 * n  # names of fields are plural
    usual = min(wording, key=lambda s: (-wording[s], s))
    same = {s: n for s, n in counts.items() if s.lower() == usual}
    return min(same, key=lambda s: (-same[s], s.swapcase()))  # of equals, the plainer


def _lower_plain(phrase: str) -> str:
    """A phrase with its plainly capitalised words (`Noise`, not `BERT` or `3D`) lowered."""
    return " ".join(
        w.lower() if all(p[1:].islower() or len(p) == 1 for p in w.split("-") if p) else w
        for w in phrase.split()
    )
