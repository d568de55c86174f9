"""How fast feeds are read, and in how much memory.

For each format, a file of some size made from samples: reading its bytes, the parser alone, the
format (records and rejects, no text repaired), and all of it, to tables. Peak memory is of the format
in a process of its own, on a file and on one ten times as long: it must not grow.

On two slow shared cores, 10 MB of each; the parser is the standard library's own, and plain reading
gives 3 to 6 GB/s from the page cache. Text here has nothing to repair; of real abstracts with their
LaTeX, hyphens and quotes all of it comes to 3,800 records a second and core.

                                    parser               format            to tables   peak
    arxiv_snapshot              106 k/s  134 MB/s     27 k/s   34 MB/s      9 k/s   11 MB/s   65 MB
    arxiv_atom                   81 k/s   92 MB/s     17 k/s   19 MB/s      9 k/s   10 MB/s   64 MB
    arxiv_rss                   192 k/s  216 MB/s     29 k/s   33 MB/s      7 k/s    8 MB/s   64 MB
    oai_pmh                     124 k/s  148 MB/s     19 k/s   23 MB/s      8 k/s   10 MB/s   64 MB
    acl_anthology               103 k/s  109 MB/s     30 k/s   32 MB/s     13 k/s   13 MB/s   64 MB
    openalex                     17 k/s   22 MB/s     13 k/s   16 MB/s      6 k/s    8 MB/s   67 MB
    semantic_scholar            138 k/s  146 MB/s     32 k/s   33 MB/s     12 k/s   12 MB/s   65 MB
    huggingface_daily_dump       91 k/s  100 MB/s     46 k/s   51 MB/s     11 k/s   12 MB/s   63 MB
    openreview                  104 k/s  115 MB/s     40 k/s   44 MB/s     11 k/s   12 MB/s   66 MB
    conference_list             204 k/s  219 MB/s     19 k/s   20 MB/s      9 k/s    9 MB/s   65 MB
    json                        305 k/s  290 MB/s     35 k/s   34 MB/s     14 k/s   13 MB/s   67 MB
    json_lines                  193 k/s  183 MB/s     38 k/s   36 MB/s     15 k/s   14 MB/s   64 MB

A snapshot of 5,000 MB, 3,965,677 records, goes through its format in 103 s, holding 65 MB at most, and
into the records on disk, on both cores, in 355 s, holding 287 MB (tests ran beside it).

Of other files, at 20 and at 200 MB: JSON as an array, inside an object, as the members of one and as
objects over several lines 62 to 64 MB at both sizes; JSON Lines, CSV, BibTeX and RIS 61 to 62; saved
pages 63, one endless page 91 (its bound). Parquet takes 120 to 135 and 170 to 210: a row group has to
be decoded, 262,144 rows in what polars writes; 100 MB in row groups of 10,000 take 120.

    uv run python tests/benchmarks/bench_feeds.py [MB] [--large MB]
"""

import argparse
import datetime as dt
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import chain, repeat
from pathlib import Path
from random import Random
from xml.etree.ElementTree import iterparse

from upwell.config import SourceConfig
from upwell.sources import find_files, read_files
from upwell.sources.content import Content
from upwell.sources.item import Context
from upwell.sources.registry import FORMATS
from upwell.store import collect

TODAY = dt.date(2026, 12, 1)
WORDS = [
    "we",
    "show",
    "that",
    "a",
    "model",
    "of",
    "the",
    "waves",
    "in",
    "graphs",
    "is",
    "trained",
    "on",
    "noisy",
    "labels",
    "and",
    "this",
    "improves",
    "the",
    "accuracy",
    "by",
    "large",
    "margins",
    "for",
    "tasks",
    "with",
    "few",
    "data",
    "while",
    "prior",
    "methods",
    "fail",
]


def abstract(random: Random) -> str:
    return " ".join(random.choices(WORDS, k=170)) + "."


def snapshot(random: Random, i: int) -> str:
    return json.dumps({
        "id": f"{1501 + i % 12}.{i % 100_000:05}", "submitter": "A B", "authors": "A. B., C. D.",
        "title": "On waves", "comments": "9 pages", "journal-ref": None, "doi": None,
        "categories": "cs.LG stat.ML", "license": None, "abstract": abstract(random),
        "versions": [{"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"}],
        "update_date": "2008-11-26", "authors_parsed": [["B", "A.", ""], ["D", "C.", ""]],
    }) + "\n"  # fmt: skip


