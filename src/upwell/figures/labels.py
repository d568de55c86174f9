"""Where labels go on a map so that none covers another, and few cover points.

Our own placement: adjustText works through pyplot's global state, and both it and textalloc move
labels in a canvas that has to be drawn first; a greedy choice among fixed candidates is enough for
some 30 labels, takes milliseconds and gives the same answer every time.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from upwell.figures import style

PAD = 0.05  # inches around a label
RINGS = (0.0, 0.35, 0.6, 0.85, 1.1, 1.4, 1.8)  # inches from the anchor
N_ANGLES = 16
CROWDED = 4000  # points; more are thinned to this many, evenly


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


def place(
    labels: Sequence[Label], points: NDArray[np.float64], size: tuple[float, float]
) -> list[tuple[float, float] | None]:
    """A place for each label, the first ones first.

    Parameters
    ----------
    labels : the most important first.
    points : n × 2, what labels should rather not cover; inches.
    size : width and height of the map, inches.

    Returns
    -------
    The centre of each label, in the same order; None where it has no room without touching another
    or the edge.

    Source
    ------
    Our definition: of the candidates on rings around the anchor, the one with the lowest sum of
    distance, points covered, anchors covered and leader lines crossed.
    """
    thinned = points[:: -(-len(points) // CROWDED)] if len(points) else points
    anchors = np.array([label.anchor for label in labels]).reshape(-1, 2)
    taken: list[tuple[float, float, float, float]] = []
    places: list[tuple[float, float] | None] = []
    for label in labels:
        options = [
            (_cost(label, centre, thinned, anchors, taken), order, centre)
            for order, centre in enumerate(_candidates(label, size))
            if not any(_overlap(_box(label, centre), other) for other in taken)
        ]
        best = min(options)[2] if options else None
        places.append(best)
        if best is not None:
            taken.append(_box(label, best))
    return places


def _candidates(label: Label, size: tuple[float, float]) -> list[tuple[float, float]]:
    """Centres on rings around the anchor whose box is within the map."""
    centres = []
    for ring in RINGS:
        for step in range(N_ANGLES if ring else 1):
            angle = math.pi / 2 + 2 * math.pi * step / N_ANGLES
            x = label.anchor[0] + (ring + label.width / 2 * bool(ring) * 0.6) * math.cos(angle)
            y = label.anchor[1] + ring * math.sin(angle)
            low_x, low_y, high_x, high_y = _box(label, (x, y))
            if low_x >= 0 and low_y >= 0 and high_x <= size[0] and high_y <= size[1]:
                centres.append((x, y))
    return centres


def _box(label: Label, centre: tuple[float, float]) -> tuple[float, float, float, float]:
    """Left, bottom, right, top of a label at a place."""
    half_width, half_height = label.width / 2, label.height / 2
    x, y = centre
    return x - half_width, y - half_height, x + half_width, y + half_height


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether two boxes touch."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _cost(
    label: Label,
    centre: tuple[float, float],
    points: NDArray[np.float64],
    anchors: NDArray[np.float64],
    taken: Sequence[tuple[float, float, float, float]],
) -> float:
    """How bad a place is: distance in inches, points and anchors covered, lines across labels."""
    distance = math.dist(label.anchor, centre)
    box = _box(label, centre)
    covered = _n_inside(points, box) / max(len(points), 1)
    steps = np.linspace(0, 1, 12)[:, None]
    line = np.array(label.anchor) * (1 - steps) + np.array(centre) * steps
    crossed = sum(_n_inside(line, other) > 0 for other in taken)
    return distance + 18 * covered + 0.6 * _n_inside(anchors, box) + 1.5 * crossed


def _n_inside(points: NDArray[np.float64], box: tuple[float, float, float, float]) -> int:
    """How many points are in a box."""
    low_x, low_y, high_x, high_y = box
    x, y = points[:, 0], points[:, 1]
    return int(((x >= low_x) & (x <= high_x) & (y >= low_y) & (y <= high_y)).sum())
