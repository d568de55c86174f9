"""How fast exports are read, and in how much memory, beside their lines alone and other parsers.

    python tests/benchmarks/bench_formats.py [N]      # records a format, 20,000 unless told

Each format's real file is blown up to N records in a temporary folder, and each step runs in a
process of its own: `lines` iterates the lines, `entries` parts them into entries, `records` does
all that a run does (text repaired, dates, identifiers, tables). `bibtexparser`, `rispy` and `nbib`
are measured where they are installed, with the whole file in memory as they need it.
"""

import contextlib
import io
import json
import logging
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

SHARED = Path(__file__).parents[2].parent / "shared" / "corpora" / "exports"
N_RECORDS = 20_000


def main(n: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tell("format", "step", "records", "MB", "seconds", "records/s", "MB/s", "peak MB")
        for name, (blow_up, steps) in FORMATS.items():
            path = Path(folder) / name.replace(" ", "_")
            blow_up(path, n)
            for step in steps:
                command = [sys.executable, __file__, "--one", step, str(path)]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                found = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else None
                if found is None:
                    why = done.stderr.strip().splitlines()[-1:]
                    tell(name, step, "not measured:", *why)
                    continue
                mb = path.stat().st_size / 1e6
                seconds, count, peak = found
                rates = f"{count / seconds:,.0f}", f"{mb / seconds:.1f}"
                tell(name, step, f"{count:,}", f"{mb:.0f}", f"{seconds:.2f}", *rates, f"{peak:.0f}")
            path.unlink()


def tell(*cells: object) -> None:
    sys.stdout.write("  ".join(f"{cell!s:>13}" for cell in cells) + "\n")
    sys.stdout.flush()


def one(step: str, path: Path) -> None:
    """Runs a step and prints seconds, records and peak memory in MB."""
    run = STEPS[step]
    logging.disable(logging.CRITICAL)
    with contextlib.redirect_stdout(io.StringIO()):
        prepare, work = run(path)
        prepared = prepare()
        began = time.perf_counter()
        count = work(prepared)
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    sys.stdout.write(json.dumps([seconds, count, peak]) + "\n")


Step = tuple[Callable[[], object], Callable[[object], int]]


def lines(path: Path) -> Step:
    from upwell.sources.content import Content

    return lambda: None, lambda _: sum(1 for _ in Content(path).lines())


def entries(path: Path) -> Step:
    from upwell.sources import bibtex_entries, csv_table, json_stream, medline, ris, tagged
    from upwell.sources import web_of_science as wos
    from upwell.sources.content import Content

    dialects = {"RIS": ris._DIALECT, "MEDLINE": medline._DIALECT, "WoS_text": wos._DIALECT}
    rows = Content(path).lines()
    if path.name in dialects:
        found = tagged.read_entries(rows, dialects[path.name])
    elif "BibTeX" in path.name:
        found = bibtex_entries.read_entries(rows)
    elif path.name == "CSL-JSON":
        found = json_stream.read_values(Content(path), frozenset(), r"\{")
    else:
        found = csv_table._rows(rows, [])
    return lambda: None, lambda _: sum(1 for _ in found)


def records(path: Path) -> Step:
    from upwell.config import SourceConfig
    from upwell.sources import find_files, read_files

    files, today = find_files([path]), date(2026, 1, 1)
    # The first record of a process imports ftfy and pylatexenc; a run pays that once.
    small = path.with_suffix(".small")
    small.write_bytes(path.read_bytes()[:200_000])
    read_files(find_files([small]), config=SourceConfig(), today=today)
    small.unlink()

    def work(_: object) -> int:
        reading = read_files(files, config=SourceConfig(), today=today)
        return reading.records.height + reading.rejects.height

    return lambda: None, work


def bibtexparser(path: Path) -> Step:
    from bibtexparser.splitter import Splitter

    return path.read_text, lambda text: len(Splitter(text).split().blocks)


def rispy(path: Path) -> Step:
    import rispy

    return path.read_text, lambda text: len(rispy.loads(text))


def nbib(path: Path) -> Step:
    import nbib

    return path.read_text, lambda text: len(nbib.read(text))


def csv_module(path: Path) -> Step:
    import csv

    def work(_: object) -> int:
        with path.open(newline="", encoding="utf-8-sig") as file:
            return sum(1 for _ in csv.reader(file)) - 1

    return lambda: None, work


def json_module(path: Path) -> Step:
    return path.read_text, lambda text: len(json.loads(text))


def repeated(source: str, start: str = "", head: int = 0) -> Callable[[Path, int], None]:
    """Writes the entries of a real file again and again; `head` lines stand once."""

    def write(path: Path, n: int) -> None:
        text = (SHARED / source).read_bytes().decode("utf-8-sig").replace("\r", "")
        top, rest = text.split("\n", head)[:head], text.split("\n", head)[-1]
        n_entries = max(1, rest.count(start) if start else 0)
        with path.open("w") as file:
            file.writelines(line + "\n" for line in top)
            for _ in range(n // n_entries + 1):
                file.write(rest.rstrip("\n") + "\n\n")

    return write


def table(source: str) -> Callable[[Path, int], None]:
    """Writes the rows of a real table again and again."""

    def write(path: Path, n: int) -> None:
        text = (SHARED / source).read_bytes().decode("utf-8-sig").replace("\r", "")
        head, _, rows = text.partition("\n")
        with path.open("w") as file:
            file.write(head + "\n")
            for _ in range(n // (10 if "ieee" in source else 58) + 1):
                file.write(rows.rstrip("\n") + "\n")

    return write


def wos_text(path: Path, n: int) -> None:
    """Writes the entries of the BibTeX export as tagged text."""
    from upwell.sources.bibtex_entries import read_entries
    from upwell.sources.content import Content

    tags = {"author": "AU", "title": "TI", "abstract": "AB", "year": "PY", "month": "PD"}
    found = [e.fields for e in read_entries(Content(SHARED / "wos.bib").lines())]
    parts = [
        "PT J\n"
        + "".join(
            f"{tags[k]} {v.strip('{}').replace(chr(10), chr(10) + '  ')}\n"
            for k, v in fields.items()
            if k in tags
        )
        + "ER\n\n"
        for fields in found
    ]
    with path.open("w") as file:
        file.write("FN Clarivate\nVR 1.0\n")
        for _ in range(n // len(parts) + 1):
            file.writelines(parts)
        file.write("EF")


def csl(path: Path, n: int) -> None:
    """Writes the entries of a BibTeX export as CSL-JSON."""
    from upwell.sources.bibtex_entries import read_entries
    from upwell.sources.content import Content

    items = [
        {
            "id": e.position,
            "type": "article-journal",
            "title": e.fields.get("title"),
            "abstract": e.fields.get("abstract"),
            "DOI": e.fields.get("doi"),
            "issued": {"date-parts": [[int(e.fields["year"])]]},
        }
        for e in read_entries(Content(SHARED / "scopus.bib").lines())
    ]
    with path.open("w") as file:
        json.dump((items * (n // len(items) + 1))[:n], file, indent=1)


OURS = ("lines", "entries", "records")
FORMATS = {
    "Scopus BibTeX": (repeated("scopus.bib", "\n@"), (*OURS, "bibtexparser")),
    "WoS BibTeX": (repeated("wos.bib", "\n@"), (*OURS, "bibtexparser")),
    "RIS": (repeated("example.ris", "ER  -"), (*OURS, "rispy")),
    "WoS text": (wos_text, OURS),
    "MEDLINE": (repeated("pubmed.txt", "PMID- "), (*OURS, "nbib")),
    "CSL-JSON": (csl, (*OURS, "json")),
    "Scopus CSV": (table("scopus.csv"), (*OURS, "csv")),
    "IEEE CSV": (table("ieee.csv"), (*OURS, "csv")),
}
STEPS = {
    "lines": lines, "entries": entries, "records": records, "bibtexparser": bibtexparser,
    "rispy": rispy, "nbib": nbib, "csv": csv_module, "json": json_module,
}  # fmt: skip

if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], Path(sys.argv[3]))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else N_RECORDS)
