"""Papers to vectors: the `Encoder` protocol and the models behind it.

The default encoder is static: a vector per word piece, summed over the text, from int8 weights
inside the package; it needs neither torch nor a network. `train_encoder.py` made the weights.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.tables import UNPLACED

if TYPE_CHECKING:
    from tokenizers import Tokenizer

STATIC_MODEL = Path(__file__).parent / "models" / "static"
_BATCH = 512  # texts at a time: bounds memory and paces `progress`


class EncoderError(ValueError):
    """An encoder cannot be had; the message says what to do."""


@runtime_checkable
class Encoder(Protocol):
    """What turns texts into vectors.

    `identity` names the encoder and its weights: vectors of one identity are comparable, and a
    cache of them is valid as long as it stays the same. `n_dims` is the length of a vector.
    """

    @property
    def identity(self) -> str:
        """Name of the encoder with a hash of what decides its vectors."""

    @property
    def n_dims(self) -> int:
        """Length of a vector."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors (n_texts, n_dims) of length 1; zero where a text has no known word."""


@dataclass(frozen=True)
class StaticEncoder:
    """A sum of word-piece vectors in model2vec's file format."""

    identity: str
    n_dims: int
    _tokenizer: "Tokenizer"
    _vectors: NDArray[np.float32]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of texts; the vector of a text does not depend on the texts beside it."""
        from scipy.sparse import csr_array

        pieces = [e.ids for e in self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
        ends = np.cumsum([0, *map(len, pieces)])
        columns = np.concatenate([np.asarray(p, dtype=np.int64) for p in [[], *pieces]])
        counts = csr_array(
            (np.ones(len(columns), dtype=np.float32), columns, ends),
            shape=(len(texts), len(self._vectors)),
        )
        return _unit_rows(counts @ self._vectors)


def load_encoder(spec: str) -> Encoder:
    """The encoder that a name asks for."""
    if spec == "static":
        return _load_static(STATIC_MODEL)
    raise EncoderError(f"no encoder {spec!r}")


def _load_static(folder: Path) -> StaticEncoder:
    """The static model in a folder, from disk alone."""
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    weights_file, tokenizer_file = folder / "model.safetensors", folder / "tokenizer.json"
    tensors = load_file(weights_file)
    vectors = tensors["embeddings"].astype(np.float32) * tensors["weights"][:, None]
    digest = hashlib.blake2b(weights_file.read_bytes() + tokenizer_file.read_bytes(), digest_size=8)
    return StaticEncoder(
        identity=f"static:{digest.hexdigest()}",
        n_dims=vectors.shape[1],
        _tokenizer=Tokenizer.from_file(str(tokenizer_file)),
        _vectors=vectors,
    )


def _unit_rows(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows scaled to length 1; zero rows stay zero."""
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return (matrix / np.where(norms > 0, norms, 1)).astype(np.float32)


def paper_texts(papers: pl.DataFrame) -> pl.DataFrame:
    """What of each paper is encoded: title and abstract, and its content hash."""
    return (
        UNPLACED.conform(papers)
        .select(
            "paper_id",
            text=pl.when(pl.col("title").str.strip_chars().str.len_chars() > 0)
            .then(pl.col("title") + ". " + pl.col("abstract"))
            .otherwise(pl.col("abstract")),
        )
        .with_columns(content_hash=pl.col("text").map_elements(_content_hash, pl.String))
    )


def _content_hash(text: str) -> str:
    """Names a text by what it says."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Embedding:
    """Vectors of papers, and which of them are new."""

    vectors: pl.DataFrame
    fresh: pl.DataFrame
    n_known: int


def embed(
    papers: pl.DataFrame,
    encoder: Encoder,
    *,
    known: pl.DataFrame | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Embedding:
    """The vector of every paper, computing only those that are not known yet."""
    texts = paper_texts(papers)
    dtype = pl.Array(pl.Float32, encoder.n_dims)
    schema = {"content_hash": pl.String(), "vector": dtype}
    known = (
        pl.DataFrame(schema=schema)
        if known is None
        else known.select(pl.col("content_hash").cast(pl.String), pl.col("vector").cast(dtype))
    )
    wanted = texts.select("content_hash", "text").unique("content_hash").sort("content_hash")
    new = wanted.join(known, on="content_hash", how="anti").sort("content_hash")
    rows = np.zeros((len(new), encoder.n_dims), dtype=np.float32)
    for start in range(0, len(new), _BATCH):
        batch = new["text"][start : start + _BATCH].to_list()
        rows[start : start + len(batch)] = encoder.encode(batch)
        if progress is not None:
            progress(start + len(batch), len(new))
    fresh = new.select("content_hash").with_columns(pl.Series("vector", rows, dtype=dtype))
    every = pl.concat([known.unique("content_hash"), fresh])
    vectors = texts.join(every, on="content_hash", how="left").select("paper_id", "vector")
    return Embedding(vectors.sort("paper_id"), fresh, n_known=len(wanted) - len(new))
