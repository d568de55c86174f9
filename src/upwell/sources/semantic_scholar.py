"""Semantic Scholar: answers of its Graph API and lines of its bulk data sets."""

import json
from collections.abc import Iterator, Mapping

from upwell.sources import values
from upwell.sources.content import Content, Head
from upwell.sources.dates import When, parse_date, year_of_new_year
from upwell.sources.item import Context, Item, RawRecord, RawReject, noting_years
from upwell.sources.json_stream import Value, object_of, read_values, shape_of

_ARRAYS = frozenset({"data", "recommendedPapers", "papers"})
_START = r'\{\s*"(?:paperId|corpusid|citingPaper|citedPaper)"\s*:'
_MARKS = (b'"paperId"', b'"corpusid"', b'"paperAbstract"')
_WRAPPERS = ("citingpaper", "citedpaper")  # of the answers on citations and references
_TELLING = {
    "externalids", "publicationdate", "s2fieldsofstudy", "publicationtypes", "openaccessinfo",
}  # fmt: skip


class SemanticScholar:
    """Papers with its ids; keys are `camelCase` in answers and lower case in bulk data.

    Of its first data set, the Open Research Corpus, too (`paperAbstract`), and of the full texts of
    `s2orc`, in which abstracts are marked.
    """

    name = "semantic_scholar"

    def recognises(self, head: Head) -> bool:
        """Whether objects have its ids and another of its keys."""
        if not any(mark in head.data for mark in _MARKS):
            return False
        shape = shape_of(head, _ARRAYS)
        return shape is not None and any(_is_paper(_lowered(cells)) for cells in shape.first)

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each paper; positions are lines, or count the papers from 1."""
        found = read_values(content, _ARRAYS, _START)
        items = (value if isinstance(value, RawReject) else _item(value) for value in found)
        return noting_years(items, context)


def _lowered(cells: Mapping[str, object]) -> dict[str, object]:
    """The cells of a paper by their keys in lower case, those of a wrapped one among them."""
    lowered = {key.lower(): cell for key, cell in cells.items()}
    for key in _WRAPPERS:
        inner = lowered.get(key)
        if isinstance(inner, dict):
            lowered |= {k.lower(): cell for k, cell in inner.items()}
    return lowered


def _is_paper(cells: Mapping[str, object]) -> bool:
    """Whether an object is a paper of Semantic Scholar."""
    if {"paperabstract", "s2url"} <= set(cells):
        return True
    is_known = bool({"paperid", "corpusid"} & set(cells))
    is_bare = "paperid" in cells and bool({"abstract", "title"} & set(cells))
    return is_known and (is_bare or bool(_TELLING & set(cells)))


def _item(value: Value) -> Item:
    """The record of a paper; its one-sentence `tldr` is a machine's, and no abstract."""
    if value.value is None:
        detail = "Semantic Scholar knows no paper by the id that was asked for here"
        return RawReject(value.position, "no_abstract", detail)
    found = object_of(value)
    if isinstance(found, RawReject):
        return found
    cells = _lowered(found)
    title = values.text(cells.get("title")) or _marked(cells, "title")
    abstract = (
        values.text(cells.get("abstract"))
        or values.text(cells.get("paperabstract"))
        or _marked(cells, "abstract")
    )
    if abstract is None:
        own_id = values.text(cells.get("paperid") or cells.get("corpusid"))
        return RawReject(value.position, "no_abstract", _why_none(cells), title or own_id or "")
    return RawRecord(
        position=value.position,
        title=title,
        abstract=abstract,
        published=_date(cells),
        dated_by="own date",
        identifiers=_identifiers(cells),
        url=values.address(cells.get("url")) or values.address(cells.get("s2url")),
        n_authors=values.n_authors(cells.get("authors")),
        categories=_categories(cells),
    )


def _marked(cells: Mapping[str, object], name: str) -> str | None:
    """The parts of a full text that the data set `s2orc` marks as its title or its abstract."""
    content = cells.get("content")
    if not isinstance(content, dict) or not isinstance(content.get("annotations"), dict):
        return None
    text, written = content.get("text"), content["annotations"].get(name)
    if not isinstance(text, str) or not isinstance(written, str):
        return None
    try:
        spans = [(int(span["start"]), int(span["end"])) for span in json.loads(written)]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return "\n\n".join(text[start:end] for start, end in spans if 0 <= start < end) or None


def _why_none(cells: Mapping[str, object]) -> str:
    """Why a paper has no abstract."""
    if "corpusid" in cells and not {"paperid", "abstract", "content"} & set(cells):
        return (
            "the data set `papers` of Semantic Scholar has no abstracts; join those of its data "
            "set `abstracts` by corpusid"
        )
    return "Semantic Scholar hands out no abstract of this paper"


def _date(cells: Mapping[str, object]) -> When:
    """The day of publication, or else the year."""
    when = year_of_new_year(parse_date(cells.get("publicationdate")))
    return when if when.day is not None or when.problem else parse_date(cells.get("year"))


def _identifiers(cells: Mapping[str, object]) -> tuple[str, ...]:
    """The arXiv id and the DOI."""
    access = cells.get("openaccessinfo")
    inner = _lowered(access) if isinstance(access, dict) else {}
    external = cells.get("externalids") or inner.get("externalids")
    known = _lowered(external) if isinstance(external, dict) else {}
    found = (values.text(cell) for cell in (known.get("arxiv"), known.get("doi"), cells.get("doi")))
    return tuple(filter(None, found))


def _categories(cells: Mapping[str, object]) -> tuple[str, ...]:
    """The fields of study, whichever of its classifiers named them."""
    fields = cells.get("s2fieldsofstudy")
    named = (
        [f.get("category") for f in fields if isinstance(f, dict)]
        if isinstance(fields, list)
        else []
    )
    return values.categories(named) or values.categories(cells.get("fieldsofstudy") or [])
