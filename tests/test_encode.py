import math
import os
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from upwell.encode import (
    STATIC_MODEL,
    Encoder,
    EncoderError,
    embed,
    load_encoder,
    load_static,
    paper_texts,
)
from upwell.encode.static import log_counts
from upwell.tables import UNPLACED

NOISY = (
    "Wrong annotations mislead deep networks, which memorise them late in training. We pick out "
    "samples whose labels were probably flipped by the small-loss criterion and correct them, "
    "which makes classification robust on CIFAR-10 with corrupted labels."
)
ATTENTION = (
    "Quadratic cost keeps transformers from long sequences. Windows restrict each token to its "
    "neighbours, and a few global tokens carry information across the sequence."
)


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return load_encoder("static")


def unplaced(*rows: tuple[str, str | None, str]) -> pl.DataFrame:
    """Papers of (paper_id, title, abstract)."""
    return pl.DataFrame(
        [
            {
                **dict.fromkeys(UNPLACED.columns),
                "paper_id": paper_id,
                "title": title,
                "abstract": abstract,
                "date_precision": "none",
                "categories": [],
                "language": None,
                "sources": [f"f#{paper_id}"],
            }
            for paper_id, title, abstract in rows
        ],
        schema=UNPLACED.schema,
    )


class Counting:
    """An encoder that remembers what it was asked for."""

    identity = "counting"
    n_dims = 2
    languages: frozenset[str] | None = None

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts):
        self.asked += texts
        angles = np.array([len(text) for text in texts], dtype=np.float32)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def vectors_of(frame: pl.DataFrame) -> dict[str, list[float]]:
    return dict(zip(frame.to_series(0), frame["vector"].to_list(), strict=True))


# --- the static encoder -------------------------------------------------------------------------


def test_the_model_in_the_package_is_at_most_ten_megabytes_and_has_a_card():
    assert sum(f.stat().st_size for f in STATIC_MODEL.rglob("*") if f.is_file()) <= 10_000_000
    card = (STATIC_MODEL / "README.md").read_text()
    assert "apache-2.0" in card
    assert "all-MiniLM-L6-v2" in card


def test_the_static_encoder_keeps_the_protocol(encoder):
    vectors = encoder.encode([NOISY, ATTENTION])
    assert isinstance(encoder, Encoder)
    assert encoder.identity.startswith("static:")
    assert vectors.shape == (2, encoder.n_dims)
    assert vectors.dtype == np.float32


def test_a_vector_is_the_unit_sum_of_its_pieces_each_counted_by_one_plus_log(encoder):
    text = "noise noise noise, label"
    pieces = encoder.tokenizer.encode(text, add_special_tokens=False).ids
    total = [0.0] * encoder.n_dims
    for piece in set(pieces):
        factor = 1 + math.log(pieces.count(piece))
        for i, x in enumerate(encoder.vectors[piece]):
            total[i] += factor * float(x)
    length = math.sqrt(sum(x * x for x in total))
    expected = [x / length for x in total]
    assert len(set(pieces)) < len(pieces)
    np.testing.assert_allclose(encoder.encode([text])[0], expected, atol=1e-5)


def test_rows_have_length_one_and_texts_without_a_known_word_are_zero(encoder):
    vectors = encoder.encode([NOISY, "label noise", "", "  \n ", "日本語の論文"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 1, 0, 0, 0], atol=1e-6)
    assert not np.isnan(vectors).any()


def test_no_texts_give_no_rows(encoder):
    assert encoder.encode([]).shape == (0, encoder.n_dims)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.text(max_size=80) | st.sampled_from([NOISY, ATTENTION, "label noise"]), max_size=8)
)
def test_a_vector_does_not_depend_on_its_batch(texts):
    encoder = load_once()
    together = encoder.encode(texts)
    alone = [encoder.encode([text])[0] for text in texts]
    backwards = encoder.encode(texts[::-1])[::-1]
    for i, vector in enumerate(alone):
        assert together[i].tobytes() == vector.tobytes() == backwards[i].tobytes()


def load_once(made: list[Encoder] = []) -> Encoder:  # noqa: B006 - one encoder for all examples
    if not made:
        made.append(load_encoder("static"))
    return made[0]


