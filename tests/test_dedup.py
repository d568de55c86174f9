"""Deduplication against hand-made records and answers computed the long way round."""

import random
import re
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from upwell.config import DedupConfig
from upwell.dedup import Deduplication, deduplicate
from upwell.dedup.candidates import WINDOW, bands, find, signatures
from upwell.dedup.evidence import similarities
from upwell.dedup.text import Shingles, canonical, collapse
from upwell.dedup.titles import compare, tells_of
from upwell.tables import DUPLICATES, RECORDS, UNPLACED, TableError

SHARED = Path(__file__).parents[1].parent / "shared" / "corpora"
CONFIG = DedupConfig()
LETTERS = random.Random(0)
VOCABULARY = ["".join(LETTERS.choices("abcdefghiklmnoprstuvw", k=6)) for _ in range(1500)]


def abstract(seed: int, n_words: int = 140) -> str:
    """Sentences of words drawn at random: two seeds have next to no three words in a row alike."""
    rng = random.Random(seed)
    words = [rng.choice(VOCABULARY) for _ in range(n_words)]
    for stop in range(11, n_words, 13):
        words[stop] += "."
    return " ".join(words).capitalize() + "."


def reworded(text: str, every: int) -> str:
    """The text with each `every`-th word replaced."""
    words = text.split()
    return " ".join("changed" + str(i) if i % every == 0 else w for i, w in enumerate(words, 1))


def shingle_set(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"[a-z0-9]+", text.lower())
    return {tuple(words[i : i + 3]) for i in range(max(1, len(words) - 2))}


def jaccard(a: str, b: str) -> float:
    one, other = shingle_set(a), shingle_set(b)
    return len(one & other) / len(one | other)


def record(number: int, text: str, title: str | None = None, **known: object) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(RECORDS.columns)
    row |= {"source": f"file.txt#{number}", "abstract": text, "title": title}
    row |= {"date_precision": "day" if "published" in known else "none"}
    return row | {"categories": [], "problems": []} | known


def run(*rows: dict[str, object]) -> Deduplication:
    return deduplicate(pl.DataFrame(list(rows), schema=RECORDS.schema), config=CONFIG)


def groups(result: Deduplication) -> set[frozenset[int]]:
    """The record numbers of each paper."""
    return {
        frozenset(int(source.split("#")[1]) for source in sources)
        for sources in result.papers["sources"]
    }


def joined(*rows: dict[str, object]) -> set[frozenset[int]]:
    return groups(run(*rows))


def apart(*numbers: int) -> set[frozenset[int]]:
    return {frozenset({number}) for number in numbers}


def together(*numbers: int) -> set[frozenset[int]]:
    return {frozenset(numbers)}


TITLE = "Attending to What Matters in Long Documents"
OTHER_TITLE = "Label Noise and the Geometry of Small Margins"


# --- counts, contracts, errors --------------------------------------------------------------


def test_forty_identical_records_are_one_paper() -> None:
    result = run(*(record(n, abstract(1), TITLE) for n in range(1, 41)))
    assert result.papers.height == 1
    assert result.papers["sources"][0].to_list() == sorted(f"file.txt#{n}" for n in range(1, 41))
    assert result.duplicates.height == 39
    assert result.duplicates["paper_id"].unique().to_list() == result.papers["paper_id"].to_list()
    assert set(result.duplicates["method"]) == {"title"}
    assert set(result.duplicates["similarity"]) == {1.0}
    survivor = set(result.papers["sources"][0]) - set(result.duplicates["source"])
    assert survivor == {"file.txt#1"}


def test_tables_keep_their_contracts() -> None:
    result = run(record(1, abstract(1), TITLE), record(2, abstract(1)), record(3, abstract(2)))
    assert result.papers.schema == UNPLACED.schema
    assert result.duplicates.schema == DUPLICATES.schema
    assert_frame_equal(result.papers, UNPLACED.conform(result.papers))


def test_no_records_no_papers() -> None:
    result = deduplicate(RECORDS.empty(), config=CONFIG)
    assert result.papers.schema == UNPLACED.schema
    assert (result.papers.height, result.duplicates.height) == (0, 0)


def test_missing_column_is_named() -> None:
    with pytest.raises(TableError, match="no column abstract"):
        deduplicate(RECORDS.empty().drop("abstract"), config=CONFIG)


def test_progress_tells_every_step() -> None:
    told: list[tuple[str, int]] = []
    rows = [record(n, abstract(n), title=None) for n in (1, 2)] + [record(3, abstract(1))]
    frame = pl.DataFrame(rows, schema=RECORDS.schema)
    deduplicate(frame, config=CONFIG, progress=lambda step, n: told.append((step, n)))
    assert told == [("distinct", 2), ("candidates", 0), ("edges", 0), ("papers", 2)]


