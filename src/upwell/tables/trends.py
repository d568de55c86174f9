"""Tables of what is rising: verdicts, counts by bucket, and what changed since the last run."""

from upwell.tables.contract import (
    BOOL,
    DATE,
    DATES,
    F64,
    I32,
    POSITIVE,
    STR,
    UNIT,
    WORDS,
    Column,
    Table,
)
from upwell.tables.values import CHANGE_EVENTS, CHANGES_OF, KINDS, VERDICTS

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