def test_a_vector_in_a_batch_of_hundreds_is_the_same_bit_for_bit(encoder):
    texts = [f"{NOISY} {ATTENTION[: i % 90]} {i}" for i in range(700)]
    together = encoder.encode(texts)
    assert together[[3, 699]].tobytes() == encoder.encode([texts[3], texts[699]]).tobytes()


def test_like_is_nearer_than_unlike_for_abstracts_and_for_phrases(encoder):
    phrases = ["learning with noisy labels", "knowledge distillation", "sparse attention"]
    papers, themes = encoder.encode([NOISY, ATTENTION]), encoder.encode(phrases)
    noise, attention = papers @ themes.T
    assert noise.argmax() == 0
    assert noise[0] > noise[1] + 0.1
    assert attention.argmax() == 2
    label, student, distil, window = encoder.encode(
        ["label noise", "teacher-student", "distillation", "local attention"]
    )
    assert label @ themes[0] > 0.5
    assert distil @ student > distil @ window
    assert window @ themes[2] > window @ themes[1]


def test_loading_twice_gives_the_same_encoder(encoder):
    again = load_encoder("static")
    assert again.identity == encoder.identity
    assert again.encode([NOISY]).tobytes() == encoder.encode([NOISY]).tobytes()


def copy_model(folder: Path) -> Path:
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (folder / name).write_bytes((STATIC_MODEL / name).read_bytes())
    return folder


def test_other_weights_are_another_identity(tmp_path, encoder):
    folder = copy_model(tmp_path)
    assert load_static(folder).identity == encoder.identity
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    assert load_static(folder).identity != encoder.identity


def test_model2vec_reads_the_files_and_agrees_but_for_repeated_pieces(encoder):
    from model2vec import StaticModel

    theirs = StaticModel.from_pretrained(STATIC_MODEL)
    texts = ["learning with noisy labels", "knowledge distillation for transformers"]
    assert (log_counts(encoder.tokenizer, texts).data == 1).all()
    np.testing.assert_allclose(theirs.encode(texts), encoder.encode(texts), atol=1e-4)


def test_loading_is_offline_silent_and_writes_nothing(tmp_path):
    code = (
        "import socket\n"
        "def refuse(*args, **kwargs): raise AssertionError('network')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse\n"
        "import sys\n"
        "from upwell.encode import load_encoder\n"
        "light = {'scipy', 'sklearn', 'torch', 'tokenizers', 'model2vec'} & set(sys.modules)\n"
        "assert not light, light\n"
        "load_encoder('static').encode(['label noise'])\n"
        "assert 'torch' not in sys.modules\n"
    )
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**os.environ, "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [*home.rglob("*")] == []


# --- what cannot be loaded ----------------------------------------------------------------------


@pytest.mark.parametrize("spec", ["", "minilm", "Static", "sentence-transformers:", "static:x"])
def test_an_unknown_encoder_is_refused_with_those_there_are(spec):
    with pytest.raises(EncoderError, match=r"no encoder '.*'; take `static` or `sentence-trans"):
        load_encoder(spec)


def test_a_missing_file_of_the_static_model_is_named(tmp_path):
    (copy_model(tmp_path) / "tokenizer.json").unlink()
    with pytest.raises(EncoderError, match=r"not whole: .*tokenizer\.json.*install upwell again"):
        load_static(tmp_path)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_broken_file_of_the_static_model_is_an_encoder_error(tmp_path, name):
    path = copy_model(tmp_path) / name
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(EncoderError, match="not whole"):
        load_static(tmp_path)


def test_a_model_trained_with_another_pooling_is_refused(tmp_path):
    (copy_model(tmp_path) / "config.json").write_text('{"pooling": "mean"}')
    with pytest.raises(EncoderError, match="pools by 'mean', not by 'log_count'; train it again"):
        load_static(tmp_path)


def test_without_the_extra_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(EncoderError) as caught:
        load_encoder("sentence-transformers:all-MiniLM-L6-v2")
    assert "uv sync --extra transformers" in str(caught.value)
    assert 'pip install "upwell[transformers]"' in str(caught.value)


