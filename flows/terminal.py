"""A run at a terminal: progress bars, then a short table of verdicts and where the run is."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from flows.exits import FAILED, UNUSABLE, stop
from flows.published import PublishedRun, latest_if_same, nothing_new
from flows.server import latest_stands, server, while_server_answers
from upwell.config import RunConfig, Theme

if TYPE_CHECKING:
    from prefect import Flow

MAX_ROWS, MAX_NEWS = 12, 8

# Prefect's log goes to its UI; at the terminal, the bars and the last word are enough. The second
# is the level of what Prefect says of itself, such as each event that a vanished server missed.
os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
os.environ.setdefault("PREFECT_LOGGING_INTERNAL_LEVEL", "CRITICAL")


def run(
    paths: list[Path] | None,
    *,
    outputs: Path,
    watch_list: Path | None,
    phrases: Sequence[str],
    dask: bool,
    config: RunConfig,
    join: bool,
) -> None:
    """Run `analyse`, show what it does and what it finds; exits with 1 or 2 if it cannot.

    Parameters
    ----------
    paths : files, folders or globs; None for the sample corpus.
    outputs : folder in which the run is published.
    watch_list : TOML file of themes; None for the default one.
    phrases : themes given by a bare phrase, followed besides the watch list.
    dask : refit topics in processes of a local Dask cluster.
    config : everything else.
    join : the papers join those that are known in `outputs`.
    """
    from upwell.sources import InputError, find_files
    from upwell.themes import WatchListError

    try:
        # Before the server starts: a slip in the arguments is answered at once.
        if paths:
            find_files(paths, may_be_empty=join)
        config = config.with_themes(_themes(watch_list, phrases))
    except (InputError, WatchListError, ValueError) as error:
        stop(error, UNUSABLE)
    if dask and find_spec("prefect_dask") is None:
        stop("--dask needs the extra `dask`: uv sync --extra dask", UNUSABLE)
    if last := _unchanged(paths, outputs, config, join=join):
        Console(stderr=True).print(nothing_new(last), soft_wrap=True, highlight=False)
        _last_word(Console(), last.folder)
        return
    # Else Prefect prints each line of log that it cannot send; `while_server_answers` says it once.
    logging.raiseExceptions = False
    with bars(Console(stderr=True)) as shown:
        folder = _analyse(paths, outputs, config, dask=dask, join=join, bars=shown)
    _last_word(Console(), folder)


def _themes(watch_list: Path | None, phrases: Sequence[str]) -> tuple[Theme, ...]:
    from flows.watch_list import DEFAULT_WATCH_LIST, read_watch_list
    from upwell.themes import theme_from_phrase

    listed = read_watch_list(watch_list or DEFAULT_WATCH_LIST)
    return (*listed, *(theme_from_phrase(phrase) for phrase in phrases))


def _unchanged(
    paths: list[Path] | None, outputs: Path, config: RunConfig, *, join: bool
) -> PublishedRun | None:
    """The latest run if there is nothing new: a server would take longer to start than to tell.

    Where a server is configured, the flow says so itself, for the UI to show.
    """
    from upwell.store import StoreError, peek

    if not (paths or join):
        return None
    try:
        corpus = peek(
            outputs, paths or [], config=config.sources, today=datetime.now(UTC).date(), join=join
        )
    except StoreError as error:
        stop(error, FAILED)
    last = latest_if_same(outputs, corpus, config) if corpus else None
    if last is None:
        return None
    from prefect.settings import PREFECT_API_URL

    return None if PREFECT_API_URL.value() else last


def _analyse(
    paths: list[Path] | None,
    outputs: Path,
    config: RunConfig,
    *,
    dask: bool,
    join: bool,
    bars: Progress,
) -> Path:
    """The flow, with its failures in words."""
    with server() as used:
        import sklearn.linear_model  # noqa: F401 - heavy, like the next two
        from prefect import tags

        import upwell.figures  # noqa: F401
        from flows.analyse import analyse
        from flows.stage import TAG, describe
        from flows.tasks import NothingToAnalyseError
        from upwell import topics
        from upwell.encode import EncoderError
        from upwell.sources import InputError
        from upwell.store import StoreError

        if not (outputs / "latest" / "topic_model").is_dir():  # else a fit is hardly ever due
            topics.load()
    try:
        with (
            tags(TAG, describe(paths, join=join)),
            while_server_answers(used, latest_stands(outputs), before_end=bars.stop),
        ):
            return (_on_dask(analyse) if dask else analyse)(paths, outputs, config, join)
    except (InputError, EncoderError, NothingToAnalyseError) as error:
        stop(error, UNUSABLE)
    except StoreError as error:
        stop(error, FAILED)
    except Exception as error:  # noqa: BLE001 - the last resort before a traceback
        stop(
            f"failed: {type(error).__name__}: {error}\nThe Prefect UI has the log of the run "
            "(`prefect server start`); the last published run is untouched.",
            FAILED,
        )


def _on_dask(flow: "Flow[..., Path]") -> "Flow[..., Path]":
    """The flow with its mapped tasks in processes of a local Dask cluster."""
    from prefect_dask import DaskTaskRunner

    from flows.topic_tasks import N_REFITS

    workers = min(os.cpu_count() or 1, N_REFITS)
    cluster = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
    return flow.with_options(task_runner=DaskTaskRunner(cluster_kwargs=cluster))


class _Watched:
    """The terminal as `flows.progress` sees it."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars

    def bar(self, name: str) -> Callable[[int, int], None]:
        bar = self._bars.add_task(name, total=None)
        return lambda done, total: self._bars.update(bar, completed=done, total=total)

    def say(self, text: str) -> None:
        self._bars.console.print(text)


