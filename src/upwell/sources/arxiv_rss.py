"""arXiv's RSS feeds, what it announces on a day: an item a paper."""

import re
from collections.abc import Iterator

from upwell.sources import values
from upwell.sources.arxiv_announcement import read_announcement
from upwell.sources.content import Content, Head
from upwell.sources.dates import UNDATED, When, parse_date
from upwell.sources.dating import Dated
from upwell.sources.item import Context, Item, RawRecord, RawReject
from upwell.sources.xml_stream import Found, read_elements, text_of
from upwell.sources.xml_text import root_of

_NAMES = frozenset({"item", "date"})
_TAG = re.compile(r"<[^<>]{0,500}>")


class ArxivRss:
    """RSS 2.0 as of 2024 and RDF as before it.

    A paper that is new is dated by the day of its announcement, others by the month of their arXiv
    id: the day is that of a new version, or of a listing in another category.
    """

    name = "arxiv_rss"

    def recognises(self, head: Head) -> bool:
        """Whether the root is RSS and arXiv made it."""
        return root_of(head)[0] in {"rss", "RDF"} and b"arxiv.org" in head.data[:10_000].lower()

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each item; positions are lines."""
        day, n_others = UNDATED, 0
        for found in read_elements(content, _NAMES, "item"):
            if isinstance(found, RawReject):
                yield found
            elif found.element.tag == "date":  # of the channel, in RDF
                day = parse_date(text_of(found.element))
            else:
                item = _item(found, day)
                n_others += isinstance(item, RawRecord) and item.dated_by != "own date"
                yield item
        if n_others:
            context.notes.append(f"{n_others:,} papers are announced again, not new")


def _item(found: Found, day: When) -> Item:
    """The record of an item."""
    item = found.element
    title, summary = text_of(item.find("title")), text_of(item.find("description"))
    link = values.address(item.findtext("link"))
    if summary is None:
        why = "the item has no description"
        return RawReject(found.position, "no_abstract", why, title or link or "")
    announced = read_announcement(title, summary)
    written = item.findtext("pubDate")
    published = parse_date(written) if written else day
    dated = announced.dated(published) if announced else Dated(published, "own date")
    own_id = announced.arxiv_id if announced else ""
    doi = item.findtext("DOI") or ""
    return RawRecord(
        position=found.position,
        title=announced.title if announced else title,
        abstract=announced.abstract if announced else summary,
        published=dated.when,
        dated_by=dated.rule,
        identifiers=tuple(filter(None, (own_id, link, doi.strip()))),
        url=link,
        n_authors=values.n_authors(_TAG.sub("", item.findtext("creator") or "")),
        categories=tuple(dict.fromkeys(filter(None, map(text_of, item.findall("category"))))),
    )
