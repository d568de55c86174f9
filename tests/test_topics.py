"""Topics: clusters, the rule that assigns papers, phrases, names, and the whole of it."""

import math
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from upwell import topics
from upwell.config import TopicConfig
from upwell.tables import ASSIGNMENTS, UNPLACED, TableError
from upwell.topics.centres import Centres, around, common, find_centres
from upwell.topics.naming import read_corpus, signal, split_document, topic_names
from upwell.topics.phrases import abbreviations, phrases, runs, spell, word_key

CONFIG = TopicConfig(min_cluster_size=12)  # the fields have no finer structure but by chance
FIELDS = {
    "label noise": "We study {0} in image datasets. Noisy annotations hurt classifiers, and {0} "
    "is common. Our loss corrects {0} by sample selection.",
    "graph neural networks": "We train {0} for node classification. Messages pass in {0}. They "
    "are smooth. Few {0} have many layers.",
    "federated learning": "Clients in {0} keep data private. Communication rounds of {0} are "
    "costly, and {0} suffers from client drift.",
    "Vision Transformers": "An image patch is a token of {0}. Windows help {0}, and we prune "
    "patches by their importance. So {0} get fast.",
}


def unplaced(ids: list[str], titles: list[str | None], abstracts: list[str]) -> pl.DataFrame:
    """Papers of which only the text is known."""
    return UNPLACED.conform(
        pl.DataFrame(
            {"paper_id": ids, "title": titles, "abstract": abstracts},
            schema_overrides={"title": pl.String()},
        ).with_columns(
            date_precision=pl.lit("none"),
            categories=pl.lit([], dtype=pl.List(pl.String())),
            language=pl.lit("en"),
            sources=pl.lit(["a.txt#1"]),
            **{
                name: pl.lit(None, dtype=UNPLACED.schema[name])
                for name in ("published", "arxiv_id", "doi", "url", "n_authors", "n_comments")
            },
        )
    )


def vectors_of(ids: list[str], matrix: np.ndarray) -> pl.DataFrame:
    array = pl.Array(pl.Float32(), matrix.shape[1])
    return pl.DataFrame(
        {"paper_id": ids, "vector": pl.Series(matrix.astype(np.float32), dtype=array)},
        schema_overrides={"paper_id": pl.String()},
    )


def unit(matrix: np.ndarray) -> np.ndarray:
    return matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)


@pytest.fixture(scope="module")
def fields() -> tuple[pl.DataFrame, pl.DataFrame, dict[str, str]]:
    """Four fields of 30 papers each, a direction each, and 6 papers that are of none."""
    random = np.random.default_rng(5)
    centres = np.eye(16)[:4]
    ids, titles, abstracts, rows, field_of = [], [], [], [], {}
    for k, (name, text) in enumerate(FIELDS.items()):
        for i in range(30):
            ids.append(f"p{len(ids) * 37 % 1000:04d}")
            titles.append(f"On {name.title()} number {i}" if i % 5 else None)
            abstracts.append(text.format(name))
            rows.append(centres[k] + 0.12 * random.normal(size=16))
            field_of[ids[-1]] = name
    for i in range(6):
        ids.append(f"q{i}")
        titles.append(f"Thing {i}")
        abstracts.append(f"Something else, {i} times.")
        rows.append(np.r_[np.zeros(8), random.normal(size=8)])
    return unplaced(ids, titles, abstracts), vectors_of(ids, unit(np.array(rows))), field_of


@pytest.fixture(scope="module")
def found(fields) -> topics.Discovery:
    return topics.discover(fields[0], fields[1], config=CONFIG)


def test_each_field_is_a_topic(fields, found):
    papers, _, field_of = fields
    named = dict(found.topics.select("topic_id", "label").iter_rows())
    for name in FIELDS:
        members = found.assignments.filter(
            pl.col("paper_id").is_in([p for p, f in field_of.items() if f == name]),
            pl.col("topic_id") >= 0,
        )
        assert members.height >= 24  # the rule leaves out the tenth that is farthest out
        assert [named[topic] for topic in members["topic_id"].unique()] == [name]
    assert found.topics.height == len(FIELDS)
    assert found.assignments["paper_id"].to_list() == sorted(papers["paper_id"])


