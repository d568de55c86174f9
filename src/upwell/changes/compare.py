"""Two runs side by side: papers, settings, verdicts, the watch list and topics that differ."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from upwell.config import RunConfig
from upwell.manifest import Manifest
from upwell.tables import CHANGES

# Told by what came of them: `encoder` and `bucket` of the manifest.
_ELSEWHERE = {"themes", "encode.encoder", "trends.bucket"}

Rows = Iterator[dict[str, Any]]


@dataclass(frozen=True)
class Snapshot:
    """One run, as far as a comparison needs it.

    `papers` has `paper_id`; `trends` is `tables.TRENDS`, of the last run `kind`, `subject`, `name`,
    `verdict` and `p_value` suffice; `lineage` is `tables.TOPIC_LINEAGE`, needed of this run only.
    """

    manifest: Manifest
    papers: pl.DataFrame
    trends: pl.DataFrame
    lineage: pl.DataFrame


def compare(last: Snapshot | None, this: Snapshot) -> pl.DataFrame:
    """What changed from the last run to this one.

    Parameters
    ----------
    last : the run that was published before; None if there is none.
    this : the run that is about to be published.

    Returns
    -------
    `tables.CHANGES`; no rows if there is no last run, else at least that of `new_papers`.

    Source
    ------
    Our definition.
    """
    if last is None:
        return CHANGES.empty()
    rows = [
        *_papers(last.papers, this.papers),
        *_settings(last.manifest, this.manifest),
        *_verdicts(last.trends, this.trends),
        *_watch_list(last.manifest.config, this.manifest.config),
        *_topics(this.lineage.filter(pl.col("run_id") == this.manifest.run_id), last, this),
    ]
    measured = ["growth", "growth_low", "growth_high", "q_value", "robust"]
    given = {n: c.dtype for n, c in CHANGES.columns.items() if n not in {*measured, "from_run"}}
    changes = pl.DataFrame([dict.fromkeys(given) | row for row in rows], schema=given)
    now = this.trends.select("kind", "subject", *measured, now="verdict", dated="n_papers")
    return CHANGES.conform(
        changes.join(now, on=["kind", "subject"], how="left").with_columns(
            from_run=pl.lit(last.manifest.run_id),
            after=pl.coalesce("after", "now"),
            n_papers=pl.coalesce("n_papers", "dated"),
        )
    )


def _papers(last: pl.DataFrame, this: pl.DataFrame) -> Rows:
    """How many papers came, and how many went."""
    row = {"kind": "run", "subject": "papers", "name": "papers"}
    n_new = this.join(last, on="paper_id", how="anti").height
    n_removed = last.join(this, on="paper_id", how="anti").height
    yield row | {"event": "new_papers", "n_papers": n_new}
    if n_removed:
        yield row | {"event": "removed_papers", "n_papers": n_removed}


def _settings(last: Manifest, this: Manifest) -> Rows:
    """Settings that differ: a verdict may have changed for their sake."""
    before, after = _flat_settings(last), _flat_settings(this)
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield {
                "kind": "run",
                "subject": name,
                "name": name.rsplit(".", 1)[-1].replace("_", " "),
                "event": "setting_changed",
                "before": before.get(name, "unset"),
                "after": after.get(name, "unset"),
            }


def _flat_settings(manifest: Manifest) -> dict[str, str]:
    """Every setting that bears on verdicts as `group.name` and its value in words."""
    flat: dict[str, Any] = {
        "bucket": manifest.bucket,
        "encoder": manifest.encoder,
        "upwell": manifest.versions.get("upwell"),
    }
    for group, values in manifest.config.model_dump(mode="json").items():
        if isinstance(values, Mapping):
            flat |= {f"{group}.{name}": value for name, value in values.items()}
    return {
        name: "unset" if value in (None, {}) else str(value)
        for name, value in flat.items()
        if name not in _ELSEWHERE
    }


def _verdicts(last: pl.DataFrame, this: pl.DataFrame) -> Rows:
    """Verdicts that changed, and subjects that have enough papers to be tested now."""
    both = this.join(last, on=["kind", "subject"], suffix="_before")
    for row in both.iter_rows(named=True):
        same = {name: row[name] for name in ("kind", "subject", "name")}
        same |= {"before": row["verdict_before"]}
        if row["verdict"] != row["verdict_before"]:
            yield same | {"event": "verdict_changed"}
        if row["p_value_before"] is None and row["p_value"] is not None:
            yield same | {"event": "newly_tested"}


def _watch_list(last: RunConfig, this: RunConfig) -> Rows:
    """Themes that are followed now, no longer, or by other phrases."""
    before, after = ({t.name: t for t in config.themes} for config in (last, this))
    for name in before.keys() | after.keys():
        if before.get(name) != after.get(name):
            event = (
                "followed" if name not in before else "redefined" if name in after else "unfollowed"
            )
            yield {"kind": "theme", "subject": name, "name": name, "event": event}


def _topics(events: pl.DataFrame, last: Snapshot, this: Snapshot) -> Rows:
    """Topics that came, went, split or merged, by this run's lineage."""
    old, new = (_topic_names(run.trends) for run in (last, this))
    for row in events.filter(pl.col("event") != "continued").iter_rows(named=True):
        topic, origin = str(row["topic_id"]), row["from_topic_id"]
        is_other = row["event"] in {"split", "merged"} and origin is not None
        yield {
            "kind": "topic",
            "subject": topic,
            "name": new.get(topic) or old.get(topic) or f"topic {topic}",
            "event": row["event"],
            "from_topic_id": origin if is_other else None,
            "before": old.get(str(origin), f"topic {origin}") if is_other else None,
        }


def _topic_names(trends: pl.DataFrame) -> dict[str, str]:
    """The name of each topic by its id."""
    topics = trends.filter(pl.col("kind") == "topic")
    return dict(topics.select("subject", "name").iter_rows())