@pytest.mark.parametrize("text", ["?!", "a", "two words", "…"])
def test_records_with_hardly_any_text(text: str) -> None:
    assert joined(record(1, text), record(2, text)) == together(1, 2)
    assert joined(record(1, text), record(2, abstract(1))) == apart(1, 2)


# --- identifiers ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"arxiv_id": "2301.00001"}, {"arxiv_id": "2301.00001"}),
        ({"arxiv_id": "2301.00001v3"}, {"arxiv_id": "arXiv:2301.00001"}),
        ({"arxiv_id": "2301.00001"}, {"doi": "10.48550/arXiv.2301.00001"}),
        ({"arxiv_id": "math.GT/0309136"}, {"arxiv_id": "math/0309136"}),
        ({"doi": "10.1000/ABC"}, {"doi": "10.1000/abc"}),
        ({"doi": "10.21203/rs.3.rs-1/v1"}, {"doi": "10.21203/rs.3.rs-1/v2"}),
    ],
)
def test_one_identifier_and_a_rewritten_abstract(one: dict, other: dict) -> None:
    rewritten = reworded(abstract(1), 4)
    assert jaccard(abstract(1), rewritten) < 0.4
    rows = record(1, abstract(1), TITLE, **one), record(2, rewritten, OTHER_TITLE, **other)
    result = run(*rows)
    assert groups(result) == together(1, 2)
    assert result.duplicates["method"].to_list() == ["identifier"]
    assert result.duplicates["similarity"][0] == pytest.approx(jaccard(abstract(1), rewritten))


def test_identifier_is_believed_for_one_title_with_a_new_abstract() -> None:
    doi = "10.1000/abc"
    rows = record(1, abstract(1), TITLE, doi=doi), record(2, abstract(2), TITLE, doi=doi)
    assert joined(*rows) == together(1, 2)


def test_doi_of_the_proceedings_joins_no_papers() -> None:
    rows = [
        record(n, abstract(n), f"{VOCABULARY[n]} {VOCABULARY[2 * n]} networks", doi="10.1/book")
        for n in range(1, 3 * WINDOW)
    ]
    assert joined(*rows) == apart(*range(1, 3 * WINDOW))


def test_a_common_title_does_not_confirm_a_doubtful_doi() -> None:
    rows = [record(n, abstract(n), "Preface", doi="10.1/book") for n in (1, 2)]
    assert joined(*rows) == apart(1, 2)


def test_two_arxiv_ids_are_two_papers_though_all_else_agrees() -> None:
    rows = [record(n, abstract(1), TITLE, arxiv_id=f"2301.0000{n}") for n in (1, 2)]
    assert joined(*rows) == apart(1, 2)


def test_two_arxiv_ids_are_not_joined_through_a_copy_without_one() -> None:
    for n in range(3):
        ids = ["2301.00001", None, "2301.00002"]
        rows = [
            record(1, abstract(1), TITLE, arxiv_id=ids[n]),
            record(2, abstract(1), TITLE, arxiv_id=ids[n - 1]),
            record(3, abstract(1), TITLE, arxiv_id=ids[n - 2]),
        ]
        assert sorted(map(len, joined(*rows))) == [1, 2]


def test_a_copy_without_id_goes_where_it_fits_best() -> None:
    rows = (
        record(1, reworded(abstract(1), 50), TITLE, arxiv_id="2301.00001"),
        record(2, abstract(1)),
        record(3, abstract(1), TITLE, arxiv_id="2301.00002"),
    )
    assert joined(*rows) == {frozenset({1}), frozenset({2, 3})}


def test_one_doi_overrules_two_arxiv_ids_where_the_texts_agree() -> None:
    known = [{"arxiv_id": f"2301.0000{n}", "doi": "10.1000/abc"} for n in (1, 2)]
    agree = record(1, abstract(1), TITLE, **known[0]), record(2, abstract(1), TITLE, **known[1])
    assert joined(*agree) == together(1, 2)
    differ = record(1, abstract(1), TITLE, **known[0]), record(2, abstract(2), TITLE, **known[1])
    assert joined(*differ) == apart(1, 2)


def test_two_dois_of_one_publisher_are_two_papers() -> None:
    rows = [record(n, abstract(1), TITLE, doi=f"10.1000/{n}") for n in (1, 2)]
    assert joined(*rows) == apart(1, 2)


def test_dois_of_two_publishers_may_be_preprint_and_article() -> None:
    rows = [record(n, abstract(1), TITLE, doi=f"10.100{n}/{n}") for n in (1, 2)]
    assert joined(*rows) == together(1, 2)


def test_one_arxiv_id_overrules_two_dois() -> None:
    rows = [
        record(n, abstract(1), TITLE, doi=f"10.1000/{n}", arxiv_id="2301.00001") for n in (1, 2)
    ]
    assert joined(*rows) == together(1, 2)


# --- titles ---------------------------------------------------------------------------------


