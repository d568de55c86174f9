"""Formats under atheris: no input may crash one, hold it up, or give a position twice.

    uv run --with atheris python tests/benchmarks/fuzz_sources.py FORMAT [-runs=100000 …]

`archives` is a format here, too. Anything that begins with a dash goes to libFuzzer, which stops at
the first input that breaks the promise and writes it beside it. Inputs start from the samples of the
tests. 26,000 (CSV) to 700,000 runs of each, with inputs of up to 4,096 bytes, found one member without a
name, on which zipfile fails, and a key of JSON that is an object; since then, nothing.
"""

import datetime as dt
import io
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["upwell.sources"]):
    from upwell.config import SourceConfig
    from upwell.sources.archives import archive_kind, members
    from upwell.sources.content import Content
    from upwell.sources.item import Context
    from upwell.sources.registry import FORMATS

sys.path.insert(0, str(Path(__file__).parents[1]))
import test_sources_archives as archives
import test_sources_conferences as conferences
import test_sources_feeds as feeds

TODAY = dt.date(2026, 12, 1)
SECONDS = 10  # for one input of at most MOST_BYTES
MOST_BYTES = 4096

ABSTRACT = "We show that alpha waves rise when the reader of a table is surprised by what it says."
EXPORTS = (
    f"@string{{j = {{J}}}}\n@article{{doe, title={{{{On {{\\'e}}}}}}, abstract=\"{ABSTRACT}\" # j, month=mar, year=2020}}\n",
    f"TY  - JOUR\r\nTI  - On waves\r\nAB  - {ABSTRACT}\r\nDA  - 2020/07/28/\r\nER  - \r\n",
    f"FN Clarivate\nVR 1.0\nPT J\nTI On\n   waves\nAB {ABSTRACT}\nPD MAR 16\nPY 2020\nER\n\nEF",
    "\t".join(("PT", "AU", "TI", "AB", "PD", "PY", "UT")) + f"\r\nJ\tDoe, J; Li, W\t\"On\" waves\t{ABSTRACT}\tJUL-AUG\t2020\tWOS:1\r\n",
    f"1.\nTY  - JOUR\nN2  - {ABSTRACT}\nY1  - Nov.-Dec. 2020\nER  -\nNL  - J\n\nLink to the Ovid Full Text\n\n2.\nTY  - JOUR\n",
    f"@inproceedings{{a, crossref = {{p}}, abstract = {{{{\\textless}}p \\'Ecole \\\"a\\\" {ABSTRACT}}}, month = jul # \"--\" # aug}}\n@proceedings{{p, date = {{2020-07/2020-08}}}}\n",
    f'sep=;\n"Title";"Abstract";"Year";"Funding Text 1";"Source";"EID"\n"On";"{ABSTRACT} © 2020 A";"2020";"a";"b";"Scopus";"2-s2.0-1"\n',
    f"PMID- 1\nTI  - On\n      waves\nAB  - {ABSTRACT}\nDP  - 2022 Jun 3\n\nPMID- 2\n",
    f'[{{"id":"a","type":"article","title":"t","abstract":"{ABSTRACT}","issued":{{"date-parts":[[2020,7]]}}}}]',
    f'Title,Abstract,Year\n"On, waves","{ABSTRACT}",2020\n',
    f'[{{"title":"t","abstract":"{ABSTRACT}","year":2020}}]',
    f'{{"title":"t","abstract":"{ABSTRACT}","date":"03/04/2020"}}\n' * 2,
)  # fmt: skip


def seeds(name: str) -> Iterator[bytes]:
    """Inputs to start from: those that the format recognises."""
    packed = [pack({"x.jsonl": archives.lines(archives.A)}) for pack in archives.PACKERS.values()]
    lists = [
        json.dumps([conferences.PAPER] * 2),
        json.dumps({"notes": [conferences.V1, conferences.V2]}),
    ]
    texts = [*feeds.SEEDS.values(), *EXPORTS, *lists]
    for data in [*(text.encode() for text in texts), *packed]:
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
    if not known.recognises(content.head):  # it is never asked to read this
        return
    items = list(known.parse(content, Context(SourceConfig(), TODAY)))
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
