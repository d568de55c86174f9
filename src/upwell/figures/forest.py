"""What is rising: growth with its interval, one row a subject, the surest on top."""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

import polars as pl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from upwell.figures import style
from upwell.quantities import change, clipped, count
from upwell.wording import (
    VERDICT_WORDS,
    growth_words,
    headline,
    is_doubtful,
    is_one_of_many,
    ranked,
)

MAX_ROWS, MAX_THEMES = 25, 15
NAMES, PLOT, GROWTH, PAPERS = 2.75, 2.75, 1.82, 0.5  # column widths in inches
INDENT, SPACE = 0.12, 0.12  # inches before names, and between the columns
ROW = 0.25  # inches of a row with a name on one line
WIDEST = 16.0  # the axis never goes beyond this factor a year
NARROWEST = 1.5  # … and always as far as this, so that small growth looks small
TICKS = (1.1, 1.2, 1.5, 2, 3, 4, 6, 8, 16)  # and their inverses
UNKNOWN = "insufficient_evidence"
GROUPS = {"theme": "Themes (the watch list)", "topic": "Topics (found in the papers)"}

Row = dict[str, Any]


def rising(trends: pl.DataFrame) -> Figure:
    """Forest plot of growth per year, themes first, sorted by the lower end of the interval.

    Parameters
    ----------
    trends : the table `trends`; any number of rows.

    Returns
    -------
    At most 25 rows: up to 15 themes, then topics with a verdict before those without; a footnote
    counts what is left out and names subjects with too few papers to estimate. Intervals beyond
    the axis end in an arrow.
    """
    rows = ranked(trends).to_dicts()
    estimated = [row for row in rows if growth_words(row) is not None]
    if not estimated:
        return style.message(
            headline(trends), _footnote(rows, [], rows) or "There are no subjects."
        )
    with style.drawing():
        return _forest(trends, rows, estimated)


def _forest(trends: pl.DataFrame, rows: list[Row], estimated: list[Row]) -> Figure:
    """The figure: heading, column heads, one line a row, footnote."""
    shown = _most_telling(estimated)
    head, subtitle, top = style.heading(
        headline(trends),
        "Change per year of the odds that a paper is in the subject (for shares up to 10 %, nearly "
        "the change of the share). Bars are 95 % intervals: where one crosses “no change”, the "
        "papers fit both growth and decline.",
    )
    notes = style.wrap(
        _footnote(rows, shown, [row for row in rows if row not in estimated]),
        style.WIDTH - 2 * style.MARGIN,
        style.SMALL,
        max_lines=6,
    )
    lines = _lines(shown)
    height = sum(line.height for line in lines) + 0.05
    foot = top + 0.55 + height + 0.55
    figure = style.blank(foot + style.lines_height(len(notes), style.SMALL) + 0.1)
    style.write_heading(figure, head, subtitle)
    _key(figure, top + 0.02, shown)
    ax = style.axes(figure, style.MARGIN + NAMES, top + 0.55, PLOT, height)
    _axis(ax, _limit(shown), height)
    _heads(figure, top + 0.47)
    down = 0.0
    for line in lines:
        _draw(ax, down + line.height / 2, line)
        down += line.height
    style.write(
        figure, style.MARGIN, foot, "\n".join(notes), fontsize=style.SMALL, color=style.MUTED
    )
    return figure


@dataclass(frozen=True)
class _Line:
    """One line of the plot: a subject, or a heading without a row; its name, wrapped."""

    name: str
    row: Row | None = None

    @property
    def height(self) -> float:
        """Inches, by the lines of the name."""
        return ROW + 0.11 * self.name.count("\n")


def _lines(rows: list[Row]) -> list[_Line]:
    """The lines of the plot: for each kind a heading and its subjects."""
    lines = []
    for kind, heading in GROUPS.items():
        found = [row for row in rows if row["kind"] == kind]
        if found:
            lines.append(_Line(heading))
        for row in found:
            weight = "normal" if row["verdict"] == UNKNOWN else "bold"
            marks = "†" * is_doubtful(row) + "‡" * row["is_burst"]
            width = NAMES - INDENT - SPACE - 0.1 * len(marks)
            name = "\n".join(style.wrap(row["name"], width, style.BODY, weight=weight))
            lines.append(_Line(name + marks, row))
    return lines


