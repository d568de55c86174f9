"""`upwell rejects`: what a run could not read, by file and reason, with examples."""

import io
import subprocess
import sys
from pathlib import Path

import polars as pl
from rich.console import Console
from small_run import publish_run, small_papers

from flows.rejects import Choice, chosen, show, with_files
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


def said(table: pl.DataFrame, **choice: object) -> list[str]:
    out, choice = io.StringIO(), Choice(**{"examples": 2} | choice)
    table = chosen(with_files(table), choice)
    show(Console(file=out, width=80), table, n_records=1000, choice=choice)
    return out.getvalue().replace("\N{NO-BREAK SPACE}", " ").splitlines()


def test_files_and_reasons_with_most_rejects_come_first() -> None:
    assert said(MANY) == [
        "5 rejects of 1,000 records, in 2 files: 3 no_abstract, 1 broken_syntax, 1 unknown_format.",
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
    how = "--files 60 shows all, --file NAME one, --csv FILE writes every reject"
    assert said(many)[-1] == f"and 50 more files, with 50 rejects: {how}"
    assert said(many, n_files=60)[-3] == "f059  1 reject"


def test_examples_are_of_many_kinds_and_say_how_frequent_each_is() -> None:
    kinds = [f"the line has {n} characters" for n in range(1, 7)] + ["a value is not closed"] * 2
    table = rejects(*((f"a.json#{n}", "broken_syntax", d, "") for n, d in enumerate(kinds, 1)))
    assert said(table, examples=3)[2:] == [
        "a.json  8 rejects",
        "  8  broken_syntax",
        "      #1  the line has 1 characters  (6 like this)",
        "      #7  a value is not closed  (2 like this)",
        "      #2  the line has 2 characters  (6 like this)",
    ]


def test_one_file_or_one_reason_is_shown() -> None:
    archive = rejects(
        ("old.zip!2019/a.json#3", "broken_syntax", "bad", "{"),
        ("old.zip!2020/a.json#4", "no_abstract", "missing", ""),
        ("old.zip", "unreadable_file", "cut", ""),
        ("b[1].json#1", "no_abstract", "missing", ""),
    )
    assert said(archive, file="old.zip!2019/*")[2:4] == [
        "old.zip!2019/a.json  1 reject", "  1  broken_syntax"
    ]  # fmt: skip
    assert said(archive, file="old.zip")[0].startswith("3 rejects of 1,000 records, in 3 files: ")
    assert said(archive, file="b[1].json")[0] == "1 reject of 1,000 records: 1 no_abstract."
    assert said(archive, reason="no_abstract")[0].endswith("in 2 files: 2 no_abstract.")
    assert said(archive, file="old.zip", reason="no_abstract")[2] == "old.zip!2020/a.json  1 reject"


def test_from_the_shell(tmp_path: Path) -> None:
    folder = publish_run(tmp_path / "outputs", small_papers(n_months=2))

    def upwell(code: int, *more: str) -> str:
        done = subprocess.run(
            [*UPWELL, "rejects", "--outputs", str(tmp_path / "outputs"), *more],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    assert "Nothing was rejected" in upwell(0)
    MANY.write_parquet(folder / "rejects.parquet")
    assert "5\N{NO-BREAK SPACE}rejects of" in upwell(0)
    assert f"All of them: {folder.resolve() / 'rejects.parquet'}" in upwell(0)
    csv = tmp_path / "all.csv"
    said = upwell(0, "--reason", "no_abstract", "--csv", str(csv))
    assert f"3\N{NO-BREAK SPACE}rejects written to {csv}" in said
    assert pl.read_csv(csv).equals(MANY.filter(reason="no_abstract"))
    assert "cannot be written" in upwell(2, "--csv", str(tmp_path / "no" / "all.csv"))
    nothing = upwell(2, "--file", "c.bib", "--reason", "truncated")
    assert "no reject is of --file c.bib --reason truncated; there are rejects of" in nothing
    assert "in/a.bib, b#1.txt, for no_abstract, broken_syntax, unknown_format" in nothing
    (folder / "rejects.parquet").write_bytes(b"no")
    assert "rejects.parquet: this table cannot be read" in upwell(2)
