"""The figure of bench_history.py: verdicts beside the shares they are about."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from upwell.figures import style
from upwell.trends import Trends

N_COLUMNS = 4
ROW, TOP = 1.45, 1.42  # inches
SUBTITLE = (
    "Points: share of a year's or month's papers, %. Lines: the fit of each span, in the colour of "
    "its verdict; thin: the longest span. ≠ known history says otherwise, ! the verdict hides a turn."
)

Span = tuple[str, str]


def draw(rows: Sequence[Mapping[str, Any]], found: Mapping[Span, Trends]) -> bytes:
    """Small multiples, one a theme, as a PNG.

    Parameters
    ----------
    rows : as `bench_history.rows_of` gives them.
    found : the trends of each span.
    """
    longest = max(found, key=lambda span: found[span].series["bucket_start"].n_unique())
    names = list(dict.fromkeys(row["theme"] for row in rows))
    with style.drawing():
        figure = style.blank(TOP + ROW * -(-len(names) // N_COLUMNS))
        head, lines, _ = style.heading("Verdicts beside the shares they are about", SUBTITLE)
        style.write_heading(figure, head, lines)
        verdicts = style.VERDICT_COLOURS.items()
        handles = [Line2D([], [], color=c, lw=2, label=v.replace("_", " ")) for v, c in verdicts]
        style.write_key(figure, 0.92, handles, style.SMALL)
        for place, name in enumerate(names):
            line, column = divmod(place, N_COLUMNS)
            axes = style.axes(figure, 0.4 + 1.98 * column, TOP + ROW * line, 1.6, 0.95)
            _draw_shares(axes, found[longest], name)
            mine = [row for row in rows if row["theme"] == name]
            for row in sorted(mine, key=lambda row: row["spanned"] != longest):
                is_whole = row["spanned"] == longest and len(found) > 1
                _draw_fit(axes, row, found[row["spanned"]], width=0.9 if is_whole else 2.2)
            marks = "≠" * any(row["outcome"] == "CONTRADICTS" for row in mine)
            marks += "!" * any(row["misleads"] for row in mine)
            title = style.shorten(f"{marks} {name}".strip(), 1.9, style.SMALL)
            axes.set_title(title, fontsize=style.SMALL, loc="left")
        return style.render(figure, "png")


def _draw_shares(axes: Axes, trends: Trends, name: str) -> None:
    """The share of every bucket."""
    series = trends.series.filter(kind="theme", subject=name)
    middle = (series["bucket_start"].dt.epoch("d") + series["bucket_end"].dt.epoch("d")) / 2
    axes.plot(_years(middle.to_numpy()), 100 * series["share"], "o", ms=2, color=style.MUTED)
    axes.set_ylim(0, 120 * max(series["share"].max(), 1e-4))  # fits that leave it are cut off
    axes.spines[["top", "right"]].set_visible(False)
    years = middle.to_numpy()[[0, -1]] / 365.2425 + 1970
    if years[1] - years[0] > 3:
        axes.set_xticks(np.arange(np.ceil(years[0] / 10) * 10, years[1], 10))
    else:
        axes.set_xticks(
            _years(middle.to_numpy()), series["bucket_start"].dt.strftime("%b").to_list()
        )
    axes.locator_params(axis="y", nbins=3)


def _draw_fit(axes: Axes, row: Mapping[str, Any], trends: Trends, *, width: float) -> None:
    """The logistic line that a verdict is about; nothing for a theme that was not tested."""
    if row["first_share"] is None or trends.span is None:
        return
    epoch = np.array([np.datetime64(day).astype(int) for day in trends.span])
    ends = np.clip([row["first_share"], row["last_share"]], 1e-9, 1 - 1e-9)
    logit = np.linspace(*np.log(ends / (1 - ends)), 50)
    axes.plot(
        np.linspace(*_years(epoch), 50),
        100 / (1 + np.exp(-logit)),
        color=style.VERDICT_COLOURS[row["verdict"]],
        lw=width,
    )


def _years(days: np.ndarray) -> np.ndarray:
    """Days since 1970 as years."""
    return np.asarray(days) / 365.2425 + 1970
