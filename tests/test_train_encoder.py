import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from upwell import train_encoder
from upwell.encode import fit, load_static
from upwell.encode.fit import Recipe, TrainingError, fit_static, train_vocabulary, write_static
from upwell.train_encoder import main, read_papers

WORDS = [
    "label noise corrupted annotator mislabelled robust memorise clean",
    "attention window token sequence global local sparse transformer",
    "teacher student distillation logit compress smaller capacity transfer",
    "splatting gaussian radiance view scene render camera geometry",
]
SMALL = Recipe(n_dims=4, n_pieces=200, n_epochs=0, alpha=0.5)
TRAINED = Recipe(n_dims=4, n_pieces=200, n_epochs=6, batch_size=32, learning_rate=0.01)


def made_up(n: int, seed: int) -> tuple[pl.DataFrame, np.ndarray]:
    """Papers whose words come mostly from one of four themes, and a teacher who knows the theme."""
    rng = np.random.default_rng(seed)
    own = [theme.split() for theme in WORDS]
    common = ["we", "show", "that", "the", "method", "of", "this", "paper", "is", "new", "works"]
    rows = []
    for i in range(n):
        words = [*rng.choice(own[i % 4], 14), *rng.choice(common, 14)]
        rng.shuffle(words)
        rows.append((" ".join(words[:5]), f"{' '.join(words[5:16])}. {' '.join(words[16:])}."))
    papers = pl.DataFrame(rows, schema=["title", "abstract"], orient="row")
    centres = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 4)))[0].T
    vectors = centres[np.arange(n) % 4] + 0.05 * rng.normal(size=(n, 6))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return papers, vectors.astype(np.float32)


def agreement(model: fit.StaticModel, folder: Path, n: int = 80) -> float:
    """Correlation of the similarities of unseen papers under model and teacher."""
    write_static(model, folder)
    papers, vectors = made_up(n, seed=9)
    mine = load_static(folder).encode(fit.join_text(papers))
    upper = np.triu_indices(n, 1)
    return float(np.corrcoef((mine @ mine.T)[upper], (vectors @ vectors.T)[upper])[0, 1])


@pytest.mark.parametrize("recipe", [SMALL, TRAINED], ids=["regression", "with pairs"])
def test_a_trained_model_places_unseen_papers_as_the_teacher_does(recipe, tmp_path):
    model = fit_static(*made_up(200, seed=1), recipe=recipe)
    untrained = fit.StaticModel(
        model.tokenizer,
        np.random.default_rng(3).normal(size=model.vectors.shape).astype(np.float32),
    )
    assert model.vectors.shape == (model.tokenizer.get_vocab_size(), 4)
    assert agreement(model, tmp_path / "a") > 0.95
    assert agreement(untrained, tmp_path / "b") < 0.8


def test_the_regression_is_ridge_computed_the_long_way_round():
    papers, vectors = made_up(60, seed=1)
    recipe = Recipe(n_dims=6, n_pieces=200, n_epochs=0, alpha=0.7)
    model = fit_static(papers, vectors, recipe=recipe)
    texts = fit.join_text(papers)
    rows = np.zeros((60, model.tokenizer.get_vocab_size()))
    for i, text in enumerate(texts):
        ids = model.tokenizer.encode(text, add_special_tokens=False).ids
        for piece in set(ids):
            rows[i, piece] = 1 + np.log(ids.count(piece))
    weight = np.log(61 / (1 + (rows > 0).sum(axis=0))) + 1
    inputs = rows * weight / np.linalg.norm(rows * weight, axis=1, keepdims=True)
    gram = inputs @ inputs.T
    predicted = gram @ np.linalg.solve(gram + 0.7 * np.eye(60), vectors)
    mine = rows @ model.vectors  # a rotation and a scaling away from the prediction
    mine /= np.linalg.norm(mine, axis=1, keepdims=True)
    predicted /= np.linalg.norm(predicted, axis=1, keepdims=True)
    np.testing.assert_allclose(mine @ mine.T, predicted @ predicted.T, atol=5e-3)


