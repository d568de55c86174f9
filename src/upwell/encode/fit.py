"""Trains the static encoder.

A ridge regression from the weighted word pieces of a text to the vector a teacher gives it starts
it off; then the vectors of the pieces are trained by gradient descent so that two parts of a paper
find each other among those of other papers, while whole texts stay at the teacher's vectors. The
second part needs no teacher, so any papers can help.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.encode.static import POOLING, log_counts

if TYPE_CHECKING:
    from scipy.sparse import csr_array
    from tokenizers import Tokenizer

Matrix: TypeAlias = NDArray[np.float32]

UNKNOWN = "[UNK]"
_SHORTEST_HALF = 40  # characters
_WARM_UP = 20  # steps


class TrainingError(ValueError):
    """The encoder cannot be trained on what was given."""


@dataclass(frozen=True)
class Recipe:
    """How the encoder is trained; the defaults are those of the published weights.

    `n_dims` length of a vector. `n_pieces` size of the vocabulary. `alpha` ridge penalty.
    `n_epochs` passes over all papers (0: the regression alone). `batch_size` papers a step.
    `learning_rate` of Adam, falling to 0. `temperature` of the softmax over similarities.
    `teacher_weight` of the teacher's vectors against the pairs. `dropout` share of a text's pieces
    left out in a step. `seed` of everything random.
    """

    n_dims: int = 256
    n_pieces: int = 34_000
    alpha: float = 0.5
    n_epochs: int = 8
    batch_size: int = 1024
    learning_rate: float = 3e-3
    temperature: float = 0.05
    teacher_weight: float = 20.0
    dropout: float = 0.5
    seed: int = 0


@dataclass(frozen=True)
class StaticModel:
    """A vocabulary and the vector (n_pieces, n_dims) of each of its pieces."""

    tokenizer: "Tokenizer"
    vectors: Matrix


def fit_static(
    papers: pl.DataFrame,
    vectors: NDArray[np.floating],
    *,
    more: pl.DataFrame | None = None,
    recipe: Recipe | None = None,
    progress: Callable[[str], None] | None = None,
) -> StaticModel:
    """A static model that gives papers about the vectors that a teacher gives them.

    Parameters
    ----------
    papers : `title` str?, `abstract` str.
    vectors : the teacher's (n_papers, n_teacher_dims), of length 1.
    more : papers without a teacher's vector, with the same columns.
    recipe : see `Recipe`.
    progress : called with a line after each step of the training.

    Returns
    -------
    The model, in the `n_dims` strongest directions of its predictions, float32.

    Raises
    ------
    TrainingError
        Papers and vectors differ in number, or are too few for the recipe.

    Source
    ------
    Ridge: Hoerl & Kennard (1970). Pairs: InfoNCE, van den Oord et al. (2018), both ways as in CLIP
    (Radford et al. 2021). Descent: Adam, Kingma & Ba (2015).
    """
    recipe, tell = recipe or Recipe(), progress or (lambda _: None)
    if len(papers) != len(vectors) or min(vectors.shape) < recipe.n_dims:
        raise TrainingError(
            f"{len(papers)} papers and vectors of shape {vectors.shape} do not make a model of "
            f"{recipe.n_dims} dimensions: give one vector a paper, and at least {recipe.n_dims} "
            "papers and dimensions"
        )
    columns = ["title", "abstract"]
    every = papers.select(columns)
    if more is not None:
        every = pl.concat([every, more.select(columns)])
    texts = join_text(every)
    tokenizer = train_vocabulary(texts, n_pieces=recipe.n_pieces)
    features = _Features.of(tokenizer, texts)
    tell(f"{len(texts)} texts, {tokenizer.get_vocab_size()} pieces")
    inputs = features(texts[: len(papers)])
    start, targets = _ridge(inputs, np.asarray(vectors, dtype=np.float32), recipe)
    tell("ridge regression done")
    pairs = _pairs(every)
    sides = features([a for a, _ in pairs]), features([b for _, b in pairs])
    trained = _descend(start, inputs, targets, sides, recipe=recipe, tell=tell)
    return StaticModel(tokenizer, features.weights[:, None] * trained)


def train_vocabulary(texts: Sequence[str], *, n_pieces: int) -> "Tokenizer":
    """Word pieces learnt from texts: frequent words whole, others in parts.

    Parameters
    ----------
    n_pieces : at most; small corpora have fewer.

    Source
    ------
    WordPiece, Schuster & Nakajima (2012), as in the library tokenizers.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    def trained(n: int, first: Sequence[str]) -> list[str]:
        tokenizer = Tokenizer(models.WordPiece(unk_token=UNKNOWN))
        tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, splitter
        trainer = trainers.WordPieceTrainer(
            vocab_size=n, min_frequency=3, special_tokens=list(first), show_progress=False
        )
        tokenizer.train_from_iterator(texts, trainer)
        return sorted(tokenizer.get_vocab())

    normalizer, splitter = (
        normalizers.BertNormalizer(lowercase=True),
        pre_tokenizers.BertPreTokenizer(),
    )
    # The trainer numbers characters in an order that changes from run to run, and breaks ties by
    # number; characters that are named beforehand keep theirs.
    characters = trained(1, [UNKNOWN])
    pieces = trained(n_pieces, [UNKNOWN, *(c for c in characters if c != UNKNOWN)])
    vocabulary = {piece: i for i, piece in enumerate(pieces)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token=UNKNOWN))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, splitter
    return tokenizer


