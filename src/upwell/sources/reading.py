"""Files to records: each file recognised, parsed, and its records repaired and checked."""

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

import polars as pl

from upwell.config import SourceConfig
from upwell.sources.archives import Member, archive_kind, members
from upwell.sources.assemble import Assembler, Sink
from upwell.sources.content import Content, Head
from upwell.sources.dating import dating_note, day_in_name
from upwell.sources.fields import check_columns
from upwell.sources.files import InputFile
from upwell.sources.item import Context, RawReject
from upwell.sources.no_papers import NoPapers
from upwell.sources.registry import FORMATS
from upwell.sources.workers import Submit, workers
from upwell.tables import RECORDS, REJECTS

_KINDS = (
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"%PDF", "a PDF; the text of papers is not extracted"),
    (b"PK\x03\x04", "a zip archive inside another compression; unpack it"),
    (b"BZh", "bzip2; unpack it, or compress it with gzip or zstd"),
    (b"\xfd7zXZ", "xz; unpack it, or compress it with gzip or zstd"),
    (b"SQLite format 3", "an SQLite database; export the table as CSV"),
    (b"%0 ", "EndNote's own format (.enw); export RIS or BibTeX"),
    (b"\xd0\xcf\x11\xe0", "a workbook of Excel before 2007 (.xls); save it as CSV (UTF-8)"),
    (b"<", "XML or HTML"),
)

_MOST_NOTES = 50  # of an archive
_TELL_EVERY = 1_000  # items

VERSION = 3
"""Of the reading: raised whenever the same bytes would give other records, so that they are read
again rather than taken from what was kept."""


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file; `format` None if none recognised it, `sha256` of its bytes.

    `has_future` says that a date in it lies after `today`, and may be taken another day.
    """

    name: str
    path: Path
    format: str | None
    sha256: str
    n_bytes: int
    n_records: int
    n_rejects: int
    notes: tuple[str, ...] = ()
    has_future: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read: `records` and `rejects` as in `tables`, and a report a file, by name."""

    records: pl.DataFrame
    rejects: pl.DataFrame
    files: tuple[FileReport, ...]


def read_files(
    files: Sequence[InputFile],
    *,
    config: SourceConfig,
    today: dt.date,
    progress: Callable[[int, int], None] | None = None,
) -> Reading:
    """Every record of the files, and a reject for everything that could not become one.

    Parameters
    ----------
    files : as `find_files` gives them; their order does not change the tables.
    config : the year in which pages were saved, and columns that are not to be guessed.
    today : no paper is dated after it.
    progress : told now and then how many bytes are done and how many there are.

    Returns
    -------
    The records, the rejects and the reports. A file that cannot be read, or only in part, is one
    reject with the name of the file as `source`; the others are read. An archive is one file, and
    the `source` of what is inside names the member: `archive.zip!folder/member.json#12`.

    Raises
    ------
    InputError
        `config.columns` names a field that records do not have.
    """
    records, rejects = [RECORDS.empty()], [REJECTS.empty()]
    sink = Sink(records.append, rejects.append)
    reports = stream_files(files, sink, config=config, today=today, progress=progress)
    return Reading(
        RECORDS.conform(pl.concat(records)), REJECTS.conform(pl.concat(rejects)), reports
    )


