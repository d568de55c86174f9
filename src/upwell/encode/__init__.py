"""Papers to vectors: the `Encoder` protocol and the models behind it.

The default encoder is static: one int8 vector per word piece, inside the package, summed over the
text; it needs neither torch nor a network. `train_encoder.py` makes its weights.
"""

from upwell.encode.papers import Embedding, embed, paper_texts
from upwell.encode.protocol import Encoder, EncoderError
from upwell.encode.static import STATIC_MODEL, StaticEncoder, load_static
from upwell.encode.transformer import PREFIX, TransformerEncoder, load_transformer

__all__ = [
    "STATIC_MODEL",
    "Embedding",
    "Encoder",
    "EncoderError",
    "StaticEncoder",
    "TransformerEncoder",
    "embed",
    "load_encoder",
    "load_static",
    "load_transformer",
    "paper_texts",
]


def load_encoder(spec: str) -> Encoder:
    """The encoder of a name, ready to use.

    Parameters
    ----------
    spec : `static`, the model inside the package, which needs no network; or
        `sentence-transformers:<name or folder>`, which needs the extra `transformers` and, for a
        name that was not used before on this machine, a network.

    Raises
    ------
    EncoderError
        The name is not of an encoder, the extra is missing, or the model cannot be loaded.
    """
    if spec == "static":
        return load_static(STATIC_MODEL)
    name = spec.removeprefix(PREFIX).strip()
    if spec.startswith(PREFIX) and name:
        return load_transformer(name)
    raise EncoderError(
        f"there is no encoder {spec!r}; take `static` or `{PREFIX}<name or folder>`, "
        f"such as {PREFIX}all-MiniLM-L6-v2"
    )
