"""OAI-PMH: pages of records as arXiv and other repositories hand them out to harvesters."""

import re
from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from upwell.sources.content import Content, Head
from upwell.sources.dates import earliest, parse_date
from upwell.sources.identifiers import find_identifiers
from upwell.sources.item import Context, Item, RawRecord, RawReject
from upwell.sources.language import language_of
from upwell.sources.text import one_line
from upwell.sources.values import address, n_authors
from upwell.sources.withdrawals import NOTICE_ONLY, is_only_notice, problems_of
from upwell.sources.xml_stream import Found, read_elements, text_of
from upwell.sources.xml_text import root_of

_NAMES = frozenset({"record", "error", "resumptionToken"})
_DUBLIN_CORE = frozenset({"dc", "qualifieddc", "uketddc"})
_ARXIV = frozenset({"arXiv", "arXivRaw", "arXivOld"})
_TELLING = 60  # characters whose language can be told
_EMBARGO = re.compile(r"\s*info:eu-repo/date/", re.IGNORECASE)  # the end of one (OpenAIRE)
_OTHER_ID = re.compile(
    r"\s*info:(?:eu-repo/semantics/altIdentifier/(?:doi|arxiv)|doi)/(\S+)\s*\Z", re.IGNORECASE
)
# arXiv hands out the comments of a paper as a second description, DSpace who put it there.
_NO_ABSTRACT = re.compile(
    r"\s*(?:Comment:|Made available in DSpace on |Submitted by [^\n]{1,99} on \d{4}-\d\d-)"
)


class OaiPmh:
    """A page, or several in one file; records as `arXiv`, `arXivRaw` or Dublin Core.

    Of titles and descriptions in several languages those in English are read.
    """

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
    if about.tag in _DUBLIN_CORE:
        return _from_dublin_core(found, about, own_id)
    if about.tag in _ARXIV:
        return _from_arxiv(found, about, own_id)
    detail = f"its metadata are <{about.tag}>, which is not known; ask for metadataPrefix=oai_dc"
    return RawReject(found.position, "unknown_format", detail, own_id)


def _from_arxiv(found: Found, about: Element, own_id: str) -> Item:
    """Of `arXiv` and `arXivRaw`, dated by the first version, not by `updated` or `datestamp`."""
    title, abstract = text_of(about.find("title")), text_of(about.find("abstract"))
    if abstract is None:
        return RawReject(found.position, "no_abstract", "there is no abstract", title or own_id)
    if is_only_notice(abstract):
        return RawReject(found.position, "no_abstract", NOTICE_ONLY, f"{title}; {abstract}")
    arxiv_id = (about.findtext("id") or own_id).strip()
    first = about.find("version/date")
    return RawRecord(
        position=found.position,
        title=title,
        abstract=abstract,
        published=parse_date(first.text if first is not None else about.findtext("created")),
        dated_by="own date",
        identifiers=tuple(filter(None, (arxiv_id, own_id, about.findtext("doi")))),
        url=_page(arxiv_id),
        n_authors=len(about.findall("authors/author")) or n_authors(about.findtext("authors")),
        categories=tuple(dict.fromkeys((about.findtext("categories") or "").split())),
        problems=problems_of(abstract, text_of(about.find("comments"))),
    )


def _page(arxiv_id: str) -> str | None:
    """The page of a paper on arXiv."""
    known = find_identifiers((arxiv_id,)).arxiv_id
    return f"https://arxiv.org/abs/{known}" if known else None


def _from_dublin_core(found: Found, about: Element, own_id: str) -> Item:
    """Of Dublin Core, dated by the earliest of its dates: arXiv lists those of all versions.

    The end of an embargo is none of them.
    """

    def elements(*names: str) -> list[Element]:
        return [element for name in names for element in about.findall(name) if text_of(element)]

    title = _in_english(elements("title"))
    told = [
        e for e in elements("description", "abstract") if not _NO_ABSTRACT.match(text_of(e) or "")
    ]
    abstract = _in_english(sorted(told, key=lambda e: -len(text_of(e) or "")))
    if abstract is None:
        why = "there is no description"
        return RawReject(found.position, "no_abstract", why, title or own_id)
    dates = [text_of(element) or "" for element in elements("date", "issued", "available")]
    identifiers = [(text_of(element) or "").strip() for element in elements("identifier")]
    others = [_OTHER_ID.match(text_of(e) or "") for e in elements("relation", "identifier")]
    return RawRecord(
        position=found.position,
        title=title,
        abstract=abstract,
        published=earliest(parse_date(d) for d in dates if not _EMBARGO.match(d)),
        dated_by="own date",
        identifiers=(own_id, *identifiers, *(match[1] for match in others if match)),
        url=next(filter(None, map(address, identifiers)), None),
        n_authors=len(elements("creator")) or None,
        categories=tuple(dict.fromkeys((text_of(e) or "").strip() for e in elements("subject"))),
    )


def _in_english(elements: Sequence[Element]) -> str | None:
    """The text of the first element in English, of the first if none is; None if there is none.

    Parameters
    ----------
    elements : with text, the best first; each says its language in `xml:lang`, or does not.
    """
    texts = [(text_of(element) or "", element.get("xml:lang", "")) for element in elements]
    declared = (text for text, language in texts if language.lower().startswith("en"))
    undeclared = [text for text, language in texts if not language and len(text) >= _TELLING]
    found = next(declared, None)
    if found is None and len(texts) > 1:
        found = next((text for text in undeclared if language_of(one_line(text)) == "en"), None)
    return found or next((text for text, _ in texts), None)
