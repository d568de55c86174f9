"""OpenAlex: the works that a filter names, by the day of publication."""

from dataclasses import dataclass
from datetime import date

from upwell.harvest.asking import Ask, HarvestError, Page
from upwell.harvest.json_answer import json_of

HOST = "https://api.openalex.org"


@dataclass(frozen=True)
class OpenAlex:
    """Works that a filter names; `name` is how their folder is called."""

    filter: str
    name: str
    host: str = HOST
    page_size: int = 100  # the most that OpenAlex gives
    pause: float = 0.1  # a hundred requests a second are allowed; ten will do
    overlap: int = 14  # works come into OpenAlex days after they are published
    suffix: str = "json"

    @property
    def folder(self) -> str:
        """Where its answers land."""
        return f"openalex/{self.name}"

    def first(self, since: date, until: date) -> Ask:
        """Works published in these days."""
        days = f"from_publication_date:{since},to_publication_date:{until}"
        params = (
            ("filter", f"{self.filter},{days}" if self.filter else days),
            ("per_page", str(self.page_size)),
            ("cursor", "*"),
        )
        return Ask(f"{self.host}/works", params)

    def read(self, ask: Ask, body: bytes) -> Page:
        """The number of works of a page, and its cursor as the next request."""
        answer = json_of(body)
        works = answer.get("results") if isinstance(answer, dict) else None
        if not isinstance(answer, dict) or not isinstance(works, list):
            said = (
                answer.get("message") or answer.get("error") if isinstance(answer, dict) else None
            )
            why = said or "its answer has no list of results"
            raise HarvestError(f"{ask}: OpenAlex gives no works: {why}; check --filter, --host")
        meta = answer.get("meta")
        meta = meta if isinstance(meta, dict) else {}
        cursor, total = meta.get("next_cursor"), meta.get("count")
        params = tuple((k, str(cursor) if k == "cursor" else v) for k, v in ask.params)
        # The last page but for an empty one has a cursor, too.
        more = Ask(ask.url, params) if cursor and works else None
        return Page(len(works), more, total if isinstance(total, int) else None)