def test_of_many_papers_a_sample_finds_the_topics_and_the_others_are_placed(fields, monkeypatch):
    papers, vectors, field_of = fields
    monkeypatch.setattr(topics, "MOST_FITTED", 63)  # half of them
    config = TopicConfig(min_cluster_size=12)
    found = topics.discover(papers, vectors, config=config)
    assert found.assignments["paper_id"].to_list() == sorted(papers["paper_id"])
    assert set(found.cores["paper_id"]) <= set(sorted(papers["paper_id"])[:63])
    assert sorted(found.topics["label"]) == sorted(FIELDS)
    labels = dict(found.topics.select("topic_id", "label").iter_rows())
    inside = found.assignments.filter(pl.col("topic_id") >= 0)
    assert all(labels[t] == field_of[p] for p, t in inside.select("paper_id", "topic_id").rows())
    assert inside["paper_id"].is_in([p for p in field_of if p.startswith("p")]).all()
    placed = topics.place(vectors, found.centres, found.cores)
    assert placed.equals(found.assignments.select(placed.columns))
    middle = {
        label: found.assignments.filter(topic_id=topic).select(pl.col("x", "y").mean()).row(0)
        for topic, label in labels.items()
    }
    for paper, x, y in inside.tail(30).select("paper_id", "x", "y").rows():
        nearest = min(middle, key=lambda label: math.dist(middle[label], (x, y)))
        assert nearest == field_of[paper]
    refit = topics.refit(papers, vectors, config=config, number=0)
    assert set(refit["paper_id"]) <= set(sorted(papers["paper_id"])[:63])
    assert refit.height == round(0.8 * 63)


def test_papers_of_no_field_are_outliers(found):
    strays = found.assignments.filter(pl.col("paper_id").str.starts_with("q"))
    assert strays.select("topic_id", "topic_strength").rows() == [(-1, 0)] * 6


def test_tables_keep_their_contract(found):
    assert found.assignments.equals(ASSIGNMENTS.conform(found.assignments))
    assert found.assignments.select(pl.col("x", "y").is_finite().all()).row(0) == (True, True)
    counts = found.assignments.filter(pl.col("topic_id") >= 0)["topic_id"].value_counts()
    assert dict(counts.iter_rows()) == dict(found.topics.select("topic_id", "n_papers").iter_rows())
    assert found.topics["topic_id"].to_list() == list(range(found.topics.height))
    assert found.topics["n_papers"].is_sorted(descending=True)
    assert found.topics["label"].is_unique().all()
    assert found.topics["keywords"].list.len().is_between(1, 10).all()
    assert all(word == word.strip() for word in found.topics["keywords"].explode())


def test_exemplars_are_the_firmest_papers(found):
    strength = dict(found.assignments.select("paper_id", "topic_strength").iter_rows())
    for topic, exemplars in found.topics.select("topic_id", "exemplars").iter_rows():
        members = found.assignments.filter(pl.col("topic_id") == topic)["paper_id"]
        assert exemplars == sorted(members, key=lambda p: (-strength[p], p))[:5]


def test_the_order_of_papers_does_not_matter(fields, found):
    papers, vectors, _ = fields
    again = topics.discover(
        papers.sample(fraction=1, shuffle=True, seed=1),
        vectors.sample(fraction=1, shuffle=True, seed=2),
        config=CONFIG,
    )
    assert again.topics.equals(found.topics)
    assert again.assignments.equals(found.assignments)


def test_equal_topics_are_numbered_by_their_first_paper(fields, found):
    first = (
        found.assignments.filter(pl.col("topic_id") >= 0)
        .group_by("topic_id")
        .agg(n=pl.len(), first=pl.col("paper_id").min())
    )
    order = first.sort(["n", "first"], descending=[True, False])["topic_id"].to_list()
    assert order == list(range(len(order)))


