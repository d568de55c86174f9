"""What a run could not read, by file and reason, with examples."""

from pathlib import Path

import polars as pl
from rich.console import Console
from rich.markup import escape

from flows.exits import ending_in_words
from flows.published import RunError, find_run
from upwell.quantities import count
from upwell.tables import REJECTS

_DETAIL, _EXCERPT = 160, 100  # characters that are shown
_MOST_FILES = 50


def run(name: str, *, outputs: Path, examples: int) -> None:
    """Say what a published run could not read, and why.

    Exits with 2 if the run cannot be used.

    Parameters
    ----------
    name : folder of a run, id of one in `outputs`, or `latest`.
    outputs : folder of runs.
    examples : shown of each reason in each file, at most.
    """
    with ending_in_words(RunError):
        published = find_run(name, outputs)
        rejects = published.read(REJECTS)
        show(Console(), rejects, n_records=published.manifest.counts.n_records, examples=examples)
    if rejects.height:
        path = published.folder / f"{REJECTS.name}.parquet"
        Console().print(f"All of them: {path}", soft_wrap=True, highlight=False)


def show(console: Console, rejects: pl.DataFrame, *, n_records: int, examples: int) -> None:
    """Print rejects by file, those with most first, and in each by reason.

    Parameters
    ----------
    rejects : the table `rejects`.
    n_records : of the run, rejects included.
    examples : of each reason in each file, at most.
    """
    if rejects.is_empty():
        _say(console, f"Nothing was rejected: all of {count(n_records, 'record')} could be read.")
        return
    table = rejects.with_columns(file=pl.col("source").str.replace(r"#\d+(?::\d+)?$", ""))
    tally = by_size(table, "reason")
    reasons = ", ".join(f"{n:,} {reason}" for reason, n in tally)
    _say(console, f"{count(rejects.height, 'reject')} of {count(n_records, 'record')}: {reasons}.")
    files = by_size(table, "file")
    for file, n in files[:_MOST_FILES]:
        console.print()
        _say(console, f"[bold]{escape(file)}[/bold]  {count(n, 'reject')}")
        _show_file(console, table.filter(pl.col("file") == file), examples)
    if len(files) > _MOST_FILES:
        more = sum(n for _, n in files[_MOST_FILES:])
        rest = count(len(files) - _MOST_FILES, "more file")
        _say(console, f"\nand {rest}, with {count(more, 'reject')}")


def by_size(table: pl.DataFrame, column: str) -> list[tuple[str, int]]:
    """The values of a column and how often each stands there, the most frequent first."""
    tally = table.group_by(column).len().sort("len", column, descending=[True, False])
    return [(value, n) for value, n in tally.iter_rows()]


def _show_file(console: Console, table: pl.DataFrame, examples: int) -> None:
    """A line a reason, and below it examples with the place, the detail and the excerpt."""
    for reason, n in by_size(table, "reason"):
        _say(console, f"  {n:,}  {reason}")
        first = table.filter(pl.col("reason") == reason).sort(_place()).head(examples)
        for row in first.iter_rows(named=True):
            place = row["source"].removeprefix(row["file"]) or "the file"
            _say(console, f"      {escape(place)}  {escape(_short(row['detail'], _DETAIL))}")
            if row["excerpt"]:
                excerpt = escape(_short(row["excerpt"], _EXCERPT))
                _say(console, f"        [dim]{excerpt}[/dim]")


def _place() -> list[pl.Expr]:
    """Sorts positions as numbers: line 9 before line 10."""
    number = pl.col("source").str.extract(r"#(\d+)(?::\d+)?$", 1).cast(pl.Int64, strict=False)
    return [number, pl.col("source")]


def _short(text: str, limit: int) -> str:
    """A text cut to a length."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _say(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False)