def test_one_title_and_an_abstract_that_agrees() -> None:
    rewritten = reworded(abstract(1), 5)
    assert 0.2 < jaccard(abstract(1), rewritten) < 0.5
    rows = record(1, abstract(1), TITLE), record(2, rewritten, TITLE.upper() + ".")
    result = run(*rows)
    assert groups(result) == together(1, 2)
    assert result.duplicates["method"].to_list() == ["title"]


@pytest.mark.parametrize("title", [TITLE, "Introduction", "Editorial"])
def test_one_title_does_not_join_two_abstracts(title: str) -> None:
    assert joined(record(1, abstract(1), title), record(2, abstract(2), title)) == apart(1, 2)


def test_a_title_that_tells_little_needs_near_identical_abstracts() -> None:
    rewritten, retouched = reworded(abstract(1), 5), reworded(abstract(1), 40)
    rows = record(1, abstract(1), "Introduction"), record(2, rewritten, "Introduction")
    assert joined(*rows) == apart(1, 2)
    rows = record(1, abstract(1), "Introduction"), record(2, retouched, "Introduction")
    assert joined(*rows) == together(1, 2)


def test_boilerplate_joins_nothing_but_repetitions() -> None:
    none = "No abstract is available for this article."
    assert joined(record(1, none, TITLE), record(2, none, OTHER_TITLE)) == apart(1, 2)
    assert joined(record(1, none, TITLE), record(2, none)) == apart(1, 2)
    days = [{"published": date(2020, 1, 1)}, {"published": date(2021, 1, 1)}]
    rows = [record(n, none, "Editorial", **day) for n, day in enumerate(days, 1)]
    assert joined(*rows) == apart(1, 2)
    assert joined(rows[0], {**rows[0], "source": "other.txt#2"}) == together(1, 2)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{TITLE}, Part I", f"{TITLE}, Part II"),
        (f"{TITLE} 1", f"{TITLE} 2"),
        (TITLE, f"Erratum: {TITLE}"),
        (TITLE, f"Comment on {TITLE}"),
        (f"{TITLE} at the 2020 workshop", f"{TITLE} at the 2021 workshop"),
        (TITLE, OTHER_TITLE),
    ],
)
def test_titles_that_speak_against_one_abstract(one: str, other: str) -> None:
    rows = record(1, abstract(1), one), record(2, abstract(1), other)
    assert joined(*rows) == apart(1, 2)
    assert sorted(map(len, joined(*rows, record(3, abstract(1))))) == [1, 2]


@pytest.mark.parametrize(
    "other", [f"{TITLE} (Extended Abstract)", "Attending to What Matters", f"The {TITLE}"]
)
def test_titles_that_do_not_speak_against_near_identical_abstracts(other: str) -> None:
    rows = record(1, abstract(1), TITLE), record(2, reworded(abstract(1), 40), other)
    assert joined(*rows) == together(1, 2)


def test_a_word_exchanged_in_the_title_needs_the_same_abstract() -> None:
    titles = "CNN based IoT Device Identification", "LSTM based IoT Device Identification"
    near = reworded(abstract(1), 40)
    assert 0.8 < jaccard(abstract(1), near) < 0.95
    assert joined(record(1, abstract(1), titles[0]), record(2, near, titles[1])) == apart(1, 2)
    same = record(1, abstract(1), titles[0]), record(2, abstract(1), titles[1])
    assert joined(*same) == together(1, 2)


@pytest.mark.parametrize(
    ("one", "other", "relation"),
    [
        ("", "deep nets", "unknown"),
        ("pre training of nets", "pretraining of nets", "equal"),
        ("deep nets", "deep nets revisited", "compatible"),
        ("deep nets", "deep nets 2", "opposed"),
        ("deep nets part", "deep nets", "opposed"),
        ("deep nets", "deep nets a survey of 3d vision", "compatible"),
        ("deep nets", "deep nets at the workshop of 2020", "opposed"),
        ("2d deep nets", "3d deep nets", "opposed"),
        ("deep nets", "3d deep nets", "opposed"),
        ("deep nets for speech", "wide nets for speech", "similar"),
        ("deep nets for speech", "label noise", "different"),
    ],
)
def test_compare_titles_is_symmetric(one: str, other: str, relation: str) -> None:
    assert compare(one, other) == compare(other, one) == relation


@pytest.mark.parametrize(
    "other",
    [
        r"$\text{R}^2\mathrm{ec}$: Recommender Models",
        "R^2ec:  recommender\nmodels",
        "R2ec: Recommender Modéls",
    ],
)
def test_markup_accents_and_breaks_do_not_make_another_title(other: str) -> None:
    rewritten = reworded(abstract(1), 5)
    title = "R2ec: Recommender Models"
    assert joined(record(1, abstract(1), title), record(2, rewritten, other)) == together(1, 2)


