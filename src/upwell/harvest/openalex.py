"""OpenAlex: the works that a filter names, by the day of publication."""

from dataclasses import dataclass
from datetime import date

from upwell.harvest.asking import Ask, HarvestError, Page, digest_of
from upwell.harvest.json_answer import json_of

HOST = "https://api.openalex.org"


@dataclass(frozen=True)
class OpenAlex:
    """Works that a filter names; `name` is how their folder is called.

    Works come into OpenAlex long after the day they are published, and their dates and abstracts
    are corrected later still. To be given what is new or changed (`from_created_date`,
    `from_updated_date`) takes a paid plan, so days are asked for again: the last few, and each
    day once more whenever its age has doubled.

    Source
    ------
    developers.openalex.org, as of 2026: authentication and pricing (a list costs $0.0001; $0.10 a
    day without a key, $1 with a free one; at most 100 requests a second), paging (1 to 100 a page,
    by cursor to any depth), and the plans that may filter by `from_updated_date`.
    """

    filter: str
    name: str
    host: str = HOST
    page_size: int = 100
    pause: float = 0.1
    overlap: int = 3
    earliest: date = date.min
    comes_late: bool = True
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
        names = digest_of(work.get("id") for work in works if isinstance(work, dict))
        return Page(len(works), more, total if isinstance(total, int) else None, digest=names)
