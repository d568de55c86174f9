"""Formats under atheris: no input may crash one, hold it up, or give a position twice.

    uv run --with atheris python tests/benchmarks/fuzz_sources.py FORMAT [-runs=100000 …]

`archives` is a format here, too. Anything that begins with a dash goes to libFuzzer, which stops at
the first input that breaks the promise and writes it beside it. Inputs start from the samples of the
tests. 80,000 to 100,000 runs of each, with inputs of up to 4,096 bytes, found one member without a name,
on which zipfile fails; since then, nothing.
"""

import datetime as dt
import io
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["upwell.sources"]):
    from upwell.config import SourceConfig
    from upwell.sources.archives import archive_kind, members
    from upwell.sources.content import Content, TooLargeError
    from upwell.sources.item import Context
    from upwell.sources.registry import FORMATS

sys.path.insert(0, str(Path(__file__).parents[1]))
import test_sources_archives as archives
import test_sources_feeds as feeds

TODAY = dt.date(2026, 12, 1)
SECONDS = 10  # for one input of at most MOST_BYTES
MOST_BYTES = 4096


def seeds(name: str) -> Iterator[bytes]:
    """Inputs to start from: those that the format recognises."""
    packed = [pack({"x.jsonl": archives.lines(archives.A)}) for pack in archives.PACKERS.values()]
    for data in [*(text.encode() for text in feeds.SEEDS.values()), *packed]:
        content = Content(lambda data=data: io.BytesIO(data), n_packed=len(data))
        is_archive = archive_kind(content) is not None
        known = next((f.name for f in FORMATS if f.recognises(content.head)), None)
        if (name == "archives") if is_archive else (name == known):
            yield data


def read(name: str, data: bytes) -> None:
    content = Content(lambda: io.BytesIO(data), n_packed=len(data))
    if name == "archives":
        kind = archive_kind(content)
        names = []
        for member in members(content, kind) if kind else ():
            names += [member.name] if member.name else []
            if member.content:
                list(member.content.lines())
        assert len(set(names)) == len(names), names
        return
    known = next(f for f in FORMATS if f.name == name)
    known.recognises(content.head)
    try:
        items = list(known.parse(content, Context(SourceConfig(), TODAY)))
    except TooLargeError:
        return
    positions = [item.position for item in items if item.position is not None]
    assert len(set(positions)) == len(positions), positions


def main() -> None:
    name, *options = sys.argv[1:]
    assert name == "archives" or name in {f.name for f in FORMATS}, name
    with tempfile.TemporaryDirectory() as folder:
        for i, data in enumerate(seeds(name)):
            (Path(folder) / str(i)).write_bytes(data)
        given = [sys.argv[0], folder, f"-max_len={MOST_BYTES}", f"-timeout={SECONDS}", *options]
        atheris.Setup(given, lambda data: read(name, data))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
