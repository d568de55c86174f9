"""arXiv's Atom feeds, of its API and of what it announces on a day: an entry a paper."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from upwell.sources.arxiv_announcement import read_announcement
from upwell.sources.content import Content, Head
from upwell.sources.dates import parse_date
from upwell.sources.dating import Dated
from upwell.sources.item import Context, Item, RawRecord, RawReject
from upwell.sources.values import address, n_authors
from upwell.sources.withdrawals import NOTICE_ONLY, is_only_notice, problems_of
from upwell.sources.xml_stream import Found, read_elements, text_of
from upwell.sources.xml_text import root_of

_ERROR = "/api/errors"
_NAMES = frozenset({"entry", "totalResults"})


class ArxivAtom:
    """A feed of entries; one with an error in place of papers is a reject that quotes it.

    Dated by the first version in answers of the API, and as in `arxiv_rss` in announcements.
    """

    name = "arxiv_atom"

    def recognises(self, head: Head) -> bool:
        """Whether the root is a feed that arXiv made."""
        return root_of(head)[0] == "feed" and b"arxiv.org" in head.data[:100_000].lower()

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each entry; positions are lines."""
        n_entries, total = 0, None
        for found in read_elements(content, _NAMES, "entry"):
            if isinstance(found, RawReject):
                n_entries += 1
                yield found
            elif found.element.tag == "entry":
                n_entries += 1
                yield _item(found)
            else:
                total = text_of(found.element)
        if total is not None:
            context.notes.append(f"{n_entries:,} entries of {total.strip()} that were found")


def _item(found: Found) -> Item:
    """The record of an entry, or the reject of an error."""
    entry = found.element
    own_id = (entry.findtext("id") or "").strip()
    title, summary = text_of(entry.find("title")), text_of(entry.find("summary"))
    if _ERROR in own_id:
        said = (summary or title or own_id).strip()
        detail = f"arXiv answered with an error in place of papers: {said}"
        return RawReject(found.position, "empty_file", detail, said)
    if summary is None:
        return RawReject(found.position, "no_abstract", "the entry has no summary", title or own_id)
    announced = read_announcement(title, summary)
    abstract = announced.abstract if announced else summary
    if is_only_notice(abstract):
        return RawReject(found.position, "no_abstract", NOTICE_ONLY, f"{title}; {abstract}")
    links = list(entry.iter("link"))
    published = parse_date(entry.findtext("published"))  # of version 1; `updated` of the last
    dated = announced.dated(published) if announced else Dated(published, "own date")
    dois = (entry.findtext("doi"), entry.findtext("DOI"), _link(links, title="doi"))
    return RawRecord(
        position=found.position,
        title=announced.title if announced else title,
        abstract=abstract,
        published=dated.when,
        dated_by=dated.rule,
        identifiers=(own_id, *filter(None, dois)),
        url=_link(links, rel="alternate") or address(own_id),
        n_authors=len(entry.findall("author")) or n_authors(entry.findtext("creator")),
        categories=tuple(dict.fromkeys(c.get("term", "").strip() for c in _categories(entry))),
        problems=problems_of(abstract, text_of(entry.find("comment"))),
    )


def _categories(entry: Element) -> list[Element]:
    """The categories, the primary one first."""
    named = [*entry.findall("primary_category"), *entry.findall("category")]
    return [category for category in named if category.get("term", "").strip()]


def _link(links: list[Element], **wanted: str) -> str | None:
    """The address of the first link with these attributes."""
    for link in links:
        if all(link.get(key) == value for key, value in wanted.items()):
            return link.get("href")
    return None
