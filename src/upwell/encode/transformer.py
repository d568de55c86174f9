"""Encoders of the library sentence-transformers, which is the extra `transformers`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from upwell.encode.protocol import EncoderError, digest_of, unit_rows

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

PREFIX = "sentence-transformers:"
_PROBED_VALUES = 512  # of each weight tensor, for the identity of a model of any size


@dataclass(frozen=True)
class TransformerEncoder:
    """A model of the library sentence-transformers."""

    identity: str
    n_dims: int
    model: "SentenceTransformer"

    @property
    def languages(self) -> None:
        """Not known: a model may have been trained in any."""
        return

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors (n_texts, n_dims) of length 1.

        On a CPU texts go one by one, as padding to a batch's longest text changes the last bits
        (and costs more than it gains); on a GPU the last bits may depend on the batch.
        """
        if not texts:
            return np.zeros((0, self.n_dims), dtype=np.float32)
        vectors = self.model.encode(
            list(texts),
            batch_size=1 if self.model.device.type == "cpu" else 64,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return unit_rows(np.asarray(vectors, dtype=np.float32))


def load_transformer(name: str) -> TransformerEncoder:
    """A sentence-transformers model, by name or from a folder."""
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise EncoderError(
            f"the encoder {PREFIX}{name} needs the extra `transformers`: "
            '`uv sync --extra transformers` or `pip install "upwell[transformers]"`'
        ) from error
    is_path = name.startswith((".", "~", "/", "\\")) or Path(name).is_absolute()
    place = Path(name).expanduser()
    if is_path and not place.is_dir():
        raise EncoderError(f"there is no folder {name}; give the folder a model was saved to")
    try:
        model = SentenceTransformer(str(place) if place.is_dir() else name)
    except (OSError, ValueError, RuntimeError) as error:
        raise EncoderError(
            f"the model {name} cannot be loaded: {error}; check the name, or on a machine without "
            f"network give the folder of a saved model: {PREFIX}<folder>"
        ) from error
    model.eval()
    n_dims = len(np.asarray(model.encode("a", show_progress_bar=False)))
    label = place.resolve().name if place.is_dir() else name
    identity = f"{PREFIX}{label}@{_model_digest(model)}"
    return TransformerEncoder(identity=identity, n_dims=n_dims, model=model)


def _model_digest(model: "SentenceTransformer") -> str:
    """Hash of a model's layers, text length and evenly spaced values of each weight."""
    parts = [repr(model).encode(), str(model.max_seq_length).encode()]
    for name, tensor in sorted(model.state_dict().items()):
        values = tensor.detach().flatten()
        probe = values[:: max(1, len(values) // _PROBED_VALUES)].float().cpu().numpy()
        parts += [f"{name} {tuple(tensor.shape)}".encode(), probe.tobytes()]
    return digest_of(*parts)
