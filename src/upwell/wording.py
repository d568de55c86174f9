"""Numbers and verdicts in plain words: one wording for figures, report and command line.

A sentence never says more than its verdict: without enough evidence it says so first and gives the
interval, so that nobody takes the estimate for a finding.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from upwell.quantities import NBSP, change, clipped, count, percent

VERDICT_WORDS = {
    "rising": "rising",
    "falling": "falling",
    "steady": "steady",
    "insufficient_evidence": "insufficient evidence",
}
CHECK_WORDS = {
    "one_bucket": "one bucket left out",
    "bucket_width": "wider or finer buckets",
    "largest_source": "the largest source left out",
    "largest_category": "the largest category left out",
    "clustered_only": "the papers of topics only",
    "composition": "growth against the median topic",
}
UNSTABLE_TOPIC = "unstable_topic"  # in `sensitive_to`: no sign changes, but the topic may be none
MAX_NAMES = {"rising": 3, "falling": 2, "steady": 0}  # in a headline, which has to stay short
SMALL_SHARE = 0.1  # up to here, growth of the odds and of the share differ by a tenth at most

Row = Mapping[str, Any]


def growth_words(row: Row) -> str | None:
    """The growth of a row of `trends` with its 95 % interval: `+40 % a year (+10 % to +80 %)`.

    Parameters
    ----------
    row : one row of `trends`.

    Returns
    -------
    The estimate and its interval in one unit; None where nothing could be estimated.
    """
    if not has_estimate(row):
        return None
    estimate, interval = _estimate(row)
    return f"{estimate} a{NBSP}year ({interval})"


def has_estimate(row: Row) -> bool:
    """Whether a row of `trends` has a growth with both ends of its interval."""
    return all(row[name] is not None for name in ("growth", "growth_low", "growth_high"))


def _estimate(row: Row) -> tuple[str, str]:
    """Growth and interval in words, both as factors if the growth is a doubling or more."""
    as_factor = row["growth"] >= 2
    growth, low, high = (
        change(row[name], as_factor=as_factor) for name in ("growth", "growth_low", "growth_high")
    )
    return growth, f"{low} to {high}"


def verdict_words(row: Row) -> str:
    """Verdict, growth and number of papers of a row of `trends`, short enough for a panel title."""
    word = VERDICT_WORDS[row["verdict"]] + " (with caution)" * is_doubtful(row)
    papers = count(row["n_papers"], "paper")
    growth = growth_words(row)
    if growth is None:
        return f"{word}: too few to estimate, {papers}"
    return f"{word}: {growth}, {papers}"


def sentence(row: Row) -> str:
    """What may be said of one subject, in one or two plain sentences.

    Parameters
    ----------
    row : one row of `trends` (`pl.DataFrame.row(i, named=True)` or of `iter_rows(named=True)`).

    Returns
    -------
    A sentence with the estimate, its 95 % interval and the number of dated papers. If the verdict
    does not hold under every sensitivity check, the subject is new, or the last complete bucket is
    a burst, a second sentence says so.
    """
    name = clipped(row["name"])
    verdict = row["verdict"]
    papers = count(row["n_papers"], "paper")
    if row["has_turned"]:
        return f"{_capital(name)} has turned: {_turn(row)} ({papers})." + _burst(row)
    if verdict == "insufficient_evidence":
        return f"For {name} the evidence is not enough to say{_what_fits(row)}." + _burst(row)
    if not has_estimate(row):
        return f"{_capital(name)} is {VERDICT_WORDS[verdict]} ({papers})." + _burst(row)
    _, interval = _estimate(row)
    return (
        f"{_capital(name)} is {VERDICT_WORDS[verdict]}: {_movement(row)} a year "
        f"(95{NBSP}% interval {interval}; {papers})." + _doubt(row) + _news(row) + _burst(row)
    )


def _turn(row: Row) -> str:
    """Growth over the span and over its later half, which go different ways."""
    overall, late = (change(row[name]) for name in ("growth", "recent_growth"))
    return (
        f"{overall} a year over the whole span, {late} a year over its later half, so it is called "
        "neither rising nor falling"
    )


def _what_fits(row: Row) -> str:
    """What an insufficient verdict rests on: the interval, or that there are too few papers."""
    if not has_estimate(row):
        return f": only {count(row['n_papers'], 'dated paper')}"
    growth, interval = _estimate(row)
    papers = count(row["n_papers"], "paper")
    if is_one_of_many(row):
        return (
            f": the best guess is {growth} a year (95{NBSP}% interval {interval}; {papers}), but "
            "among so many subjects that much comes up by chance"
        )
    low, high = interval.split(" to ")
    return (
        f": the best guess is {growth} a year, but anything from {low} to {high} is possible "
        f"({papers})"
    )


def _movement(row: Row) -> str:
    """`its share grows by 40 %`; where a share is too large for that to be true, `the odds`."""
    ends = [end for end in (row["first_share"], row["last_share"]) if end is not None]
    is_small = bool(ends) and max(ends) <= SMALL_SHARE
    what, s = ("its share", "s") if is_small else ("the odds that a paper is in it", "")
    if not is_small and ends and row["verdict"] != "steady":
        what = f"from {' to '.join(percent(end) for end in ends)} of the papers; {what}"
    if row["verdict"] == "steady":
        return f"{what} change{s} by {_estimate(row)[0]}"
    growth = _estimate(row)[0].lstrip("+−×")
    if row["growth"] >= 2:
        return f"{what} grow{s} {growth}-fold"
    return f"{what} {'grow' if row['verdict'] == 'rising' else 'shrink'}{s} by {growth}"


def is_one_of_many(row: Row) -> bool:
    """Whether the interval excludes no change, yet not surely enough among all subjects tested."""
    if row["verdict"] != "insufficient_evidence" or not has_estimate(row):
        return False
    return not row["growth_low"] <= 1 <= row["growth_high"]


def is_doubtful(row: Row) -> bool:
    """Whether a `rising` or `falling` is turned round by a sensitivity check, or hangs on the cut.

    The second is true of a topic that hardly comes back when the papers are clustered anew.
    """
    return bool(row["sensitive_to"]) and row["verdict"] in {"rising", "falling"}


def _doubt(row: Row) -> str:
    """The caveat of a doubtful verdict."""
    return f" With caution: {_checks(row)}." if is_doubtful(row) else ""


def _checks(row: Row) -> str:
    """What a doubtful verdict hangs on."""
    names = [CHECK_WORDS[name] for name in row["sensitive_to"] if name != UNSTABLE_TOPIC]
    said = [f"the sign changes with {' and with '.join(names)}"] if names else []
    if UNSTABLE_TOPIC in row["sensitive_to"]:
        said.append("the topic hardly comes back when the papers are clustered anew")
    return ", and ".join(said)


def _news(row: Row) -> str:
    """That the subject came up late."""
    return " It is new: all but absent in the earlier half." if row["is_emerging"] else ""


def _burst(row: Row) -> str:
    """That the last complete bucket stands out."""
    return " Its last complete bucket stands out above the trend." if row["is_burst"] else ""


def _capital(name: str) -> str:
    """The name at the start of a sentence; a first word with capitals or digits stays as it is."""
    first = name.split(" ", 1)[0]
    return name[0].upper() + name[1:] if len(first) > 1 and first.islower() else name


def ranked(trends: pl.DataFrame) -> pl.DataFrame:
    """Subjects in the order of what is rising most surely: themes, then topics.

    Parameters
    ----------
    trends : the table `trends`.

    Returns
    -------
    The same rows; within a kind by the lower end of the growth interval, the highest first (no
    reader is led by a wide interval), without estimate last, ties by papers and name.
    """
    return trends.sort(
        ["kind", "growth_low", "n_papers", "name", "subject"],
        descending=[False, True, True, False, False],
        nulls_last=True,
    ).sort(pl.col("kind") != "theme", maintain_order=True)


def headline(trends: pl.DataFrame) -> str:
    """One sentence for the entire run: what rises, what falls, and how much cannot be told.

    Parameters
    ----------
    trends : the table `trends`; any number of rows.

    Returns
    -------
    One sentence; it starts with the refusal where nothing can be called rising.
    """
    if trends.is_empty():
        return "No theme or topic was measured, so nothing can be said about trends."
    rows = ranked(trends).to_dicts()
    names = {v: [clipped(r["name"], 40) for r in rows if r["verdict"] == v] for v in VERDICT_WORDS}
    kinds = [kind for kind in ("theme", "topic") if any(r["kind"] == kind for r in rows)]
    measured = " and ".join(count(sum(r["kind"] == k for r in rows), k) for k in kinds)
    unknown = len(names["insufficient_evidence"])
    if unknown == len(rows):
        what = f"each of {measured}" if unknown > 1 else f"the one {kinds[0]}"
        return (
            f"No {' or '.join(kinds)} can be called rising: for {what} the evidence is not enough."
        )
    parts = [_part(v, names[v]) for v in ("rising", "falling", "steady") if names[v]]
    if unknown:
        parts.append(f"for {unknown:,} the evidence is not enough")
    told = parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
    if names["rising"]:
        return f"Of {measured}, {told}."
    return f"No {' or '.join(kinds)} can be called rising: of {measured}, {told}."


def _part(verdict: str, names: Sequence[str]) -> str:
    """`2 are rising (a; b)`; at most a few names."""
    listed = list(names[: MAX_NAMES[verdict]])
    if listed and len(names) > len(listed):
        listed.append(f"{len(names) - len(listed):,} more")
    told = f"{len(names):,} {'is' if len(names) == 1 else 'are'} {verdict}"
    return f"{told} ({'; '.join(listed)})" if listed else told


def verdict_rows(trends: pl.DataFrame) -> list[dict[str, str | int]]:
    """The verdict table for a terminal or a table artifact: one dict a subject, values in words.

    Parameters
    ----------
    trends : the table `trends`.

    Returns
    -------
    Dicts with the same keys, in the order of `ranked`; growth with its 95 % interval; `share` is
    the fitted share at the start and the end of the span, where growth was estimated and the
    verdict is not insufficient. What matters most comes first: the UI cuts a wide table off.
    """
    return [
        {
            "kind": row["kind"],
            "name": row["name"],
            "verdict": VERDICT_WORDS[row["verdict"]],
            "growth a year, 95 %": (growth_words(row) or "–").replace(f" a{NBSP}year", ""),
            "papers": row["n_papers"],
            "share": share_words(row),
            "caveats": caveats(row),
        }
        for row in ranked(trends).iter_rows(named=True)
    ]


def share_words(row: Row) -> str:
    """Fitted share at both ends of the span, `2.1 % → 4.3 %`; `–` where the verdict is open."""
    ends = (row["first_share"], row["last_share"])
    if row["verdict"] == "insufficient_evidence" or None in ends:
        return "–"
    return " → ".join(percent(end) for end in ends)


def caveats(row: Row) -> str:
    """What a reader of a verdict should also know; empty if there is nothing."""
    said = []
    if is_doubtful(row):
        said.append(_checks(row).removeprefix("the "))
    if row["has_turned"]:
        said.append(f"has turned: {change(row['recent_growth'])} a year in the later half")
    if row["is_emerging"]:
        said.append("new")
    if row["is_burst"]:
        said.append("last complete bucket stands out")
    return "; ".join(said)