# --- sentence-transformers, with a stand-in for the library -------------------------------------


class Tensor:
    """The few methods of a torch tensor that are used."""

    def __init__(self, values):
        self.values = np.asarray(values, dtype=np.float32)
        self.shape = self.values.shape

    def detach(self):
        return self

    float = cpu = detach

    def flatten(self):
        return Tensor(self.values.ravel())

    def __len__(self):
        return len(self.values)

    def __getitem__(self, key):
        return Tensor(self.values[key])

    def numpy(self):
        return self.values


class FakeModel:
    weight = 1.0
    max_seq_length = 256
    device = types.SimpleNamespace(type="cpu")

    def __init__(self, name):
        if name == "nobody/nothing":
            raise OSError(f"{name} is not a model")
        self.batch_sizes = []

    def __repr__(self):
        return "Transformer -> Pooling"

    def eval(self):
        return self

    def state_dict(self):
        return {"layer": Tensor(np.full((40, 50), self.weight))}

    def encode(self, texts, batch_size=32, **options):
        self.batch_sizes.append(batch_size)
        rows = [[len(t), 1.0, 0.0] for t in ([texts] if isinstance(texts, str) else texts)]
        return np.array(rows[0] if isinstance(texts, str) else rows)


@pytest.fixture
def library(monkeypatch):
    class Model(FakeModel):
        pass

    module = types.SimpleNamespace(SentenceTransformer=Model)
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    return Model


def test_a_transformer_gives_unit_vectors_one_text_at_a_time_on_a_cpu(library):
    encoder = load_encoder("sentence-transformers:some/model")
    vectors = encoder.encode(["abc", ""])
    assert encoder.n_dims == 3
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, [[3 / 10**0.5, 1 / 10**0.5, 0], [0, 1, 0]], atol=1e-6)
    assert encoder.model.batch_sizes[-1] == 1
    assert encoder.encode([]).shape == (0, 3)


def test_a_transformers_identity_follows_its_name_weights_and_text_length(library, tmp_path):
    def identity(name="some/model"):
        return load_encoder(f"sentence-transformers:{name}").identity

    first = identity()
    assert first.startswith("sentence-transformers:some/model@")
    assert identity() == first
    library.weight = 2.0
    heavier = identity()
    library.weight, library.max_seq_length = 1.0, 128
    assert len({first, heavier, identity(), identity("other/model")}) == 4
    local = tmp_path / "mine"
    local.mkdir()
    assert identity(str(local)).startswith("sentence-transformers:mine@")  # not where it stands


def test_a_model_that_cannot_be_had_is_an_encoder_error(library, tmp_path):
    with pytest.raises(EncoderError, match=r"nobody/nothing cannot be loaded: .* check the name"):
        load_encoder("sentence-transformers:nobody/nothing")
    with pytest.raises(EncoderError, match=r"there is no folder .*absent; give the folder"):
        load_encoder(f"sentence-transformers:{tmp_path / 'absent'}")


# --- papers -------------------------------------------------------------------------------------


def test_the_text_of_a_paper_is_title_and_abstract_or_the_abstract_alone():
    papers = unplaced(("c", "  ", "Three."), ("a", "One", "Body."), ("b", None, "Two."))
    texts = paper_texts(papers)
    assert texts.select("paper_id", "text").rows() == [
        ("a", "One. Body."),
        ("b", "Two."),
        ("c", "Three."),
    ]
    assert texts["content_hash"].str.len_chars().to_list() == [32, 32, 32]
    assert texts["content_hash"].n_unique() == 3


def test_every_paper_has_its_vector_in_order_of_paper_id():
    rows = [("b", "T", "xx"), ("a", None, "y"), ("c", "Title", "zzz")]
    result = embed(unplaced(*rows), Counting())
    shuffled = embed(unplaced(*rows[::-1]), Counting())
    expected = {"a": "y", "b": "T. xx", "c": "Title. zzz"}
    assert result.vectors["paper_id"].to_list() == ["a", "b", "c"]
    assert result.vectors.schema["vector"] == pl.Array(pl.Float32, 2)
    for paper_id, vector in vectors_of(result.vectors).items():
        n = len(expected[paper_id])
        np.testing.assert_allclose(vector, [math.cos(n), math.sin(n)], atol=1e-6)
    assert shuffled.vectors.equals(result.vectors)
    assert shuffled.fresh.equals(result.fresh)


