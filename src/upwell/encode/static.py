"""The static encoder: a vector per word piece, summed over a text; no torch, no network."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from upwell.encode.protocol import EncoderError, digest_of, unit_rows

if TYPE_CHECKING:
    from scipy.sparse import csr_array
    from tokenizers import Tokenizer

_FILES = ("config.json", "tokenizer.json", "model.safetensors")
STATIC_MODEL = Path(__file__).parents[1] / "models" / "static"
POOLING = "log_count"
"""How a text's pieces are put together; part of the model, as it is trained with it."""


@dataclass(frozen=True)
class StaticEncoder:
    """A vector per word piece, summed over a text's pieces; files as model2vec writes them."""

    identity: str
    vectors: NDArray[np.float32]
    tokenizer: "Tokenizer"

    @property
    def n_dims(self) -> int:
        """Length of a vector."""
        return int(self.vectors.shape[1])

    @property
    def languages(self) -> frozenset[str]:
        """English only: to its word pieces Russian and Korean, say, are one and the same."""
        return frozenset({"en"})

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors (n_texts, n_dims) of length 1, bit for bit the same however texts are batched."""
        sums: NDArray[np.float32] = log_counts(self.tokenizer, texts) @ self.vectors
        return unit_rows(sums)


def load_static(folder: Path) -> StaticEncoder:
    """The static encoder in a folder that `train_encoder.write_static` wrote.

    Parameters
    ----------
    folder : holds `config.json`, `tokenizer.json` and `model.safetensors`: int8 `embeddings`
        (n_pieces, n_dims) and float32 `weights` (n_pieces), the factor of each row.

    Raises
    ------
    EncoderError
        A file is missing or broken, or the model was trained with another pooling.
    """
    from safetensors.numpy import load
    from tokenizers import Tokenizer

    try:
        files = [(folder / name).read_bytes() for name in _FILES]
        config, tensors = json.loads(files[0]), load(files[2])
        tokenizer = Tokenizer.from_str(files[1].decode())
        vectors = tensors["embeddings"].astype(np.float32) * tensors["weights"][:, None]
    except Exception as error:  # the libraries raise bare ones
        raise EncoderError(
            f"the static encoder in {folder} is not whole: {error}; install upwell again or train "
            "it with `python -m upwell.train_encoder`"
        ) from error
    if config.get("pooling") != POOLING:
        raise EncoderError(
            f"the model in {folder} pools by {config.get('pooling')!r}, not by {POOLING!r}; "
            "train it again with `python -m upwell.train_encoder`"
        )
    return StaticEncoder(f"static:{digest_of(*files)}", vectors, tokenizer)


def log_counts(tokenizer: "Tokenizer", texts: Sequence[str]) -> "csr_array":
    """How much each word piece counts in each text: 1 + log of how often it stands there.

    Parameters
    ----------
    tokenizer : splits a text into pieces; neither truncates nor pads.

    Returns
    -------
    Sparse (n_texts, n_pieces), float32, columns of a row sorted; sums over a row are taken in
    that order, so nothing depends on the other rows.
    """
    from scipy.sparse import csr_array

    pieces = [e.ids for e in tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]
    ends = np.cumsum([0, *(len(ids) for ids in pieces)])
    columns = np.fromiter((i for ids in pieces for i in ids), dtype=np.int32, count=ends[-1])
    counts = csr_array(
        (np.ones(len(columns), dtype=np.float32), columns, ends),
        shape=(len(pieces), tokenizer.get_vocab_size()),
    )
    counts.sum_duplicates()
    counts.data = 1 + np.log(counts.data)
    return counts
