"""Quality measures against answers computed the long way round."""

import math
import re
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upwell.quality import coherence, diversity, stability

PAPERS = pl.DataFrame(
    {
        "title": ["Noisy labels in graphs", None, "Label noise", "Graph neural-networks", "Cats"],
        "abstract": [
            "We learn with Label Noise on graph neural networks.",
            "Graph neural networks without labels.",
            "Training with label noises. Nothing else.",
            "Message passing.",
            "No words of ours; a subgraph neural networks.",
        ],
    }
)


def topics(*keywords: list[str]) -> pl.DataFrame:
    return pl.DataFrame(
        {"topic_id": range(len(keywords)), "keywords": list(keywords)},
        schema={"topic_id": pl.Int32(), "keywords": pl.List(pl.String())},
    )


def npmi(n_a: int, n_b: int, n_both: int, n: int) -> float:
    return math.log((n_both / n) / ((n_a / n) * (n_b / n))) / -math.log(n_both / n)


def test_coherence_counts_papers_that_hold_both_keywords():
    # label noise: papers 0, 2; graph neural networks: 0, 1, 3 (4 has "subgraph"); both: 0
    found = coherence(PAPERS, topics(["label noise", "graph neural networks"]))
    assert found.schema == {"topic_id": pl.Int32(), "coherence": pl.Float32()}
    assert found["coherence"][0] == pytest.approx(npmi(2, 3, 1, 5), abs=1e-6)


def test_coherence_is_the_mean_over_pairs():
    keywords = ["label noise", "graph neural networks", "message passing"]
    # message passing: paper 3, which holds graph neural networks too; never with label noise
    pairs = [npmi(2, 3, 1, 5), -1.0, npmi(3, 1, 1, 5)]
    found = coherence(PAPERS, topics(keywords))
    assert found["coherence"][0] == pytest.approx(sum(pairs) / 3, abs=1e-6)


def test_coherence_at_its_ends():
    papers = pl.DataFrame({"title": [None] * 4, "abstract": ["a1 b1 cat", "cat", "x", "d1 cat"]})
    found = coherence(papers, topics(["a1", "b1"], ["a1", "d1"], ["cat", "Cats"], ["a1"], []))
    assert found["coherence"].to_list() == pytest.approx([1, -1, 0, 0, 0])


def test_coherence_of_keywords_in_every_paper_is_one():
    papers = pl.DataFrame({"title": [None] * 2, "abstract": ["a1 b1", "b1 a1"]})
    assert coherence(papers, topics(["a1", "b1"]))["coherence"].to_list() == [1]


def test_coherence_takes_ten_keywords():
    keywords = [f"word{i}" for i in range(12)]
    papers = pl.DataFrame(
        {"title": [None, None], "abstract": [" ".join(keywords[:10]), " ".join(keywords[10:])]}
    )
    assert coherence(papers, topics(keywords))["coherence"][0] == pytest.approx(1)


def test_coherence_without_papers_or_topics():
    none = pl.DataFrame(schema={"title": pl.String(), "abstract": pl.String()})
    assert coherence(none, topics(["a", "b"]))["coherence"].to_list() == [0]
    assert coherence(PAPERS, topics()).height == 0


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.sets(st.sampled_from("abcde")), min_size=2, max_size=8),
    st.sets(st.sampled_from("abcde"), min_size=2),
)
def test_coherence_against_the_long_way_round(papers: list[set[str]], own: set[str]):
    frame = pl.DataFrame(
        {"title": [None] * len(papers), "abstract": [" ".join(w * 2 for w in p) for p in papers]}
    )
    values = []
    for a, b in combinations(sorted(own), 2):
        n_both = sum({a, b} <= paper for paper in papers)
        n_a, n_b = (sum(w in paper for paper in papers) for w in (a, b))
        if n_both == 0:
            values.append(-1.0)
        elif n_both == len(papers):
            values.append(1.0)
        else:
            values.append(npmi(n_a, n_b, n_both, len(papers)))
    found = coherence(frame, topics([w * 2 for w in sorted(own)]))
    assert found["coherence"][0] == pytest.approx(sum(values) / len(values), abs=1e-5)