def write_static(model: StaticModel, folder: Path) -> None:
    """Writes a model in model2vec's file format, as int8 with a scale per piece.

    Parameters
    ----------
    folder : is made if need be; `config.json`, `tokenizer.json` and `model.safetensors` in it are
        written over, a model card (`README.md`) is left alone.
    """
    from safetensors.numpy import save

    largest = np.abs(model.vectors).max(axis=1)
    scale = np.where(largest > 0, largest, 1).astype(np.float32) / np.float32(127)
    rows = np.rint(model.vectors / scale[:, None]).astype(np.int8)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {"embeddings": rows, "weights": scale}
    (folder / "model.safetensors").write_bytes(save(tensors))
    model.tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    config = {
        "model_type": "model2vec",
        "embedding_dtype": "int8",
        "normalize": True,
        "max_length": None,
        "pooling": POOLING,
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


@dataclass(frozen=True)
class _Features:
    """Texts as rows of length 1 of log counts, weighted by how rare a piece is."""

    tokenizer: "Tokenizer"
    weights: Matrix

    @classmethod
    def of(cls, tokenizer: "Tokenizer", texts: Sequence[str]) -> "_Features":
        """Weights from how many of the texts have a piece; the unknown piece counts nothing."""
        counts = log_counts(tokenizer, texts)
        n_having = np.bincount(counts.indices, minlength=counts.shape[1])
        weights = (np.log((1 + len(texts)) / (1 + n_having)) + 1).astype(np.float32)
        weights[tokenizer.token_to_id(UNKNOWN)] = 0
        return cls(tokenizer, weights)

    def __call__(self, texts: Sequence[str]) -> "csr_array":
        """Sparse (n_texts, n_pieces)."""
        rows = log_counts(self.tokenizer, texts)
        rows.data *= self.weights[rows.indices]
        lengths = np.sqrt(rows.multiply(rows).sum(axis=1))
        rows.data /= np.repeat(np.where(lengths > 0, lengths, 1), np.diff(rows.indptr))
        return rows


def _ridge(inputs: "csr_array", vectors: Matrix, recipe: Recipe) -> tuple[Matrix, Matrix]:
    """Piece vectors that predict the teacher's, and the latter in the same few directions."""
    from sklearn.linear_model import Ridge

    ridge = Ridge(alpha=recipe.alpha, fit_intercept=False, solver="sparse_cg", tol=1e-3)
    weights = ridge.fit(inputs, vectors).coef_.T
    predicted = inputs @ weights
    _, directions = np.linalg.eigh(predicted.T @ predicted)
    strongest = directions[:, ::-1][:, : recipe.n_dims]
    scale = np.linalg.norm(predicted @ strongest, axis=1).mean()
    targets, _ = _unit(vectors @ strongest)
    return (weights @ strongest / scale).astype(np.float32), targets.astype(np.float32)


def _descend(
    weights: Matrix,
    inputs: "csr_array",
    targets: Matrix,
    sides: "tuple[csr_array, csr_array]",
    *,
    recipe: Recipe,
    tell: Callable[[str], None],
) -> Matrix:
    """Piece vectors after gradient descent on pairs and on the teacher's vectors."""
    rng = np.random.default_rng(recipe.seed)
    n_pairs, n_taught = sides[0].shape[0], inputs.shape[0]
    size = min(recipe.batch_size, n_pairs)
    n_steps = recipe.n_epochs * (n_pairs // size)
    weights, mean, square = weights.copy(), np.zeros_like(weights), np.zeros_like(weights)
    order = np.zeros(0, dtype=np.intp)
    for step in range(n_steps):
        if len(order) < size:
            order = rng.permutation(n_pairs)
        batch, order = order[:size], order[size:]
        left, right = (_drop(side[batch], recipe.dropout, rng) for side in sides)
        loss, gradient = _pair_gradient(weights, left, right, recipe.temperature)
        taught = rng.choice(n_taught, min(size, n_taught), replace=False)
        rows = _drop(inputs[taught], recipe.dropout, rng)
        distance, toward = _teacher_gradient(weights, rows, targets[taught])
        gradient += recipe.teacher_weight * toward
        rate = recipe.learning_rate * min(1, (step + 1) / _WARM_UP) * (1 - step / n_steps)
        mean += 0.1 * (gradient - mean)
        square += 0.01 * (gradient**2 - square)
        corrected = np.sqrt(square / (1 - 0.99 ** (step + 1))) + 1e-8
        weights -= (rate / (1 - 0.9 ** (step + 1))) * mean / corrected
        if (step + 1) % 50 == 0:
            tell(f"step {step + 1} of {n_steps}: pairs {loss:.3f}, teacher {distance:.4f}")
    return weights


def _pair_gradient(
    weights: Matrix, left: "csr_array", right: "csr_array", temperature: float
) -> tuple[float, Matrix]:
    """InfoNCE of the pairs, both ways, and its gradient."""
    from scipy.special import softmax

    (a, a_lengths), (b, b_lengths) = _unit(left @ weights), _unit(right @ weights)
    similarity = a @ b.T / np.float32(temperature)
    forth, back = softmax(similarity, axis=1), softmax(similarity, axis=0)
    pull = (forth + back) / 2 - np.eye(len(a), dtype=np.float32)
    pull /= np.float32(len(a) * temperature)
    gradient = left.T @ _through_unit(a, a_lengths, pull @ b)
    gradient += right.T @ _through_unit(b, b_lengths, pull.T @ a)
    return float(-np.log(np.diag(forth) + 1e-12).mean()), gradient


def _teacher_gradient(weights: Matrix, rows: "csr_array", targets: Matrix) -> tuple[float, Matrix]:
    """Mean cosine distance to the teacher's vectors, and its gradient."""
    unit, lengths = _unit(rows @ weights)
    gradient = rows.T @ _through_unit(unit, lengths, -targets / np.float32(len(targets)))
    return float(1 - (unit * targets).sum(axis=1).mean()), gradient


def _unit(rows: Matrix) -> tuple[Matrix, Matrix]:
    """Rows of length 1 and what length they had."""
    lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return rows / lengths, lengths


def _through_unit(unit: Matrix, lengths: Matrix, gradient: Matrix) -> Matrix:
    """A gradient at rows of length 1 taken back to the rows before they had it."""
    along = (gradient * unit).sum(axis=1, keepdims=True)
    back: Matrix = (gradient - unit * along) / lengths
    return back


def _drop(rows: "csr_array", share: float, rng: np.random.Generator) -> "csr_array":
    """Rows without a random share of their pieces."""
    rows.data *= rng.random(len(rows.data)) >= share
    return rows


def join_text(papers: pl.DataFrame) -> list[str]:
    """What is encoded of papers."""
    return [f"{t}. {a}" if t else a for t, a in papers.select("title", "abstract").iter_rows()]


def _pairs(papers: pl.DataFrame) -> list[tuple[str, str]]:
    """Two parts of each paper that belong together."""
    return [_halves(text) for text in join_text(papers)]


def _halves(text: str) -> tuple[str, str]:
    """A text cut at the end of the sentence nearest its middle."""
    middle = len(text) // 2
    ends = [m.end() for m in re.finditer(r"[.!?]\s", text)]
    cut = min(ends, key=lambda end: abs(end - middle), default=middle)
    if not _SHORTEST_HALF <= cut <= len(text) - _SHORTEST_HALF:
        cut = middle
    return text[:cut], text[cut:]
