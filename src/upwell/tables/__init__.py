"""The schema of every table: what is published, and what stages hand to each other.

A table is a `Table`: one row per what, sorted by which key, and for each column its type, whether
it may be null, its bounds and what it means. `Table.conform` is the only way a frame becomes a
table; `outputs/README.md`, the data dictionary, is written from the same declarations.
"""

from upwell.tables.checks import BACKTEST, CALIBRATION
from upwell.tables.contract import Column, Table, TableError
from upwell.tables.papers import (
    ASSIGNMENTS,
    DUPLICATES,
    PAPERS,
    PROBLEMS,
    RECORDS,
    REJECTS,
    UNPLACED,
)
from upwell.tables.subjects import THEME_PAPERS, TOPIC_LINEAGE, TOPICS
from upwell.tables.trends import CHANGES, TREND_SERIES, TRENDS
from upwell.tables.values import (
    CHANGE_EVENTS,
    CHANGES_OF,
    DATE_PRECISIONS,
    EVENTS,
    KINDS,
    METHODS,
    REASONS,
    SHUFFLES,
    VERDICTS,
)

__all__ = [
    "ASSIGNMENTS",
    "BACKTEST",
    "CALIBRATION",
    "CHANGES",
    "CHANGES_OF",
    "CHANGE_EVENTS",
    "DATE_PRECISIONS",
    "DUPLICATES",
    "EVENTS",
    "KINDS",
    "METHODS",
    "ON_REQUEST",
    "PAPERS",
    "PROBLEMS",
    "PUBLISHED",
    "REASONS",
    "RECORDS",
    "REJECTS",
    "SHUFFLES",
    "THEME_PAPERS",
    "TOPICS",
    "TOPIC_LINEAGE",
    "TRENDS",
    "TREND_SERIES",
    "UNPLACED",
    "VERDICTS",
    "Column",
    "Table",
    "TableError",
]

PUBLISHED = (
    PAPERS,
    DUPLICATES,
    REJECTS,
    PROBLEMS,
    TOPICS,
    TOPIC_LINEAGE,
    THEME_PAPERS,
    TRENDS,
    TREND_SERIES,
    CHANGES,
)

# Written beside a published run when somebody asks for it.
ON_REQUEST = (CALIBRATION, BACKTEST)
