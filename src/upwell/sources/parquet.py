"""Parquet: a row a record."""

import io
from collections.abc import Iterator

import polars as pl

from upwell.sources.content import Content, Head
from upwell.sources.fields import Row, read_rows
from upwell.sources.item import Context, Item, RawReject

_SLICE = 10_000  # rows that are Python objects at one time


class Parquet:
    """Rows of a Parquet file; columns are matched to fields."""

    name = "parquet"

    def recognises(self, head: Head) -> bool:
        """Whether the file starts with Parquet's mark."""
        return head.data.startswith(b"PAR1")

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each row; positions count them from 1."""
        try:
            frame = pl.read_parquet(io.BytesIO(content.document()))
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
            why = str(error).splitlines()[0] if str(error) else type(error).__name__
            yield RawReject(None, "unreadable_file", f"is not whole Parquet: {why[:200]}")
            return
        yield from read_rows(_rows(frame), context)


def _rows(frame: pl.DataFrame) -> Iterator[Row | RawReject]:
    """The rows, a slice at a time."""
    number = 0
    for part in frame.iter_slices(_SLICE):
        for cells in part.iter_rows(named=True):
            number += 1
            yield Row(str(number), cells)
