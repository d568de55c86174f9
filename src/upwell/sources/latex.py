r"""LaTeX residue in titles and abstracts, made readable.

Only what is unmistakably LaTeX is touched: a lone `$5`, `100%`, `R^2` or `C:\new` stays as it is.
pylatexenc, which is slow, sees only the fragments (formulas, accents, symbols) that need it.
"""

import logging
import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pylatexenc.latex2text import LatexNodes2Text
    from pylatexenc.macrospec import LatexContextDb

_MARKS = ("\\", "$", "~", "{", "--", "``", "times")

_WRAPPERS = (
    "textbf|textit|texttt|textsc|textrm|textsf|textmd|textup|textsl|textnormal|text|emph|underline"
    "|uline|textsuperscript|textsubscript|mathbf|mathcal|mathrm|mathbb|mathsf|mathtt|mathit|mathfrak|mathscr|boldsymbol|bm|mbox"
    "|operatorname"
)
# The letters of a formula that `\color{ddtD}ecoupled` hides: a colour name, then what it colours.
_GLUED_COLOUR = re.compile(r"\\color\{[a-z]+([A-Z]+)\}")
_DROPPED = re.compile(
    r"~?\\(?:cite[a-z]*\*?|color|label|ref|eqref|vspace|hspace)\s?(?:\[[^\[\]]{0,200}\]){0,2}"
    r"\{[^{}]{0,500}\}"
)
_TWO_ARGUMENTS = re.compile(r"\\(?:href|textcolor)\{[^{}]{0,500}\}\{([^{}]*)\}")
_COLOURED = re.compile(r"(?<![\\A-Za-z])(?:black|blue|red)\{([^{}]*)\}")
_WRAPPED = re.compile(rf"\\(?:{_WRAPPERS})\*?\s?\{{([^{{}}]*)\}}")
_WRAPPED_BARE = re.compile(r"(?<![\\A-Za-z])(?:text[a-z]{2}|emph|math[a-z]{2,4})\{([^{}]*)\}")
_SWITCHED = re.compile(
    r"\{\s?\\(?:it|em|bf|rm|sc|tt|sf|sl|cal|itshape|bfseries|sffamily|small|large)(?![A-Za-z])"
    r"\s?([^{}]*)\}"
)
_UNICODE = re.compile(r"\\unicode\{x([0-9a-fA-F]{2,5})\}")
_ACCENT = re.compile(
    r"""\{?\\(?:['"`^~=.](?:\{\\?[A-Za-z]\}|(?<=[A-Za-z]\\.)\\?[A-Za-z])"""
    r"""|[cvuHkrbd](?:\{\\?[A-Za-z]\})|(?:[LlOo]|ss|ae|AE|oe|OE|aa|AA)\{\})\}?"""
    r"""|\{\\[LlOoijSP]\}"""
)
_DISPLAYED = re.compile(r"\$\$([^$]{1,500})\$\$")
# As in pandoc: no blank inside the dollars, no digit after them, so that prices are not formulas;
# what holds a macro is one in any case, as in `256$\times$256`.
_FORMULA = re.compile(
    r"(?<![\\$])\$(?:(?![\s%])([^$]{1,300}?)(?<![\s\\,(/-])\$(?![\d$])"
    r"|([^$]{0,150}?\\[A-Za-z][^$]{0,150})(?<!\\)\$(?!\$))"
)
_BARE_PERCENT = re.compile(r"(?<!\\)%")
_PRICE = re.compile(r"\d[^\\^_=<>+{|*/()-]*\s[^\\^_=<>+{|*/()-]*\Z")
# Not after a letter, a colon or a dot: `C:\new` and `.\folder` are paths.
_UNKNOWN = re.compile(r"(?<![:\\/])\\([A-Za-z]{2,40})\{([^{}]*)\}")
_SYMBOL = re.compile(r"(?<![A-Za-z:.\\/])\\([A-Za-z]{2,40})(?![A-Za-z{\\:])")
# `20 \textdegree{}C`, and what a group after a symbol only ends: `\alpha{}`.
_ENDED_SYMBOL = re.compile(r"(?<![:\\/])\\([A-Za-z]{2,40})\{\}")
_SPACE = re.compile(r"(?<=[\w)\]}$.,%])\\(?:[,;:] ?(?=[\w$({\[])| (?=\S))")
_SCRIPT = re.compile(r"([\^_])\{([^{}\s]{1,30})\}")
_ESCAPED = re.compile(r"\\([%&_#${}])")
_ABBREVIATION = re.compile(r"\\(ie|eg|etc|etal)(?![A-Za-z])\.?")
_SHORT = {"ie": "i.e.", "eg": "e.g.", "etc": "etc.", "etal": "et al."}

# Symbols that pylatexenc does not know, or takes for an accent, and reference managers write.
_MORE_SYMBOLS = {
    "textless": "<", "textgreater": ">", "textbar": "|", "textasciicircum": "^",
    "textunderscore": "_", "textbraceleft": "{", "textbraceright": "}", "textquotedbl": '"',
    "textminus": "\u2212", "textsurd": "√", "textinfty": "∞", "slash": "/", "copyright": "©",
    "euro": "€", "pounds": "£", "guillemetleft": "«", "guillemetright": "»",
    "S": "§", "P": "¶", "thinspace": " ", "textthinspace": " ", "nobreakspace": " ",
}  # fmt: skip
_NO_TEXT = re.compile(
    r"\\(?:left|right|[bB]igg?[lrm]?|middle|displaystyle|textstyle|scriptstyle|limits|nolimits"
    rf"|cal|rm|bf|it|em|sf|tt|{_WRAPPERS})(?![A-Za-z])\*?"
)
_VARIANT = re.compile(r"\\(?:[td](?=frac)|wide(?=hat|tilde))")
_MATH_LETTERS = re.compile("[\U0001d400-\U0001d7ff\u2102\u210b-\u2112\u2115-\u211d\u2124-\u2131]")


