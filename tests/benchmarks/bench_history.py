"""Does history come out right: verdicts of whole runs against what is known of a field.

    python tests/benchmarks/bench_history.py neurips [--figure FILE] [--fresh]
    python tests/benchmarks/bench_history.py neurips --windows
    python tests/benchmarks/bench_history.py arxiv

Papers are those of ../shared/corpora, read, deduplicated, embedded and matched as a run does it.
What is expected of each theme and span stands in history_*.csv and was written, like the watch lists
in history_*.toml, before anything was computed:

    rising, falling, steady   that is what happened
    no claim                  no verdict is right but insufficient_evidence: hardly a paper, or the
                              theme turned within the span and one direction would mislead
    either                    history does not decide

Each span is measured on its own papers. The topics of the corpus, found once, are measured beside
the themes, so that noise is learned from many subjects. `end` is the share of the last three buckets
(two, where there are few) over their highest, or the lowest over them for `falling`; a verdict that
this contradicts is marked `!`: the reader would take the theme to be where it is not. `--windows`
counts such verdicts over all stretches of years. What counts as a turn was settled after a first look
at the results (`steady` and the standard error came in then); lists and expectations were not touched.

NeurIPS, 1990-1999, 1999-2008, 2008-2018 and 1987-2018: of the 56 risings and falls that one reader
expected, 36 are found, 20 are not claimed and none is contradicted; where no claim was expected,
none is made (24, ten of them with fewer than 5 papers); 16 were left open. Not claimed, for want of
papers: analog VLSI and associative memory in the 1990s, component analysis and boosting after 2008.
Where the expectation was wrong: Boltzmann machines came back in 2009, not 2002; Gaussian processes
and bandits are a plateau after 2005 and 2011; reinforcement learning fell to 2.2 % of 2013 before
it rose. Where the phrases were: nobody says "kernel method" before 1999, nor "variational
inference" where it was "mean field".

Verdicts that hide a turn, of all on themes and topics in stretches of so many years (they overlap,
and the peak is the highest of several, so this is a gauge and no error rate):

    years       rising      falling       steady
     8          0 of 66      0 of 53      0 of 0
    10          0 of 125     0 of 95      0 of 0
    12          0 of 150     0 of 115     0 of 0
    16          1 of 139     0 of 127     0 of 0
    20          0 of 111     0 of 85      0 of 0
    24          2 of 80      0 of 56      0 of 0
    28          2 of 37      0 of 29      0 of 0

Before `steady` asked for a straight course and no doubling, it hid a turn in 96 of 153 verdicts, and
two of the 1987-2018 verdicts above contradicted history (spiking neurons and reinforcement learning,
both `steady`). Those rules were made after seeing that, on this corpus, so what it says of them is no
independent test; another venue would be.

arXiv, March to July 2025, in weeks: none of the 16 themes has a verdict; 11 were expected to move,
from memory of the year. Four and a half months tell growth a year within a factor of 3 at best
(agents, 1,271 papers: 0.47 to 4.32), and the collection changes twice (bench_collection.py).
"""

import argparse
import csv
import datetime as dt
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from history_figure import draw
from history_turns import where_it_ends

from upwell import topics
from upwell.config import DedupConfig, SourceConfig, Theme, TopicConfig, TrendConfig
from upwell.dedup import deduplicate
from upwell.encode import embed, load_encoder
from upwell.sources import find_files, read_files
from upwell.themes import match_themes, parse_watch_list
from upwell.trends import Trends, measure_trends

HERE = Path(__file__).parent
CORPORA = HERE.parents[1].parent / "shared" / "corpora"
FOLDERS = {"neurips": "neurips", "arxiv": "arxiv_daily"}
CACHE = Path(tempfile.gettempdir()) / "upwell-history"
MOVES = ("rising", "falling", "steady")
WINDOWS = (8, 10, 12, 16, 20, 24, 28)  # years
COLUMNS = ("theme", "span", "n", "growth a year", "verdict", "robust", "end", "expected", "outcome")
LINE = "{:<43}{:<17}{:>5} {:<24}{:<13}{:<8}{:<7}{:<10}{}"

