"""Raw records to rows of the records table: text repaired, dates checked, poor ones rejected."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import polars as pl

from upwell.sources import text
from upwell.sources.dates import not_after
from upwell.sources.dating import Rule
from upwell.sources.identifiers import find_identifiers
from upwell.sources.item import Item, RawRecord, RawReject
from upwell.sources.language import language_of
from upwell.sources.notices import without_notice
from upwell.tables import RECORDS, REJECTS

# The shortest abstracts of 44,000 from arXiv have 16 words; below 8 there are only remains such as
# "1 Introduction" and "Abstract Unavailable" (NeurIPS 1987 to 2018).
MIN_ABSTRACT_WORDS = 8
_EXCERPT = 200  # characters
_CHUNK = 20_000  # rows of a frame; so many are Python objects at one time
_LABEL = re.compile(
    r"\s*abstract\s*(?:[:.]|\u2014|--?(?=\s))\s*"
    # Without a mark only before words that begin an abstract: "Abstract Argumentation …" stays.
    r"|\s*abstract\s+(?-i:(?=(?:We|This|The|In|An?|Background|Objectives?|Purpose|Aims?)\b))",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"\W*(?:(?:no )?abstract(?: is)?(?: not)? (?:un)?available|no abstract|abstract|n/?a|none|null"
    r"|nan|tba|tbd)?\W*\Z",
    re.IGNORECASE,
)
# Two characters of Chinese, Japanese or Korean count as a word.
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(rf"[{_CJK}]{{1,2}}|[^\W{_CJK}]+")


@dataclass(frozen=True, slots=True)
class Sink:
    """Where rows go: frames of `tables.RECORDS` and `tables.REJECTS`, `_CHUNK` rows at most."""

    records: Callable[[pl.DataFrame], object]
    rejects: Callable[[pl.DataFrame], object]


class Assembler:
    """Hands on the rows of one file, all of them after `flush`, and counts them.

    `n_dated_by` counts the records by the rule that dated them, `has_future` says that a date lay
    after `today`.
    """

    def __init__(self, name: str, today: dt.date, sink: Sink) -> None:
        self._name = name
        self._today = today
        self._sink = sink
        self._records: list[dict[str, object]] = []
        self._rejects: list[dict[str, object]] = []
        self._is_whole_rejected = False
        self.n_records = 0
        self.n_rejects = 0
        self.n_dated_by: Counter[Rule | None] = Counter()
        self.has_future = False

    def add(self, item: Item) -> None:
        """Takes one record or reject; of several about the whole file the first stands."""
        row = self._row(item) if isinstance(item, RawRecord) else item
        if isinstance(row, RawReject):
            self._reject(row)
        else:
            self._records.append(row)
            self.n_records += 1
        if max(len(self._records), len(self._rejects)) >= _CHUNK:
            self.flush()

    def flush(self) -> None:
        """Hands on the rows that wait."""
        if self._records:
            self._sink.records(pl.DataFrame(self._records, schema=RECORDS.schema))
        if self._rejects:
            self._sink.rejects(pl.DataFrame(self._rejects, schema=REJECTS.schema))
        self._records, self._rejects = [], []

    def _reject(self, reject: RawReject) -> None:
        """Takes a reject."""
        if reject.position is None:
            if self._is_whole_rejected:
                return
            self._is_whole_rejected = True
        self._rejects.append(
            {
                "source": f"{self._name}#{reject.position}" if reject.position else self._name,
                "reason": reject.reason,
                "detail": text.one_line(reject.detail),
                "excerpt": text.one_line(reject.excerpt[: 4 * _EXCERPT])[:_EXCERPT],
            }
        )
        self.n_rejects += 1

    def _row(self, record: RawRecord) -> "dict[str, object] | RawReject":
        """The row of a record, or a reject if its abstract is too poor."""
        # First as it stands: without its ©, an English abstract is ASCII and quickly repaired.
        abstract = without_notice(text.repair(without_notice(record.abstract)))
        abstract = _LABEL.sub("", abstract, count=1) if _LABEL.match(abstract) else abstract
        poor = _poor(record, abstract)
        if poor:
            return poor
        published = not_after(record.published, self._today, "the day of this run")
        identifiers = find_identifiers(record.identifiers)
        self.n_dated_by[record.dated_by if published.day else None] += 1
        problems = list(record.problems)
        if published.problem:
            problems.append(published.problem)
            self.has_future |= record.published.day is not None and published.day is None
        if text.has_unreadable_bytes(record.abstract + (record.title or "")):
            problems.append("bytes that are not UTF-8 were read as Windows-1252")
        if record.is_cut:
            problems.append("the file ends in this record; its end may be missing")
        return {
            "source": f"{self._name}#{record.position}",
            "title": text.repair(record.title or "") or None,
            "abstract": abstract,
            "published": published.day,
            "date_precision": published.precision,
            "arxiv_id": identifiers.arxiv_id,
            "doi": identifiers.doi,
            "url": text.one_line(record.url or "") or None,
            "n_authors": record.n_authors,
            "n_comments": record.n_comments,
            "categories": [text.one_line(category) for category in record.categories],
            "language": language_of(abstract),
            "problems": problems,
        }


def _poor(record: RawRecord, abstract: str) -> RawReject | None:
    """The reject of a record whose abstract is missing or too short."""
    start = "; ".join(filter(None, (record.title, record.abstract[:400])))
    if _PLACEHOLDER.match(abstract):
        return RawReject(record.position, "no_abstract", "the abstract is missing", start)
    n_words = sum(1 for _ in islice(_WORD.finditer(abstract), MIN_ABSTRACT_WORDS))
    if n_words >= MIN_ABSTRACT_WORDS:
        return None
    detail = f"the abstract has {n_words} words, the least is {MIN_ABSTRACT_WORDS}"
    if record.is_cut:
        return RawReject(record.position, "truncated", f"the file ends here; {detail}", start)
    return RawReject(record.position, "abstract_too_short", detail, start)
