"""arXiv in small: its search, an Atom feed, by the day of submission."""

from dataclasses import dataclass, replace
from datetime import date
from xml.etree.ElementTree import Element

from upwell.harvest.asking import Ask, HarvestError, Page, PassingError, digest_of
from upwell.harvest.xml_answer import root_of

HOST = "https://export.arxiv.org"
MAX_RESULTS = 30_000  # that arXiv gives of one search; more is a matter of OAI-PMH
_ATOM = "{http://www.w3.org/2005/Atom}"
_SEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"


@dataclass(frozen=True)
class ArxivApi:
    """Papers of any of some categories, oldest first.

    Source
    ------
    info.arxiv.org/help/api/tou.html (one request in three seconds, one connection at a time) and
    info.arxiv.org/help/api/user-manual.html (2,000 results a page, 30,000 a search), as of 2026.
    """

    categories: tuple[str, ...]
    host: str = HOST
    page_size: int = 500
    pause: float = 3.0
    overlap: int = 3
    earliest: date = date(1991, 8, 1)
    comes_late: bool = False
    suffix: str = "xml"

    @property
    def folder(self) -> str:
        """Where its answers land."""
        return f"arxiv-api/{'+'.join(self.categories)}"

    def first(self, since: date, until: date) -> Ask:
        """Papers whose first version was submitted in these days."""
        within = " OR ".join(f"cat:{category}" for category in self.categories)
        days = f"[{since:%Y%m%d}0000 TO {until:%Y%m%d}2359]"
        params = (
            ("search_query", f"({within}) AND submittedDate:{days}"),
            ("sortBy", "submittedDate"),
            ("sortOrder", "ascending"),
            ("start", "0"),
            ("max_results", str(self.page_size)),
        )
        return Ask(f"{self.host}/api/query", params)

    def read(self, ask: Ask, body: bytes) -> Page:
        """The number of papers of a page, and the next one by where it starts.

        arXiv now and then answers with an empty page where there are papers, and even says that
        there are none: an empty page is doubtful.
        """
        root = root_of(body, f"{_ATOM}feed")
        entries = root.findall(f"{_ATOM}entry")
        if len(entries) == 1 and "/api/errors" in (entries[0].findtext(f"{_ATOM}id") or ""):
            said = (entries[0].findtext(f"{_ATOM}summary") or "").strip()
            raise HarvestError(f"{ask}: arXiv says: {said}; check the categories and the days")
        start, total = (_number(root, name) for name in ("startIndex", "totalResults"))
        if total > MAX_RESULTS:
            raise HarvestError(
                f"{ask}: {total:,} papers are more than arXiv's search gives ({MAX_RESULTS:,}); "
                "harvest with --via oai, or since a later day"
            )
        reached = start + len(entries)
        more = replace(ask, params=_starting_at(ask, reached)) if 0 < reached < total else None
        names = digest_of(entry.findtext(f"{_ATOM}id") for entry in entries)
        return Page(len(entries), more, total, is_doubtful=not entries, digest=names)


def _number(root: Element, name: str) -> int:
    """A number of the feed's head."""
    text = (root.findtext(f"{_SEARCH}{name}") or "").strip()
    if not text.isdecimal():
        raise PassingError(f"the answer has no {name}")
    return int(text)


def _starting_at(ask: Ask, start: int) -> tuple[tuple[str, str], ...]:
    return tuple((k, str(start) if k == "start" else v) for k, v in ask.params)
