"""Where labels go on a map so that none covers another, and few cover points.

Our own placement: adjustText works through pyplot's global state, and textalloc drops the labels
that it finds no room for where they stand first; a choice among fixed candidates, improved label by
label, gives the same answer every time and takes milliseconds for 30 labels.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upwell.figures import style

PAD = 0.05  # inches around a label
RINGS = (0.35, 0.5, 0.65, 0.85, 1.1, 1.4, 1.8)  # inches from the anchor
N_ANGLES = 16
N_STEPS = 12  # points along a leader line at which it is tested
N_PASSES, N_STARTS = 6, 8
CROWDED = 2000  # points; more are thinned to at most this many, evenly
# Costs of a place, in inches of distance: all points covered, an anchor covered, a line across
# another label, two labels one over the other.
ALL_POINTS, ANCHOR, CROSSING, OVERLAP = 12.0, 1.0, 3.0, 100.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Label:
    """Lines of text that belong to an anchor; all in inches."""

    lines: tuple[str, ...]
    anchor: tuple[float, float]
    width: float
    height: float

    @classmethod
    def of(cls, text: str, n_papers: int, anchor: tuple[float, float], width: float) -> "Label":
        """A label of at most two lines no wider than `width`, then the number of papers."""
        number = f"({n_papers:,})"
        lines = style.wrap(text, width, style.SMALL, max_lines=2) or ["□"]
        if style.text_width(f"{lines[-1]} {number}", style.SMALL) <= width:
            lines[-1] += f" {number}"
        else:
            lines.append(number)
        wide = max(style.text_width(line, style.SMALL) for line in lines)
        tall = style.lines_height(len(lines), style.SMALL)
        return cls(tuple(lines), anchor, wide + 2 * PAD, tall + 2 * PAD)


@dataclass(frozen=True)
class _Candidates:
    """The C places a label may take: centres (C, 2), boxes (C, 4), leader lines (C, 12, 2).

    `cost` (C,) is what a place costs whatever the other labels do.
    """

    centres: Floats
    boxes: Floats
    lines: Floats
    cost: Floats


def place(
    labels: Sequence[Label], points: Floats, size: tuple[float, float]
) -> list[tuple[float, float] | None]:
    """A place for each label, the first ones first.

    Parameters
    ----------
    labels : the most important first.
    points : n × 2, what labels should rather not cover; inches.
    size : width and height of the map, inches.

    Returns
    -------
    The centre of each label, in the same order; None where it has no room without touching the
    edge or a label before it, or without a leader line across one.

    Source
    ------
    Our definition: of candidates on rings around the anchor the cheapest by distance, points and
    anchors covered and lines crossed; first label by label, then each again with all others placed,
    until none moves; the best of several orders.
    """
    thinned = points[:: max(-(-len(points) // CROWDED), 1)]
    anchors = np.array([label.anchor for label in labels]).reshape(-1, 2)
    options = [_candidates(label, thinned, anchors, size) for label in labels]
    rng = np.random.default_rng(0)
    orders = [np.arange(len(labels))] + [rng.permutation(len(labels)) for _ in range(N_STARTS)]
    settled = [_settle(options, [int(i) for i in order]) for order in orders]
    return _without_conflicts(options, min(settled, key=lambda s: s[0])[1])


def _settle(options: Sequence[_Candidates], order: Sequence[int]) -> tuple[float, dict[int, int]]:
    """The cost and each label's candidate once none gains by moving; labels move in this order."""
    chosen: dict[int, int] = {}
    total = math.inf
    for _ in range(N_PASSES):
        before, total = dict(chosen), 0.0
        for index in order:
            option = options[index]
            if not len(option.cost):
                continue
            others = [(options[o], c) for o, c in chosen.items() if o != index]
            cost = option.cost + _conflicts(option, others)
            chosen[index] = int(np.argmin(cost))
            total += float(cost[chosen[index]])
        if chosen == before:
            break
    return total, chosen


def _candidates(
    label: Label, points: Floats, anchors: Floats, size: tuple[float, float]
) -> _Candidates:
    """The places around a label's anchor whose box is within the map, and their own cost."""
    angles = math.pi / 2 + 2 * math.pi * np.arange(N_ANGLES) / N_ANGLES
    rings = np.array(RINGS)[:, None]
    x = (rings + 0.3 * label.width) * np.cos(angles)
    shifts = np.stack([x, rings * np.sin(angles)], axis=-1).reshape(-1, 2)
    anchor, half = np.array(label.anchor), np.array([label.width, label.height]) / 2
    centres = np.concatenate([anchor[None, :], anchor + shifts])
    inside = ((centres >= half) & (centres <= np.array(size) - half)).all(axis=1)
    centres = centres[inside]
    boxes = np.concatenate([centres - half, centres + half], axis=1)
    steps = np.linspace(0, 1, N_STEPS)[None, :, None]
    lines = anchor * (1 - steps) + centres[:, None, :] * steps
    covered = _inside(points, boxes).sum(axis=1) / max(len(points), 1)
    distance = np.hypot(*(centres - anchor).T)
    cost = distance + ALL_POINTS * covered + ANCHOR * _inside(anchors, boxes).sum(axis=1)
    return _Candidates(centres, boxes, lines, cost)


def _conflicts(option: _Candidates, others: Sequence[tuple[_Candidates, int]]) -> Floats:
    """What each candidate costs more because of the labels placed, (C,)."""
    if not others:
        return np.zeros(len(option.cost))
    boxes = np.stack([other.boxes[choice] for other, choice in others])
    lines = np.stack([other.lines[choice] for other, choice in others])
    own = option.boxes[:, None]
    apart = (own[..., :2] >= boxes[:, 2:]) | (own[..., 2:] <= boxes[:, :2])
    crossed = _inside(option.lines.reshape(-1, 2), boxes).reshape(len(boxes), -1, N_STEPS)
    covered = _inside(lines.reshape(-1, 2), option.boxes).reshape(-1, len(boxes), N_STEPS)
    n_overlaps = (~apart.any(axis=2)).sum(axis=1)
    n_crossings = crossed.any(axis=2).sum(axis=0) + covered.any(axis=2).sum(axis=1)
    cost: Floats = OVERLAP * n_overlaps + CROSSING * n_crossings
    return cost


def _without_conflicts(
    options: Sequence[_Candidates], chosen: dict[int, int]
) -> list[tuple[float, float] | None]:
    """The centres; None for a label that has no place or is in conflict with one before it."""
    places: list[tuple[float, float] | None] = []
    kept: list[tuple[_Candidates, int]] = []
    for index, option in enumerate(options):
        choice = chosen.get(index)
        if choice is None or _conflicts(option, kept)[choice] > 0:
            places.append(None)
            continue
        kept.append((option, choice))
        x, y = option.centres[choice]
        places.append((float(x), float(y)))
    return places


def _inside(points: Floats, boxes: Floats) -> NDArray[np.bool_]:
    """Which of n points is in which of C boxes, (C, n)."""
    x, y = points[None, :, 0], points[None, :, 1]
    low_x, low_y, high_x, high_y = boxes[:, :, None].transpose(1, 0, 2)
    within: NDArray[np.bool_] = (x >= low_x) & (x <= high_x) & (y >= low_y) & (y <= high_y)
    return within
