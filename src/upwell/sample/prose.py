"""Abstracts and titles from sentence patterns, so that no two papers read the same.

A pattern may hold `<one|another>` (either), `{word}` (an entry of the topic's or the common list,
never the same twice in a paper), `{word.1}` (the same entry wherever it stands in the paper),
`{1.2~4.8}` (a number of that range, with as many decimals) and `{name}` (the paper's method).
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from upwell.sample.dice import Dice

SLOTS = ("problem", "gap", "method", "detail", "result", "consequence")
_N_DRAFTS = 8
_MIN_WORDS = 80
_EITHER = re.compile(r"<([^<>]*)>")
_SLOT = re.compile(r"\{(?:([\d.]+)~([\d.]+)|(\w+)(?:\.(\d))?)\}")
_ARTICLE = re.compile(r"\b([Aa])n? (?=(\S+))")
_SMALL = re.compile("an?|and|as|at|by|for|from|in|of|on|or|the|to|under|via|with")
# Spelled with a vowel, spoken without, and the other way round.
_CONSONANT = re.compile(r"(?:uni(?![nm])|us[aeu]|util|eu|once?\b|ubiq|u-|ur5)", re.IGNORECASE)
_VOWEL = re.compile(r"(?:[aeiouAEIOU]|[FHLMNRSX](?![a-z])|hour|honest|8|11\b|18\b)")


@dataclass(frozen=True, slots=True)
class Text:
    """A paper's title and abstract."""

    title: str
    abstract: str