Span = tuple[str, str]


@dataclass(frozen=True)
class Expectation:
    """What is known of a theme in a span of years (`1990`) or months (`2025-03`), ends included."""

    theme: str
    since: str
    until: str
    expected: str
    why: str

    @property
    def span(self) -> Span:
        """First and last year or month."""
        return self.since, self.until


@dataclass(frozen=True)
class Corpus:
    """Papers with their vectors and topics."""

    papers: pl.DataFrame
    vectors: pl.DataFrame
    topics: pl.DataFrame
    assignments: pl.DataFrame


def say(*parts: str) -> None:
    """One line of the result, at once."""
    sys.stdout.write(" ".join(parts).rstrip() + "\n")
    sys.stdout.flush()


def load_corpus(name: str, folder: Path, *, fresh: bool) -> Corpus:
    """The corpus, from the temporary folder if it was made before."""
    cache = CACHE / name
    tables = ("papers", "vectors", "topics", "assignments")
    if fresh or not (cache / "assignments.parquet").exists():
        cache.mkdir(parents=True, exist_ok=True)
        made = make_corpus(folder)
        for table in tables:
            getattr(made, table).write_parquet(cache / f"{table}.parquet")
    return Corpus(*(pl.read_parquet(cache / f"{table}.parquet") for table in tables))


def make_corpus(folder: Path) -> Corpus:
    """Files to papers, vectors and topics, as a run makes them."""
    records = read_files(find_files([folder]), config=SourceConfig(), today=dt.date.today()).records
    papers = deduplicate(records, config=DedupConfig()).papers
    vectors = embed(papers, load_encoder("static")).vectors
    found = topics.discover(papers, vectors, config=TopicConfig())
    return Corpus(papers, vectors, found.topics, found.assignments)


