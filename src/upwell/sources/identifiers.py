"""arXiv ids and DOIs, wherever they stand, in one spelling."""

import datetime as dt
import re
from dataclasses import dataclass
from urllib.parse import unquote

_NEW = r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}"
_OLD = r"[a-z]+(?:-[a-z]+)?(?:\.[a-z]{2})?/\d{2}(?:0[1-9]|1[0-2])\d{3}"
_ARXIV = re.compile(
    r"(?:arxiv:\s?|oai:arxiv\.org:|(?:https?://)?(?:[a-z]+\.)?arxiv\.org/[a-z]+/"
    r"|https?://huggingface\.co/papers/|https?://(?:www\.)?alphaxiv\.org/[a-z]+/)?"
    rf"(?P<id>{_NEW}|{_OLD})(?:v\d+)?(?:\.pdf)?/?(?:[?#].*|\s?\[[\w.-]+\])?\Z"
)
_DOI = re.compile(
    r"(?:doi:\s?|(?:https?://)?(?:dx\.|www\.)?doi\.org/|https?://[^/\s]+/doi/(?:[a-z]+/)?)?"
    # A byte that is not UTF-8, which stands in text as a surrogate, is damage and not in any DOI.
    r"(?P<doi>10\.\d{4,9}/[^\s\"<>\ud800-\udfff]{1,300})\Z"
)
_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(?P<id>.+)\Z")


@dataclass(frozen=True, slots=True)
class Identifiers:
    """What identifies a paper outside its source."""

    arxiv_id: str | None = None
    doi: str | None = None


def find_identifiers(values: tuple[str, ...]) -> Identifiers:
    """The arXiv id and the DOI among values that may hold them.

    Parameters
    ----------
    values : ids, DOIs and addresses as the source gives them, the most trusted first.

    Returns
    -------
    The first of each kind: the arXiv id without version and, if old, without subject class
    (`cs/0112017`); the DOI in lower case without a resolver. A DOI that arXiv gave out
    (`10.48550/arxiv.2503.11731`) also gives the arXiv id.
    """
    arxiv_id = doi = None
    for value in values:
        arxiv_id = arxiv_id or _arxiv_id(value)
        doi = doi or _doi(value)
    if doi and not arxiv_id:
        own = _ARXIV_DOI.match(doi)
        arxiv_id = _arxiv_id(own["id"]) if own else None
    return Identifiers(arxiv_id, doi)


def submission_month(arxiv_id: str) -> dt.date:
    """The first day of the month in which arXiv gave out an id.

    Parameters
    ----------
    arxiv_id : as `find_identifiers` gives it: `2503.11731`, or up to March 2007 `cs/0112017`.

    Source
    ------
    arXiv, "Understanding the arXiv identifier": YYMM; arXiv began in 1991.
    """
    archive, _, number = arxiv_id.rpartition("/")
    year, month = int(number[:2]), int(number[2:4])
    return dt.date(year + (1900 if archive and year >= 91 else 2000), month, 1)


def _arxiv_id(value: str) -> str | None:
    """The arXiv id that a value is, or None."""
    match = _ARXIV.match(value.strip().lower())
    if not match:
        return None
    return re.sub(r"\.[a-z]{2}/", "/", match["id"])


def _doi(value: str) -> str | None:
    """The DOI that a value is, or None."""
    text = value.strip()
    match = _DOI.match((unquote(text) if "%" in text else text).lower())
    if not match:
        return None
    doi = match["doi"].rstrip(".,;")
    return doi[:-1] if doi.endswith(")") and doi.count("(") < doi.count(")") else doi
