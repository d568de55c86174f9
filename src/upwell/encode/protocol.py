"""What every encoder is: the protocol, its error, and what encoders have in common."""

import hashlib
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray


class EncoderError(ValueError):
    """An encoder cannot be had or does not fit its vectors; the message says what to do."""


@runtime_checkable
class Encoder(Protocol):
    """What turns texts into vectors.

    Vectors of one `identity` are comparable, and a cache of them holds as long as it stays the
    same: it names the encoder and hashes what decides its vectors.
    """

    @property
    def identity(self) -> str:
        """Name of the encoder with a hash of what decides its vectors."""

    @property
    def n_dims(self) -> int:
        """Length of a vector."""

    @property
    def languages(self) -> frozenset[str] | None:
        """The languages that it knows, ISO 639-1; None if it is not known which it does not."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors (n_texts, n_dims) of length 1; all zero where nothing in a text is known.

        The vector of a text does not depend on the texts beside it.
        """


def unit_rows(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows scaled to length 1; zero rows stay zero."""
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return (matrix / np.where(norms > 0, norms, 1)).astype(np.float32)


def digest_of(*parts: bytes) -> str:
    """Short name of some bytes."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        digest.update(part)
    return digest.hexdigest()