def stream_files(
    files: Sequence[InputFile],
    sink: Sink,
    *,
    config: SourceConfig,
    today: dt.date,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[FileReport, ...]:
    """Hand on what `read_files` returns as it is found, so that memory does not grow with it.

    Parameters
    ----------
    files, config, today, progress : as for `read_files`.
    sink : takes the rows, file by file and in the order of each.

    Returns
    -------
    The reports.

    Raises
    ------
    InputError
        As `read_files`.
    """
    check_columns(config.columns)
    reports = []
    sizes = {file: _size(file.path) for file in sorted(files)}
    done, total = 0, sum(sizes.values())
    with workers(total) as submit:
        for file, size in sizes.items():
            tell = partial(_tell, progress, done, total)
            reports.append(_read_file(file, _Way(config, today, sink, submit, tell)))
            done += size
            tell(size)
    return tuple(reports)


@dataclass(frozen=True, slots=True)
class _Way:
    """How a file is read, where what is in it goes, and who is told how far it is."""

    config: SourceConfig
    today: dt.date
    sink: Sink
    submit: Submit
    tell: Callable[[int], None]

    def assembler(self, name: str) -> Assembler:
        """What takes the items of a file of this name."""
        return Assembler(name, self.today, self.sink, self.submit)


def _read_file(file: InputFile, way: _Way) -> FileReport:
    """Hands on the rows of one file, or of each member of an archive; what became of it."""
    content = Content(file.path)
    day = day_in_name(file.path.name)
    kind = archive_kind(content)
    parts = []
    if kind is None:
        context = Context(way.config, way.today, day, file.path.name)
        parts.append(_read_content(content, file.name, context, way))
    else:
        for member in members(content, kind):
            name = f"{file.name}!{member.name}" if member.name else file.name
            inner = PurePosixPath(member.name).name or file.path.name
            context = Context(way.config, way.today, day_in_name(inner) or day, inner)
            parts.append(_read_member(member, name, context, way))
        if not parts:
            nothing = RawReject(None, "empty_file", f"{kind} archive without a file")
            parts.append(_rejected(file.name, nothing, way))
    formats = sorted({part.format for part in parts if part.format})
    sha256, n_bytes = digest(file.path)
    return FileReport(
        name=file.name,
        path=file.path,
        format=(f"{kind}: " if kind else "") + ", ".join(formats) if formats else kind,
        sha256=sha256,
        n_bytes=n_bytes,
        n_records=sum(part.rows.n_records for part in parts),
        n_rejects=sum(part.rows.n_rejects for part in parts),
        notes=_notes(parts),
        has_future=any(part.rows.has_future for part in parts),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """A file or a member of an archive that was read."""

    name: str
    format: str | None
    rows: Assembler
    notes: tuple[str, ...] = ()


def _rejected(name: str, reject: RawReject, way: _Way) -> _Part:
    """A file or member of which there is nothing but a reject."""
    rows = way.assembler(name)
    rows.add(reject)
    rows.flush()
    return _Part(name, None, rows)


def _read_member(member: Member, name: str, context: Context, way: _Way) -> _Part:
    """A member of an archive."""
    if member.content is not None:
        return _read_content(member.content, name, context, way)
    why = member.reject or RawReject(None, "unreadable_file", "is not read")
    return _rejected(name, why, way)


def _read_content(content: Content, name: str, context: Context, way: _Way) -> _Part:
    """Hands the items of a file or a member to an assembler."""
    assembler = way.assembler(name)
    head = content.head
    known = next((f for f in FORMATS if head.data.strip() and f.recognises(head)), None)
    if known is None:
        assembler.add(_unrecognised(content, head))
    else:
        for number, item in enumerate(known.parse(content, context)):
            assembler.add(item)
            if number % _TELL_EVERY == 0:
                way.tell(content.place)
        assembler.flush()
        if content.fault:
            n = assembler.n_records
            kept = f"; the {n:,} records before were read" if n else ""
            assembler.add(RawReject(None, "unreadable_file", f"{content.fault}{kept}"))
        elif not assembler.n_records and not assembler.n_rejects:
            assembler.add(RawReject(None, "empty_file", f"{known.name} without a record"))
    assembler.flush()
    note = dating_note(assembler.n_dated_by)
    notes = (*context.notes, note) if note else tuple(context.notes)
    return _Part(name, known.name if known else None, assembler, notes)


def _notes(parts: Sequence[_Part]) -> tuple[str, ...]:
    """What was inferred, of several members each note once with how many it is of."""
    if len(parts) == 1:
        return parts[0].notes
    of: dict[str, list[str]] = {}
    for part in parts:
        for note in part.notes:
            of.setdefault(note, []).append(part.name)
    listed = [
        f"{note} ({names[0].partition('!')[2] if len(names) == 1 else f'{len(names)} members'})"
        for note, names in of.items()
    ]
    more = [f"and {len(listed) - _MOST_NOTES} more notes"] if len(listed) > _MOST_NOTES else []
    return (*listed[:_MOST_NOTES], *more)


def _unrecognised(content: Content, head: Head) -> RawReject:
    """The reject of a file that no format recognises."""
    if content.fault:
        return RawReject(None, "unreadable_file", content.fault)
    if not head.data.strip():
        return RawReject(None, "empty_file", "there is nothing in this file")
    names = ", ".join(f.name for f in FORMATS if not isinstance(f, NoPapers))
    kind = next((kind for mark, kind in _KINDS if head.data.lstrip().startswith(mark)), None)
    if kind is None:
        n_zero = head.data.count(0)
        kind = "binary, or UTF-16 without a byte order mark" if n_zero > len(head.data) / 10 else ""
    detail = f"this is {kind}; known are {names}" if kind else f"none of the known formats: {names}"
    is_text = head.data.count(0) * 100 < len(head.data)
    return RawReject(None, "unknown_format", detail, head.text[:400] if is_text else "")


def _tell(progress: Callable[[int, int], None] | None, before: int, total: int, place: int) -> None:
    """Tell how far reading is, at a place in a file before which so many bytes were read."""
    if progress:
        progress(before + place, total)


def _size(path: Path) -> int:
    """Bytes of a file; none if it is not there."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def digest(path: Path) -> tuple[str, int]:
    """SHA-256 and size of a file's bytes; of nothing if it cannot be read."""
    try:
        if not path.is_file():
            return "", 0
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
    except OSError:
        return "", 0
