"""One panel of a subject: shares with intervals, and the papers per bucket under them."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from upwell.figures import style
from upwell.figures.timeline import Timeline

SHARES, STRIP = 1.25, 0.34  # inches of the shares and of the bars
LEFT = 0.5  # inches for the tick labels
TINY = 7.5  # points, for the numbers on bars
SPACE = 0.06  # inches between shares and bars, for their numbers
TINIEST = 0.05  # of the largest bucket; the interval of a smaller one may leave the axis


@dataclass(frozen=True)
class Panel:
    """What one panel says and draws; without a column `share` it is the one of all papers."""

    name: str
    words: str
    colour: str
    frame: pl.DataFrame
    fitted: tuple[float, float] | None = None

    @property
    def known(self) -> pl.DataFrame:
        """The buckets that have papers; an interval that is missing is as wide as the point."""
        return self.frame.filter(pl.col("share").is_not_null()).with_columns(
            pl.col("share_low", "share_high").fill_null(pl.col("share"))
        )

    @property
    def limit(self) -> float:
        """Top of the share axis: all points, and the intervals of all but the tiniest buckets."""
        known = self.known
        sure = known.filter(pl.col("n_total") >= TINIEST * pl.col("n_total").max())
        fitted = self.fitted[-1:] if self.fitted else ()
        tops: list[float] = [*known["share"], *sure["share_high"], *fitted, 1e-4]
        return max(tops) * 1.08

    @property
    def is_clipped(self) -> bool:
        """Whether an interval goes beyond the share axis."""
        return "share" in self.frame.columns and bool((self.known["share_high"] > self.limit).any())


def draw(
    figure: Figure, panel: Panel, corner: tuple[float, float], width: float, timeline: Timeline
) -> None:
    """Draw a panel.

    Parameters
    ----------
    figure : what to draw on.
    panel : what to draw; for all papers, bars of the full height.
    corner, width : its place, inches from the top left corner; its height is SHARES + STRIP.
    timeline : the axis that all panels share.
    """
    left, top = corner
    height = SHARES + STRIP
    if "share" in panel.frame.columns:
        ax = style.axes(figure, left, top, width, SHARES - SPACE)
        _shares(ax, panel, timeline)
        timeline.name_incomplete(ax)
        top, height = top + SHARES, STRIP
    strip = style.axes(figure, left, top, width, height)
    _counts(strip, panel, timeline, (width, height))
    if "share" not in panel.frame.columns:
        timeline.name_incomplete(strip)


def _shares(ax: Axes, panel: Panel, timeline: Timeline) -> None:
    """Points with intervals; hollow in an incomplete bucket, none where there are no papers."""
    known = panel.known
    top = panel.limit
    timeline.shade(ax)
    middles = np.array([timeline.middle(row) for row in known.iter_rows(named=True)])
    high = known["share_high"].to_numpy()
    ax.vlines(
        middles, known["share_low"], np.minimum(high, top), panel.colour, linewidth=1, alpha=0.55
    )
    beyond = middles[high > top]
    ax.plot(beyond, [top] * len(beyond), "^", ms=3.5, mew=0, color=panel.colour, clip_on=False)
    partial = known["is_partial"].to_numpy()
    for which, face in ((~partial, panel.colour), (partial, "white")):
        shares = known["share"].to_numpy()[which]
        ax.plot(
            middles[which], shares, "o", ms=4, mfc=face, mec=panel.colour, clip_on=False, zorder=3
        )
    if panel.fitted is not None:
        _trend(ax, panel.fitted, timeline, panel.colour)
    ticks = _share_ticks(top)
    ax.set_yticks(ticks, [f"{100 * tick:g}\xa0%" for tick in ticks])
    ax.set_xticks([])
    ax.set_ylim(0, top)
    ax.set_xlim(*timeline.limits)
    ax.grid(axis="y", color=style.PALE, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["right", "top"]].set_visible(False)


def _share_ticks(top: float) -> list[float]:
    """Zero and two to four round shares up to the top."""
    magnitude = 10.0 ** math.floor(math.log10(top))
    for step in (5, 2, 1, 0.5, 0.2):
        n_ticks = int(top / (step * magnitude) + 1e-9)
        if n_ticks >= 2:
            return [step * magnitude * i for i in range(n_ticks + 1)]
    return [0.0, top]


def _trend(ax: Axes, fitted: tuple[float, float], timeline: Timeline, colour: str) -> None:
    """The fitted share from one end of the span to the other: a straight line in the logit."""
    first, last = (math.log(share / (1 - share)) for share in np.clip(fitted, 1e-9, 1 - 1e-9))
    start, end = timeline.limits
    steps = np.linspace(0, 1, 25)
    ax.plot(
        start + (end - start) * steps,
        1 / (1 + np.exp(-(first + (last - first) * steps))),
        color=colour,
        linewidth=2,
        alpha=0.85,
        zorder=2,
    )


def _counts(ax: Axes, panel: Panel, timeline: Timeline, size: tuple[float, float]) -> None:
    """Bars of papers per bucket with their numbers; where these have no room, only the largest."""
    rows = panel.frame.rows(named=True)
    most = max(row["n_papers"] for row in rows)
    width, height = size
    fit = style.text_width(f"{most:,}", TINY) < width / timeline.n_buckets * 0.97
    largest = max(range(len(rows)), key=lambda i: rows[i]["n_papers"])
    for partial in (False, True):
        some = [row for row in rows if row["is_partial"] is partial]
        edges = np.array([timeline.edges(row) for row in some]).reshape(-1, 2)
        ax.bar(
            edges.mean(axis=1),
            [row["n_papers"] for row in some],
            width=(edges[:, 1] - edges[:, 0]) * 0.8,
            facecolor="white" if partial else panel.colour,
            edgecolor=panel.colour,
            hatch="////" if partial else None,
            linewidth=0.6,
            alpha=0.45,
        )
    for row in rows if fit else rows[largest : largest + 1]:
        _number(ax, row, timeline, width)
    room = style.lines_height(1, TINY) / height
    ax.set_ylim(0, max(most, 1) / (1 - room))
    ax.set_yticks([])
    timeline.ticks(ax, width)
    ax.spines[["right", "top"]].set_visible(False)
    below: dict[str, Any] = {"fontsize": TINY, "color": style.MUTED}
    ax.text(-0.06 / width, 0, "papers", transform=ax.transAxes, ha="right", **below)


def _number(ax: Axes, row: dict[str, Any], timeline: Timeline, width: float) -> None:
    """The papers of a bucket over its bar; at the edge if it would go beyond the panel."""
    words = f"{row['n_papers']:,}"
    start, end = timeline.limits
    x = timeline.middle(row)
    half = style.text_width(words, TINY) / 2 / width * (end - start)
    ax.annotate(
        words,
        (min(max(x, start + half), end - half), row["n_papers"]),
        (0, 1),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=TINY,
        color=style.MUTED,
        parse_math=False,
    )
