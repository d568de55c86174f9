"""What came after each verdict, for a reader who wants to see the cases and not only their rate."""

import math
from typing import Any

import numpy as np
import polars as pl
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from upwell.figures import style
from upwell.quantities import change, count, percent
from upwell.tables import VERDICTS
from upwell.wording import VERDICT_WORDS

NAMES, SPACE = 1.85, 0.4  # inches of the verdicts' column, and right of each of the two panels
ROW, SCATTER = 0.42, 2.9  # inches of a verdict, and of the cases
WIDEST = 8.0  # factors beyond are drawn at the edge
HEADS = {
    "exceeds_before": "share larger than in as long before",
    "exceeds_fit": "share above the end of the line fitted then",
}
FIRST = "exceeds_before"  # what is meant by growth in the heading

Row = dict[str, Any]


def backtest(table: pl.DataFrame, rates: pl.DataFrame) -> Figure:
    """How often each verdict was followed by growth, with the base rate, and every case.

    Parameters
    ----------
    table : the table `backtest`.
    rates : what `trends.backtest.followed_by_growth` makes of it.

    Returns
    -------
    The figure; in words if nothing could be compared.
    """
    told = table.filter(pl.col("exceeds_fit").is_not_null(), pl.col("growth").is_not_null())
    if told.is_empty() or rates.is_empty():
        return style.message(
            "At no date was there a subject to compare",
            "No subject had papers enough before a cut-off, or no papers came after it.",
        )
    with style.drawing():
        return _draw(told, {(r["verdict"], r["outcome"]): r for r in _all_kinds(rates)})


def _all_kinds(rates: pl.DataFrame) -> list[Row]:
    """The rows that are about topics and themes together."""
    return rates.filter(pl.col("kind") == "all").to_dicts()


def _draw(told: pl.DataFrame, rates: dict[tuple[str, str], Row]) -> Figure:
    """Heading, key, two panels of rates, and the cases below."""
    verdicts = [v for v in VERDICTS if (v, FIRST) in rates]
    head, lines, top = style.heading(_headline(rates), _explanation(told))
    tall = ROW * len(verdicts)
    under = top + 0.62 + tall + 0.62
    figure = style.blank(under + 0.2 + SCATTER + 0.5)
    style.write_heading(figure, head, lines)
    _key(figure, top + 0.02, verdicts)
    width = (style.WIDTH - 2 * style.MARGIN - NAMES) / 2 - SPACE
    for number, (outcome, words) in enumerate(HEADS.items()):
        left = style.MARGIN + NAMES + number * (width + SPACE)
        style.write(figure, left, top + 0.36, words, fontsize=style.SMALL, weight="bold")
        ax = style.axes(figure, left, top + 0.6, width, tall)
        _rates(ax, [rates.get((verdict, outcome)) for verdict in verdicts])
    for number, verdict in enumerate(verdicts):
        _name(figure, top + 0.6 + number * ROW, rates[verdict, FIRST])
    style.write(
        figure, style.MARGIN, under - 0.1, "Every subject at every date", fontsize=style.SMALL,
        weight="bold",
    )  # fmt: skip
    left = style.MARGIN + 0.85
    _cases(style.axes(figure, left, under + 0.15, style.WIDTH - style.MARGIN - left, SCATTER), told)
    return figure


def _headline(rates: dict[tuple[str, str], Row]) -> str:
    """What came of `rising`, beside the base rate."""
    row = rates.get(("rising", FIRST))
    if row is None:
        return "At no past date would a subject have been called rising"
    return (
        f"After {count(row['n_cases'], 'verdict')} of “rising” on "
        f"{count(row['n_subjects'], 'subject')} at past dates, the share grew in "
        f"{percent(row['share'])} ({percent(row['share_low'])} to {percent(row['share_high'])}); "
        f"of all subjects as large, in {percent(row['base'])}"
    )


def _explanation(told: pl.DataFrame) -> str:
    """What was done, and what not to read into it."""
    dates = told["cutoff"].unique().sort()
    when = f"{dates[0]:%Y-%m} to {dates[-1]:%Y-%m}" if len(dates) > 1 else f"{dates[0]:%Y-%m}"
    return (
        f"At {count(len(dates), 'date')} ({when}), topics, themes and verdicts were made from the "
        "papers known by then alone; later ones were put where they would have belonged. The right "
        "panel asks for more: lines overshoot what levels off. Whiskers: 95 %, too narrow, as "
        "subjects share papers and dates; themes were chosen in hindsight."
    )


def _mark(verdict: str) -> Row:
    """Shape and colour of a verdict; hollow where nothing is known."""
    colour = style.VERDICT_COLOURS[verdict]
    return {
        "marker": style.VERDICT_MARKERS[verdict],
        "markeredgecolor": colour,
        "markerfacecolor": "white" if verdict == "insufficient_evidence" else colour,
        "linestyle": "none",
    }


