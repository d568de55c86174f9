"""Topic ids survive refits: six papers a topic, matched by hand."""

import numpy as np
import polars as pl
import pytest

from upwell.lineage import History, Lineage, trace

RUNS = ("2026-01", "2026-02", "2026-03")


def corpus(**topics: str) -> pl.DataFrame:
    """One paper a letter; `t0="abc"` puts papers a, b, c into raw topic 0, `out` is the outlier."""
    rows = [
        (paper, -1 if name == "out" else int(name[1:]))
        for name, papers in topics.items()
        for paper in papers
    ]
    return pl.DataFrame(rows, schema={"paper_id": pl.String, "topic_id": pl.Int32}, orient="row")


def run(assignments: pl.DataFrame, history: History, run_id: str) -> Lineage:
    vectors = assignments.select(
        "paper_id",
        vector=pl.Series(
            [np.eye(2, dtype=np.float32)[ord(p) % 2] for p in assignments["paper_id"]],
            dtype=pl.Array(pl.Float32, 2),
        ),
    )
    return trace(assignments, vectors, history=history, run_id=run_id)


def story(*runs: pl.DataFrame) -> tuple[list[tuple[str, int, str, int | None]], Lineage]:
    history = History.none()
    for run_id, assignments in zip(RUNS, runs, strict=False):
        lineage = run(assignments, history, run_id)
        history = History(lineage.events, lineage.members)
    rows = lineage.events.filter(pl.col("run_id") == run_id)
    return list(rows.select("event", "topic_id", "from_topic_id").sort("*").iter_rows()), lineage


def ids(lineage: Lineage) -> dict[int, int]:
    return dict(lineage.ids.select("raw_id", "topic_id").iter_rows())


def test_first_run_bears_every_topic() -> None:
    events, lineage = story(corpus(t0="abc", t1="def", out="g"))
    assert events == [("born", 0, None), ("born", 1, None)]
    assert lineage.ids["first_run"].to_list() == [RUNS[0]] * 2
    assert sorted(lineage.members.iter_rows()) == [
        (-1, "g"),
        *((0, p) for p in "abc"),
        *((1, p) for p in "def"),
    ]


def test_new_papers_do_not_make_a_split_a_birth() -> None:
    first = corpus(t0="abcdefgh", out="xyz")
    events, _ = story(first, corpus(t0="abcde", t1="fghijklmno", out="xyz"))
    assert events == [("continued", 0, 0), ("split", 1, 0)]
    events, _ = story(first, corpus(t0="abcdefg", t1="hxyz"))
    assert events == [("born", 1, None), ("continued", 0, 0)], "three of its four were outliers"


def test_the_same_model_is_not_matched() -> None:
    history = History.none()
    first = run(corpus(t3="abc", t5="def"), history, RUNS[0])
    assert ids(first) == {3: 0, 5: 1}
    history = History(first.events, first.members)
    vectors = pl.DataFrame(
        {"paper_id": list("uvw"), "vector": np.eye(3, 2, dtype=np.float32)},
        schema_overrides={"vector": pl.Array(pl.Float32, 2)},
    )
    placed = corpus(t0="uvw")
    again = trace(placed, vectors, history=history, run_id=RUNS[1], is_same_model=True)
    events = again.events.filter(run_id=RUNS[1]).select("event", "topic_id", "from_topic_id")
    assert events.rows() == [("continued", 0, 0), ("dormant", 1, None)], "whoever is in it"
    back = corpus(t0="uv", t1="w")
    history = History(again.events, again.members)
    later = trace(back, vectors, history=history, run_id=RUNS[2], is_same_model=True)
    events = later.events.filter(run_id=RUNS[2]).select("event", "topic_id")
    assert events.rows() == [("continued", 0), ("revived", 1)]


def test_relabelled_topics_keep_their_ids() -> None:
    events, lineage = story(corpus(t0="abc", t1="def"), corpus(t0="defg", t1="abc"))
    assert ids(lineage) == {0: 1, 1: 0}
    assert events == [("continued", 0, 0), ("continued", 1, 1)]
    overlap = lineage.events.filter(run_id=RUNS[1])["overlap"].to_list()
    assert overlap == [1.0, 1.0], "a new paper, g, says nothing of the match"


def test_growth_by_new_papers_alone_never_costs_an_id() -> None:
    _, lineage = story(corpus(t0="abc", t1="def"), corpus(t0="abcghijklmnopq", t1="def"))
    assert ids(lineage) == {0: 0, 1: 1}


def test_split_names_its_parent() -> None:
    events, lineage = story(corpus(t0="abcdefgh"), corpus(t0="abcde", t1="fgh"))
    assert events == [("continued", 0, 0), ("split", 1, 0)]
    assert dict(lineage.ids.select("topic_id", "parent_id").iter_rows()) == {0: None, 1: 0}


def test_merger_names_what_was_absorbed() -> None:
    events, lineage = story(corpus(t0="abcde", t1="fgh"), corpus(t0="abcdefgh"))
    assert events == [("continued", 0, 0), ("merged", 0, 1)]
    assert lineage.events.filter(event="merged")["overlap"].item() == pytest.approx(3 / 8)


def test_dormant_topic_comes_back_under_its_id() -> None:
    first, gone = corpus(t0="abc", t1="def"), corpus(t0="abc", out="def")
    events, _ = story(first, gone)
    assert events == [("continued", 0, 0), ("dormant", 1, None)]
    events, lineage = story(first, gone, corpus(t0="def", t1="abc"))
    assert events == [("continued", 0, 0), ("revived", 1, 1)]
    assert lineage.ids.filter(topic_id=1)["first_run"].item() == RUNS[0]


def test_ids_are_never_reused() -> None:
    events, _ = story(corpus(t0="abc"), corpus(t0="xyz", out="abc"), corpus(t0="uvw", out="abcxyz"))
    assert events == [("born", 2, None), ("dormant", 1, None)]


def test_another_corpus_shares_nothing() -> None:
    events, _ = story(corpus(t0="abc"), corpus(t0="xyz"))
    assert events == [("born", 1, None), ("dormant", 0, None)]


def test_no_topics_at_all() -> None:
    events, lineage = story(corpus(out="abc"))
    assert events == []
    assert lineage.ids.is_empty()


def test_order_of_rows_does_not_matter() -> None:
    first = corpus(t0="abcd", t1="efgh", t2="ijkl")
    second = corpus(t0="ijk", t1="abef", t2="cdghl")
    _, one = story(first, second)
    _, other = story(first.reverse(), second.sample(fraction=1.0, shuffle=True, seed=3))
    assert one.events.equals(other.events)
    assert one.ids.equals(other.ids)
