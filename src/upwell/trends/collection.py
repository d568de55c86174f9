"""When the collection changes: a source or category that appears, vanishes or jumps.

A collector that starts to take in another category moves every share, and no literature has
changed. Such a jump is told from growth by its suddenness; papers are then parted into strata
within which the collection stayed what it was.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from upwell.trends.buckets import Calendar, count_papers, keeps_enough, make_calendar
from upwell.trends.logit import Floats
from upwell.trends.origins import origins

_REACH = 4  # buckets on each side that a jump is seen against
_FEWEST = 2  # of them at the ends of the span
_ODDS = 1.5  # factor of the odds from which a jump is one
_SHARE = 0.03  # and points of the share: less does not move the shares of themes
_SURE = (
    4.0  # standard errors; of 5, 4 and 3 tried on arXiv listings, 4 adds one jump, 3 a doubtful one
)
_NAMES = 40  # sources and categories that are looked at, the largest
_MOST_STRATA = 3  # categories by which papers are parted, those that jump most
_SMALL = 0.01  # of the papers; smaller strata are put together
_LONGEST_IN_WEEKS = 2.0  # years; a longer span is looked at in the run's own buckets


@dataclass(frozen=True)
class Jump:
    """A sudden change of what is collected, from one bucket to the next.

    `kind` source|category and its `name`; `when` is the first day of the bucket from which the
    share is another, `before` and `after` are the shares [0-1] on both sides of it.
    """

    kind: str
    name: str
    when: date
    before: float
    after: float

    def sentence(self) -> str:
        """What happened, for a reader."""
        return (
            f"{self.kind} {self.name} jumps from {self.before:.0%} to {self.after:.0%} of the "
            f"papers at {self.when.isoformat()}"
        )


def find_jumps(calendar: Calendar, dated: pl.DataFrame) -> tuple[Jump, ...]:
    """Sudden changes of the share of each source and category.

    Around each bucket, a line with a step is fitted to the logits of the shares of up to 4 buckets
    on either side. A jump is a step of a factor of 1.5 in the odds and 3 points of the share, 4
    standard errors large; steady growth is taken up by the line. Where days are known and the
    span is short, weeks are looked at, for a change in the middle of a month is no step of months.

    Parameters
    ----------
    calendar : the run's buckets.
    dated : papers with a date: `paper_id`, `published`, `date_precision`, `sources`, `categories`.

    Returns
    -------
    The jumps, the largest first.

    Source
    ------
    Our definition.
    """
    if calendar.n_years <= _LONGEST_IN_WEEKS and keeps_enough(dated, "week"):
        calendar = make_calendar(dated, "week") or calendar
    full = calendar.filled
    names, counts = _counted(calendar, dated)
    if names.is_empty() or len(full) < 2 * _FEWEST:
        return ()
    n_total, counts = calendar.n_total[full], counts[:, full]
    step, error = _steps(counts, n_total)
    starts = calendar.buckets["bucket_start"].to_list()
    found = []
    for row, (kind, name) in enumerate(names.select("kind", "name").iter_rows()):
        for at in _peaks(np.abs(step[row]) / error[row]):
            before, after = _sides(counts[row], n_total, at)
            if abs(step[row, at]) < np.log(_ODDS) or abs(after - before) < _SHARE:
                continue
            found.append(Jump(kind, name, starts[full[at]], before, after))
    return tuple(sorted(found, key=lambda j: (-abs(j.after - j.before), j.kind, j.name, j.when)))


def part(dated: pl.DataFrame, jumps: tuple[Jump, ...]) -> pl.DataFrame | None:
    """Papers parted so that within each part the collection stayed what it was.

    Parameters
    ----------
    dated : `paper_id`, `sources`, `categories`.
    jumps : what `find_jumps` found, the largest first.

    Returns
    -------
    `paper_id`, `stratum` i32 from 0, for every paper: its source, if that jumped, and whether it
    is of each of the three categories that jump most. Parts of less than 1 % of the papers are
    put together. None if nothing is left to part.
    """
    sources = {j.name for j in jumps if j.kind == "source"}
    categories = list(dict.fromkeys(j.name for j in jumps if j.kind == "category"))[:_MOST_STRATA]
    if not sources and not categories:
        return None
    named = origins(dated)
    of_source = named.filter(pl.col("kind") == "source", pl.col("name").is_in(sorted(sources)))
    key = dated.select("paper_id").join(
        of_source.select("paper_id", key="name"), on="paper_id", how="left"
    )
    for name in categories:
        inside = named.filter(pl.col("kind") == "category", pl.col("name") == name)["paper_id"]
        sign = pl.col("paper_id").is_in(inside.implode()).cast(pl.String)
        key = key.with_columns(pl.concat_str(pl.col("key").fill_null(""), sign, separator="|"))
    key = key.with_columns(pl.col("key").fill_null(""))
    large = key["key"].value_counts().filter(pl.col("count") >= _SMALL * len(dated))["key"].sort()
    number = {name: n for n, name in enumerate(large)}
    strata = key.select(
        "paper_id",
        stratum=pl.col("key").replace_strict(number, default=len(number), return_dtype=pl.Int32),
    )
    return strata.sort("paper_id") if strata["stratum"].n_unique() > 1 else None


def _counted(calendar: Calendar, dated: pl.DataFrame) -> tuple[pl.DataFrame, Floats]:
    """The largest sources and categories (`kind`, `name`), and their papers by bucket (N, B)."""
    named = origins(dated).join(calendar.placed, on="paper_id", how="semi")
    sizes = named.group_by("kind", "name").len().filter(pl.col("len") < len(calendar.placed))
    sizes = sizes.filter(pl.col("len") >= _SHARE / 2 * len(calendar.placed))
    largest = sizes.sort("len", "kind", "name", descending=[True, False, False]).head(_NAMES)
    largest = largest.sort("kind", "name")
    members = named.rename({"name": "subject"})
    return largest, count_papers(calendar, members, largest.rename({"name": "subject"}))


def _steps(counts: Floats, n_total: Floats) -> tuple[Floats, Floats]:
    """Size of the step at each bucket on the logit scale and its standard error, (N, B) each.

    The scatter around line and step is that of the median name, and no less than chance.
    """
    n_buckets = len(n_total)
    outside = n_total - counts
    logit = np.log((counts + 0.5) / (outside + 0.5))
    weight = 1 / (1 / (counts + 0.5) + 1 / (outside + 0.5))
    step = np.zeros_like(counts)
    variance = np.full_like(counts, np.inf)
    scatter = []
    for at in range(_FEWEST, n_buckets - _FEWEST + 1):
        near = np.arange(max(0, at - _REACH), min(n_buckets, at + _REACH))
        columns = np.column_stack([np.ones(len(near)), near - at, near >= at]).astype(float)
        for row in range(len(counts)):
            w = weight[row, near]
            inverse = np.linalg.inv(columns.T * w @ columns)
            fit = inverse @ (columns.T @ (w * logit[row, near]))
            step[row, at], variance[row, at] = fit[2], inverse[2, 2]
            if len(near) > 5:
                rest = logit[row, near] - columns @ fit
                scatter.append(float(w @ rest**2) / (len(near) - 3))
    inflation = max(1.0, float(np.median(scatter))) if scatter else 1.0
    return step, np.sqrt(inflation * variance)


def _peaks(surety: Floats) -> list[int]:
    """Buckets at which a step is surest among its neighbours, and sure enough."""
    left = surety.copy()
    peaks = []
    while left.max() >= _SURE:
        at = int(left.argmax())
        peaks.append(at)
        left[max(0, at - _FEWEST) : at + _FEWEST + 1] = 0
    return sorted(peaks)


def _sides(counts: Floats, n_total: Floats, at: int) -> tuple[float, float]:
    """The share before and from a bucket on, over the buckets that the step was seen in."""
    before, after = slice(max(0, at - _REACH), at), slice(at, at + _REACH)
    shares = [float(counts[s].sum() / n_total[s].sum()) for s in (before, after)]
    return shares[0], shares[1]
