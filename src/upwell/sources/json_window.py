"""The part of a JSON file that is held while it is read."""

import codecs
import json
import re
from collections.abc import Iterator

from upwell.sources.content import LINE_LIMIT

# strict=False: a raw tab or NUL inside a string is no reason to lose a record.
DECODER = json.JSONDecoder(strict=False)
BLANK = re.compile(r"[\s,]*")
COLON = re.compile(r"\s*:\s*")
_MARK = re.compile(r'["\[\]{}]')
_INSIDE = re.compile(r'(?:[^"\\]|\\.)*', re.DOTALL)
_KEPT = 400  # characters kept while a pattern is sought: its match may be cut in two
_BEHIND = 100_000  # characters behind the value at hand that are let go of at once


class TooLongError(ValueError):
    """A value is longer than `LINE_LIMIT`; the window still stands before it."""


class Window:
    """A place in a file of JSON, and the text from there to what was read last.

    A value that is decoded is held whole, up to `LINE_LIMIT` characters; one that is skipped is
    not.
    """

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._text = ""
        self._at = 0
        self._line = 1  # of the start of the window

    def peek(self) -> str:
        """The next character that is not blank or a comma; none at the end."""
        while True:
            self._at = after(BLANK, self._text, self._at)
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def step(self) -> None:
        """Goes behind the character that `peek` gave."""
        self._at += 1

    def excerpt(self) -> str:
        """The text from here, as far as it is held, at most 400 characters."""
        return self._text[self._at : self._at + 400]

    def key(self) -> str | None:
        """The key that stands here, and goes behind its colon; None if there is none."""
        key = self.decoded()
        while not (colon := COLON.match(self._text, self._at)) and self._more():
            pass
        if colon is None or not isinstance(key, str):
            return None
        self._at = colon.end()
        return key

    def decoded(self) -> object:
        """The value here, or the error that there is none; the window goes behind a value."""
        self._drop()
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if not self._may_be_cut(error):
                    return error
                if len(self._text) - self._at > LINE_LIMIT:
                    return TooLongError()
                if self._more():
                    continue
                return error
            is_at_end = len(self._text) - end < len("e+0")
            if is_at_end and isinstance(value, int | float) and self._more():
                continue  # the rest of the number
            if end - self._at > LINE_LIMIT:
                return TooLongError()
            self._at = end
            return value

    def skip(self) -> bool:
        """Goes behind the value here without holding it; False if it does not end."""
        if self.peek() not in {"[", "{"}:
            return not isinstance(self.decoded(), Exception)
        depth = 0
        while True:
            mark = _MARK.search(self._text, self._at)
            if mark is None:
                self._at = len(self._text)
                if not self._more():
                    return False
                continue
            self._at = mark.start()
            if mark[0] == '"':
                if not self._skip_string():
                    return False
                continue
            self._at += 1
            depth += 1 if mark[0] in "[{" else -1
            if depth == 0:
                return True

    def seek(self, pattern: re.Pattern[str], *, from_next: bool = True) -> re.Match[str] | None:
        """The next match, at whose start the window stands then; at the end if there is none.

        What is before the match is not kept. `from_next`: not one that starts here.
        """
        at = self._at + from_next
        while not (match := pattern.search(self._text, at)):
            self._at = max(at, len(self._text) - _KEPT)
            self._drop(always=True)
            at = self._at
            if not self._more():
                self._at = len(self._text)
                return None
        self._at = match.start()
        return match

    def where(self, error: object) -> str:
        """Line, column and reason of an error, or of what is wrong here in words."""
        at, why = self._at, error if isinstance(error, str) else "it is nested too deep"
        if isinstance(error, json.JSONDecodeError):
            at, why = error.pos, error.msg
        column = at - self._text.rfind("\n", 0, at)
        return f"line {self._line + self._text.count(chr(10), 0, at)}, column {column}: {why}"

    def _skip_string(self) -> bool:
        """Goes behind the string here."""
        self._at += 1
        while True:
            self._at = after(_INSIDE, self._text, self._at)
            if self._text.startswith('"', self._at):
                self._at += 1
                return True
            if not self._more():
                return False

    def _may_be_cut(self, error: Exception) -> bool:
        """Whether the value may only be cut by the end of the window."""
        if not isinstance(error, json.JSONDecodeError):
            return False
        return error.msg.startswith("Unterminated string") or error.pos > len(self._text) - 20

    def _drop(self, *, always: bool = False) -> None:
        """Lets go of what is behind, once that is much."""
        if self._at > _BEHIND or always:
            self._line += self._text.count("\n", 0, self._at)
            self._text, self._at = self._text[self._at :], 0

    def _more(self) -> bool:
        """Reads on, as much again as is held, so that a long value is not tried too often."""
        self._drop()
        wanted, parts = len(self._text) - self._at, []
        for block in self._blocks:
            parts.append(self._decoder.decode(block))
            wanted -= len(parts[-1])
            if wanted <= 0:
                break
        if not parts:
            last = self._decoder.decode(b"", final=True)
            self._text += last
            return bool(last)
        self._text += "".join(parts)
        return True


def after(pattern: re.Pattern[str], text: str, at: int) -> int:
    """The place behind a pattern that may match nothing."""
    match = pattern.match(text, at)
    return match.end() if match else at
