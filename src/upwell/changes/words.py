"""What changed since the last run, in a few sentences for report, UI, terminal and messages."""

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl

from upwell.quantities import NBSP, clipped, count
from upwell.wording import VERDICT_WORDS, growth_words

FIRST_RUN = "There is no earlier run here, so there is nothing to compare this one with."
MAX_VERDICTS, MAX_NAMES = 12, 5
_ORDER = ("rising", "falling", "steady", "insufficient_evidence")

Row = dict[str, Any]


def describe(changes: pl.DataFrame) -> list[str]:
    """What changed, the most important first.

    Parameters
    ----------
    changes : the table `changes`.

    Returns
    -------
    Sentences: first all in one, then settings that may be the cause, verdicts (themes before
    topics, what is rising now before the rest), the watch list, subjects newly tested, and topics.
    """
    if changes.is_empty():
        return [FIRST_RUN]
    rows = changes.to_dicts()
    return [
        _summary(rows),
        *_settings(rows),
        *_verdicts(rows),
        *_watch_list(rows),
        *_newly_tested(rows),
        *_topics(rows),
    ]


def message(row: Row) -> str:
    """One change of a subject in one sentence, as for an event.

    Parameters
    ----------
    row : a row of the table `changes` with kind `theme` or `topic`.
    """
    name = f"{row['kind'].capitalize()} {clipped(row['name'])}"
    if row["event"] == "verdict_changed":
        return f"{name} is now {_verdict(row)}."
    if row["event"] == "newly_tested":
        return f"{name} has enough papers to be tested now."
    if row["event"] == "split":
        return f"{name} split from {clipped(row['before'])}."
    if row["event"] == "merged":
        return f"Topic {clipped(row['before'])} merged into {clipped(row['name'])}."
    return f"{name} is {_EVENT_WORDS[row['event']]}."


_EVENT_WORDS = {
    "born": "new",
    "dormant": "gone (dormant)",
    "revived": "back",
    "followed": "followed now",
    "unfollowed": "no longer followed",
    "redefined": "defined by other phrases now",
}


def _summary(rows: Sequence[Row]) -> str:
    """Papers, verdicts and topics in one sentence."""
    papers = {row["event"]: row["n_papers"] for row in rows if row["subject"] == "papers"}
    parts = [count(papers.get("new_papers", 0), "new paper")]
    if papers.get("removed_papers"):
        parts.append(f"{count(papers['removed_papers'], 'paper')} gone")
    n_verdicts = len(_of(rows, "verdict_changed"))
    parts.append(f"{count(n_verdicts, 'verdict')} changed" if n_verdicts else "no verdict changed")
    n_topics = len(_of(rows, "born", "split", "merged", "dormant", "revived"))
    parts.append(
        f"{count(n_topics, 'change')} among topics" if n_topics else "no topic came or went"
    )
    return f"Since run {rows[0]['from_run']}: {', '.join(parts)}."


def _settings(rows: Sequence[Row]) -> Iterator[str]:
    """Settings that changed: a caution, as verdicts may have changed for their sake."""
    changed = [
        f"{row['name']}: {clipped(row['before'], 40)} → {clipped(row['after'], 40)}"
        for row in _of(rows, "setting_changed")
    ]
    if changed:
        yield (
            f"Settings are not those of the last run ({_listed(changed)}), so what changed may be "
            "due to them rather than to the papers."
        )


def _verdicts(rows: Sequence[Row]) -> Iterator[str]:
    """A sentence for each verdict that changed."""
    changed = sorted(
        _of(rows, "verdict_changed"),
        key=lambda row: (row["kind"] != "theme", _ORDER.index(row["after"]), row["name"]),
    )
    yield from map(message, changed[:MAX_VERDICTS])
    if len(changed) > MAX_VERDICTS:
        yield f"{len(changed) - MAX_VERDICTS} more verdicts changed: see changes.parquet."


def _verdict(row: Row) -> str:
    """The verdict before and now, with what it rests on."""
    doubt = " (with caution)" * (row["robust"] is False and row["after"] in {"rising", "falling"})
    told = f"{VERDICT_WORDS[row['after']]}{doubt}, was {VERDICT_WORDS[row['before']]}"
    growth = growth_words(row)
    if growth is None:
        return f"{told}: too few papers to estimate its growth"
    q_value = row["q_value"]
    q = (
        ""
        if q_value is None
        else f", q{NBSP}<{NBSP}0.001"
        if q_value < 0.001
        else f", q{NBSP}={NBSP}{q_value:.2g}"
    )
    return f"{told}: {growth}{q}"


def _newly_tested(rows: Sequence[Row]) -> Iterator[str]:
    """Subjects that had too few papers; those whose verdict changed are told already."""
    told = {(row["kind"], row["subject"]) for row in _of(rows, "verdict_changed")}
    names = [
        row["name"]
        for row in _of(rows, "newly_tested")
        if (row["kind"], row["subject"]) not in told
    ]
    if names:
        yield f"Now enough papers to test: {_listed(names)}."


def _watch_list(rows: Sequence[Row]) -> Iterator[str]:
    """Themes that came, went or are defined in another way."""
    for event, what in (
        ("followed", "New in the watch list"),
        ("unfollowed", "No longer in the watch list"),
        ("redefined", "Defined by other phrases now, so not comparable with before"),
    ):
        names = [row["name"] for row in _of(rows, event)]
        if names:
            yield f"{what}: {_listed(names)}."


def _topics(rows: Sequence[Row]) -> Iterator[str]:
    """Topics that came, went, split or merged: a sentence for each of these."""
    for event, what in (
        ("born", "New topics"),
        ("revived", "Topics that are back"),
        ("split", "Topics that split off"),
        ("merged", "Topics that merged"),
        ("dormant", "Topics that are gone (dormant)"),
    ):
        names = [_topic(row) for row in _of(rows, event)]
        if names:
            yield f"{what}: {_listed(names)}."


def _topic(row: Row) -> str:
    """The topic's name, with its verdict if it starts out with one, or where it came from."""
    name = clipped(row["name"])
    if row["event"] == "split":
        return f"{name} (from {clipped(row['before'])})"
    if row["event"] == "merged":
        return f"{clipped(row['before'])} (into {name})"
    told = row["after"] not in {None, "insufficient_evidence"}
    return f"{name} ({VERDICT_WORDS[row['after']]})" if told else name


def _of(rows: Sequence[Row], *events: str) -> list[Row]:
    return [row for row in rows if row["event"] in events]


def _listed(names: Sequence[str]) -> str:
    """The first names; how many more there are."""
    more = [f"{len(names) - MAX_NAMES} more"] if len(names) > MAX_NAMES else []
    return "; ".join([*(clipped(name, 100) for name in names[:MAX_NAMES]), *more])
