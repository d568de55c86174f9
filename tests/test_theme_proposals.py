"""Phrases to consider for a theme: found where its wording changes, and nowhere else."""

import string
import sys
import zlib
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray
from rich.console import Console

from flows import trial_view
from upwell.config import Theme
from upwell.themes import Matching, match_themes, proposal_notes
from upwell.themes.ngrams import Words
from upwell.themes.proposals import PROPOSALS, propose_phrases

THEME = Theme(name="deep nets", phrases=("deep nets",))
N_DIMS = 256
# Each word of the theme's papers stands in papers of another subject as well: only together do
# they mean the theme, and none of them is a companion word.
CONTEXT = tuple(f"inner{letter}" for letter in string.ascii_lowercase)
OTHER = tuple(f"outer{a}{b}" for a in string.ascii_lowercase for b in "abcdef")
START = date(2020, 1, 1)
TURN = 60  # the paper from which the other word is said


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """A bag of words hashed into places; what surrounds a word says more than the word."""
    vectors = np.zeros((len(texts), N_DIMS), dtype=np.float32)
    for row, text in enumerate(texts):
        for word in text.lower().replace("-", " ").split():
            weight = 1.0 if word.startswith(("inner", "outer")) else 0.1
            vectors[row, zlib.crc32(word.strip(".,").encode()) % N_DIMS] += weight
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def corpus(old: str, new: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A paper on the theme every tenth day, saying `old`, then `new`, among papers on others."""
    rng = np.random.default_rng(7)
    rows = []
    for i in range(2 * TURN):
        word = old if i < TURN else new
        said = rng.permutation([*rng.choice(CONTEXT, 16), *rng.choice(OTHER, 14)])
        rows.append((f"On {word}", f"They have {' '.join(said)}."))
    for _ in range(1200):
        n_shared = int(rng.integers(0, 9))
        said = rng.permutation([*rng.choice(CONTEXT, n_shared), *rng.choice(OTHER, 30 - n_shared)])
        rows.append(("On it", f"They have {' '.join(said)}."))
    papers = pl.DataFrame(
        {
            "paper_id": [f"p{i:04d}" for i in range(len(rows))],
            "title": [title for title, _ in rows],
            "abstract": [abstract for _, abstract in rows],
            "published": [START + timedelta(days=10 * (i % (2 * TURN))) for i in range(len(rows))],
        }
    )
    vectors = pl.DataFrame(
        {"paper_id": papers["paper_id"], "vector": encode([f"{t}. {a}" for t, a in rows])},
        schema_overrides={"vector": pl.Array(pl.Float32, N_DIMS)},
    )
    return papers, vectors


def matched(papers: pl.DataFrame, vectors: pl.DataFrame, theme: Theme = THEME) -> Matching:
    """What comes of one theme."""
    return match_themes(papers, vectors, themes=[theme], encode=encode)


@pytest.fixture(scope="module")
def drifted() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Papers in which `deep nets` become `large-language models`."""
    return corpus("deep nets", "large-language models")


def test_the_word_that_replaced_a_theme_s_is_proposed_with_its_day(drifted) -> None:
    found = matched(*drifted).proposals
    assert found.schema == PROPOSALS
    assert found["phrase"].to_list() == ["large-language models"]
    row = found.row(0, named=True)
    assert row["theme"] == "deep nets"
    assert 20 <= row["n_papers"] <= TURN
    assert row["z"] > 4
    turned = START + timedelta(days=10 * TURN)
    assert turned <= row["since"] <= turned + timedelta(days=10 * TURN // 5)
    assert len(row["examples"]) == 3
    assert all("p0060" <= paper < "p0120" for paper in row["examples"])


def test_without_dates_there_is_no_day(drifted) -> None:
    papers, vectors = drifted
    assert matched(papers.drop("published"), vectors).proposals["since"].to_list() == [None]


def test_a_theme_whose_words_stay_gets_no_proposal() -> None:
    assert matched(*corpus("deep nets", "deep nets")).proposals.is_empty()


def test_the_order_of_the_papers_does_not_matter_to_proposals(drifted) -> None:
    papers, vectors = drifted
    turned = matched(papers.sample(fraction=1, shuffle=True, seed=3), vectors.reverse())
    assert matched(papers, vectors).proposals.equals(turned.proposals)


def test_what_a_theme_says_already_is_not_proposed(drifted) -> None:
    both = Theme(name="deep nets", phrases=("deep nets", "large language model"))
    assert matched(*drifted, both).proposals.is_empty()
    apart = Theme(name="deep nets", phrases=("deep nets", "models of a language", "large nets"))
    assert matched(*drifted, apart).proposals.is_empty()


def test_an_exclusion_is_not_proposed(drifted) -> None:
    without = Theme(name="deep nets", phrases=("deep nets",), exclude=("large language models",))
    assert matched(*drifted, without).proposals.is_empty()


def test_a_back_test_asks_for_none(drifted) -> None:
    found = match_themes(*drifted, themes=[THEME], encode=encode, propose=False)
    assert found.proposals.is_empty()
    assert found.proposals.schema == PROPOSALS


def test_a_phrase_is_counted_by_hand() -> None:
    texts = ["Small graph nets", "A graph net. Nets of graph", "graph, nets", "the graph nets"]
    words = Words.of(pl.Series([None] * 4, dtype=pl.String), pl.Series(texts))
    one, two, three = words.runs(np.ones(4, dtype=np.bool_), least=2)
    everything = np.ones(4, dtype=np.bool_)
    counted = {one.text(r): int(n) for r, n in enumerate(one.count(everything))}
    assert counted == {("graph",): 4, ("net",): 4}
    assert [two.text(r) for r in range(len(two.keys))] == [("graph", "net")]
    assert two.papers(0).tolist() == [0, 1, 3]
    assert not len(three.keys)


def test_few_strong_papers_propose_nothing() -> None:
    papers = pl.DataFrame({"paper_id": ["a"], "title": [None], "abstract": ["Deep nets."]})
    words = Words.of(papers["title"].cast(pl.String), papers["abstract"])
    found = propose_phrases(
        papers,
        words,
        theme=THEME,
        strength=np.array([3.0]),
        log_odds=np.array([4.0]),
        settled=np.array([True]),
    )
    assert found.is_empty()


def test_a_run_is_told_of_two_strong_proposals_a_theme() -> None:
    rows = [("a", "one", 19.0), ("a", "two", 18.5), ("a", "three", 18.2), ("b", "four", 5.0)]
    proposals = pl.DataFrame(
        [(t, phrase, 14, z, None, []) for t, phrase, z in rows], schema=PROPOSALS, orient="row"
    )
    assert proposal_notes(proposals) == [
        "theme 'a': 14 papers that mean it say 'one' and none of its phrases; add it?",
        "theme 'a': 14 papers that mean it say 'two' and none of its phrases; add it?",
    ]


def test_a_trial_shows_what_a_phrase_would_bring(capsys) -> None:
    console = Console(file=sys.stdout, width=80)
    trial_view.show_proposals(console, pl.DataFrame(schema=PROPOSALS))
    assert not capsys.readouterr().out
    rows = [("a", "[b]one", 14, 19.0, date(2023, 5, 1), []), ("a", "two", 5, 6.0, None, [])]
    trial_view.show_proposals(console, pl.DataFrame(rows, schema=PROPOSALS, orient="row"))
    said = " ".join(capsys.readouterr().out.split())
    assert said == (
        "Phrases to consider [b]one: 14 papers that mean the theme say it and none of its phrases, "
        "since 2023 two: 5 papers that mean the theme say it and none of its phrases"
    )
