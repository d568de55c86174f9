"""What every format gives on real files: records, papers, rejects by reason, dates by precision.

The numbers of items are those of a count that shares nothing with the reading: markers of the start
of a record, or what the standard library's json makes of a whole file.
"""

import datetime as dt
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pytest

from upwell.config import DedupConfig, SourceConfig
from upwell.dedup import deduplicate
from upwell.sources import find_files, read_files

TODAY = dt.date(2026, 12, 1)  # after every answer was recorded
SHARED = Path(__file__).parents[1].parent / "shared"
pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the real corpora are not beside this checkout (../shared)"
)


def matches(pattern: str) -> Callable[[Path], int]:
    return lambda path: len(re.findall(pattern, path.read_text("utf-8-sig"), re.MULTILINE))


def of_json(path: Path) -> int:
    whole = json.loads(path.read_text())
    inner = (
        next((whole[k] for k in ("results", "data") if k in whole), None)
        if isinstance(whole, dict)
        else whole
    )
    return len(inner)


def of_parquet(path: Path) -> int:
    return pl.scan_parquet(path).select(pl.len()).collect().item()


@dataclass(frozen=True)
class Expected:
    """One kind of files, read alone: items, records, papers, rejects by reason, dates by precision.

    `n_empty` files have no item; each is a reject.
    """

    paths: str
    format: str
    count: Callable[[Path], int]
    records: int
    papers: int
    dates: dict[str, int]
    rejects: dict[str, int] = field(default_factory=dict)
    n_empty: int = 0


TABLE = {
    "arXiv snapshot": Expected(
        "corpora/api/arxiv_kaggle_*", "arxiv_snapshot", matches(r"^\{"), 60, 60, {"day": 60}
    ),
    "arXiv Atom": Expected(
        "corpora/api/arxiv_atom_*", "arxiv_atom", matches("<entry>"), 112, 112, {"day": 112},
        {"empty_file": 2}, n_empty=1,
    ),
    "OAI-PMH": Expected(
        "corpora/api/arxiv_oai_*", "oai_pmh", matches("<record>"), 3, 2, {"day": 3},
        {"empty_file": 1}, n_empty=1,
    ),
    "arXiv by day": Expected(
        "corpora/arxiv_daily", "json_lines", matches(r"^\{"), 31_863, 22_006,
        {"day": 31_839, "month": 24},
    ),
    "arXiv, labelled": Expected(
        "corpora/arxiv_labelled.parquet", "parquet", of_parquet, 36_103, 36_103, {"month": 36_103}
    ),
    "Hugging Face by day": Expected(
        "corpora/hf_daily_papers", "huggingface_daily_dump", of_json, 4_024, 4_024, {"day": 4_024}
    ),
    "Hugging Face, saved pages": Expected(
        "seeds/00[123]*.txt", "huggingface_daily_papers", matches(r"^.{200,}"), 266, 255,
        {"day": 262, "none": 4},
    ),
    "listings of abstracts": Expected(
        "seeds/00[04]*.txt", "abstract_listing", matches(r"^\s*Abstract:"), 20, 20, {"none": 20}
    ),
    "OpenAlex": Expected(
        "corpora/api/openalex_*", "openalex", of_json, 5, 4, {"day": 5}, {"no_abstract": 1}
    ),
    "ACL Anthology": Expected(
        "corpora/acl_anthology", "acl_anthology", matches("<paper "), 1_306, 1_306, {"month": 1_306}
    ),
    "NeurIPS": Expected(
        "corpora/neurips", "conference_list", of_json, 8_102, 8_102, {"year": 8_102},
        {"abstract_too_short": 89, "no_abstract": 75},
    ),
    "Scopus, BibTeX": Expected(
        "corpora/exports/scopus.bib", "bibtex", matches(r"^@\w+\{"), 262, 260, {"year": 262},
        {"no_abstract": 1},
    ),
    "Web of Science, BibTeX": Expected(
        "corpora/exports/wos.bib", "bibtex", matches(r"^@\w+\{"), 236, 235,
        {"day": 56, "month": 115, "year": 65},
    ),
    "RIS": Expected(
        "corpora/exports/example.ris", "ris", matches(r"^ER  -"), 25, 25, {"month": 25}
    ),
    "PubMed": Expected(
        "corpora/exports/pubmed.txt", "medline", matches(r"^PMID- "), 335, 335,
        {"day": 273, "month": 58, "year": 4},
    ),
    "Scopus, CSV": Expected(
        "corpora/exports/scopus.csv", "csv", matches(r",2-s2\.0-\d+$|\"2-s2\.0-\d+\"\r?$"), 57, 54,
        {"year": 57}, {"no_abstract": 1},
    ),
    "IEEE Xplore, CSV": Expected(
        "corpora/exports/ieee.csv", "csv", matches(r"ieeexplore\.ieee\.org/stamp"), 10, 10, {"day": 10}
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_every_item_of_a_real_file_is_accounted_for(name):
    expected = TABLE[name]
    files = find_files([SHARED / expected.paths])
    reading = read_files(files, config=SourceConfig(), today=TODAY)
    unique = deduplicate(reading.records, config=DedupConfig())
    n_items = sum(expected.count(file.path) for file in files)
    rejects = dict(reading.rejects["reason"].value_counts().iter_rows())
    dates = dict(reading.records["date_precision"].value_counts().iter_rows())
    assert {file.format for file in reading.files} == {expected.format}
    assert (reading.records.height, unique.papers.height, rejects, dates) == (
        expected.records, expected.papers, expected.rejects, expected.dates,
    )  # fmt: skip
    assert unique.papers.height + unique.duplicates.height == reading.records.height
    assert reading.records.height + sum(rejects.values()) - expected.n_empty == n_items
    sources = [*reading.records["source"], *reading.rejects["source"]]
    assert len(set(sources)) == len(sources)


def test_dates_of_hugging_face_agree_with_arxiv_ids():
    """The month of an id is that of version 1 but for the hours around a new month."""
    reading = read_files(
        find_files([SHARED / "corpora/hf_daily_papers"]), config=SourceConfig(), today=TODAY
    )
    known = reading.records.drop_nulls("arxiv_id").select("arxiv_id", "published").rows()
    agree = sum(arxiv_id[:4] == f"{day:%y%m}" for arxiv_id, day in known)
    assert agree > 0.98 * len(known)


def test_text_of_the_anthology_is_readable():
    reading = read_files(
        find_files([SHARED / "corpora/acl_anthology"]), config=SourceConfig(), today=TODAY
    )
    texts = [*reading.records["title"], *reading.records["abstract"]]
    assert not [text for text in texts if re.search(r"</?[a-z-]+>|\$\\|\\(?:alpha|text)", text)]
