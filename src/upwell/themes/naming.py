"""How strongly the words of a paper name a theme.

The naming strength of a paper is the sum of its mentions' weights, a mention in the title counting
double: a paper about a theme says so in the title or more than once, while 1 is a single passing
mention and 0.3 one item of a list.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upwell.config import Theme
from upwell.themes.phrases import Mention, Reader, read_phrase

TITLE_WEIGHT = 2.0
STRONG = 2.0  # naming strength from which a paper's own words settle it


@dataclass(frozen=True)
class Namings:
    """What the words of papers say about themes.

    `strength` is the naming strength (n_papers, n_themes); `excluded` says where an exclusion
    stands in a paper; `mentions` holds, by (paper, theme), those in the title and those in the
    abstract; `unseen` lists for each theme the phrases that no paper has.
    """

    strength: NDArray[np.float64]
    excluded: NDArray[np.bool_]
    mentions: dict[tuple[int, int], tuple[list[Mention], list[Mention]]]
    unseen: tuple[tuple[str, ...], ...]


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
    excluded = np.zeros((len(texts), len(themes)), dtype=np.bool_)
    mentions: dict[tuple[int, int], tuple[list[Mention], list[Mention]]] = {}
    seen: set[int] = set()
    for paper, fields in enumerate(texts):
        for field, text in enumerate(fields):
            found = reader.find(text)
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
    unseen = tuple(
        tuple(p for n, (t, p, no) in enumerate(wanted) if t == theme and not no and n not in seen)
        for theme in range(len(themes))
    )
    return Namings(strength, excluded, mentions, unseen)


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