def membership(corpus: Corpus, themes: Sequence[Theme]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Members and subjects: themes and topics, as `measure_trends` takes them."""
    matched = match_themes(
        corpus.papers, corpus.vectors, themes=themes, encode=load_encoder("static").encode
    )
    for note in matched.notes:
        say("note:", note)
    topic = pl.col("topic_id").cast(pl.String)
    members = pl.concat(
        [
            matched.theme_papers.select(kind=pl.lit("theme"), subject="theme", paper_id="paper_id"),
            corpus.assignments.filter(pl.col("topic_id") >= 0).select(
                kind=pl.lit("topic"), subject=topic, paper_id="paper_id"
            ),
        ]
    )
    subjects = pl.concat(
        [
            pl.DataFrame(
                {"subject": [t.name for t in themes], "name": [t.name for t in themes]}
            ).with_columns(kind=pl.lit("theme")),
            corpus.topics.select(subject=topic, name="label", kind=pl.lit("topic")),
        ]
    ).select("kind", "subject", "name")
    return members, subjects


def within(papers: pl.DataFrame, since: str, until: str) -> pl.DataFrame:
    """The papers of a span; years and months compare as text."""
    written = pl.col("published").dt.strftime("%Y-%m").str.head(len(since))
    return papers.filter(written.is_between(pl.lit(since), pl.lit(until)))


def measure_span(
    papers: pl.DataFrame, members: pl.DataFrame, subjects: pl.DataFrame, span: Span
) -> Trends:
    """The trends of the papers of one span."""
    chosen = within(papers, *span)
    inside = members.join(chosen, on="paper_id", how="semi")
    return measure_trends(chosen, inside, subjects, config=TrendConfig())


def judge(expected: str, verdict: str) -> str:
    """Whether a verdict is what history says."""
    if expected == "either":
        return "open"
    if verdict == "insufficient_evidence":
        return "agree" if expected == "no claim" else "not claimed"
    return "agree" if verdict == expected else "CONTRADICTS"


def rows_of(
    expectations: Sequence[Expectation], found: Mapping[Span, Trends]
) -> Iterator[dict[str, Any]]:
    """One row per expectation, in their order."""
    for known in expectations:
        trends = found[known.span]
        of_theme = (pl.col("kind") == "theme") & (pl.col("subject") == known.theme)
        row = trends.trends.filter(of_theme).row(0, named=True)
        end, misleads = where_it_ends(trends.series.filter(of_theme), row["verdict"])
        outcome = judge(known.expected, row["verdict"])
        yield row | {
            "theme": known.theme,
            "spanned": known.span,
            "expected": known.expected,
            "outcome": outcome,
            "end": end,
            "misleads": misleads,
        }


def print_table(rows: Sequence[Mapping[str, Any]]) -> None:
    """The table, and how often each outcome came about."""
    say(LINE.format(*COLUMNS))
    for row in rows:
        growth = "-"
        if row["growth"] is not None:
            growth = f"{row['growth']:.2f} ({row['growth_low']:.2f} to {row['growth_high']:.2f})"
        say(
            LINE.format(
                row["theme"],
                "…".join(row["spanned"]),
                row["n_papers"],
                growth,
                row["verdict"].replace("_evidence", ""),
                "yes" if row["robust"] else "no",
                f"{row['end']:.2f}{'!' if row['misleads'] else ''}",
                row["expected"],
                row["outcome"],
            )
        )
    outcomes = Counter(row["outcome"] for row in rows).most_common()
    say(", ".join(f"{n} {outcome}" for outcome, n in outcomes))


def print_windows(corpus: Corpus, members: pl.DataFrame, subjects: pl.DataFrame) -> None:
    """How many verdicts of all stretches of years hide a turn, by their length."""
    years = sorted(corpus.papers["published"].dt.year().unique().drop_nulls())
    say(f"{'years':<7}" + "".join(f"{v:>24}" for v in MOVES))
    for length in WINDOWS:
        n_all, n_hiding = Counter[str](), Counter[str]()
        for since in range(years[0], years[-1] - length + 2, 2):
            span = (str(since), str(since + length - 1))
            trends = measure_span(corpus.papers, members, subjects, span)
            series = trends.series.partition_by("kind", "subject", as_dict=True)
            for kind, subject, verdict in trends.trends.select(
                "kind", "subject", "verdict"
            ).iter_rows():
                n_all[verdict] += 1
                n_hiding[verdict] += where_it_ends(series[kind, subject], verdict)[1]
        say(f"{length:<7}" + "".join(f"{n_hiding[v]:>12} of {n_all[v]:<8}" for v in MOVES))


def main() -> None:
    """Print the table of one corpus and draw its figure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("corpus", choices=sorted(FOLDERS))
    parser.add_argument("--corpora", type=Path, default=CORPORA, help="folder of the corpora")
    parser.add_argument("--windows", action="store_true", help="count verdicts that hide a turn")
    parser.add_argument("--figure", type=Path, help="write the figure to this PNG file")
    parser.add_argument("--fresh", action="store_true", help="read, embed and cluster again")
    given = parser.parse_args()
    listed = HERE / f"history_{given.corpus}.toml"
    themes = parse_watch_list(listed.read_text(), name=listed.name)
    with listed.with_suffix(".csv").open(newline="") as file:
        expectations = [Expectation(**row) for row in csv.DictReader(file)]
    corpus = load_corpus(given.corpus, given.corpora / FOLDERS[given.corpus], fresh=given.fresh)
    members, subjects = membership(corpus, themes)
    if given.windows:
        print_windows(corpus, members, subjects)
        return
    spans = dict.fromkeys(known.span for known in expectations)
    found = {span: measure_span(corpus.papers, members, subjects, span) for span in spans}
    for span, trends in found.items():
        say(f"{'…'.join(span)}: {len(within(corpus.papers, *span)):,} papers, buckets of a {trends.bucket}")  # fmt: skip
    rows = list(rows_of(expectations, found))
    print_table(rows)
    if given.figure:
        given.figure.write_bytes(draw(rows, found))


if __name__ == "__main__":
    main()
