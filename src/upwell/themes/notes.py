"""What an operator should know of how themes were matched, in words."""

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.config import Theme
from upwell.themes.naming import STRONG

MAX_UNSEEN = 5  # phrases named in a note
NOTED_Z = 12.0  # of a proposal that a run is told of
MAX_NOTED = 2  # proposals a theme


def theme_notes(
    theme: Theme, n_members: int, strength: NDArray[np.float64], unseen: Sequence[str]
) -> list[str]:
    """How a theme was matched, where that is out of the ordinary.

    Parameters
    ----------
    n_members : papers in the theme.
    strength : naming strength of each paper (n_papers,).
    unseen : phrases of the theme that no paper has.
    """
    notes = []
    if not n_members:
        notes.append(f"theme {theme.name!r} has no paper; are its phrases what papers would say?")
    if unseen and len(unseen) < len(theme.phrases):
        shown = ", ".join(map(repr, unseen[:MAX_UNSEEN]))
        more = f" and {len(unseen) - MAX_UNSEEN} more" if len(unseen) > MAX_UNSEEN else ""
        notes.append(f"theme {theme.name!r}: no paper says {shown}{more}")
    if n_members and not (strength >= STRONG).any():
        notes.append(
            f"theme {theme.name!r}: no paper names it more than in passing, so it was matched by "
            "its words alone"
        )
    return notes


def proposal_notes(proposals: pl.DataFrame) -> list[str]:
    """The strongest proposals as questions, at most `MAX_NOTED` a theme.

    Parameters
    ----------
    proposals : `PROPOSALS`, those of a theme best first.
    """
    noted = proposals.filter(pl.col("z") >= NOTED_Z).group_by("theme", maintain_order=True)
    return [
        f"theme {row['theme']!r}: {row['n_papers']} papers that mean it say {row['phrase']!r} and "
        "none of its phrases; add it?"
        for row in noted.head(MAX_NOTED).to_dicts()
    ]
