"""Whether p-values under shuffled dates are what chance makes, for a reader who doubts it."""

from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from upwell.figures import style
from upwell.quantities import count, percent
from upwell.tables import SHUFFLES

HEIGHT = 1.75  # inches of a panel
GAP = 0.62  # inches between the rows, for axis labels and the line above the next one
LEFT, MIDDLE = 0.55, 0.7  # inches for tick labels, left of each panel
TRUE = "#7b3294"  # the dates as they are; no verdict has this colour
BAR = "#9aa5ad"
SMALLEST = 1e-4  # p-value at the left end of the right panels
TITLES = {
    "papers": "Dates of single papers shuffled, within each part of the collection",
    "buckets": "Whole buckets shuffled (a stress test: true trends turn into noise)",
}
MARKS = {"topic": ("o", style.INK, "topics"), "theme": ("s", "white", "themes")}

Row = dict[str, Any]


def calibration(table: pl.DataFrame, p_values: pl.Series) -> Figure:
    """Histogram of p-values against level, and their tail against the diagonal.

    Parameters
    ----------
    table : the table `calibration`; not empty.
    p_values : those of the run, dates as they are.

    Returns
    -------
    A row of two panels for each sort of shuffle.
    """
    with style.drawing():
        head, lines, top = style.heading(_headline(table), _explanation(table))
        rows = [name for name in SHUFFLES if name in table["shuffled"].to_list()]
        figure = style.blank(top + 0.3 + len(rows) * (HEIGHT + GAP + 0.22))
        style.write_heading(figure, head, lines)
        _key(figure, top + 0.02, table)
        top += 0.32
        for name in rows:
            mine = table.filter(pl.col("shuffled") == name)
            style.write(figure, style.MARGIN, top, _result(mine, name), fontsize=style.SMALL)
            _draw(figure, top + 0.25, mine, np.sort(p_values.drop_nulls().to_numpy()))
            top += HEIGHT + GAP + 0.22
        return figure


def _headline(table: pl.DataFrame) -> str:
    """What came out where only chance is left, against the promise."""
    row = _any_false(table.filter(pl.col("shuffled") == SHUFFLES[0]))
    promise = f"at most {percent(row['expected'])} is promised"
    kept = row["value_low"] <= row["expected"]
    found = f"With dates shuffled, {percent(row['value'])} of the corpora had any false verdict"
    return f"{found}; {promise}" if kept else f"{found}, though {promise}"


def _explanation(table: pl.DataFrame) -> str:
    """What was done, and how to read the panels."""
    row = _any_false(table)
    return (
        f"The dates of this run were shuffled {count(row['n_shuffles'])} times, so that nothing "
        f"has a trend, and its {count(row['n_subjects'], 'subject')} tested again each time. From "
        "an honest test every p-value is as likely as any other: bars are level, points lie on "
        "the line. Above the line are false alarms, below it is caution. Whiskers: 95 %."
    )


def _result(mine: pl.DataFrame, name: str) -> str:
    """One sort of shuffle and how often it gave a false verdict."""
    row = _any_false(mine)
    low, high = percent(row["value_low"]), percent(row["value_high"])
    return f"{TITLES[name]}: false verdicts in {percent(row['value'])} ({low} to {high})"


def _any_false(table: pl.DataFrame) -> Row:
    """The row on false verdicts of all subjects."""
    what = (pl.col("kind") == "all") & (pl.col("measure") == "any_false_verdict")
    return table.filter(what).row(0, named=True)


def _key(figure: Figure, top: float, table: pl.DataFrame) -> None:
    """What marks stand for."""
    point: dict[str, Any] = {"linestyle": "none", "markersize": 5, "markeredgecolor": style.INK}
    kinds = [k for k in MARKS if k in table["kind"].to_list()]
    handles: list[Line2D | Patch] = [Patch(facecolor=BAR, label="shuffled, all")]
    for kind in kinds:
        marker, face, words = MARKS[kind]
        handles.append(
            Line2D([], [], marker=marker, markerfacecolor=face, label=f"shuffled, {words}", **point)
        )
    handles.append(Line2D([], [], color=style.MUTED, linestyle="--", label="an honest test"))
    handles.append(Line2D([], [], color=TRUE, linewidth=1.6, label="this run, dates as they are"))
    style.write_key(figure, top, handles, style.SMALL)


