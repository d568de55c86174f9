"""Published runs as the input of a command: which run is meant, and what stands in its tables."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import polars as pl

from flows.subjects import list_members
from upwell.config import RunConfig
from upwell.manifest import Manifest
from upwell.store import first_line, run_faults
from upwell.tables import PAPERS, THEME_PAPERS, TRENDS, Table

MAX_NAMES = 3


class RunError(Exception):
    """There is no such run, or it cannot be used; the message says what to do."""


@dataclass(frozen=True)
class PublishedRun:
    """A published run: its folder and what it says of itself."""

    folder: Path
    manifest: Manifest

    @property
    def outputs(self) -> Path:
        """The folder it was published in, which keeps the vectors of its papers."""
        return self.folder.parent.parent

    def read(self, table: Table, *columns: str) -> pl.DataFrame:
        """Columns of a table of the run, or all of them.

        Raises
        ------
        RunError
            The file is missing or damaged, or is not the table that it should be.
        """
        path = self.folder / f"{table.name}.parquet"
        wanted = columns or tuple(table.columns)
        part = Table(table.name, table.row, (), {name: table.columns[name] for name in wanted})
        try:
            return part.conform(part.completed(pl.read_parquet(path)))
        except (OSError, ValueError, pl.exceptions.PolarsError) as error:
            raise RunError(
                f"{path}: this table cannot be read ({first_line(error)}); make the run again "
                "with `upwell run`, or name another run"
            ) from error

    def members(self, subjects: pl.DataFrame) -> pl.DataFrame:
        """Which paper is in which of the subjects: `kind`, `subject`, `name`, `paper_id`."""
        topics = self.read(PAPERS, "paper_id", "topic_id")
        themes = self.read(THEME_PAPERS, "theme", "paper_id")
        return list_members(topics, themes, subjects.select("kind", "subject", "name"))

    def tested(self) -> pl.DataFrame:
        """The subjects that the run tested: `kind`, `subject`, `name`, `verdict`, `p_value`.

        Raises
        ------
        RunError
            It has tested none, with the reason it gives itself.
        """
        trends = self.read(TRENDS, "kind", "subject", "name", "verdict", "p_value")
        tested = trends.filter(pl.col("p_value").is_not_null())
        if tested.is_empty():
            why = [n for n in self.manifest.notes if "trend" in n or "verdict" in n]
            raise RunError(
                f"{self.folder}: the run has no trends to check: no subject was tested. "
                f"{' '.join(why)} Name a run with more dated papers.".replace("  ", " ")
            )
        return tested


def find_run(run: str, outputs: Path) -> PublishedRun:
    """The run that is meant.

    Parameters
    ----------
    run : folder of a published run, id of one in `outputs`, or `latest`.
    outputs : folder of runs.

    Raises
    ------
    RunError
        There is no such run, or its manifest cannot be read.
    """
    places = [outputs / "latest"] if run == "latest" else [outputs / "runs" / run, Path(run)]
    folder = next((place.resolve() for place in places if place.is_dir()), None)
    if folder is None:
        raise RunError(_missing(run, outputs))
    path = folder / "run.json"
    if not path.is_file():
        raise RunError(
            f"{folder}: this is not the folder of a published run: it has no run.json; name one "
            f"such as {outputs / 'latest'}"
        )
    try:
        return PublishedRun(folder, Manifest.model_validate_json(path.read_bytes()))
    except (OSError, ValueError) as error:
        raise RunError(
            f"{path}: the manifest cannot be read ({first_line(error)}); make the run again with "
            "`upwell run`, or name another run"
        ) from error


def latest_if_same(outputs: Path, corpus: str, config: RunConfig) -> PublishedRun | None:
    """The latest run, if another one could only say the same.

    Parameters
    ----------
    outputs : folder of runs.
    corpus : digest of the records that there are now.
    config : of the run that would be made.

    Returns
    -------
    None unless records, configuration, encoder and version of upwell are those of the latest run,
    and its files are what was written.
    """
    from upwell.encode import load_encoder

    try:
        last = find_run("latest", outputs)
    except RunError:
        return None
    manifest = last.manifest
    is_same = (
        manifest.corpus == corpus
        and manifest.config == config
        and manifest.versions.get("upwell") == version("upwell")
        and manifest.encoder == load_encoder(config.encode.encoder).identity
        and not run_faults(last.folder)
    )
    return last if is_same else None


def nothing_new(last: PublishedRun) -> str:
    """That the latest run stands, in a sentence."""
    counts = last.manifest.counts
    return (
        f"Nothing new: the {counts.n_records:,} records are those of run {last.folder.name}, which "
        "stays the latest; nothing was published."
    )


def _missing(run: str, outputs: Path) -> str:
    """That there is no such run, and which there are."""
    runs = outputs / "runs"
    entries = runs.iterdir() if runs.is_dir() else ()
    found = sorted((entry.name for entry in entries if entry.name[0] != "."), reverse=True)
    if not found:
        return (
            f"{outputs} holds no run yet; start one with `upwell run`, or name another folder of "
            "runs with --outputs"
        )
    newest = ", ".join(found[:MAX_NAMES])
    more = f" and {len(found) - MAX_NAMES} more" if len(found) > MAX_NAMES else ""
    if run == "latest":
        return f"{outputs / 'latest'} points at no run; there are {newest}{more}"
    return f"{run}: no such run in {outputs} and no such folder; there are {newest}{more}"
