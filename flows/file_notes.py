"""What the manifest says of the files that were read, and why there may be nothing to analyse."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from upwell.sources import FileReport

MAX_FILE_NOTES = MAX_PROBLEM_NOTES = 10


def file_notes(files: Sequence[FileReport]) -> list[str]:
    """What was inferred of each file, unless there are so many that it would bury the rest."""
    notes = [f"{file.name}: {note}" for file in files for note in file.notes]
    if len(notes) <= MAX_FILE_NOTES:
        return notes
    n_files = sum(bool(file.notes) for file in files)
    return [f"what was inferred of {n_files} files (columns, years) stands with them in run.json"]


def problem_notes(problems: pl.DataFrame) -> list[str]:
    """The first problems of records, and how many more there are."""
    first = problems.sort("source", "problem").head(MAX_PROBLEM_NOTES)
    notes = [f"{source}: {problem}" for source, problem in first.iter_rows()]
    if problems.height > len(notes):
        notes.append(f"{problems.height - len(notes)} more problems of records in problems.parquet")
    return notes


def language_notes(papers: pl.DataFrame) -> list[str]:
    """How many papers there are in each language; nothing where all are in English."""
    counts = papers.group_by("language").len().sort("len", "language", descending=[True, False])
    if counts["language"].eq_missing(pl.Series(["en"])).all():
        return []
    listed = ", ".join(f"{n:,} {language or 'unsure'}" for language, n in counts.iter_rows())
    return [f"papers by language: {listed}"]


def why_nothing(rejects: pl.DataFrame) -> str:
    """Why no record was found, from what was rejected."""
    first = [
        f"  {source}: {detail}"
        for source, detail in rejects.select("source", "detail").head(10).iter_rows()
    ]
    more = [f"  and {rejects.height - 10} more"] if rejects.height > 10 else []
    return "\n".join([f"no paper in what was given; {rejects.height} rejected:", *first, *more])


def file_facts(file: FileReport) -> dict[str, Any]:
    """One input file as the manifest lists it."""
    return {
        "name": file.name,
        "path": str(file.path),
        "format": file.format,
        "sha256": file.sha256 or None,
        "n_bytes": file.n_bytes,
        "n_records": file.n_records,
        "n_rejects": file.n_rejects,
        "notes": list(file.notes),
    }