def _most_telling(rows: list[Row]) -> list[Row]:
    """At most 25 rows, in their order: themes have 15 places, then a verdict comes before none."""
    weight = {"rising": 0, "falling": 0, "steady": 1, UNKNOWN: 2}
    order = sorted(rows, key=lambda row: (weight[row["verdict"]], -row["n_papers"]))
    themes = [row for row in order if row["kind"] == "theme"][:MAX_THEMES]
    others = [row for row in order if row not in themes]
    chosen = [*themes, *others][:MAX_ROWS]
    return [row for row in rows if row in chosen]


def _limit(rows: list[Row]) -> float:
    """The factor at both ends of the axis.

    All estimates fit, the intervals of all verdicts and four in five of the others; up to 16.
    """
    estimates = [abs(_log(row["growth"])) for row in rows]
    reaches = [max(abs(_log(row["growth_low"])), abs(_log(row["growth_high"]))) for row in rows]
    told = [r for r, row in zip(reaches, rows, strict=True) if row["verdict"] != UNKNOWN]
    most = sorted(reaches)[math.ceil(0.8 * len(reaches)) - 1]
    reach = 1.06 * max(*estimates, most, *told)
    return math.exp(min(max(reach, math.log(NARROWEST)), math.log(WIDEST)))


def _log(growth: float) -> float:
    """Logarithm of a growth, finite for 0 and infinity."""
    return math.log(min(max(growth, 1e-9), 1e9))


def _axis(ax: Axes, limit: float, height: float) -> None:
    """A logarithmic axis of growth, `no change` in the middle, faint lines at the ticks."""
    room = PLOT / (2 * math.log(limit))
    kept = [1.0]
    for tick in reversed(TICKS):
        if tick <= limit * 1.001 and all(
            _log(max(tick, k) / min(tick, k)) * room > 0.42 for k in kept
        ):
            kept.append(tick)
    kept += [1 / tick for tick in kept[1:]]
    ax.set_xlim(-math.log(limit), math.log(limit))
    ax.set_ylim(height, 0)
    labels = {t: "0" if t == 1 else change(t).replace(".0", "") for t in kept}
    ax.set_xticks([math.log(t) for t in kept], list(labels.values()))
    ax.set_yticks([])
    ax.grid(axis="x", color=style.PALE, linewidth=0.8)
    ax.axvline(0, color=style.MUTED, linewidth=1)
    ax.set_axisbelow(True)
    ax.spines[["left", "right", "top"]].set_visible(False)
    ax.set_xlabel("change of the odds per year (logarithmic)", fontsize=style.SMALL)


def _heads(figure: Figure, top: float) -> None:
    """Heads over the plot and over the numbers at its right."""
    middle, left = style.MARGIN + NAMES + PLOT / 2, style.MARGIN + NAMES + PLOT
    options: dict[str, Any] = {"va": "baseline", "fontsize": style.SMALL, "color": style.MUTED}
    style.write(figure, middle - 0.45, top, "← shrinks", ha="right", **options)
    style.write(figure, middle, top, "no change", ha="center", **options)
    style.write(figure, middle + 0.45, top, "grows →", **options)
    style.write(figure, left + SPACE, top, "per year (95 % interval)", **options)
    style.write(figure, left + SPACE + GROWTH + PAPERS, top, "papers", ha="right", **options)


def _key(figure: Figure, top: float, rows: list[Row]) -> None:
    """The verdicts that occur, each with its mark, in one line."""
    found = {row["verdict"] for row in rows}
    marks: list[Line2D | Patch] = [
        Line2D([], [], **_mark(verdict), linestyle="none", label=words)
        for verdict, words in VERDICT_WORDS.items()
        if verdict in found
    ]
    style.write_key(figure, top, marks, style.BODY)


