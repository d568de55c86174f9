"""The map of papers: near papers have similar abstracts; the topics carry their names."""

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from upwell.figures import style
from upwell.figures.labels import Label, place
from upwell.quantities import count

MAX_LABELS = 30
HEIGHT = 6.0  # inches of the map itself
LABEL_WIDTH = 1.75  # inches; longer labels go on a second line
RASTER = 3000  # papers from which the SVG holds the points as an image, not one by one
# Okabe & Ito (2008) without yellow (too pale on white) and black (taken for text).
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7")
OUTLIERS = "#bdbdbd"

Points = NDArray[np.float64]


def topic_map(papers: pl.DataFrame, topics: pl.DataFrame) -> Figure:
    """Scatter plot of all papers by their map coordinates, with topic labels.

    Parameters
    ----------
    papers, topics : the tables `papers` and `topics`; any number of rows.

    Returns
    -------
    Outliers in grey; at most 30 topics, the largest that have room, carry a label with their
    number of papers. A colour stands for several topics that are far apart: the label, not the
    colour, tells a topic.
    """
    placed = papers.filter(pl.col("x").is_finite() & pl.col("y").is_finite()).sort("paper_id")
    if placed.is_empty():
        return style.message("Map of papers", "There are no papers to draw.")
    with style.drawing():
        return _map(placed, topics)


def _map(papers: pl.DataFrame, topics: pl.DataFrame) -> Figure:
    """The figure: heading, points, labels."""
    found = topics.filter(pl.col("topic_id").is_in(papers["topic_id"].unique().to_list()))
    found = found.sort(["n_papers", "topic_id"], descending=[True, False])
    n_outliers = papers.filter(pl.col("topic_id") == -1).height
    head, subtitle, top = style.heading(
        f"Map of {count(papers.height, 'paper')} in {count(found.height, 'topic')}",
        f"Each point is a paper; near papers have similar abstracts. Grey: {n_outliers:,} "
        f"({n_outliers / papers.height:.0%}) in no topic. Numbers are papers in the topic. Colours "
        "repeat; axes have no unit, and distances between far groups mean little.",
    )
    figure = style.blank(top + HEIGHT + 0.3)
    style.write_heading(figure, head, subtitle)
    width = style.WIDTH - 2 * style.MARGIN
    ax = style.axes(figure, style.MARGIN, top, width, HEIGHT)
    points = _frame(ax, papers, width)
    centres = {
        topic: np.median(points[(papers["topic_id"] == topic).to_numpy()], axis=0)
        for topic in found["topic_id"]
    }
    _scatter(ax, papers, points, _colours(list(centres.values()), list(centres)))
    shown = found.head(MAX_LABELS)
    labels = [
        Label.of(row["label"], row["n_papers"], tuple(centres[row["topic_id"]]), LABEL_WIDTH)
        for row in shown.iter_rows(named=True)
    ]
    n_unnamed = found.height - _write(ax, labels, points, (width, HEIGHT))
    if n_unnamed:
        note = f"{count(n_unnamed, 'further topic')} without a label, for want of room."
        style.write(
            figure, style.MARGIN, top + HEIGHT + 0.08, note, fontsize=style.SMALL, color=style.MUTED
        )
    return figure


def _frame(ax: Axes, papers: pl.DataFrame, width: float) -> Points:
    """Axes in inches without ticks; the papers' places in them, n × 2."""
    xy = papers.select("x", "y").to_numpy().astype(np.float64)
    low, high = xy.min(axis=0), xy.max(axis=0)
    extent = np.where(high > low, high - low, 1.0)
    size = np.array([width, HEIGHT])
    ax.set_xlim(0, width)
    ax.set_ylim(0, HEIGHT)
    ax.set_xticks([])
    ax.set_yticks([])
    ax.spines[:].set_color(style.PALE)
    centred: Points = ((xy - (low + high) / 2) / extent * 0.94 + 0.5) * size
    return centred


def _colours(centres: list[Points], topic_ids: list[int]) -> dict[int, str]:
    """A colour for each topic: the one whose nearest topic so far is the farthest away."""
    colours: dict[int, str] = {}
    used: list[list[Points]] = [[] for _ in COLOURS]
    for topic, centre in zip(topic_ids, centres, strict=True):
        nearest = [
            min((float(np.hypot(*(centre - other))) for other in others), default=np.inf)
            for others in used
        ]
        best = int(np.argmax(nearest))
        used[best].append(centre)
        colours[topic] = COLOURS[best]
    return colours


def _scatter(ax: Axes, papers: pl.DataFrame, points: Points, colours: dict[int, str]) -> None:
    """The points, outliers beneath."""
    size = float(np.clip(9000 / papers.height, 2.5, 16))
    topic = papers["topic_id"].to_numpy()
    inside = np.isin(topic, list(colours))
    shades = [colours[int(t)] for t in topic[inside]]
    for which, shade, area in ((~inside, OUTLIERS, size * 0.7), (inside, shades, size)):
        if which.any():
            ax.scatter(
                points[which, 0],
                points[which, 1],
                s=area,
                c=shade,
                alpha=0.75,
                linewidths=0,
                rasterized=papers.height > RASTER,
            )


def _write(ax: Axes, labels: list[Label], points: Points, size: tuple[float, float]) -> int:
    """Write the labels that have room, with a line to their topic; how many these are."""
    n_written = 0
    for label, centre in zip(labels, place(labels, points, size), strict=True):
        if centre is None:
            continue
        n_written += 1
        ax.annotate(
            "\n".join(label.lines),
            xy=label.anchor,
            xytext=centre,
            ha="center",
            va="center",
            fontsize=style.SMALL,
            linespacing=1.15,
            color=style.INK,
            parse_math=False,
            zorder=4,
            bbox={
                "boxstyle": "round,pad=0.18",
                "fc": "white",
                "ec": style.RULE,
                "lw": 0.5,
                "alpha": 0.9,
            },
            arrowprops={
                "arrowstyle": "-",
                "color": style.INK,
                "lw": 0.7,
                "shrinkA": 0,
                "shrinkB": 0,
            },
        )
        ax.plot(*label.anchor, "o", markersize=3, color=style.INK, zorder=3)
    return n_written
