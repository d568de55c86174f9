"""Parquet: a row a record, a slice of the file held at a time."""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from upwell.sources.content import Content, Head
from upwell.sources.fields import Row, read_rows
from upwell.sources.item import Context, Item, RawReject

_SLICE = 10_000  # rows that are held at one time, beside what is decoded with them
_FAULTS = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


class Parquet:
    """Rows of a Parquet file; columns are matched to fields."""

    name = "parquet"

    def recognises(self, head: Head) -> bool:
        """Whether the file starts with Parquet's mark."""
        return head.data.startswith(b"PAR1")

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each row; positions count them from 1."""
        with content.on_disk() as path:
            if not content.fault:
                yield from read_rows(_rows(path), context)


def _rows(path: Path) -> Iterator[Row | RawReject]:
    """The rows; behind a fault there are none."""
    n = 0
    try:
        table = pl.scan_parquet(path, glob=False)
        columns = [name for name, kind in table.collect_schema().items() if _may_be_a_field(kind)]
        while (part := table.select(columns).slice(n, _SLICE).collect()).height:
            for cells in part.iter_rows(named=True):
                n += 1
                yield Row(str(n), cells)
    except _FAULTS as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        kept = f"; the {n:,} rows before were read" if n else ""
        yield RawReject(None, "unreadable_file", f"is not whole Parquet: {why[:200]}{kept}")


def _may_be_a_field(kind: pl.DataType) -> bool:
    """Whether cells of a type may say something of a paper; vectors and images do not."""
    inner = getattr(kind, "inner", None)
    return kind != pl.Binary and not (inner is not None and inner.is_float())
