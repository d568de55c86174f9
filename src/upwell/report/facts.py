"""What page and markdown both say of a run: what was read, what does not count, the figures."""

import base64
from collections.abc import Mapping
from typing import Any

import polars as pl

from upwell import tables
from upwell.manifest import Manifest
from upwell.quantities import count, percent

MAX_FILES, MAX_NOTES = 100, 40

# Title and caption of each figure; a caption says how to read it.
FIGURES = {
    "rising": (
        "What is rising",
        """Growth a year with its 95 % interval on a logarithmic axis, themes first, the surest
        growth on top. A hollow grey ring means that the papers do not tell, wherever it stands.""",
    ),
    "theme_shares": (
        "Share of each theme",
        """Points are shares of all dated papers with their 95 % intervals, bars the number of
        papers. Hatched is incomplete. A trend line is drawn only where there is a verdict; scales
        differ from panel to panel.""",
    ),
    "topics_over_time": (
        "Topics over time",
        """The same for topics: those with a verdict first, then the largest. Scales differ.""",
    ),
    "topic_map": (
        "Map of papers",
        """Each point is a paper; near papers have similar abstracts. Colours repeat, labels tell
        the topics; how far apart distant groups lie means little.""",
    ),
}

REASONS = {
    "unreadable_file": "file could not be read",
    "empty_file": "file is empty",
    "unknown_format": "format of the file is not known",
    "broken_syntax": "does not parse",
    "line_too_long": "line too long",
    "truncated": "file ends in the middle of the record",
    "no_abstract": "has no abstract",
    "abstract_too_short": "abstract too short",
    "removed": "taken out on request",
}
METHODS = {
    "identifier": "by an identifier",
    "title": "by title",
    "near_text": "by nearly the same abstract",
}

Frames = Mapping[tables.Table, pl.DataFrame]


def require(frames: Frames) -> None:
    """Raises if a table that the report reads is not there."""
    needed = (
        tables.PAPERS,
        tables.TOPICS,
        tables.TOPIC_LINEAGE,
        tables.THEME_PAPERS,
        tables.TRENDS,
        tables.CHANGES,
    )
    missing = [table.name for table in needed if table not in frames]
    if missing:
        there = ", ".join(table.name for table in frames) or "none"
        raise ValueError(f"no table {', '.join(missing)}; there are: {there}")


def data_url(file: str, figures: Mapping[str, bytes]) -> str:
    """A figure inside an address."""
    kind = "svg+xml" if file.endswith(".svg") else "png"
    return f"data:image/{kind};base64,{base64.b64encode(figures[file]).decode()}"


def reading(manifest: Manifest) -> dict[str, Any]:
    """What was read and what became of it, in sentences."""
    counts = manifest.counts
    apart = count(counts.n_undated, "has", "have").replace("\xa0", " ")
    tallies = [
        f"{count(n, what)}: {words.get(name, name)}"
        for what, tally, words in (
            ("reject", counts.rejects_by_reason, REASONS),
            ("duplicate", counts.duplicates_by_method, METHODS),
        )
        for name, n in sorted(tally.items(), key=lambda item: (-item[1], item[0]))
    ]
    n_papers = count(counts.n_papers, "paper")
    listed = manifest.files[:MAX_FILES]
    return {
        "papers_read": f"{n_papers} from {count(len(manifest.files), 'file')}",
        "balance": f"{count(counts.n_records, 'record')} = {n_papers} + "
        f"{count(counts.n_duplicates, 'duplicate')} + {count(counts.n_rejects, 'reject')}.",
        "dated": f"Of the papers {count(counts.n_dated)} count in trends, {apart} no date, "
        f"{count(counts.n_too_coarse)} a date coarser than the bucket and "
        f"{count(counts.n_outside)} one outside the span; these last three count in no trend.",
        "outliers": f"{count(counts.n_outliers, 'paper')} of {count(counts.n_papers)} in no topic.",
        "warnings": warnings(manifest),
        "tallies": tallies,
        "files": [
            {
                "name": file.name,
                "format": file.format or "unknown",
                "n_records": count(file.n_records),
                "n_rejects": count(file.n_rejects),
                "notes": "; ".join(file.notes),
            }
            for file in listed
        ],
        "n_files": len(manifest.files),
        "notes": manifest.notes[:MAX_NOTES],
        "n_more_notes": max(len(manifest.notes) - MAX_NOTES, 0),
    }


def warnings(manifest: Manifest) -> list[str]:
    """What a reader should know before anything else: papers or items that do not count."""
    counts = manifest.counts
    n_apart = counts.n_undated + counts.n_too_coarse
    said = []
    if counts.n_papers and n_apart >= 0.2 * counts.n_papers:
        said.append(
            f"{percent(n_apart / counts.n_papers)} of the papers count in no trend, for want of a "
            "date that is precise enough. The verdicts are about the others."
        )
    if counts.n_records and counts.n_rejects >= 0.1 * counts.n_records:
        said.append(
            f"{percent(counts.n_rejects / counts.n_records)} of what was found could not be read "
            "as a paper; see “What was read”."
        )
    return said
