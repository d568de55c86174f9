"""What a reader must know to read the trends rightly, in sentences."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from upwell.trends.buckets import Calendar
from upwell.trends.collection import Jump

# From bench_trends.py, `limits`: the error rate holds with less, but 5 papers are the fewest with
# which a doubling a year is found about every other time (12 buckets: 46 of 100; 3 papers: 13),
# and with 4 buckets the fewest papers to find one in 8 are 50.
ENOUGH_BUCKETS = 5
ENOUGH_PAPERS = 5

_MOST_JUMPS = 4  # told in a note
_FEW_PAPERS = 30  # in a bucket; the share of one bucket is then known to within 18 points


def describe_no_buckets(
    bucket: str, *, n_papers: int, n_undated: int, n_outside: int
) -> tuple[str, ...]:
    """Why there is no trend at all.

    Parameters
    ----------
    bucket : the width that was asked for.
    n_papers, n_undated, n_outside : papers there are, and of these without a date and with one
        outside the span.
    """
    if not n_papers:
        return ("There are no papers, so no trend can be measured.",)
    if n_undated == n_papers:
        return (f"None of the {n_papers} papers has a date, so no trend can be measured.",)
    if n_outside == n_papers - n_undated:
        return (f"None of the {n_outside} dated papers lies between `since` and `until`.",)
    dated = (
        f"None of the {n_papers - n_undated - n_outside} dated papers is dated to the month or day"
    )
    return (f"{dated}, as buckets of a {bucket} need; `auto` would make them years.",)


def describe(
    calendar: Calendar,
    *,
    n_papers: int,
    n_dated: int,
    n_outside: int,
    tested: NDArray[np.bool_],
) -> tuple[str, ...]:
    """What limits the trends of this run.

    Parameters
    ----------
    calendar : the buckets and the papers in them.
    n_papers, n_dated, n_outside : papers there are, and of these with a date of any sort within
        the span, and outside it.
    tested : (S,) which subjects there was evidence enough to test.

    Returns
    -------
    Sentences; none of those that do not apply.
    """
    width = calendar.width
    n_coarse = n_dated - len(calendar.placed)
    n_filled, n_small = len(calendar.filled), int((~tested).sum())
    median = float(np.median(calendar.n_total))
    notes = []
    n_undated = n_papers - n_dated - n_outside
    if n_undated:
        notes.append(f"{n_undated} of {n_papers} papers have no date and count in no trend.")
    if n_outside:
        notes.append(
            f"{n_outside} of {n_papers} papers lie outside the span from "
            f"{calendar.span[0]} to {calendar.span[1]} (stragglers from before the collection "
            "begins, or outside of `since` and `until`) and count in no trend."
        )
    if n_coarse:
        notes.append(
            f"{n_coarse} of {n_dated} dated papers are dated too coarsely for buckets of a "
            f"{width} and count in no trend."
        )
    if n_filled < ENOUGH_BUCKETS:
        notes.append(
            f"Papers fall in only {n_filled} buckets of a {width}; a verdict needs "
            f"{ENOUGH_BUCKETS}."
        )
    elif n_small:
        notes.append(
            f"{n_small} of {len(tested)} subjects are not tested: a trend needs {ENOUGH_PAPERS} "
            "dated papers in the subject, and as many outside it."
        )
    if median < _FEW_PAPERS:
        notes.append(
            f"Half of the buckets hold {median:g} papers or fewer, so the share of a single "
            f"{width} says little."
        )
    if calendar.buckets["is_partial"][-1]:
        notes.append(
            f"The last {width} is covered only until {calendar.span[1]}: its shares count, its "
            "lower number of papers is no drop."
        )
    return tuple(notes)


def describe_jumps(jumps: Sequence[Jump], *, is_parted: bool) -> tuple[str, ...]:
    """How the collection changed, and what was done about it.

    Parameters
    ----------
    jumps : sudden changes of the share of a source or category, the largest first.
    is_parted : whether growth was measured within strata.
    """
    if not jumps:
        return ()
    told = "; ".join(jump.sentence() for jump in jumps[:_MOST_JUMPS])
    more = f"; and {len(jumps) - _MOST_JUMPS} more" if len(jumps) > _MOST_JUMPS else ""
    done = (
        "growth is measured within the parts of the collection that stayed what they were"
        if is_parted
        else "the parts are too small to measure growth within them, so take it with caution"
    )
    return (f"The collection changed: {told}{more}. This is no trend of the literature: {done}.",)
