"""Tables → matplotlib figures, for a reader who looks at one of them and must not be misled.

Every figure draws its uncertainty and its sample sizes, tells a verdict by shape and word as well
as by colour, and copes with no rows by saying so. Nothing here saves a file or touches pyplot; the
matplotlib settings are put back after every call.
"""

from collections.abc import Callable, Mapping

import polars as pl
from matplotlib.figure import Figure

from upwell import tables
from upwell.figures.backtest import backtest
from upwell.figures.calibration import calibration
from upwell.figures.forest import rising
from upwell.figures.panels import theme_shares, topics_over_time
from upwell.figures.scatter import topic_map
from upwell.figures.style import render

__all__ = [
    "backtest",
    "calibration",
    "draw_all",
    "render",
    "rising",
    "theme_shares",
    "topic_map",
    "topics_over_time",
]


def draw_all(
    frames: Mapping[tables.Table, pl.DataFrame],
    *,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, bytes]:
    """Every figure of a run, as PNG and as SVG.

    Parameters
    ----------
    frames : the tables `papers`, `topics`, `trends` and `trend_series`, and any others.
    progress : called with the number of files done and of all.

    Returns
    -------
    The content of each file by its name: `rising`, `theme_shares`, `topics_over_time` and
    `topic_map`, each with `.png` and `.svg`.
    """
    papers, topics = frames[tables.PAPERS], frames[tables.TOPICS]
    trends, series = frames[tables.TRENDS], frames[tables.TREND_SERIES]
    draw: dict[str, Callable[[], Figure]] = {
        "rising": lambda: rising(trends),
        "theme_shares": lambda: theme_shares(series, trends),
        "topics_over_time": lambda: topics_over_time(series, topics, trends),
        "topic_map": lambda: topic_map(papers, topics),
    }
    files = {}
    for name, make in draw.items():
        figure = make()
        for file_format in ("png", "svg"):
            files[f"{name}.{file_format}"] = render(figure, file_format)
            if progress is not None:
                progress(len(files), 2 * len(draw))
    return files