def test_refits_are_samples_that_find_the_fields_again(fields):
    papers, vectors, field_of = fields
    shuffled = papers.sample(fraction=1, shuffle=True, seed=3)
    both = [topics.refit(papers, vectors, config=CONFIG, number=n) for n in range(2)]
    assert both[1].equals(topics.refit(shuffled, vectors, config=CONFIG, number=1))
    refits = pl.concat(both)
    assert refits.group_by("refit").len().sort("refit").rows() == [(0, 101), (1, 101)]
    samples = [set(part["paper_id"]) for part in refits.partition_by("refit")]
    assert samples[0] != samples[1]
    pairs = refits.with_columns(field=pl.col("paper_id").replace_strict(field_of, default="none"))
    inside = pairs.filter(pl.col("topic_id") >= 0)
    assert inside.height > 0.8 * pairs.height
    for _, part in inside.group_by("refit", "topic_id"):
        assert part["field"].n_unique() == 1


@pytest.mark.parametrize("n", [0, 1, 2, 3, 11])
def test_few_papers_are_outliers(n: int):
    ids = [f"p{i}" for i in range(n)]
    found = topics.discover(
        unplaced(ids, [None] * n, ["Some text."] * n),
        vectors_of(ids, unit(np.random.default_rng(0).normal(size=(n, 4)))),
        config=TopicConfig(),
    )
    assert found.topics.height == 0
    assert found.topics.schema["keywords"] == pl.List(pl.String())
    assert found.assignments.select("topic_id", "topic_strength").rows() == [(-1, 0)] * n
    assert found.assignments.select("x", "y").n_unique() == n
    assert found.notes == (f"no topics: {n} papers with a vector are too few, 12 are the fewest",)


def degenerate(kind: str) -> np.ndarray:
    random = np.random.default_rng(1)
    if kind == "identical":
        return np.tile(unit(random.normal(size=(1, 8))), (40, 1))
    if kind == "nearly identical":
        return unit(np.ones((40, 8)) + 1e-5 * random.normal(size=(40, 8)))
    if kind == "one direction":
        return np.repeat([[1.0, 0.0], [-1.0, 0.0]], 20, axis=0)
    noise = unit(random.normal(size=(40, 8)))
    noise[: {"noise": 0, "half unknown": 20, "one unknown": 1}[kind]] = 0
    return noise


@pytest.mark.parametrize(
    "kind",
    ["identical", "nearly identical", "one direction", "noise", "half unknown", "one unknown"],
)
def test_strange_vectors_do_no_harm(kind: str):
    matrix = degenerate(kind)
    ids = [f"p{i:02d}" for i in range(40)]
    papers = unplaced(ids, ["A title"] * 40, ["We look at the label noise of graphs."] * 40)
    found = topics.discover(papers, vectors_of(ids, matrix), config=TopicConfig())
    assert found.assignments.height == 40
    assert found.assignments.select(pl.col("x", "y").is_finite().all()).row(0) == (True, True)
    unknown = found.assignments.filter(pl.Series(~matrix.any(axis=1)))
    assert unknown.select("topic_id", "topic_strength").unique().rows() in ([], [(-1, 0)])
    again = topics.refit(papers, vectors_of(ids, matrix), config=TopicConfig(), number=0)
    assert again["refit"].to_list() == [0] * 32


def test_texts_without_phrases_get_a_label():
    random = np.random.default_rng(2)
    matrix = unit(np.repeat(np.eye(6)[:3], 20, axis=0) + 0.05 * random.normal(size=(60, 6)))
    ids = [f"p{i:02d}" for i in range(60)]
    for abstract in ("The of and.", "这是一个没有词的摘要。"):
        found = topics.discover(
            unplaced(ids, [None] * 60, [abstract] * 60),
            vectors_of(ids, matrix),
            config=TopicConfig(),
        )
        assert found.topics.height == 3
        assert found.topics["label"].is_unique().all()
        assert found.topics["label"].str.len_chars().min() > 0


def test_set_sizes_are_kept(fields):
    papers, vectors, _ = fields
    config = TopicConfig(min_cluster_size=40, n_neighbors=200)
    found = topics.discover(papers, vectors, config=config)
    assert found.topics["n_papers"].min() is None or found.topics["n_papers"].min() > 30


def test_a_paper_without_vector_is_named(fields):
    papers, vectors, _ = fields
    with pytest.raises(ValueError, match="1 of 126 papers have no vector, such as q0; encode"):
        topics.discover(papers, vectors.filter(pl.col("paper_id") != "q0"), config=TopicConfig())


