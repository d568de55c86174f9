"""The contract of a table: its columns, their types and limits, and what holds a frame to it."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

STR, DATE, I32, F32, F64, BOOL = (
    pl.String(),
    pl.Date(),
    pl.Int32(),
    pl.Float32(),
    pl.Float64(),
    pl.Boolean(),
)
WORDS = pl.List(pl.String())
DATES = pl.List(pl.Date())
UNIT = (0.0, 1.0)
POSITIVE = (0.0, float("inf"))


class TableError(ValueError):
    """A frame does not keep the contract of the table it is meant to be."""


@dataclass(frozen=True)
class Column:
    """One column of a table: its type, meaning and limits."""

    dtype: pl.DataType
    doc: str
    nullable: bool = False
    bounds: tuple[float, float] | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Table:
    """The contract of one table.

    `key` names the columns that identify a row; rows are sorted by it. `version` rises when a
    column is removed or changes its meaning; a column may be added without.
    """

    name: str
    row: str
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    version: int = 1

    @property
    def schema(self) -> pl.Schema:
        """Column names and types, in the published order."""
        return pl.Schema({name: column.dtype for name, column in self.columns.items()})

    def empty(self) -> pl.DataFrame:
        """A frame of no rows with this table's columns."""
        return pl.DataFrame(schema=self.schema)

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame as this table: its columns in order, its types, sorted by its key.

        Parameters
        ----------
        frame : has at least this table's columns, in any order, of types that cast without loss.

        Returns
        -------
        The table; columns that are not part of it are left out.

        Raises
        ------
        TableError
            A column is missing or does not cast, a value is null, out of bounds or not in the
            closed list, or a key stands twice. Every fault is named, not just the first.
        """
        missing = [name for name in self.columns if name not in frame.columns]
        if missing:
            raise TableError(
                f"{self.name}: no column {', '.join(missing)}; there are {', '.join(frame.columns)}"
            )
        try:
            table = frame.select(pl.col(n).cast(c.dtype) for n, c in self.columns.items())
        except pl.exceptions.InvalidOperationError as error:
            raise TableError(f"{self.name}: a column does not have its type: {error}") from error
        faults = [f for name, column in self.columns.items() for f in _faults(table[name], column)]
        if self.key and table.select(self.key).is_duplicated().any():
            twice = table.filter(table.select(self.key).is_duplicated()).select(self.key).row(0)
            faults.append(f"key ({', '.join(self.key)}) stands more than once, as for {twice}")
        if faults:
            raise TableError(f"{self.name}: " + "; ".join(faults))
        return table.sort(self.key) if self.key else table


def _faults(series: pl.Series, column: Column) -> list[str]:
    """What is wrong with the values of one column, in words; empty if nothing is."""
    faults = []
    if not column.nullable and series.null_count():
        faults.append(f"{series.name} is null in {series.null_count()} of {len(series)} rows")
    if series.dtype.is_float() and series.is_nan().any():
        faults.append(f"{series.name} is NaN in {series.is_nan().sum()} rows (null means unknown)")
    if column.bounds is not None:
        low, high = column.bounds
        outside = series.filter((series < low) | (series > high))
        if len(outside):
            faults.append(f"{series.name} is {outside[0]}, not within {low:g} to {high:g}")
    if column.values:
        other = series.drop_nulls().filter(~series.drop_nulls().is_in(list(column.values)))
        if len(other):
            faults.append(f"{series.name} is {other[0]!r}, not one of {', '.join(column.values)}")
    return faults
