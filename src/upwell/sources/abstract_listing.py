"""Listings of `Abstract:` paragraphs: papers without title and date."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from upwell.sources.content import LINE_LIMIT, Content, Head, Line
from upwell.sources.item import Context, Item, RawRecord, RawReject, too_long

_START = re.compile(r"\s*abstract\s*:", re.IGNORECASE)
# Two paragraphs that lost the line between them: no blank on either side of the label.
_RUN_TOGETHER = re.compile(r"(?<=[.!?)])(?=Abstract:\S)")
_ENDS_A_SENTENCE = re.compile(r"[.!?:;)\]\"'\u201d…/]\s*\Z|https?://\S+\s*\Z")


class AbstractListing:
    """Paragraphs that start with `Abstract:`, each up to the next."""

    name = "abstract_listing"

    def recognises(self, head: Head) -> bool:
        """Whether the first line that is not blank starts with `Abstract:`."""
        return _START.match(head.text) is not None

    def parse(self, content: Content, context: Context) -> Iterator[Item]:  # noqa: ARG002  every format is called so
        """A record for each paragraph; its position is its line, or `line:column` inside one."""
        paragraph, is_last = _Paragraph(), False
        for line in content.lines():
            if line.too_long:
                yield from paragraph.item()
                paragraph = _Paragraph()
                yield too_long(line)
                continue
            for column, text in _pieces(line):
                if _START.match(text):
                    yield from paragraph.item()
                    place = f"{line.number}:{column}" if column > 1 else str(line.number)
                    paragraph = _Paragraph(place)
                    paragraph.add(_START.sub("", text, count=1))
                elif paragraph.position or text.strip():
                    # Without a position: what is left of a line too long.
                    paragraph.position = paragraph.position or str(line.number)
                    paragraph.add(text)
            is_last = line.is_last
        yield from paragraph.item(is_last=is_last)


@dataclass(slots=True)
class _Paragraph:
    """An abstract up to the next one; past `LINE_LIMIT` only its start is held."""

    position: str = ""
    parts: list[str] = field(default_factory=list)
    size: int = 0

    def add(self, text: str) -> None:
        """Takes one more line."""
        self.size += len(text)
        if self.size <= LINE_LIMIT:
            self.parts.append(text)

    def item(self, *, is_last: bool = False) -> Iterator[Item]:
        """Its record, or why there is none, if there is a paragraph."""
        if not self.position:
            return
        abstract = "\n".join(self.parts).strip()
        if self.size > LINE_LIMIT:
            detail = (
                f"this abstract has {self.size:,} characters, the limit is {LINE_LIMIT:,}; "
                "it was skipped up to the next `Abstract:`"
            )
            yield RawReject(self.position, "line_too_long", detail, abstract[:400])
        else:
            is_cut = is_last and _ENDS_A_SENTENCE.search(abstract) is None
            yield RawRecord(self.position, abstract, is_cut=is_cut)


def _pieces(line: Line) -> Iterator[tuple[int, str]]:
    """The paragraphs of a line, nearly always one, each with its column from 1."""
    column = 1
    for text in _RUN_TOGETHER.split(line.text):
        yield column, text
        column += len(text)
