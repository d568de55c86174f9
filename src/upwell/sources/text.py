"""Text repair: what a title or an abstract was before it was wrapped, exported and scraped."""

import re
import unicodedata
from collections import Counter

from upwell.sources import latex

# Printable ASCII without these is as it should be; looking for each beats a regular expression.
_SUSPECT = ("&", "<", "(cid:", "  ")
_UNREADABLE = re.compile("[\udc80-\udcff]")  # a byte that is not UTF-8, as `surrogateescape` has it
_SURROGATE = re.compile("[\ud800-\udfff]")
_TAG = re.compile(
    r"</?(?:i|b|u|p|em|br|sub|sup|inf|italic|bold|strong|span|jats:[a-z-]{1,20}|mml:[a-z]{1,20})"
    r"(?:\s[^<>]{0,200})?/?>",
    re.IGNORECASE,
)
_BLOCK_TAG = re.compile(r"^</?(?:p|br|jats:(?:p|title|sec))\b", re.IGNORECASE)
_SOFT_HYPHEN = re.compile(r"(?:\u00ad|\(cid:173\))\s*(?=\w)|\u00ad|\(cid:173\)")
_SOFT_BEFORE_NAME = re.compile(r"(?:\u00ad|\(cid:173\))\s+(?=[A-Z])")  # "Hamilton- Jacobi"
_WRAPPED_WORD = re.compile(r"([^\W\d_]+)-[ \t]*\r?\n\s*([a-z]+)")
_WRAPPED_HYPHEN = re.compile(r"(?<=\w)-[ \t]*\r?\n\s*(?=\w)")
# The joiners \u200c and \u200d are letters of a kind in Persian, Indic scripts and emoji.
_INVISIBLE = re.compile(
    "[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]"
    "|(?<=[\x20-\x7e])[\u200c\u200d]|[\u200c\u200d](?=[\x20-\x7e])"
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HYPHEN_AT_END = re.compile(r"-[ \t]*\r?\n")
_CONJUNCTIONS = {"and", "or", "nor", "to", "as", "but"}
_PREFIXES = {
    "all", "anti", "co", "cross", "end", "ex", "few", "fine", "full", "half", "high", "in-the",
    "inter", "intra", "large", "long", "low", "many", "meta", "mid", "multi", "near", "non", "off",
    "on", "one", "open", "out", "over", "post", "pre", "pseudo", "quasi", "real", "self", "semi",
    "short", "single", "small", "state", "sub", "super", "time", "two", "ultra", "under", "well",
    "zero",
}  # fmt: skip
_PASSES = 5


def repair(text: str) -> str:
    """Text as its author would have it read, on one line.

    Encoding damage, HTML entities and inline tags, ligatures, no-break and zero-width spaces, soft
    hyphens, hard wraps and LaTeX residue are undone. Plain text is left alone, a repaired text is
    a fixed point, nothing raises, and time grows with the length only.

    Parameters
    ----------
    text : any string; bytes that are not UTF-8 may stand in it as `surrogateescape` has them.

    Returns
    -------
    The text, with single spaces, without control characters or surrogates.
    """
    text = readable_bytes(text)
    repaired = _plain(text)
    for _ in range(_PASSES):
        if not latex.has_residue(repaired) and _is_plain(repaired):
            return repaired
        again = _plain(latex.readable(repaired))
        if again == repaired:
            return repaired
        repaired = again
    # Text that changes with every pass is no damage that anyone would have made: leave it alone.
    return one_line(text)


def readable_bytes(text: str) -> str:
    """Text with every byte that is not UTF-8 read as Windows-1252, which most of them are."""
    if text.isascii() or not _SURROGATE.search(text):
        return text
    text = _UNREADABLE.sub(lambda m: _windows_1252(ord(m[0]) - 0xDC00), text)
    # Two halves of a character that an escape split are one again; a half alone is unreadable.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def has_unreadable_bytes(text: str) -> bool:
    """Whether bytes that are not UTF-8 stood in the text."""
    return not text.isascii() and _UNREADABLE.search(text) is not None


def one_line(text: str) -> str:
    """The text on one line, without control characters; the least that any string needs."""
    text = " ".join(readable_bytes(text).split())
    return text if text.isprintable() else " ".join(_CONTROL.sub(" ", text).split())


def _is_plain(text: str) -> bool:
    """Whether nothing but LaTeX can be wrong with a text on one line."""
    return text.isascii() and text.isprintable() and not any(mark in text for mark in _SUSPECT)


def _windows_1252(byte: int) -> str:
    """The character of a byte; the five that Windows-1252 leaves out are unreadable."""
    return bytes([byte]).decode("windows-1252", "replace")


def _plain(text: str) -> str:
    """Everything but LaTeX: encoding, tags, ligatures, blanks and wraps."""
    if _is_plain(text):
        return text.strip()
    if "\u00ad" in text or "(cid:" in text:
        text = _SOFT_HYPHEN.sub("", _SOFT_BEFORE_NAME.sub("-", text))
    if _HYPHEN_AT_END.search(text):
        text = _unwrapped(text)
    if "<" in text:
        text = _TAG.sub(lambda m: " " if _BLOCK_TAG.match(m[0]) else "", text)
    if "&" in text or not text.isascii():
        import ftfy

        text = ftfy.fix_text(text)
        text = _INVISIBLE.sub("", text)
        text = unicodedata.normalize("NFC", text)
    return one_line(text)


def _unwrapped(text: str) -> str:
    """Words that a line break cut in two put together again; the breaks themselves stay."""
    words = Counter(re.findall(r"[^\W\d_]+", text.lower()))
    halves = Counter(match[1].lower() for match in _WRAPPED_WORD.finditer(text))

    def joined(match: re.Match[str]) -> str:
        left, right = match[1].lower(), match[2]
        if right in _CONJUNCTIONS:  # "inter- and intra-class"
            return f"{match[1]}- {right}"
        # A half that stands alone elsewhere in the text is a word: "geometry-unaware".
        is_compound = left in _PREFIXES or words[left] > halves[left]
        hyphen = "-" if is_compound and left + right not in words else ""
        return f"{match[1]}{hyphen}{right}"

    return _WRAPPED_HYPHEN.sub("-", _WRAPPED_WORD.sub(joined, text))
