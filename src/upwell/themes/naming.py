"""How strongly the words of a paper name a theme.

The naming strength of a paper is the sum of its mentions' weights, a mention in the title counting
double: a paper about a theme says so in the title or more than once, while 1 is a single passing
mention and 0.3 one item of a list.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from upwell.config import Theme
from upwell.themes.phrases import SENTENCE_END, Mention, Reader, read_phrase

TITLE_WEIGHT = 2.0
FULL = 0.5  # weight above which a mention counts as one
CLAIM_WEIGHT = 0.5  # of a mention where the authors say what they do, beside the mention itself
STRONG = 2.0  # naming strength from which a paper's own words settle it

_AUTHORS = re.compile(r"\b(?:we|ours?|here|this (?:paper|work|study|article))\b", re.IGNORECASE)
_DO = re.compile(
    r"\b(?:(?:propos|introduc|present|develop|design|investigat)\w*|stud(?:y|ies)|novel|new)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Namings:
    """What the words of papers say about themes.

    `strength` is the naming strength (n_papers, n_themes), `claim` what a mention among the things
    that the authors say they do is worth on top; `excluded` says where an exclusion
    stands in a paper; `mentions` holds, by (paper, theme), those in the title and those in the
    abstract; `unseen` lists for each theme the phrases that no paper has.
    """

    strength: NDArray[np.float64]
    claim: NDArray[np.float64]
    excluded: NDArray[np.bool_]
    mentions: dict[tuple[int, int], tuple[list[Mention], list[Mention]]]
    unseen: tuple[tuple[str, ...], ...]

    @cached_property
    def n_mentions(self) -> NDArray[np.int64]:
        """How often each paper names each theme for its own sake (n_papers, n_themes)."""
        counts = np.zeros(self.strength.shape, dtype=np.int64)
        for place, fields in self.mentions.items():
            counts[place] = sum(mention.weight > FULL for found in fields for mention in found)
        return counts


def read_namings(texts: Sequence[tuple[str, str]], themes: Sequence[Theme]) -> Namings:
    """Look for every theme's phrases and exclusions in titles and abstracts.

    Parameters
    ----------
    texts : title (empty if unknown) and abstract of each paper.
    themes : what to look for.
    """
    wanted = [(t, p, False) for t, theme in enumerate(themes) for p in theme.phrases]
    wanted += [(t, p, True) for t, theme in enumerate(themes) for p in theme.exclude]
    reader = Reader([read_phrase(phrase) for _, phrase, _ in wanted])
    strength = np.zeros((len(texts), len(themes)))
    claim = np.zeros_like(strength)
    excluded = np.zeros((len(texts), len(themes)), dtype=np.bool_)
    mentions: dict[tuple[int, int], tuple[list[Mention], list[Mention]]] = {}
    seen: set[int] = set()
    for place, found in reader.find_all([text for fields in texts for text in fields]):
        paper, field = divmod(place, 2)
        seen |= found.keys()
        for number, places in found.items():
            theme, _, exclusion = wanted[number]
            if exclusion:  # "distilled water" is not in "distilling knowledge of water"
                excluded[paper, theme] |= any(mention.fit == 1 for mention in places)
            else:
                mentions.setdefault((paper, theme), ([], []))[field].extend(places)
    for (paper, theme), (in_title, in_abstract) in mentions.items():
        in_title[:], in_abstract[:] = _apart(in_title), _apart(in_abstract)
        strength[paper, theme] = TITLE_WEIGHT * _weight(in_title) + _weight(in_abstract)
        claim[paper, theme] = CLAIM_WEIGHT * _is_claimed(texts[paper][1], in_abstract)
    unseen = tuple(
        tuple(p for n, (t, p, no) in enumerate(wanted) if t == theme and not no and n not in seen)
        for theme in range(len(themes))
    )
    return Namings(strength, claim, excluded, mentions, unseen)


def _is_claimed(text: str, mentions: Iterable[Mention]) -> bool:
    """Whether one of the mentions stands where the authors say what they do."""
    starts = [0, *(end.end() for end in SENTENCE_END.finditer(text))]
    for mention in mentions:
        place = bisect_right(starts, mention.start)
        sentence = text[starts[place - 1] : starts[place] if place < len(starts) else None]
        if _AUTHORS.search(sentence) and _DO.search(sentence):
            return True
    return False


def _apart(mentions: Iterable[Mention]) -> list[Mention]:
    """The weightiest mentions that do not overlap, in the order of the text."""
    kept: list[Mention] = []
    for mention in sorted(mentions, key=lambda m: (-m.weight, m.start, -m.end)):
        if all(mention.end <= other.start or other.end <= mention.start for other in kept):
            kept.append(mention)
    return sorted(kept)


def _weight(mentions: Iterable[Mention]) -> float:
    """The weights of mentions together."""
    return sum(mention.weight for mention in mentions)
