"""CSV and its kin: a header, then a row a record; a broken row loses itself, not those after it."""

import csv
import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice, zip_longest

from upwell.sources.content import LINE_LIMIT, Content, Head, Line
from upwell.sources.fields import Row, is_named, read_rows
from upwell.sources.item import Context, Item, RawReject, too_long

_EID = re.compile(r"2-s2\.0-\d+\Z")
_DELIMITERS = (",", "\t", ";", "|")
_MOST_ABOVE = 10  # lines above the header
_MOST_LINES = 2000  # lines of one row; a quote that is open longer was never closed
_MOST_CHARACTERS = 5_000_000


class CsvTable:
    """Rows of cells with a header, separated by comma, tab, semicolon or bar."""

    name = "csv"

    def recognises(self, head: Head) -> bool:
        """Whether a header is among the first lines: one of its cells is named as a field."""
        lines = [line for line in head.text.splitlines()[:50] if line.strip()]
        lines = lines[_n_above(lines) :]
        if not lines or lines[0].lstrip()[:1] in "{[<":
            return False
        cells = _split([lines[0]], delimiter_of(lines[0])) or []
        if len(cells) == 1:
            return is_named(cells[0], "abstract")
        if any(len(cell) > 80 for cell in cells):
            return False
        return any(is_named(cell) for cell in cells) or _is_regular(lines, len(cells))

    def parse(self, content: Content, context: Context) -> Iterator[Item]:
        """A record or a reject for each row; positions are the first line of each."""
        return read_rows(_rows(content.lines(), context.notes), context)


def _n_above(lines: Sequence[str]) -> int:
    """How many lines stand above the header, such as a provider's note, or Excel's `sep=;`."""
    for i, line in enumerate(lines[: _MOST_ABOVE + 1]):
        cells = _split([line], delimiter_of(line)) or []
        is_header = len(cells) > 2 and all(
            any(is_named(cell, field) for cell in cells) for field in ("title", "abstract")
        )
        if is_header:
            return i
    return 0


def delimiter_of(header: str) -> str:
    """The character that splits a header into the most named cells, then the most cells."""
    split = {d: _split([header], d) or [] for d in _DELIMITERS}
    return max(_DELIMITERS, key=lambda d: (sum(map(is_named, split[d])), len(split[d])))


def _is_regular(lines: list[str], n_cells: int) -> bool:
    """Whether several lines have as many cells as the first, three or more."""
    delimiter = delimiter_of(lines[0])
    counts = [len(_split([line], delimiter) or []) for line in lines[1:4]]
    return n_cells >= 3 and len(counts) >= 2 and all(count == n_cells for count in counts)


def _rows(lines: Iterator[Line], notes: list[str]) -> Iterator[Row | RawReject]:
    """The rows below the header."""
    header_line, lines = _header_line(lines, notes)
    if header_line is None:
        return
    if header_line.too_long:
        yield too_long(header_line)
        return
    delimiter = delimiter_of(header_line.text)
    header, lines = _header(header_line, lines, delimiter)
    notes.append(f"cells are separated by {delimiter!r}")
    waiting: list[Line] = []  # lines that were taken for a row and given back
    while True:
        line = next(chain(waiting, lines), None)
        waiting = waiting[1:]
        if line is None:
            return
        if line.too_long:
            yield too_long(line)
        elif line.text.strip():
            taken = _taken(line, chain(waiting, lines))
            row, n_lines = _row(taken, header, delimiter)
            yield row
            waiting = taken[n_lines:] + waiting[len(taken) - 1 :]


def _header_line(lines: Iterator[Line], notes: list[str]) -> tuple[Line | None, Iterator[Line]]:
    """The first line of the header, and the lines after it."""
    first = list(islice((line for line in lines if line.text.strip()), _MOST_ABOVE + 1))
    n_above = _n_above(["" if line.too_long else line.text for line in first])
    if n_above:
        what = f"{n_above} lines" if n_above > 1 else "1 line"
        notes.append(f"left out above the header: {what}, from {first[0].text[:40]!r}")
    return next(iter(first[n_above:]), None), chain(first[n_above + 1 :], lines)


