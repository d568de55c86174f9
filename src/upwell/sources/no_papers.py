"""Answers of servers that hold no papers: errors as JSON or as web pages, and counts."""

import html
import re
from collections.abc import Iterator, Mapping

from upwell.sources.content import Content, Head
from upwell.sources.fields import is_named
from upwell.sources.item import Context, Item, RawReject
from upwell.sources.json_text import ARRAY_NAMES
from upwell.sources.json_window import DECODER
from upwell.sources.text import one_line
from upwell.sources.xml_text import root_of

_ERROR = "the server answered with an error in place of papers"
_SAYING = ("message", "error", "errors", "detail", "details", "description", "reason", "title")
_BESIDE = {
    "code", "status", "statuscode", "type", "name", "timestamp", "path", "success", "ok",
    "documentationurl", "instance", "requestid", "retryafter",
}  # fmt: skip
_LONGEST = 200_000  # bytes; there are at most 200 groups
_GROUPS = "group_by"  # of OpenAlex
_PAGE = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,2000}?-->\s*){0,9}<(?:!doctype\s+html|html)\b",
    re.IGNORECASE | re.DOTALL,
)
_TAGS = re.compile(r"<[^<>]{0,2000}>")
_TITLE = re.compile(r"<(?:title|h1)\b[^>]{0,200}>(.{1,400}?)</", re.IGNORECASE | re.DOTALL)


class NoPapers:
    """A whole answer without papers, quoted in one reject."""

    name = "no_papers"

    def recognises(self, head: Head) -> bool:
        """Whether the file is an error, a web page, or counts groups of works."""
        if _PAGE.match(head.text) or root_of(head)[0] == "Error":
            return True
        answer = _answer(head)
        return answer is not None and (
            _is_error(answer) or _is_grouped(answer) or _without_list(answer) is not None
        )

    def parse(self, content: Content, context: Context) -> Iterator[Item]:  # noqa: ARG002  every format is called so
        """The reject of the file."""
        head = content.head
        answer = _answer(head)
        if root_of(head)[0] == "Error":  # of Amazon's S3, from which data sets are downloaded
            said = one_line(_TAGS.sub(" ", head.text))
            yield RawReject(None, "empty_file", f"{_ERROR}: {said[:300]}", head.text[:400])
        elif answer is None:
            title = _TITLE.search(head.text)
            said = one_line(html.unescape(title[1])) if title else ""
            named = f" titled {said!r}" if said else ""
            detail = (
                f"this is a web page{named}, such as servers send in place of data; "
                "download the data again"
            )
            yield RawReject(None, "unknown_format", detail, head.text[:400])
        elif _is_grouped(answer):
            detail = "this answer counts groups of works and holds none; ask without group_by"
            yield RawReject(None, "empty_file", detail, head.text[:400])
        elif (name := _without_list(answer)) is not None:
            detail = f"in this answer {name!r} is null: there are no papers in it"
            yield RawReject(None, "empty_file", detail, head.text[:400])
        else:
            yield RawReject(None, "empty_file", f"{_ERROR}: {_said(answer)}", head.text[:400])


def _answer(head: Head) -> Mapping[str, object] | None:
    """The object that is the whole file."""
    if not head.is_whole or len(head.data) > _LONGEST:
        return None
    text = head.text.strip()
    if not text.startswith("{"):
        return None
    try:
        whole, end = DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return whole if end == len(text) and isinstance(whole, dict) else None


def _is_error(answer: Mapping[str, object]) -> bool:
    """Whether an object has the keys of an error and no others."""
    keys = {re.sub(r"[\W_]+", "", key.lower()) for key in answer}
    return keys <= {*_SAYING, *_BESIDE} and bool(keys & set(_SAYING) - {"title", "description"})


def _is_grouped(answer: Mapping[str, object]) -> bool:
    """Whether an answer of OpenAlex has groups of works in place of works."""
    return bool(answer.get(_GROUPS)) and not answer.get("results")


def _without_list(answer: Mapping[str, object]) -> str | None:
    """The key that should hold a list of papers, and holds nothing."""
    if any(is_named(key, field) for key in answer for field in ("title", "abstract")):
        return None
    names = [key for key in answer if key in ARRAY_NAMES]
    return names[0] if names and all(answer[name] is None for name in names) else None


def _said(answer: Mapping[str, object]) -> str:
    """What an error says, in the order in which it tells most."""
    ranked = sorted(answer, key=lambda key: _SAYING.index(key) if key in _SAYING else len(_SAYING))
    return "; ".join(str(answer[key])[:300] for key in ranked if answer[key] not in (None, ""))
