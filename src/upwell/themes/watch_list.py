"""The watch list: TOML text → themes, with errors that name the place and the remedy."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence

from upwell.config import Theme

_KEYS = ("name", "description", "phrases", "exclude")
_HEADER = re.compile(r"^\s*\[\[\s*theme\s*\]\]")
_EXAMPLE = 'phrases = ["state space model"]'


class WatchListError(ValueError):
    """A watch list cannot be used; the message names file, line and column, and the remedy."""


def parse_watch_list(text: str, *, name: str) -> tuple[Theme, ...]:
    """The themes of a watch list, in its order.

    Parameters
    ----------
    text : TOML; one `[[theme]]` table a theme with `name`, `phrases` and, if wanted,
        `description` and `exclude`.
    name : file name, for error messages.

    Returns
    -------
    At least one theme; names differ, and each has at least one phrase.

    Raises
    ------
    WatchListError
        The TOML is broken, there is no theme, a key is unknown, missing or of the wrong type, a
        phrase has no word, or two themes have one name.
    """
    place = _Places(text, name)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise place.broken(error) from error
    for key in document:
        if key != "theme":
            raise place.error(f"unknown key {key!r}; themes stand in [[theme]] tables", key=key)
    tables = document.get("theme")
    if not tables:
        raise place.error('no theme; write [[theme]], then name = "…" and ' + _EXAMPLE)
    if not isinstance(tables, list):
        raise place.error("a theme stands in a table [[theme]], with two brackets", key="theme")
    themes = tuple(_read_theme(table, number, place) for number, table in enumerate(tables))
    _check_names(themes, place)
    return themes


def theme_from_phrase(phrase: str) -> Theme:
    """A theme that is known by one phrase alone, and called by it.

    Raises
    ------
    WatchListError
        The phrase has no word.
    """
    plain = " ".join(phrase.split())
    if not _has_word(plain):
        raise WatchListError(
            f"the theme {phrase!r} has no word to look for; give a phrase such as "
            '"state space models"'
        )
    return Theme(name=plain, phrases=(plain,))


def extend_theme(theme: Theme, *, phrases: Sequence[str], exclude: Sequence[str]) -> Theme:
    """A theme with further phrases and exclusions.

    Raises
    ------
    WatchListError
        One of them has no word.
    """
    wordless = [phrase for phrase in (*phrases, *exclude) if not _has_word(phrase)]
    if wordless:
        raise WatchListError(f"the phrase {wordless[0]!r} has no word to look for; leave it out")
    return Theme(
        name=theme.name,
        description=theme.description,
        phrases=tuple(dict.fromkeys((*theme.phrases, *phrases))),
        exclude=tuple(dict.fromkeys((*theme.exclude, *exclude))),
    )


def theme_toml(theme: Theme) -> str:
    """A theme as a table of a watch list, ready to be pasted into one."""
    lines = ["[[theme]]", f"name = {_quoted(theme.name)}"]
    if theme.description:
        lines.append(f"description = {_quoted(theme.description)}")
    for key, phrases in (("phrases", theme.phrases), ("exclude", theme.exclude)):
        if phrases:
            lines += [f"{key} = [", *(f"    {_quoted(phrase)}," for phrase in phrases), "]"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A basic string of TOML, which escapes as JSON does, and DEL besides."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


class _Places:
    """Where things stand in the text of a watch list."""

    def __init__(self, text: str, name: str) -> None:
        self._name = name
        self._lines = text.splitlines() or [""]
        self._headers = [i for i, line in enumerate(self._lines) if _HEADER.match(line)]

    def broken(self, error: tomllib.TOMLDecodeError) -> WatchListError:
        """The error for text that is not TOML."""
        found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        line, column = len(self._lines), len(self._lines[-1]) + 1
        if found:
            line, column = int(found[1]), int(found[2])
        what = re.sub(r"\s*\(at [^)]*\)$", "", str(error))
        shown = self._lines[line - 1].strip() if line <= len(self._lines) else ""
        return WatchListError(
            f"{self._name}, line {line}, column {column}: not valid TOML: {what}; "
            f"mend this line: {shown[:80]}"
        )

    def error(self, what: str, *, theme: int | None = None, key: str = "") -> WatchListError:
        """An error at a key of a theme, else at the theme, else at the top."""
        line, column = self.find(theme, key)
        return WatchListError(f"{self._name}, line {line}, column {column}: {what}")

    def find(self, theme: int | None, key: str = "") -> tuple[int, int]:
        """Line and column of a key of a theme, else of the theme, else of the start."""
        first, last = 0, len(self._lines)
        if theme is not None and theme < len(self._headers):
            first = self._headers[theme]
            last = next(iter(self._headers[theme + 1 :]), last)
        if key:
            written = re.compile(rf"""^\s*\[*\s*(["']?){re.escape(key)}\1\s*[=.\]]""")
            for i in range(first, last):
                if written.match(self._lines[i]):
                    return i + 1, len(self._lines[i]) - len(self._lines[i].lstrip()) + 1
        return first + 1, 1


def _read_theme(table: object, number: int, place: _Places) -> Theme:
    """One theme from its table, or the error that says what is wrong with it."""
    if not isinstance(table, Mapping):
        raise place.error("a theme is a table: write [[theme]] and its keys below", key="theme")
    for key in table:
        if key not in _KEYS:
            raise place.error(
                f"unknown key {key!r} of a theme; it may have {', '.join(_KEYS)}",
                theme=number,
                key=key,
            )
    for key in ("name", "description"):
        if not isinstance(table.get(key, ""), str):
            raise place.error(f'{key} must be text in quotes: {key} = "…"', theme=number, key=key)
    called = " ".join(table.get("name", "").split())
    if not called:
        raise place.error('a theme without a name; add name = "…"', theme=number, key="name")
    for key in ("phrases", "exclude"):
        _check_phrases(table.get(key, []), key, number, called, place)
    if not table.get("phrases"):
        raise place.error(
            f"theme {called!r} has no phrases; add what its papers say, such as {_EXAMPLE}",
            theme=number,
            key="phrases",
        )
    return Theme(
        name=called,
        description=" ".join(table.get("description", "").split()),
        phrases=tuple(table["phrases"]),
        exclude=tuple(table.get("exclude", ())),
    )


def _check_phrases(phrases: object, key: str, number: int, called: str, place: _Places) -> None:
    """Raise unless this is a list of phrases with a word each."""
    if not isinstance(phrases, list) or not all(isinstance(p, str) for p in phrases):
        raise place.error(
            f'{key} of theme {called!r} must be a list of texts: {key} = ["…", "…"]',
            theme=number,
            key=key,
        )
    for phrase in phrases:
        if not _has_word(phrase):
            raise place.error(
                f"{key} of theme {called!r} has an entry without a word, {phrase!r}; take it out",
                theme=number,
                key=key,
            )


def _check_names(themes: Sequence[Theme], place: _Places) -> None:
    """Raise if two themes have one name, however capitalised."""
    seen: dict[str, int] = {}
    for number, theme in enumerate(themes):
        earlier = seen.setdefault(theme.name.casefold(), number)
        if earlier != number:
            line, _ = place.find(earlier, "name")
            raise place.error(
                f"theme {theme.name!r} is there already, on line {line}; rename one, or put the "
                "phrases of both into one",
                theme=number,
                key="name",
            )


def _has_word(phrase: str) -> bool:
    """Whether a phrase has a letter or digit."""
    return any(character.isalnum() for character in phrase)
