"""Web of Science, tagged text ("plain text file") or tabs; its BibTeX and RIS are read as those."""

import re
from collections.abc import Iterator

from upwell.sources.content import Content, Head, Line
from upwell.sources.dates import When, earliest, in_year, parse_date
from upwell.sources.dating import date_record
from upwell.sources.item import Context, Item, RawRecord, RawReject, too_long
from upwell.sources.tagged import Dialect, Entry, read_entries

_DIALECT = Dialect(
    re.compile(r"([A-Z][A-Z0-9])(?: (.*))?\Z", re.DOTALL),
    starts="PT",
    ends="ER",
    outside=frozenset({"FN", "VR", "EF"}),
)
_START = re.compile(r"[\s\ufeff]*(?:FN [^\n]{0,200}\n[\s\ufeff]*VR |PT [A-Z]\s*\n[A-Z][A-Z0-9] )")
_HEADER = re.compile(r"[\s\ufeff]*PT(?:\t[A-Z][A-Z0-9]){5,}\s*(?:\n|\Z)")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')


class WebOfScience:
    """Entries from `PT` to `ER`, fields going on in lines that begin with three blanks; or a table
    of the same tags, separated by tabs ("tab delimited file").

    Dated by the earlier of early access (`EA`) and the issue (`PD` with `PY`, or `PY`). `DA` is the
    day of the export and dates nothing. Categories are those of Web of Science (`WC`).
    """

    name = "web_of_science"

    def recognises(self, head: Head) -> bool:
        """Whether the file starts with its header or its first entry."""
        return (_START.match(head.text) or _HEADER.match(head.text)) is not None

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each entry; positions are the first line of each."""
        is_table = _HEADER.match(content.head.text) is not None
        for entry in _rows(content.lines()) if is_table else _entries(content):
            yield _record(entry, context) if isinstance(entry, Entry) else entry


def _entries(content: Content) -> Iterator[Entry | RawReject]:
    """The entries of tagged text; one reject for the file if it lacks the `EF` at its end."""
    first = last = ""

    def watched() -> Iterator[Line]:
        nonlocal first, last
        for line in content.lines():
            last = line.text.strip() or last
            first = first or last
            yield line

    is_cut = False
    for entry in read_entries(watched(), _DIALECT):
        is_cut = isinstance(entry, Entry) and entry.is_cut
        yield entry
    if first.lstrip("\ufeff").startswith("FN ") and last != "EF" and not (is_cut or content.fault):
        detail = (
            "the file does not end with EF, as Web of Science ends its files: entries may be "
            "missing at the end; those that are there were read; export it again if they are few"
        )
        yield RawReject(None, "truncated", detail)


def _rows(lines: Iterator[Line]) -> Iterator[Entry | RawReject]:
    """The rows of a table as entries; nothing is quoted in it, unless a spreadsheet wrote it."""
    header: list[str] = []
    needed = 0
    for line in lines:
        cells = [_unquoted(cell) for cell in line.text.lstrip("\ufeff").split("\t")]
        if line.too_long:
            yield too_long(line)
        elif not line.text.strip():
            continue
        elif not header:
            header = [cell.strip() for cell in cells]
            # What stands after it is often empty, and editors cut blanks from the end of a line.
            needed = header.index("UT") if "UT" in header else len(header) - 2
        elif len(cells) <= needed or any(cell.strip() for cell in cells[len(header) :]):
            yield _broken_row(line, len(cells), len(header))
        else:
            fields = {tag: [cell] for tag, cell in zip(header, cells, strict=False) if cell.strip()}
            fields["AU"] = [name.strip() for name in "".join(fields.get("AU", [])).split(";")]
            yield Entry(str(line.number), fields)


def _unquoted(cell: str) -> str:
    """A cell without the quotes that a spreadsheet put around it."""
    return cell[1:-1].replace('""', '"') if _QUOTED.fullmatch(cell) else cell


def _broken_row(line: Line, n_cells: int, n_columns: int) -> RawReject:
    """The reject of a row that has not the cells that its header names."""
    what = f"line {line.number} has {n_cells} cells, the header has {n_columns}"
    if line.is_last and n_cells < n_columns:
        detail = f"the file ends in the middle of this row; {what}"
        return RawReject(str(line.number), "truncated", detail, line.text)
    detail = f"{what}; a tab or a line break stands inside a cell; the rows after it were read"
    return RawReject(str(line.number), "broken_syntax", detail, line.text)


def issue_date(early: str, month: str, year: str, *, day_first: bool | None) -> When:
    """The earlier of early access and the issue.

    Parameters
    ----------
    early : `APR 2020`, `APR 5 2020`; may be blank.
    month : `MAR 16`, `MAR`, `MAR-APR`, `SPR`; may be blank.
    year : of the issue; may be blank.
    day_first : as in `parse_date`.
    """
    return earliest(
        [parse_date(early, day_first=day_first), in_year(month, year, day_first=day_first)]
    )


def _record(entry: Entry, context: Context) -> RawRecord:
    """The record of an entry."""
    ids = tuple(id_.strip() for id_ in entry.every("DI", "AR"))
    own = issue_date(
        entry.first("EA"), entry.first("PD"), entry.first("PY"), day_first=context.config.day_first
    )
    dated = date_record(own, {}, ids, context.file_day)
    authors = [name for text in entry.every("AU") for name in text.split("\n") if name.strip()]
    categories = " ".join(entry.first("WC").split()).split(";")
    return RawRecord(
        position=entry.position,
        title=entry.first("TI") or None,
        abstract=entry.first("AB"),
        published=dated.when,
        dated_by=dated.rule,
        identifiers=ids,
        n_authors=len(authors) or None,
        categories=tuple(dict.fromkeys(c.strip() for c in categories if c.strip())),
        problems=entry.problems,
        is_cut=entry.is_cut,
    )
