"""What a back-test showed, on a terminal of 80 columns."""

import polars as pl
from rich.console import Console
from rich.table import Table

from upwell.quantities import count, percent
from upwell.tables import VERDICTS
from upwell.wording import VERDICT_WORDS

_HEADS = {"exceeds_before": "above before", "exceeds_fit": "above the fit"}
_KINDS = {"all": "Topics and themes", "topic": "Topics", "theme": "Themes"}


def show(console: Console, table: pl.DataFrame, rates: pl.DataFrame) -> None:
    """Print how often growth followed each verdict, beside the base rate.

    Parameters
    ----------
    table : the table `backtest`.
    rates : what `followed_by_growth` makes of it.
    """
    dates = table["cutoff"].unique().sort()
    shown = ", ".join(day.isoformat() for day in dates)
    _say(console, f"What was known at {count(len(dates), 'date')} ({shown}), and what came after:")
    if rates.is_empty():
        _say(console, "At no date was there a subject with papers enough to compare.")
        return
    for kind, title in _KINDS.items():
        rows = rates.filter(pl.col("kind") == kind)
        if rows.height:
            console.print(_rates(title, rows))
    _say(
        console,
        "So many of the cases had a larger share after the date: than in as long a span before, "
        "and than at the end of the line fitted then, which overshoots what levels off. In "
        "brackets the 95 % interval; `all` are the tested subjects no smaller. Subjects share "
        "papers and dates, so the intervals are too narrow. Themes were chosen in hindsight.",
    )


def _rates(title: str, rows: pl.DataFrame) -> Table:
    """A line a verdict."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column(title)
    shown.add_column("cases", justify="right")
    shown.add_column("subjects", justify="right")
    for head in _HEADS.values():
        shown.add_column(head, justify="right", no_wrap=True)
        shown.add_column("all", justify="right", no_wrap=True)
    by = {(row["verdict"], row["outcome"]): row for row in rows.to_dicts()}
    for verdict in VERDICTS:
        cells: list[str] = []
        for outcome in _HEADS:
            row = by.get((verdict, outcome))
            cells += ["–", "–"] if row is None else [_percents(row), percent(row["base"])]
        first = next((by[verdict, o] for o in _HEADS if (verdict, o) in by), None)
        if first is not None:
            counts = (str(first["n_cases"]), str(first["n_subjects"]))
            shown.add_row(VERDICT_WORDS[verdict], *counts, *cells)
    return shown


def _percents(row: dict[str, float]) -> str:
    """A rate and its interval."""
    low, high = (percent(row[end]).removesuffix("\xa0%") for end in ("share_low", "share_high"))
    return f"{percent(row['share'])} ({low}–{high})"


def _say(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False)
