"""What changed since the last run: found before a run is published, told as events after it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
from prefect import get_run_logger
from prefect.events import emit_event

from flows.published import RunError, find_run
from upwell.changes import Snapshot, compare, describe, message
from upwell.manifest import Manifest
from upwell.quantities import NBSP
from upwell.tables import PAPERS, TOPIC_LINEAGE, TRENDS, Table

# Changes of a subject that are events of their own; `newly_tested` and the like are in the table.
_TOLD = ("verdict_changed", "born", "split", "merged", "dormant", "revived")
_MEASURES = ("growth", "growth_low", "growth_high", "q_value", "n_papers")


def since_last_run(
    outputs: Path, manifest: Manifest, frames: Mapping[Table, pl.DataFrame]
) -> pl.DataFrame:
    """The table `changes` of a run that is not published yet.

    Parameters
    ----------
    outputs : folder of runs; `latest` in it is the last run.
    manifest, frames : the new run's.
    """
    this = Snapshot(manifest, frames[PAPERS], frames[TRENDS], frames[TOPIC_LINEAGE])
    return compare(_last_run(outputs), this)


def _last_run(outputs: Path) -> Snapshot | None:
    """The last run, if there is one that can be read: a comparison is not worth failing for."""
    if not (outputs / "latest").exists():
        return None
    try:
        run = find_run("latest", outputs)
        trends = run.read(TRENDS, "kind", "subject", "name", "verdict", "p_value")
        return Snapshot(run.manifest, run.read(PAPERS, "paper_id"), trends, TOPIC_LINEAGE.empty())
    except RunError as error:
        get_run_logger().warning(f"What changed since the last run cannot be told: {error}")
        return None


def tell(changes: pl.DataFrame, *, run_id: str, folder: Path) -> None:
    """Log what changed; emit an event for the run and one for each verdict or topic that changed.

    `upwell.run.published` tells all in words; `upwell.theme.rising` (or `falling`, `steady`,
    `insufficient_evidence`) and `upwell.topic.rising` are named by the new verdict,
    `upwell.topic.born`, `split`, `merged`, `dormant` and `revived` by what became of the topic.

    Parameters
    ----------
    changes : the table `changes` of the run.
    run_id, folder : the run, which is published.
    """
    rows, told = changes.to_dicts(), describe(changes)
    for line in told:
        get_run_logger().info(line)
    emit_event(
        "upwell.run.published",
        resource=_resource("run", run_id, run_id),
        payload={"text": _plain("\n".join(told)), "folder": str(folder)},
    )
    has_other_settings = any(row["event"] == "setting_changed" for row in rows)
    for row in rows:
        if row["event"] in _TOLD:
            what = row["after"] if row["event"] == "verdict_changed" else row["event"]
            emit_event(
                f"upwell.{row['kind']}.{what}",
                resource=_resource(row["kind"], row["subject"], row["name"]),
                payload=_payload(row, run_id) | {"settings_changed": has_other_settings},
            )


def tell_nothing_new(text: str, *, run_id: str, folder: Path) -> None:
    """Emit `upwell.run.nothing_new`: a schedule at work, and no papers coming, is news as well.

    Parameters
    ----------
    text : that there is nothing new, in words.
    run_id, folder : the latest run, which stands.
    """
    emit_event(
        "upwell.run.nothing_new",
        resource=_resource("run", run_id, run_id),
        payload={"text": _plain(text), "run_id": run_id, "folder": str(folder)},
    )


def _resource(kind: str, subject: str, name: str) -> dict[str, str]:
    """The theme, topic or run that an event is about."""
    slug = re.sub(r"\W+", "-", subject.casefold()).strip("-")
    return {"prefect.resource.id": f"upwell.{kind}.{slug}", "prefect.resource.name": name}


def _payload(row: Mapping[str, Any], run_id: str) -> dict[str, Any]:
    """What an automation may want to say of a change."""
    numbers = {name: row[name] for name in _MEASURES if row[name] is not None}
    return {
        "text": _plain(message(dict(row))),
        "run_id": run_id,
        "before": row["before"],
        "after": row["after"],
    } | numbers


def _plain(text: str) -> str:
    """With common spaces: chats and mails show others in odd ways."""
    return text.replace(NBSP, " ")