def has_residue(text: str) -> bool:
    """Whether there may be something to do."""
    return any(mark in text for mark in _MARKS)


def readable(text: str) -> str:
    """One pass over LaTeX residue; nested residue takes one pass a level."""
    text = _fonts(text)
    text = _DISPLAYED.sub(lambda m: _formula(m, m[1]), text)
    text = _FORMULA.sub(lambda m: _formula(m, m[1] or m[2]), text)
    if "\\" in text:
        text = _ACCENT.sub(lambda m: _converted(m[0].strip("{}") if m[0][0] == "{" else m[0]), text)
        text = _ENDED_SYMBOL.sub(lambda m: _symbol(m[1]) or m[0], text)
        text = _SPACE.sub(" ", text)
        text = _UNKNOWN.sub(_argument, text)
        text = _ABBREVIATION.sub(lambda m: _SHORT[m[1]], text)
        text = _SYMBOL.sub(lambda m: _converted(m[0]), text)
        text = _ESCAPED.sub(r"\1", text)
    text = _SCRIPT.sub(r"\1\2", text)
    return _typography(text)


def _fonts(text: str) -> str:
    """Without the macros that say how text looks or refer elsewhere, keeping the text."""
    if "{" not in text:
        return text
    if "\\" in text:
        text = _GLUED_COLOUR.sub(r"\1", text)
        text = _DROPPED.sub("", text)
        text = _TWO_ARGUMENTS.sub(r"\1", text)
        text = _UNICODE.sub(_unicode, text)
        text = _SWITCHED.sub(r"\1", text)
        text = _WRAPPED.sub(r"\1", text)
    text = _WRAPPED_BARE.sub(r"\1", text)
    return _COLOURED.sub(r"\1", text)


def _unicode(match: re.Match[str]) -> str:
    r"""The character of a `\unicode{x2014}`; as it stands if there is no such character."""
    code = int(match[1], 16)
    return match[0] if code < 32 or 0xD800 <= code < 0xE000 else chr(code)


def _formula(match: re.Match[str], body: str) -> str:
    """A formula in readable characters; as it stands if it is text between two prices."""
    is_text = _BARE_PERCENT.search(body) or _PRICE.match(body)
    return match[0] if is_text else _converted(f"${body}$")


def _argument(match: re.Match[str]) -> str:
    r"""What an unknown macro is about, in front of it the character if it is a symbol."""
    text = _converted(match[2]) if _SYMBOL.fullmatch(match[2]) else match[2]
    return (_symbol(match[1]) or "") + text


def _typography(text: str) -> str:
    """TeX's quotes, dashes and ties as the characters they stand for."""
    if "``" in text:
        text = text.replace("``", '"').replace("''", '"')
    if "--" in text:
        text = re.sub(r"(?<=[\w)\]\"'])---(?=[\w(\[\"'])| --- ", "\u2014", text)
        text = re.sub(r"(?<=[\w)\]\"'])--(?=[\w(\[\"'])", "\u2013", text)
        text = re.sub(r"(?<=\S) --(?= )", " \u2013", text)
    if "~" in text:
        text = re.sub(r"(?<=[A-Za-z]{2}|[A-Za-z0-9][.,)}])~(?=[\w(\[{\"'$\\])", " ", text)
    # A page that drops the backslash of `100\times` leaves `100times`.
    return re.sub(r"(?<=\d)times\b", "×", text)


@lru_cache(maxsize=1024)
def _symbol(name: str) -> str | None:
    """The character that a macro stands for; None if it is no symbol."""
    text = _converted(f"\\{name}")
    return text if len(text) == 1 and not unicodedata.combining(text) else None


@lru_cache(maxsize=8192)
def _converted(fragment: str) -> str:
    """A fragment as pylatexenc reads it; as it stands if it cannot."""
    source = _VARIANT.sub(r"\\", _NO_TEXT.sub("", fragment))
    try:
        text: str = _converter().latex_to_text(source, latex_context=_macros())
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return fragment  # what pylatexenc raises on broken input depends on where it broke
    text = _MATH_LETTERS.sub(lambda m: unicodedata.normalize("NFKC", m[0]), text)
    return text.strip() if fragment.startswith("$") else text


@lru_cache(maxsize=1)
def _macros() -> "LatexContextDb":
    """The arguments of macros; to list them for each fragment takes a sixth of the time."""
    from pylatexenc.latexwalker import get_default_latex_context_db

    return get_default_latex_context_db()


@lru_cache(maxsize=1)
def _converter() -> "LatexNodes2Text":
    """pylatexenc, set to keep the name of a macro it does not know."""
    from pylatexenc.latex2text import (
        LatexNodes2Text,
        MacroTextSpec,
        get_default_latex_context_db,
    )

    # It warns of each macro that lacks its arguments, as a cut abstract has them.
    logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)
    known = get_default_latex_context_db()
    more = [MacroTextSpec(name, character) for name, character in _MORE_SYMBOLS.items()]
    known.add_context_category("upwell", macros=more, prepend=True)
    known.set_unknown_macro_spec(MacroTextSpec("", simplify_repl=lambda node: node.macroname))
    return LatexNodes2Text(latex_context=known, math_mode="text", keep_comments=True)
