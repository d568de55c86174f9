"""Themes learned from some papers and applied to others: nothing is learned on the way."""

import zlib
from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from upwell.config import Theme
from upwell.tables import THEME_PAPERS
from upwell.themes import apply_themes, match_themes, matching
from upwell.themes.meaning import Space, learn_meaning
from upwell.themes.naming import STRONG, read_namings

NOISE = Theme(name="label noise", phrases=("label noise",), exclude=("acoustic",))
SPARE = Theme(name="spare", phrases=("no paper says this",))


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """A bag of words hashed into 64 places."""
    vectors = np.zeros((len(texts), 64), dtype=np.float32)
    for row, text in enumerate(texts):
        for word in text.lower().split():
            vectors[row, zlib.crc32(word.strip(".,").encode()) % 64] += 1
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def corpus(
    texts: Sequence[tuple[str, str]], prefix: str = "p"
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Papers with their vectors."""
    ids = [f"{prefix}{i:03d}" for i in range(len(texts))]
    papers = pl.DataFrame(
        {"paper_id": ids, "title": [t for t, _ in texts], "abstract": [a for _, a in texts]}
    )
    vectors = pl.DataFrame(
        {"paper_id": ids, "vector": encode([f"{t}. {a}" for t, a in texts])},
        schema_overrides={"vector": pl.Array(pl.Float32, 64)},
    )
    return papers, vectors


def past() -> list[tuple[str, str]]:
    """Papers on label noise, half of them with `coteaching` too; and papers on other things."""
    named = [
        ("Label noise", f"Label noise number {i}." + " We use coteaching." * (i % 2))
        for i in range(20)
    ]
    others = [
        ("Graphs", f"Molecule number {i} is a graph of atoms; we use it.") for i in range(120)
    ]
    return named + others


def test_papers_that_were_learned_from_but_vouch_for_nothing_are_members_as_before() -> None:
    texts = [
        *past(),
        ("Data", "One mention of label noise."),
        ("Coteaching", "Noise number 7. We use coteaching, coteaching."),
    ]
    papers, vectors = corpus(texts)
    matched = match_themes(papers, vectors, themes=[NOISE, SPARE], encode=encode).theme_papers
    learned = match_themes(papers, vectors, themes=[NOISE, SPARE], encode=encode).learned
    applied = apply_themes(papers, vectors, learned=learned)
    strength = read_namings([*texts], [NOISE]).strength[:, 0]
    weak = papers.filter(pl.Series(strength < STRONG))
    assert applied["theme"].unique().to_list() == ["label noise"]
    for found in (matched, applied):
        assert "p141" in found["paper_id"].to_list(), "by its companion word alone"
    now, before = (f.join(weak, on="paper_id", how="semi") for f in (applied, matched))
    assert now.drop("score").equals(before.drop("score"))
    # other words are weighed by what four fifths of the papers taught, here by what all did
    assert now["score"].to_list() == pytest.approx(before["score"].to_list(), abs=0.02)


def test_what_only_later_papers_say_is_not_learned() -> None:
    papers, vectors = corpus(past())
    learned = match_themes(papers, vectors, themes=[NOISE], encode=encode).learned
    assert set(learned[0].companions) >= {"coteaching"}
    later = [("Label noise", f"Label noise meets zyxwv, case {i}.") for i in range(50)]
    later += [
        ("Zyxwv", "We use zyxwv."),
        ("Coteaching", "Noise number 7. We use coteaching, coteaching."),
        ("Loud", "acoustic label noise"),
    ]
    found = apply_themes(*corpus(later, "q"), learned=learned)["paper_id"].to_list()
    assert found == [*(f"q{i:03d}" for i in range(50)), "q051"]


def test_who_stands_beside_a_later_paper_does_not_matter() -> None:
    learned = match_themes(*corpus(past()), themes=[NOISE], encode=encode).learned
    later, vectors = corpus([("Label noise", f"Label noise, case {i}.") for i in range(9)], "q")
    together = apply_themes(later, vectors, learned=learned)
    alone = [apply_themes(later[i], vectors[i], learned=learned) for i in range(9)]
    assert pl.concat(alone).drop("score").equals(together.drop("score"))
    assert np.allclose(pl.concat(alone)["score"], together["score"])


def test_log_odds_of_others_are_those_of_the_rest_of_the_corpus() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(300, 24)).astype(np.float32)
    vectors[:30] += 0.3
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    strength = np.where(np.arange(300) < 20, 3.0, 0.0)
    meaning, own = learn_meaning(Space.of(vectors), vectors[:20].mean(axis=0), strength)
    assert np.allclose(meaning.log_odds(vectors)[20:], own[20:])
    assert (meaning.log_odds(vectors)[:20] - own[:20]).mean() > 0.2, "they vouch for themselves"


def test_nothing_to_apply_gives_an_empty_table() -> None:
    papers, vectors = corpus(past())
    learned = match_themes(papers, vectors, themes=[NOISE], encode=encode).learned
    assert apply_themes(papers, vectors, learned=()).is_empty()
    assert apply_themes(papers[:0], vectors[:0], learned=learned).is_empty()


def test_of_many_papers_a_sample_teaches_and_the_others_are_matched_by_it(monkeypatch) -> None:
    texts = [text for pair in zip(past()[:20], past()[20:40], strict=True) for text in pair]
    late = [
        ("Spare", "At last, no paper says this but one."),
        ("Label noise", "Label noise again."),
    ]
    papers, vectors = corpus([*texts, *past()[40:], *late])
    monkeypatch.setattr(matching, "MOST_LEARNED", 100)
    monkeypatch.setattr(matching, "_BLOCK", 7)
    shuffled = papers.sample(fraction=1, shuffle=True, seed=1)
    found = match_themes(shuffled, vectors, themes=[NOISE, SPARE], encode=encode)
    alone = match_themes(papers[:100], vectors, themes=[NOISE, SPARE], encode=encode)
    others = apply_themes(papers[100:], vectors, learned=alone.learned)
    assert found.theme_papers.equals(THEME_PAPERS.conform(pl.concat([alone.theme_papers, others])))
    assert others.height
    assert any("spare" in note and "says" in note for note in alone.notes) or alone.notes
    assert not any("has no paper" in note for note in found.notes if "label noise" in note)
