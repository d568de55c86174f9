"""Vectors by content: a paper is embedded once in its life."""

import hashlib
from contextlib import suppress
from pathlib import Path

import polars as pl

from upwell.store.disk import in_words, parquet, write
from upwell.store.runs import Workspace


def read_vectors(outputs: Path, encoder: str) -> pl.DataFrame | None:
    """Vectors that an encoder gave in earlier runs: `content_hash`, `vector`; None if none.

    A file that cannot be read is left out: its vectors are computed again.
    """
    batches = []
    for path in sorted(_vector_folder(outputs, encoder).glob("*.parquet")):
        with suppress(OSError, pl.exceptions.PolarsError):
            batches.append(pl.read_parquet(path, columns=["content_hash", "vector"]))
    return pl.concat(batches).unique("content_hash", maintain_order=True) if batches else None


def keep_vectors(run: Workspace, encoder: str, fresh: pl.DataFrame) -> None:
    """Add newly computed vectors (`content_hash`, `vector`) to those that are kept."""
    if fresh.height:
        about = {"upwell.encoder": encoder}
        path = _vector_folder(run.outputs, encoder) / f"{run.run_id}.parquet"
        with in_words(run.outputs):
            write(path.with_suffix(".partial"), parquet(fresh, about))
            path.with_suffix(".partial").rename(path)


def _vector_folder(outputs: Path, encoder: str) -> Path:
    """Folder of one encoder's vectors; its name is safe whatever the encoder is called."""
    readable = "".join(c if c.isalnum() else "-" for c in encoder)[:40].strip("-")
    digest = hashlib.sha256(encoder.encode()).hexdigest()[:12]
    return outputs / "state" / "vectors" / f"{readable}-{digest}"
