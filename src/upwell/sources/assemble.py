"""Raw records to rows of the records table: text repaired, dates checked, poor ones rejected."""

import datetime as dt
import re
from collections import Counter, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
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
from upwell.sources.workers import MOST_RUNNING, Submit
from upwell.tables import RECORDS, REJECTS

# The shortest abstracts of 44,000 from arXiv have 16 words; below 8 there are only remains such as
# "1 Introduction" and "Abstract Unavailable" (NeurIPS 1987 to 2018).
MIN_ABSTRACT_WORDS = 8
_EXCERPT = 200  # characters
_CHUNK = 2_000  # items that are assembled at one go
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


@dataclass(frozen=True, slots=True)
class Rows:
    """What some items became: rows as in `tables`, records by the rule that dated them.

    `has_future` says that a date lay after `today`.
    """

    records: pl.DataFrame
    rejects: pl.DataFrame
    n_dated_by: Counter[Rule | None]
    has_future: bool


class Assembler:
    """Hands on the rows of one file in the order of its items, all of them after `flush`.

    `n_dated_by` counts the records by the rule that dated them, `has_future` says that a date lay
    after `today`; both are complete after `flush`, like the numbers.
    """

    def __init__(self, name: str, today: dt.date, sink: Sink, submit: Submit) -> None:
        self._name = name
        self._today = today
        self._sink = sink
        self._submit = submit
        self._waiting: list[Item] = []
        self._running: deque[Future[Rows]] = deque()
        self._is_whole_rejected = False
        self.n_records = 0
        self.n_rejects = 0
        self.n_dated_by: Counter[Rule | None] = Counter()
        self.has_future = False

    def add(self, item: Item) -> None:
        """Takes one record or reject; of several about the whole file the first stands."""
        if isinstance(item, RawReject) and item.position is None:
            if self._is_whole_rejected:
                return
            self._is_whole_rejected = True
        self._waiting.append(item)
        if len(self._waiting) >= _CHUNK:
            self._hand_on(MOST_RUNNING)

    def flush(self) -> None:
        """Hands on what waits."""
        self._hand_on(0)

    def _hand_on(self, n_running: int) -> None:
        """Has what waits assembled, and takes what comes back until so many are on their way."""
        if self._waiting:
            running = self._submit(assemble, self._waiting, self._name, self._today)
            self._running.append(running)
            self._waiting = []
        while len(self._running) > n_running:
            rows = self._running.popleft().result()
            self.n_records += rows.records.height
            self.n_rejects += rows.rejects.height
            self.n_dated_by += rows.n_dated_by
            self.has_future |= rows.has_future
            if rows.records.height:
                self._sink.records(rows.records)
            if rows.rejects.height:
                self._sink.rejects(rows.rejects)


def assemble(items: Sequence[Item], name: str, today: dt.date) -> Rows:
    """The rows that items of a file of this name become."""
    records, rejects = list[dict[str, object]](), list[dict[str, object]]()
    n_dated_by: Counter[Rule | None] = Counter()
    has_future = False
    for item in items:
        row = _row(item, name, today) if isinstance(item, RawRecord) else item
        if isinstance(row, RawReject):
            rejects.append(_reject(row, name))
            continue
        records.append(row)
        if isinstance(item, RawRecord):
            n_dated_by[item.dated_by if row["published"] else None] += 1
            has_future |= item.published.day is not None and row["published"] is None
    return Rows(
        pl.DataFrame(records, schema=RECORDS.schema),
        pl.DataFrame(rejects, schema=REJECTS.schema),
        n_dated_by,
        has_future,
    )


def _reject(reject: RawReject, name: str) -> dict[str, object]:
    """The row of a reject."""
    return {
        "source": f"{name}#{reject.position}" if reject.position else name,
        "reason": reject.reason,
        "detail": text.one_line(reject.detail),
        "excerpt": text.one_line(reject.excerpt[: 4 * _EXCERPT])[:_EXCERPT],
    }


def _row(record: RawRecord, name: str, today: dt.date) -> "dict[str, object] | RawReject":
    """The row of a record, or a reject if its abstract is too poor."""
    # First as it stands: without its ©, an English abstract is ASCII and quickly repaired.
    abstract = without_notice(text.repair(without_notice(record.abstract)))
    abstract = _LABEL.sub("", abstract, count=1) if _LABEL.match(abstract) else abstract
    poor = _poor(record, abstract)
    if poor:
        return poor
    published = not_after(record.published, today, "the day of this run")
    identifiers = find_identifiers(record.identifiers)
    problems = list(record.problems)
    if published.problem:
        problems.append(published.problem)
    if text.has_unreadable_bytes(record.abstract + (record.title or "")):
        problems.append("bytes that are not UTF-8 were read as Windows-1252")
    if record.is_cut:
        problems.append("the file ends in this record; its end may be missing")
    return {
        "source": f"{name}#{record.position}",
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
