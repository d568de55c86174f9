"""arXiv in bulk: OAI-PMH, thousands of records a page, by the day arXiv last touched them."""

from dataclasses import dataclass
from datetime import date

from upwell.harvest.asking import Ask, ExpiredError, HarvestError, Page, digest_of
from upwell.harvest.xml_answer import root_of

HOST = "https://oaipmh.arxiv.org"
_NAME = "{http://www.openarchives.org/OAI/2.0/}"
# Archives of physics that are not named so; https://arxiv.org/category_taxonomy
_PHYSICS = (
    *("astro-ph", "cond-mat", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nlin"),
    *("nucl-ex", "nucl-th", "physics", "quant-ph"),
)


@dataclass(frozen=True)
class ArxivOai:
    """One category of arXiv, or all with an empty one.

    How many records a page has is arXiv's to say. A token is good for the rest of the day (UTC).
    Records that were last touched before the earliest day are all said to be of that day, and an
    earlier one is refused.

    Source
    ------
    info.arxiv.org/help/oa, since its rewrite in February 2025: address, days, sets, tokens;
    info.arxiv.org/help/api/tou.html: one request in three seconds, one connection at a time.
    """

    category: str
    host: str = HOST
    pause: float = 3.0
    overlap: int = 2
    earliest: date = date(2005, 9, 16)
    comes_late: bool = False
    suffix: str = "xml"

    @property
    def folder(self) -> str:
        """Where its answers land."""
        return f"arxiv-oai/{self.category or 'all'}"

    def first(self, since: date, until: date) -> Ask:
        """Records that arXiv touched in these days, new or changed, each as it is now."""
        within = (("set", _set_of(self.category)),) if self.category else ()
        params = (
            ("verb", "ListRecords"),
            ("metadataPrefix", "arXiv"),
            *within,
            ("from", since.isoformat()),
            ("until", until.isoformat()),
        )
        return Ask(f"{self.host}/oai", params)

    def read(self, ask: Ask, body: bytes) -> Page:
        """The number of records of a page, and its resumption token as the next request."""
        root = root_of(body, f"{_NAME}OAI-PMH")
        for error in root.iter(f"{_NAME}error"):
            code, message = error.get("code", ""), (error.text or "").strip()
            if code == "noRecordsMatch":
                return Page(0)
            if code == "badResumptionToken":
                raise ExpiredError(message or code)
            raise HarvestError(
                f"{ask}: arXiv says {code}: {message or 'no more'}; check the categories and days"
            )
        names = [name.text for name in root.iter(f"{_NAME}identifier")]
        n_records = sum(1 for _ in root.iter(f"{_NAME}record"))
        token = next(root.iter(f"{_NAME}resumptionToken"), None)
        text = (token.text or "").strip() if token is not None else ""
        total = token.get("completeListSize", "") if token is not None else ""
        following = Ask(ask.url, (("verb", "ListRecords"), ("resumptionToken", text)))
        return Page(
            n_records,
            following if text else None,
            int(total) if total.isdecimal() else None,
            digest=digest_of(names),
        )


def _set_of(category: str) -> str:
    """The set of a category: `cs.CV` is `cs:cs:CV`, `hep-th` is `physics:hep-th`."""
    archive, dot, name = category.partition(".")
    group = "physics" if archive in _PHYSICS else archive
    if dot:
        return f"{group}:{archive}:{name}"
    return archive if archive == group else f"{group}:{archive}"