def _key(figure: Figure, top: float, verdicts: list[str]) -> None:
    """What marks stand for."""
    handles = [
        Line2D([], [], markersize=6, label=VERDICT_WORDS[verdict], **_mark(verdict))
        for verdict in verdicts
    ]
    base = Line2D(
        [], [], color=style.MUTED, marker="|", markersize=11, markeredgewidth=2.5,
        linestyle="none", label="all tested subjects no smaller (base rate)",
    )  # fmt: skip
    style.write_key(figure, top, [*handles, base], style.SMALL)


def _name(figure: Figure, top: float, row: Row) -> None:
    """A verdict and how many cases there are of it."""
    words = f"{count(row['n_cases'], 'case')}, {count(row['n_subjects'], 'subject')}"
    colour = style.VERDICT_COLOURS[row["verdict"]]
    style.write(figure, style.MARGIN, top + 0.03, VERDICT_WORDS[row["verdict"]], color=colour)
    style.write(figure, style.MARGIN, top + 0.2, words, fontsize=style.SMALL, color=style.MUTED)


def _rates(ax: Axes, rows: list[Row | None]) -> None:
    """One line a verdict: how often growth followed, and the base rate."""
    for y, row in enumerate(rows):
        if row is None:
            continue
        colour = style.VERDICT_COLOURS[row["verdict"]]
        ax.plot([row["base_low"], row["base_high"]], [y, y], color=style.RULE, linewidth=5)
        ax.plot([row["base"]], [y], "|", color=style.MUTED, ms=13, mew=2.5)
        ax.plot([row["share_low"], row["share_high"]], [y, y], color=colour, linewidth=1.6)
        ax.plot([row["share"]], [y], ms=7, zorder=3, clip_on=False, **_mark(row["verdict"]))
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlim(0, 1)
    ax.set_yticks([])
    ticks = [0, 0.25, 0.5, 0.75, 1]
    ax.set_xticks(ticks, [f"{100 * t:g}\xa0%" for t in ticks])
    ax.grid(axis="x", color=style.PALE, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.set_xlabel("of the cases", fontsize=style.SMALL, labelpad=1)
    ax.spines[["left", "right", "top"]].set_visible(False)


def _cases(ax: Axes, told: pl.DataFrame) -> None:
    """Growth said at the cut-off against what became of the share, both logarithmic."""
    told = told.filter((pl.col("n_after") > 0) | (pl.col("n_before") > 0))
    after, before = (
        np.maximum(told[f"n_{when}"].to_numpy() / told[f"n_total_{when}"].to_numpy(), 1e-12)
        for when in ("after", "before")
    )
    y = np.clip(np.log(after / before), -math.log(WIDEST), math.log(WIDEST))
    x = np.log(np.clip(told["growth"].to_numpy(), 1 / WIDEST, WIDEST))
    n_papers = told["n_papers"].to_numpy()
    size = 2.5 + 5 * np.sqrt(n_papers / n_papers.max(initial=1))
    for verdict in reversed(VERDICTS):
        for i in np.flatnonzero((told["verdict"] == verdict).to_numpy()):
            faint = 0.5 if verdict == "insufficient_evidence" else 0.9
            ax.plot(
                [x[i]], [y[i]], markersize=size[i], alpha=faint, markeredgewidth=0.8,
                clip_on=False, **_mark(verdict),
            )  # fmt: skip
    ax.axhline(0, color=style.MUTED, linewidth=1)
    ax.axvline(0, color=style.MUTED, linewidth=1)
    ax.set_xlim(*_scale(ax.xaxis, x, "no change"))
    ax.set_ylim(*_scale(ax.yaxis, y, "as before"))
    ax.grid(color=style.PALE, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.set_xlabel(
        "growth a year as said at that date (odds; large marks: many papers; the edge: ×8 or more)",
        fontsize=style.SMALL,
    )
    ax.set_ylabel("share after ÷ share before", fontsize=style.SMALL)
    ax.spines[["right", "top", "left", "bottom"]].set_visible(False)


def _scale(axis: Axis, logs: np.ndarray[Any, Any], middle: str) -> tuple[float, float]:
    """Ticks at round factors, and the ends of the axis."""
    reach = max(math.log(1.3), float(np.abs(logs).max(initial=0)) * 1.04)
    steps = (1.25, 1.5) if reach < math.log(2) else (1.5, 2) if reach < math.log(3) else (2, 4, 8)
    ticks = [t for s in steps for t in (1 / s, s) if abs(math.log(t)) <= reach]
    ticks.append(1.0)
    labels = [middle if t == 1 else change(t).replace(".0", "") for t in ticks]
    axis.set_ticks([math.log(t) for t in ticks], labels)
    return -reach, reach