def test_missing_columns_are_named(fields):
    papers, vectors, _ = fields
    with pytest.raises(ValueError, match="vectors: no column vector; there are paper_id"):
        topics.refit(papers, vectors.drop("vector"), config=TopicConfig(), number=0)
    with pytest.raises(TableError, match="unplaced papers: no column abstract"):
        topics.discover(papers.drop("abstract"), vectors, config=TopicConfig())


def test_import_is_light():
    heavy = "{'bertopic', 'umap', 'hdbscan', 'sklearn', 'numba', 'pandas'}"
    code = f"import sys, upwell.topics, upwell.quality; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# The steps by themselves. Their modules import UMAP, so they are imported where they are used.


@pytest.fixture(scope="module")
def clusters():
    from upwell.topics import _fitting

    _fitting()
    from upwell.topics import clusters

    return clusters


def test_sizes_grow_with_the_corpus(clusters):
    sizes = [clusters.Sizes.scaled(n, TopicConfig()) for n in (12, 275, 3200, 36_000, 100_000)]
    assert [s.min_cluster_size for s in sizes] == [4, 7, 24, 80, 133]
    assert [s.n_neighbors for s in sizes] == [8, 8, 15, 15, 15]
    assert sizes[1].in_sample(0.8).min_cluster_size == 6
    assert clusters.Sizes.scaled(12, TopicConfig(n_neighbors=50)).n_neighbors == 11


def test_neighbours_are_exact(clusters):
    vectors = unit(np.random.default_rng(3).normal(size=(50, 6))).astype(np.float32)
    vectors[7] = vectors[31]
    near = clusters.nearest(vectors, 6)
    for i, row in enumerate(vectors):
        cosine = [float(np.dot(row, other)) for other in vectors]
        others = sorted((j for j in range(50) if j != i), key=lambda j: -cosine[j])[:5]
        assert near.indices[i, 0] == i
        assert {cosine[j] for j in near.indices[i]} == {cosine[j] for j in (i, *others)}
        assert near.distances[i] == pytest.approx(
            [0, *sorted(1 - cosine[j] for j in others)], abs=1e-5
        )


def test_neighbours_do_not_depend_on_the_block(clusters, monkeypatch):
    vectors = unit(np.random.default_rng(4).normal(size=(30, 5))).astype(np.float32)
    whole = clusters.nearest(vectors, 5)
    monkeypatch.setattr(clusters, "_BLOCK", 7)
    parts = clusters.nearest(vectors, 5)
    assert (whole.indices == parts.indices).all()


def test_centred_vectors_have_no_common_part():
    random = np.random.default_rng(6)
    vectors = unit(random.normal(size=(200, 6), loc=np.eye(6)[0] * 3)).astype(np.float32)
    vectors[0] = 0
    centred = around(vectors, common(vectors))
    assert np.linalg.norm(centred[1:], axis=1) == pytest.approx(np.ones(199), abs=1e-5)
    assert np.linalg.norm(centred.mean(axis=0)) < 0.2 < np.linalg.norm(vectors.mean(axis=0))
    assert not centred[0].any()


def test_every_paper_is_assigned_by_the_rule():
    # Two cores around (1, 0) and (0, 1); the last four papers HDBSCAN left out.
    vectors = unit(
        np.array(
            [
                *([1, 0.1], [1, -0.1], [1, 0], [0.1, 1], [-0.1, 1], [0, 1], [0, 1], [1, 0.05]),
                *([0.04, 1], [0.7, 0.7], [-1, -1], [0, 0]),
            ]
        )
    ).astype(np.float32)
    cores = np.array([1, 1, 1, 0, 0, 0, 0, 1, -1, -1, -1, -1])
    centres, numbered = find_centres(vectors, cores, np.zeros(2, np.float32))
    found = centres.assign(vectors, numbered)
    cosine = np.zeros((12, 2))
    for i in range(12):  # the long way round: centres without the paper itself
        for k in (0, 1):
            others = vectors[(cores == k) & (np.arange(12) != i)].sum(axis=0)
            cosine[i, k] = vectors[i] @ others / np.linalg.norm(others)
    reach = np.quantile([cosine[i, c] for i, c in enumerate(cores) if c >= 0], 0.1)
    expected = [int(c.argmax()) if c.max() >= reach else -1 for c in cosine]
    sizes = {k: expected.count(k) for k in (0, 1)}
    swap = sizes[1] > sizes[0] or (sizes[1] == sizes[0] and expected.index(1) < expected.index(0))
    expected = [1 - e if swap and e >= 0 else e for e in expected]
    assert centres.reach == pytest.approx(reach, abs=1e-6)
    assert found.labels.tolist() == expected
    assert found.labels[8] == found.labels[5]
    assert [numbered[i] for i in (5, 2, 8)] == [found.labels[5], found.labels[2], -1]
    assert found.labels[9:].tolist() == [-1, -1, -1]
    assert found.strength[5] == pytest.approx(cosine[5].max(), abs=1e-6)
    assert found.strength[9:].tolist() == [0, 0, 0]


