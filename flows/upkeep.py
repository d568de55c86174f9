"""Keeping house from a shell: take papers out, remove old runs, check, make the state anew.

No Prefect here: nothing is scheduled.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console

from flows.exits import FAILED, UNUSABLE, ending_in_words, stop
from flows.published import RunError, find_run
from upwell import harvest
from upwell.config import SourceConfig
from upwell.quantities import count
from upwell.store import hold, n_named, prune, rebuild, take_papers_out, verify

MAX_NAMES = 10


def remove(outputs: Path, *, papers: Sequence[str], sources: Sequence[str]) -> None:
    """Take papers or files out of the corpus, and say what comes of it."""
    if not papers and not sources:
        stop("nothing to remove: give --paper or --source", UNUSABLE)
    with _alone(outputs):
        fresh = take_papers_out(outputs, papers=papers, sources=sources, today=_today())
        sizes = {s: f" ({count(n_named(outputs, s), 'record')})" for s in sources}
    names = ", ".join(f"{r.kind} {r.what}{sizes.get(r.what, '')}" for r in fresh)
    names = names or "nothing that was not out already"
    _say(
        f"taken out: {names}. The next run leaves it out and lists its records as rejects: "
        f"`upwell run --into {outputs}`. Runs made before keep it; `upwell prune` removes them."
    )


def prune_runs(outputs: Path, *, keep: int) -> None:
    """Remove old runs, and say which."""
    with _alone(outputs):
        gone = prune(outputs, keep=keep)
    more = f" and {len(gone) - MAX_NAMES} more" if len(gone) > MAX_NAMES else ""
    listed = f": {', '.join(gone[:MAX_NAMES])}{more}" if gone else ""
    _say(f"{count(len(gone), 'run')} removed{listed}")


def verify_all(outputs: Path, landing: Path | None) -> None:
    """Check everything, and name what is damaged; exits with 1 if something is."""
    _need_folder(outputs, "outputs", "--outputs")
    with ending_in_words():
        faults = verify(outputs)
        if landing:
            _need_folder(landing, "answers", "--landing")
            faults += tuple(harvest.faults(landing))
    places = f"{outputs} and {landing}" if landing else f"{outputs}"
    if faults:
        stop("\n".join([*faults, f"{count(len(faults), 'fault')} in {places}"]), FAILED)
    answers = ", and every harvested answer" if landing else ""
    _say(f"all is well in {places}: every run, batch of the corpus and vector{answers}")


def rebuild_state(outputs: Path) -> None:
    """Make the state of the corpus anew from the files it was read from, and say what is lost."""
    with _alone(outputs):
        found = rebuild(outputs, config=_sources(outputs), today=_today())
    _say(f"read again: {count(found.n_files, 'file')} with {count(found.n_records, 'record')}")
    for path in found.gone[:MAX_NAMES]:
        _say(f"gone, with its papers: {path}")
    if len(found.gone) > MAX_NAMES:
        _say(f"and {len(found.gone) - MAX_NAMES} more files are gone")
    _say(f"the next run publishes it: `upwell run --into {outputs}`")


@contextmanager
def _alone(outputs: Path) -> Iterator[None]:
    """Hold the folder while the body changes it; ends in words."""
    _need_folder(outputs, "outputs", "--outputs")
    with ending_in_words(), hold(outputs, on_wait=_say):
        yield


def _need_folder(folder: Path, kind: str, option: str) -> None:
    if not folder.is_dir():
        stop(f"{folder}: no such folder; name a folder of {kind} with {option}", UNUSABLE)


def _sources(outputs: Path) -> SourceConfig:
    """How the latest run read its files."""
    try:
        return find_run("latest", outputs).manifest.config.sources
    except RunError:
        return SourceConfig()


def _say(text: str) -> None:
    Console().print(text, soft_wrap=True, highlight=False, markup=False)


def _today() -> date:
    return datetime.now(UTC).date()
