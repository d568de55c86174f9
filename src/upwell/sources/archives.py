"""Archives: zip and tar read member by member, within limits, and never unpacked to a disk by name.

A member is read out of its archive, or through a temporary file without a name where an archive
can only be read from its start to its end.
"""

import io
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, BinaryIO, Literal

from upwell.sources import text
from upwell.sources.content import Content
from upwell.sources.item import RawReject

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

Kind = Literal["zip", "tar"]

MAX_MEMBERS = 100_000
MAX_MEMBER_BYTES = 20_000_000_000  # arXiv's snapshot has 5 GB
MAX_BYTES = 100_000_000_000
_NAMELESS = "(no name)"
_IN_MEMORY = 32_000_000  # bytes of a member that is put aside; more goes to a temporary file
_BLOCK = 1 << 18
_HEADERS = 16_000_000  # bytes before a member of a tar archive that describe it
# What office programs, e-books and Java keep in zip files of theirs.
_OFFICE = {"[Content_Types].xml", "mimetype", "META-INF/MANIFEST.MF"}
_BROKEN = (
    zipfile.BadZipFile, OSError, EOFError, ValueError, NotImplementedError, RuntimeError,
    zlib.error, struct.error, OverflowError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside an archive, by the name it is known by, or why it is not read.

    Without a name, the reject is of the archive.
    """

    name: str
    content: Content | None = None
    reject: RawReject | None = None


def archive_kind(content: Content) -> Kind | None:
    """Which kind of archive a file is; None if it is none that is read."""
    data = content.head.data
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")) and content.is_plain:
        return "zip"
    return "tar" if data[257:262] == b"ustar" else None


def members(content: Content, kind: Kind) -> Iterator[Member]:
    """The files of an archive in its order, those of archives inside it under both names.

    Parameters
    ----------
    content : of the archive.
    kind : as `archive_kind` says.

    Returns
    -------
    Members with unique names, on one line and without `#`, behind which positions stand. What is no
    file, is encrypted, has a name that leads out of the archive, or goes beyond the limits comes as
    a reject; hidden files are passed over. Each is to be read before the next is asked for.
    """
    seen: set[str] = set()
    for member in _walk(content, kind):
        if len(seen) == MAX_MEMBERS:
            detail = f"the archive has more than {MAX_MEMBERS:,} members; the others are not read"
            yield Member("", reject=RawReject(None, "unreadable_file", detail))
            return
        name = plain = text.one_line(member.name.replace("#", "%23"))
        n = 1
        while name and name in seen:
            n += 1
            name = f"{plain}~{n}"
        seen.add(name)
        yield Member(name, member.content, member.reject)


def _walk(content: Content, kind: Kind, *, is_nested: bool = False) -> Iterator[Member]:
    """The files of an archive and of those inside it, names as they are."""
    for member in _zip_members(content) if kind == "zip" else _tar_members(content):
        inner = archive_kind(member.content) if member.content else None
        if member.content is None or inner is None:
            yield member
        elif is_nested:
            yield Member(member.name, reject=_not_read("it is an archive in one in an archive"))
        else:
            yield from _nested(member.name, member.content, inner)


def _nested(name: str, content: Content, kind: Kind) -> Iterator[Member]:
    """The members of an archive in an archive; it is put aside, as a zip is read back and forth."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as aside:
        try:
            with content.open() as file:
                _copy(file, aside, content.limit)
        except _BROKEN as error:
            yield Member(name, reject=_not_read(f"cannot be read to its end ({error})"))
            return
        again = Content(partial(_again, aside), n_packed=aside.tell())
        for member in _walk(again, kind, is_nested=True):
            full = f"{name}!{member.name}" if member.name else name
            yield Member(full, member.content, member.reject)


def _not_read(why: str) -> RawReject:
    """The reject of a member."""
    return RawReject(
        None, "unreadable_file", f"{why}, and is not read; unpack the archive yourself"
    )


def _fault(name: str, is_file: bool) -> RawReject | None:
    """Why a member is not read, by its name and kind."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or name[1:2] == ":" or "\x00" in name:
        return _not_read("its name leads out of the archive")
    return None if is_file else _not_read("it is a link or a device, not a file")


def _is_hidden(name: str) -> bool:
    """Whether a member is passed over, as hidden files of a folder are."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return any(part.startswith(".") and part not in {".", ".."} for part in parts) or (
        parts[:1] == ("__MACOSX",)
    )


