"""Shares over time: one small panel a subject, all with the same time axis.

Small multiples rather than one chart of many lines or a stacked area: with 12 subjects of some 30
papers a bucket the intervals overlap, and only apart can each be read with its own interval.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from upwell.figures import style
from upwell.figures.timeline import Timeline
from upwell.wording import count, headline, percent, ranked, verdict_words

MAX_PANELS = 11  # … and the one of all papers: a full grid of two or three columns
TITLE_GAP, SHARES, STRIP, TICKS, BELOW = 0.17, 1.25, 0.34, 0.3, 0.22  # inches in a panel, down
LEFT, GAP = 0.5, 0.16  # inches for the tick labels of a panel, and between panels

TINY = 7.5  # points, for the numbers on bars

Row = dict[str, Any]


@dataclass(frozen=True)
class _Grid:
    """Where panels go: how many columns, how wide, and what they share."""

    n_columns: int
    title_height: float = 0.0

    @property
    def pitch(self) -> float:
        """Inches from the left end of one panel to that of the next."""
        return (style.WIDTH - 2 * style.MARGIN + GAP) / self.n_columns

    @property
    def width(self) -> float:
        """Inches of a panel with its tick labels."""
        return self.pitch - GAP

    @property
    def height(self) -> float:
        """Inches of a panel with its title and tick labels."""
        return self.title_height + TITLE_GAP + SHARES + STRIP + TICKS + BELOW

    def title(self, name: str, words: str) -> tuple[list[str], list[str]]:
        """Name and what is said of it, wrapped to the panel, two lines each at most."""
        lines = style.wrap(name, self.width, style.BODY, weight="bold")
        return lines, style.wrap(words, self.width, style.SMALL)

    def corner(self, place: int, top: float) -> tuple[float, float]:
        """Top left corner of a panel, in inches; `top` is that of the grid."""
        line, column = divmod(place, self.n_columns)
        return style.MARGIN + column * self.pitch, top + line * self.height


@dataclass(frozen=True)
class _Panel:
    """What one panel says and draws; without a column `share` it is the one of all papers."""

    name: str
    words: str
    colour: str
    frame: pl.DataFrame
    fitted: tuple[float, float] | None = None


def theme_shares(series: pl.DataFrame, trends: pl.DataFrame) -> Figure:
    """Share of each theme over time, with intervals, papers per bucket and verdict.

    Parameters
    ----------
    series, trends : the tables `trend_series` and `trends`; any number of rows, rows of topics
        are left aside.

    Returns
    -------
    One panel for each of at most 11 themes, each with its own scale of shares from zero, and one
    for all dated papers. The fitted trend is drawn only where there is a verdict.
    """
    rows = ranked(trends.filter(pl.col("kind") == "theme")).to_dicts()
    return _small_multiples(rows, series, "theme")


def topics_over_time(series: pl.DataFrame, topics: pl.DataFrame, trends: pl.DataFrame) -> Figure:
    """Share of each topic over time, like `theme_shares`.

    Parameters
    ----------
    series, topics, trends : the tables `trend_series`, `topics` and `trends`; any number of rows,
        rows of themes are left aside. A topic without a row in `trends` is not drawn.

    Returns
    -------
    One panel for each of at most 11 topics: rising and falling ones first, then the largest.
    """
    names = dict(zip(topics["topic_id"].cast(pl.String), topics["label"], strict=True))
    rows = ranked(trends.filter(pl.col("kind") == "topic")).to_dicts()
    rows = [row | {"name": names.get(row["subject"], row["name"])} for row in rows]
    told = {"rising": 0, "falling": 1, "steady": 2, "insufficient_evidence": 2}
    rows.sort(key=lambda row: (told[row["verdict"]], -row["n_papers"] * (told[row["verdict"]] > 1)))
    return _small_multiples(rows, series, "topic")


def _small_multiples(rows: list[Row], series: pl.DataFrame, kind: str) -> Figure:
    """The figure of either kind; in words where there is nothing to draw."""
    series = series.filter(pl.col("kind") == kind).sort("subject", "bucket_start")
    title = f"Share of each {kind} over time"
    if not rows:
        return style.message(title, f"There is no {kind} to draw.")
    if series.is_empty() or not series["n_total"].sum():
        return style.message(title, "No paper has a date that places it in a bucket.")
    with style.drawing():
        return _grid_figure(rows[:MAX_PANELS], rows[MAX_PANELS:], series, kind)


def _grid_figure(shown: list[Row], left_out: list[Row], series: pl.DataFrame, kind: str) -> Figure:
    """Heading, key, one panel a subject and one for all papers."""
    timeline = Timeline.of(series)
    panels = [_subject_panel(row, series) for row in shown] + [_totals_panel(timeline)]
    grid = _Grid(1 if len(shown) == 1 else 2 if kind == "theme" else 3)
    titles = [grid.title(panel.name, panel.words) for panel in panels]
    grid = replace(grid, title_height=max(map(_title_height, titles)))
    head, subtitle, top = style.heading(
        _title(shown + left_out, kind), _subtitle(left_out, kind, timeline)
    )
    n_lines = -(-len(panels) // grid.n_columns)
    figure = style.blank(top + 0.3 + n_lines * grid.height)
    style.write_heading(figure, head, subtitle)
    _key(figure, top, timeline, shown)
    for place, (panel, title) in enumerate(zip(panels, titles, strict=True)):
        left, above = grid.corner(place, top + 0.3)
        _write_title(figure, left, above, title, panel.colour)
        _draw(figure, panel, (left + LEFT, above + grid.title_height + TITLE_GAP), grid, timeline)
    return figure


def _subject_panel(row: Row, series: pl.DataFrame) -> _Panel:
    """What is drawn of one theme or topic."""
    ends = (row["first_share"], row["last_share"])
    told = row["verdict"] != "insufficient_evidence" and None not in ends
    return _Panel(
        row["name"],
        f"{style.VERDICT_SIGNS[row['verdict']]} {verdict_words(row)}",
        style.VERDICT_COLOURS[row["verdict"]],
        series.filter(pl.col("subject") == row["subject"]),
        ends if told else None,
    )


def _totals_panel(timeline: Timeline) -> _Panel:
    """What is drawn of all dated papers."""
    total = sum(timeline.totals.values())
    name = f"All dated papers per {timeline.bucket}"
    return _Panel(name, f"{total:,} in all; shares are out of these", style.MUTED, timeline.frame())


def _title_height(title: tuple[list[str], list[str]]) -> float:
    """Inches of a panel's title."""
    name, words = title
    return style.lines_height(len(name), style.BODY) + style.lines_height(len(words), style.SMALL)


