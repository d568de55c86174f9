"""Submissions that a conference did not accept: papers all the same, as they were public."""

import re

_STANDINGS = (("withdrawn", re.compile(r"withdr[ae]w", re.IGNORECASE)),
              ("rejected", re.compile(r"reject", re.IGNORECASE)))  # fmt: skip


def problems_of(*statuses: object) -> tuple[str, ...]:
    """The problem of a submission that was rejected or withdrawn.

    Parameters
    ----------
    statuses : what the source says of it, in the words of the conference: `Desk Reject`,
        `ICLR.cc/2024/Conference/Withdrawn_Submission`.
    """
    said = " ".join(status for status in statuses if isinstance(status, str))
    found = next((name for name, pattern in _STANDINGS if pattern.search(said)), None)
    return (f"the source says that this submission was {found}",) if found else ()


def note_of(n_not_accepted: int) -> list[str]:
    """How many submissions were not accepted."""
    return (
        [f"{n_not_accepted:,} submissions were rejected or withdrawn, and stay"]
        if n_not_accepted
        else []
    )
