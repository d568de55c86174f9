"""`upwell …`: the same flows from a shell.

Only what `upwell --help` needs is imported here; Prefect and the stages come with the command.
Exit codes: 0 done, 1 failed, 2 unusable input or arguments.
"""

import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal, NoReturn

from cyclopts import App, CycloptsError, Parameter, validators
from pydantic import ValidationError

from flows.exits import FAILED, UNUSABLE, stop
from upwell.config import (
    DedupConfig,
    EncoderConfig,
    FeedConfig,
    FeedOptions,
    RunConfig,
    SourceConfig,
    TopicConfig,
    TrendConfig,
)

app = App(
    name="upwell",
    help="Tells which research themes are rising, with an error rate.",
    version=version("upwell"),
    suppress_keyboard_interrupt=False,
)

Options = Parameter(name="*")
Outputs = Annotated[Path, Parameter(help="Folder in which runs are published.")]
RunName = Annotated[
    str,
    Parameter(name="RUN", help="Folder of a published run, its id in the outputs, or `latest`."),
]
Phrases = Annotated[
    tuple[str, ...],
    Parameter(name="--theme", help="A phrase to follow besides the watch list; may be repeated."),
]
WatchList = Annotated[
    Path | None,
    Parameter(name="--watch-list", help="TOML file of themes instead of the default watch list."),
]


@app.command
def run(
    *paths: Annotated[Path, Parameter(help="Files, folders or globs; none: a sample corpus.")],
    outputs: Outputs = Path("outputs"),
    into: Annotated[
        Path | None,
        Parameter(
            help="Folder of outputs whose papers these join; without paths, the papers known there."
        ),
    ] = None,
    watch_list: WatchList = None,
    theme: Phrases = (),
    dask: Annotated[
        bool,
        Parameter(help="Refit topics side by side in processes (extra `dask`).", negative=()),
    ] = False,
    sources: Annotated[SourceConfig, Options] = SourceConfig(),
    dedup: Annotated[DedupConfig, Options] = DedupConfig(),
    encode: Annotated[EncoderConfig, Options] = EncoderConfig(),
    topics: Annotated[TopicConfig, Options] = TopicConfig(),
    trends: Annotated[TrendConfig, Options] = TrendConfig(),
) -> None:
    """Read papers, find their topics, and say which topics and themes are rising."""
    from flows import terminal

    terminal.run(
        list(paths) or None,
        outputs=into or outputs,
        join=into is not None,
        watch_list=watch_list,
        phrases=theme,
        dask=dask,
        config=RunConfig(sources=sources, dedup=dedup, encode=encode, topics=topics, trends=trends),
    )


@app.command
def theme(
    phrase: Annotated[str, Parameter(help="A phrase, or the name of a theme of the watch list.")],
    *paths: Annotated[
        Path, Parameter(help="Files, folders or globs; none: the papers of the latest run.")
    ],
    watch_list: Annotated[
        Path | None, Parameter(help="TOML file of themes that has the theme by its name.")
    ] = None,
    also: Annotated[
        tuple[str, ...], Parameter(help="A phrase to add to the theme; may be repeated.")
    ] = (),
    exclude: Annotated[
        tuple[str, ...], Parameter(help="A phrase that keeps papers out; may be repeated.")
    ] = (),
    outputs: Outputs = Path("outputs"),
    limit: Annotated[
        int, Parameter(help="Papers in each list.", validator=validators.Number(gte=1))
    ] = 5,
    sources: Annotated[SourceConfig, Options] = SourceConfig(),
) -> None:
    """Try a theme out: its papers, the doubtful ones, and its trend."""
    from flows import trial

    trial.run(
        phrase,
        paths,
        outputs=outputs,
        watch_list=watch_list,
        also=also,
        exclude=exclude,
        limit=limit,
        sources=sources,
    )


@app.command(name="calibrate")
def calibrate_run(
    run_name: RunName = "latest",
    *,
    outputs: Outputs = Path("outputs"),
    shuffles: Annotated[
        int, Parameter(help="Of each of the two sorts.", validator=validators.Number(gte=1))
    ] = 1000,
) -> None:
    """Shuffle the dates of a run, to see how often a verdict is false when nothing has a trend."""
    from flows import calibrate

    calibrate.run(run_name, outputs=outputs, n_shuffles=shuffles)


@app.command(name="backtest")
def backtest_run(
    run_name: RunName = "latest",
    *,
    outputs: Outputs = Path("outputs"),
    cutoffs: Annotated[
        int, Parameter(help="Dates to look back from, at most.", validator=validators.Number(gte=1))
    ] = 8,
) -> None:
    """Look back from past dates, to see how often growth followed a verdict made then."""
    from flows import backtest

    backtest.run(run_name, outputs=outputs, n_cutoffs=cutoffs)