@dataclass
class Writer:
    """Writes papers on one topic; remembers which patterns and names it has used."""

    topic: Mapping[str, Any]
    common: Mapping[str, Any]
    dice: Dice
    taken: set[str]  # titles and names of methods, shared by all writers
    _used: list[int] = field(default_factory=list)
    _bits: dict[str, int] = field(default_factory=dict)
    _angle: Mapping[str, Any] = field(default_factory=dict)

    def write(self, themes: Sequence[str]) -> Text:
        """A paper of this topic and these themes."""
        case = self.dice.pick(self.topic.get("cases", [{}]))
        angle = self.dice.pick(self.topic["angles"])
        self._angle = case | (self.topic["themes"].get(themes[0], angle) if themes else angle)
        choices = self._choices(themes)
        patterns = self._patterns(choices, themes[1:])
        given = {"name": self._name()}
        sentences = [_sentence(self._fill(pattern, given)) for pattern in patterns]
        spare = [pattern for pattern in choices["more"] if pattern not in patterns]
        while sum(len(sentence.split()) for sentence in sentences) < _MIN_WORDS and spare:
            sentences.insert(4, _sentence(self._fill(spare.pop(0), given)))
        return Text(self._title(choices["title"], given), " ".join(sentences))

    def _patterns(self, choices: Mapping[str, Sequence[str]], others: Sequence[str]) -> list[str]:
        """The patterns of an abstract, of several drafts the one least like what is written."""
        chance = self.dice.chance
        slots = [*SLOTS[:3], "detail", "more", *["more"] * chance(0.3), "result"]
        slots += ["result"] * chance(0.4) + ["consequence"] * chance(0.8)
        drafts = [self._draft(slots, choices, others) for _ in range(_N_DRAFTS)]
        marks = [self._mark(draft) for draft in drafts]
        shared = [
            max(((mark & used).bit_count() for used in self._used), default=0) for mark in marks
        ]
        best = shared.index(min(shared))
        self._used.append(marks[best])
        return drafts[best]

    def _mark(self, draft: Sequence[str]) -> int:
        """The patterns of a draft as bits."""
        return sum(1 << self._bits.setdefault(pattern, len(self._bits)) for pattern in draft)

    def _draft(
        self, slots: Sequence[str], choices: Mapping[str, Sequence[str]], others: Sequence[str]
    ) -> list[str]:
        """A pattern for each slot and for each further theme, none twice."""
        draft: list[str] = []
        for slot in slots:
            fresh = [pattern for pattern in choices[slot] if pattern not in draft]
            draft.append(self.dice.pick(fresh or choices["more"]))
            if slot == "method":
                draft += [
                    p for name in others for p in self.dice.shuffled(self.common["also"][name])[:2]
                ]
        return draft

    def _choices(self, themes: Sequence[str]) -> dict[str, list[str]]:
        """The patterns for each slot: the first theme's before the family's before the topic's."""
        slots = {slot: [*self.topic[slot], *self._angle.get(slot, [])] for slot in SLOTS}
        slots["title"] = self.topic["title"]
        slots |= self.topic.get("families", {}).get(self._angle.get("family"), {})
        theme = self.topic["themes"].get(themes[0], {}) if themes else {}
        return slots | {"more": slots["detail"]} | theme

    def _title(self, patterns: Sequence[str], given: dict[str, str]) -> str:
        """A title that no other paper has."""
        for _ in range(200):
            title = _title_case(self._fill(self.dice.pick(patterns), dict(given)))
            if title.casefold() not in self.taken:
                self.taken.add(title.casefold())
                return title
        raise ValueError(f"no title is left of {len(patterns)} patterns; add some to the topic")

    def _name(self) -> str:
        """A method's name that no other paper has; when they run out, second versions."""
        names = self.topic["names"]
        for attempt in count():
            version = f"-{attempt // 60 + 1}" if attempt >= 60 else ""
            name = f"{self.dice.pick(names['head'])}{self.dice.pick(names['tail'])}{version}"
            if name not in self.taken:
                self.taken.add(name)
                break
        return name

    def _fill(self, pattern: str, given: dict[str, str]) -> str:
        """A pattern with everything chosen; `given` keeps what the paper has used."""
        text = _EITHER.sub(lambda match: self.dice.pick(match[1].split("|")), pattern)
        text = _SLOT.sub(lambda match: self._fill(self._value(match, given), given), text)
        return _ARTICLE.sub(lambda match: _article(match[1], match[2]) + " ", text)

    def _value(self, match: re.Match[str], given: dict[str, str]) -> str:
        """What stands for one slot of a pattern."""
        low, high, word, number = match.groups()
        if low:
            decimals = len(low.partition(".")[2])
            return f"{self.dice.between(float(low), float(high)):.{decimals}f}"
        if word == "name":
            return given["name"]
        key = f"{word}.{number}" if number else f"{word} {len(given)}"
        if key not in given:
            words = self._words(word)
            fresh = [entry for entry in words if entry not in given.values()]
            given[key] = self.dice.pick(fresh or words)
        return given[key]

    def _words(self, word: str) -> Sequence[str]:
        """What may stand for a word: of the paper's angle, of its topic, or common to all."""
        for place in (self._angle, self.topic["words"], self.common):
            if word in place:
                entries = place[word]
                return [entries] if isinstance(entries, str) else entries
        raise KeyError(f"no words for {word!r}")


def read_topics() -> dict[str, dict[str, Any]]:
    """The words of every topic, by name; `common` holds those for all."""
    folder = Path(__file__).with_name("topics")
    return {
        path.stem: {"themes": {}} | tomllib.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob("*.toml"))
    }


def _sentence(text: str) -> str:
    """A sentence with a capital at its start."""
    return text[0].upper() + text[1:]


def _title_case(title: str) -> str:
    """A title with capitals, small words apart."""
    words = title.split(" ")
    return " ".join(
        "-".join(
            part
            if _SMALL.fullmatch(part) and (place or (number and part == word))
            else part[:1].upper() + part[1:]
            for place, part in enumerate(word.split("-"))
        )
        for number, word in enumerate(words)
    )


def _article(article: str, word: str) -> str:
    """`a` or `an`, as the next word is spoken."""
    n = "n" if _VOWEL.match(word) and not _CONSONANT.match(word) else ""
    return article + n
