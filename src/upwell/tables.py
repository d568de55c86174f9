"""The schema of every table: what is published, and what stages hand to each other.

A table is a `Table`: one row per what, sorted by which key, and for each column its type, whether
it may be null, its bounds and what it means. `Table.conform` is the only way a frame becomes a
table; `outputs/README.md`, the data dictionary, is written from the same declarations.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl


class TableError(ValueError):
    """A frame does not keep the contract of the table it is meant to be."""


@dataclass(frozen=True)
class Column:
    """One column of a table: its type, meaning and limits."""

    dtype: pl.DataType
    doc: str
    nullable: bool = False
    bounds: tuple[float, float] | None = None
    values: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Table:
    """The contract of one table.

    `key` names the columns that identify a row; rows are sorted by it. `version` rises when a
    column is removed or changes its meaning; a column may be added without.
    """

    name: str
    row: str
    key: tuple[str, ...]
    columns: Mapping[str, Column]
    version: int = 1

    @property
    def schema(self) -> pl.Schema:
        """Column names and types, in the published order."""
        return pl.Schema({name: column.dtype for name, column in self.columns.items()})

    def empty(self) -> pl.DataFrame:
        """A frame of no rows with this table's columns."""
        return pl.DataFrame(schema=self.schema)

    def completed(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame of an older upwell with the columns that were added since, null if they may be.

        Parameters
        ----------
        frame : as it was written.
        """
        added = [n for n, c in self.columns.items() if c.nullable and n not in frame.columns]
        return frame.with_columns(pl.lit(None, self.columns[n].dtype).alias(n) for n in added)

    def conform(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame as this table: its columns in order, its types, sorted by its key.

        Parameters
        ----------
        frame : has at least this table's columns, in any order, of types that cast without loss.

        Returns
        -------
        The table; columns that are not part of it are left out.

        Raises
        ------
        TableError
            A column is missing or does not cast, a value is null, out of bounds or not in the
            closed list, or a key stands twice. Every fault is named, not just the first.
        """
        missing = [name for name in self.columns if name not in frame.columns]
        if missing:
            raise TableError(
                f"{self.name}: no column {', '.join(missing)}; there are {', '.join(frame.columns)}"
            )
        try:
            table = frame.select(pl.col(n).cast(c.dtype) for n, c in self.columns.items())
        except pl.exceptions.InvalidOperationError as error:
            raise TableError(f"{self.name}: a column does not have its type: {error}") from error
        faults = [f for name, column in self.columns.items() for f in _faults(table[name], column)]
        if self.key and table.select(self.key).is_duplicated().any():
            twice = table.filter(table.select(self.key).is_duplicated()).select(self.key).row(0)
            faults.append(f"key ({', '.join(self.key)}) stands more than once, as for {twice}")
        if faults:
            raise TableError(f"{self.name}: " + "; ".join(faults))
        return table.sort(self.key) if self.key else table


def _faults(series: pl.Series, column: Column) -> list[str]:
    """What is wrong with the values of one column, in words; empty if nothing is."""
    faults = []
    if not column.nullable and series.null_count():
        faults.append(f"{series.name} is null in {series.null_count()} of {len(series)} rows")
    if series.dtype.is_float() and series.is_nan().any():
        faults.append(f"{series.name} is NaN in {series.is_nan().sum()} rows (null means unknown)")
    if column.bounds is not None:
        low, high = column.bounds
        outside = series.filter((series < low) | (series > high))
        if len(outside):
            faults.append(f"{series.name} is {outside[0]}, not within {low:g} to {high:g}")
    if column.values:
        other = series.drop_nulls().filter(~series.drop_nulls().is_in(list(column.values)))
        if len(other):
            faults.append(f"{series.name} is {other[0]!r}, not one of {', '.join(column.values)}")
    return faults


STR, DATE, I32, F32, F64, BOOL = (
    pl.String(),
    pl.Date(),
    pl.Int32(),
    pl.Float32(),
    pl.Float64(),
    pl.Boolean(),
)
WORDS = pl.List(pl.String())
DATES = pl.List(pl.Date())
UNIT = (0.0, 1.0)
POSITIVE = (0.0, float("inf"))

DATE_PRECISIONS = ("day", "month", "year", "none")
VERDICTS = ("rising", "falling", "steady", "insufficient_evidence")
KINDS = ("topic", "theme")
SHUFFLES = ("papers", "buckets")
METHODS = ("identifier", "title", "near_text")
EVENTS = ("born", "continued", "split", "merged", "dormant", "revived")
CHANGES_OF = ("run", *KINDS)
CHANGE_EVENTS = (
    "new_papers",
    "removed_papers",
    "setting_changed",
    "verdict_changed",
    "newly_tested",  # too few papers to test before
    "followed",  # a theme that is new in the watch list
    "unfollowed",
    "redefined",  # a theme of the same name with other phrases
    *(event for event in EVENTS if event != "continued"),
)
REASONS = (
    "unreadable_file",  # permission, broken compression, input/output error
    "empty_file",
    "unknown_format",  # no source recognises the content
    "broken_syntax",  # a line, row or object that does not parse
    "line_too_long",
    "truncated",  # the file ends in the middle of the record
    "no_abstract",
    "abstract_too_short",
    "removed",  # taken out by the operator
)

_SOURCE = Column(
    STR,
    "where the record stands: `file#position` (line or row, from 1); inside an archive "
    "`file!member#position`",
)
_REJECT_SOURCE = Column(STR, "where the item stands, `file#position`; a whole file: `file`")
_PAPER_ID = Column(STR, "the paper; the same paper has the same id in every run")

# What is known of a work, whether as a record of one source or as a paper of several.
_WORK = {
    "title": Column(STR, "title", nullable=True),
    "abstract": Column(STR, "abstract, repaired"),
    "published": Column(DATE, "first day of what is known of the date", nullable=True),
    "date_precision": Column(STR, "how much of the date is known", values=DATE_PRECISIONS),
    "arxiv_id": Column(STR, "arXiv id without version", nullable=True),
    "doi": Column(STR, "DOI in lower case, without a resolver in front", nullable=True),
    "url": Column(STR, "address of the paper", nullable=True),
    "n_authors": Column(I32, "number of authors", nullable=True, bounds=(1, 1e6)),
    "n_comments": Column(I32, "comments on the page", nullable=True, bounds=POSITIVE),
    "categories": Column(WORDS, "subject categories as the sources give them"),
    "language": Column(STR, "of the abstract, ISO 639-1; null if unsure", nullable=True),
}

RECORDS = Table(
    "records",
    "raw item that was read (between stages, not published)",
    ("source",),
    {
        "source": _SOURCE,
        **_WORK,
        "problems": Column(WORDS, "what was wrong with the record though it could be read"),
    },
)

PAPERS = Table(
    "papers",
    "paper",
    ("paper_id",),
    {
        "paper_id": _PAPER_ID,
        **_WORK,
        "sources": Column(WORDS, "every record of this paper, `file#position`"),
        "topic_id": Column(I32, "its topic; -1 is the outlier topic"),
        "topic_strength": Column(
            F32,
            "cosine to the centre of its topic, among vectors centred on the corpus; "
            "0 in the outlier topic",
            bounds=UNIT,
        ),
        "x": Column(F32, "map coordinate, without unit"),
        "y": Column(F32, "map coordinate, without unit"),
    },
)

# What deduplication hands on: papers before they have a topic and a place on the map.
UNPLACED = Table(
    "unplaced papers",
    "paper (between stages, not published)",
    PAPERS.key,
    {n: c for n, c in PAPERS.columns.items() if n not in {"topic_id", "topic_strength", "x", "y"}},
)

ASSIGNMENTS = Table(
    "assignments",
    "paper with its topic (between stages, not published)",
    PAPERS.key,
    {n: PAPERS.columns[n] for n in ("paper_id", "topic_id", "topic_strength", "x", "y")},
)

DUPLICATES = Table(
    "duplicates",
    "record folded into another",
    ("source",),
    {
        "source": _SOURCE,
        "paper_id": Column(STR, "the paper that survives"),
        "method": Column(STR, "what showed that they are one paper", values=METHODS),
        "similarity": Column(F32, "Jaccard similarity of the abstracts", bounds=UNIT),
    },
)

REJECTS = Table(
    "rejects",
    "item that could not become a paper",
    ("source",),
    {
        "source": _REJECT_SOURCE,
        "reason": Column(STR, "why, from a closed list", values=REASONS),
        "detail": Column(STR, "what is wrong, and what to do"),
        "excerpt": Column(STR, "the start of the item, at most 200 characters"),
    },
)

PROBLEMS = Table(
    "problems",
    "problem of a record that could be read all the same",
    ("source", "problem"),
    {
        "source": _SOURCE,
        "problem": Column(STR, "what is wrong and how it was dealt with, in a sentence"),
    },
)

TOPICS = Table(
    "topics",
    "topic (the outlier topic -1 has no row)",
    ("topic_id",),
    {
        "topic_id": Column(I32, "stable between runs, never reused", bounds=POSITIVE),
        "label": Column(STR, "name for people"),
        "keywords": Column(WORDS, "key phrases, the most telling first"),
        "n_papers": Column(I32, "papers in the topic", bounds=POSITIVE),
        "exemplars": Column(WORDS, "paper_id of the most typical papers"),
        "coherence": Column(F32, "NPMI of the keywords over the abstracts", bounds=(-1.0, 1.0)),
        "stability": Column(F32, "how well the topic comes back in refits", bounds=UNIT),
        "parent_id": Column(I32, "topic of the last run it split from", nullable=True),
        "first_run": Column(STR, "run_id of the run that first saw it"),
    },
)

TOPIC_LINEAGE = Table(
    "topic_lineage",
    "link between runs",
    ("run_id", "topic_id", "event", "from_topic_id"),
    {
        "run_id": Column(STR, "the run in which it happened"),
        "topic_id": Column(I32, "the topic"),
        "event": Column(STR, "what happened to it", values=EVENTS),
        "from_topic_id": Column(I32, "topic of the earlier run", nullable=True),
        "overlap": Column(F32, "shared papers, Jaccard", bounds=UNIT),
    },
)

THEME_PAPERS = Table(
    "theme_papers",
    "(theme, paper)",
    ("theme", "paper_id"),
    {
        "theme": Column(STR, "name in the watch list"),
        "paper_id": _PAPER_ID,
        "score": Column(F32, "how surely the paper is of the theme", bounds=UNIT),
        "evidence": Column(STR, "the words of the paper that speak for it"),
    },
)

TRENDS = Table(
    "trends",
    "subject",
    ("kind", "subject"),
    {
        "kind": Column(STR, "what the subject is", values=KINDS),
        "subject": Column(STR, "theme name or topic id"),
        "name": Column(STR, "name for people: theme name or topic label"),
        "verdict": Column(STR, "what the evidence allows to say", values=VERDICTS),
        "growth": Column(
            F64,
            "factor by which the odds of a paper being in the subject multiply per year",
            nullable=True,
            bounds=POSITIVE,
        ),
        "growth_low": Column(F64, "its 95 % interval, lower end", nullable=True, bounds=POSITIVE),
        "growth_high": Column(F64, "its 95 % interval, upper end", nullable=True, bounds=POSITIVE),
        "p_value": Column(F64, "of no change, two-sided", nullable=True, bounds=UNIT),
        "q_value": Column(
            F64,
            "p_value after Benjamini-Hochberg over all subjects (one whose interval lies within "
            "the steady margin, or that has turned, enters with 1)",
            nullable=True,
            bounds=UNIT,
        ),
        "n_papers": Column(I32, "dated papers in the subject", bounds=POSITIVE),
        "first_share": Column(F64, "fitted share, start of the span", nullable=True, bounds=UNIT),
        "last_share": Column(F64, "fitted share, end of the span", nullable=True, bounds=UNIT),
        "recent_growth": Column(
            F64,
            "growth over the later half of the span; null with fewer than 4 buckets in it",
            nullable=True,
            bounds=POSITIVE,
        ),
        "recent_growth_low": Column(
            F64, "its 95 % interval, lower end", nullable=True, bounds=POSITIVE
        ),
        "recent_growth_high": Column(
            F64, "its 95 % interval, upper end", nullable=True, bounds=POSITIVE
        ),
        "has_turned": Column(
            BOOL,
            "the later half surely goes the other way; such a subject is not rising or falling",
        ),
        "is_emerging": Column(BOOL, "rising, and all but absent in the earlier half of the span"),
        "is_burst": Column(BOOL, "the last complete bucket stands out above the fit"),
        "burst_start": Column(
            DATE, "first day of the weightiest burst (Kleinberg); null if none", nullable=True
        ),
        "burst_end": Column(DATE, "first day after it", nullable=True),
        "burst_weight": Column(
            F64, "how much likelier the counts are with it, natural log", bounds=POSITIVE
        ),
        "change_points": Column(
            DATES, "first days of buckets from which the share keeps off its trend (PELT)"
        ),
        "robust": Column(
            BOOL, "the growth has one sign under every sensitivity check, and the topic is stable"
        ),
        "sensitive_to": Column(
            WORDS,
            "the sensitivity checks that give it another sign, and `unstable_topic` if the topic "
            "hardly comes back when papers are clustered anew",
        ),
    },
)

TREND_SERIES = Table(
    "trend_series",
    "(subject, bucket), zero-filled",
    ("kind", "subject", "bucket_start"),
    {
        "kind": Column(STR, "what the subject is", values=KINDS),
        "subject": Column(STR, "theme name or topic id"),
        "bucket_start": Column(DATE, "first day of the bucket"),
        "bucket_end": Column(DATE, "first day after the bucket"),
        "n_papers": Column(I32, "papers of the subject in the bucket", bounds=POSITIVE),
        "n_total": Column(I32, "all dated papers in the bucket", bounds=POSITIVE),
        "share": Column(F64, "n_papers / n_total; null if none", nullable=True, bounds=UNIT),
        "share_low": Column(
            F64,
            "its 95 % interval, noise between buckets included, lower end",
            nullable=True,
            bounds=UNIT,
        ),
        "share_high": Column(F64, "its 95 % interval, upper end", nullable=True, bounds=UNIT),
        "is_partial": Column(BOOL, "the collection does not cover the whole bucket"),
    },
)

CHANGES = Table(
    "changes",
    "change since the last run (none in the first run; later ones have at least `new_papers`)",
    ("kind", "subject", "event", "from_topic_id"),
    {
        "from_run": Column(STR, "run_id of the last run, with which this one is compared"),
        "kind": Column(STR, "what changed: the run as a whole, or a subject", values=CHANGES_OF),
        "subject": Column(STR, "theme name or topic id; of the run, `papers` or the setting"),
        "name": Column(STR, "name for people"),
        "event": Column(STR, "what happened", values=CHANGE_EVENTS),
        "from_topic_id": Column(
            I32, "topic that this one split from or that merged into it", nullable=True
        ),
        "before": Column(
            STR, "what it was: the verdict, the value, the name of `from_topic_id`", nullable=True
        ),
        "after": Column(STR, "what it is now: the verdict, the value", nullable=True),
        "growth": TRENDS.columns["growth"],
        "growth_low": TRENDS.columns["growth_low"],
        "growth_high": TRENDS.columns["growth_high"],
        "q_value": TRENDS.columns["q_value"],
        "robust": Column(
            BOOL, "the growth has one sign under every sensitivity check", nullable=True
        ),
        "n_papers": Column(
            I32,
            "dated papers in the subject now; of `new_papers` and `removed_papers`, how many",
            nullable=True,
            bounds=POSITIVE,
        ),
    },
)

CALIBRATION = Table(
    "calibration",
    "measure of the verdicts under shuffled dates",
    ("shuffled", "kind", "measure", "p_from", "p_to"),
    {
        "shuffled": Column(
            STR, "dates of single papers within a source, or whole buckets", values=SHUFFLES
        ),
        "kind": Column(STR, "subjects that it is about", values=("all", *KINDS)),
        "measure": Column(
            STR,
            "share of the shuffles with any false `rising` or `falling`; mean number of these; "
            "share of the p-values in a range",
            values=("any_false_verdict", "false_verdicts", "p_value"),
        ),
        "p_from": Column(F64, "range of p-values, not included", nullable=True, bounds=UNIT),
        "p_to": Column(F64, "range of p-values, included", nullable=True, bounds=UNIT),
        "value": Column(F64, "what was found", bounds=POSITIVE),
        "value_low": Column(F64, "its 95 % Monte-Carlo interval, lower end", bounds=POSITIVE),
        "value_high": Column(F64, "its 95 % Monte-Carlo interval, upper end", bounds=POSITIVE),
        "expected": Column(
            F64,
            "for p-values what chance makes, for `any_false_verdict` what is promised at most",
            nullable=True,
            bounds=UNIT,
        ),
        "n_shuffles": Column(I32, "shuffles of this sort", bounds=(1, float("inf"))),
        "n_subjects": Column(I32, "subjects tested in each", bounds=(1, float("inf"))),
    },
)

BACKTEST = Table(
    "backtest",
    "(cut-off, subject)",
    ("cutoff", "kind", "subject"),
    {
        "cutoff": Column(DATE, "first day that was not known"),
        "kind": TRENDS.columns["kind"],
        "subject": Column(
            STR, "theme name, or topic id; topics are found anew and keep ids between cut-offs"
        ),
        "name": TRENDS.columns["name"],
        "verdict": Column(STR, "what could be said at the cut-off", values=VERDICTS),
        "growth": Column(F64, "growth per year, as known then", nullable=True, bounds=POSITIVE),
        "growth_low": TRENDS.columns["growth_low"],
        "growth_high": TRENDS.columns["growth_high"],
        "recent_growth": TRENDS.columns["recent_growth"],
        "q_value": TRENDS.columns["q_value"],
        "n_papers": Column(I32, "dated papers in the subject, as known then", bounds=POSITIVE),
        "last_share": Column(
            F64,
            "fitted share at the end of what was known",
            nullable=True,
            bounds=UNIT,
        ),
        "until": Column(DATE, "first day after the span that is compared"),
        "n_before": Column(
            I32,
            "papers of the subject in as long a span before the cut-off",
            bounds=POSITIVE,
        ),
        "n_total_before": Column(I32, "all papers in that span", bounds=POSITIVE),
        "n_after": Column(
            I32, "papers put into the subject from the cut-off to `until`", bounds=POSITIVE
        ),
        "n_total_after": Column(I32, "all papers in that span", bounds=POSITIVE),
        "exceeds_fit": Column(
            BOOL, "n_after / n_total_after is above last_share; null if not told", nullable=True
        ),
        "exceeds_before": Column(
            BOOL, "… above n_before / n_total_before; null if not told", nullable=True
        ),
    },
)

PUBLISHED = (
    PAPERS,
    DUPLICATES,
    REJECTS,
    PROBLEMS,
    TOPICS,
    TOPIC_LINEAGE,
    THEME_PAPERS,
    TRENDS,
    TREND_SERIES,
    CHANGES,
)

# Written beside a published run when somebody asks for it.
ON_REQUEST = (CALIBRATION, BACKTEST)