def test_diversity_counts_a_keyword_once_in_any_case():
    assert diversity(topics(["a", "b"], ["B", "c"])) == pytest.approx(3 / 4)
    assert diversity(topics(["a", "b"], ["c", "d"])) == 1
    assert diversity(topics([], [])) == 1


def frame(rows: list[tuple[str, int]]) -> pl.DataFrame:
    return pl.DataFrame(
        rows, schema={"paper_id": pl.String(), "topic_id": pl.Int32()}, orient="row"
    )


def refit(*runs: dict[str, int]) -> pl.DataFrame:
    rows = [(i, paper, topic) for i, run in enumerate(runs) for paper, topic in run.items()]
    return pl.DataFrame(
        rows,
        schema={"refit": pl.Int32(), "paper_id": pl.String(), "topic_id": pl.Int32()},
        orient="row",
    )


def test_stability_is_the_mean_of_the_best_jaccard():
    assigned = frame([("a", 0), ("b", 0), ("c", 0), ("d", 1), ("e", 1), ("f", -1)])
    again = refit(
        {"a": 7, "b": 7, "c": 5, "d": 5, "f": 5},  # topic 0: {a,b} of {a,b,c}; 1: {d} of {c,d,f}
        {"a": 1, "b": 1, "d": 1, "e": -1},  # topic 0: {a,b} of {a,b,d}; 1: {d} of {a,b,d,e}
    )
    found = stability(assigned, again)
    assert found.schema == {"topic_id": pl.Int32(), "stability": pl.Float32()}
    assert found["stability"].to_list() == pytest.approx(
        [(2 / 3 + 2 / 3) / 2, (1 / 3 + 1 / 4) / 2], abs=1e-6
    )


def test_stability_at_its_ends():
    assigned = frame([("a", 0), ("b", 0), ("c", 1), ("d", 2)])
    found = stability(assigned, refit({"a": 4, "b": 4, "c": -1}, {"a": 0, "b": 0, "c": -1}))
    assert found["stability"].to_list() == [1, 0, 0]  # whole; an outlier; never in a sample
    assert stability(assigned, refit()).rows() == [(0, 0), (1, 0), (2, 0)]
    assert stability(frame([("a", -1)]), refit({"a": 1})).height == 0


def test_stability_leaves_out_refits_without_the_topic():
    assigned = frame([("a", 0), ("b", 0), ("c", 1)])
    found = stability(assigned, refit({"a": 0, "b": 0}, {"c": 3}))
    assert found["stability"].to_list() == [1, 1]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_stability_against_the_long_way_round(seed: int):
    random = np.random.default_rng(seed)
    papers = [f"p{i}" for i in range(12)]
    assigned = {p: int(t) for p, t in zip(papers, random.integers(-1, 3, 12), strict=True)}
    runs = [
        {p: int(random.integers(-1, 4)) for p in random.choice(papers, 9, replace=False)}
        for _ in range(3)
    ]
    for topic, value in stability(frame(list(assigned.items())), refit(*runs)).rows():
        best = []
        for run in runs:
            own = {p for p in run if assigned[p] == topic}
            others = [{p for p in run if run[p] == t} for t in range(4)]
            inside = set().union(*(o for o in others if 2 * len(own & o) > len(o)))
            if own:
                best.append(max(len(own & o) / len(own | o) for o in (*others, inside)))
        assert value == pytest.approx(sum(best) / len(best) if best else 0, abs=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: coherence(PAPERS.drop("title"), topics(["a"])), "papers: no column title"),
        (lambda: coherence(PAPERS, pl.DataFrame({"x": [1]})), "topics: no column topic_id, key"),
        (lambda: diversity(pl.DataFrame({"x": [1]})), "topics: no column keywords; there are x"),
        (lambda: stability(frame([]).drop("topic_id"), refit()), "assignments: no column topic_id"),
        (lambda: stability(frame([]), frame([])), "refits: no column refit; there are paper_id"),
    ],
)
def test_missing_columns_are_named(call, message: str):
    with pytest.raises(ValueError, match=re.escape(message)):
        call()
