"""What comes of trying a theme out, on a terminal of 80 columns."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from upwell.config import Theme
from upwell.quantities import count, percent
from upwell.themes import Matching, theme_toml
from upwell.trends import Trends
from upwell.wording import caveats, sentence

_BARS = "▁▂▃▄▅▆▇█"
_MAX_BARS = 60
_DATE_FORMATS = {"day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y"}

Paper = Mapping[str, Any]


@dataclass(frozen=True)
class Trial:
    """A theme, the papers (from `where`) it was tried on, and what was found."""

    theme: Theme
    where: str
    papers: pl.DataFrame
    matching: Matching
    trends: Trends


def show(console: Console, trial: Trial, *, limit: int) -> None:
    """Print papers, doubtful cases, trend and phrases to consider.

    Parameters
    ----------
    limit : papers in each list.
    """
    _say(console, _headline(trial), style="bold")
    for title, papers in _lists(trial, limit):
        _say(console, f"\n{title}", style="bold")
        for paper in papers:
            show_paper(console, paper)
    _say(console, "\nTrend", style="bold")
    for line in _trend(trial):
        _say(console, line)
    for note in (*trial.matching.notes, *trial.trends.notes):
        _say(console, note, style="dim")
    show_proposals(console, trial.matching.proposals)


def show_entry(console: Console, theme: Theme) -> None:
    """Print a theme that stands in no watch list yet, ready to be pasted into one."""
    _say(console, "\nFor a watch list", style="bold")
    console.print(Text(theme_toml(theme)), soft_wrap=True, end="")


def _say(console: Console, text: str, *, style: str = "") -> None:
    """A line as it is: what papers say is no markup."""
    console.print(Text(text, style=style))


def _headline(trial: Trial) -> str:
    """How many papers the theme would hold."""
    n_members, n_papers = trial.matching.theme_papers.height, trial.papers.height
    threshold = trial.matching.thresholds[trial.theme.name]
    return (
        f"{trial.theme.name}: {count(n_members)} of {count(n_papers, 'paper')} from {trial.where} "
        f"({percent(n_members / n_papers if n_papers else None)}), scored {threshold:.2f} or more"
    )


def _lists(trial: Trial, limit: int) -> Iterator[tuple[str, list[Paper]]]:
    """The surest papers, and the nearest ones on both sides of the threshold."""
    order = [pl.col("score"), pl.col("published"), pl.col("paper_id")]
    members, misses = (
        frame.join(trial.papers, on="paper_id").sort(order, descending=True, nulls_last=True)
        for frame in (trial.matching.theme_papers, trial.matching.near_misses)
    )
    rest = members.tail(max(0, members.height - limit))
    for title, papers in (
        ("Surest", members.head(limit)),
        ("Just inside", rest.tail(limit)),
        ("Just outside", misses.head(limit)),
    ):
        if papers.height:
            yield title, papers.to_dicts()


def show_proposals(console: Console, proposals: pl.DataFrame) -> None:
    """Print what each phrase to consider would bring, and since when it is said; none, no words."""
    if proposals.height:
        _say(console, "\nPhrases to consider", style="bold")
    for row in proposals.to_dicts():
        since = f", since {row['since']:%Y}" if row["since"] else ""
        _say(
            console,
            f"{row['phrase']}: {count(row['n_papers'], 'paper')} that mean the theme say it and "
            f"none of its phrases{since}",
        )


def show_paper(console: Console, paper: Paper) -> None:
    """Score, date and title on one line, the evidence below."""
    title = " ".join((paper["title"] or "(no title)").split())
    head = Text(f"{paper['score']:.2f}  {_date(paper):10}  {title}")
    head.truncate(console.width, overflow="ellipsis")
    console.print(head)
    said = Text(" ".join(paper["evidence"].split()), style="dim")
    console.print(Padding(said, (0, 0, 0, 6), expand=False))


def _date(paper: Paper) -> str:
    """As much of a date as is known."""
    written = _DATE_FORMATS.get(paper["date_precision"])
    return paper["published"].strftime(written) if written and paper["published"] else "–"


def _trend(trial: Trial) -> Iterator[str]:
    """Verdict, growth and share by bucket, and how many subjects the noise was learned from."""
    mine = (pl.col("kind") == "theme") & (pl.col("subject") == trial.theme.name)
    row = trial.trends.trends.filter(mine).row(0, named=True)
    said = caveats(row)
    yield sentence(row) + (f" ({said})" if said else "")
    series = trial.trends.series.filter(mine).sort("bucket_start")
    if series["share"].drop_nulls().len():
        yield sparkline(series, str(trial.trends.bucket))
    n_tested = trial.trends.trends["growth"].drop_nulls().len()
    if row["growth"] is not None:
        yield (
            "Tested alone, so how noisy shares are is learned from this theme only: take the "
            "verdict with care. A run tests a theme among topics."
            if n_tested == 1
            else f"Tested among {n_tested - 1} other subjects of the latest run."
        )


def sparkline(series: pl.DataFrame, bucket: str) -> str:
    """The share of each bucket as a bar, from nothing to the largest share."""
    width = -(-series.height // _MAX_BARS)
    bars = (
        series.with_row_index("n")
        .group_by(pl.col("n") // width, maintain_order=True)
        .agg(pl.col("n_papers").sum(), pl.col("n_total").sum())
        .select(pl.when(pl.col("n_total") > 0).then(pl.col("n_papers") / pl.col("n_total")))
        .to_series()
        .to_list()
    )
    top = max((bar for bar in bars if bar is not None), default=0.0)
    drawn = "".join(" " if bar is None else _BARS[_level(bar, top)] for bar in bars)
    of = bucket if width == 1 else f"{width} {bucket}s"
    first, last = series["bucket_start"][0], series["bucket_start"][-1]
    ends = f"{first:%Y-%m} to {last:%Y-%m}" if bucket != "year" else f"{first:%Y} to {last:%Y}"
    return f"Share by {of}, {ends}: {drawn} (highest {percent(top)})"


def _level(share: float, top: float) -> int:
    """Which bar stands for a share; the lowest one for nothing alone."""
    if share <= 0 or top <= 0:
        return 0
    return max(1, round(share / top * (len(_BARS) - 1)))
