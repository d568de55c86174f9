"""The words of a paper that speak for a theme, verbatim and short."""

import re
from collections.abc import Collection, Iterator, Sequence

from upwell.themes.phrases import Mention

MAX_LENGTH = 160
BETWEEN = " … "
_MAX_PIECES = 3


def quote_mentions(texts: Sequence[str], mentions: Sequence[Sequence[Mention]]) -> str:
    """The best mentions of a theme with the words around them, at most `MAX_LENGTH` characters.

    Parameters
    ----------
    texts : the title and the abstract of a paper.
    mentions : of each text, the mentions in it.
    """
    best = sorted(
        (-m.weight, field, m.start, m.end)
        for field, found in enumerate(mentions)
        for m in found
        if m.weight > 0
    )
    places = sorted((field, start, end) for _, field, start, end in best[:_MAX_PIECES])
    if not places:
        return ""
    room = (MAX_LENGTH - len(BETWEEN) * (len(places) - 1)) // len(places)
    pieces: list[tuple[int, int, int]] = []
    for field, start, end in places:
        first, last = _around(texts[field], start, end, room)
        if pieces and pieces[-1][0] == field and first < pieces[-1][2]:
            if end <= pieces[-1][2]:
                continue
            first = max(first, pieces[-1][2])
        pieces.append((field, first, last))
    return BETWEEN.join(texts[field][first:last].strip() for field, first, last in pieces)


def quote_words(texts: Sequence[str], words: Collection[str]) -> str:
    """Where a paper uses words of a theme, for one that has no phrase of it."""
    either = "|".join(map(re.escape, sorted(words, key=len, reverse=True)))
    pattern = re.compile(rf"(?<!\w)(?:{either})s?(?!\w)", re.IGNORECASE)
    mentions = [[Mention(*m.span(), 1.0) for m in pattern.finditer(text)] for text in texts]
    return quote_mentions(texts, mentions)


def _around(text: str, start: int, end: int, room: int) -> tuple[int, int]:
    """A stretch of whole words around `text[start:end]`, in its sentence, of at most `room`."""
    first, last = _sentence(text, start, end)
    spare = max(0, room - (end - start)) // 2
    left, right = max(first, start - spare), min(last, end + spare)
    left = max(first, left - (spare - (right - end)))
    right = min(last, right + (spare - (start - left)))
    if left > first:
        left = next((m.end() for m in re.finditer(r"\s", text[:start]) if m.end() >= left), start)
    if right < last:
        cut = text.rfind(" ", end, right + 1)
        right = cut if cut > 0 else end
    return left, min(right, left + room)


def _sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Where the sentence around a stretch begins and ends."""
    first = max((m.end() for m in _ends(text) if m.end() <= start), default=0)
    last = min((m.start() + 1 for m in _ends(text) if m.start() >= end), default=len(text))
    return first, last


def _ends(text: str) -> Iterator[re.Match[str]]:
    """The ends of sentences."""
    return re.finditer(r"[.!?]\s+", text)
