"""The data dictionary of the outputs folder, written from the table declarations."""

import polars as pl

from upwell.tables import ON_REQUEST, PUBLISHED, Column, Table

_TYPES = {
    pl.String: "str",
    pl.Date: "date",
    pl.Int32: "i32",
    pl.Float32: "f32",
    pl.Float64: "f64",
    pl.Boolean: "bool",
    pl.List: "list[str]",
}

_INTRODUCTION = """# What a run writes

`latest` points at the newest complete run, `runs/<run_id>/`; a run appears there whole or not at
all. `state/` belongs to upwell (vectors that need not be computed again); deleting it costs time,
nothing else.

Verdicts (`rising`, `falling`, `steady`, `insufficient_evidence`) are in `trends.parquet`. `rising` and `falling`
are called such that at most 5 % of them are expected to be wrong (false discovery rate;
`--false-discovery-rate` changes it). `insufficient_evidence` is not `steady`: `steady` means that the
95 % interval of the growth lies within 10 % a year of no change (`--steady-margin`).

## Read it

polars
```python
import polars as pl
trends = pl.read_parquet("outputs/latest/trends.parquet")
print(trends.filter(pl.col("verdict") == "rising").sort("growth_low", descending=True))
```

DuckDB
```sql
SELECT name, verdict, growth, growth_low, growth_high, n_papers
FROM 'outputs/latest/trends.parquet'
WHERE kind = 'theme' ORDER BY growth_low DESC;
```

pandas
```python
import pandas as pd
series = pd.read_parquet("outputs/latest/trend_series.parquet")  # needs pyarrow
print(series[series["kind"] == "theme"].pivot(index="bucket_start", columns="subject", values="share"))
```

## Tables

Ids join the tables: `paper_id` throughout, `topic_id` between `papers`, `topics` and
`topic_lineage`; in `trends` and `trend_series`, `subject` is the topic id as text or the
theme's name. `source` is `file#position`: the line (text, exports, JSONL, CSV) or the row (JSON
arrays, Parquet) where the record begins, counted from 1. Fractions are 0–1. Each file carries its schema
version as `upwell.schema_version` in the Parquet metadata; within a version, columns are only added.
"""

_ON_REQUEST = """
## Tables on request

Whether a run is right can be asked of it later: `upwell calibrate` and `upwell backtest` write a
table and a figure beside those of the run, and replace them when asked again.
"""

_OTHER_FILES = """
## Other files

| file | what |
|---|---|
| `run.json` | the run: configuration, input files with hashes and counts, package versions, seeds, encoder, stage timings, and counts that add up (records = papers + duplicates + rejects) |
| `report.html` | everything on one page, readable offline |
| `figures/*.png`, `*.svg` | what is rising, the themes' shares, topics over time, the map of papers |
| `topic_members.parquet` | `topic_id`, `paper_id`: each topic's papers as last known, dormant topics included, and the run's outliers (-1); the next run gives topic ids by it |
| `topic_model/` | `fit.parquet`, `topics.parquet`, `papers.parquet`: what puts papers into the run's topics; later runs place new papers by it until topics are sought anew, and `topic_fit` in `run.json` says which happened and why |
"""


def data_dictionary() -> str:
    """Markdown that documents every published table, column by column."""
    published, on_request = ("".join(map(_section, tables)) for tables in (PUBLISHED, ON_REQUEST))
    return _INTRODUCTION + published + _ON_REQUEST + on_request + _OTHER_FILES


def _section(table: Table) -> str:
    rows = "".join(
        f"| `{name}` | {_type(column)} | {_meaning(column)} |\n"
        for name, column in table.columns.items()
    )
    return (
        f"\n### `{table.name}.parquet`\n\nOne row per {table.row}; sorted by "
        f"{', '.join(f'`{key}`' for key in table.key)}; schema version {table.version}.\n\n"
        f"| column | type | meaning |\n|---|---|---|\n{rows}"
    )


def _type(column: Column) -> str:
    return _TYPES[type(column.dtype)] + ("?" if column.nullable else "")


def _meaning(column: Column) -> str:
    values = " · ".join(f"`{value}`" for value in column.values)
    return f"{column.doc}: {values}" if values else column.doc
