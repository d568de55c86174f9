"""Publishers' notices in abstracts: whose copyright, which licence, published by whom.

A notice is cut only where all that follows it, up to the end, is notice too, or where it stands at
the very start; a sentence of the abstract is never touched.
"""

import re
from itertools import islice

# Looked for in lower case, as nearly every abstract has none of them.
_SUSPECT = (
    "©", "(c)", "copyright", "rights reserved", "published", "truncated at", "[abstract from",
    "[author abstract]", "open access article", "open-access article",
)  # fmt: skip
_MARK = re.compile(
    r"(?:\(?\bPsyc\w+ Database Record |\bThis journal is )?(?:\bCrown )?"
    r"(?:\bCopyright:?,? ?(?=©|\([cC]\)|(?:19|20)\d\d|is held))?"
    r"(?:©|\([cC]\) ?(?=(?:19|20)\d\d|RSNA\b)|(?<=Copyright )(?=(?:19|20)\d\d|is held))"
    r"|\bPublished (?:under licen[cs]e |in (?:19|20)\d\d )?by (?-i:(?=[A-Z]))"
    r"|\bPublished (?:19|20)\d\d\."
    r"|\bAll,? ?rights reserved\b|\bThis article is protected by copyright"
    r"|\bThis is an open[ -]access article,? (?:distributed )?under (?:the terms|(?:the |a )?C)"
    r"|\(ABSTRACT TRUNCATED AT \d+ WORDS\)|\[Abstract from (?:author|publisher)\]"
    r"|\[Author abstract\]"
    r"|\bCopyright of (?=.{3,200}? is the property of .{2,200}? and its content)",
    re.IGNORECASE,
)
_LONGEST = 1200  # characters of a notice
_MOST_MARKS = 20
_RULES = " -–|("  # what may part a notice from the abstract
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_OF_A_NAME = re.compile(r"©(?! ?(?:19|20)\d\d)")  # "Matlab©", where a word stands before it
_SENTENCES = re.compile(r"(?<=[.)\]])(?<!U\.)(?<!U\.S\.)\s*(?=[A-Z©(])|(?<=\d) (?=Copyright)")
_PHRASE = re.compile(
    r"\b(?:rights? (?:are )?reserved|publication rights|open[ -]access article"
    r"|open access publishing agreement"
    r"|creative ?commons|CC[ -]BY|licensee|peer[ -]review under"
    r"|selection and(?:/or)? peer[ -]review"
    r"|protected by copyright|under copyright protection|government work|or their employer"
    r"|copyright (?:is )?held|without (?:the )?(?:written |prior )*permission|unrestricted use"
    r"|for permissions,? please e?-?mail|for this paper by its authors|re-use permitted"
    r"|no commercial re-?use|see rights and permissions|personal use of this material"
    r"|unauthori[sz]ed reproduction|for more information,? see https?:"
    r"|abstract truncated|copying or distributing|part of springer"
    # EBSCO
    r"|abstract from (?:author|publisher)|author abstract|is the property of"
    r"|may not be used with any artificial intelligence|users may print, download, or email"
    r"|this abstract may be abridged|warranty is given about the accuracy"
    r"|refer to the original published version|applies to all abstracts"
    r")\b|This journal is ©",
    re.IGNORECASE,
)
_STATEMENT = re.compile(
    r"\b(?:we|our|this (?:paper(?! by its authors)|study|work(?! is licensed))|results?|shows?)\b",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+")
# In a name every word that counts has a capital: "International Federation of Operations".
_SMALL = (
    "a|al|an|and|at|behalf|by|c|das|de|del|der|des|di|du|e|editors|et|exclusive|for|für|in|la"
    "|le|license|licence|licensee|of|on|other|part|published|publisher|reserved|rights|the|to|und"
    "|s|under|with|within|y|author|authors|inc|ltd|limited|enterprises|inderscience|copyright|all"
    "|van|von|den|ter|da|do|dos|publishers|first|hosting|hosted|production|trading|as|on|its"
)
_NAME_WORD = re.compile(rf"(?:{_SMALL})\Z|[^a-z]|e[A-Z]|[a-z]+[A-Z]")
_WORDS = re.compile(r"[^\s/,;:()\-–.]+")
_ENDED = re.compile(r"(?:[.!?:;)\]\"'”’>]|\d)\s*\Z")


def without_notice(abstract: str) -> str:
    """An abstract without the publisher's notice at its end or start.

    Parameters
    ----------
    abstract : on one line; if it is not repaired yet, a notice may be missed.

    Returns
    -------
    The abstract; as it stands if nothing in it is certain to be a notice, or nothing else is in it.
    """
    ends = f"{abstract[:100]} {abstract[-_LONGEST:]}".lower()
    if not any(mark in ends for mark in _SUSPECT):
        return abstract
    return _without_start(_without_end(abstract)) or abstract


def _without_end(abstract: str) -> str:
    """Without the longest notice that the end is."""
    for mark in islice(_MARK.finditer(abstract, max(0, len(abstract) - _LONGEST)), _MOST_MARKS):
        if abstract[mark.start() - 1 : mark.start()].isalpha() and _OF_A_NAME.match(mark[0]):
            continue
        before = abstract[max(0, mark.start() - 20) : mark.start()].rstrip(_RULES)
        if _is_notice(abstract[mark.start() :], is_sentence=_ENDED.search(before) is not None):
            return abstract[: mark.start()].rstrip(_RULES)
    return abstract


def _without_start(abstract: str) -> str:
    """Without the notice that the start is: a sentence with a year, and what is plainly more."""
    mark = _MARK.match(abstract)
    if not mark:
        return abstract
    sentences = _SENTENCES.split(abstract[:_LONGEST])
    n_cut = next((i for i, s in enumerate(sentences) if i and not _goes_on(s)), 0)
    notice = "".join(sentences[:n_cut])
    if not _YEAR.search(notice) or not all(map(_says_nothing, sentences[:n_cut])):
        return abstract
    return abstract[abstract.index(sentences[n_cut], len(notice)) :]


def _goes_on(sentence: str) -> bool:
    """Whether a sentence after the first of a notice belongs to it: `V.` of `B.V.`, a phrase."""
    is_rest = len(_WORDS.findall(sentence)) <= 1 or sentence.endswith(" et al.")
    return _says_nothing(sentence) and (is_rest or _PHRASE.search(sentence) is not None)


def _is_notice(tail: str, *, is_sentence: bool) -> bool:
    """Whether all of the sentences of a text are notice."""
    sentences = [sentence for sentence in _SENTENCES.split(tail) if sentence.strip()]
    is_certain = _YEAR.search(tail) is not None or _PHRASE.search(tail) is not None
    if not (is_certain or (is_sentence and len(tail) <= 120)):
        return False
    if not is_sentence and not tail.startswith(("©", "(", "[")):
        return False
    return all(map(_says_nothing, sentences))


def _says_nothing(sentence: str) -> bool:
    """Whether a sentence is a name, or a phrase of notices."""
    is_phrase = _PHRASE.search(sentence) is not None and not _STATEMENT.search(sentence)
    return is_phrase or _is_name(sentence)


def _is_name(sentence: str) -> bool:
    """Whether a sentence says nothing, but names somebody or something, and years."""
    words = _WORDS.findall(_ADDRESS.sub("", sentence))
    return len(words) <= 60 and all(_NAME_WORD.match(word) for word in words)