def _title(rows: list[Row], kind: str) -> str:
    """The verdict over all subjects, drawn or not."""
    frame = pl.DataFrame(rows, infer_schema_length=None)
    return headline(frame) if kind == "theme" else "Topics over time: " + _lower(headline(frame))


def _lower(text: str) -> str:
    """The sentence with a small first letter, to follow a colon."""
    return text[0].lower() + text[1:]


def _subtitle(left_out: list[Row], kind: str, timeline: Timeline) -> str:
    """How to read the panels, and what is left out."""
    words = (
        f"Points: share of all dated papers of a {timeline.bucket}, with 95 % interval. Bars: "
        f"papers of the {kind}. Each panel has its own scale, from zero."
    )
    if left_out:
        first = "" if kind == "theme" else ", those without a verdict first, then the smallest"
        words += f" Not drawn: {count(len(left_out), f'more {kind}')}{first}."
    return words


def _key(figure: Figure, top: float, timeline: Timeline, rows: list[Row]) -> None:
    """What points, lines and shades stand for; only what occurs."""
    grey = style.MUTED
    points = Line2D([], [], color=grey, marker="o", markersize=4.5, label="share, 95 % interval")
    handles: list[Line2D | Patch] = [points]
    points.set_linewidth(0)
    if any(row["verdict"] != "insufficient_evidence" for row in rows):
        label = "fitted trend (only with a verdict)"
        handles.append(Line2D([], [], color=grey, linewidth=2, label=label))
    shade: dict[str, Any] = {"edgecolor": style.RULE, "linewidth": 0.8}
    if timeline.partial:
        label = f"incomplete {timeline.bucket}"
        handles.append(Patch(facecolor="white", hatch="////", label=label, **shade))
    if timeline.gaps:
        label = f"{timeline.bucket} without papers"
        handles.append(Patch(facecolor=style.PALE, label=label, **shade))
    style.write_key(figure, top, handles, style.SMALL)