def test_papers_without_a_teacher_teach_words_the_teacher_never_saw(tmp_path):
    papers, vectors = made_up(200, seed=1)
    rename = pl.col("title", "abstract").str.replace_all("noise", "zjxzj")
    unseen = made_up(400, seed=2)[0].with_columns(rename)
    query = ["zjxzj", "corrupted annotator", "gaussian scene render"]

    def margin(recipe: Recipe, folder: Path) -> float:
        write_static(fit_static(papers, vectors, more=unseen, recipe=recipe), folder)
        word, like, unlike = load_static(folder).encode(query)
        return float(word @ like - word @ unlike)

    assert margin(SMALL, tmp_path / "a") == 0  # a regression leaves an unseen word at zero
    assert margin(TRAINED, tmp_path / "b") > 0.5


def test_training_twice_gives_the_same_bits():
    first, second = (fit_static(*made_up(80, seed=1), recipe=TRAINED) for _ in range(2))
    assert first.tokenizer.get_vocab() == second.tokenizer.get_vocab()
    assert first.vectors.tobytes() == second.vectors.tobytes()


@pytest.mark.parametrize("which", ["pairs", "teacher"])
def test_gradients_are_those_of_finite_differences(which):
    from scipy.sparse import csr_array

    rng = np.random.default_rng(0)
    left, right = (csr_array(rng.random((5, 7)) * (rng.random((5, 7)) > 0.3)) for _ in range(2))
    weights, targets = rng.normal(size=(7, 3)), rng.normal(size=(5, 3))
    targets /= np.linalg.norm(targets, axis=1, keepdims=True)

    def unit(rows):
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def loss(w):
        if which == "teacher":
            return 1 - (unit(left @ w) * targets).sum(axis=1).mean()
        s = unit(left @ w) @ unit(right @ w).T / 0.5
        rows = np.log(np.exp(s).sum(axis=1)) - np.diag(s)
        columns = np.log(np.exp(s).sum(axis=0)) - np.diag(s)
        return (rows.mean() + columns.mean()) / 2

    if which == "teacher":
        _, gradient = fit._teacher_gradient(weights, left, targets)
    else:
        _, gradient = fit._pair_gradient(weights, left, right, 0.5)
    for i, j in np.ndindex(weights.shape):
        step = np.zeros_like(weights)
        step[i, j] = 1e-5
        slope = (loss(weights + step) - loss(weights - step)) / 2e-5
        assert gradient[i, j] == pytest.approx(slope, abs=1e-5)


def test_int8_keeps_the_vectors_to_half_a_step_of_each_row(tmp_path):
    model = fit_static(*made_up(80, seed=1), recipe=SMALL)
    write_static(model, tmp_path)
    read = load_static(tmp_path).vectors
    step = np.abs(model.vectors).max(axis=1, keepdims=True) / 127
    assert (np.abs(read - model.vectors) <= step * 0.5001).all()
    assert json.loads((tmp_path / "config.json").read_text())["embedding_dtype"] == "int8"


def test_the_vocabulary_has_frequent_words_whole_and_parts_of_others():
    texts = [f"distillation attention {word}" for word in WORDS for _ in range(5)]
    tokenizer = train_vocabulary(texts, n_pieces=150)
    assert tokenizer.get_vocab_size() <= 150
    assert tokenizer.encode("Distillation").tokens == ["distillation"]
    parts = tokenizer.encode("distillations").tokens
    assert len(parts) > 1
    assert "[UNK]" not in parts
    assert tokenizer.encode("論").tokens == ["[UNK]"]


def test_the_unknown_piece_says_nothing():
    papers, vectors = made_up(80, seed=1)
    foreign = papers.with_columns(pl.col("abstract") + " 論")
    model = fit_static(foreign, vectors, recipe=Recipe(n_dims=4, n_pieces=60, n_epochs=0))
    unknown = model.tokenizer.token_to_id("[UNK]")
    assert (model.vectors[unknown] == 0).all()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A" * 50 + ". " + "B" * 60, ("A" * 50 + ". ", "B" * 60)),
        ("A" * 50 + ". " + "B" * 200 + "! " + "C" * 90, None),
        ("no sentence ends here " * 8, ("no sentence ends here " * 4,) * 2),
        ("Hi. " + "x" * 96, ("Hi. " + "x" * 46, "x" * 50)),
        ("", ("", "")),
    ],
    ids=["at the end", "nearest the middle", "none", "too near the start", "empty"],
)
def test_halves_are_cut_at_the_sentence_end_nearest_the_middle(text, expected):
    left, right = fit._halves(text)
    assert left + right == text
    if expected is None:  # the ends are at 52 and 254 of 344, the middle is 172
        assert left == text[:254] or abs(len(left) - 172) == 82
    else:
        assert (left, right) == expected