def _mark(verdict: str) -> dict[str, Any]:
    """Shape and colour of a verdict; hollow where nothing is known."""
    colour = style.VERDICT_COLOURS[verdict]
    hollow = verdict == UNKNOWN
    return {
        "marker": style.VERDICT_MARKERS[verdict],
        "markersize": 6.5,
        "markeredgecolor": colour,
        "markerfacecolor": "white" if hollow else colour,
        "markeredgewidth": 1.3,
    }


def _draw(ax: Axes, y: float, line: _Line) -> None:
    """One line of the plot, at so many inches from its top: name, interval, estimate, numbers."""
    row = line.row
    if row is None:
        _text(ax, y, -NAMES, line.name, weight="bold", color=style.MUTED)
        return
    colour = style.VERDICT_COLOURS[row["verdict"]]
    _interval(ax, y, row, colour)
    weight = "normal" if row["verdict"] == UNKNOWN else "bold"
    _text(ax, y, INDENT - NAMES, line.name, weight=weight, color=style.INK)
    words = (growth_words(row) or "").replace(" a\xa0year", "")
    # Signs for words: two extremes in words would reach into the numbers.
    words = words.replace("below", "<").replace("over", ">")
    _text(ax, y, PLOT + SPACE, words, color=colour, fontsize=style.SMALL)
    right = PLOT + SPACE + GROWTH + PAPERS
    _text(ax, y, right, count(row["n_papers"]), ha="right", color=style.INK, fontsize=style.SMALL)


def _interval(ax: Axes, y: float, row: Row, colour: str) -> None:
    """Estimate and interval; arrows where they go beyond the axis."""
    right = ax.get_xlim()[1]
    low, growth, high = (_log(row[name]) for name in ("growth_low", "growth", "growth_high"))
    ends = [min(max(end, -right), right) for end in (low, high)]
    ax.plot(ends, [y, y], color=colour, linewidth=1.8, solid_capstyle="butt")
    for end, beyond, arrow in ((ends[0], low < -right, "<"), (ends[1], high > right, ">")):
        if beyond:
            ax.plot([end], [y], marker=arrow, color=colour, markersize=5, clip_on=False)
    if abs(growth) <= right:
        ax.plot([growth], [y], **_mark(row["verdict"]), zorder=3)


def _text(ax: Axes, y: float, inches: float, text: str, **how: str | float) -> None:
    """Text on a line of the plot, so many inches from the left end of the axis."""
    options: dict[str, Any] = {
        "fontsize": style.BODY,
        "va": "center_baseline",
        "linespacing": 1.15,
    } | how
    if "\n" in text:
        options["va"] = "center"
    ax.text(inches / PLOT, y, text, transform=ax.get_yaxis_transform(), parse_math=False, **options)


def _footnote(rows: list[Row], shown: list[Row], unknown: list[Row]) -> str:
    """What the figure leaves out, and what its marks mean."""
    notes = []
    left_out = Counter(r["verdict"] for r in rows if r not in shown and r not in unknown)
    if left_out:
        listed = ", ".join(f"{n:,} {VERDICT_WORDS[v]}" for v, n in sorted(left_out.items()))
        notes.append(f"Not shown: {count(left_out.total(), 'more subject')} ({listed}).")
    if unknown:
        listed = ", ".join(f"{clipped(r['name'], 30)} ({r['n_papers']:,})" for r in unknown[:6])
        more = f" and {len(unknown) - 6:,} more" if len(unknown) > 6 else ""
        notes.append(f"Too few papers to estimate (papers): {listed}{more}.")
    if any(map(is_one_of_many, shown)):
        notes.append(
            "A ring whose bar clears “no change”: among so many subjects, that comes up by chance."
        )
    if any(map(is_doubtful, shown)):
        notes.append(
            "† A check turns the sign round, or the topic is unstable (trends.parquet says which)."
        )
    if any(r["is_burst"] for r in shown):
        notes.append("‡ The last complete bucket stands out above the trend.")
    return " ".join(notes)
