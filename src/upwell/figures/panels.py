"""Shares over time: one small panel a subject, all with the same time axis.

Small multiples rather than one chart of many lines or a stacked area: with 12 subjects of some 30
papers a bucket the intervals overlap, and only apart can each be read with its own interval.
"""

from dataclasses import dataclass, replace
from typing import Any

import polars as pl
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from upwell.figures import style
from upwell.figures.panel import LEFT, SHARES, STRIP, Panel, draw
from upwell.figures.timeline import Timeline
from upwell.quantities import count
from upwell.wording import headline, ranked, verdict_words

MAX_PANELS = 11  # … and the one of all papers: a full grid of two or three columns
TITLE_GAP, TICKS, BELOW, GAP = 0.17, 0.3, 0.22, 0.16  # inches around and between panels

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
    return _small_multiples(rows, series, "topic")


def _small_multiples(rows: list[Row], series: pl.DataFrame, kind: str) -> Figure:
    """The figure of either kind; in words where there is nothing to draw."""
    series = series.filter(pl.col("kind") == kind).sort("subject", "bucket_start")
    title = f"Share of each {kind} over time"
    rows = sorted(rows, key=_order)
    if not rows:
        return style.message(title, f"There is no {kind} to draw.")
    if series.is_empty() or not series["n_total"].sum():
        return style.message(title, "No paper has a date that places it in a bucket.")
    with style.drawing():
        return _grid_figure(rows[:MAX_PANELS], rows[MAX_PANELS:], series, kind)


def _order(row: Row) -> tuple[int, int]:
    """Rising and falling subjects in their order, then steady and open ones by size."""
    if row["verdict"] in {"rising", "falling"}:
        return ["rising", "falling"].index(row["verdict"]), 0
    return 2, -row["n_papers"]


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
    _key(figure, top, timeline, panels)
    for place, (panel, title) in enumerate(zip(panels, titles, strict=True)):
        left, above = grid.corner(place, top + 0.3)
        _write_title(figure, left, above, title, panel.colour)
        corner = (left + LEFT, above + grid.title_height + TITLE_GAP)
        draw(figure, panel, corner, grid.width - LEFT, timeline)
    return figure


def _subject_panel(row: Row, series: pl.DataFrame) -> Panel:
    """What is drawn of one theme or topic."""
    ends = (row["first_share"], row["last_share"])
    told = row["verdict"] != "insufficient_evidence" and None not in ends
    return Panel(
        row["name"],
        f"{style.VERDICT_SIGNS[row['verdict']]} {verdict_words(row)}",
        style.VERDICT_COLOURS[row["verdict"]],
        series.filter(pl.col("subject") == row["subject"]),
        ends if told else None,
    )


def _totals_panel(timeline: Timeline) -> Panel:
    """What is drawn of all dated papers."""
    total = sum(timeline.totals.values())
    name = f"All dated papers per {timeline.bucket}"
    return Panel(name, f"{total:,} in all; shares are out of these", style.MUTED, timeline.frame())


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
        f"papers of the {kind}. Rising and falling first, then by size; each panel has its own "
        "scale."
    )
    if left_out:
        words += f" Not drawn: {count(len(left_out), f'more {kind}')}, the last in that order."
    return words


def _key(figure: Figure, top: float, timeline: Timeline, panels: list[Panel]) -> None:
    """What points, lines and shades stand for; only what occurs."""
    grey = style.MUTED
    points = Line2D([], [], color=grey, marker="o", markersize=4.5, label="share, 95 % interval")
    handles: list[Line2D | Patch] = [points]
    points.set_linewidth(0)
    if any(panel.is_clipped for panel in panels):
        label = "interval beyond axis"
        mark: dict[str, Any] = {"marker": "^", "markersize": 3.5, "linewidth": 0}
        handles.append(Line2D([], [], color=grey, label=label, **mark))
    if any(panel.fitted for panel in panels):
        label = "fitted trend, given a verdict"
        handles.append(Line2D([], [], color=grey, linewidth=2, label=label))
    shade: dict[str, Any] = {"edgecolor": style.RULE, "linewidth": 0.8}
    if timeline.partial:
        label = f"incomplete {timeline.bucket}"
        handles.append(Patch(facecolor="white", hatch="////", label=label, **shade))
    if timeline.gaps:
        label = "no papers"
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