# --- near-identical text --------------------------------------------------------------------


@pytest.mark.parametrize("length", [400, 600, 700])
def test_an_abstract_cut_short_is_found_without_title_and_id(length: int) -> None:
    whole = abstract(1, n_words=200)
    assert len(whole) > 1000
    cut = "Abstract: " + whole[:length].replace(" ", "\n  ")
    result = run(record(1, whole, TITLE), record(2, cut))
    assert groups(result) == together(1, 2)
    row = result.duplicates.row(0, named=True)
    assert (row["source"], row["method"]) == ("file.txt#2", "near_text")
    assert row["similarity"] == pytest.approx(jaccard(whole, whole[:length]))
    assert result.papers["abstract"].to_list() == [whole]


def test_abstracts_cut_short_are_all_found_though_they_have_little_in_common() -> None:
    rows = []
    for n in range(20):
        whole = abstract(n, n_words=300)
        rows += [record(2 * n, whole), record(2 * n + 1, whole[:400])]
        assert jaccard(whole, whole[:400]) < 0.25
    assert joined(*rows) == {frozenset({2 * n, 2 * n + 1}) for n in range(20)}


def test_accents_and_letter_case_do_not_make_another_abstract() -> None:
    accented = abstract(1).replace("e", "é").replace("o", "Ö")
    result = run(record(1, abstract(1)), record(2, accented))
    assert groups(result) == together(1, 2)
    assert result.duplicates["similarity"].to_list() == [1.0]


def test_too_little_of_an_abstract_is_no_evidence() -> None:
    whole = abstract(1, n_words=200)
    assert joined(record(1, whole, TITLE), record(2, whole[:150])) == apart(1, 2)
    assert joined(record(1, whole, TITLE), record(2, whole[:150], TITLE)) == together(1, 2)


def test_words_set_character_by_character() -> None:
    text = "".join(chr(0x4E00 + random.Random(i).randrange(3000)) for i in range(120))
    assert joined(record(1, text), record(2, text[:80] + "\n" + text[80:])) == together(1, 2)
    assert joined(record(1, text), record(2, text[:70])) == together(1, 2)
    assert joined(record(1, text), record(2, text[::-1])) == apart(1, 2)


def test_threshold_decides() -> None:
    rows = record(1, abstract(1)), record(2, reworded(abstract(1), 20))
    alike = jaccard(str(rows[0]["abstract"]), str(rows[1]["abstract"]))
    assert 0.6 < alike < 0.8
    frame = pl.DataFrame(list(rows), schema=RECORDS.schema)
    for threshold, n_papers in ((alike - 0.01, 1), (alike + 0.01, 2)):
        config = DedupConfig(near_text_threshold=threshold)
        assert deduplicate(frame, config=config).papers.height == n_papers


@given(
    st.lists(st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=12), min_size=2, max_size=6)
)
@settings(deadline=None, max_examples=40)
def test_similarities_the_long_way_round(texts: list[list[str]]) -> None:
    joined = pl.Series([" ".join(words) for words in texts], dtype=pl.String)
    places = [(a, b) for a in range(len(texts)) for b in range(len(texts))]
    a, b = (pl.Series(side, dtype=pl.UInt32) for side in zip(*places, strict=True))
    found = similarities(a, b, joined)
    for row, (i, j) in zip(found.iter_rows(named=True), places, strict=True):
        one, other = shingle_set(" ".join(texts[i])), shingle_set(" ".join(texts[j]))
        n_fewer = min(len(one), len(other))
        assert (row["n_shared"], row["n_shingles"]) == (len(one & other), n_fewer)
        assert row["jaccard"] == pytest.approx(len(one & other) / len(one | other))
        assert row["contained"] == pytest.approx(len(one & other) / n_fewer)


def test_signatures_agree_as_often_as_the_sets_are_alike() -> None:
    rng = np.random.default_rng(1)
    n_hashes, n_common, n_own = 2000, 60, 20
    sets = [rng.integers(2**64, size=n, dtype=np.uint64) for n in (n_common, n_own, n_own)]
    one, other = np.concatenate([sets[0], sets[1]]), np.concatenate([sets[2], sets[0]])
    shingles = Shingles(np.concatenate([one, other]), np.array([0, len(one), 2 * len(one)]))
    alike = signatures(shingles, n_hashes)
    expected = n_common / (n_common + 2 * n_own)
    spread = (expected * (1 - expected) / n_hashes) ** 0.5
    assert (alike[0] == alike[1]).mean() == pytest.approx(expected, abs=4 * spread)


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.9, 1.0])
def test_bands_find_pairs_at_the_threshold(threshold: float) -> None:
    n_bands, n_rows = bands(threshold)
    assert 1 - (1 - threshold**n_rows) ** n_bands >= 0.998
    assert (1 - (1 - 0.05**n_rows) ** n_bands) < 0.01


