"""`upwell rejects`: what a run could not read, by file and reason, with examples."""

import io
import subprocess
import sys
from pathlib import Path

import polars as pl
from rich.console import Console
from small_run import publish_run, small_papers

from flows.rejects import show
from upwell.tables import REJECTS

UPWELL = [sys.executable, "-c", "from flows.cli import main; main()"]


def rejects(*rows: tuple[str, str, str, str]) -> pl.DataFrame:
    columns = ["source", "reason", "detail", "excerpt"]
    return REJECTS.conform(pl.DataFrame(rows, schema=columns, orient="row"))


MANY = rejects(
    *((f"in/a.bib#{n}", "no_abstract", "the abstract is missing", f"T{n}") for n in (9, 10, 111)),
    ("in/a.bib#7:20", "broken_syntax", "a value is not closed [sic]", "@article{[x]"),
    ("b#1.txt", "unknown_format", "this is a PDF", ""),
)


def said(table: pl.DataFrame, examples: int = 2) -> list[str]:
    out = io.StringIO()
    show(Console(file=out, width=80), table, n_records=1000, examples=examples)
    return out.getvalue().replace("\N{NO-BREAK SPACE}", " ").splitlines()


def test_files_and_reasons_with_most_rejects_come_first() -> None:
    assert said(MANY) == [
        "5 rejects of 1,000 records: 3 no_abstract, 1 broken_syntax, 1 unknown_format.",
        "",
        "in/a.bib  4 rejects",
        "  3  no_abstract",
        "      #9  the abstract is missing",
        "        T9",
        "      #10  the abstract is missing",
        "        T10",
        "  1  broken_syntax",
        "      #7:20  a value is not closed [sic]",
        "        @article{[x]",
        "",
        "b#1.txt  1 reject",
        "  1  unknown_format",
        "      the file  this is a PDF",
    ]


def test_without_examples_there_are_counts_only() -> None:
    assert said(MANY, examples=0)[2:5] == [
        "in/a.bib  4 rejects",
        "  3  no_abstract",
        "  1  broken_syntax",
    ]


def test_nothing_rejected_is_said() -> None:
    assert said(REJECTS.empty()) == ["Nothing was rejected: all of 1,000 records could be read."]


def test_many_files_are_cut_short_and_counted() -> None:
    many = rejects(*((f"f{n:03}#1", "no_abstract", "missing", "") for n in range(60)))
    assert said(many)[-1] == "and 10 more files, with 10 rejects"


def test_from_the_shell(tmp_path: Path) -> None:
    folder = publish_run(tmp_path / "outputs", small_papers(n_months=2))

    def upwell(code: int) -> str:
        done = subprocess.run(
            [*UPWELL, "rejects", "--outputs", str(tmp_path / "outputs")],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    assert "Nothing was rejected" in upwell(0)
    MANY.write_parquet(folder / "rejects.parquet")
    assert "5\N{NO-BREAK SPACE}rejects of" in upwell(0)
    assert f"All of them: {folder.resolve() / 'rejects.parquet'}" in upwell(0)
    (folder / "rejects.parquet").write_bytes(b"no")
    assert "rejects.parquet: this table cannot be read" in upwell(2)