def _zip_members(content: Content) -> Iterator[Member]:
    """The files of a zip archive."""
    with content.open() as file:
        try:
            archive = zipfile.ZipFile(file)
        except _BROKEN as error:
            detail = f"is no whole zip archive: {str(error) or type(error).__name__}"
            yield Member("", reject=RawReject(None, "unreadable_file", detail))
            return
        with archive:
            infos = archive.infolist()
            if _OFFICE & {info.filename for info in infos}:
                is_excel = any(info.filename.startswith("xl/") for info in infos)
                what = "an Excel workbook" if is_excel else "of an office program, or an e-book"
                detail = f"this is {what}; save it as CSV (UTF-8), or export CSV, BibTeX or RIS"
                yield Member("", reject=RawReject(None, "unknown_format", detail))
                return
            n_left = MAX_BYTES
            for info in infos:
                if info.filename.endswith("/") or _is_hidden(info.filename):
                    continue
                n_left -= info.file_size
                reject = _zip_fault(info, n_left)
                opener: Callable[[], IO[bytes]] = partial(archive.open, info)
                inner = None if reject else Content(opener, n_packed=info.compress_size)
                yield Member(info.filename or _NAMELESS, inner, reject)


def _zip_fault(info: zipfile.ZipInfo, n_left: int) -> RawReject | None:
    """Why a member of a zip archive is not read."""
    if info.flag_bits & 1:
        return _not_read("it is encrypted")
    if info.file_size > MAX_MEMBER_BYTES or n_left < 0:
        return _not_read("it is larger than the limit")
    kind = stat.S_IFMT(info.external_attr >> 16)
    return _fault(info.filename, kind in {0, stat.S_IFREG})


def _tar_members(content: Content) -> Iterator[Member]:
    """The files of a tar archive, which is read once, from its start to its end."""
    last = ""
    with content.unpacked() as stream:
        meter = _Meter(stream)
        try:
            with tarfile.open(fileobj=meter, mode="r|") as archive:
                for info in _tar_infos(archive, meter):
                    last = info.name
                    reject = _fault(info.name, info.isreg() and not info.issparse())
                    if reject is None and info.size > MAX_MEMBER_BYTES:
                        reject = _not_read("it is larger than the limit")
                    if reject is not None:
                        yield Member(info.name or _NAMELESS, reject=reject)
                        continue
                    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as aside:
                        _copy(archive.extractfile(info), aside)
                        yield Member(
                            info.name or _NAMELESS,
                            Content(partial(_again, aside), n_packed=info.size),
                        )
        except (tarfile.TarError, *_BROKEN) as error:
            why = content.fault or f"cannot be read to its end: {error}"
            detail = f"{why}, after member {last}" if last else why
            yield Member("", reject=RawReject(None, "unreadable_file", detail))
            return
    if content.fault:
        yield Member("", reject=RawReject(None, "unreadable_file", content.fault))


def _tar_infos(archive: tarfile.TarFile, meter: "_Meter") -> Iterator[tarfile.TarInfo]:
    """What a tar archive says of its files, within the limits."""
    n_bytes = 0
    while (info := archive.next()) is not None:
        archive.members = []  # type: ignore[attr-defined]  # it keeps every one it has seen
        n_bytes += info.size
        if n_bytes > MAX_BYTES:
            raise ValueError(f"its members have more than {MAX_BYTES:,} bytes")
        meter.n_left = info.size + _HEADERS
        if not info.isdir() and not _is_hidden(info.name):
            yield info


class _Meter(io.RawIOBase):
    """A stream of a tar archive that ends in an error where what describes a file has no end."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.n_left = _HEADERS

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        data = self._stream.read(len(view))
        self.n_left -= len(data)
        if self.n_left < 0:
            raise ValueError("what describes a member is larger than the limit")
        view[: len(data)] = data
        return len(data)


def _copy(
    source: IO[bytes] | None,
    target: "tempfile.SpooledTemporaryFile[bytes]",
    limit: int = MAX_MEMBER_BYTES,
) -> None:
    """Every byte of a member, put aside, up to a limit."""
    n = 0
    while source is not None and (block := source.read(_BLOCK)):
        n += len(block)
        if n > limit:
            raise EOFError("it unpacks to more than the limit")
        target.write(block)


def _again(file: "tempfile.SpooledTemporaryFile[bytes]") -> BinaryIO:
    """What was put aside, from its start."""
    return io.BufferedReader(_View(file))


class _View(io.RawIOBase):
    """A file that is read from its start, and that stays open when this is closed."""

    def __init__(self, file: "tempfile.SpooledTemporaryFile[bytes]") -> None:
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._at = self._file.seek(
            offset + (self._at if whence == io.SEEK_CUR else 0),
            io.SEEK_END if whence == io.SEEK_END else io.SEEK_SET,
        )
        return self._at

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        self._file.seek(self._at)
        data = self._file.read(len(view))
        view[: len(data)] = data
        self._at += len(data)
        return len(data)
