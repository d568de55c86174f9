"""Ten thousand pages of one sequence, and harvests that are killed in the middle of it.

    python tests/benchmarks/bench_harvest.py pages [N]
    python tests/benchmarks/bench_harvest.py kills [N]

A local server stands for arXiv's OAI-PMH; it asks for no pause. `pages`: time, memory and the size
of the log. `kills`: real processes, real SIGKILL at random moments; then every page must be there,
once, as it was sent, and none that had landed may have been asked for again.
"""

import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import date
from pathlib import Path

import zstandard

sys.path.insert(0, str(Path(__file__).parents[1]))

from odd_source import Answer, Asked, source
from test_harvest import oai

from upwell.config import FeedConfig
from upwell.harvest import Client, feeds_of, harvest
from upwell.harvest.landing import LOG

DAY = date(2026, 11, 27)
ONE = """
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from upwell.config import FeedConfig
from upwell.harvest import Client, feeds_of, harvest
day = date(2026, 11, 27)
config = FeedConfig(source="arxiv", since=day, categories="cs.CV", via="oai", host=sys.argv[1], pause_seconds=0)
place = Path(sys.argv[2])
(feed,) = feeds_of(config, place, today=day)
with Client(pause=0) as client:
    harvest(replace(feed, overlap=0), place, since=day, today=day, client=client)
"""


def say(*parts: object) -> None:
    """One line of the result, at once."""
    sys.stdout.write(" ".join(map(str, parts)) + "\n")
    sys.stdout.flush()


def paged(n_pages: int, pause: float = 0.0):
    """A source of so many pages of a hundred records, each asked for by the token before."""

    def answer(asked: Asked, _number: int) -> Answer:
        time.sleep(pause)
        page = int(asked.params.get("resumptionToken", "0"))
        token = str(page + 1) if page + 1 < n_pages else ""
        return Answer(oai(100, token, start=100 * page))

    return answer


def pages(n_pages: int) -> None:
    """One long sequence."""
    with source(paged(n_pages)) as server, tempfile.TemporaryDirectory() as root:
        config = FeedConfig(
            source="arxiv", since=DAY, categories="cs.CV", via="oai", host=server.url,
            pause_seconds=0,
        )  # fmt: skip
        (feed,) = feeds_of(config, Path(root), today=DAY)
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with Client(pause=0) as client:
            found = harvest(feed, Path(root), since=DAY, today=DAY, client=client)
        seconds = time.monotonic() - began
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        log = (Path(root) / feed.folder / LOG).stat().st_size
        began = time.monotonic()
        with Client(pause=0) as client:
            harvest(feed, Path(root), since=DAY, today=DAY, client=client)
        say(
            f"{found.n_answers} answers, {found.n_records} records in {seconds:.0f} s "
            f"({found.n_answers / seconds:.0f} a second); memory grew by {grown / 1024:.0f} MB "
            f"(the server's included); log {log / 1e6:.1f} MB"
        )


def kills(n_kills: int, n_pages: int = 400) -> None:
    """The same sequence, killed over and over."""
    rng = random.Random(1)
    with source(paged(n_pages, pause=0.005)) as server, tempfile.TemporaryDirectory() as root:
        command = [sys.executable, "-c", ONE, server.url, root]
        n_killed = 0
        for _ in range(n_kills):
            process = subprocess.Popen(command)
            time.sleep(rng.uniform(0.8, 2.0))
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                n_killed += 1
            process.wait()
        assert subprocess.run(command, check=False).returncode == 0
        folder = Path(root) / "arxiv-oai" / "cs.CV"
        files = sorted(folder.glob("0001-*.zst"))
        token = [str(n + 1) if n + 1 < n_pages else "" for n in range(n_pages)]
        right = [
            zstandard.decompress(file.read_bytes()) == oai(100, token[n], start=100 * n)
            for n, file in enumerate(files)
        ]
        asked = Counter(a.params.get("resumptionToken", "0") for a in server.asked)
        twice = sum(n - 1 for n in asked.values())
        say(
            f"{n_killed} kills over {n_pages} pages: {sum(right)} of {n_pages} pages are there as "
            f"they were sent, {twice} were asked for again, as they were on the way"
        )


def main() -> None:
    """One part of the benchmark."""
    part, n = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
    if part == "pages":
        pages(n or 10_000)
    else:
        kills(n or 20)


if __name__ == "__main__":
    main()
