"""Papers to vectors, computing only those that are not known yet."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from upwell.encode.protocol import Encoder, EncoderError
from upwell.tables import UNPLACED

_BATCH = 256  # texts at a time: bounds the memory and paces `progress`


@dataclass(frozen=True)
class Embedding:
    """The vectors of a run's papers.

    `vectors` one row per paper, sorted: `paper_id` str, `vector` f32 (n_dims) of length 1.
    `fresh` one row per text that had to be computed: `content_hash` str, `vector`; for the cache.
    `n_known` texts whose vector was known. `n_set_aside` papers are in a language that the encoder
    does not know: their vector is zero, as that of a text in which nothing is known.
    """

    vectors: pl.DataFrame
    fresh: pl.DataFrame
    n_known: int
    n_set_aside: int = 0


def paper_texts(papers: pl.DataFrame) -> pl.DataFrame:
    """The text of each paper that is encoded: `title. abstract`, or the abstract alone.

    Parameters
    ----------
    papers : as `tables.UNPLACED`.

    Returns
    -------
    One row per paper, sorted: `paper_id` str, `text` str, `content_hash` str (hash of `text`).
    """
    title = pl.col("title").str.strip_chars()
    return (
        UNPLACED.conform(papers)
        .select(
            "paper_id",
            text=pl.when(title.str.len_chars() > 0)
            .then(title + ". " + pl.col("abstract"))
            .otherwise(pl.col("abstract")),
        )
        .with_columns(content_hash=pl.col("text").map_elements(_content_hash, pl.String))
    )


def _content_hash(text: str) -> str:
    """Names a text by what it says; 128 bits, as it must never name two texts."""
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def embed(
    papers: pl.DataFrame,
    encoder: Encoder,
    *,
    known: pl.DataFrame | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Embedding:
    """The vector of every paper; only texts without a known vector are encoded, each once.

    A paper in a language that the encoder does not know gets a zero vector, so that it is in no
    topic. The static encoder gives all abstracts in Russian, Korean and Arabic the same vector:
    they would be a topic, of which the language is all that they share.

    Parameters
    ----------
    papers : as `tables.UNPLACED`.
    encoder : see `load_encoder`.
    known : vectors that this encoder gave before: `content_hash` str, `vector` f32 (n_dims).
    progress : called after each batch with the number of texts done and to do.

    Raises
    ------
    EncoderError
        The known vectors are not as long as the encoder's: they are of another one.
    """
    schema = pl.Schema(
        {"content_hash": pl.String(), "vector": pl.Array(pl.Float32, encoder.n_dims)}
    )
    before = pl.DataFrame(schema=schema) if known is None else _as_known(known, schema)
    is_foreign = (
        pl.col("language").is_in(list(encoder.languages)).not_().fill_null(False)
        if encoder.languages is not None
        else pl.lit(False)
    )
    aside = papers.filter(is_foreign).select("paper_id")
    texts = paper_texts(papers).join(aside, on="paper_id", how="anti")
    wanted = texts.unique("content_hash").sort("content_hash")
    new = wanted.join(before, on="content_hash", how="anti").sort("content_hash")
    rows = np.zeros((len(new), encoder.n_dims), dtype=np.float32)
    for start in range(0, len(new), _BATCH):
        batch = new["text"][start : start + _BATCH].to_list()
        rows[start : start + len(batch)] = encoder.encode(batch)
        if progress is not None:
            progress(start + len(batch), len(new))
    fresh = pl.DataFrame({"content_hash": new["content_hash"], "vector": rows}, schema=schema)
    found = texts.join(pl.concat([before, fresh]), on="content_hash", how="left")
    zeros = np.zeros((len(aside), encoder.n_dims), dtype=np.float32)
    without = aside.with_columns(vector=pl.Series(zeros, dtype=schema["vector"]))
    return Embedding(
        vectors=pl.concat([found.select("paper_id", "vector"), without]).sort("paper_id"),
        fresh=fresh,
        n_known=len(wanted) - len(new),
        n_set_aside=len(aside),
    )


def _as_known(known: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Known vectors as this encoder's, one row per content hash."""
    try:
        frame = known.select(pl.col(name).cast(dtype) for name, dtype in schema.items())
    except pl.exceptions.PolarsError as error:
        raise EncoderError(
            f"the known vectors are not {schema} but {known.schema}: they are of another encoder; "
            "clear them or name the encoder they are of"
        ) from error
    return frame.unique("content_hash", keep="first", maintain_order=True)
