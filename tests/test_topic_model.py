"""The topic model between runs: kept, applied, refitted where due, and what a refit changes."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from test_topics import CONFIG, FIELDS, unit, unplaced, vectors_of

from upwell import topics
from upwell.lineage import History, trace
from upwell.topics import Decision, TopicModel, TopicModelError, placing
from upwell.topics.centres import around, learn
from upwell.topics.model import keep_names
from upwell.topics.warm import UNSEEN, Before, continued, find_changes, home

ANY = CONFIG.model_copy(update={"refit_moves": 1.0})
NAMES = list(FIELDS)


@pytest.fixture(scope="module")
def corpus() -> tuple[pl.DataFrame, pl.DataFrame, dict[str, int]]:
    """Four fields of 40 papers, a direction each; the field of each paper."""
    random = np.random.default_rng(11)
    ids, titles, abstracts, rows, field_of = [], [], [], [], {}
    for k, (name, text) in enumerate(FIELDS.items()):
        for i in range(40):
            ids.append(f"p{len(ids) * 37 % 1000:04d}")
            titles.append(f"On {name.title()} number {i}")
            abstracts.append(text.format(name))
            rows.append(np.eye(16)[k] + 0.12 * random.normal(size=16))
            field_of[ids[-1]] = k
    return unplaced(ids, titles, abstracts), vectors_of(ids, unit(np.array(rows))), field_of


def model_of(vectors: pl.DataFrame, topic_of: dict[str, int]) -> TopicModel:
    """The model of a fit that found these topics; papers that are not named had no part in it."""
    there = vectors.filter(pl.col("paper_id").is_in(list(topic_of))).sort("paper_id")
    cores = np.array([topic_of[p] for p in there["paper_id"]])
    mean = there["vector"].to_numpy().mean(axis=0)
    n = int(cores.max()) + 1
    centres = learn(around(there["vector"].to_numpy(), mean), cores, mean, n)
    named = [[p for p, t in sorted(topic_of.items()) if t == k] for k in range(n)]
    return TopicModel(
        centres=replace(centres, reach=0.3),
        topics=pl.DataFrame(
            {
                "topic_id": range(n),
                "label": [f"topic {k}" for k in range(n)],
                "keywords": [[f"word {k}"] for k in range(n)],
                "named_for": named,
                "stability": [0.9] * n,
            },
            schema_overrides={"topic_id": pl.Int32, "stability": pl.Float32},
        ),
        papers=there.select(
            "paper_id", core_of=pl.Series(cores, dtype=pl.Int32), x=pl.lit(1.0), y=pl.lit(2.0)
        ),
        encoder="static",
        asked=CONFIG.of_fit,
        run_id="r1",
        outlier_share=0.1,
    )


# What is kept


def test_a_model_comes_back_from_its_tables(corpus):
    _, vectors, field_of = corpus
    model = model_of(vectors, field_of)
    again = TopicModel.from_frames(model.frames())
    assert np.array_equal(again.centres.sums, model.centres.sums)
    assert again.centres.mean.dtype == np.float32
    assert (again.centres.reach, again.asked) == (model.centres.reach, dict(model.asked))
    placed = topics.place(vectors, again.centres, again.cores)
    assert placed.equals(topics.place(vectors, model.centres, model.cores))


def test_a_model_of_another_version_or_in_parts_is_refused(corpus):
    frames = model_of(corpus[1], corpus[2]).frames()
    later = frames | {"fit": frames["fit"].with_columns(version=pl.lit(9))}
    with pytest.raises(TopicModelError, match="version 9, this upwell reads 1; run with"):
        TopicModel.from_frames(later)
    with pytest.raises(TopicModelError, match="incomplete"):
        TopicModel.from_frames({"fit": frames["fit"]})


def test_a_fit_without_topics_is_kept_as_well(corpus):
    papers, vectors, _ = corpus
    few = vectors.head(5)
    found = topics.discover(papers.join(few, on="paper_id", how="semi"), few, config=CONFIG)
    names = keep_names(found.topics.with_columns(stability=pl.lit(0.0)), found.assignments, None)
    ids = pl.DataFrame(schema={"raw_id": pl.Int32, "topic_id": pl.Int32})
    about = {"encoder": "static", "config": CONFIG, "run_id": "r"}
    model = TopicModel.from_frames(topics.remember(found, names, ids, **about).frames())
    assert decided(vectors, model).reason.endswith("the last fit found none.")
    assert decided(vectors, model, refit="never").action == "kept"
    again = topics.recall(papers, vectors, model)
    assert again.topics.is_empty()
    assert set(again.assignments["topic_id"]) == {-1}


def test_papers_are_placed_alike_whether_the_fit_had_them_or_not(corpus):
    papers, vectors, field_of = corpus
    known = {p: k for p, k in field_of.items() if int(p[1:]) % 4}
    model = model_of(vectors, known)
    found = topics.recall(papers.sample(fraction=1, shuffle=True, seed=1), vectors, model)
    placed = dict(found.assignments.select("paper_id", "topic_id").iter_rows())
    assert all(placed[p] in {k, -1} for p, k in field_of.items())
    share = {
        new: np.mean([placed[p] >= 0 for p in field_of if (p in known) != new]) for new in (0, 1)
    }
    assert share[0] == pytest.approx(share[1], abs=0.1)
    assert found.topics["label"].to_list() == [f"topic {k}" for k in range(4)]
    assert found.topics["n_papers"].sum() == sum(t >= 0 for t in placed.values())


def test_a_new_paper_is_on_the_map_amid_its_nearest(corpus):
    papers, vectors, field_of = corpus
    model = model_of(vectors, {p: k for p, k in field_of.items() if p != "p0000"})
    places = model.papers.with_columns(
        x=pl.col("core_of").cast(pl.Float32), y=-pl.col("core_of").cast(pl.Float32)
    )
    found = topics.recall(papers, vectors, replace(model, papers=places)).assignments
    assert found.filter(paper_id="p0000").select("x", "y").row(0) == (0, 0)
    last = found.filter(pl.col("paper_id").is_in([p for p, k in field_of.items() if k == 3]))
    assert set(last.select("x", "y").iter_rows()) == {(3, -3)}


def test_a_map_of_many_papers_has_fewer_anchors(monkeypatch):
    """Of six papers every second is one; a paper like the fourth is then put beside its next."""
    angle = np.array([0, 1, 2, 3, 4, 5, 3.1]) / 4
    vectors = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    there = np.arange(12, dtype=np.float32).reshape(6, 2)
    monkeypatch.setattr(placing, "_NEAR", 1)
    shared = np.zeros(2, np.float32)
    assert placing.positions(vectors, shared, there)[6].tolist() == there[3].tolist()
    monkeypatch.setattr(placing, "_MOST_ANCHORS", 3)
    found = placing.positions(vectors, shared, there)
    assert found[:6].tolist() == there.tolist()
    assert found[6].tolist() == there[4].tolist()
    assert placing.positions(vectors, shared, there[:0]).tolist() == [[0, 0]] * 7


# When topics are sought anew


def decided(vectors: pl.DataFrame, model: TopicModel | None, **changes: object) -> Decision:
    given = {"encoder": "static", "config": CONFIG.model_copy(update=changes)}
    return topics.decide(vectors, model, **given)


def test_nothing_new_keeps_the_model(corpus):
    _, vectors, field_of = corpus
    told = decided(vectors, model_of(vectors, field_of))
    assert (told.action, told.n_new) == ("kept", 0)
    assert told.reason == "Topics are those of the fit in r1; no paper came since."


@pytest.mark.parametrize(
    ("n_known", "changes", "action", "words"),
    [
        (150, {}, "kept", "10 papers that came since were placed"),
        (128, {}, "refitted", "32 papers came since the last fit of 128, and a refit is due from 25%"),
        (129, {}, "kept", "31 papers"),
        (80, {"refit": "never"}, "kept", "80 papers"),
        (80, {"refit_growth": 1.5}, "kept", "80 papers"),
        (160, {"refit": "always"}, "refitted", "asked for by refit = always"),
        (160, {"refit": "afresh"}, "fitted", "asked for by refit = afresh"),
        (160, {"random_state": 1}, "fitted", "their sizes or seed were set otherwise"),
        (160, {"random_state": 1, "refit": "never"}, "kept", "no paper came"),
        (160, {"refit_growth": 0.5}, "kept", "no paper came"),
    ],
)  # fmt: skip
def test_a_refit_is_due(corpus, n_known, changes, action, words):
    _, vectors, field_of = corpus
    # Papers of every field in turn, so that the new ones are of fields that the model knows.
    order = sorted(field_of, key=lambda p: (list(field_of).index(p) % 40, field_of[p]))
    model = model_of(vectors, {p: field_of[p] for p in order[:n_known]})
    told = decided(vectors, model, **changes)
    assert told.action == action
    assert words in told.reason


def test_other_vectors_are_never_placed_by_the_model(corpus):
    _, vectors, field_of = corpus
    model = replace(model_of(vectors, field_of), encoder="another")
    told = decided(vectors, model, refit="never")
    assert told.action == "fitted"
    assert "vectors by another, these are by static" in told.reason
    assert decided(vectors, None).action == "fitted"


def test_new_papers_that_fit_no_topic_call_for_a_refit(corpus):
    _, vectors, field_of = corpus
    model = model_of(vectors, {p: k for p, k in field_of.items() if k < 3})
    news = [p for p, k in field_of.items() if k == 3]
    for n_new, action in ((12, "kept"), (20, "refitted")):
        some = vectors.filter(~pl.col("paper_id").is_in(news[n_new:]))
        told = decided(some, model, refit_growth=9.0)
        assert told.action == action, "12 make a topic; of 12 new ones 1 would be none anyway"
    assert told.reason.endswith(
        "19 of the 20 papers that came since the last fit are in no topic, where 2 were expected."
    )


def test_papers_that_are_gone_call_for_a_refit(corpus):
    _, vectors, field_of = corpus
    told = decided(vectors.head(120), model_of(vectors, field_of))
    assert told.action == "refitted"
    assert "40 of the 160 papers of the last fit are gone" in told.reason


def test_another_corpus_is_clustered_from_scratch(corpus):
    """Topics whose papers are gone cannot go on: all of the new ones were outliers."""
    _, vectors, field_of = corpus
    model = model_of(vectors, field_of)
    assert decided(vectors.head(80), model).action == "refitted"
    told = decided(vectors.head(79), model, refit="always")
    assert told.action == "fitted"
    assert told.reason.endswith("81 of the 160 papers of the last fit are gone.")
    other = vectors.with_columns(paper_id="other-" + pl.col("paper_id"))
    assert decided(other, model).action == "fitted"
    assert decided(other, model, refit="never").action == "kept"


# What a refit changes: labels by hand


def marks(text: str) -> np.ndarray:
    """A paper a letter: a, b … are topics 0, 1 …, `.` an outlier, `?` not in the sample."""
    return np.array([{".": -1, "?": UNSEEN}.get(c, ord(c) - ord("a")) for c in text])


def changes(held: str, clusters: str, *refits: str, found: str = "", smallest: int = 2):
    given = (marks(held), marks(found or clusters), marks(clusters), [marks(r) for r in refits])
    return [
        (c.kind, c.topic, c.into, "".join("x" if p else "-" for p in c.papers), c.n_seen)
        for c in find_changes(*given, smallest=smallest)
    ]


def test_home_is_where_most_are():
    assert home(marks("aaaa") == 0, marks("bb.c")) == 1
    assert home(marks("aaaa") == 0, marks("b..?")) == -1
    assert home(marks("aaaa") == 0, marks("bcd.")) < -1
    assert home(marks("aabb") == 0, marks("bbcc")) < -1, "two papers tell nothing"


def test_a_cluster_of_outliers_is_a_birth():
    assert changes("aaaa....", "aaaabbb.", "aaaabbb.") == [("born", -1, None, "----xxx-", 1)]


def test_a_part_that_keeps_apart_is_a_split():
    held, clusters = "aaaaaaaabbbb", "aaaaacccbbbb"
    assert changes(held, clusters, "aaaaacccbbbb") == [("split", 0, None, "-----xxx----", 1)]
    assert changes(held, clusters, "aaaaaaaabbbb") == [], "the other fit does not show it"
    assert changes(held, clusters, clusters, smallest=4) == [], "too small to be a topic"
    four = [clusters] * 4
    assert len(changes(held, clusters, *four, "aaaaaaaabbbb")) == 1, "four in five are enough"
    assert len(changes(held, clusters, *four[:3], *["aaaaaaaabbbb"] * 2)) == 0


def test_two_topics_in_one_cluster_merge_into_the_larger():
    assert changes("aaabbbbb", "cccccccc", "aaaaaaaa") == [("merged", 0, 1, "xxx-----", 1)]
    assert changes("aaabbbbb", "cccccccc", "aaabbbbb") == []


def test_a_topic_without_a_cluster_is_gone():
    assert changes("aaabbbbb", "...bbbbb", "...bbbbb") == [("gone", 0, -1, "xxx-----", 1)]
    assert changes("aaabbbbb", "...bbbbb", "aaabbbbb") == []


def test_a_refit_moves_no_more_papers_than_it_may(corpus):
    _, vectors, field_of = corpus
    ordered = vectors.sort("paper_id")
    matrix = ordered["vector"].to_numpy()
    field = np.array([field_of[p] for p in ordered["paper_id"]])
    model = model_of(vectors, {p: k // 2 for p, k in field_of.items()})  # two fields, one topic
    cores = model.papers["core_of"].to_numpy().astype(np.int64)
    for most_moved, n_topics in ((1.0, 4), (0.45, 3), (0.1, 2)):
        before = Before(model.centres, cores, np.ones(160, bool), [field] * 5, most_moved)
        after = continued(matrix, before, field, field, smallest=12)
        assert len(np.unique(after[after >= 0])) == n_topics
    assert np.array_equal(after, cores), "nothing moves"


# … and end to end, as reported


def told(corpus, first: dict[str, int], *, without: int | None = None):
    """A run by a model with these topics, then a refit: events, and topic and label of each field."""
    papers, vectors, field_of = corpus
    model = model_of(vectors, first)
    start = topics.recall(papers, vectors, model)
    given = {"history": History.none(), "run_id": "r1"}
    earlier = trace(start.assignments, vectors, **given)
    gone = [p for p, k in field_of.items() if k == without]
    papers, vectors = (f.filter(~pl.col("paper_id").is_in(gone)) for f in (papers, vectors))
    refits = pl.concat(topics.refit(papers, vectors, config=ANY, number=n) for n in range(1, 6))
    found = topics.discover(papers, vectors, config=ANY, before=model, refits=refits)
    history = History(earlier.events, earlier.members)
    later = trace(found.assignments, vectors, history=history, run_id="r2")
    events = later.events.filter(run_id="r2").select("event", "topic_id", "from_topic_id")
    return sorted(events.iter_rows(), key=str), found, later


def continued_events(*ids: int) -> list[tuple[str, int, int]]:
    return [("continued", i, i) for i in ids]


def test_nothing_happened_nothing_is_reported(corpus):
    events, _, _ = told(corpus, corpus[2])
    assert events == continued_events(0, 1, 2, 3)


def test_a_planted_split_is_reported(corpus):
    events, _, later = told(corpus, {p: max(k - 1, 0) for p, k in corpus[2].items()})
    assert [e for e in events if e[0] != "continued"] == [("split", 3, 0)]
    assert [e for e in events if e[0] == "continued"] == continued_events(0, 1, 2)
    assert later.events.filter(event="split")["overlap"].item() == pytest.approx(0.5, abs=0.1)


def test_a_planted_merger_is_reported(corpus):
    halves = {p: 4 if k == 0 and int(p[1:]) % 3 == 0 else k for p, k in corpus[2].items()}
    events, _, _ = told(corpus, halves)
    assert [e for e in events if e[0] != "continued"] == [("merged", 0, 4)]


def test_a_planted_death_is_reported(corpus):
    events, _, _ = told(corpus, corpus[2], without=2)
    assert events == [*continued_events(0, 1, 3), ("dormant", 2, None)]


def test_a_planted_birth_is_reported(corpus):
    events, _, _ = told(corpus, {p: k for p, k in corpus[2].items() if k < 3})
    assert events == [("born", 3, None), *continued_events(0, 1, 2)]


def test_a_refit_does_not_depend_on_the_order_of_papers(corpus):
    papers, vectors, field_of = corpus
    model = model_of(vectors, {p: max(k - 1, 0) for p, k in field_of.items()})
    refits = pl.concat(topics.refit(papers, vectors, config=ANY, number=n) for n in (1, 2))
    shuffled = [f.sample(fraction=1, shuffle=True, seed=5) for f in (papers, vectors, refits)]
    one = topics.discover(papers, vectors, config=ANY, before=model, refits=refits)
    other = topics.discover(*shuffled[:2], config=ANY, before=model, refits=shuffled[2])
    assert one.assignments.equals(other.assignments)
    assert one.topics.equals(other.topics)


def test_the_model_of_a_fit_places_its_papers_as_the_fit_did(corpus):
    papers, vectors, _ = corpus
    found = topics.discover(papers, vectors, config=CONFIG)
    ids = found.topics.select(raw_id="topic_id", topic_id=pl.col("topic_id") + 10)
    lasting = found.topics.with_columns(pl.col("topic_id") + 10, stability=pl.lit(0.5))
    moved = found.assignments.with_columns(
        topic_id=pl.when(pl.col("topic_id") < 0).then(-1).otherwise(pl.col("topic_id") + 10)
    )
    named = keep_names(lasting, moved, None)
    about = {"encoder": "static", "config": CONFIG, "run_id": "r"}
    model = topics.remember(found, named, ids, **about)
    again = topics.recall(papers, vectors, TopicModel.from_frames(model.frames()))
    assert again.assignments.equals(moved)
    assert again.topics.equals(lasting.select(again.topics.columns))


# Names


def test_a_topic_is_renamed_once_half_of_it_is_another():
    def frame(**members: str) -> pl.DataFrame:
        rows = [(p, int(t[1:])) for t, papers in members.items() for p in papers]
        return pl.DataFrame(
            rows, schema={"paper_id": pl.String, "topic_id": pl.Int32}, orient="row"
        )

    def named(*labels: str) -> pl.DataFrame:
        return pl.DataFrame(
            [(i, label, [label.upper()]) for i, label in enumerate(labels)],
            schema={"topic_id": pl.Int32, "label": pl.String, "keywords": pl.List(pl.String)},
            orient="row",
        )

    first = keep_names(named("a", "b"), frame(t0="123456", t1="xyz"), None)
    assert first["named_for"].to_list() == [list("123456"), list("xyz")]
    before = TopicModel(None, first, None, "", {}, "", 0.0)
    again = keep_names(named("c", "b", "a"), frame(t0="123", t1="wvz", t2="456"), before)
    # t0 has half of what it was named for: it keeps its name, which t2 then may not have as well.
    assert again["label"].to_list() == ["a", "b", "a (2)"]
    assert again["keywords"].to_list() == [["A"], ["B"], ["A"]]
    assert again["named_for"].to_list() == [list("123456"), list("vwz"), list("456")]
    twice = keep_names(named("c"), frame(t0="12"), TopicModel(None, again, None, "", {}, "", 0.0))
    assert twice["label"].to_list() == ["c"], "compared with when it was named, not with last time"
