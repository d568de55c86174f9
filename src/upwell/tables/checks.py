"""Tables that tell whether a published run is to be believed."""

from upwell.tables.contract import BOOL, DATE, F64, I32, POSITIVE, STR, UNIT, Column, Table
from upwell.tables.trends import TRENDS
from upwell.tables.values import KINDS, SHUFFLES, VERDICTS

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
