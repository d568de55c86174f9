"""A corpus as numbers, and its dates shuffled: counts by one `bincount` a shuffle."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.trends.buckets import Calendar
from upwell.trends.collection import find_jumps, part
from upwell.trends.origins import source_of
from upwell.trends.strata import Strata

Integers = NDArray[np.intp]


@dataclass(frozen=True)
class Corpus:
    """P papers that count in a trend, sorted by the groups within which dates are shuffled.

    `bucket` and `stratum` (P,) are the filled bucket and the stratum of each paper, `groups` where
    the papers of each source and stratum stand. Of M memberships, `row` and `paper` (M,) are the
    subject and the paper. `shape` is the number of subjects, strata and buckets.
    """

    bucket: Integers
    stratum: Integers
    groups: tuple[slice, ...]
    row: Integers
    paper: Integers
    shape: tuple[int, int, int]

    @classmethod
    def of(
        cls,
        calendar: Calendar,
        dated: pl.DataFrame,
        members: pl.DataFrame,
        subjects: pl.DataFrame,
    ) -> "Corpus":
        """The papers of a calendar.

        Parameters
        ----------
        calendar : holds the papers that count.
        dated : papers with a date: `paper_id`, `published`, `date_precision`, `sources`,
            `categories`.
        members : (`kind`, `subject`, `paper_id`); those of other subjects are left out.
        subjects : (`kind`, `subject`), each once.
        """
        frame = _grouped(calendar, dated)
        pairs = members.join(frame.select("paper_id", "paper"), on="paper_id").join(
            subjects.select("kind", "subject").with_row_index("row"), on=["kind", "subject"]
        )
        pairs = pairs.select("row", "paper").unique().sort("row", "paper")
        stratum = _integers(frame["stratum"])
        ends = np.cumsum(frame["group"].rle().struct.field("len").to_numpy()).tolist()
        return cls(
            _integers(frame["bucket"]),
            stratum,
            tuple(slice(a, b) for a, b in zip([0, *ends], ends, strict=False)),
            _integers(pairs["row"]),
            _integers(pairs["paper"]),
            (len(subjects), int(stratum.max()) + 1, len(calendar.filled)),
        )

    @property
    def true(self) -> Strata:
        """Papers by subject, stratum and bucket, dates as they are."""
        return self.counted(self.bucket)

    def counted(self, bucket: Integers) -> Strata:
        """Papers by subject, stratum and bucket, were the papers in these buckets (P,)."""
        _, n_strata, n_buckets = self.shape
        cell = self.stratum * n_buckets + bucket
        inside = self.row * (n_strata * n_buckets) + cell[self.paper]
        n_papers = np.bincount(inside, minlength=int(np.prod(self.shape)))
        n_total = np.bincount(cell, minlength=n_strata * n_buckets)
        return Strata(
            n_papers.reshape(self.shape).astype(np.float64),
            n_total.reshape(n_strata, n_buckets).astype(np.float64),
        )

    def shuffles(
        self, shuffled: str, rng: np.random.Generator, n_shuffles: int
    ) -> Iterator[Strata]:
        """Papers by subject, stratum and bucket, dates shuffled.

        Parameters
        ----------
        shuffled : `papers`, within their groups, or whole `buckets`.
        rng : decides.
        n_shuffles : how many.
        """
        true = self.true
        for _ in range(n_shuffles):
            if shuffled == "buckets":
                order = rng.permutation(self.shape[2])
                yield Strata(true.n_papers[:, :, order], true.n_total[:, order])
            else:
                bucket = self.bucket.copy()
                for group in self.groups:
                    rng.shuffle(bucket[group])
                yield self.counted(bucket)


def _grouped(calendar: Calendar, dated: pl.DataFrame) -> pl.DataFrame:
    """Each paper's number, filled bucket, stratum and group, sorted by group."""
    frame = dated.select("paper_id", source_of(dated).fill_null("").alias("source"))
    parts = part(dated, find_jumps(calendar, dated))
    if parts is None:
        frame = frame.with_columns(stratum=pl.lit(0))
    else:
        frame = frame.join(parts, on="paper_id")
    filled = calendar.buckets[calendar.filled.tolist()].select("bucket_start")
    return (
        frame.join(calendar.placed, on="paper_id")
        .join(filled.with_row_index("bucket"), on="bucket_start")
        .sort("source", "stratum", "paper_id")
        .with_columns(group=pl.struct("source", "stratum").rle_id())
        .with_row_index("paper")
    )


def _integers(column: pl.Series) -> Integers:
    return column.to_numpy().astype(np.intp)
