"""Trying a theme out: which papers it would hold and how it moves, without a run.

No Prefect here: its server takes longer to start than all of this takes.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from rich.console import Console

from flows import trial_view
from flows.exits import UNUSABLE, stop
from flows.file_notes import why_nothing
from flows.published import RunError, find_run
from flows.subjects import list_members, list_subjects
from flows.watch_list import DEFAULT_WATCH_LIST, read_watch_list
from upwell.config import RunConfig, SourceConfig, Theme
from upwell.encode import EncoderError, embed, load_encoder
from upwell.sources import InputError, find_files, read_files
from upwell.store import read_vectors
from upwell.tables import PAPERS, THEME_PAPERS, TOPICS
from upwell.themes import (
    Matching,
    WatchListError,
    extend_theme,
    match_themes,
    theme_from_phrase,
)
from upwell.trends import Trends, measure_trends


@dataclass(frozen=True)
class Material:
    """What a theme is tried on: papers from `where`, and what the latest run made of them.

    `topics` and `assignments` are its topics, `theme_papers` the members of the themes it followed,
    all empty if it does not know every paper; `config` is its configuration.
    """

    where: str
    papers: pl.DataFrame
    topics: pl.DataFrame
    assignments: pl.DataFrame
    theme_papers: pl.DataFrame
    config: RunConfig

    @classmethod
    def new(cls, where: str, papers: pl.DataFrame, config: RunConfig) -> "Material":
        """Papers that no run knows."""
        nothing = (TOPICS.empty(), PAPERS.empty(), THEME_PAPERS.empty())
        return cls(where, papers, *nothing, config.with_themes(()))


def run(
    text: str,
    paths: Sequence[Path],
    *,
    outputs: Path,
    watch_list: Path | None,
    also: Sequence[str],
    exclude: Sequence[str],
    limit: int,
    sources: SourceConfig,
) -> None:
    """Try a theme out and show what comes of it; exits with 2 if it cannot.

    Parameters
    ----------
    text : name of a theme of the watch list, or a phrase.
    paths : files, folders or globs; none for the papers of the latest run.
    outputs : folder of runs; its kept vectors are used, nothing is written to it.
    watch_list : TOML file in which the theme stands; None for the default one or a bare phrase.
    also, exclude : phrases and exclusions to add to the theme.
    limit : papers shown in each list.
    sources : how files are read.
    """
    try:
        theme = choose_theme(text, watch_list=watch_list, also=also, exclude=exclude)
        with Console(stderr=True).status("reading papers …"):
            material = gather(paths, outputs, sources)
        with Console(stderr=True).status(f"matching {material.papers.height} papers …"):
            matching, trends = try_out(theme, material, outputs)
    except (EncoderError, InputError, RunError, WatchListError) as error:
        stop(error, UNUSABLE)
    trial = trial_view.Trial(theme, material.where, material.papers, matching, trends)
    trial_view.show(Console(), trial, limit=limit)
    if theme not in read_watch_list(watch_list or DEFAULT_WATCH_LIST):
        trial_view.show_entry(Console(), theme)


def choose_theme(
    text: str, *, watch_list: Path | None, also: Sequence[str], exclude: Sequence[str]
) -> Theme:
    """The theme that is meant by a name or a phrase.

    Raises
    ------
    WatchListError
        The watch list cannot be read or has no such theme, or a phrase has no word.
    """
    themes = read_watch_list(watch_list or DEFAULT_WATCH_LIST)
    plain = " ".join(text.split())
    theme = next((t for t in themes if t.name.casefold() == plain.casefold()), None)
    if theme is None and watch_list:
        names = ", ".join(repr(t.name) for t in themes)
        raise WatchListError(
            f"{watch_list} has no theme {plain!r}; it has {names}. Without --watch-list, any "
            "phrase can be tried"
        )
    return extend_theme(theme or theme_from_phrase(text), phrases=also, exclude=exclude)


def gather(paths: Sequence[Path], outputs: Path, sources: SourceConfig) -> Material:
    """The papers to try a theme on: of files, or of the latest run.

    Raises
    ------
    InputError
        The files cannot be found or hold no paper, or there is no run and no path.
    RunError
        The latest run cannot be read.
    """
    latest = _latest_run(outputs)
    if not paths:
        if latest is None:
            raise InputError(
                f"{outputs} holds no run yet: start one with `upwell run`, or name files to try "
                "the theme on, such as `upwell theme PHRASE my-papers/`"
            )
        return latest
    papers = _read_papers(paths, sources)
    where = ", ".join(str(path) for path in paths)
    if latest is None or papers.join(latest.papers, on="paper_id", how="anti").height:
        # Topics that leave out some of the papers would have gaps, which look like trends.
        return Material.new(where, papers, latest.config if latest else RunConfig())
    return replace(latest, where=where, papers=papers)


def try_out(theme: Theme, material: Material, outputs: Path) -> tuple[Matching, Trends]:
    """Match one theme to the papers and measure its trend, among the subjects of the run."""
    papers, config = material.papers, material.config
    encoder = load_encoder(config.encode.encoder)
    known = read_vectors(outputs, encoder.identity)
    vectors = embed(papers, encoder, known=known).vectors
    matching = match_themes(papers, vectors, themes=[theme], encode=encoder.encode)
    others = [t for t in config.themes if t.name.casefold() != theme.name.casefold()]
    subjects = list_subjects(material.topics, [*others, theme])
    followed = material.theme_papers.filter(pl.col("theme").is_in([t.name for t in others]))
    members = list_members(
        material.assignments, pl.concat([followed, matching.theme_papers]), subjects
    ).join(papers, on="paper_id", how="semi")
    return matching, measure_trends(papers, members, subjects, config=config.trends)


def _read_papers(paths: Sequence[Path], sources: SourceConfig) -> pl.DataFrame:
    """Files to papers, as a run reads them."""
    from upwell.dedup import deduplicate

    today = datetime.now(UTC).date()
    reading = read_files(find_files(paths), config=sources, today=today)
    if reading.records.is_empty():
        raise InputError(why_nothing(reading.rejects))
    return deduplicate(reading.records, config=RunConfig().dedup).papers


def _latest_run(outputs: Path) -> Material | None:
    """Papers, topics and configuration of the latest run; None if there is none.

    Raises
    ------
    RunError
        It cannot be read.
    """
    latest = outputs / "latest"
    if not latest.exists():
        return None
    run = find_run("latest", outputs)
    papers = run.read(PAPERS)
    themes = run.read(THEME_PAPERS)
    return Material(str(latest), papers, run.read(TOPICS), papers, themes, run.manifest.config)
