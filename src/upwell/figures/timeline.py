"""The time axis that all panels of a figure share: buckets, gaps, incomplete ends, tick labels."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from matplotlib.axes import Axes

from upwell.figures import style

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# Labels at every second, third, … bucket that fall on the same place of each year.
EVEN_STEPS = {"month": (1, 2, 3, 6, 12), "quarter": (1, 2, 4), "year": ()}

Row = dict[str, Any]
Bucket = tuple[date, date]


@dataclass(frozen=True)
class Timeline:
    """The buckets of a figure, in order; positions on the axis are days (`date.toordinal`).

    `totals` is `n_total` by bucket; `partial` the buckets that the collection does not cover.
    """

    buckets: tuple[Bucket, ...]
    totals: dict[Bucket, int]
    partial: frozenset[Bucket]

    @classmethod
    def of(cls, series: pl.DataFrame) -> "Timeline":
        """The timeline of a table `trend_series` of at least one row."""
        rows = (
            series.group_by("bucket_start", "bucket_end")
            .agg(pl.col("n_total").max(), pl.col("is_partial").any())
            .sort("bucket_start")
            .rows()
        )
        return cls(
            tuple((start, end) for start, end, _, _ in rows),
            {(start, end): total for start, end, total, _ in rows},
            frozenset((start, end) for start, end, _, partial in rows if partial),
        )

    @property
    def n_buckets(self) -> int:
        """Number of buckets."""
        return len(self.buckets)

    @property
    def gaps(self) -> list[Bucket]:
        """Buckets without any paper, where there is no share."""
        return [bucket for bucket in self.buckets if not self.totals[bucket]]

    @property
    def bucket(self) -> str:
        """What a bucket is called: month, quarter or year."""
        days = max((end - start).days for start, end in self.buckets)
        return "month" if days <= 31 else "quarter" if days <= 92 else "year"

    @property
    def limits(self) -> tuple[float, float]:
        """Both ends of the axis."""
        return self.buckets[0][0].toordinal(), self.buckets[-1][1].toordinal()

    def edges(self, row: Row) -> tuple[float, float]:
        """Where the bucket of a row starts and ends."""
        return row["bucket_start"].toordinal(), row["bucket_end"].toordinal()

    def middle(self, row: Row) -> float:
        """Where the point of a bucket stands."""
        return sum(self.edges(row)) / 2

    def frame(self) -> pl.DataFrame:
        """One row a bucket, with all papers as `n_papers`."""
        return pl.DataFrame(
            {
                "bucket_start": [start for start, _ in self.buckets],
                "bucket_end": [end for _, end in self.buckets],
                "n_papers": [self.totals[bucket] for bucket in self.buckets],
                "is_partial": [bucket in self.partial for bucket in self.buckets],
            }
        )

    def shade(self, ax: Axes) -> None:
        """Hatch incomplete buckets, and grey those without papers."""
        for start, end in sorted(self.partial):
            ax.axvspan(
                start.toordinal(),
                end.toordinal(),
                facecolor="none",
                edgecolor=style.PALE,
                hatch="////",
                linewidth=0,
                zorder=0,
            )
        for start, end in self.gaps:
            ax.axvspan(start.toordinal(), end.toordinal(), color=style.PALE, linewidth=0, zorder=0)

    def name_incomplete(self, ax: Axes) -> None:
        """The word `incomplete` over an incomplete bucket, within the panel."""
        start, end = self.limits
        for bucket in sorted(self.partial):
            late = (bucket[0].toordinal() - start) > (end - start) / 2
            x = bucket[1].toordinal() if late else bucket[0].toordinal()
            ax.annotate(
                "incomplete",
                (x, 1),
                xycoords=ax.get_xaxis_transform(),
                ha="right" if late else "left",
                va="bottom",
                fontsize=style.SMALL - 1,
                color=style.MUTED,
                parse_math=False,
            )

    def ticks(self, ax: Axes, width: float) -> None:
        """Labels at years, or at buckets where the axis is short; as many as have room."""
        start, end = self.limits
        labels = self._labels()
        widest = max(style.text_width(label, style.SMALL) for _, label in labels)
        room = max(int(width / (widest + 0.12)), 1)
        enough = -(-len(labels) // room)
        steps = EVEN_STEPS[self.bucket] if len(self._years()) < 3 else ()
        kept = labels[:: min((step for step in steps if step >= enough), default=enough)]
        ax.set_xlim(start, end)
        ax.set_xticks([x for x, _ in kept], [label for _, label in kept])

    def _labels(self) -> list[tuple[float, str]]:
        """Every place that may carry a label: the buckets of a year's start, or each bucket."""
        if len(self._years()) >= 3:
            return [(start.toordinal(), f"{start.year}") for start in self._years()]
        return [(start.toordinal(), self._name(start)) for start, _ in self.buckets]

    def _years(self) -> list[date]:
        """The buckets' starts that start a year."""
        return [start for start, _ in self.buckets if start.month == 1]

    def _name(self, start: date) -> str:
        """A bucket's name by its first day."""
        if self.bucket == "year":
            return f"{start.year}"
        if self.bucket == "quarter":
            return f"{start.year} Q{(start.month + 2) // 3}"
        return f"{MONTHS[start.month - 1]} {start.year}"
