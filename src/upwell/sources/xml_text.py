"""XML before it is parsed: its root, its encoding, and what it forbids though it occurs."""

import codecs
import re
from collections.abc import Iterator

from upwell.sources.content import Content, Head

_DECLARED = re.compile(rb"\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})")
_PROLOG = re.compile(
    r"\s+|<\?.{0,2000}?\?>|<!--.{0,20000}?-->|<!DOCTYPE[^>\[]{0,500}(?:\[.{0,20000}?\]\s*)?>",
    re.DOTALL,
)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)([^>]*)")
# Control characters that XML forbids though servers send them, and bytes that are not UTF-8 as
# `surrogateescape` has them: these go through the parser as private characters.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\udc80-\udcff]")
_TO_PRIVATE = {0xDC00 + b: 0x10FF00 + b for b in range(0x80, 0x100)}
_TO_BYTES = {private: byte for byte, private in _TO_PRIVATE.items()}
_PRIVATE = re.compile("[\U0010ff80-\U0010ffff]")
_ONE_BYTE_OR_ASIAN = re.compile(
    r"(?:iso-?8859-\d{1,2}|latin-?\d|(?:windows-|cp)125\d|koi8-[ru]|gb\w{2,6}|big5|shift_jis|euc-\w\w)\Z",
    re.IGNORECASE,
)
_BLANKED = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF], " ")
_CLEANED: dict[int, int | str] = {**_BLANKED, **_TO_PRIVATE}


def root_of(head: Head) -> tuple[str, str]:
    """The name of the first element, without prefix, and its attributes as they are written."""
    text, at = head.text, 0
    while text.startswith(("<?", "<!", " ", "\n", "\r", "\t"), at):
        match = _PROLOG.match(text, at)
        if match is None:
            break
        at = match.end()
    root = _ROOT.match(text, at)
    return (root[1], root[2]) if root else ("", "")


def clean_blocks(content: Content) -> Iterator[bytes]:
    """The blocks of a file in UTF-8, without what would stop a parser for no good reason."""
    declared = _DECLARED.match(content.head.data)
    decoder = _decoder(declared[1].decode() if declared else "utf-8")
    for block in content.blocks():
        text = decoder.decode(block)
        if _FORBIDDEN.search(text):
            text = text.translate(_CLEANED)
        yield text.encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).translate(_CLEANED).encode("utf-8", "replace")


def _decoder(declared: str) -> codecs.IncrementalDecoder:
    """The decoder of the declared encoding; UTF-16 and UTF-32 are UTF-8 by now."""
    if _ONE_BYTE_OR_ASIAN.match(declared):
        try:
            return codecs.getincrementaldecoder(declared)("replace")
        except LookupError:
            pass
    return codecs.getincrementaldecoder("utf-8")("surrogateescape")


def as_written(text: str) -> str:
    """Text out of the parser, with bytes that are not UTF-8 as `surrogateescape` has them."""
    if text.isascii() or not _PRIVATE.search(text):
        return text
    return text.translate(_TO_BYTES)
