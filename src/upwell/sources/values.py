"""Values of cells and JSON: text, authors, categories, numbers."""

import json
import math
import re

_MISSING = {"", "nan", "none", "null", "n/a", "na", "nat", "-", "[]"}
_QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
_ARXIV_CATEGORY = re.compile(r"[a-z-]+(?:\.[A-Za-z-]{2,})?")
_ARXIV_ARCHIVES = frozenset({
    "astro-ph", "cond-mat", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nlin",
    "nucl-ex", "nucl-th", "physics", "quant-ph",
})  # fmt: skip
_INITIALS = re.compile(r"\s*(?:[A-Z]\.?[\s-]?)+\s*")
_BRACKETED = re.compile(r"\([^()]*\)")


def is_missing(value: object) -> bool:
    """Whether a cell holds nothing, in any of the ways that tables write nothing."""
    if isinstance(value, float):
        return math.isnan(value)
    if isinstance(value, str):
        return len(value) < 5 and value.strip().lower() in _MISSING
    return value is None or (isinstance(value, list | tuple | dict) and not value)


def text(value: object) -> str | None:
    """The text of a cell; a list is its paragraphs."""
    if isinstance(value, str):
        return value if not value.isspace() else None
    if isinstance(value, list | tuple):
        return "\n\n".join(part for part in value if isinstance(part, str)) or None
    if isinstance(value, dict) or value is None or isinstance(value, bool):
        return None
    return str(value)


def address(value: object) -> str | None:
    """The cell if it is a web address."""
    found = text(value)
    return found.strip() if found and re.match(r"\s*https?://\S+\s*\Z", found) else None


def number(value: object) -> int | None:
    """The whole number, 0 to a million, that a cell holds."""
    try:
        found = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        return None
    return int(found) if 0 <= found <= 1e6 and found == int(found) else None


def date_cell(value: object) -> object:
    """The date inside the ways that JSON wraps one: a list of parts, or an object of one."""
    if isinstance(value, dict):
        return date_cell(value.get("date-parts") or value.get("date") or value.get("year"))
    if isinstance(value, list | tuple):
        if value and isinstance(value[0], list):
            return date_cell(value[0])
        parts = [p for p in value if isinstance(p, int) and not isinstance(p, bool)]
        return "-".join(str(p) for p in parts) if parts and len(parts) == len(value) <= 3 else None
    return value


def categories(value: object) -> tuple[str, ...]:
    """Subject categories of a list, or of text that separates them by any of `;|,` or blanks."""
    if isinstance(value, list | tuple):
        named = [_named(part) for part in value]
        return tuple(dict.fromkeys(part.strip() for part in named if part and part.strip()))
    found = text(value) or ""
    listed = _as_list(found)
    if listed is not None:
        return categories(listed)
    words = found.split()
    is_arxiv = "." in found or set(words) <= _ARXIV_ARCHIVES
    if is_arxiv and all(_ARXIV_CATEGORY.fullmatch(word) for word in words):
        return tuple(dict.fromkeys(words))
    separator = next((s for s in ";|," if s in found), "\n")
    return tuple(dict.fromkeys(p.strip() for p in found.split(separator) if p.strip()))


def n_authors(value: object) -> int | None:
    """How many authors a cell names or counts; None if that is not known."""
    if isinstance(value, list | tuple):
        return len([part for part in value if not is_missing(part)]) or None
    if isinstance(value, int | float) or (isinstance(value, str) and value.strip().isdigit()):
        return number(value) or None
    found = text(value) or ""
    listed = _as_list(found)
    if listed is not None:
        return n_authors(listed)
    if re.search(r"\bet\.? al\b|\.\.\.|…", found):
        return None
    return _n_names(_without_brackets(" ".join(found.split()))) or None


def _named(part: object) -> str | None:
    """A category that is text, or an object with a name."""
    if isinstance(part, dict):
        names = (part.get(key) for key in ("term", "name", "display_name"))
        part = next((name for name in names if name), None)
    return part if isinstance(part, str) else None


def _as_list(found: str) -> list[object] | None:
    """The list that text spells out, as JSON or as Python does."""
    found = found.strip()
    if not (found.startswith("[") and found.endswith("]")) or len(found) > 100_000:
        return None
    try:
        listed = json.loads(found)
    except (ValueError, RecursionError):
        listed = [a or b for a, b in _QUOTED.findall(found)]
    return listed if isinstance(listed, list) else None


def _without_brackets(names: str) -> str:
    """Names without what stands in brackets, such as affiliations."""
    for _ in range(5):
        shorter = _BRACKETED.sub("", names)
        if shorter == names:
            break
        names = shorter
    return names


def _n_names(names: str) -> int:
    """How many names a line lists, in the styles of arXiv, BibTeX, Scopus and IEEE."""
    if ";" in names:
        return len(_filled(names.split(";")))
    anded = _filled(re.split(r"\s+(?:and|&)\s+", names))
    if len(anded) > 1 and all(part.count(",") == 1 for part in anded):
        return len(anded)  # BibTeX: "Li, Wei and Doe, Jane"
    parts = _filled(re.split(r",|\s+(?:and|&)\s+", names))
    n_initials = sum(bool(_INITIALS.fullmatch(part)) for part in parts)
    if n_initials * 2 >= len(parts) > 1:
        return len(parts) - n_initials  # "Doe, J., Li, W."
    if len(parts) == 2 and len(anded) == 1 and " " not in parts[0].strip():
        return 1  # "Doe, Jane"
    return len(parts)


def _filled(parts: list[str]) -> list[str]:
    """The parts that are not blank."""
    return [part for part in parts if part.strip()]