def test_candidates_at_the_threshold_are_found() -> None:
    texts = [abstract(n) for n in range(300)]
    copies = [reworded(text, 24) for text in texts]
    alike = [jaccard(*pair) for pair in zip(texts, copies, strict=True)]
    assert 0.7 <= min(alike) <= max(alike) < 0.83
    rows = [record(n, text) for n, text in enumerate(texts + copies)]
    corpus = collapse(canonical(pl.DataFrame(rows, schema=RECORDS.schema)))
    pairs = find(corpus.copies, corpus.texts["words"], threshold=0.7)
    assert pairs.height >= 0.99 * len(texts)
    assert (pairs["a"] < pairs["b"]).all()
    assert pairs.is_unique().all()


# --- what a paper says ----------------------------------------------------------------------


def test_the_survivor_is_the_most_complete_and_takes_over_the_rest() -> None:
    whole = abstract(1)
    result = run(
        record(1, whole, TITLE, url="http://a.example", published=date(2024, 5, 2)),
        record(2, whole[:600], TITLE, arxiv_id="2405.00001", n_authors=3, n_comments=7),
        record(3, whole, None, categories=["cs.LG", "cs.CL"], published=date(2024, 5, 1)),
        record(4, whole, TITLE + "!", categories=["cs.AI", "cs.CL"], n_comments=2),
    )
    assert result.papers.drop("paper_id").to_dicts() == [
        {
            "title": TITLE,
            "abstract": whole,
            "published": date(2024, 5, 1),
            "date_precision": "day",
            "arxiv_id": "2405.00001",
            "doi": None,
            "url": "http://a.example",
            "n_authors": 3,
            "n_comments": 7,
            "categories": ["cs.AI", "cs.CL", "cs.LG"],
            "language": None,
            "sources": [f"file.txt#{n}" for n in (1, 2, 3, 4)],
        }
    ]
    assert result.duplicates["source"].to_list() == [f"file.txt#{n}" for n in (2, 3, 4)]
    assert result.duplicates["method"].to_list() == ["title", "near_text", "title"]


def test_of_equally_complete_records_the_earliest_survives() -> None:
    days = [date(2024, 5, 3), date(2024, 5, 1), date(2024, 5, 2)]
    rows = [record(n, abstract(1), TITLE, published=day) for n, day in enumerate(days, 1)]
    assert run(*rows).duplicates["source"].to_list() == ["file.txt#1", "file.txt#3"]


def test_a_survivor_without_title_takes_the_longest() -> None:
    known = {"n_authors": 1, "url": "http://a.example", "published": date(2024, 1, 1)}
    result = run(
        record(1, abstract(1), None, **known),
        record(2, abstract(1), "Attending to What Matters"),
        record(3, abstract(1), TITLE),
    )
    assert result.papers["title"].to_list() == [TITLE]
    assert result.duplicates["source"].to_list() == ["file.txt#2", "file.txt#3"]


YEAR_24, DAY_24 = (date(2024, 1, 1), "year"), (date(2024, 3, 5), "day")


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ([YEAR_24, DAY_24], DAY_24),
        ([(date(2023, 1, 1), "year"), DAY_24], (date(2023, 1, 1), "year")),
        ([(date(2024, 3, 1), "month"), DAY_24], DAY_24),
        ([(date(2024, 2, 1), "month"), DAY_24], (date(2024, 2, 1), "month")),
        ([YEAR_24, (date(2024, 6, 1), "month")], (date(2024, 6, 1), "month")),
        ([YEAR_24, (date(2024, 12, 31), "day")], (date(2024, 12, 31), "day")),
        ([DAY_24, (date(2024, 3, 4), "day")], (date(2024, 3, 4), "day")),
        ([(None, "none"), YEAR_24], YEAR_24),
        ([(None, "none"), (None, "none")], (None, "none")),
    ],
)
def test_the_earliest_date_is_the_one_over_first(dates: list, expected: tuple) -> None:
    for order in (dates, dates[::-1]):
        rows = [
            record(n, abstract(1), TITLE, published=day, date_precision=precision)
            for n, (day, precision) in enumerate(order, 1)
        ]
        papers = run(*rows).papers
        assert papers.select("published", "date_precision").rows() == [expected]


# --- stable ids and order -------------------------------------------------------------------


def one_id(**known: object) -> str:
    text = str(known.pop("text", abstract(1)))
    return run(record(1, text, **known)).papers["paper_id"][0]


def test_a_paper_has_one_id_whichever_copy_is_there() -> None:
    whole = abstract(1)
    ids = {
        one_id(title=TITLE),
        one_id(title=None),
        one_id(title=TITLE, arxiv_id="2301.00001", doi="10.1/x", published=date(2023, 1, 1)),
        one_id(source="elsewhere.jsonl#77"),
        one_id(text=whole[:600]),
        one_id(text="ABSTRACT:\n" + whole.replace(" ", "\n").upper()),
        run(record(1, whole, TITLE), record(2, whole[:600])).papers["paper_id"][0],
    }
    assert len(ids) == 1
    assert re.fullmatch(r"p[0-9a-f]{15}", ids.pop())