def test_a_paper_has_no_say_in_its_own_topic():
    # Six papers in a plane and one that stands alone: with itself it would be in its topic.
    lone = np.array([0, 0, 1.0])
    others = [[1, 0.1, 0], [1, -0.1, 0], [1, 0, 0], [1, 0.05, 0], [1, -0.05, 0], [1, 0.02, 0]]
    vectors = unit(np.array([*others, lone])).astype(np.float32)
    centres, cores = find_centres(vectors, np.zeros(7, np.int64), np.zeros(3, np.float32))
    assert centres.assign(vectors, cores).labels.tolist() == [0] * 6 + [-1]
    later = centres.assign(vectors[:1]).labels.tolist()
    assert later == [0], "whoever had no part in it is compared with all of it"


def test_no_core_no_topic():
    vectors = np.eye(3, dtype=np.float32)
    found = find_centres(vectors, np.array([-1, -1, -1]), common(vectors))[0].assign(vectors)
    assert found.labels.tolist() == [-1, -1, -1]
    assert found.strength.tolist() == [0, 0, 0]


def frame_of(vectors: np.ndarray) -> pl.DataFrame:
    schema = {"paper_id": pl.String(), "vector": pl.Array(pl.Float32, vectors.shape[1])}
    return pl.DataFrame(
        {"paper_id": [f"p{i:02d}" for i in range(len(vectors))], "vector": vectors}, schema=schema
    )


def test_a_paper_from_elsewhere_is_placed_by_what_was_learned():
    random = np.random.default_rng(3)
    cores = np.repeat([0, 1, -1], [8, 6, 4])
    vectors = unit(np.eye(5)[cores % 5] + 0.1 * random.normal(size=(18, 5))).astype(np.float32)
    mean = common(vectors)
    centres, numbered = find_centres(around(vectors, mean), cores, mean)
    frame = frame_of(vectors)
    core_of = frame.select("paper_id", core_of=pl.Series(numbered)).filter(pl.col("core_of") >= 0)
    again = topics.place(frame, centres, core_of)
    known = centres.assign(around(vectors, mean), numbered)
    assert again["topic_id"].to_list() == known.labels.tolist(), "those of the fit as before"
    later = unit(np.eye(5)[[1, 0, 3]] + 0.01).astype(np.float32)
    alone = [topics.place(frame_of(v[None]), centres)["topic_id"].item() for v in later]
    together = topics.place(frame_of(later), centres)
    assert together["topic_id"].to_list() == alone == [1, 0, -1], "whoever stands beside it"
    assert together["topic_strength"].to_list()[2] == 0


def test_placing_says_what_is_wrong():
    vectors = unit(np.ones((3, 4))).astype(np.float32)
    centres = Centres(np.zeros(3, np.float32), np.eye(3), 0.5)
    with pytest.raises(ValueError, match="vectors of 4 dimensions cannot be placed among topics"):
        topics.place(frame_of(vectors), centres)
    with pytest.raises(ValueError, match="vectors: no column paper_id; there are vector"):
        topics.place(frame_of(vectors).drop("paper_id"), centres)
    assert topics.place(frame_of(vectors), Centres.none())["topic_id"].to_list() == [-1] * 3
    assert topics.place(frame_of(vectors[:0]), centres).is_empty()


