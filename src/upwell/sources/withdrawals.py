"""Papers that arXiv keeps though they were withdrawn."""

import re

WITHDRAWN = "the source says that this paper was withdrawn"
NOTICE_ONLY = "the paper was withdrawn, and the notice stands in place of its abstract"
_LONGEST_NOTICE = 60  # words; an abstract that goes on behind its notice is longer
_NOTICE = re.compile(
    r"\W*(?:"
    r"(?:(?:this|the|our|present)\s+){0,2}"
    r"(?:paper|article|submission|manuscript|preprint|work|note|version|text)\s+"
    r"(?:(?:has|have|had)\s+been\s+|is\s+(?:being\s+)?|was\s+)?"
    r"(?:temporarily\s+|now\s+|permanently\s+)?(?:withdrawn\b|taken\s+out(?=\W*\Z|\s*\.))"
    r"|withdrawn(?=\W*\Z|\s*[.:;,]|\s+(?:by|due|because|pending|for|as|since|from)\b)"
    r")",
    re.IGNORECASE,
)


def is_notice(text: str) -> bool:
    """Whether a comment, or an abstract, begins with the notice of a withdrawal."""
    return _NOTICE.match(text) is not None


def is_only_notice(abstract: str) -> bool:
    """Whether an abstract is the notice of a withdrawal and says nothing of the paper.

    Source
    ------
    Our definition: it begins as one, and has at most 60 words.
    """
    return is_notice(abstract) and len(abstract.split()) <= _LONGEST_NOTICE


def problems_of(abstract: str, comments: str | None) -> tuple[str, ...]:
    """The problem of a paper whose abstract or whose comments say that it was withdrawn."""
    return (WITHDRAWN,) if is_notice(abstract) or is_notice(comments or "") else ()