def atom(random: Random, i: int) -> str:
    return (
        f"<entry><id>http://arxiv.org/abs/2104.{i % 100_000:05}v1</id><title>On waves</title><updated>"
        f"2021-04-20T16:07:14Z</updated><summary>{abstract(random)}</summary><category term='cs.CR'/>"
        "<published>2021-04-20T16:07:14Z</published><author><name>A B</name></author></entry>\n"
    )


def oai(random: Random, i: int) -> str:
    return (
        f"<record><header><identifier>oai:arXiv.org:2501.{i % 100_000:05}</identifier></header>"
        f"<metadata><arXiv><id>2501.{i % 100_000:05}</id><created>2025-01-15</created><authors><author>"
        "<keyname>Z</keyname></author></authors><title>On waves</title><categories>cs.CL</categories>"
        f"<abstract>{abstract(random)}</abstract></arXiv></metadata></record>\n"
    )


def anthology(random: Random, i: int) -> str:
    return (
        f"<paper id='{i}'><title>On <fixed-case>W</fixed-case>aves</title><author><first>A</first>"
        f"</author><abstract>{abstract(random)}</abstract><doi>10.18653/v1/P18-{i}</doi></paper>\n"
    )


def openalex(random: Random, i: int) -> str:
    index: dict[str, list[int]] = {}
    for place, word in enumerate(abstract(random).split()):
        index.setdefault(word, []).append(place)
    return json.dumps({
        "id": f"https://openalex.org/W{i}", "doi": f"https://doi.org/10.1000/{i}", "title": "Waves",
        "publication_date": "2020-05-06", "authorships": [{"author": {"id": "A"}}],
        "primary_topic": {"display_name": "Waves"}, "abstract_inverted_index": index,
    })  # fmt: skip


def scholar(random: Random, i: int) -> str:
    return json.dumps({
        "corpusid": i, "externalids": {"DOI": f"10.1000/{i}"}, "title": "Waves", "year": 2020,
        "abstract": abstract(random), "authors": [{"name": "A"}], "publicationdate": "2020-05-06",
    }) + "\n"  # fmt: skip


def featured(random: Random, i: int) -> str:
    return json.dumps({
        "paper": {"id": f"2412.{i % 100_000:05}", "publishedAt": "2024-12-10T01:59:00.000Z",
                  "title": "Waves", "summary": abstract(random), "authors": [{"name": "A"}]},
        "publishedAt": "2024-12-09T20:59:00.000Z", "title": "Waves", "numComments": 2,
    })  # fmt: skip


def plain(random: Random, i: int) -> str:
    return json.dumps({"title": f"On waves {i}", "abstract": abstract(random), "year": 2020})


def listed(random: Random, i: int) -> str:
    return json.dumps({
        "id": f"{i}", "title": "On waves", "track": "main", "status": "Reject" if i % 3 else "Poster",
        "abstract": abstract(random), "author": "A B;C D", "site": "https://iclr.cc/virtual/2021/1",
    }, indent=4)  # fmt: skip


def note(random: Random, i: int) -> str:
    return json.dumps({
        "id": f"n{i}", "forum": f"n{i}", "cdate": 1694000000000, "odate": 1697213872000,
        "content": {"title": {"value": "Waves"}, "abstract": {"value": abstract(random)}},
        "invitations": ["ICLR.cc/2024/Conference/-/Submission"],
    })  # fmt: skip


def announced(random: Random, i: int) -> str:
    own_id = f"2402.{i % 100_000:05}"
    return (
        f"<item><title>On waves</title><link>https://arxiv.org/abs/{own_id}</link><description>arXiv:"
        f"{own_id}v1 Announce Type: new\nAbstract: {abstract(random)}</description><category>cs.LG"
        "</category><pubDate>Fri, 23 Feb 2024 00:00:00 -0500</pubDate></item>\n"
    )


