"""Would the verdicts have helped: what upwell would have said at past dates, and what came after.

At each cut-off, `look` sees the papers known by then and nothing else: topics are found and themes
learned anew, and trends measured. Only then does `follow` put later papers into those topics and
themes, by rules that are fixed. No Prefect here.

Papers that had a part in a topic are in it no more surely than those that come later: the rule
compares a paper with the others of a topic (`upwell.topics.centres`). So shares before and after a
cut-off are counted alike.

What is not done anew: duplicates are as the run found them, the encoder's weights and the watch
list are those of the run.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from rich.console import Console

from flows import backtest_view
from flows.bars import bar
from flows.exits import ending_in_words
from flows.published import PublishedRun, RunError, find_run
from flows.subjects import list_members, list_subjects
from upwell.config import RunConfig
from upwell.encode import Encoder, EncoderError, embed, load_encoder
from upwell.lineage import History, trace
from upwell.store import add_to_run, read_vectors
from upwell.tables import BACKTEST, PAPERS
from upwell.themes import LearnedTheme, apply_themes, match_themes
from upwell.topics import Discovery, discover, place
from upwell.trends import measure_trends
from upwell.trends.backtest import (
    BacktestError,
    Cutoff,
    choose_cutoffs,
    compare,
    followed_by_growth,
    known_at,
    published_after,
)


@dataclass(frozen=True)
class Known:
    """What could be known at a cut-off, and the rules by which later papers are placed.

    `trends` are what would have been said, `members` who is in which subject.
    `ids` gives each topic as found its id that holds between cut-offs; `history` is for the next.
    """

    papers: pl.DataFrame
    subjects: pl.DataFrame
    trends: pl.DataFrame
    members: pl.DataFrame
    found: Discovery
    learned: tuple[LearnedTheme, ...]
    ids: dict[int, int]
    history: History


def run(name: str, *, outputs: Path, n_cutoffs: int) -> None:
    """Back-test a published run, write what came out beside it, and say it.

    Exits with 2 if the run cannot be used, with 1 if its folder cannot be written.

    Parameters
    ----------
    name : folder of a run, id of one in `outputs`, or `latest`.
    outputs : folder of runs.
    n_cutoffs : dates to look back from, at most.
    """
    with ending_in_words(RunError, BacktestError, EncoderError):
        published = find_run(name, outputs)
        table = backtest_run(published, n_cutoffs=n_cutoffs)
        rates = followed_by_growth(table)
        write(published.folder, table, rates)
        backtest_view.show(Console(), table, rates)
    Console().print(f"{published.folder}/figures/backtest.png", soft_wrap=True, highlight=False)


def backtest_run(published: PublishedRun, *, n_cutoffs: int) -> pl.DataFrame:
    """The table `backtest` of a run.

    Raises
    ------
    RunError
        A table cannot be read, or the run has no trends.
    BacktestError
        The run covers too little time.
    EncoderError
        The run's encoder is not at hand.
    """
    published.tested()
    manifest = published.manifest
    if manifest.bucket is None:
        raise RunError(f"{published.folder}/run.json: the run names no bucket, but has trends")
    papers = published.read(PAPERS)
    trends = manifest.config.trends
    cutoffs = choose_cutoffs(papers, width=manifest.bucket, config=trends, n_cutoffs=n_cutoffs)
    encoder = load_encoder(manifest.config.encode.encoder)
    if encoder.identity != manifest.encoder:
        raise RunError(
            f"{published.folder}: the run was encoded by {manifest.encoder}, but there is only "
            f"{encoder.identity}; make the run again with `upwell run`"
        )
    with bar(f"look back from {len(cutoffs)} dates") as advance:
        advance(0, len(cutoffs))
        known = read_vectors(published.outputs, encoder.identity)
        vectors = embed(papers, encoder, known=known).vectors
        tables = []
        for table in look_back(papers, vectors, cutoffs, config=manifest.config, encoder=encoder):
            tables.append(table)
            advance(len(tables), len(cutoffs))
    return pl.concat(tables)


def look_back(
    papers: pl.DataFrame,
    vectors: pl.DataFrame,
    cutoffs: list[Cutoff],
    *,
    config: RunConfig,
    encoder: Encoder,
) -> Iterator[pl.DataFrame]:
    """Rows of the table `backtest`, for one cut-off after the other, the earliest first."""
    history = History.none()
    for cutoff in cutoffs:
        past = known_at(papers, cutoff)
        known = look(past, _of(vectors, past), cutoff, history, config=config, encoder=encoder)
        history = known.history
        yield follow(known, published_after(papers, cutoff), vectors, cutoff)


def look(
    papers: pl.DataFrame,
    vectors: pl.DataFrame,
    cutoff: Cutoff,
    history: History,
    *,
    config: RunConfig,
    encoder: Encoder,
) -> Known:
    """What upwell would have said: it is given the papers known by then, and no others.

    Parameters
    ----------
    papers, vectors : of the papers known at the cut-off.
    cutoff : gives the run its name among those of the earlier cut-offs.
    history : of the topics at earlier cut-offs.
    config : of the run that is back-tested.
    encoder : of that run.
    """
    found = discover(papers, vectors, config=config.topics)
    traced = trace(found.assignments, vectors, history=history, run_id=cutoff.day.isoformat())
    ids = dict(traced.ids.select("raw_id", "topic_id").iter_rows())
    themes = config.themes
    matched = match_themes(papers, vectors, themes=themes, encode=encoder.encode, propose=False)
    subjects = list_subjects(_renamed(found.topics, ids), themes)
    members = list_members(_renamed(found.assignments, ids), matched.theme_papers, subjects)
    trends = measure_trends(papers, members, subjects, config=config.trends).trends
    return Known(
        papers=papers,
        subjects=subjects,
        trends=trends,
        members=members,
        found=found,
        learned=matched.learned,
        ids=ids,
        history=History(traced.events, traced.members),
    )


def follow(
    known: Known, later: pl.DataFrame, vectors: pl.DataFrame, cutoff: Cutoff
) -> pl.DataFrame:
    """Later papers put where they would have belonged, and shares compared."""
    of_later = _of(vectors, later)
    placed = _renamed(place(of_later, known.found.centres), known.ids)
    themed = apply_themes(later, of_later, learned=known.learned)
    members = list_members(placed, themed, known.subjects)
    return compare(
        known.trends, cutoff, known=(known.papers, known.members), later=(later, members)
    )


def write(folder: Path, table: pl.DataFrame, rates: pl.DataFrame) -> None:
    """Table and figure beside those of the run."""
    from upwell.figures import backtest, render

    figure = backtest(table, rates)
    files = {
        "figures/backtest.png": render(figure, "png"),
        "figures/backtest.svg": render(figure, "svg"),
    }
    add_to_run(folder, tables={BACKTEST: table}, files=files)


def _of(vectors: pl.DataFrame, papers: pl.DataFrame) -> pl.DataFrame:
    """The vectors of these papers alone."""
    return vectors.join(papers, on="paper_id", how="semi")


def _renamed(frame: pl.DataFrame, ids: dict[int, int]) -> pl.DataFrame:
    """The frame with topic ids that hold between cut-offs."""
    lasting = pl.col("topic_id").replace_strict(ids | {-1: -1}, return_dtype=pl.Int32)
    return frame.with_columns(lasting)