def _write_title(
    figure: Figure, left: float, top: float, title: tuple[list[str], list[str]], colour: str
) -> None:
    """The subject in bold, and under it what is said of it."""
    name, words = title
    style.write(figure, left, top, "\n".join(name), weight="bold")
    top += style.lines_height(len(name), style.BODY)
    style.write(figure, left, top, "\n".join(words), fontsize=style.SMALL, color=colour)


def _draw(
    figure: Figure, panel: _Panel, corner: tuple[float, float], grid: _Grid, timeline: Timeline
) -> None:
    """Shares and the papers per bucket under them; for all papers, bars of the full height."""
    left, top = corner
    width, height = grid.width - LEFT, SHARES + STRIP
    if "share" in panel.frame.columns:
        ax = style.axes(figure, left, top, width, SHARES)
        _shares(ax, panel, timeline)
        timeline.name_incomplete(ax)
        top, height = top + SHARES, STRIP
    strip = style.axes(figure, left, top, width, height)
    _counts(strip, panel, timeline, (width, height))
    if "share" not in panel.frame.columns:
        timeline.name_incomplete(strip)


def _shares(ax: Axes, panel: _Panel, timeline: Timeline) -> None:
    """Points with intervals; hollow in an incomplete bucket, none where there are no papers."""
    known = panel.frame.filter(pl.col("share").is_not_null())
    highest = known.select(pl.max_horizontal("share", "share_high").max()).item() or 0.0
    top = max(highest, *(panel.fitted or ()), 1e-4) * 1.08
    timeline.shade(ax)
    middles = np.array([timeline.middle(row) for row in known.iter_rows(named=True)])
    low = known["share_low"].fill_null(known["share"])
    high = known["share_high"].fill_null(known["share"])
    ax.vlines(middles, low, high, color=panel.colour, linewidth=1, alpha=0.55)
    partial = known["is_partial"].to_numpy()
    for which, face in ((~partial, panel.colour), (partial, "white")):
        shares = known["share"].to_numpy()[which]
        ax.plot(
            middles[which], shares, "o", ms=4, mfc=face, mec=panel.colour, clip_on=False, zorder=3
        )
    if panel.fitted is not None:
        _trend(ax, panel.fitted, timeline, panel.colour)
    ticks = _share_ticks(top)
    ax.set_yticks(ticks, [percent(t).replace(".0", "") for t in ticks])
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


def _counts(ax: Axes, panel: _Panel, timeline: Timeline, size: tuple[float, float]) -> None:
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
        ax.annotate(
            f"{row['n_papers']:,}",
            (timeline.middle(row), row["n_papers"]),
            (0, 1),
            textcoords="offset points",
            ha="center",
            va="bottom",
            fontsize=TINY,
            color=style.MUTED,
            parse_math=False,
        )
    room = style.lines_height(1, TINY) / height
    ax.set_ylim(0, max(most, 1) / (1 - room))
    ax.set_yticks([])
    timeline.ticks(ax, width)
    ax.spines[["right", "top"]].set_visible(False)
    ax.text(
        -0.06 / width,
        0,
        "papers",
        transform=ax.transAxes,
        ha="right",
        fontsize=TINY,
        color=style.MUTED,
    )
