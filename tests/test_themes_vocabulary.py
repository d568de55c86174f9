"""What the vocabulary of a paper says of a theme, and how many papers never name it."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upwell.config import Theme
from upwell.themes.companions import count_words
from upwell.themes.naming import CLAIM_WEIGHT, read_namings
from upwell.themes.unnamed import count_unnamed, shift_unnamed
from upwell.themes.vocabulary import PRIOR_EXAMPLES, Vocabulary, learn_wording


def rows_of(texts: list[str]) -> tuple[Vocabulary, np.ndarray]:
    """The vocabulary of some abstracts, and what their words weigh, as a full matrix."""
    counts = count_words(pl.Series([""] * len(texts)), pl.Series(texts))
    vocabulary = Vocabulary.of(counts, len(texts))
    return vocabulary, vocabulary.weigh(counts, len(texts)).toarray()


def test_words_are_weighed_by_hand():
    vocabulary, rows = rows_of(["noise noise label", "label graph", "label graph", "noise only"])
    assert vocabulary.words["word"].to_list() == ["graph", "label", "noise"]  # `only` is in one
    idf = [np.log(5 / 3) + 1, np.log(5 / 4) + 1, np.log(5 / 3) + 1]
    assert vocabulary.idf == pytest.approx(idf)
    weights = np.array([0, idf[1], (1 + np.log(2)) * idf[2]])
    assert rows[0] == pytest.approx(weights / np.linalg.norm(weights))
    assert rows[3] == pytest.approx([0, 0, 1])
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1)


def test_words_that_no_paper_of_the_corpus_has_weigh_nothing():
    vocabulary, _ = rows_of(["noise label", "noise label"])
    later = count_words(pl.Series(["", ""]), pl.Series(["graph theory", "noise and graphs"]))
    assert vocabulary.weigh(later, 2).toarray().tolist() == [[0, 0], [0, 1]]


def corpus() -> tuple[list[str], np.ndarray, np.ndarray]:
    """40 papers on label noise, 10 that mention it and speak of graphs, 100 that do not."""
    texts = [f"label noise corrupts annotators {i}a" for i in range(40)]
    texts += [f"graphs with label noise molecules {i}b" for i in range(10)]
    texts += [f"graphs of molecules and atoms {i}c" for i in range(100)]
    first = np.array([0.95] * 40 + [0.3] * 10 + [0.01] * 100)
    return texts, first, np.array([2.0] * 40 + [1.0] * 10 + [0.0] * 100)


def learn(texts, first, strength):
    counts = count_words(pl.Series([""] * len(texts)), pl.Series(texts))
    vocabulary = Vocabulary.of(counts, len(texts))
    ids = pl.Series([f"p{i}" for i in range(len(texts))])
    rows = vocabulary.weigh(counts, len(texts))
    return vocabulary, rows, *learn_wording(rows, ids, first, strength)


def test_the_words_around_a_mention_tell_what_a_paper_is_about():
    vocabulary, rows, wording, own = learn(*corpus())
    trust = 40 / (40 + PRIOR_EXAMPLES)
    assert own[:40].min() > 0.8 * trust
    assert own[40:].max() < 0
    weight = dict(zip(vocabulary.words["word"], wording.weights, strict=True))
    assert weight["annotator"] > 0 > weight["molecule"]
    assert wording.telling_words(rows[[0]], vocabulary)[0] in {"annotator", "corrupt"}
    assert wording.telling_words(rows[[149]], vocabulary) == []


def test_a_word_does_not_vouch_for_its_own_paper():
    texts, first, strength = corpus()
    texts[0] = "zebra zebra"  # sure, but like no other of the theme; three others say `zebra`
    texts[147:] = ["zebra zebra and graphs of molecules"] * 3
    _, rows, wording, own = learn(texts, first, strength)
    assert own[0] < 0 < wording.at(rows[[0]])[0]


def test_without_examples_nothing_is_said():
    texts, first, strength = corpus()
    _, _, wording, own = learn(texts, first * 0, strength)
    assert not own.any()
    assert not wording.weights.any()
    _, _, wording, own = learn(["a1 b1", "c1 d1"], np.array([0.9, 0.0]), np.zeros(2))
    assert not own.any()


def test_a_mention_among_what_the_authors_do_counts_more():
    theme = Theme(name="label noise", phrases=("label noise",))
    texts = [
        ("", "Data are large. We propose a loss for label noise. It works."),
        ("", "Many methods suffer from label noise. We propose a loss for graphs."),
        ("Label noise", "We propose a loss for graphs."),
        ("", "This paper studies graphs."),
    ]
    claim = read_namings(texts, [theme]).claim[:, 0]
    assert claim.tolist() == [CLAIM_WEIGHT, 0, 0, 0]


def test_mentions_are_counted_for_their_own_sake():
    theme = Theme(name="d", phrases=("distillation",))
    texts = [
        ("Distillation", "Distillation helps. Without distillation it fails."),
        ("", "Compression, such as pruning, distillation, and quantisation, is old."),
    ]
    assert read_namings(texts, [theme]).n_mentions.tolist() == [[2], [0]]


# --- how many never name it ------------------------------------------------------------------


def test_unnamed_papers_are_counted_by_hand():
    score = np.array([1.0] * 6 + [0.5] * 4)
    n_mentions = np.array([0, 1, 1, 1, 2, 5, 1, 1, 2, 2])
    # named once by 3 + 2 · ½ = 4, twice by 1 + 2 · ½ = 2
    assert count_unnamed(score, n_mentions) == pytest.approx(4 * 3 / (2 * 3))
    assert count_unnamed(score * 0, n_mentions) == 0


def test_unnamed_papers_are_counted_as_simulated():
    """Where papers name a theme as often as chance has it, the count is that of those with 0."""
    rng = np.random.default_rng(1)
    n_mentions = rng.poisson(1.5, 20_000)
    found = count_unnamed(np.ones(20_000), n_mentions)
    assert found == pytest.approx((n_mentions == 0).sum(), rel=0.05)


@given(st.lists(st.floats(-6, 6), min_size=1, max_size=50), st.floats(0.01, 50))
def test_log_odds_are_lowered_to_what_can_be(log_odds, n_papers):
    odds = np.array(log_odds)
    shift = shift_unnamed(odds, n_papers)
    expected = (1 / (1 + np.exp(-odds))).sum()
    assert shift <= 0
    after = (1 / (1 + np.exp(-odds - shift))).sum()
    assert after == pytest.approx(min(expected, n_papers), rel=1e-6)


def test_where_none_can_be_none_is():
    odds = np.array([3.0, 1.0])
    assert (1 / (1 + np.exp(-odds - shift_unnamed(odds, -2.0)))).max() < 1e-9
    assert shift_unnamed(np.array([]), 0.0) == 0.0
