"""The fields of one BibTeX entry, as much of them as can be told."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_MOST_FILLED_IN = 1_000_000  # characters of macros in one entry
# Scopus puts a no-break space into `funding_text 1`.
_NAME = r"[A-Za-z][^\s=,{}\"#%()]{0,80}(?:[ \u00a0]\w[^\s=,{}\"#%()]{0,80}){0,4}"
_HEAD = re.compile(r"\s*@([A-Za-z]+)\s*([{(])")
_KEY = re.compile(r"\s*([^\s,={}\"#]*)(?=[\s,}])\s*,?(?!\s*=)")
_BLANK = re.compile(r"[\s,]*(?:%[^\n]*(?:\n[\s,]*|\Z))*")
_FIELD = re.compile(rf"({_NAME})\s*=\s*")
_LATER_FIELD = re.compile(rf"[,\n][ \t]{{0,40}}(?={_NAME}[ \t]{{0,40}}=[ \t]{{0,40}}[{{\"\w])")
_MORE_FIELDS = re.compile(rf"[,\n][ \t]{{0,40}}(?={_NAME}[ \t]{{0,40}}=[ \t]{{0,40}}[{{\"])")
_WORD = re.compile(r"[^\s,#{}\"=()]+")
_JOINED = re.compile(r"\s*#\s*")
_BRACE = re.compile(r"[{}]")
_BRACE_OR_QUOTE = re.compile(r"[{}\"]")
# Where `\{` is a brace that its text has alone, as in mathematics, and not one that groups.
_BRACE_ESCAPED = re.compile(r"\\.|[{}]", re.DOTALL)
_BRACE_OR_QUOTE_ESCAPED = re.compile(r"\\.|[{}\"]", re.DOTALL)


@dataclass(slots=True)
class Parsed:
    """What an entry holds, where it ends, and why it is broken; lines are counted from its first.

    Of a field that stands twice the first counts, as in BibTeX.
    """

    kind: str = ""
    key: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    end: int = 0
    is_closed: bool = False
    fault: str = ""
    fault_line: int = 0


class _UnclosedError(ValueError):
    """A value that does not end; `at` is where it begins."""

    def __init__(self, at: int) -> None:
        super().__init__("a value is not closed")
        self.at = at


def parse_entry(text: str, at: int, strings: Mapping[str, str]) -> Parsed:
    r"""The entry that begins at a place of a text.

    Parameters
    ----------
    text : up to where the next entry with a key begins, or the file ends.
    at : where the `@` of the entry stands, or blanks before it.
    strings : macros by name.

    Returns
    -------
    The entry. Braces count whether a backslash is before them, as in BibTeX, and if they do not
    balance that way, only those without one. With a brace missing at the very end, or one too many
    after a value, the fields are still told, with a problem; else it has a `fault`.
    """
    parsed = _Parser(text, strings, escapes=False).entry(at)
    if (parsed.fault or parsed.problems) and ("\\{" in text or "\\}" in text):
        again = _Parser(text, strings, escapes=True).entry(at)
        if not (again.fault or again.problems):
            return again
    return parsed


class _Parser:
    """Reads one entry of a text."""

    def __init__(self, text: str, strings: Mapping[str, str], *, escapes: bool) -> None:
        self._text = text
        self._strings = strings
        self._brace = _BRACE_ESCAPED if escapes else _BRACE
        self._quote = _BRACE_OR_QUOTE_ESCAPED if escapes else _BRACE_OR_QUOTE
        self._room = _MOST_FILLED_IN
        self._next_close = -1

    def entry(self, start: int) -> Parsed:
        """The entry that begins here."""
        parsed = Parsed()
        head = _HEAD.match(self._text, start)
        if not head:
            parsed.fault, parsed.end = "no entry begins here", len(self._text)
            return parsed
        parsed.kind = head[1].lower()
        try:
            if parsed.kind in {"comment", "preamble"}:
                parsed.end = self._skipped(head.end() - 1, head[2])
                parsed.is_closed = True
            else:
                key = None if parsed.kind == "string" else _KEY.match(self._text, head.end())
                parsed.key = key[1] if key else ""
                self._fields(key.end() if key else head.end(), ")}"[head[2] == "{"], parsed)
        except _UnclosedError as error:
            # What a comment does not close is no entry's.
            parsed.fault = "" if parsed.kind == "comment" else str(error)
            parsed.fault_line = self._text.count("\n", start, error.at)
            parsed.end = len(self._text)
        if not (parsed.fault or parsed.is_closed):
            self._say_unclosed(parsed)
        return parsed

    def _fields(self, at: int, close: str, parsed: Parsed) -> None:
        """Takes fields until the entry closes or its text ends."""
        text, size = self._text, len(self._text)
        while True:
            at = self._after_blank(at)
            if at >= size:
                break
            if text[at] in {close, "}"}:
                at = self._closed(at + 1, parsed)
                if at < 0:
                    return
                continue
            named = _FIELD.match(text, at)
            if named:
                value, at = self._value(named.end())
                parsed.fields.setdefault(named[1].lower(), value)
                continue
            at = self._resumed(at, parsed)
        parsed.end = size

    def _closed(self, at: int, parsed: Parsed) -> int:
        """Where fields go on after the entry was closed too early; -1 if it really ends here."""
        parsed.end, parsed.is_closed = at, True
        more = None if _HEAD.match(self._text, at) else _MORE_FIELDS.search(self._text, at)
        if not more:
            return -1
        self._say(parsed, "there is a closing brace too many, and text may be missing before it")
        return more.end()

    def _resumed(self, at: int, parsed: Parsed) -> int:
        """Where fields go on after text that is none, up to the end of the entry."""
        if self._next_close < at:
            found = self._text.find("}", at)
            self._next_close = found if found >= 0 else len(self._text)
        more = _LATER_FIELD.search(self._text, at, self._next_close)
        end = more.end() if more else self._next_close
        if self._text[at:end].strip():
            self._say(parsed, "text that is no field was left out")
        return end

    def _value(self, at: int) -> tuple[str, int]:
        """A value of one or more parts joined by `#`, and where it ends."""
        parts = []
        while True:
            part, at = self._part(at)
            parts.append(part)
            joined = _JOINED.match(self._text, at)
            if not joined:
                return "".join(parts), at
            at = joined.end()

    def _part(self, at: int) -> tuple[str, int]:
        """Text in braces or quotes, a number or a macro, and where it ends."""
        opener = self._text[at : at + 1]
        if opener == "{":
            end = self._end_of_braces(at)
            return self._text[at + 1 : end - 1], end
        if opener == '"':
            end = self._end_of_quotes(at)
            return self._text[at + 1 : end - 1], end
        word = _WORD.match(self._text, at)
        if not word:
            return "", at
        text = self._strings.get(word[0].lower(), word[0])
        self._room -= len(text)
        return (text if self._room > 0 else ""), word.end()

    def _end_of_braces(self, at: int) -> int:
        """The place after the brace that closes the one here."""
        depth = 0
        for brace in self._brace.finditer(self._text, at):
            depth += (brace[0] == "{") - (brace[0] == "}")
            if depth == 0 and brace[0] == "}":
                return brace.end()
        raise _UnclosedError(at)

    def _end_of_quotes(self, at: int) -> int:
        """The place after the quote that closes the one here; not one inside braces."""
        depth = 0
        for mark in self._quote.finditer(self._text, at + 1):
            depth += (mark[0] == "{") - (mark[0] == "}")
            if mark[0] == '"' and depth <= 0:
                return mark.end()
        raise _UnclosedError(at)

    def _skipped(self, at: int, opener: str) -> int:
        """The place after the brackets that open here."""
        if opener == "{":
            return self._end_of_braces(at)
        return (self._text.find(")", at) + 1) or len(self._text)

    def _after_blank(self, at: int) -> int:
        """The place after blanks, commas and comments."""
        match = _BLANK.match(self._text, at)
        return match.end() if match else at

    def _say_unclosed(self, parsed: Parsed) -> None:
        """That the entry does not end; broken if a value has swallowed the fields after it."""
        if any(_MORE_FIELDS.search(value) for value in parsed.fields.values()):
            parsed.fault = "a brace that opens a value is not closed"
            return
        self._say(parsed, "the entry has no closing brace")

    @staticmethod
    def _say(parsed: Parsed, problem: str) -> None:
        """Keeps a problem, once."""
        if problem not in parsed.problems:
            parsed.problems.append(problem)