@contextmanager
def bars(console: Console) -> Iterator[Progress]:
    """Show a bar per stage on standard error while the body runs."""
    from flows.progress import terminal

    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
    ) as bars:
        token = terminal.set(_Watched(bars))
        try:
            yield bars
        finally:
            terminal.reset(token)


def _last_word(console: Console, folder: Path) -> None:
    """The headline, the verdicts of themes and topics, and where the report is."""
    import polars as pl

    from upwell.tables import TRENDS
    from upwell.wording import VERDICT_WORDS, headline, verdict_rows

    trends = pl.read_parquet(folder / f"{TRENDS.name}.parquet")
    console.print(headline(trends), soft_wrap=True)
    for kind, title in (("theme", "Themes"), ("topic", "Topics")):
        # What has a verdict comes first, so that the cut never hides one.
        rows = sorted(
            verdict_rows(trends.filter(pl.col("kind") == kind)),
            key=lambda row: row["verdict"] == VERDICT_WORDS["insufficient_evidence"],
        )
        if rows:
            console.print(_verdicts(title, rows))
        if len(rows) > MAX_ROWS:
            console.print(f"… and {len(rows) - MAX_ROWS} more in {TRENDS.name}.parquet")
    for line in _news(folder):
        console.print(line, soft_wrap=True, markup=False, highlight=False)
    console.print(f"{folder}{os.sep}report.html", soft_wrap=True, highlight=False)


def _news(folder: Path) -> list[str]:
    """What changed since the last run; the first few lines."""
    import polars as pl

    from upwell.changes import describe
    from upwell.tables import CHANGES

    first, *rest = describe(pl.read_parquet(folder / f"{CHANGES.name}.parquet"))
    more = [f"  … and more in {CHANGES.name}.parquet"] if len(rest) > MAX_NEWS else []
    return ["", first, *(f"  {line}" for line in rest[:MAX_NEWS]), *more]


def _verdicts(title: str, rows: Sequence[Mapping[str, str | int]]) -> Table:
    """The verdicts of one kind of subject, narrow enough for 80 columns."""
    columns = {name: name for name in ("verdict", "growth a year, 95 %")}
    columns["papers"] = "dated\npapers"
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(title)
    for head in columns.values():
        table.add_column(head, no_wrap=True, justify="right" if "papers" in head else "left")
    for row in rows[:MAX_ROWS]:
        table.add_row(str(row["name"]), *(str(row[name]) for name in columns))
    return table
