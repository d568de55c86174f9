"""What a run could not read, by file and reason, with examples."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.markup import escape

from flows.exits import UNUSABLE, ending_in_words, stop
from flows.published import RunError, find_run
from upwell.quantities import count
from upwell.store import is_named
from upwell.tables import REJECTS

_DETAIL, _EXCERPT = 160, 100  # characters that are shown
_MOST_NAMES = 5


@dataclass(frozen=True)
class Choice:
    """Which rejects are shown, and how many of them.

    `file` is a name or pattern as `upwell remove --source` takes it, `reason` one of the closed
    list; empty for all. At most `n_files` files are shown, with as many `examples` of each reason.
    """

    file: str = ""
    reason: str = ""
    n_files: int = 10
    examples: int = 3


def run(name: str, *, outputs: Path, choice: Choice, csv: Path | None) -> None:
    """Say what a published run could not read, and why.

    Exits with 2 if the run cannot be used, or nothing is as chosen.

    Parameters
    ----------
    name : folder of a run, id of one in `outputs`, or `latest`.
    outputs : folder of runs.
    choice : which rejects.
    csv : file that all of these are written to, if any.
    """
    with ending_in_words(RunError):
        published = find_run(name, outputs)
        every = with_files(published.read(REJECTS))
        n_records = published.manifest.counts.n_records
    rejects = chosen(every, choice)
    if rejects.is_empty() and not every.is_empty():
        stop(_nothing(every, choice), UNUSABLE)
    show(Console(), rejects, n_records=n_records, choice=choice)
    if csv:
        try:
            rejects.drop("file").write_csv(csv)
        except OSError as error:
            stop(f"{csv}: cannot be written ({error}); choose another file with --csv", UNUSABLE)
        _say(Console(), f"{count(rejects.height, 'reject')} written to {escape(str(csv))}")
    if every.height:
        path = published.folder / f"{REJECTS.name}.parquet"
        Console().print(f"All of them: {path}", soft_wrap=True, highlight=False, markup=False)


def with_files(rejects: pl.DataFrame) -> pl.DataFrame:
    """The table `rejects`, with the `file`, or member of an archive, that each is of."""
    return rejects.with_columns(file=pl.col("source").str.replace(r"#\d+(?::\d+)?$", ""))


def chosen(rejects: pl.DataFrame, choice: Choice) -> pl.DataFrame:
    """The rejects that are as chosen."""
    if choice.reason:
        rejects = rejects.filter(reason=choice.reason)
    if choice.file:
        parted = [(name, name.partition("!")) for name in rejects["file"].unique()]
        hit = [
            name for name, (file, *member) in parted if is_named(choice.file, file, "".join(member))
        ]
        rejects = rejects.filter(pl.col("file").is_in(hit))
    return rejects


def show(console: Console, rejects: pl.DataFrame, *, n_records: int, choice: Choice) -> None:
    """Print rejects by file, those with most first, and in each by reason.

    Parameters
    ----------
    rejects : as `with_files` gives them.
    n_records : of the run, rejects included.
    choice : how many are shown.
    """
    if rejects.is_empty():
        _say(console, f"Nothing was rejected: all of {count(n_records, 'record')} could be read.")
        return
    files = by_size(rejects, "file")
    many = f", in {count(len(files), 'file')}" if len(files) > 1 else ""
    reasons = ", ".join(f"{n:,} {reason}" for reason, n in by_size(rejects, "reason"))
    told = f"{count(rejects.height, 'reject')} of {count(n_records, 'record')}{many}: {reasons}."
    _say(console, told)
    by_file = dict(rejects.partition_by("file", as_dict=True))
    for file, n in files[: choice.n_files]:
        console.print()
        _say(console, f"[bold]{escape(file)}[/bold]  {count(n, 'reject')}")
        _show_file(console, by_file[(file,)], choice.examples)
    if len(files) > choice.n_files:
        more = sum(n for _, n in files[choice.n_files :])
        rest = count(len(files) - choice.n_files, "more file")
        how = f"--files {len(files)} shows all, --file NAME one, --csv FILE writes every reject"
        _say(console, f"\nand {rest}, with {count(more, 'reject')}: {escape(how)}")


def by_size(table: pl.DataFrame, column: str) -> list[tuple[str, int]]:
    """The values of a column and how often each stands there, the most frequent first."""
    tally = table.group_by(column).len().sort("len", column, descending=[True, False])
    return [(value, n) for value, n in tally.iter_rows()]


def _show_file(console: Console, table: pl.DataFrame, examples: int) -> None:
    """A line a reason, and below it examples with the place, the detail and the excerpt."""
    for reason, n in by_size(table, "reason"):
        _say(console, f"  {n:,}  {reason}")
        for row in _examples(table.filter(pl.col("reason") == reason), examples):
            place = row["source"].removeprefix(row["file"]) or "the file"
            like = f"  ({row['n_like']:,} like this)" if row["n_like"] not in {1, n} else ""
            detail = escape(_short(row["detail"], _DETAIL))
            _say(console, f"      {escape(place)}  {detail}{like}")
            if row["excerpt"]:
                excerpt = escape(_short(row["excerpt"], _EXCERPT))
                _say(console, f"        [dim]{excerpt}[/dim]")


def _examples(table: pl.DataFrame, limit: int) -> list[dict[str, Any]]:
    """The first rejects of one reason, of as many kinds as there are, the most frequent first.

    Details are of a kind if they differ in numbers only.
    """
    kind = pl.col("detail").str.replace_all(r"\d+", "#")
    ordered = table.sort(_place()).with_columns(kind=kind)
    return (
        ordered.with_columns(n_like=pl.len().over("kind"), nth=pl.int_range(pl.len()).over("kind"))
        .sort("nth", "n_like", descending=[False, True], maintain_order=True)
        .head(limit)
        .to_dicts()
    )


def _nothing(every: pl.DataFrame, choice: Choice) -> str:
    """That no reject is as chosen, and which there are."""
    files = by_size(every, "file")
    names = ", ".join(name for name, _ in files[:_MOST_NAMES])
    reasons = ", ".join(reason for reason, _ in by_size(every, "reason"))
    asked = [f"--{k} {v}" for k, v in (("file", choice.file), ("reason", choice.reason)) if v]
    more = " …" if len(files) > _MOST_NAMES else ""
    return f"no reject is of {' '.join(asked)}; there are rejects of {names}{more}, for {reasons}"


def _place() -> list[pl.Expr]:
    """Sorts positions as numbers: line 9 before line 10."""
    number = pl.col("source").str.extract(r"#(\d+)(?::\d+)?$", 1).cast(pl.Int64, strict=False)
    return [number, pl.col("source")]


def _short(text: str, limit: int) -> str:
    """A text cut to a length."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _say(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False)
