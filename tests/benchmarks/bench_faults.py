"""What is left of a run that is killed: fifty kills, a full disk, a server gone, two at once.

    python tests/benchmarks/bench_faults.py [kills [N]] [disk] [server] [two]

Real processes, real SIGKILL, a real Prefect server on SQLite, a real small disk (a tmpfs, which
takes root). Half of the kills hit a first run, half one that joins new papers; moments are drawn
over the time that the run takes undisturbed. After each, while a reader opens the latest run over
and over:

- `latest` is a complete run, the old one or the new one, and `verify` finds nothing damaged;
- the next run finishes, and has the papers, duplicates, rejects and themes of an undisturbed one.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import polars as pl

from upwell.manifest import Manifest
from upwell.sample import sample_files
from upwell.store import verify

PORT = 4390
AWAY_SECONDS = 10
COMMAND = [sys.executable, "-c", "from flows.cli import main; main()", "run"]
OF_TOPICS = ("topic_id", "topic_strength", "x", "y")
SAME = ("papers", "duplicates", "rejects", "theme_papers")


def say(*parts: object) -> None:
    """One line of the result, at once."""
    sys.stdout.write(" ".join(map(str, parts)) + "\n")
    sys.stdout.flush()


class Place:
    """A temporary place with two folders of papers, a Prefect home and its server."""

    def __init__(self, root: Path) -> None:
        self.root = root
        lines = sample_files().files["papers.jsonl"].decode().splitlines(keepends=True)
        self.old, self.new = root / "old", root / "new"
        for folder, some in ((self.old, lines[::2]), (self.new, lines[1::2])):
            folder.mkdir()
            (folder / "papers.jsonl").write_text("".join(some))
        self.environment = os.environ | {
            "PREFECT_HOME": str(root / "prefect"),
            "PREFECT_API_URL": f"http://127.0.0.1:{PORT}/api",
            "DO_NOT_TRACK": "1",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        }

    @contextmanager
    def server(self) -> Iterator[subprocess.Popen[bytes]]:
        """A Prefect server that answers."""
        import httpx

        command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(PORT)]
        process = subprocess.Popen(
            command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(180):
            with suppress(httpx.HTTPError):
                if httpx.get(f"{self.environment['PREFECT_API_URL']}/health").is_success:
                    break
            time.sleep(1)
        try:
            yield process
        finally:
            process.terminate()
            process.wait()

    def start(self, folder: Path, outputs: Path) -> subprocess.Popen[str]:
        """A run in a process of its own."""
        return subprocess.Popen(
            [*COMMAND, str(folder), "--into", str(outputs)],
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            start_new_session=True,
        )  # fmt: skip

    def finish(self, folder: Path, outputs: Path) -> str:
        """A run to its end; what it said on standard error if it failed."""
        process = self.start(folder, outputs)
        said = process.communicate()[1]
        return said if process.returncode else ""


@contextmanager
def reading(outputs: Path) -> Iterator[list[str]]:
    """A reader that opens the latest run over and over; yields what went wrong for it."""
    wrong: list[str] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            if (outputs / "latest").exists():
                wrong.extend(incomplete(outputs))
            time.sleep(0.02)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield wrong
    finally:
        stop.set()
        thread.join()


def incomplete(outputs: Path) -> Iterator[str]:
    """What is not right with the latest run, as an analyst would read it."""
    folder = (outputs / "latest").resolve()
    try:
        manifest = Manifest.model_validate_json((folder / "run.json").read_bytes())
        n_papers = pl.read_parquet(folder / "papers.parquet", columns=["paper_id"]).height
        pl.read_parquet(folder / "trends.parquet")
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        yield f"{folder.name}: {error}"
        return
    if n_papers != manifest.counts.n_papers:
        yield f"{folder.name}: {n_papers} papers, not {manifest.counts.n_papers}"


def differs(outputs: Path, reference: Path) -> list[str]:
    """The tables that are not those of an undisturbed run; topics depend on what came first."""
    apart = []
    for name in SAME:
        one, other = (
            pl.read_parquet(o / "latest" / f"{name}.parquet") for o in (outputs, reference)
        )
        one, other = (frame.drop(OF_TOPICS, strict=False) for frame in (one, other))
        if not one.equals(other):
            apart.append(name)
    return apart


def kills(place: Place, n_kills: int) -> None:
    """Kill first and joining runs at random moments."""
    rng = random.Random(2)
    first, joined = place.root / "first", place.root / "joined"
    began = time.monotonic()
    assert not place.finish(place.old, first)
    middle = time.monotonic()
    shutil.copytree(first, joined, symlinks=True)
    assert not place.finish(place.new, joined)
    seconds = {"first": middle - began, "joining": time.monotonic() - middle}
    say("undisturbed:", ", ".join(f"{k} {v:.1f} s" for k, v in seconds.items()))
    bad, moments = [], []
    for n in range(n_kills):
        kind = ("first", "joining")[n % 2]
        outputs = place.root / f"killed{n}"
        if kind == "joining":
            shutil.copytree(first, outputs, symlinks=True)
        moment = rng.uniform(0.5, seconds[kind])
        folder, reference = (place.old, first) if kind == "first" else (place.new, joined)
        with reading(outputs) as wrong:
            process = place.start(folder, outputs)
            time.sleep(moment)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            stage = sorted(p.name for p in outputs.glob("runs/.*/work/*.json"))
            moments.append((kind, round(moment, 1), len(stage)))
            faults = [*verify(outputs), *(incomplete(outputs) if outputs.exists() else ())]
            if kind == "first":
                faults = [f for f in faults if "latest" not in f or (outputs / "latest").exists()]
            failed = place.finish(folder, outputs)
        apart = [] if failed else differs(outputs, reference)
        if wrong or faults or failed or apart:
            bad.append((kind, round(moment, 1), wrong[:2], faults[:2], failed[-300:], apart))
            say("  !", bad[-1])
        shutil.rmtree(outputs)
    for kind in seconds:
        stages = Counter(n for k, _, n in moments if k == kind)
        say(f"{kind}: stages done when killed: {dict(sorted(stages.items()))}")
    say(f"{n_kills} kills: {len(bad)} left something wrong")


def disk(place: Place) -> None:
    """A disk that is full while a run publishes."""
    small = place.root / "small"
    small.mkdir()
    for megabytes in (1, 3, 5):
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", small], check=True
        )
        try:
            said = place.finish(place.old, small / "outputs")
            is_left = (small / "outputs" / "latest").exists()
            words = [line for line in said.splitlines() if line.startswith("upwell: ")]
            say(f"disk of {megabytes} MB: latest {is_left}; said: {words}")
            subprocess.run(["mount", "-o", "remount,size=200m", small], check=True)
            again = place.finish(place.old, small / "outputs")
            say("  with room:", again or "finished", verify(small / "outputs"))
        finally:
            subprocess.run(["umount", small], check=True)


def two(place: Place) -> None:
    """Two runs at once on one folder of outputs."""
    outputs = place.root / "two"
    processes = [place.start(folder, outputs) for folder in (place.old, place.new)]
    ends = [(p.communicate()[1], p.returncode)[1] for p in processes]
    runs = [p.name for p in (outputs / "runs").iterdir() if p.name[0] != "."]
    joined = place.root / "two-joined"
    for folder in (place.old, place.new):
        assert not place.finish(folder, joined)
    say(f"two at once: exit codes {ends}, {len(runs)} runs, differ in {differs(outputs, joined)}")


def gone(place: Place) -> None:
    """The Prefect server is killed in the middle of a run: for good, then for a while."""
    outputs = place.root / "gone"
    with place.server() as server:
        process = place.start(place.old, outputs)
        until_embedded(process, outputs)
        os.kill(server.pid, signal.SIGKILL)
        began = time.monotonic()
        said = process.communicate()[1]
    say(f"server gone: exit {process.returncode} after {time.monotonic() - began:.0f} s; said:")
    say("\n".join(f"  | {line}" for line in said.splitlines()))
    say("  verify:", verify(outputs), "latest:", (outputs / "latest").exists())
    with place.server():
        failed = place.finish(place.old, outputs)
    say("  next run:", failed[-200:] or "finished")
    outputs = place.root / "restarted"
    with place.server() as server:
        process = place.start(place.old, outputs)
        until_embedded(process, outputs)
        os.kill(server.pid, signal.SIGKILL)
        server.wait()
    began = time.monotonic()
    time.sleep(AWAY_SECONDS)
    with place.server():
        away = time.monotonic() - began
        said = process.communicate()[1]
        took = time.monotonic() - began
    words = said.strip().splitlines()[-3:] if process.returncode else "nothing"
    say(f"server away for {away:.0f} s: exit {process.returncode} after {took:.0f} s; said {words}")


def until_embedded(process: subprocess.Popen[str], outputs: Path) -> None:
    """Wait until a run has begun with its topics, which take the most time."""
    while process.poll() is None and not list(outputs.glob("runs/.*/work/embed.json")):
        time.sleep(0.1)


def main() -> None:
    """Run what is asked for, or everything."""
    wanted = sys.argv[1:] or ["kills", "disk", "two", "server"]
    n_kills = next((int(word) for word in wanted if word.isdigit()), 50)
    with tempfile.TemporaryDirectory(prefix="upwell-faults-") as root:
        place = Place(Path(root))
        if {"kills", "disk", "two"} & set(wanted):
            with place.server():
                if "kills" in wanted:
                    kills(place, n_kills)
                if "two" in wanted:
                    two(place)
                if "disk" in wanted:
                    disk(place)
        if "server" in wanted:
            gone(place)


if __name__ == "__main__":
    main()