@pytest.mark.parametrize("earliest", [1, 2, 3])
def test_papers_that_begin_alike_have_ids_of_their_own(earliest: int) -> None:
    start = abstract(1, n_words=40)
    rows = [
        record(
            n,
            start + " " + abstract(n + 10),
            f"{VOCABULARY[n]} nets",
            published=date(2024, 1, 1 if n == earliest else 2),
        )
        for n in (1, 2, 3)
    ]
    result = run(*rows)
    by_source = dict(result.papers.select(pl.col("sources").list.first(), "paper_id").rows())
    assert len(set(by_source.values())) == 3
    alone = run(rows[earliest - 1]).papers["paper_id"][0]
    assert by_source[f"file.txt#{earliest}"] == alone, "the earliest keeps the id it has alone"


def test_papers_that_only_ids_tell_apart_have_ids_of_their_own() -> None:
    rows = [record(n, abstract(1), TITLE, arxiv_id=f"2301.000{n:02}") for n in range(1, 30)]
    assert run(*rows).papers["paper_id"].n_unique() == 29


def pool() -> list[dict[str, object]]:
    """Records with copies, conflicts and ties of every kind."""
    rows = []
    for paper in range(6):
        text, title = abstract(paper), f"{VOCABULARY[paper]} nets for {VOCABULARY[paper + 50]}"
        known = {"published": date(2024, 1, 1 + paper % 3), "categories": ["b", "a"][: paper % 3]}
        rows += [
            (text, title, {"arxiv_id": f"2301.0000{paper}", **known}),
            (text[:500], None, {}),
            (reworded(text, 40), title, {"published": date(2024, 1, 1), "date_precision": "year"}),
            (text, title, {"arxiv_id": f"2302.0000{paper}"} if paper % 2 else {"doi": "10.1/p"}),
            (reworded(text, 30), None, {"n_comments": paper}),
        ]
    return [record(n, text, title, **known) for n, (text, title, known) in enumerate(rows, 1)]


@given(st.permutations(pool()), st.integers(0, 3))
@settings(deadline=None, max_examples=12)
def test_order_changes_nothing(rows: list[dict[str, object]], seed: int) -> None:
    straight, shuffled = run(*pool()), run(*rows)
    assert_frame_equal(straight.papers, shuffled.papers)
    assert_frame_equal(straight.duplicates, shuffled.duplicates)
    names = [f"{random.Random(seed + n).random()}.txt#{n}" for n in range(len(rows))]
    elsewhere = run(*({**row, "source": name} for row, name in zip(rows, names, strict=True)))
    assert_frame_equal(straight.papers.drop("sources"), elsewhere.papers.drop("sources"))


@given(st.lists(st.sampled_from(pool()), min_size=1, unique_by=lambda row: row["source"]))
@settings(deadline=None, max_examples=15)
def test_every_record_is_a_paper_or_a_duplicate(rows: list[dict[str, object]]) -> None:
    result = run(*rows)
    assert result.papers.height + result.duplicates.height == len(rows)
    sources = result.papers.select("paper_id", pl.col("sources").alias("source")).explode("source")
    assert sorted(sources["source"]) == sorted(str(row["source"]) for row in rows)
    folded = result.duplicates.join(sources, on=["source", "paper_id"])
    assert folded.height == result.duplicates.height
    arxiv = {row["source"]: row["arxiv_id"] for row in rows}
    for listed in result.papers["sources"]:
        assert len({arxiv[source] for source in listed} - {None}) <= 1


# --- real records ---------------------------------------------------------------------------

real = pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/corpora is not there")


def sides(frame: pl.DataFrame) -> pl.DataFrame:
    rows = [
        record(n, text, title, source=f"{side}#{n}")
        for side in "ab"
        for n, (title, text) in enumerate(
            frame.select(f"title_{side}", f"abstract_{side}").iter_rows()
        )
    ]
    return pl.DataFrame(rows, schema=RECORDS.schema)


@real
@pytest.mark.parametrize("hidden", [[], ["title"]])
def test_recall_on_pairs_of_two_collectors(hidden: list[str]) -> None:
    pairs = pl.read_parquet(SHARED / "duplicate_pairs.parquet")
    records = sides(pairs).with_columns(pl.lit(None, pl.String).alias(name) for name in hidden)
    papers = deduplicate(records, config=CONFIG).papers
    paper_of = dict(papers.select("sources", "paper_id").explode("sources").rows())
    found = [paper_of[f"a#{n}"] == paper_of[f"b#{n}"] for n in range(pairs.height)]
    assert np.mean(found) >= 0.99


