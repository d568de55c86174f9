"""The language of a text, detected offline.

English is told by its small words, at 70,000 abstracts a second: of 36,103 from arXiv all but 38
are. The others go to py3langid (4.5 MB, BSD, numpy only), which took no English abstract for
another language, and knew 27 short texts in 20 languages, even cut to 60 characters. lingua did not
do better on either, takes 96 MB and an eighth of the speed, and calls many short texts Latin.
"""

from collections.abc import Callable
from functools import cache

# English words that mean nothing, or are rare, in the other languages of papers.
_SMALL_WORDS = frozenset({
    "the", "of", "and", "to", "that", "with", "this", "are", "which", "we", "for", "from", "by",
    "our", "is", "these", "has", "been", "can",
})  # fmt: skip
_WRITTEN = frozenset({
    "ar", "az", "be", "bg", "bn", "bs", "ca", "cs", "da", "de", "el", "en", "es", "et", "eu", "fa",
    "fi", "fr", "gl", "he", "hi", "hr", "hu", "hy", "id", "is", "it", "ja", "ka", "kk", "ko", "lt",
    "lv", "mk", "mn", "ms", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sq", "sr", "sv", "ta",
    "th", "tr", "uk", "ur", "uz", "vi", "zh",
})  # fmt: skip
_LEAST_SHARE = 0.12
_LEAST_WORDS = 2
_N_WORDS = 100  # the start tells
_MOST_CHARACTERS = 2_000
_SURE = 0.5  # probability; of starts of 12 words in English, 0.3 % have less


def language_of(text: str) -> str | None:
    """The language of a text, as ISO 639-1 has it: `en`, `de`, `zh`; None if unsure.

    Parameters
    ----------
    text : some words at least, repaired.
    """
    words = text.lower().split(None, _N_WORDS)[:_N_WORDS]
    n_small = sum(map(_SMALL_WORDS.__contains__, words))
    if n_small >= max(_LEAST_WORDS, _LEAST_SHARE * len(words)):
        return "en"
    language, probability = _classifier()(text[:_MOST_CHARACTERS])
    return language if probability >= _SURE and len(language) == 2 else None


@cache
def _classifier() -> Callable[[str], tuple[str, float]]:
    """py3langid, which takes a second to load and is needed for few corpora."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    # What is taken for Latin and the like, which no paper is written in any more, is English.
    identifier.set_languages(sorted(_WRITTEN & set(identifier.labels)))
    return identifier.classify  # type: ignore[no-any-return]
