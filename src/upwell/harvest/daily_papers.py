"""Hugging Face's daily papers: a list of JSON a day."""

from dataclasses import dataclass
from datetime import date, timedelta

from upwell.harvest.asking import Ask, HarvestError, Page, digest_of
from upwell.harvest.json_answer import json_of

HOST = "https://huggingface.co"


@dataclass(frozen=True)
class DailyPapers:
    """The papers featured on each day.

    Source
    ------
    huggingface.co/docs/hub/api (`date`, `p` from 0, `limit` up to 100). No rate is asked for; a day
    a second is a year in six minutes.
    """

    host: str = HOST
    page_size: int = 100
    pause: float = 1.0
    overlap: int = 3
    earliest: date = date(2023, 5, 4)
    comes_late: bool = False
    suffix: str = "json"
    folder: str = "huggingface"

    def first(self, since: date, until: date) -> Ask:
        """The first page of the first day; `until` is remembered in the request."""
        return self._ask(since, until, 0)

    def read(self, ask: Ask, body: bytes) -> Page:
        """The number of papers of a page, and the next page or day."""
        papers = json_of(body)
        if isinstance(papers, dict) and "error" in papers:
            raise HarvestError(f"{ask}: Hugging Face says: {papers['error']}")
        if not isinstance(papers, list):
            raise HarvestError(f"{ask}: the answer is no list of papers; is --host right?")
        given = dict(ask.params)
        day, place = date.fromisoformat(given["date"]), int(given["p"])
        until = date.fromisoformat(ask.url.rpartition("#")[2])
        following = day + timedelta(days=1)
        more = None
        if len(papers) >= self.page_size:
            more = self._ask(day, until, place + 1)
        elif following <= until:
            more = self._ask(following, until, 0)
        return Page(len(papers), more, digest=digest_of(map(_name, papers)))

    def _ask(self, day: date, until: date, place: int) -> Ask:
        params = (("date", day.isoformat()), ("limit", str(self.page_size)), ("p", str(place)))
        # What stands behind # is not sent.
        return Ask(f"{self.host}/api/daily_papers#{until}", params)


def _name(item: object) -> object:
    """The id of a paper of a list."""
    paper = item.get("paper") if isinstance(item, dict) else None
    return paper.get("id") if isinstance(paper, dict) else item
