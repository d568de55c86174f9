"""A frame becomes a table only if it keeps the contract."""

from datetime import date

import polars as pl
import pytest

from upwell.tables import ON_REQUEST, PAPERS, PUBLISHED, REJECTS, TREND_SERIES, TableError


def series(**changes: object) -> pl.DataFrame:
    row = {
        "kind": "theme",
        "subject": "label noise",
        "bucket_start": date(2025, 1, 1),
        "bucket_end": date(2025, 4, 1),
        "n_papers": 1,
        "n_total": 4,
        "share": 0.25,
        "share_low": 0.1,
        "share_high": 0.6,
        "is_partial": False,
    }
    return pl.DataFrame([row | changes])


def test_columns_come_in_order_cast_sorted_and_without_others() -> None:
    frame = pl.concat([series(subject="z"), series(subject="a")]).with_columns(mood=pl.lit(1))
    table = TREND_SERIES.conform(frame.select(reversed(frame.columns)))
    assert table.schema == TREND_SERIES.schema
    assert table["subject"].to_list() == ["a", "z"]
    assert table["n_papers"].dtype == pl.Int32


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "mood"}, "kind is 'mood', not one of topic, theme"),
        ({"share": 1.5}, "share is 1.5, not within 0 to 1"),
        ({"share": float("nan")}, "share is NaN in 1 rows"),
        ({"subject": None}, "subject is null in 1 of 1 rows"),
        ({"n_papers": -1}, "n_papers is -1, not within 0 to inf"),
        ({"n_papers": "many"}, "a column does not have its type"),
        ({"n_papers": 2**40}, "a column does not have its type"),
    ],
)
def test_faults_are_named(changes: dict[str, object], words: str) -> None:
    with pytest.raises(TableError, match=words):
        TREND_SERIES.conform(series(**changes))


def test_all_faults_are_named_at_once() -> None:
    with pytest.raises(TableError, match=r"kind is 'mood'.*; share is 2"):
        TREND_SERIES.conform(series(kind="mood", share=2.0))


def test_null_is_fine_where_it_means_unknown() -> None:
    assert TREND_SERIES.conform(series(share=None, n_total=0))["share"].item() is None


def test_a_key_stands_once() -> None:
    with pytest.raises(TableError, match="stands more than once, as for"):
        TREND_SERIES.conform(pl.concat([series(), series(n_papers=2)]))


def test_a_missing_column_is_named_with_those_that_are_there() -> None:
    with pytest.raises(TableError, match="rejects: no column reason, excerpt; there are source"):
        REJECTS.conform(pl.DataFrame({"source": ["a#1"], "detail": ["b"]}))


@pytest.mark.parametrize("table", PUBLISHED + ON_REQUEST, ids=lambda table: table.name)
def test_every_published_table_accepts_no_rows(table) -> None:
    assert table.conform(table.empty()).schema == table.schema
    assert set(table.key) <= set(table.columns)


def test_a_table_of_an_older_version_is_completed():
    papers = PAPERS.empty().drop("language")
    assert PAPERS.conform(PAPERS.completed(papers)).columns == list(PAPERS.columns)
    with pytest.raises(TableError, match="no column paper_id"):
        PAPERS.conform(PAPERS.completed(PAPERS.empty().drop("paper_id")))