@app.command
def rejects(
    run_name: RunName = "latest",
    *,
    outputs: Outputs = Path("outputs"),
    examples: Annotated[
        int,
        Parameter(
            help="Shown of each reason in each file, at most.", validator=validators.Number(gte=0)
        ),
    ] = 3,
    files: Annotated[
        int,
        Parameter(
            help="Shown at most, those with most rejects.", validator=validators.Number(gte=1)
        ),
    ] = 10,
    file: Annotated[str, Parameter(help="Only of files of this name or pattern.")] = "",
    reason: Annotated[str, Parameter(help="Only for this reason, such as no_abstract.")] = "",
    csv: Annotated[Path | None, Parameter(help="File to write all of these to, as CSV.")] = None,
) -> None:
    """Show what a run could not read: by file and reason, with examples."""
    from flows import rejects as view

    choice = view.Choice(file=file, reason=reason, n_files=files, examples=examples)
    view.run(run_name, outputs=outputs, choice=choice, csv=csv)


@app.command
def remove(
    *,
    paper: Annotated[
        tuple[str, ...], Parameter(help="Id of a paper of the latest run; may be repeated.")
    ] = (),
    source: Annotated[
        tuple[str, ...],
        Parameter(
            help="Name of a file or of a member of an archive as in `sources`, or a pattern of "
            "names; may be repeated."
        ),
    ] = (),
    outputs: Outputs = Path("outputs"),
) -> None:
    """Take papers out of the corpus for good: a retraction, a wrong file."""
    from flows import upkeep

    upkeep.remove(outputs, papers=paper, sources=source)


@app.command
def prune(
    *,
    keep: Annotated[
        int, Parameter(help="Runs that stay, the newest.", validator=validators.Number(gte=1))
    ],
    outputs: Outputs = Path("outputs"),
) -> None:
    """Remove old runs, never the one that `latest` points at."""
    from flows import upkeep

    upkeep.prune_runs(outputs, keep=keep)


@app.command
def verify(
    *,
    outputs: Outputs = Path("outputs"),
    landing: Annotated[
        Path | None, Parameter(help="Folder of harvested answers to check as well.")
    ] = None,
) -> None:
    """Check every checksum and count of the outputs, and name what is damaged."""
    from flows import upkeep

    upkeep.verify_all(outputs, landing)


@app.command
def rebuild(*, outputs: Outputs = Path("outputs")) -> None:
    """Read every file of the corpus again, and make what is kept between runs anew."""
    from flows import upkeep

    upkeep.rebuild_state(outputs)


@app.command
def harvest(
    source: Annotated[
        Literal["arxiv", "huggingface", "openalex"], Parameter(help="Which source to ask.")
    ],
    *,
    since: Annotated[date, Parameter(help="First day that is wanted, such as 2026-01-31.")],
    into: Annotated[Path, Parameter(help="Landing folder; its answers are files to read.")] = Path(
        "landing"
    ),
    again: Annotated[
        bool,
        Parameter(help="Ask for all days since then, harvested before or not.", negative=()),
    ] = False,
    dry_run: Annotated[
        bool, Parameter(help="Only print what would be asked.", negative=())
    ] = False,
    feed: Annotated[FeedOptions, Options] = FeedOptions(),
) -> None:
    """Ask a live source for new papers, and keep each answer as it came."""
    from flows import harvest_command

    config = FeedConfig(source=source, since=since, **feed.model_dump())
    harvest_command.run(config, into=into, again=again, dry_run=dry_run)


@app.command
def serve(
    folder: Annotated[Path, Parameter(help="What is new in it joins what is known.")],
    *,
    outputs: Outputs = Path("outputs"),
    cron: Annotated[
        str, Parameter(help="When to run: minute hour day month weekday.")
    ] = "0 6 * * *",
    timezone: Annotated[str, Parameter(help="Of the schedule, such as Europe/Berlin.")] = "UTC",
    name: Annotated[
        str | None, Parameter(help="Of the deployment; else that of the folder.")
    ] = None,
    watch_list: WatchList = None,
    feeds: Annotated[
        Path | None,
        Parameter(help="TOML file of live sources to ask first; their answers land in the folder."),
    ] = None,
    wait: Annotated[float, Parameter(help="Seconds for the server to come up.")] = 60,
) -> None:
    """Run every day on a folder, through a Prefect server that is already running."""
    from flows.feeds import FeedsError
    from flows.serve import ServeError
    from flows.serve import serve as serve_flow
    from upwell.themes import WatchListError

    try:
        serve_flow(
            folder,
            outputs=outputs,
            cron=cron,
            timezone=timezone,
            watch_list=watch_list,
            feeds=feeds,
            name=name,
            wait=wait,
        )
    except (FeedsError, ServeError, WatchListError) as error:
        stop(error, UNUSABLE)


def main() -> NoReturn:
    """Entry point of the console script."""
    try:
        app(exit_on_error=False, print_error=False)
    except CycloptsError as error:
        stop(_plain(error), UNUSABLE)
    except KeyboardInterrupt:
        stop("stopped; the last published run is untouched", FAILED)
    sys.exit(0)


def _plain(error: CycloptsError) -> str:
    """What is wrong with the arguments, without pydantic's internals."""
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return str(error)
    return "; ".join(
        f"--{str(fault['loc'][0]).replace('_', '-')} {fault['input']}: "
        + fault["msg"].removeprefix("Value error, ")
        for fault in cause.errors()
    )
