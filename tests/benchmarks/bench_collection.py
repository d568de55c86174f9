"""Does a change of what is collected pass for a trend.

    python tests/benchmarks/bench_collection.py

arXiv listings of March to July 2025, whose collector took in other categories from one week to the
next. Verdicts on the themes of history_arxiv.toml and on all topics are compared: pooled as if
nothing had changed, within strata as a run does it, and on the papers of the largest category
alone, of whose collection no jump changes what is inside.

Rising or falling: 1 of 91 subjects pooled (an artefact: papers of other categories come in on
23 June), none within strata, none of 86 in cs.CV alone. Language model agents, 1,271 papers, are
typical: 9.0 a year pooled (2.5 to 32), 1.4 within strata (.47 to 4.3), 1.3 in cs.CV (.36 to 4.6).
"""

from pathlib import Path

import polars as pl
from bench_history import CORPORA, FOLDERS, load_corpus, membership, say

from upwell.config import TrendConfig
from upwell.themes import parse_watch_list
from upwell.trends.buckets import choose_width, count_papers, dated_papers, make_calendar
from upwell.trends.collection import find_jumps, part
from upwell.trends.measure import measure_growth, measure_trends
from upwell.trends.span import within_span
from upwell.trends.verdicts import decide_verdicts

LARGEST = "cs.CV"
MOVING = ("rising", "falling")


def verdicts_of(
    papers: pl.DataFrame, members: pl.DataFrame, subjects: pl.DataFrame, *, parted: bool
) -> pl.DataFrame:
    """Growth and verdict of subjects with 5 papers, within strata if the collection jumps."""
    dated = within_span(dated_papers(papers), TrendConfig())
    calendar = make_calendar(dated, choose_width(dated))
    assert calendar is not None
    parts = part(dated, find_jumps(calendar, dated)) if parted else None
    inside = members.join(dated, on="paper_id", how="semi")
    known = subjects.filter(count_papers(calendar, inside, subjects).sum(axis=1) >= 5)
    growth = measure_growth(calendar, inside, known, parts)
    verdicts, _ = decide_verdicts(
        growth, false_discovery_rate=0.05, steady_margin=0.1, n_years=calendar.n_years
    )
    low, high = growth.interval()
    return known.with_columns(verdict=pl.Series(verdicts), slope=growth.slope, low=low, high=high)


def main() -> None:
    """Print the jumps and the three sets of verdicts side by side."""
    corpus = load_corpus("arxiv", CORPORA / FOLDERS["arxiv"], fresh=False)
    listed = Path(__file__).with_name("history_arxiv.toml")
    themes = parse_watch_list(listed.read_text(), name=listed.name)
    members, subjects = membership(corpus, themes)
    for note in measure_trends(corpus.papers, members, subjects, config=TrendConfig()).notes:
        say("note:", note)
    stable = corpus.papers.filter(pl.col("categories").list.contains(LARGEST))
    views = {
        "pooled": verdicts_of(corpus.papers, members, subjects, parted=False),
        "within strata": verdicts_of(corpus.papers, members, subjects, parted=True),
        f"{LARGEST} alone": verdicts_of(stable, members, subjects, parted=True),
    }
    key = ["kind", "subject"]
    rows = subjects.select("kind", "subject", "name")
    for name, view in views.items():
        moving = view.filter(pl.col("verdict").is_in(MOVING))
        told = ", ".join(f"{r['name']} ({r['verdict']})" for r in moving.iter_rows(named=True))
        say(f"{name}: {len(moving)} of {len(view)} subjects rise or fall: {told or 'none'}")
        cell = pl.format(
            "{} ({} to {}) {}",
            *(pl.col(c).exp().clip(0, 1e6).round(2) for c in ("slope", "low", "high")),
            pl.col("verdict").str.head(5),
        )
        rows = rows.join(view.select(*key, cell.alias(name)), on=key, how="left")
    for row in rows.filter(pl.col("kind") == "theme").iter_rows(named=True):
        say(f"{row['name']:<40}" + "".join(f"{row[name] or '-':<38}" for name in views))
    both = views["within strata"].join(views[f"{LARGEST} alone"], on=key, suffix="_alone")
    apart = (both["low"] > both["high_alone"]) | (both["high"] < both["low_alone"])
    against = both.filter(
        pl.col("verdict").is_in(MOVING)
        & pl.col("verdict_alone").is_in(MOVING)
        & (pl.col("verdict") != pl.col("verdict_alone"))
    )
    say(
        f"{len(both)} subjects in both: {len(against)} with opposite verdicts, "
        f"{apart.mean():.3f} with intervals that do not meet"
    )


if __name__ == "__main__":
    main()