def _draw(figure: Figure, top: float, mine: pl.DataFrame, true: np.ndarray[Any, Any]) -> None:
    """Both panels of a sort of shuffle."""
    width = (style.WIDTH - 2 * style.MARGIN - LEFT - MIDDLE) / 2
    _histogram(style.axes(figure, style.MARGIN + LEFT, top, width, HEIGHT), mine)
    left = style.MARGIN + LEFT + width + MIDDLE
    _tail(style.axes(figure, left, top, width, HEIGHT), mine, true)


def _histogram(ax: Axes, mine: pl.DataFrame) -> None:
    """Share of the p-values in each decile."""
    width = pl.col("p_to") - pl.col("p_from")
    bars = mine.filter(pl.col("kind") == "all", pl.col("measure") == "p_value")
    bars = bars.filter((width - 0.1).abs() < 1e-9).sort("p_from")
    middle = (bars["p_from"] + bars["p_to"]) / 2
    ax.bar(middle, bars["value"], width=0.09, color=BAR)
    ax.vlines(middle, bars["value_low"], bars["value_high"], style.INK, linewidth=1.2)
    ax.axhline(0.1, color=style.MUTED, linestyle="--", linewidth=1)
    top = max(0.16, 1.1 * float(bars["value_high"].to_numpy().max()))
    ticks = [t for t in (0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1) if t <= top]
    ax.set_yticks(ticks, [f"{100 * t:g}\xa0%" for t in ticks])
    ax.set_xticks([0, 0.2, 0.4, 0.6, 0.8, 1], ["0", ".2", ".4", ".6", ".8", "1"])
    ax.set_xlim(0, 1)
    ax.set_ylim(0, top)
    ax.set_xlabel("p-value", fontsize=style.SMALL, labelpad=1)
    ax.set_ylabel("of all p-values", fontsize=style.SMALL, labelpad=2)
    ax.spines[["right", "top"]].set_visible(False)


def _tail(ax: Axes, mine: pl.DataFrame, true: np.ndarray[Any, Any]) -> None:
    """Share of the p-values up to each value, both logarithmic."""
    ends = [SMALLEST / 1.6, 1.0]
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.plot(ends, ends, "--", color=style.MUTED, linewidth=1)
    upto = mine.filter(pl.col("measure") == "p_value", pl.col("p_from") == 0).sort("p_to")
    for kind, shift in (("topic", 0.94), ("theme", 1.06)):
        _points(ax, upto.filter(pl.col("kind") == kind), kind, shift)
    if len(true):
        steps = np.maximum(true, ends[0])
        share = np.arange(1, len(true) + 1) / len(true)
        ax.step(
            [steps[0], *steps, 1.0],
            [ends[0], *share, 1.0],
            where="post",
            color=TRUE,
            linewidth=1.6,
            alpha=0.8,
        )
    ticks = [1e-4, 1e-3, 1e-2, 1e-1, 1.0]
    ax.set_xticks(ticks, [".0001", ".001", ".01", ".1", "1"])
    ax.set_yticks(ticks, ["0.01\xa0%", "0.1\xa0%", "1\xa0%", "10\xa0%", "100\xa0%"])
    ax.minorticks_off()
    ax.set_xlim(*ends)
    ax.set_ylim(ends[0], 1.3)
    ax.set_xlabel("p-value of at most (logarithmic)", fontsize=style.SMALL, labelpad=1)
    ax.set_ylabel("of the p-values (logarithmic)", fontsize=style.SMALL, labelpad=2)
    ax.spines[["right", "top"]].set_visible(False)


def _points(ax: Axes, points: pl.DataFrame, kind: str, shift: float) -> None:
    """Points with whiskers, a little to one side; where nothing was seen, only the whisker."""
    x = points["p_to"].to_numpy() * shift
    value = points["value"].to_numpy()
    low = np.maximum(points["value_low"].to_numpy(), SMALLEST / 1.6)
    ax.vlines(x, low, points["value_high"], style.INK, linewidth=0.8)
    seen = value > 0
    marker, face, _ = MARKS[kind]
    how: dict[str, Any] = {"markersize": 4, "markeredgewidth": 0.9, "markerfacecolor": face}
    ax.plot(x[seen], value[seen], marker, color=style.INK, **how)