def test_a_cluster_that_swallows_the_rest_is_divided(clusters):
    # A far island and a continent of four provinces: eom sees two clusters.
    random = np.random.default_rng(8)
    provinces = [
        np.array([x, y]) + 0.25 * random.normal(size=(60, 2)) for x in (0, 1.1) for y in (0, 1.1)
    ]
    island = np.array([60, 60]) + 0.25 * random.normal(size=(40, 2))
    embedding = np.concatenate([*provinces, island]).astype(np.float32)
    sizes = clusters.Sizes(min_cluster_size=15, min_samples=5, n_neighbors=10)
    assert clusters._hdbscan(embedding, sizes, "eom").max() == 1
    assert clusters.dense_cores(embedding, sizes).max() == 4


def test_machine_code_is_kept_where_it_can_be(clusters, monkeypatch):
    class Function:
        stats = type("Stats", (), {"cache_path": None})

        def enable_caching(self):
            raise RuntimeError("cannot cache function: no locator available")

    monkeypatch.setattr(clusters.umap.umap_, "smooth_knn_dist", Function())
    clusters._cache_compiled()  # goes on without


# Phrases


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("Networks", "network"),
        ("fine-tuning", "finetuning"),
        ("finetuning", "finetuning"),
        ("LLMs", "llm"),
        ("boundaries", "boundary"),
        ("losses", "loss"),
        ("classes", "class"),
        ("analysis", "analysis"),
        ("bus", "bus"),
        ("bias", "bias"),
        ("series", "series"),
        ("Bayes'", "bayes"),
        ("model's", "model"),
        ("GANs", "gan"),
        ("3D", "3d"),
    ],
)
def test_word_keys_meet(word: str, key: str):
    assert word_key(word.rstrip("'")) == key


def test_runs_end_at_punctuation_and_boilerplate():
    text = "We propose deep Graph Neural Networks (GNNs), an efficient method for label-noise."
    assert [[w.text for w in run.words] for run in runs(text)] == [
        ["deep", "Graph", "Neural", "Networks"],
        ["GNNs"],
        ["label-noise"],
    ]


def test_runs_know_where_sentences_start():
    marked = [
        [w.opens for w in run.words] for run in runs("Noise hurts. Graphs (Big graphs) win: Cats")
    ]
    assert marked == [[True, False], [True], [False, False], [False], [True]]


def test_formulas_and_addresses_are_no_words():
    text = r"Graphs $G=(V,E)$ at https://example.org/graphs with \textbf nodes"
    assert [[w.text for w in run.words] for run in runs(text)] == [["Graphs"], ["nodes"]]


def test_phrases_know_whether_they_end_a_run():
    found = phrases("Graph neural networks learn label noise.", {})
    assert found["graph neural network"]
    assert found["label noise"]
    assert not found["graph neural"]
    assert not {"network", "label"} & found.keys()  # say nothing alone


def test_a_run_before_boilerplate_is_not_whole():
    assert not phrases("causal effects of graph search, we find", {})["causal"]
    assert phrases("graph search improves", {})["graph search"]


def test_an_abbreviation_counts_as_what_it_stands_for():
    texts = ["Large language models (LLMs) talk.", "A large language model (LLM)."]
    known = abbreviations(texts)
    assert known == {"llm": "large language model"}
    assert "large language model" in phrases("LLMs talk", known)
    assert "large language model routing" in phrases("LLM routing", known)


@pytest.mark.parametrize(
    "texts",
    [
        ["large language models (LLMs)"],  # once is not enough
        ["large language models (ABC)"] * 3,  # initials do not spell it
        ["see (LLM)"] * 3,
        ["active learning (AL)", "active learning (AL)", "any loss (AL)", "any loss (AL)"],  # split
    ],
)
def test_what_is_no_abbreviation(texts: list[str]):
    assert abbreviations(texts) == {}