@real
def test_both_sides_of_a_pair_have_one_id_each_alone() -> None:
    pairs = pl.read_parquet(SHARED / "duplicate_pairs.parquet").unique("id", maintain_order=True)
    records = sides(pairs)
    ids = []
    for side in "ab":
        alone = deduplicate(records.filter(pl.col("source").str.starts_with(side)), config=CONFIG)
        listed = alone.papers.select("sources", "paper_id").explode("sources").rows()
        ids.append({source[2:]: paper for source, paper in listed})
    assert np.mean([ids[0][n] == ids[1][n] for n in ids[0]]) >= 0.99


# Looked at one by one: the same work under two arXiv ids.
TWICE_ON_ARXIV = {
    frozenset({"2106.02613", "2210.12282"}),
    frozenset({"2109.12772", "2210.08198"}),
    frozenset({"2304.07234", "2304.10553"}),
}


@real
def test_no_two_of_twenty_thousand_papers_are_joined() -> None:
    papers = pl.read_parquet(SHARED / "arxiv_labelled.parquet").head(20_000)
    known = papers.select("title", "abstract", source="id")
    empty = RECORDS.empty().drop(known.columns)
    records = known.hstack(empty.clear(known.height)).with_columns(
        date_precision=pl.lit("none"),
        categories=pl.lit([], pl.List(pl.String)),
        language=pl.lit(None, pl.String),
        problems=pl.lit([], pl.List(pl.String)),
    )
    result = deduplicate(records, config=CONFIG)
    several = result.papers.filter(pl.col("sources").list.len() > 1)["sources"]
    assert {frozenset(sources) for sources in several} == TWICE_ON_ARXIV


# --- hard cases: what is close, and yet two ---------------------------------------------------

WINDOWS = (
    "We propose a transformer with windowed attention for image restoration. Our model computes "
    "local attention in shifted windows and fuses it with a global branch. Experiments on "
    "denoising, deblurring and deraining show that it outperforms convolutional networks with "
    "fewer parameters and less memory, and an ablation shows which parts matter most."
)
EXTENDED = (
    "This article extends our conference paper on windowed attention for image restoration. Local "
    "attention is computed in shifted windows and fused with a global branch. In addition to "
    "denoising, deblurring and deraining we study super-resolution and video, give a complexity "
    "analysis, and release weights. Results on fourteen benchmarks show consistent gains."
)
SAID = "This paper is an extended version of our 2023 workshop paper."
STOPPING = (
    "Noisy labels harm deep classifiers. We study how memorisation of corrupted annotations "
    "proceeds in time and derive a stopping rule that needs no clean validation data. On four "
    "data sets the rule finds models close to the best one, and theory explains why early epochs "
    "fit the clean part of the data first and the corrupted part only later."
)
TRANSLATED = (
    "Verrauschte Labels schaden tiefen Klassifikatoren. Wir untersuchen, wie das Auswendiglernen "
    "falscher Annotationen zeitlich verläuft, und leiten eine Abbruchregel her, die keine sauberen "
    "Validierungsdaten braucht. Auf vier Datensätzen findet die Regel Modelle nahe am besten."
)


@pytest.mark.parametrize(
    ("one", "other", "is_related"),
    [
        (("Windowed attention for images", WINDOWS), ("Windowed attention for images", EXTENDED), True),
        (("Windowed attention for images", WINDOWS), ("Windowed attention for images", f"{SAID} {WINDOWS[:150]} {STOPPING}"), True),
        (("Windowed attention", WINDOWS), ("Attention in windows: an analysis", EXTENDED), False),
        (("Oversmoothing in graphs, Part I", WINDOWS), ("Oversmoothing in graphs, Part II", WINDOWS), True),
        (("Oversmoothing, Part I", WINDOWS), ("Oversmoothing, Part II", STOPPING), False),
        (("Stopping early with noise", STOPPING), ("Erratum: Stopping early with noise", STOPPING), True),
        (("A survey of deep learning", WINDOWS), ("A survey of deep learning", STOPPING), False),
        (("Stopping early with noise", STOPPING), ("Früh aufhören bei Rauschen", TRANSLATED), False),
        (("When to stop under noise", STOPPING), ("Fitting the clean part first", STOPPING), False),
    ],
    ids=[
        "extended", "extended, as it says", "extended under another title", "parts of one abstract", "parts", "erratum",
        "same title, different paper", "translation", "first version under another title",
    ],
)  # fmt: skip
def test_hard_cases_stay_two_and_the_close_ones_are_linked(
    one: tuple[str, str], other: tuple[str, str], is_related: bool
) -> None:
    rows = [
        record(number, text, title, doi=f"10.{number}000/x", published=date(2020 + number, 1, 1))
        for number, (title, text) in enumerate([one, other], 1)
    ]
    if not is_related:  # an identifier each would tell that one abstract is no slip
        rows = [row | {"doi": None} for row in rows]
    found = run(*rows)
    assert groups(found) == apart(1, 2)
    later = dict(found.papers.select("paper_id", "published").iter_rows())
    assert found.related.height == is_related
    for row in found.related.iter_rows(named=True):
        assert later[row["paper_id"]] < later[row["related_id"]]
        assert row["similarity"] == pytest.approx(jaccard(one[1], other[1]), abs=0.01)


