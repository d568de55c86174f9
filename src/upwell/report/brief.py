"""The run in short, as markdown for the Prefect UI."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

from upwell import tables
from upwell.changes import describe
from upwell.manifest import Manifest
from upwell.report.facts import FIGURES, Frames, data_url, reading, require
from upwell.wording import headline, verdict_rows

MAX_ROWS, MAX_NOTES = 30, 10

# The UI neither wraps a table nor scrolls it, and shows some 75 characters on a screen of 1280
# pixels: few columns, and cells that are broken by hand.
_COLUMNS = ("verdict", "growth a year, 95 %", "papers")
_CELL = 28


def markdown(manifest: Manifest, frames: Frames, figures: Mapping[str, bytes], folder: Path) -> str:
    """The run in short, for the Prefect UI: headline, verdicts, one figure, what changed, notes.

    Parameters
    ----------
    manifest, frames, figures : as for `html`; the figure is `rising.png`.
    folder : where the run is published.

    Returns
    -------
    Markdown with the figure inside; what comes from papers is escaped.

    Raises
    ------
    ValueError
        A table is missing.
    """
    require(frames)
    trends = frames[tables.TRENDS]
    rows = verdict_rows(trends)
    facts = reading(manifest)
    parts = [f"**{_escaped(headline(trends))}**"]
    parts += [f"> {_escaped(warning)}" for warning in facts["warnings"]]
    for kind in ("theme", "topic"):
        parts.append(_verdicts(kind, [row for row in rows[:MAX_ROWS] if row["kind"] == kind]))
    if len(rows) > MAX_ROWS:
        parts.append(f"… and {len(rows) - MAX_ROWS:,} more in `trends.parquet`.")
    if "rising.png" in figures:
        parts.append(f"![{FIGURES['rising'][0]}]({data_url('rising.png', figures)})")
    first, *rest = describe(frames[tables.CHANGES])
    parts += ["### What changed", _escaped(first), _bullets(rest)]
    parts += ["### What was read", *(_escaped(facts[name]) for name in ("balance", "dated"))]
    parts.append(_bullets(manifest.notes[:MAX_NOTES]))
    if len(manifest.notes) > MAX_NOTES:
        parts.append(f"… and {len(manifest.notes) - MAX_NOTES:,} more in `run.json`.")
    parts.append(f"Everything is in `{str(folder).replace('`', '')}`; open `report.html` there.")
    return "\n\n".join(part for part in parts if part) + "\n"


def _verdicts(kind: str, rows: Sequence[Mapping[str, str | int]]) -> str:
    """A table of the verdicts of one kind; empty if there are none."""
    if not rows:
        return ""
    lines = [[f"{kind}s", *_COLUMNS], ["---"] * (1 + len(_COLUMNS))]
    lines += [[_narrow(str(row[n])) for n in ("name", *_COLUMNS)] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _narrow(text: str) -> str:
    """A cell on several lines if it is long: first before a bracket, then between words."""
    parts = re.split(r" (?=\()", text) if len(text) > _CELL else [text]
    return "<br>".join(_escaped(line) for part in parts for line in textwrap.wrap(part, _CELL))


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {_escaped(line)}" for line in lines)


def _escaped(text: str) -> str:
    """Text that markdown and HTML leave as it is, on one line."""
    line = " ".join(re.split(r"[ \t\r\n]+", text))
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"([\\`*_\[\]#|~])", r"\\\1", line)
    return re.sub(r"^([+-]|\d+(?=[.)](?: |$)))", _no_list, line)


def _no_list(start: re.Match[str]) -> str:
    """A line's start that would make a list of it; a backslash before a digit would be shown."""
    return f"{start[1]}\\" if start[1].isdigit() else f"\\{start[1]}"