def test_a_text_that_stands_twice_is_encoded_once():
    encoder = Counting()
    result = embed(unplaced(("a", "T", "same"), ("b", "T", "same"), ("c", "T", "other")), encoder)
    vectors = vectors_of(result.vectors)
    assert sorted(encoder.asked) == ["T. other", "T. same"]
    assert vectors["a"] == vectors["b"] != vectors["c"]
    assert (len(result.fresh), result.n_known) == (2, 0)


def test_known_vectors_are_taken_and_only_new_ones_are_fresh():
    first = embed(unplaced(("a", "T", "one"), ("b", "T", "three")), Counting())
    marked = first.fresh.with_columns(
        pl.Series("vector", [[0.6, 0.8]] * 2, pl.Array(pl.Float32, 2))
    )
    encoder = Counting()
    known = pl.concat([marked, marked])  # a cache may hold a text twice
    second = embed(unplaced(("a", "T", "one"), ("c", "T", "four")), encoder, known=known)
    assert encoder.asked == ["T. four"]
    assert second.n_known == 1
    assert len(second.fresh) == 1
    np.testing.assert_allclose(vectors_of(second.vectors)["a"], [0.6, 0.8], atol=1e-6)


def test_nothing_new_asks_the_encoder_for_nothing():
    papers = unplaced(("a", "T", "one"))
    encoder = Counting()
    result = embed(papers, encoder, known=embed(papers, Counting()).fresh)
    assert (encoder.asked, len(result.fresh), result.n_known) == ([], 0, 1)
    assert result.vectors.equals(embed(papers, Counting()).vectors)


def test_no_papers_give_empty_frames_of_the_right_types():
    result = embed(UNPLACED.empty(), Counting())
    assert result.vectors.schema == {"paper_id": pl.String, "vector": pl.Array(pl.Float32, 2)}
    assert result.fresh.schema == {"content_hash": pl.String, "vector": pl.Array(pl.Float32, 2)}
    assert (len(result.vectors), len(result.fresh), result.n_known) == (0, 0, 0)


@pytest.mark.parametrize("column", ["vector", "content_hash"])
def test_known_vectors_of_another_encoder_are_refused(column):
    papers = unplaced(("a", "T", "one"))
    known = embed(papers, Counting()).fresh
    longer = known.with_columns(pl.Series("vector", [[0.1, 0.2, 0.3]], pl.Array(pl.Float32, 3)))
    wrong = longer if column == "vector" else known.drop(column)
    with pytest.raises(EncoderError, match="are of another encoder"):
        embed(papers, Counting(), known=wrong)


def test_progress_tells_how_many_texts_are_done():
    calls = []
    papers = unplaced(*((f"{i:04}", None, f"text {i}") for i in range(300)))
    embed(papers, Counting(), progress=lambda done, of: calls.append((done, of)))
    assert calls == [(256, 300), (300, 300)]


def test_papers_and_phrases_through_the_real_encoder(encoder):
    papers = unplaced(("a", "Robust training", NOISY), ("b", None, ATTENTION))
    result = embed(papers, encoder)
    expected = encoder.encode([f"Robust training. {NOISY}", ATTENTION])
    assert result.vectors["vector"].to_numpy().tobytes() == expected.tobytes()


def test_papers_in_a_language_that_the_encoder_does_not_know_are_set_aside() -> None:
    papers = unplaced(("a", None, "x"), ("b", None, "y"), ("c", None, "z")).with_columns(
        language=pl.Series(["en", "de", None])
    )
    english = Counting()
    english.languages = frozenset({"en"})
    found = embed(papers, english)
    assert (sorted(english.asked), found.n_set_aside) == (["x", "z"], 1)
    assert found.vectors["paper_id"].to_list() == ["a", "b", "c"]
    assert found.vectors["vector"].to_list()[1] == [0, 0]
    everything = Counting()
    assert embed(papers, everything).n_set_aside == 0
    assert sorted(everything.asked) == ["x", "y", "z"]
