"""The ACL Anthology's XML: volumes of papers, dated by the month and year of their volume."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from upwell.sources.content import Content, Head
from upwell.sources.dates import UNDATED, When, first_month, month_number, on_calendar
from upwell.sources.item import Context, Item, RawRecord, RawReject
from upwell.sources.xml_stream import Found, read_elements, text_of
from upwell.sources.xml_text import root_of

_NAMES = frozenset({"meta", "paper", "frontmatter"})
_NO_META = "the date of its volume could not be read"
_SITE = "https://aclanthology.org/"


class AclAnthology:
    """A collection of volumes; the front matter of a volume is no paper and counts as no item."""

    name = "acl_anthology"

    def recognises(self, head: Head) -> bool:
        """Whether the root is a collection or a volume with an id, with volumes or papers in it."""
        name, attributes = root_of(head)
        start = head.data[:100_000]
        holds = b"<volume" in start or b"<paper" in start
        return name in {"collection", "volume"} and "id" in attributes and holds

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each paper; positions are lines."""
        meta: Element | None = None
        n_fronts = 0
        for found in read_elements(content, _NAMES, "paper"):
            if isinstance(found, RawReject):
                yield found
            elif found.element.tag == "meta":
                meta = found.element
            elif found.element.tag == "paper":
                yield _item(found, meta)
            else:
                n_fronts += 1
        if n_fronts:
            context.notes.append(f"front matter of {n_fronts} volumes, which is no paper, left out")


def _item(found: Found, meta: Element | None) -> Item:
    """The record of a paper, or a reject if it has no abstract."""
    paper = found.element
    title, abstract = _flat(paper.find("title")), _flat(paper.find("abstract"))
    if abstract is None:
        return RawReject(found.position, "no_abstract", "there is no abstract", title or "")
    url = (paper.findtext("url") or "").strip()
    is_of = _is_of(url, meta)
    return RawRecord(
        position=found.position,
        title=title,
        abstract=abstract,
        published=_date(paper, meta if is_of else None),
        dated_by="own date",
        identifiers=tuple(filter(None, (paper.findtext("doi"),))),
        url=(url if url.startswith("http") else f"{_SITE}{url}") if url else None,
        n_authors=len(paper.findall("author")) or None,
        problems=(*(() if is_of else (_NO_META,)), *_problems(paper)),
    )


def _problems(paper: Element) -> tuple[str, ...]:
    """That a paper was retracted or removed."""
    return tuple(
        f"the source says that this paper was {name}"
        for name in ("retracted", "removed")
        if paper.find(name) is not None
    )


def _is_of(url: str, meta: Element | None) -> bool:
    """Whether a paper is of the volume: it is not where the `<meta>` of its own is broken."""
    volume = (meta.findtext("url") or "").strip() if meta is not None else ""
    is_told = url and volume and not url.startswith("http") and not volume.startswith("http")
    return not is_told or url.startswith(volume)


def _flat(element: Element | None) -> str | None:
    """The text of a title or an abstract; formulas between dollars, as LaTeX has them."""
    if element is None:
        return None
    for formula in element.iter("tex-math"):
        formula.text = f"${formula.text or ''}"
        formula.tail = f"${formula.tail or ''}"
    return text_of(element)


def _date(paper: Element, meta: Element | None) -> When:
    """The month and year of a paper, or else of its volume."""
    places = [place for place in (paper, meta) if place is not None]
    year = next(filter(None, ((p.findtext("year") or "").strip() for p in places)), "")
    month = next(filter(None, ((p.findtext("month") or "").strip() for p in places)), "")
    if not re.fullmatch(r"\d{4}", year):
        return UNDATED
    named = [number for number in map(month_number, re.findall(r"[A-Za-z]+", month)) if number]
    number = first_month(named) if named else None  # "August 26-30", "June 29-July 1"
    return on_calendar(f"{month} {year}".strip(), int(year), number, None)