TOLD_TITLES = "A stopping rule for noisy labels", "Memorisation of corrupted annotations"


@pytest.mark.parametrize("text", [STOPPING, STOPPING.rsplit(" ", 2)[0]])
def test_a_renamed_paper_is_joined_if_its_abstract_tells_of_both_titles(text: str) -> None:
    found = run(record(1, STOPPING, TOLD_TITLES[0]), record(2, text, TOLD_TITLES[1], n_authors=3))
    assert groups(found) == together(1, 2)
    assert found.duplicates["method"].to_list() == ["near_text"]
    assert found.related.is_empty()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"n_authors": 2}, {"n_authors": 3}),
        ({"arxiv_id": "2101.00001"}, {"arxiv_id": "2102.00002"}),
        ({"title": "Pricing of rainbow options"}, {}),
        ({"title": f"{TOLD_TITLES[0]}, Part I"}, {"title": f"{TOLD_TITLES[1]}, Part II"}),
        ({"abstract": reworded(STOPPING, 20)}, {}),
    ],
    ids=["authors", "identifiers", "a title the abstract does not tell of", "parts", "revised"],
)
def test_what_speaks_against_a_paper_renamed(one: dict, other: dict) -> None:
    rows = [record(n, STOPPING, TOLD_TITLES[n - 1]) | dict(k) for n, k in ((1, one), (2, other))]
    assert joined(*rows) == apart(1, 2)


@pytest.mark.parametrize(
    ("abstract", "a", "b", "expected"),
    [
        ("sparse nets learn margins", "sparse learning", "wide margins", False),
        ("sparse nets learning margins", "sparse learning", "margins", True),
        ("sparse nets", "sparse graphs", "sparse nets", False),  # own: graphs · nets
        ("sparse graph nets", "sparse graph nets", "sparse nets", True),
        ("sparse nets", "on an rl", "sparse", False),  # no word of four letters
    ],
)
def test_tells_of_by_hand(abstract: str, a: str, b: str, expected: bool) -> None:
    assert tells_of(abstract, a, b) is tells_of(abstract, b, a) is expected


@pytest.mark.parametrize(
    ("one", "other", "is_one_work"),
    [
        ("Oversmoothing in deep graphs, Part I", "Oversmoothing in deep graphs: Part 2", True),
        ("Reply to “Stopping early with noise”", "Stopping early with noise", True),
        ("Corrigendum to: Stopping early with noise", "Stopping early with noise", True),
        ("Erratum: Preface", "Preface", False),
        ("Stopping early in 2020", "Stopping early in 2021", False),
    ],
)
def test_parts_and_replies_are_linked_by_their_titles(
    one: str, other: str, is_one_work: bool
) -> None:
    found = run(record(1, STOPPING, one), record(2, WINDOWS, other))
    assert groups(found) == apart(1, 2)
    assert found.related.height == is_one_work


def test_a_fifth_in_common_links_whatever_the_titles() -> None:
    half = WINDOWS[: len(WINDOWS) // 2]
    found = run(
        record(1, WINDOWS, "Windowed attention"),
        record(2, f"{half} {STOPPING}", "Stopping"),
        record(3, f"{WINDOWS[:60]} {TRANSLATED}", "Früh aufhören"),
    )
    assert groups(found) == apart(1, 2, 3)
    sources = dict(found.papers.select("paper_id", pl.col("sources").list.first()).iter_rows())
    linked = [{sources[p], sources[r]} for p, r, _ in found.related.iter_rows()]
    assert linked == [{"file.txt#1", "file.txt#2"}]


def test_one_abstract_under_two_titles_with_identifiers_is_linked() -> None:
    found = run(
        record(1, STOPPING, "When to stop under noise", arxiv_id="2101.00001"),
        record(2, STOPPING, "Fitting the clean part first", arxiv_id="2102.00002"),
    )
    assert groups(found) == apart(1, 2)
    assert found.related["similarity"].to_list() == [1.0]


def test_copies_of_two_works_are_linked_once() -> None:
    found = run(
        record(1, WINDOWS, "Windowed attention for images", doi="10.1000/a"),
        record(2, WINDOWS, "Windowed attention for images", arxiv_id="2001.00001"),
        record(3, EXTENDED, "Windowed attention for images", doi="10.2000/b"),
    )
    assert groups(found) == {frozenset({1, 2}), frozenset({3})}
    assert found.related.height == 1
