"""What arXiv announces each day: how its feeds mark a paper that is new, and one that is not."""

import re
from dataclasses import dataclass

from upwell.sources.dates import UNDATED, When
from upwell.sources.dating import Dated, date_record

_LABEL = re.compile(
    r"\s*arXiv:(?P<id>\S{7,30})\s+Announce Type:\s*(?P<kind>[a-z-]+)\s+(?:Abstract:\s*)?",
    re.IGNORECASE,
)
# Of the feeds up to January 2024, behind the title: "(arXiv:2312.00001v1 [cs.LG] UPDATED)"
_SUFFIX = re.compile(
    r"\.?\s*\(arXiv:(?P<id>[^\s()]{7,30})\s+\[[\w.-]+\]"
    r"(?:\s+(?P<kind>UPDATED|CROSS LISTED))?\)\s*\Z"
)


@dataclass(frozen=True, slots=True)
class Announced:
    """A paper as it is announced, its text without the marks, and whether it is new."""

    title: str | None
    abstract: str
    arxiv_id: str
    is_new: bool

    def dated(self, day: When) -> Dated:
        """Its date: the day of the announcement if it is new, else the month of its arXiv id.

        Replaced papers are announced again, and listings in another category may come late.
        """
        return date_record(day if self.is_new else UNDATED, {}, (self.arxiv_id,), None)


def read_announcement(title: str | None, summary: str) -> Announced | None:
    """What the marks in a title or a summary say; None where there are none.

    Parameters
    ----------
    title, summary : of an entry or an item, as they stand there.

    Source
    ------
    arXiv, "RSS feed specifications", for the mark before the abstract; before 2024, it stood behind
    the title.
    """
    label = _LABEL.match(summary)
    if label:
        is_new = label["kind"].lower() == "new"
        return Announced(title, summary[label.end() :], label["id"], is_new)
    suffix = _SUFFIX.search(title or "")
    if suffix and title:
        return Announced(title[: suffix.start()], summary, suffix["id"], suffix["kind"] is None)
    return None
