"""How long does a calibration take.

    python tests/benchmarks/bench_calibration.py [shuffles of each sort]

20,000 papers over 30 months, 500 subjects of 20 to 600 papers. Processor seconds on one slow core,
for 1,000 shuffles of papers and 1,000 of buckets together:

    papers independent   18 s, of which counting .4 s
    papers in clumps     24 s, of which counting .6 s
"""

import sys
import time
from datetime import date

import numpy as np
import polars as pl

from upwell.config import TrendConfig
from upwell.trends.buckets import dated_papers, make_calendar
from upwell.trends.calibration import calibrate
from upwell.trends.shuffling import Corpus

N_PAPERS, N_BUCKETS, N_SUBJECTS = 20_000, 30, 500


def corpus(*, clumping: float) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Papers, members and subjects; clumped papers come in the same few months."""
    rng = np.random.default_rng(5)
    month = rng.integers(0, N_BUCKETS, N_PAPERS)
    papers = pl.DataFrame(
        {
            "paper_id": [f"p{i:06d}" for i in range(N_PAPERS)],
            "published": [date(2020 + m // 12, m % 12 + 1, 3) for m in month],
            "date_precision": ["day"] * N_PAPERS,
            "categories": [["cs.LG"]] * N_PAPERS,
            "sources": [["papers.jsonl#1"]] * N_PAPERS,
        }
    )
    rows = []
    for subject in range(N_SUBJECTS):
        liking = rng.gamma(1 / max(clumping, 1e-9), max(clumping, 1e-9), N_BUCKETS)[month]
        size = int(np.exp(rng.uniform(np.log(20), np.log(600))))
        mine = rng.choice(N_PAPERS, size, replace=False, p=liking / liking.sum())
        rows += [("topic", str(subject), f"p{i:06d}") for i in mine]
    members = pl.DataFrame(rows, schema=["kind", "subject", "paper_id"], orient="row")
    subjects = members.select("kind", "subject").unique().with_columns(name=pl.col("subject"))
    return papers, members, subjects.sort("subject")


def main(n_shuffles: int) -> None:
    """Both, with papers that are independent and with papers that clump."""
    for clumping in (0.0, 0.1):
        papers, members, subjects = corpus(clumping=clumping)
        began = time.process_time()
        found = calibrate(
            papers, members, subjects, width="month", config=TrendConfig(),
            n_shuffles=n_shuffles, random_state=42,
        )  # fmt: skip
        seconds = time.process_time() - began
        calendar = make_calendar(dated_papers(papers), "month")
        assert calendar is not None
        numbers = Corpus.of(calendar, dated_papers(papers), members, subjects)
        began = time.process_time()
        for _ in numbers.shuffles("papers", np.random.default_rng(1), n_shuffles):
            pass
        counting = time.process_time() - began
        wrong = found.table.filter(kind="all", measure="any_false_verdict")
        sys.stdout.write(
            f"clumping {clumping}: {seconds:.1f} s, counting papers {counting:.1f} s; "
            f"any false verdict {dict(wrong.select('shuffled', 'value').iter_rows())}\n"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
