"""Listings of `Abstract:` paragraphs: papers without title and date."""

import re
from collections.abc import Iterator

from upwell.sources.content import Content, Head, Line
from upwell.sources.item import Context, Item, RawRecord, too_long

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
        position, is_last = "", False
        parts: list[str] = []
        for line in content.lines():
            if line.too_long:
                yield from _record(position, parts)
                position, parts = "", []
                yield too_long(line)
                continue
            for column, text in _pieces(line):
                if _START.match(text):
                    yield from _record(position, parts)
                    position = f"{line.number}:{column}" if column > 1 else str(line.number)
                    parts = [_START.sub("", text, count=1)]
                elif position or text.strip():
                    position = position or str(line.number)  # what is left of a line too long
                    parts.append(text)
            is_last = line.is_last
        yield from _record(position, parts, is_last=is_last)


def _pieces(line: Line) -> Iterator[tuple[int, str]]:
    """The paragraphs of a line, nearly always one, each with its column from 1."""
    column = 1
    for text in _RUN_TOGETHER.split(line.text):
        yield column, text
        column += len(text)


def _record(position: str, parts: list[str], *, is_last: bool = False) -> Iterator[Item]:
    """The record of a paragraph, if there is one."""
    if position:
        abstract = "\n".join(parts).strip()
        is_cut = is_last and _ENDS_A_SENTENCE.search(abstract) is None
        yield RawRecord(position, abstract, is_cut=is_cut)