Maker = Callable[[Random, int], str]
# Of each format: what stands before its records, how one is made, what stands between and behind.
SAMPLES: dict[str, tuple[str, Maker, str, str]] = {
    "arxiv_snapshot": ("", snapshot, "", ""),
    "arxiv_atom": ("<feed><id>http://arxiv.org/api/x</id>\n", atom, "", "</feed>"),
    "oai_pmh": ("<OAI-PMH><ListRecords>\n", oai, "", "</ListRecords></OAI-PMH>"),
    "acl_anthology": (
        "<collection id='P18'><volume id='1'><meta><year>2018</year></meta>\n", anthology, "",
        "</volume></collection>",
    ),
    "openalex": ('{"meta": {}, "results": [', openalex, ",\n", "]}"),
    "semantic_scholar": ("", scholar, "", ""),
    "huggingface_daily_dump": ("[", featured, ",\n", "]"),
    "openreview": ('{"notes": [', note, ", ", "]}"),
    "conference_list": ("[", listed, ",\n", "]"),
    "arxiv_rss": ("<rss><channel><link>http://rss.arxiv.org/rss/x</link>", announced, "", "</channel></rss>"),
    "json": ('{"status": "ok", "data": [', plain, ", ", "]}"),
    "json_lines": ("", plain, "\n", ""),
}  # fmt: skip


def write(path: Path, name: str, n_bytes: int) -> int:
    """Writes records up to a size; how many."""
    before, make, between, behind = SAMPLES[name]
    random, n, size = Random(0), 0, 0
    made = [make(random, i) for i in range(2_000)]  # making more would take longest of all
    with path.open("w") as file:
        file.write(before)
        for record in chain.from_iterable(repeat(made)):
            part = record if n == 0 else between + record
            file.write(part)
            n, size = n + 1, size + len(part)
            if size >= n_bytes:
                break
        file.write(behind)
    return n


def items(path: Path) -> Iterator[object]:
    content = Content(path)
    known = next(f for f in FORMATS if f.recognises(content.head))
    assert known.name in SAMPLES, known.name
    return known.parse(content, Context(SourceConfig(), TODAY))


def read_plain(path: Path) -> None:
    with path.open("rb") as file:
        while file.read(1 << 20):
            pass


def parse_alone(path: Path) -> None:
    """What the standard library's parser takes for the file, at its most sparing."""
    with path.open("rb") as file:
        start = file.read(1)
        file.seek(0)
        if start == b"<":
            for _, element in iterparse(file):
                element.clear()
        elif path.name in {"arxiv_snapshot", "semantic_scholar", "json_lines"}:
            for line in file:
                json.loads(line)
        else:
            json.load(file)


def read_through(path: Path) -> None:
    for _ in items(path):
        pass


def seconds(work: Callable[[Path], object], path: Path) -> float:
    start = time.process_time()
    work(path)
    return time.process_time() - start


def read_whole(path: Path) -> None:
    """What a run does: text repaired on all cores, records written to disk."""
    with tempfile.TemporaryDirectory(dir=path.parent) as outputs:
        collect(Path(outputs), [path], config=SourceConfig(), today=TODAY, join=False)


def peak(path: Path, how: str = "--peak") -> int:
    """MB that a process of its own holds at most while it reads a file through its format."""
    command = [sys.executable, __file__, how, str(path)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def held() -> str:
    """MB that this process held at most; `ru_maxrss` would count what its parent held."""
    found = re.search(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text())
    return str(int(found[1]) // 1000) if found else "0"


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(mb: int, large: int) -> None:
    say("| format | records | plain | parser | format | to tables | peak, ten times as long |")
    say("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in SAMPLES:
            path = Path(folder) / name
            n = write(path, name, mb * 1_000_000)
            work = (read_plain, parse_alone, read_through)
            took = [seconds(w, path) for w in work]
            small = peak(path)
            took.append(seconds(lambda p: read_files(
                find_files([p]), config=SourceConfig(), today=TODAY), path))  # fmt: skip
            write(path, name, 10 * mb * 1_000_000)
            long = peak(path)
            path.unlink()
            rates = " | ".join(f"{n / t:,.0f}/s, {mb / t:,.0f} MB/s" for t in took)
            say(f"| {name} | {n:,} | {rates} | {small} MB, {long} MB |")
        if large:
            path = Path(folder) / "arxiv_snapshot"
            n = write(path, "arxiv_snapshot", large * 1_000_000)
            for how in ("--peak", "--whole"):
                start = time.monotonic()
                mb_held = peak(path, how)
                took_s = time.monotonic() - start
                say(f"{how}: {large:,} MB, {n:,} records: {mb_held} MB, {took_s:.0f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("mb", type=int, nargs="?", default=10)
    parser.add_argument("--large", type=int, default=0)
    parser.add_argument("--peak", type=Path)
    parser.add_argument("--whole", type=Path)
    given = parser.parse_args()
    if given.peak or given.whole:
        read_through(given.peak) if given.peak else read_whole(given.whole)
        say(held())
    else:
        main(given.mb, given.large)
