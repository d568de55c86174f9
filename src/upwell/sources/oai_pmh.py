"""OAI-PMH: pages of records as arXiv and other repositories hand them out to harvesters."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from upwell.sources.content import Content, Head
from upwell.sources.dates import UNDATED, When, parse_date
from upwell.sources.identifiers import find_identifiers
from upwell.sources.item import Context, Item, RawRecord, RawReject
from upwell.sources.values import address
from upwell.sources.xml_stream import Found, read_elements, text_of
from upwell.sources.xml_text import root_of

_NAMES = frozenset({"record", "error", "resumptionToken"})
_COMMENT = "Comment:"  # arXiv hands out the comments of a paper as a second description


class OaiPmh:
    """A page, or several in one file; records as `arXiv`, `arXivRaw` or `oai_dc`."""

    name = "oai_pmh"

    def recognises(self, head: Head) -> bool:
        """Whether the root is OAI-PMH, or a list of records cut out of it."""
        return root_of(head)[0] in {"OAI-PMH", "ListRecords", "GetRecord"}

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each `<record>`; positions are lines."""
        for found in read_elements(content, _NAMES, "record"):
            if isinstance(found, RawReject):
                yield found
            elif found.element.tag == "record":
                yield _item(found)
            elif found.element.tag == "error":
                yield _error(found)
            else:
                context.notes.append(_token(found.element))


def _error(found: Found) -> RawReject:
    """What the server said in place of records."""
    code, said = found.element.get("code", "error"), text_of(found.element) or ""
    detail = f"the server answered {code} in place of records: {said.strip()}"
    return RawReject(found.position, "empty_file", detail, said)


def _token(element: Element) -> str:
    """Whether more pages follow this one."""
    total = element.get("completeListSize")
    of_all = f", of a list of {total}" if total else ""
    token = (element.text or "").strip()
    return f"the list goes on after resumption token {token!r}{of_all}" if token else "last page"


def _item(found: Found) -> Item:
    """The record of a `<record>`, or why there is none."""
    header, record = found.element.find("header"), found.element
    own_id = (header.findtext("identifier") or "").strip() if header is not None else ""
    if header is not None and header.get("status") == "deleted":
        return RawReject(
            found.position, "no_abstract", "the source has deleted this record", own_id
        )
    metadata = record.find("metadata")
    about = next(iter(metadata), None) if metadata is not None else None
    if about is None:
        return RawReject(found.position, "no_abstract", "the record has no metadata", own_id)
    return (
        _from_dublin_core(found, about, own_id)
        if about.tag == "dc"
        else _from_arxiv(found, about, own_id)
    )


def _from_arxiv(found: Found, about: Element, own_id: str) -> Item:
    """Of `arXiv` and `arXivRaw`, dated by the first version, not by `updated` or `datestamp`."""
    title, abstract = text_of(about.find("title")), text_of(about.find("abstract"))
    if abstract is None:
        return RawReject(found.position, "no_abstract", "there is no abstract", title or own_id)
    arxiv_id = (about.findtext("id") or own_id).strip()
    first = about.find("version/date")
    return RawRecord(
        position=found.position,
        title=title,
        abstract=abstract,
        published=parse_date(first.text if first is not None else about.findtext("created")),
        dated_by="own date",
        identifiers=tuple(filter(None, (arxiv_id, own_id, about.findtext("doi")))),
        url=_address(arxiv_id),
        n_authors=_n_authors(about),
        categories=tuple(dict.fromkeys((about.findtext("categories") or "").split())),
    )


def _n_authors(about: Element) -> int | None:
    """Authors that are listed one by one; a line of them is not taken apart."""
    return len(about.findall("authors/author")) or None


def _address(arxiv_id: str) -> str | None:
    """The page of a paper on arXiv."""
    known = find_identifiers((arxiv_id,)).arxiv_id
    return f"https://arxiv.org/abs/{known}" if known else None


def _from_dublin_core(found: Found, about: Element, own_id: str) -> Item:
    """Of `oai_dc`, dated by the earliest of its dates: arXiv lists those of all versions."""

    def texts(name: str) -> list[str]:
        return [text for text in map(text_of, about.findall(name)) if text]

    title = next(iter(texts("title")), None)
    told = [text for text in texts("description") if not text.lstrip().startswith(_COMMENT)]
    if not told:
        return RawReject(found.position, "no_abstract", "there is no description", title or own_id)
    identifiers = [text.strip() for text in texts("identifier")]
    return RawRecord(
        position=found.position,
        title=title,
        abstract=max(told, key=len),
        published=_earliest([parse_date(text) for text in texts("date")]),
        dated_by="own date",
        identifiers=(own_id, *identifiers),
        url=next(filter(None, map(address, identifiers)), None),
        n_authors=len(texts("creator")) or None,
        categories=tuple(dict.fromkeys(text.strip() for text in texts("subject"))),
    )


def _earliest(dates: list[When]) -> When:
    """The first of several dates; the first problem if none is one."""
    known = [when for when in dates if when.day is not None]
    return min(known, key=lambda when: str(when.day), default=next(iter(dates), UNDATED))