def test_spelling_is_that_of_the_papers():
    titles = ["Vision Transformers and BERT for 3D Object Detection", "Noise in Open Worlds"]
    abstracts = [
        "Vision transformers see. We train Vision Transformers, unlike vision transformer works.",
        "Our Vision Transformers use re-ranking; Re-ranking helps large language models.",
        "We like LLMs. LLMs, LLMs, with LLM routing.",
    ]
    spelling = spell(
        [
            *("vision transformer", "reranking", "3d object detection", "bert", "open world"),
            *("large language model", "never seen", "large language model routing"),
        ],
        titles,
        abstracts,
        {"llm": "large language model"},
    )
    assert spelling == {
        "vision transformer": "Vision Transformers",
        "reranking": "re-ranking",
        "3d object detection": "3D object detection",
        "bert": "BERT",
        "open world": "open worlds",
        "large language model": "large language models",  # written out, though LLM is more frequent
        "large language model routing": "LLM routing",
        "never seen": "never seen",
    }


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=80))
def test_any_text_has_phrases_or_none(text: str):
    for key in phrases(text, {}):
        assert key == " ".join(key.split())
        assert 1 <= len(key.split()) <= 4


# Names


def test_corpus_counts_titles_thrice_and_drops_pieces_and_singletons():
    corpus = read_corpus(
        ["Label noise", "", "Cats"],
        ["Graph neural networks.", "label noise, graph neural networks", "dogs"],
    )
    assert corpus.keys == ("graph neural network", "label noise")
    assert corpus.counts.toarray().tolist() == [[1, 3], [1, 1], [0, 0]]
    assert corpus.documents == [
        "graph neural network|label noise|label noise|label noise|",
        "graph neural network|label noise|",
        "",
    ]
    joined = " ".join(corpus.documents)
    assert split_document(joined).count("label noise") == 4


def test_signal_against_its_definition():
    inside, outside = np.array([0.5, 0.1, 0.0, 0.2]), np.array([0.125, 0.2, 0.5, 0.2])
    expected = [0.5 * math.log2(4), 0, 0, 0]
    assert signal(inside, outside) == pytest.approx(expected)


def names_of(docs: list[str], labels: list[int], titles: list[str] | None = None):
    corpus = read_corpus(titles or [""] * len(docs), docs)
    labels_ = np.array(labels)
    rows = [
        np.asarray(corpus.counts[np.flatnonzero(labels_ == k)].sum(axis=0)).ravel()
        for k in range(max(labels) + 1)
    ]
    strength = (labels_ >= 0).astype(np.float32)
    return topic_names(sp.csr_matrix(np.array(rows, float)), corpus, labels_, strength)


def test_a_label_is_the_phrase_that_tells_the_topic_from_the_rest():
    docs = ["label noise, big cats", "label noise, big cats", "label noise"]
    docs += ["big cats, graph search", "big cats, graph search", "graph search"]
    assert [n.label for n in names_of(docs, [0, 0, 0, 1, 1, 1])] == [
        ("label noise",),
        ("graph search",),
    ]


def test_a_label_that_covers_little_gets_a_second_phrase():
    docs = ["label noise"] * 3 + ["patch pruning"] * 2 + [f"nothing{i}" for i in range(7)]
    docs += ["graph search"] * 12
    first = names_of(docs, [0] * 12 + [1] * 12)[0]
    assert first.label == ("label noise", "patch pruning")


def test_labels_are_unique():
    docs = ["label noise, patch pruning"] * 3 + ["label noise, graph search"] * 3 + ["other"] * 6
    names = names_of(docs, [0] * 3 + [1] * 3 + [-1] * 6)
    assert names[0].label != names[1].label


def test_keywords_do_not_repeat_each_other():
    docs = ["deep label noise robustness, label noise, graph search"] * 4 + ["cats"] * 4
    keywords = names_of(docs, [0] * 4 + [1] * 4)[0].keywords
    words = [set(k.split()) for k in keywords]
    assert not any(a < b for a in words for b in words)


def test_a_single_word_is_a_keyword_only_if_a_title_holds_it():
    docs = ["label noise, backdoor, occlusion"] * 4 + ["graph search"] * 4
    titles = ["On backdoor"] * 4 + ["x"] * 4
    assert set(names_of(docs, [0] * 4 + [1] * 4, titles)[0].keywords) == {"label noise", "backdoor"}


def test_letters_without_lower_case_do_not_warn(fields):
    papers, vectors, _ = fields
    papers = papers.with_columns(
        title=pl.lit("𝔾𝕆"), abstract=pl.col("abstract") + " Of 𝔾𝕆, with 𝔾𝕆."
    )
    assert topics.discover(papers, vectors, config=CONFIG).topics.height
