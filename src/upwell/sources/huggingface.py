"""Hugging Face's Daily Papers, saved as text: title, abstract, `• 4 authors`, `·`, `Dec 2, 2024 2`.

Some records have neither authors nor date, so a title may follow an abstract directly. Paragraphs
become blocks, blocks become pages with a header day, and a page's blocks become records.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from upwell.sources.content import Content, Head, Line
from upwell.sources.dates import MONTH, UNDATED, When, month_number, undated
from upwell.sources.item import Context, Item, RawRecord, RawReject, too_long
from upwell.sources.page_year import PageDate, PageYear, infer_page_year

_AUTHORS = re.compile(r"\s*•\s*(?P<n>\d[\d,]{0,8})\s+authors?\s*\Z", re.IGNORECASE)
_CUT_AUTHORS = re.compile(r"\s*•\s*\d*\s*[a-z]{0,7}\s*\Z")
_DOT = re.compile(r"\s*·\s*\Z")
_DATE = re.compile(
    rf"\s*(?P<written>{MONTH}\s+(?P<day>\d{{1,2}})(?:,?\s(?P<year>(?:19|20)\d\d)|,\s?(?P<odd>\d+))?)"
    r"(?:\s+(?P<n>\d{1,6}))?\s*\Z",
    re.IGNORECASE,
)
_ODD_DATE = re.compile(r"(?=.*\d).{1,30}\Z")
_TOP = "daily papers"
_CHROME = {"new", "get trending papers in your email inbox!", "subscribe", "papers", _TOP}
_BY_LINE = re.compile(r"by\s*AK\b.{0,40}\Z", re.IGNORECASE | re.DOTALL)
_MOST_TITLE = 250  # characters; the longest title of the 266 records looked at has 133
_MOST_TITLE_WORDS = 40
_LONGEST_PAGE = 20_000_000  # characters, as a page is held whole; saved pages have 100,000
_LEAST_ABSTRACT_WORDS = 40  # so long a paragraph is no title; the shortest abstract had 54


@dataclass(frozen=True, slots=True)
class _Text:
    """A paragraph: a title, an abstract or what surrounds the records."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class _Close:
    """What closes a record: authors, a dot, a date with a comment count; any may be missing."""

    line: int
    n_authors: int | None = None
    date: str = ""
    is_bare: bool = False  # a date with nothing in front: it may be the header day


_Block = _Text | _Close | RawReject


