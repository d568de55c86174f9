"""Phrases in running text: where a paper names a theme, in whatever inflection.

A phrase is found as its stems close together in one sentence: `label noise` stands in
`label-noise`, `noisy labels`, `noise in the training labels` and `labels that are noisy`.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import polars as pl

from upwell.themes.words import FUNCTION_WORDS, Word, read_word

MAX_GAP = 3  # words with a meaning of their own that may stand between the words of a phrase
GAP_FIT = 0.75  # what each of them leaves of the fit
BREAK_FIT = 0.7  # what each comma, bracket or preposition in between leaves of it
MIN_FIT = 0.4
LISTED_WEIGHT = 0.3  # "such as pruning, distillation and quantisation"
_OPENING = 3  # letters
_LONG_OPENING = 5

_WORD = r"[^\W_]+(?:['’][^\W_]+)?"
_TOKEN = re.compile(rf"{_WORD}|[,;:()\[\]]|(?<=\w)[-‐‑–/](?=\w)")
_HYPHENS = frozenset("-‐‑–/")
# The same for polars, whose \w is another; a chain is words tied by hyphens, `self-attention`.
_WORDS = r"[\p{L}\p{N}]+(?:['’][\p{L}\p{N}]+)?"
_CHAINS = r"[\p{L}\p{N}_'’]+(?:[-‐‑–/][\p{L}\p{N}_'’]+)+"
SENTENCE_END = re.compile(r"[.!?]\s")
_DENIALS = frozenset(("without", "no", "non", "avoid", "avoids", "avoiding", "instead"))
_COORDINATORS = frozenset(("and", "or"))
_PREPOSITIONS = frozenset(("of", "in", "on", "for", "to", "from", "with", "by", "into", "via"))
_AWAY = re.compile(r"\b(?:to|towards?|over|on|onto|for|by|into|across|alongside)\b", re.IGNORECASE)
_TIE = re.compile(rf"[-‐‑–/]|\b(?:{'|'.join(sorted(FUNCTION_WORDS))})\b", re.IGNORECASE)
_ADJECTIVE = re.compile(r"(?:y|ed|al|ive|ous)$", re.IGNORECASE)
_LIST_BEFORE = re.compile(
    r"(?:[,(]|\b(?:and|or|like|as well as|such as|including|e\.g\.))\s*(?:[\w-]+\s+)?$",
    re.IGNORECASE,
)
_LIST_AFTER = re.compile(r"^(?:\s+[\w-]+)?\s*(?:[,;.)]|$|\b(?:and|or|as well as)\b)", re.IGNORECASE)


class _Spot(NamedTuple):
    """A word of some phrase in a text, and how much stands before it."""

    position: int  # words before it in the text
    n_content: int  # those of them with a meaning of their own
    n_commas: int
    n_prepositions: int
    coordinated: bool  # the last of them is "and" or "or"
    word: Word
    start: int
    end: int


class Mention(NamedTuple):
    """A phrase found in a text, `text[start:end]`.

    `fit` says how closely its words stand together, `weight` what it counts where it stands; both
    are 0 to 1.
    """

    start: int
    end: int
    weight: float
    fit: float = 1.0


@dataclass(frozen=True)
class Phrase:
    """A phrase to look for: the words it may be written with."""

    text: str
    spellings: tuple[tuple[Word, ...], ...]


def read_phrase(text: str) -> Phrase:
    """A phrase with its hyphens read open (`multi modal`) and closed (`multimodal`)."""
    spellings = []
    for hyphen in (" ", ""):
        words = re.findall(_WORD, re.sub(r"(?<=\w)[-‐‑–](?=\w)", hyphen, text.casefold()))
        telling = [word for word in words if word not in FUNCTION_WORDS] or words
        spellings.append(tuple(read_word(word) for word in telling))
    return Phrase(text, tuple(dict.fromkeys(spelling for spelling in spellings if spelling)))


class Reader:
    """Finds phrases in texts; each different word is looked at once, whatever the texts.

    Reading a text takes a tenth of a millisecond a sentence, so of a corpus only texts that have
    all words of a phrase are read: one in 25, which makes reading 20,000 papers six times faster.
    """

    def __init__(self, phrases: Sequence[Phrase]) -> None:
        self._spellings = [(n, s) for n, phrase in enumerate(phrases) for s in phrase.spellings]
        self._stems = {word.stem for _, spelling in self._spellings for word in spelling}
        # A stem's first letters stand in every word of that stem: a fast way to say no.
        self._openings = {stem[:_OPENING] for stem in self._stems}
        self._needs = [frozenset(w.stem[:_OPENING] for w in s) for _, s in self._spellings]
        self._long_openings = tuple(sorted({_long_opening(stem) for stem in self._stems}))
        self._known: dict[str, Word | None] = {}

    def find_all(self, texts: Sequence[str]) -> Iterator[tuple[int, dict[int, list[Mention]]]]:
        """The mentions in each text that has any, by the index of their phrase; texts in order."""
        for number in self._worth_reading(pl.Series("text", texts, dtype=pl.String)):
            if found := self.find(texts[number]):
                yield number, found

    def find(self, text: str) -> dict[int, list[Mention]]:
        """The mentions in a text, by the index of their phrase."""
        found: dict[int, list[Mention]] = defaultdict(list)
        present = _among(self._openings, text)
        possible = [s for s, needs in enumerate(self._needs) if needs <= present]
        wanted: frozenset[str] = frozenset().union(*(self._needs[s] for s in possible))
        start = 0
        for end in [*(m.end() for m in SENTENCE_END.finditer(text)), len(text)]:
            present = _among(wanted, text[start:end])
            here = [s for s in possible if self._needs[s] <= present]
            spots = self._spots(text, start, end) if here else {}
            for number, spelling in (self._spellings[s] for s in here):
                found[number].extend(_mentions(text, spots, spelling))
            start = end
        return {number: mentions for number, mentions in found.items() if mentions}

    def _worth_reading(self, texts: pl.Series) -> list[int]:
        """The texts with all words of some phrase, near to each other or not."""
        stems: dict[int, set[str]] = defaultdict(set)
        for pattern, stems_of in ((_WORDS, self._stems_of_word), (_CHAINS, self._stems_of_chain)):
            pieces = (
                texts.to_frame("text")
                .lazy()
                .with_row_index("number")
                .select("number", piece=pl.col("text").str.extract_all(pattern))
                .explode("piece")
                .drop_nulls()
                .collect()
            )
            telling = {
                piece: found for piece in pieces["piece"].unique() if (found := stems_of(piece))
            }
            for number, piece in pieces.filter(pl.col("piece").is_in(list(telling))).iter_rows():
                stems[number] |= telling[piece]
        phrases = {frozenset(word.stem for word in spelling) for _, spelling in self._spellings}
        return sorted(n for n, found in stems.items() if any(p <= found for p in phrases))

    def _stems_of_word(self, word: str) -> set[str]:
        """The stem of a word, if some phrase has it."""
        known = self._word(word.casefold())
        return {known.stem} if known else set()

    def _stems_of_chain(self, chain: str) -> set[str]:
        """The stems of neighbours in a chain, read as one word, as far as some phrase has them."""
        words = re.findall(_WORD, chain)
        return set().union(*(self._stems_of_word(a + b) for a, b in pairwise(words)))

    def _word(self, lower: str) -> Word | None:
        """The word if some phrase has its stem."""
        if lower not in self._known:
            word = read_word(lower) if lower.startswith(self._long_openings) else None
            self._known[lower] = word if word and word.stem in self._stems else None
        return self._known[lower]

    def _spots(self, text: str, start: int, end: int) -> dict[str, list[_Spot]]:
        """The words of a sentence that may be part of a phrase, by stem."""
        spots: dict[str, list[_Spot]] = defaultdict(list)
        seen = _Seen()
        before, before_start, hyphen = "", start, False
        for token in _TOKEN.finditer(text, start, end):
            mark = token[0]
            if not mark[0].isalnum():
                hyphen = mark in _HYPHENS
                seen.n_commas += not hyphen
                continue
            lower, (first, last) = mark.casefold(), token.span()
            if hyphen and (word := self._word(before + lower)):
                spots[word.stem].append(seen.spot(word, before_start, last, -1))
            denied = (hyphen and before == "non") or text[last : last + 5].casefold() == "-free"
            if not denied and (word := self._word(lower)):
                spots[word.stem].append(seen.spot(word, first, last))
            seen.pass_by(lower)
            before, before_start, hyphen = lower, first, False
        return spots


def _long_opening(stem: str) -> str:
    """The letters with which a word of a stem begins; the last two may change (noisy, nois)."""
    return stem[: min(_LONG_OPENING, max(_OPENING, len(stem) - 2))]


def _among(openings: Iterable[str], text: str) -> frozenset[str]:
    """Those openings of words that stand somewhere in a text."""
    lower = text.lower()
    return frozenset(opening for opening in openings if opening in lower)


@dataclass
class _Seen:
    """What was passed so far in reading a sentence."""

    position: int = 0
    n_content: int = 0
    n_commas: int = 0
    n_prepositions: int = 0
    coordinated: bool = False

    def pass_by(self, lower: str) -> None:
        """Count a word."""
        self.position += 1
        self.n_content += lower not in FUNCTION_WORDS
        self.n_prepositions += lower in _PREPOSITIONS
        self.coordinated = lower in _COORDINATORS

    def spot(self, word: Word, start: int, end: int, shift: int = 0) -> _Spot:
        """A word that begins here, or `shift` words from here."""
        return _Spot(
            self.position + shift,
            self.n_content,
            self.n_commas,
            self.n_prepositions,
            self.coordinated,
            word,
            start,
            end,
        )


def _mentions(
    text: str, spots: Mapping[str, Sequence[_Spot]], spelling: Sequence[Word]
) -> Iterator[Mention]:
    """Where one sentence has all words of a phrase close together; no two overlap."""
    if any(word.stem not in spots for word in spelling):
        return
    reached = -1
    rarest = min((word.stem for word in spelling), key=lambda stem: len(spots[stem]))
    for centre in spots[rarest]:
        chosen = [
            min(spots[word.stem], key=lambda s: (abs(s.position - centre.position), s.position))
            for word in spelling
        ]
        start, end = min(s.start for s in chosen), max(s.end for s in chosen)
        fit = 0.0 if _leads_away(chosen, text) else _fit(chosen, spelling)
        if fit >= MIN_FIT and start >= reached:
            reached = end
            yield Mention(start, end, fit * _standing(text, start, end), fit)


def _fit(chosen: Sequence[_Spot], spelling: Sequence[Word]) -> float:
    """How well the words found make the phrase, 0 to 1; 0 if they do not."""
    if len(chosen) == 1:
        # A lone word says little, so its suffix counts: "we distill insights" is no distillation.
        written = chosen[0].word.suffix
        return float(spelling[0].suffix in {written, "" if written == "ing" else written})
    places = [spot.position for spot in chosen]
    if len(set(places)) < len(places):
        return 0.0
    if any(_is_agent(w) and not s.word.suffix for s, w in zip(chosen, spelling, strict=True)):
        return 0.0
    first, last = min(chosen), max(chosen)
    gap = last.n_content - first.n_content - len(chosen) + 1
    if gap > MAX_GAP or last.coordinated:  # "labels and noisy text"
        return 0.0
    breaks = last.n_commas - first.n_commas
    if gap:
        breaks += last.n_prepositions - first.n_prepositions
    return GAP_FIT**gap * BREAK_FIT**breaks


def _leads_away(chosen: Sequence[_Spot], text: str) -> bool:
    """Whether words in another order than the phrase's are about something else.

    Noise in the labels is label noise, but attention to local detail is no local attention. Error
    labels are no label errors: unless it is made an adjective, as in noisy labels, what comes
    first must be tied to what it is said of.
    """
    places = [spot.position for spot in chosen]
    if places == sorted(places):
        return False
    start, end = min(s.start for s in chosen), max(s.end for s in chosen)
    if _AWAY.search(text[start:end]):
        return True
    head = chosen[-1]
    after = [spot.start for spot in chosen if spot.position > head.position]
    if not after or _ADJECTIVE.search(text[head.start : head.end]):
        return False
    return not _TIE.search(text[head.end : min(after)])


def _is_agent(word: Word) -> bool:
    """Whether a word names what does something: a window transformer is no window transform."""
    return word.suffix in {"er", "or"}


def _standing(text: str, start: int, end: int) -> float:
    """What a mention counts where it stands: 0 if denied, little if one of a list, else 1."""
    before = SENTENCE_END.split(text[max(0, start - 80) : start])[-1]
    after = text[end : end + 60]
    if _DENIALS.intersection(re.findall(_WORD, before.casefold())[-2:]):
        return 0.0
    in_list = _LIST_BEFORE.search(before) and _LIST_AFTER.search(after)
    sentence = before + SENTENCE_END.split(after)[0]
    return LISTED_WEIGHT if in_list and "," in sentence else 1.0
