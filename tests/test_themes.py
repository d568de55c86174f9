"""Theme matching: phrases, the watch list's errors, the score, and real papers judged by hand."""

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from upwell.config import Theme
from upwell.tables import THEME_PAPERS
from upwell.themes import (
    WatchListError,
    extend_theme,
    match_themes,
    parse_watch_list,
    theme_from_phrase,
    theme_toml,
)
from upwell.themes.companions import companion_strength, count_words, find_companions
from upwell.themes.evidence import MAX_LENGTH, quote_mentions
from upwell.themes.meaning import MAX_LOG_ODDS, NEUTRAL, Space, learn_meaning
from upwell.themes.naming import read_namings
from upwell.themes.phrases import Mention, Reader, read_phrase
from upwell.themes.words import read_word

ROOT = Path(__file__).parents[1]


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """A bag of words hashed into 64 places: enough of a meaning for a made-up corpus."""
    vectors = np.zeros((len(texts), 64), dtype=np.float32)
    for row, text in enumerate(texts):
        for word in text.lower().split():
            vectors[row, zlib.crc32(word.strip(".,").encode()) % 64] += 1
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def corpus(*texts: tuple[str | None, str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Papers p00, p01, … with their vectors."""
    ids = [f"p{i:02d}" for i in range(len(texts))]
    papers = pl.DataFrame(
        {"paper_id": ids, "title": [t for t, _ in texts], "abstract": [a for _, a in texts]},
        schema={"paper_id": pl.String, "title": pl.String, "abstract": pl.String},
    )
    matrix = encode([f"{t}. {a}" if t else a for t, a in texts])
    vectors = pl.DataFrame(
        {"paper_id": ids, "vector": matrix},
        schema={"paper_id": pl.String, "vector": pl.Array(pl.Float32, 64)},
    )
    return papers, vectors


def mentions(phrase: str, text: str) -> list[tuple[str, float]]:
    """What of a text is a mention of a phrase, and its weight."""
    found = Reader([read_phrase(phrase)]).find(text).get(0, [])
    return [(text[m.start : m.end], round(m.weight, 3)) for m in found]


# --- words -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("noise", "noisy"),
        ("label", "labelled"),
        ("labeled", "labelling"),
        ("mislabelled", "mislabeling"),
        ("quantisation", "quantization"),
        ("modelling", "models"),
        ("distilled", "distillation"),
        ("neighbourhood", "neighborhood"),
        ("behaviour", "behaviors"),
        ("summarised", "summarizing"),
    ],
)
def test_inflections_and_spellings_share_a_stem(one, other):
    assert read_word(one).stem == read_word(other).stem


@pytest.mark.parametrize(("one", "other"), [("state", "station"), ("label", "libel")])
def test_other_words_do_not(one, other):
    assert read_word(one).stem != read_word(other).stem


# --- phrases ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "noisy labels",
        "Label-Noise learning",
        "label noise",
        "labels that are noisy",
        "noise in the labels",
        "noisy, cheap labels",
        "noisy and ambiguous labels",
        "the label is sometimes noise",
        "noisy labelling",
    ],
)
def test_a_phrase_is_found_however_it_is_written(text):
    assert [weight > 0 for _, weight in mentions("label noise", text)] == [True]


@pytest.mark.parametrize(
    "text",
    [
        "distills the image's noise",
        "label-free noise",
        "The label is right. Noise is elsewhere.",
        "labels and noisy text",
        "fine labels of our own large new data set full of noise",
        "noise accumulation with progressive curriculum labelling",
        "unlabelled data without noise",
    ],
)
def test_words_that_only_stand_near_are_no_mention(text):
    assert mentions("label noise", text) == []


def test_the_fit_falls_with_the_words_in_between():
    weights = [
        mentions("label noise", text)[0][1]
        for text in ("noisy labels", "noisy crowd labels", "noisy cheap crowd labels")
    ]
    assert weights == [1.0, 0.75, 0.562]


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("multi-modal learning", "multimodal learning"),
        ("mislabelled", "mis-labeled images"),
        ("state space models", "a state-space model"),
        ("local/global attention", "global and local attention"),
        ("local/global attention", "local–global attention"),
        ("mislabelled", "mislabeling"),
        ("distillation", "Distillations"),
    ],
)
def test_hyphens_slashes_and_spaces_are_alike(phrase, text):
    assert len(mentions(phrase, text)) == 1


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        ("distillation", "we distill insights from the text"),
        ("transformers", "transformed data"),
        ("local attention", "non-local attention"),
        ("global attention", "global context and attention"),
        ("distillation", "a distillation-free method"),
    ],
)
def test_a_word_derived_or_negated_is_another_word(phrase, text):
    assert mentions(phrase, text) == []


def test_a_mention_in_a_list_or_denied_weighs_little():
    listed = "Compression such as pruning, knowledge distillation and quantisation is common."
    assert mentions("knowledge distillation", listed) == [("knowledge distillation", 0.3)]
    assert mentions("knowledge distillation", "It works without knowledge distillation.") == [
        ("knowledge distillation", 0.0)
    ]
    plain = "We study knowledge distillation. Pruning, quantisation and speed are left out."
    assert mentions("knowledge distillation", plain) == [("knowledge distillation", 1.0)]


@given(st.text(max_size=200))
def test_any_text_can_be_read_and_mentions_lie_in_it(text):
    reader = Reader([read_phrase("label noise"), read_phrase("mis-labelled"), read_phrase("é")])
    for found in reader.find(text).values():
        for mention in found:
            assert 0 <= mention.start < mention.end <= len(text)
            assert 0 <= mention.weight <= 1


@given(
    st.lists(
        st.lists(
            st.sampled_from(
                ["label", "Noisy", "labels", "mis", "labelled", "é", "self", "attention"]
            )
            | st.text(max_size=4),
            max_size=8,
        ).flatmap(
            lambda words: st.lists(
                st.sampled_from([" ", "-", "–", "_-", ". ", ", ", "’s "]),
                min_size=len(words),
                max_size=len(words),
            ).map(lambda ties: "".join(w + t for w, t in zip(words, ties, strict=True)))
        ),
        max_size=4,
    )
)
def test_of_many_texts_those_with_a_mention_are_found(texts):
    phrases = ("label noise", "mis-labelled", "é", "self-attention")
    reader = Reader([read_phrase(phrase) for phrase in phrases])
    one_by_one = {n: found for n, text in enumerate(texts) if (found := reader.find(text))}
    assert dict(reader.find_all(texts)) == one_by_one


def test_naming_strength_counts_the_title_double_and_each_place_once():
    themes = (Theme(name="d", phrases=("distillation", "knowledge distillation")),)
    texts = [
        ("Knowledge distillation", "We use knowledge distillation. Distillation helps."),
        ("", "Nothing of the kind."),
    ]
    namings = read_namings(texts, themes)
    assert namings.strength.tolist() == [[4.0], [0.0]]
    assert namings.unseen == ((),)


# --- the watch list --------------------------------------------------------------------------

GOOD = """
[[theme]]
name = "label noise"
description = "wrong labels"
phrases = ["label noise", "mislabelled"]
exclude = ["speech"]

[[theme]]
name = "distillation"
phrases = ["distillation"]
"""


def test_a_watch_list_is_read():
    assert parse_watch_list(GOOD, name="w.toml") == (
        Theme(
            name="label noise",
            description="wrong labels",
            phrases=("label noise", "mislabelled"),
            exclude=("speech",),
        ),
        Theme(name="distillation", phrases=("distillation",)),
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[theme]]\nname = "a"\nphrases = ["x"', "w.toml, line 3, column 15: not valid TOML"),
        ('[[theme]]\nname = "a\nphrases = []', r"w.toml, line 2, column 10: not valid TOML.*name"),
        ("", r"line 1, column 1: no theme; write \[\[theme\]\]"),
        ("theme = []", r"line 1, column 1: no theme"),
        ('[theme]\nname = "a"', r"line 1, column 1: .*two brackets"),
        ('\n[[themes]]\nname = "a"', r"line 2, column 1: unknown key 'themes'"),
        ('[[theme]]\nname = "a"\n  phrase = ["x"]', "line 3, column 3: unknown key 'phrase'.*phrases"),
        ('[[theme]]\nname = "a"', "line 1, column 1: theme 'a' has no phrases; add"),
        ('[[theme]]\nname = "a"\nphrases = []', "line 3, column 1: theme 'a' has no phrases"),
        ('[[theme]]\nphrases = ["x"]', "line 1, column 1: a theme without a name"),
        ('[[theme]]\nname = " "\nphrases = ["x"]', "line 2, column 1: a theme without a name"),
        ('[[theme]]\nname = 3\nphrases = ["x"]', "line 2, column 1: name must be text"),
        ('[[theme]]\nname = "a"\nphrases = "x"', "line 3, column 1: phrases of theme 'a' must be a list"),
        ('[[theme]]\nname = "a"\nphrases = ["x"]\nexclude = [1]', "line 4, column 1: exclude of theme 'a'"),
        ('[[theme]]\nname = "a"\nphrases = ["x", "-"]', "line 3, column 1: .*entry without a word, '-'"),
        ("theme = [3]", "line 1, column 1: a theme is a table"),
        (
            GOOD + '\n[[theme]]\nname = "Label  Noise"\nphrases = ["x"]',
            "line 13, column 1: theme 'Label Noise' is there already, on line 3; rename",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_watch_list_is_named_with_its_place(text, message):
    with pytest.raises(WatchListError, match=message) as caught:
        parse_watch_list(text, name="w.toml")
    assert str(caught.value).startswith("w.toml, line ")


@given(st.text(max_size=80))
def test_any_text_is_a_watch_list_or_an_error_with_a_place(text):
    said = ""
    themes: tuple[Theme, ...] = ()
    try:
        themes = parse_watch_list(GOOD + text, name="w.toml")
    except WatchListError as error:
        said = str(error)
    assert said.startswith("w.toml, line ") or len(themes) >= 2


def test_the_default_watch_list_has_the_three_themes():
    text = (ROOT / "flows" / "themes.toml").read_text(encoding="utf-8")
    names = [theme.name for theme in parse_watch_list(text, name="flows/themes.toml")]
    assert names == ["local/global attention", "label noise", "distillation"]


def test_a_bare_phrase_is_a_theme():
    assert theme_from_phrase(" state  space models ") == Theme(
        name="state space models", phrases=("state space models",)
    )
    with pytest.raises(WatchListError, match="has no word to look for; give a phrase"):
        theme_from_phrase(" - ")


@given(
    name=st.text(min_size=1).filter(lambda text: text.split()),
    phrases=st.lists(st.text(min_size=1).filter(lambda t: any(c.isalnum() for c in t)), min_size=1, unique=True),
)  # fmt: skip
def test_a_theme_written_for_a_watch_list_reads_back(name, phrases):
    kept = tuple(dict.fromkeys(phrase.strip() for phrase in phrases))
    theme = Theme(name=" ".join(name.split()), description="so", phrases=kept, exclude=kept[:1])
    assert parse_watch_list(theme_toml(theme), name="w.toml") == (theme,)


def test_a_theme_can_be_extended():
    theme = extend_theme(theme_from_phrase("a b"), phrases=["c", "a b"], exclude=["d"])
    assert theme == Theme(name="a b", phrases=("a b", "c"), exclude=("d",))
    with pytest.raises(WatchListError, match="the phrase '-' has no word to look for; leave it"):
        extend_theme(theme, phrases=["-"], exclude=[])


# --- meaning and companion words -------------------------------------------------------------


def simulated(n_dims: int, scale: float, seed: int = 1) -> tuple[NDArray[np.float32], NDArray]:
    """400 papers, 40 of them of a theme (half of those named), in some encoder's space."""
    rng = np.random.default_rng(seed)
    theme = rng.normal(size=n_dims) / np.sqrt(n_dims)
    common = rng.normal(size=n_dims) * scale  # what makes all similarities of an encoder high
    vectors = rng.normal(size=(400, n_dims)) / np.sqrt(n_dims) + common
    vectors[:40] += theme
    strength = np.zeros(400)
    strength[:20] = 3.0
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), strength


def log_odds(vectors: np.ndarray, prototype: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """The log odds of papers that were learned from."""
    return learn_meaning(Space.of(vectors), prototype, strength)[1]


@pytest.mark.parametrize("scale", [0.0, 0.3])
@pytest.mark.parametrize("n_dims", [48, 256])
def test_log_odds_part_the_theme_from_the_rest_in_any_space(n_dims, scale):
    vectors, strength = simulated(n_dims, scale)
    odds = log_odds(vectors, vectors[:20].mean(axis=0), strength)
    assert np.median(odds[20:40]) > 2
    assert np.median(odds[40:]) < -1
    assert np.abs(odds).max() <= MAX_LOG_ODDS


def test_a_paper_does_not_vouch_for_itself():
    vectors, strength = simulated(256, 0.0)
    strength[399] = 3.0  # named by mistake: its meaning is another
    assert log_odds(vectors, vectors[:20].mean(axis=0), strength)[399] < 0


def test_without_papers_to_learn_from_meaning_is_neutral():
    vectors, strength = simulated(48, 0.0)
    assert set(log_odds(vectors, vectors[0], np.zeros(400))) == {NEUTRAL}
    assert set(log_odds(vectors[:3], vectors[0], strength[:3])) == {NEUTRAL}
    same = np.repeat(vectors[:1], 50, axis=0)
    assert set(log_odds(same, vectors[0], strength[:50] * (np.arange(50) < 5))) == {NEUTRAL}


def test_companion_words_are_found_and_weighed():
    texts = ["Mamba is a state space model"] * 4 + ["SSMs such as Mamba"] * 2
    texts += ["the model is large", "a mamba is a snake", "the end"] * 20
    score = np.array([0.92] * 4 + [1.0] * 2 + [0.0] * 60)
    counts = count_words(
        pl.Series([None, *["" for _ in texts[1:]]], dtype=pl.String), pl.Series(texts)
    )
    companions = find_companions(counts, score, reliability=0.4)
    # by hand: 6 of 66 papers are of the theme; Mamba is in 26, of which 6 are; `state` is in 4
    assert companions == {}
    kept = pl.Series([not text.endswith("snake") for text in texts])
    few = count_words(pl.Series([""] * 46), pl.Series(texts).filter(kept))
    score = score[kept.to_numpy()]
    companions = find_companions(few, score, reliability=0.4)
    assert companions == {"mamba": pytest.approx((4 * 0.92 + 2) / 6, abs=1e-6)}
    worth = companion_strength(few, companions, n_papers=46, n_phrases=1)
    assert worth[:6] == pytest.approx(0.8 * companions["mamba"])
    assert not worth[6:].any()
    half = companion_strength(few, companions, n_papers=46, n_phrases=6)
    assert half[0] == pytest.approx(0.4 * companions["mamba"])
    assert find_companions(few, np.minimum(score, 0.8), reliability=0.4) == {}


# --- evidence --------------------------------------------------------------------------------


def test_evidence_is_verbatim_and_short():
    title = "On noisy labels"
    abstract = (
        "Deep networks memorise everything they are shown, and the noisy labels of web data above "
        "all. " + "This sentence is about something else entirely. " * 3 + "Label noise is hard."
    )
    found = Reader([read_phrase("label noise")])
    quoted = quote_mentions((title, abstract), [found.find(t)[0] for t in (title, abstract)])
    assert len(quoted) <= MAX_LENGTH
    pieces = quoted.split(" … ")
    assert len(pieces) == 3
    assert all(piece in f"{title} {abstract}" for piece in pieces)
    assert pieces[0] == title
    assert pieces[2].startswith("Label noise is hard")


@given(st.text(alphabet="ab .!", max_size=300), st.integers(0, 299), st.integers(1, 40))
def test_evidence_never_exceeds_its_length(text, start, length):
    start = min(start, max(0, len(text) - 1))
    mention = Mention(start, min(len(text), start + length), 1.0)
    quoted = quote_mentions((text,), [[mention]])
    assert len(quoted) <= MAX_LENGTH
    assert quoted in text


# --- matching --------------------------------------------------------------------------------

NOISE = Theme(name="label noise", phrases=("label noise",))
STATE = theme_from_phrase("state space models")


def test_three_papers_are_matched_by_their_words():
    papers, vectors = corpus(
        ("Learning with noisy labels", "We train well though labels are wrong."),
        (None, "A method that distills the image's noise."),
        ("Cats", "Robust to shift, to label noise, and to blur."),
    )
    found = match_themes(papers, vectors, themes=[NOISE], encode=encode)
    assert found.theme_papers["paper_id"].to_list() == ["p00"]
    assert found.theme_papers["evidence"].to_list() == ["Learning with noisy labels"]
    assert found.theme_papers.schema == THEME_PAPERS.schema


def test_papers_that_fall_short_are_kept_apart_nearest_first():
    papers, vectors = corpus(
        ("Learning with noisy labels", "Labels are noisy."),
        ("Cats", "We cope with noise of cheap labels to some extent."),
        ("Dogs", "Robust to shift, to label noise, and to blur."),
        ("Birds", "They fly."),
    )
    found = match_themes(papers, vectors, themes=[NOISE], encode=encode)
    assert found.theme_papers["paper_id"].to_list() == ["p00"]
    assert found.near_misses["paper_id"].to_list() == ["p01", "p02"]
    assert found.near_misses["score"].max() < found.thresholds["label noise"]
    assert "label noise" in found.near_misses["evidence"][1]


def test_the_order_of_the_papers_does_not_matter():
    rows = [(f"State space model {i}", f"Mamba for task {i} with a state space.") for i in range(9)]
    rows += [("Model 9", "Mamba for task 9 with a space. Mamba with a Mamba.")]
    rows += [
        (f"On topic {i}", f"Nothing here but subject {i} and its own matter.") for i in range(60)
    ]
    papers, vectors = corpus(*rows)
    found = match_themes(papers, vectors, themes=[STATE], encode=encode)
    turned = match_themes(papers.reverse(), vectors.sample(fraction=1, shuffle=True, seed=2), themes=[STATE], encode=encode)  # fmt: skip
    assert found.theme_papers.equals(turned.theme_papers)
    assert found.theme_papers["paper_id"].to_list() == [f"p{i:02d}" for i in range(10)]
    assert "Mamba" in found.theme_papers["evidence"][9]


def test_an_exclusion_keeps_a_paper_out():
    papers, vectors = corpus(
        ("Distillation", "Distillation of a teacher."),
        ("Distillation", "Distillation in distillation columns."),
        ("Distillation", "Distillation of knowledge columns."),
    )
    theme = Theme(name="d", phrases=("distillation",), exclude=("distillation column",))
    found = match_themes(papers, vectors, themes=[theme], encode=encode)
    assert found.theme_papers["paper_id"].to_list() == ["p00", "p02"]


def test_the_default_themes_do_not_fall_for_words_of_other_trades():
    papers, vectors = corpus(
        ("Water purification", "A distillation column parts water by distillation."),
        ("Denoising", "A network that distills the image's noise into a prior."),
        ("Insights", "We distill key information, and distill insights from it."),
        ("Global attention to the climate", "Media attention is global and local."),
        ("Local and global features", "We fuse local and global features for retrieval."),
        ("Small networks", "Knowledge distillation trains a student from a teacher."),
    )
    text = (ROOT / "flows" / "themes.toml").read_text(encoding="utf-8")
    themes = parse_watch_list(text, name="flows/themes.toml")
    found = match_themes(papers, vectors, themes=themes, encode=encode).theme_papers
    assert found.select("theme", "paper_id").rows() == [("distillation", "p05")]


def test_a_paper_may_be_of_several_themes():
    papers, vectors = corpus(("Distillation with noisy labels", "A teacher with noisy labels."))
    themes = [NOISE, theme_from_phrase("distillation")]
    found = match_themes(papers, vectors, themes=themes, encode=encode)
    assert found.theme_papers["theme"].to_list() == ["distillation", "label noise"]


def test_notes_say_what_found_nothing():
    papers, vectors = corpus(("Noisy labels", "They hurt."), ("Cats", "A cat."))
    themes = [
        Theme(name="a", phrases=("noisy labels", "wrong labels", "bad labels")),
        Theme(name="b", phrases=("state space",)),
    ]
    found = match_themes(papers, vectors, themes=themes, encode=encode)
    assert found.notes == (
        "theme 'a': no paper says 'wrong labels', 'bad labels'",
        "theme 'b' has no paper; are its phrases what papers would say?",
    )


def test_no_papers_and_no_themes_give_an_empty_table():
    papers, vectors = corpus()
    assert match_themes(papers, vectors, themes=[NOISE], encode=encode).theme_papers.is_empty()
    papers, vectors = corpus(("Noisy labels", "They hurt."))
    assert match_themes(papers, vectors, themes=[], encode=encode).notes == ()


def test_what_cannot_be_matched_is_named():
    papers, vectors = corpus(("Noisy labels", "They hurt."), ("Cats", "A cat."))
    with pytest.raises(ValueError, match="1 of 2 papers have no vector, such as p01; encode all"):
        match_themes(papers, vectors.head(1), themes=[NOISE], encode=encode)
    with pytest.raises(ValueError, match="papers: no column abstract; there are paper_id, title"):
        match_themes(papers.drop("abstract"), vectors, themes=[NOISE], encode=encode)
    with pytest.raises(ValueError, match="two themes are named 'label noise'; rename one"):
        match_themes(papers, vectors, themes=[NOISE, NOISE], encode=encode)


# --- real papers, judged by hand -------------------------------------------------------------

CORPORA = ROOT.parent / "shared" / "corpora"
LISTED = ("local/global attention", "label noise", "distillation")


@pytest.mark.skipif(not CORPORA.is_dir(), reason="the shared corpora are not beside the project")
def test_judged_papers_are_told_apart():
    """The judged papers of two of the corpora; benchmarks/bench_themes.py takes all of them."""
    from datetime import date

    from upwell.config import DedupConfig, SourceConfig
    from upwell.dedup import deduplicate
    from upwell.encode import embed, load_encoder
    from upwell.sources import find_files, read_files

    folders = [CORPORA / "neurips", CORPORA / "hf_daily_papers"]
    read = read_files(find_files(folders), config=SourceConfig(), today=date(2026, 1, 1))
    papers = deduplicate(read.records, config=DedupConfig()).papers
    encoder = load_encoder("static")
    vectors = embed(papers, encoder).vectors
    judged = pl.read_csv(Path(__file__).with_name("theme_judgements.csv"))
    listed = parse_watch_list((ROOT / "flows/themes.toml").read_text("utf-8"), name="themes.toml")
    bare = [t for t in judged["theme"].unique().sort() if t not in LISTED]
    themes = [*listed, *(theme_from_phrase(phrase) for phrase in bare)]
    found = match_themes(papers, vectors, themes=themes, encode=encoder.encode, propose=False)
    told = (
        judged.filter(pl.col("judgement") != "borderline")
        .join(papers.select("paper_id", pl.col("title").fill_null(""), "abstract"), on="paper_id")
        .join(found.theme_papers, on=["theme", "paper_id"], how="left", maintain_order="left")
    )
    assert len(told) > 200
    named = read_namings(told.select("title", "abstract").rows(), themes).strength
    number = {theme.name: n for n, theme in enumerate(themes)}
    core = (told["judgement"] == "core").to_numpy()
    member = told["score"].is_not_null().to_numpy()
    word = named[np.arange(len(told)), [number[theme] for theme in told["theme"]]] > 0
    for here, precision, recall in (
        # The cut of a theme of a few papers may fall on either side of most of them.
        (told["theme"].is_in(LISTED).to_numpy(), 0.75, 0.6),
        (~told["theme"].is_in(LISTED).to_numpy(), 0.85, 0.75),
    ):
        right = (member & core & here).sum()
        assert right / (member & here).sum() >= precision
        assert right / (core & here).sum() >= recall
        assert right / (member & here).sum() > (word & core & here).sum() / (word & here).sum()
    quoted = found.theme_papers.join(papers, on="paper_id").select("evidence", "title", "abstract")
    for evidence, title, abstract in quoted.iter_rows():
        assert 0 < len(evidence) <= MAX_LENGTH
        assert all(piece in (title or "") or piece in abstract for piece in evidence.split(" … "))