class DailyPapers:
    """A saved page, or several in one file."""

    name = "huggingface_daily_papers"

    def recognises(self, head: Head) -> bool:
        """Whether the page's name stands at the start, or records end as its records do."""
        lines = head.text.splitlines()
        named = any(line.strip().lower() == _TOP for line in lines[:30])
        return named or sum(_AUTHORS.match(line) is not None for line in lines) >= 2

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each title; the position is the line of the title."""
        for header, blocks in map(_page, _pages(_blocks(content.lines()))):
            if not blocks:
                continue
            found = [_page_date(b.date) for b in blocks if isinstance(b, _Close) and b.date]
            dates = [date for date in found if date is not None]
            year = infer_page_year(header, dates, context.config.saved_year, context.today)
            context.notes.append(year.note)
            yield from _items(blocks, year)


def _blocks(lines: Iterable[Line]) -> Iterator[_Block]:
    """Paragraphs, closings in one piece, and rejects of lines too long to hold."""
    closing: _Close | None = None
    for block in _parts(lines):
        if isinstance(block, _Close):
            if closing and not closing.date and not (closing.n_authors and block.n_authors):
                n_authors = closing.n_authors or block.n_authors
                closing = replace(closing, n_authors=n_authors, date=block.date)
                continue
            if closing:
                yield closing
            closing = block
            continue
        if closing:
            yield closing
            closing = None
        yield block
    if closing:
        yield closing


def _parts(lines: Iterable[Line]) -> Iterator[_Block]:
    """Paragraphs and the single lines of closings."""
    paragraph: list[Line] = []
    size = 0  # of the paragraph
    after_closing = False  # the line before was a line of a closing
    for line in lines:
        text = line.text.strip()
        closing = None if line.too_long else _closing(line, after_closing=after_closing)
        if closing or line.too_long or not text or size > _LONGEST_PAGE:
            yield from _paragraph(paragraph)
            paragraph, size = [], 0
        if not (closing or line.too_long) and text:
            paragraph.append(line)
            size += len(text)
        if closing:
            yield closing
        elif line.too_long:
            yield too_long(line)
        after_closing = closing is not None
    yield from _paragraph(paragraph)


def _closing(line: Line, *, after_closing: bool) -> _Close | None:
    """The part of a closing that a line is, None if it is text."""
    authors = _AUTHORS.match(line.text)
    if authors:
        return _Close(line.number, n_authors=int(authors["n"].replace(",", "")))
    if _DOT.match(line.text) or (line.is_last and _CUT_AUTHORS.match(line.text)):
        return _Close(line.number)
    text = line.text.strip()
    is_cut_date = line.is_last and len(text) < len("September 30, 2024")
    if after_closing and text and (is_cut_date or _DATE.match(text) or _ODD_DATE.match(text)):
        return _Close(line.number, date=text)
    return None


def _paragraph(lines: Sequence[Line]) -> Iterator[_Block]:
    """The block of lines that stand together: text, or a date on its own."""
    if not lines:
        return
    if len(lines) == 1 and _DATE.match(lines[0].text):
        yield _Close(lines[0].number, date=lines[0].text.strip(), is_bare=True)
    else:
        yield _Text(lines[0].number, "\n".join(line.text for line in lines))


def _pages(blocks: Iterable[_Block]) -> Iterator[list[_Block]]:
    """The blocks of each page of a file; what a page has past `_LONGEST_PAGE` is one reject."""
    page: list[_Block] = []
    size = 0
    for block in blocks:
        if _is_chrome(block, {_TOP}):
            yield page
            page, size = [], 0
        is_first_too_many = size <= _LONGEST_PAGE
        size += len(block.text) if isinstance(block, _Text) else 1
        if size <= _LONGEST_PAGE:
            page.append(block)
        elif is_first_too_many:
            page.append(_past_the_longest(block))
    yield page


def _past_the_longest(block: _Block) -> RawReject:
    """The reject of what is not read of a page."""
    line = block.position if isinstance(block, RawReject) else str(block.line)
    detail = (
        f"this page has more than {_LONGEST_PAGE:,} characters; from line {line} on, it was "
        "skipped; the pages after it were read"
    )
    return RawReject(line, "line_too_long", detail)


def _page(page: list[_Block]) -> tuple[PageDate | None, Sequence[_Block]]:
    """The header day of a page, and the blocks of its records."""
    is_named = bool(page) and _is_chrome(page[0], {_TOP})
    while page and _is_chrome(page[-1], _CHROME):
        page.pop()
    while page and _is_chrome(page[0], _CHROME):
        page.pop(0)
    if is_named and page and isinstance(page[0], _Text) and _BY_LINE.match(page[0].text):
        page.pop(0)
    first = page[0] if page else None
    if isinstance(first, _Close) and first.is_bare:
        return _page_date(first.date), page[1:]
    return None, page


def _is_chrome(block: _Block, words: set[str]) -> bool:
    """Whether a block is of the page, not of a record."""
    return isinstance(block, _Text) and block.text.strip().lower() in words


def _page_date(text: str) -> PageDate | None:
    """A date as the page writes it, None if it is none."""
    match = _DATE.match(text)
    month = month_number(match["month"]) if match else None
    if match is None or month is None or not 1 <= int(match["day"]) <= 31:
        return None
    year = match["year"] or match["odd"]
    return PageDate(match["written"], month, int(match["day"]), int(year) if year else None)


def _items(blocks: Sequence[_Block], year: PageYear) -> Iterator[Item]:
    """The records and rejects of a page."""
    texts: list[_Text] = []
    for i, block in enumerate(blocks):
        if isinstance(block, _Text):
            texts.append(block)
        elif isinstance(block, RawReject):
            yield block
        else:
            yield from _closed(texts, block, year, is_end=i == len(blocks) - 1)
            texts = []
    yield from _closed(texts, None, year, is_end=True)


def _closed(
    texts: Sequence[_Text], closing: _Close | None, year: PageYear, *, is_end: bool
) -> Iterator[Item]:
    """The records of the text up to a closing, which belongs to the last of them."""
    if not texts and closing:
        what = f"authors and date {closing.date!r} without a title and an abstract"
        yield RawReject(str(closing.line), "no_abstract", what, closing.date)
    records = _split(texts)
    for record in records[:-1]:
        yield _item(record, None, year, is_cut=False)
    if records:
        is_cut = is_end and not (closing and closing.date)
        yield _item(records[-1], closing, year, is_cut=is_cut)


@dataclass(frozen=True, slots=True)
class _Record:
    """A title and the paragraphs of an abstract; one of them may be missing."""

    title: _Text | None
    paragraphs: list[_Text]


def _split(texts: Sequence[_Text]) -> list[_Record]:
    """Text between two closings as records: nearly always one, a title and a paragraph."""
    records: list[_Record] = []
    for i, block in enumerate(texts):
        following = texts[i + 1] if i + 1 < len(texts) else None
        if records and not _opens(block, following, records[-1]):
            records[-1].paragraphs.append(block)
        elif _is_short(block) and (following or not _is_sentence(block)):
            records.append(_Record(block, []))
        else:
            records.append(_Record(None, [block]))
    return records


def _opens(block: _Text, following: _Text | None, record: _Record) -> bool:
    """Whether a paragraph is the title of a new record, not a part of the record before it."""
    if following is None or not _is_short(block):
        return False
    is_before_abstract = len(following.text.split()) >= _LEAST_ABSTRACT_WORDS
    if record.paragraphs:
        return is_before_abstract or not _is_sentence(block)
    return is_before_abstract and not _is_sentence(block)  # the title before it has no abstract


def _is_short(block: _Text) -> bool:
    """Whether a paragraph is short enough for a title."""
    return len(block.text) <= _MOST_TITLE and len(block.text.split()) <= _MOST_TITLE_WORDS


def _is_sentence(block: _Text) -> bool:
    """Whether a paragraph ends as titles do not."""
    return block.text.rstrip().endswith((".", ";", ":", ","))


def _item(record: _Record, closing: _Close | None, year: PageYear, *, is_cut: bool) -> Item:
    """The record, or a reject if it is only a title."""
    first = record.title or record.paragraphs[0]
    if not record.paragraphs:
        if is_cut:
            detail = "the page ends after this title"
            return RawReject(str(first.line), "truncated", detail, first.text)
        return RawReject(str(first.line), "no_abstract", "a title without abstract", first.text)
    when = _when(closing.date, year) if closing and closing.date else UNDATED
    comments = _DATE.match(closing.date) if closing else None
    return RawRecord(
        position=str(first.line),
        title=record.title.text if record.title else None,
        abstract="\n\n".join(paragraph.text for paragraph in record.paragraphs),
        published=when,
        n_authors=(closing.n_authors or None) if closing else None,
        n_comments=int(comments["n"]) if comments and comments["n"] else None,
        is_cut=is_cut,
    )


def _when(text: str, year: PageYear) -> When:
    """The date of a closing in full."""
    date = _page_date(text)
    return year.resolve(date) if date else undated(text, "is not understood")
