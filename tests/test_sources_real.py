"""What every feed gives on real files: records, rejects by reason, dates by precision.

The numbers of items are those of a count that shares nothing with the reading: markers of the start
of a record, or what the standard library's json makes of a whole file.
"""

import datetime as dt
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from upwell.config import SourceConfig
from upwell.sources import find_files, read_files

TODAY = dt.date(2026, 12, 1)  # after every answer was recorded
SHARED = Path(__file__).parents[1].parent / "shared" / "corpora"
pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the real corpora are not beside this checkout (../shared/corpora)"
)


def matches(pattern: str) -> Callable[[str], int]:
    return lambda text: len(re.findall(pattern, text, re.MULTILINE))


def of_json(text: str) -> int:
    whole = json.loads(text)
    inner = (
        next((whole[k] for k in ("results", "data") if k in whole), None)
        if isinstance(whole, dict)
        else whole
    )
    return len(inner)


@dataclass(frozen=True)
class Expected:
    """One kind of files; `rejects` by reason, `dates` by precision, `n_empty` files of no items."""

    paths: str
    format: str
    count: Callable[[str], int]
    records: int
    dates: dict[str, int]
    rejects: dict[str, int] = field(default_factory=dict)
    n_empty: int = 0


TABLE = {
    "arXiv snapshot": Expected(
        "api/arxiv_kaggle_*", "arxiv_snapshot", matches(r"^\{"), 60, {"day": 60}
    ),
    "arXiv Atom": Expected(
        "api/arxiv_atom_*", "arxiv_atom", matches("<entry>"), 112, {"day": 112},
        {"empty_file": 2}, n_empty=1,
    ),
    "OAI-PMH": Expected(
        "api/arxiv_oai_*", "oai_pmh", matches("<record>"), 3, {"day": 3}, {"empty_file": 1},
        n_empty=1,
    ),
    "arXiv by day": Expected(
        "arxiv_daily", "json_lines", matches(r"^\{"), 31_863, {"day": 31_839, "month": 24}
    ),
    "Hugging Face by day": Expected(
        "hf_daily_papers", "huggingface_daily_dump", of_json, 4_024, {"day": 4_024}
    ),
    "OpenAlex": Expected(
        "api/openalex_*", "openalex", of_json, 5, {"day": 5}, {"no_abstract": 1}
    ),
    "ACL Anthology": Expected(
        "acl_anthology", "acl_anthology", matches("<paper "), 1_306, {"month": 1_306}
    ),
    "NeurIPS": Expected(
        "neurips", "conference_list", of_json, 8_102, {"year": 8_102},
        {"abstract_too_short": 89, "no_abstract": 75},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLE)
def test_every_item_of_a_feed_is_accounted_for(name):
    expected = TABLE[name]
    files = find_files([SHARED / expected.paths])
    reading = read_files(files, config=SourceConfig(), today=TODAY)
    n_items = sum(expected.count(file.path.read_text()) for file in files)
    rejects = dict(reading.rejects["reason"].value_counts().iter_rows())
    dates = dict(reading.records["date_precision"].value_counts().iter_rows())
    assert {file.format for file in reading.files} == {expected.format}
    assert (len(reading.records), rejects, dates) == (
        expected.records, expected.rejects, expected.dates,
    )  # fmt: skip
    assert len(reading.records) + sum(rejects.values()) - expected.n_empty == n_items
    sources = [*reading.records["source"], *reading.rejects["source"]]
    assert len(set(sources)) == len(sources)


def test_dates_of_hugging_face_agree_with_arxiv_ids():
    """The month of an id is that of version 1 but for the hours around a new month."""
    reading = read_files(
        find_files([SHARED / "hf_daily_papers"]), config=SourceConfig(), today=TODAY
    )
    known = reading.records.drop_nulls("arxiv_id").select("arxiv_id", "published").rows()
    agree = sum(arxiv_id[:4] == f"{day:%y%m}" for arxiv_id, day in known)
    assert agree > 0.98 * len(known)


def test_text_of_the_anthology_is_readable():
    reading = read_files(find_files([SHARED / "acl_anthology"]), config=SourceConfig(), today=TODAY)
    texts = [*reading.records["title"], *reading.records["abstract"]]
    assert not [text for text in texts if re.search(r"</?[a-z-]+>|\$\\|\\(?:alpha|text)", text)]