@pytest.mark.parametrize(("n_papers", "n_vectors"), [(10, 9), (3, 3)])
def test_too_few_or_unequal_papers_and_vectors_are_refused(n_papers, n_vectors):
    papers, vectors = made_up(10, seed=1)
    with pytest.raises(
        TrainingError, match=rf"{n_papers} papers and vectors of shape \({n_vectors}"
    ):
        fit_static(papers[:n_papers], vectors[:n_vectors], recipe=SMALL)


# --- from files ---------------------------------------------------------------------------------


def test_papers_are_read_from_json_lines_and_from_parquet(tmp_path):
    lines = [
        {"title": "One", "summary": "hard\nwrapped  text"},
        {"title": None, "abstract": "two"},
        {"title": "no abstract"},
    ]
    (tmp_path / "day.jsonl").write_text("\n".join(json.dumps(line) for line in lines) + "\n\n")
    expected = [("One", "hard wrapped text"), (None, "two")]
    assert read_papers(tmp_path).rows() == expected
    assert read_papers(tmp_path / "day.jsonl").rows() == expected
    pl.DataFrame({"abstract": ["three", ""], "other": [1, 2]}).write_parquet(tmp_path / "a.parquet")
    assert read_papers(tmp_path / "a.parquet").rows() == [(None, "three")]


def test_what_cannot_be_read_is_named(tmp_path):
    with pytest.raises(TrainingError, match=r"there is no .*absent\.parquet"):
        read_papers(tmp_path / "absent.parquet")
    with pytest.raises(TrainingError, match=r"or no \*\.jsonl in it"):
        read_papers(tmp_path)
    pl.DataFrame({"title": ["x"]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(TrainingError, match="no column abstract; there are title"):
        read_papers(tmp_path / "a.parquet")


def test_the_command_trains_a_model_that_loads_and_leaves_out_what_it_must(
    tmp_path, capsys, monkeypatch
):
    papers, vectors = made_up(100, seed=1)
    data = papers.with_columns(pl.Series("vector", vectors.tolist()))
    data.write_parquet(tmp_path / "teacher.parquet")
    more = pl.concat([made_up(40, seed=2)[0], papers[:5]])  # the last five are in data
    more.write_parquet(tmp_path / "more.parquet")
    judged = papers[:20].with_columns(pl.col("title").str.to_uppercase() + "!")
    judged.write_parquet(tmp_path / "judged.parquet")
    seen = {}

    def spy(papers, vectors, *, more, **options):
        seen.update(papers=papers, vectors=vectors, more=more)
        return fit_static(papers, vectors, more=more, **options)

    monkeypatch.setattr(train_encoder, "fit_static", spy)
    paths = [str(tmp_path / name) for name in ("teacher.parquet", "model", "more.parquet")]
    options = ["--n-dims", "4", "--n-pieces", "200", "--n-epochs", "1", "--batch-size", "16"]
    left_out = ["--leave-out", str(tmp_path / "judged.parquet")]
    main([*paths[:2], "--texts", paths[2], *left_out, *options])
    assert seen["papers"]["title"].to_list() == papers["title"][20:].to_list()
    np.testing.assert_array_equal(seen["vectors"], vectors[20:])
    assert len(seen["more"]) == 40
    assert load_static(tmp_path / "model").n_dims == 4
    assert "ridge regression done" in capsys.readouterr().err


def test_without_vectors_the_teacher_is_asked(tmp_path, monkeypatch):
    papers, vectors = made_up(40, seed=1)
    papers.write_parquet(tmp_path / "papers.parquet")
    asked = []

    class Teacher:
        def encode(self, texts):
            asked.extend(texts)
            return vectors

    monkeypatch.setattr(train_encoder, "load_encoder", {"mine": Teacher()}.__getitem__)
    options = ["--teacher", "mine", "--n-dims", "4", "--n-pieces", "200", "--n-epochs", "0"]
    main([str(tmp_path / "papers.parquet"), str(tmp_path / "model"), *options])
    assert asked == fit.join_text(papers)
    assert load_static(tmp_path / "model").n_dims == 4
