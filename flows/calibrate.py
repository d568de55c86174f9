"""Whether the error rate holds on a run's own corpus: its dates shuffled, its test made again.

No Prefect here: nothing is scheduled, and its server takes longer to start than this takes.
"""

from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from flows.bars import bar
from flows.exits import ending_in_words
from flows.published import PublishedRun, RunError, find_run
from upwell.quantities import count, percent
from upwell.store import add_to_run
from upwell.tables import CALIBRATION, PAPERS, SHUFFLES
from upwell.trends.calibration import MOVING, Calibration, CalibrationError, calibrate

_NEEDED = ("paper_id", "published", "date_precision", "categories", "sources")
_HEADS = {"papers": "papers shuffled", "buckets": "buckets shuffled"}
_KINDS = {"all": "p-values", "topic": "of topics", "theme": "of themes"}
_TAILS = (0.05, 0.01, 0.001)
_OFTEN = 0.05  # of the shuffles, with a false verdict on one subject, is worth a word


def run(name: str, *, outputs: Path, n_shuffles: int) -> None:
    """Calibrate a published run, write what came out beside it, and say it.

    Exits with 2 if the run cannot be used, with 1 if its folder cannot be written.

    Parameters
    ----------
    name : folder of a run, id of one in `outputs`, or `latest`.
    outputs : folder of runs.
    n_shuffles : of each sort.
    """
    with ending_in_words(RunError, CalibrationError):
        published = find_run(name, outputs)
        found, differs = calibrate_run(published, n_shuffles=n_shuffles)
        write(published.folder, found)
        show(Console(), found, differs=differs)
    Console().print(f"{published.folder}/figures/calibration.png", soft_wrap=True, highlight=False)


def calibrate_run(published: PublishedRun, *, n_shuffles: int) -> tuple[Calibration, bool]:
    """The calibration of a run, and whether its test was another one than that of this version.

    Raises
    ------
    RunError
        A table cannot be read, or the run tested nothing.
    CalibrationError
        There is nothing to shuffle.
    """
    manifest = published.manifest
    tested = published.tested()
    if manifest.bucket is None:
        raise RunError(f"{published.folder}/run.json: the run names no bucket, but has trends")
    with bar(f"shuffle the dates {2 * n_shuffles} times") as advance:
        found = calibrate(
            published.read(PAPERS, *_NEEDED),
            published.members(tested),
            tested,
            width=manifest.bucket,
            config=manifest.config.trends,
            n_shuffles=n_shuffles,
            random_state=manifest.random_state,
            progress=advance,
        )
    return found, _differs(found, tested)


def _differs(found: Calibration, tested: pl.DataFrame) -> bool:
    """Whether p-values or verdicts of the run are not what its own dates give now."""
    now = found.subjects.with_columns(now=found.p_value, moving=found.is_moving)
    both = now.join(tested, on=["kind", "subject"])
    is_other = (pl.col("now") - pl.col("p_value")).abs() > 1e-6
    is_other |= pl.col("moving") != pl.col("verdict").is_in(MOVING)
    return bool(both.select(is_other.any()).item())


def write(folder: Path, found: Calibration) -> None:
    """Table and figure beside those of the run."""
    from upwell.figures import calibration, render

    figure = calibration(found.table, pl.Series(found.p_value))
    files = {
        "figures/calibration.png": render(figure, "png"),
        "figures/calibration.svg": render(figure, "svg"),
    }
    add_to_run(folder, tables={CALIBRATION: found.table}, files=files)


def show(console: Console, found: Calibration, *, differs: bool) -> None:
    """Print what came out, beside what is expected."""
    row = _row(found.table, "papers", "all", "any_false_verdict")
    console.print(
        f"With the dates of {count(row['n_subjects'], 'subject')} shuffled, "
        f"{percent(row['value'])} of {count(row['n_shuffles'], 'shuffle')} had any false verdict; "
        f"at most {percent(row['expected'])} is promised.",
        soft_wrap=True,
        highlight=False,
    )
    console.print(_table(found.table))
    for note in _notes(found, differs=differs):
        console.print(note, soft_wrap=True, highlight=False)


def _table(table: pl.DataFrame) -> Table:
    """Measures by rows; sorts of shuffle by columns, with 95 % intervals."""
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column("")
    for head in (*_HEADS.values(), "expected"):
        shown.add_column(head, justify="right", no_wrap=True)
    rows = [_row(table, s, "all", "any_false_verdict") for s in SHUFFLES]
    promised = f"at most {percent(rows[0]['expected'])}"
    shown.add_row("any false verdict", *map(_percents, rows), promised)
    rows = [_row(table, s, "all", "false_verdicts") for s in SHUFFLES]
    shown.add_row("false verdicts, mean", *(f"{row['value']:.3f}" for row in rows), "")
    for kind, words in _KINDS.items():
        if kind not in table["kind"].to_list():
            continue
        for tail in _TAILS:
            rows = [_row(table, s, kind, "p_value", tail) for s in SHUFFLES]
            shown.add_row(f"{words} up to {tail:g}", *map(_percents, rows), percent(tail))
    return shown


def _row(
    table: pl.DataFrame, shuffled: str, kind: str, measure: str, tail: float | None = None
) -> dict[str, float]:
    """One row of the table `calibration`."""
    mine = table.filter(shuffled=shuffled, kind=kind, measure=measure)
    if tail is not None:
        mine = mine.filter(pl.col("p_from") == 0, pl.col("p_to") == tail)
    return mine.row(0, named=True)


def _percents(row: dict[str, float]) -> str:
    """A share and its interval: `4.0 % (2.3–6.9)`."""
    low, high = (percent(row[end]).removesuffix("\xa0%") for end in ("value_low", "value_high"))
    return f"{percent(row['value'])} ({low}–{high})"


def _notes(found: Calibration, *, differs: bool) -> list[str]:
    """What a reader should know besides."""
    notes = []
    often = found.subjects.with_columns(share=found.false_share).filter(pl.col("share") > _OFTEN)
    if often.height:
        listed = ", ".join(
            f"{row['name']} ({percent(row['share'])})"
            for row in often.sort("share", "name", descending=[True, False]).head(3).to_dicts()
        )
        notes.append(
            f"False in more than 5 % of the shuffles of papers: {listed}. Dates move within a "
            "source only, so what is left is a change of sources."
        )
    if differs:
        notes.append(
            "What this run says is not what its dates give now: another version made it. What is "
            "calibrated is the test as it is now."
        )
    return notes