def _header(first: Line, lines: Iterator[Line], delimiter: str) -> tuple[list[str], Iterator[Line]]:
    """The names of the columns, each once, and the lines after them."""
    taken = _taken(first, lines)
    cells = _split([line.text for line in taken], delimiter)
    if cells is None or len(taken) > 5:
        lines, cells = chain(taken[1:], lines), _split([first.text], delimiter)
    names: dict[str, None] = {}
    for i, cell in enumerate(cells or [], 1):
        name = " ".join(cell.split()) or f"column {i}"
        names[name if name not in names else f"{name} ({i})"] = None
    return list(names), lines


def _taken(line: Line, lines: Iterator[Line]) -> list[Line]:
    """A line and those after it until its quotes are closed."""
    taken, n_quotes, size = [line], line.text.count('"'), len(line.text)
    if n_quotes % 2:
        for more in islice(lines, _MOST_LINES):
            taken.append(more)
            n_quotes += more.text.count('"')
            size += len(more.text)
            if n_quotes % 2 == 0 or more.too_long or size > _MOST_CHARACTERS:
                break
    return taken


def _row(taken: list[Line], header: list[str], delimiter: str) -> tuple[Row | RawReject, int]:
    """The row of some lines, and how many of them it really has."""
    first, last = taken[0], taken[-1]
    position, width = str(first.number), len(header)
    cells = None if last.too_long else _split([line.text for line in taken], delimiter)
    if cells is not None:
        cells = _without_more_funding(cells, header)
    if cells is not None and len(cells) == width:
        return Row(position, dict(zip(header, cells, strict=True))), len(taken)
    alone = _split([first.text], delimiter) or []
    if len(alone) == width:  # a quote that opens nothing: 5" disks
        return Row(position, dict(zip(header, alone, strict=True))), 1
    if len(taken) == 1 and len(alone) < width and not last.is_last:  # empty cells at the end
        return Row(position, dict(zip_longest(header, alone, fillvalue=""))), 1
    n_cells = len(cells if cells and len(taken) > 1 else alone)
    what = f"line {first.number} has {n_cells} cells, the header has {width}"
    if len(cells or []) > width and _is_quoted(max(cells or [], key=len), taken):
        problem = f"{what}; what stands under the last columns may be shifted"
        return Row(position, dict(zip(header, cells or [], strict=False)), (problem,)), len(taken)
    others = [_split([line.text], delimiter) or [] for line in taken[1:]]
    if last.is_last and len(alone) < width and not any(len(cells) == width for cells in others):
        detail = f"the file ends in the middle of this row; {what}"
        return RawReject(position, "truncated", detail, first.text), len(taken)
    detail = f"{what}; a quote is not closed, or a cell with {delimiter!r} inside has no quotes"
    return RawReject(position, "broken_syntax", detail, first.text), 1


def _without_more_funding(cells: list[str], header: list[str]) -> list[str]:
    """The cells of a row, but of Scopus only as many funding texts as the header has.

    Scopus writes as many columns `Funding Text N` as the records of an export need, so that rows of
    several exports that were put into one file may have more of them than its header. As the last
    cells are what their columns say (`Source`, `EID`), only the funding texts can be too many.
    """
    n_more = len(cells) - len(header)
    funding = [i for i, name in enumerate(header, 1) if name.startswith("Funding Text")]
    if n_more <= 0 or not funding or header[-2:] != ["Source", "EID"]:
        return cells
    is_whole = cells[-2] == "Scopus" and _EID.match(cells[-1])
    return cells[: funding[-1]] + cells[funding[-1] + n_more :] if is_whole else cells


def _is_quoted(cell: str, lines: list[Line]) -> bool:
    """Whether a cell stands in quotes, so that no separator inside it made a cell too many."""
    return '"' + cell.partition("\n")[0][:50].replace('"', '""') in "\n".join(x.text for x in lines)


def _split(lines: list[str], delimiter: str) -> list[str] | None:
    """The cells of one row, None if the lines are not one."""
    csv.field_size_limit(LINE_LIMIT)  # 131,072 by default, less than the full text of a paper
    try:
        rows = list(
            csv.reader(
                [line + "\n" for line in lines],
                delimiter=delimiter,
                # A row over several lines must be flawless: its quote may be another row's.
                strict=len(lines) > 1,
            )
        )
    except csv.Error:
        return None
    return rows[0] if len(rows) == 1 else None
