"""What changed between two runs, on frames of a few rows: the table, then its words."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from upwell.changes import Snapshot, compare, describe, message
from upwell.config import RunConfig, Theme, TrendConfig
from upwell.manifest import Counts, Manifest
from upwell.tables import CHANGES, PAPERS, TOPIC_LINEAGE, TRENDS

THEMES = (Theme(name="label noise", phrases=("label noise",)),)
NEW = {"event": "new_papers", "n_papers": 0}


def manifest(run_id: str, *, themes=THEMES, bucket="month", trends=None) -> Manifest:
    nothing = dict.fromkeys([n for n in Counts.model_fields if n.startswith("n_")], 0)
    return Manifest(
        run_id=run_id, started=datetime(2025, 1, 1, tzinfo=UTC), ended=datetime(2025, 1, 1, tzinfo=UTC),
        as_of=date(2025, 1, 1), files=(),
        config=RunConfig(themes=themes, trends=trends or TrendConfig()),
        counts=Counts(**nothing, rejects_by_reason={}, duplicates_by_method={}), bucket=bucket,
        span=None, encoder="static:1", random_state=42, versions={"upwell": "1"}, stage_seconds={},
        measures={}, notes=(),
    )  # fmt: skip


def trend(kind: str, subject: str, verdict: str, *, name: str = "", tested: bool = True, **more):
    measured = {
        "growth": 1.4, "growth_low": 1.1, "growth_high": 1.8, "p_value": 0.001, "q_value": 0.012,
    }  # fmt: skip
    return {
        "kind": kind, "subject": subject, "name": name or subject, "verdict": verdict,
        **(measured if tested else dict.fromkeys(measured)),
        "n_papers": 50, "first_share": None, "last_share": None, "recent_growth": None,
        "recent_growth_low": None, "recent_growth_high": None, "has_turned": False,
        "is_emerging": False, "is_burst": False, "burst_start": None, "burst_end": None,
        "burst_weight": 0.0, "change_points": [], "robust": True, "sensitive_to": [], **more,
    }  # fmt: skip


def run(run_id: str, *trends: dict, papers: str = "ab", lineage=(), **about) -> Snapshot:
    events = [(run_id, topic, event, origin, 0.5) for topic, event, origin in lineage]
    return Snapshot(
        manifest(run_id, **about),
        pl.DataFrame({"paper_id": list(papers)}, schema={"paper_id": PAPERS.schema["paper_id"]}),
        pl.DataFrame(trends, schema=TRENDS.schema),
        pl.DataFrame(events, schema=TOPIC_LINEAGE.schema, orient="row"),
    )


def events(changes: pl.DataFrame) -> list[tuple]:
    told = changes.select("kind", "subject", "event", "before", "after")
    return [row for row in told.iter_rows() if row[2] != "new_papers"]


def words(changes: pl.DataFrame) -> str:
    return " ".join(describe(changes)).replace("\xa0", " ")


def test_the_first_run_has_nothing_to_compare_with() -> None:
    changes = compare(None, run("r1", trend("theme", "label noise", "rising")))
    assert changes.equals(CHANGES.empty())
    assert (
        words(changes)
        == "There is no earlier run here, so there is nothing to compare this one with."
    )


def test_the_same_run_again_has_no_new_paper_and_says_so() -> None:
    same = [trend("theme", "label noise", "rising"), trend("topic", "3", "steady")]
    changes = compare(run("r1", *same), run("r2", *same, lineage=[(3, "continued", 3)]))
    assert changes.select("from_run", "kind", "event", "n_papers").rows() == [
        ("r1", "run", "new_papers", 0)
    ]
    assert words(changes) == (
        "Since run r1: 0 new papers, no verdict changed, no topic came or went."
    )


def test_papers_are_counted_whichever_way_they_go() -> None:
    changes = compare(run("r1", papers="abc"), run("r2", papers="bdefg"))
    counts = changes.select("event", "n_papers").rows()
    assert counts == [("new_papers", 4), ("removed_papers", 2)]
    assert "4 new papers, 2 papers gone" in words(changes)


def test_a_changed_verdict_has_what_it_rests_on() -> None:
    changes = compare(
        run("r1", trend("theme", "label noise", "insufficient_evidence")),
        run("r2", trend("theme", "label noise", "rising")),
    )
    row = changes.row(by_predicate=pl.col("event") == "verdict_changed", named=True)
    assert (row["before"], row["after"]) == ("insufficient_evidence", "rising")
    assert (row["growth"], row["growth_low"], row["q_value"]) == (1.4, 1.1, 0.012)
    assert row["n_papers"] == 50
    assert message(row).replace("\xa0", " ") == (
        "Theme label noise is now rising, was insufficient evidence: "
        "+40 % a year (+10 % to +80 %), q = 0.012."
    )


def test_a_doubtful_verdict_keeps_its_caution() -> None:
    now = trend("theme", "label noise", "falling", robust=False, sensitive_to=["one_bucket"])
    changes = compare(run("r1", trend("theme", "label noise", "steady")), run("r2", now))
    assert "is now falling (with caution), was steady" in words(changes)


def test_themes_come_before_topics_and_what_rises_before_the_rest() -> None:
    before = [trend("topic", "1", "steady", name="graphs"), trend("topic", "2", "steady")]
    after = [trend("topic", "1", "rising", name="graphs"), trend("topic", "2", "falling")]
    for theme, verdict in (("a", "insufficient_evidence"), ("b", "rising")):
        before.append(trend("theme", theme, "steady"))
        after.append(trend("theme", theme, verdict))
    told = words(compare(run("r1", *before), run("r2", *after)))
    order = [told.index(x) for x in ("Theme b", "Theme a", "Topic graphs", "Topic 2")]
    assert order == sorted(order)


def test_a_subject_that_can_be_tested_now_is_told_once() -> None:
    few = [
        trend(kind, subject, "insufficient_evidence", tested=False)
        for kind, subject in (("theme", "a"), ("theme", "b"))
    ]
    now = [trend("theme", "a", "rising"), trend("theme", "b", "insufficient_evidence")]
    changes = compare(run("r1", *few), run("r2", *now))
    assert changes.filter(event="newly_tested")["subject"].to_list() == ["a", "b"]
    assert "Now enough papers to test: b." in words(changes)


def test_topics_that_came_and_went_have_names() -> None:
    before = [trend("topic", str(i), "steady", name=f"old {i}") for i in range(3)]
    after = [
        trend("topic", "0", "steady", name="heir"),
        trend("topic", "5", "steady", name="half"),
        trend("topic", "6", "rising", name="newcomer"),
        trend("topic", "7", "insufficient_evidence", name="sleeper"),
    ]
    lineage = [
        (0, "continued", 0), (0, "merged", 1), (5, "split", 0), (6, "born", None),
        (2, "dormant", None), (7, "revived", 7),
    ]  # fmt: skip
    changes = compare(run("r1", *before), run("r2", *after, lineage=lineage))
    assert events(changes) == [
        ("topic", "0", "merged", "old 1", "steady"),
        ("topic", "2", "dormant", None, None),
        ("topic", "5", "split", "old 0", "steady"),
        ("topic", "6", "born", None, "rising"),
        ("topic", "7", "revived", None, "insufficient_evidence"),
    ]
    told = words(changes)
    for said in (
        "5 changes among topics",
        "New topics: newcomer (rising).",
        "Topics that are back: sleeper.",
        "Topics that split off: half (from old 0).",
        "Topics that merged: old 1 (into heir).",
        "Topics that are gone (dormant): old 2.",
    ):
        assert said in told
    assert message(changes.row(by_predicate=pl.col("event") == "merged", named=True)) == (
        "Topic old 1 merged into heir."
    )
    assert message(changes.row(by_predicate=pl.col("event") == "dormant", named=True)) == (
        "Topic old 2 is gone (dormant)."
    )


def test_two_topics_that_merge_into_one_are_two_changes() -> None:
    lineage = [(0, "continued", 0), (0, "merged", 1), (0, "merged", 2)]
    changes = compare(run("r1"), run("r2", trend("topic", "0", "steady"), lineage=lineage))
    assert changes.filter(event="merged")["before"].to_list() == ["topic 1", "topic 2"]


def test_earlier_events_of_the_lineage_are_not_news() -> None:
    this = run("r2", trend("topic", "0", "steady"), lineage=[(0, "continued", 0)])
    earlier = this.lineage.with_columns(run_id=pl.lit("r1"), event=pl.lit("born"))
    this = Snapshot(this.manifest, this.papers, this.trends, pl.concat([earlier, this.lineage]))
    assert events(compare(run("r1", trend("topic", "0", "steady")), this)) == []


def test_settings_that_differ_are_named_before_the_verdicts() -> None:
    cut = TrendConfig(bucket="quarter", since=date(2024, 1, 1))
    changes = compare(
        run("r1", trend("theme", "label noise", "steady")),
        run("r2", trend("theme", "label noise", "rising"), bucket="quarter", trends=cut),
    )
    assert events(changes)[:2] == [
        ("run", "bucket", "setting_changed", "month", "quarter"),
        ("run", "trends.since", "setting_changed", "unset", "2024-01-01"),
    ]
    told = words(changes)
    assert "(bucket: month → quarter; since: unset → 2024-01-01), so what changed may be" in told
    assert told.index("Settings") < told.index("Theme label noise is now")


def test_the_watch_list_may_change() -> None:
    other = (
        Theme(name="label noise", phrases=("noisy labels",)),
        Theme(name="distillation", phrases=("distillation",)),
    )
    gone = Theme(name="attention", phrases=("attention",))
    changes = compare(
        run("r1", themes=(*THEMES, gone)),
        run("r2", trend("theme", "distillation", "rising"), themes=other),
    )
    assert events(changes) == [
        ("theme", "attention", "unfollowed", None, None),
        ("theme", "distillation", "followed", None, "rising"),
        ("theme", "label noise", "redefined", None, None),
    ]
    assert "New in the watch list: distillation." in words(changes)
    assert "so not comparable with before: label noise." in words(changes)


@pytest.mark.parametrize("n_changed", [11, 12, 13, 40])
def test_long_lists_are_cut_and_counted(n_changed: int) -> None:
    names = [f"theme {i:02}" for i in range(n_changed)]
    changes = compare(
        run("r1", *(trend("theme", n, "steady") for n in names)),
        run("r2", *(trend("theme", n, "rising") for n in names)),
    )
    told = describe(changes)
    assert sum("is now rising" in line for line in told) == min(n_changed, 12)
    assert (f"{n_changed - 12} more verdicts changed" in " ".join(told)) == (n_changed > 12)
    assert f"{n_changed} verdicts changed" in told[0].replace("\xa0", " ")
