"""The bytes of a file: read through compression and encodings, within bounded memory."""

import codecs
import io
import lzma
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

import zstandard

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LINE_LIMIT = 10_000_000  # bytes; a longer line is no record, and is skipped without being held
_HEAD = 1_000_000
_BLOCK = 1 << 16
# zstd can blow up a kilobyte to 32 MB; a larger block could fill the memory at once.
_ZSTD_BLOCK = 1 << 10
_GZIP = b"\x1f\x8b"
# A file that unpacks to more than this much, and this many times its size, is made to fill a disk;
# metadata of papers shrinks to a tenth at best.
_ALWAYS = 100_000_000  # bytes
_MOST_TIMES = 200
_UNREADABLE = (
    OSError, EOFError, zlib.error, lzma.LZMAError, zstandard.ZstdError, zipfile.BadZipFile,
    RuntimeError, ValueError, struct.error,
)  # fmt: skip
_WIDE_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class _BlownUpError(EOFError):
    """A file that unpacks to more than is credible."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: number from 1, text without its end, and its bytes if it was too long to hold.

    The text of a line that is too long is only its start. Bytes that are not UTF-8 stand in the
    text as `surrogateescape` has them. `is_last` says that the file ends in this line, without a
    line feed.
    """

    number: int
    text: str
    too_long: int = 0
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Head:
    """The start of a file, at most a million bytes, and whether that is all of it."""

    data: bytes
    is_whole: bool

    @property
    def text(self) -> str:
        """The start as text; bytes that are not UTF-8 as `surrogateescape` has them."""
        return self.data.decode("utf-8", "surrogateescape")


class Content:
    """A file's content, UTF-8 whatever it was, as lines or as blocks; never as a whole.

    `fault` says why the content ends early, once it was read: what came before is good.
    """

    def __init__(self, file: "Path | Callable[[], IO[bytes]]", *, n_packed: int = 0) -> None:
        """Of a file on disk, or of one that can be opened again and again.

        Parameters
        ----------
        file : its path, or what opens it.
        n_packed : bytes that it takes where it lies, by which it is seen when it blows up.
        """
        self._file = file
        self._n_packed = n_packed
        self._opened: IO[bytes] | None = None
        self.fault: str | None = None

    def open(self) -> IO[bytes]:
        """The file as it is, compressed or not.

        Raises
        ------
        OSError
            It cannot be read, or is no file.
        """
        if not isinstance(self._file, Path):
            return self._file()
        status = self._file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise OSError(0, "it is a folder, a pipe or a device, not a file")
        self._n_packed = status.st_size
        self._opened = self._file.open("rb")
        return self._opened

    @property
    def place(self) -> int:
        """Bytes of the file on disk, as it lies there, behind which reading is; 0 if unknown."""
        return self._opened.tell() if self._opened and not self._opened.closed else 0

    @cached_property
    def is_plain(self) -> bool:
        """Whether the file is not compressed."""
        with self.open() as file:
            start = file.read(4)
        return not start.startswith(_GZIP) and start != zstandard.FRAME_HEADER

    @property
    def limit(self) -> int:
        """Bytes that it may unpack to."""
        return max(_ALWAYS, _MOST_TIMES * self._n_packed)

    def unpacked(self) -> BinaryIO:
        """The bytes without compression; unlike those of the content, in whatever encoding."""
        return io.BufferedReader(_Stream(self, self._bytes()), buffer_size=_BLOCK)

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """A file with the bytes of `unpacked`: itself, or a copy that is gone afterwards."""
        if isinstance(self._file, Path) and self.is_plain:
            yield self._file
            return
        with tempfile.NamedTemporaryFile(prefix="upwell-") as copy:
            with self.unpacked() as stream:
                shutil.copyfileobj(stream, copy, _BLOCK)
            copy.flush()
            yield Path(copy.name)

    def _bytes(self) -> Iterator[bytes]:
        """The blocks without compression, as long as they are in proportion to the file."""
        n = 0
        for block in _decompressed(self.open):
            n += len(block)
            if n > self.limit:
                raise _BlownUpError(f"it unpacks to more than {_MOST_TIMES} times its size")
            yield block

    @cached_property
    def head(self) -> Head:
        """The start of the content."""
        with self._stream() as stream:
            data = stream.read(_HEAD)
            return Head(data, is_whole=not stream.read(1))

    def lines(self) -> Iterator[Line]:
        """The lines, one at a time; a line past `LINE_LIMIT` comes as its start and its size."""
        with self._stream() as stream:
            number = 0
            while data := stream.readline(LINE_LIMIT):
                number += 1
                size = len(data)
                if size == LINE_LIMIT and not data.endswith(b"\n"):
                    size += _skip_line(stream)
                    if size > LINE_LIMIT:
                        yield Line(number, _decoded(data[:400]), too_long=size)
                        continue
                is_last = not data.endswith(b"\n")
                yield Line(number, _decoded(data).rstrip("\r\n"), is_last=is_last)

    def blocks(self) -> Iterator[bytes]:
        """The content in pieces, as they come."""
        with self._stream() as stream:
            while block := stream.read(_BLOCK):
                yield block

    def _stream(self) -> BinaryIO:
        """A new stream from the start; a fault ends it and is kept."""
        return io.BufferedReader(_Stream(self, _unwrapped(self._bytes())), buffer_size=_BLOCK)


class _Stream(io.RawIOBase):
    """Blocks as a stream that ends where a block cannot be read."""

    def __init__(self, content: Content, blocks: Iterator[bytes]) -> None:
        self._content = content
        self._blocks = blocks
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        while not self._rest:
            try:
                block = next(self._blocks, None)
            except _UNREADABLE as error:
                self._content.fault = _in_words(error)
                block = None
            if block is None:
                return 0
            self._rest = block
        n = min(len(view), len(self._rest))
        view[:n] = self._rest[:n]
        self._rest = self._rest[n:]
        return n


def _skip_line(stream: BinaryIO) -> int:
    """Reads to the end of the line; how many bytes that were."""
    size = 0
    while data := stream.readline(_BLOCK):
        size += len(data)
        if data.endswith(b"\n"):
            break
    return size


def _decoded(data: bytes) -> str:
    """Text of bytes that should be UTF-8, without a byte order mark."""
    return data.removeprefix(codecs.BOM_UTF8).decode("utf-8", "surrogateescape")


def _in_words(error: Exception) -> str:
    """Why a file cannot be read, for people."""
    if isinstance(error, OSError) and error.strerror:
        return f"cannot be read: {error.strerror}"
    why = str(error).strip().rstrip(".") or type(error).__name__
    remedy = "" if isinstance(error, _BlownUpError) else "; download or copy it again"
    return f"cannot be read to its end: {why[:1].lower()}{why[1:]}{remedy}"


def _unwrapped(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks in UTF-8, lines ended by a line feed."""
    blocks = _narrow(blocks)
    first = next(blocks, b"")
    # Only the line ends of a Mac before 2001: a file without a line feed would be one long line.
    old_ends = b"\r" in first and b"\n" not in first
    yield first.replace(b"\r", b"\n") if old_ends else first
    for block in blocks:
        yield block.replace(b"\r", b"\n") if old_ends else block


def _narrow(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Blocks in UTF-8; UTF-16 and UTF-32 are known by their byte order mark."""
    first = b""
    for block in blocks:
        first += block
        if len(first) >= 4:
            break
    wide = next((name for mark, name in _WIDE_MARKS if first.startswith(mark)), None)
    if wide is None:
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from blocks
        return
    decoder = codecs.getincrementaldecoder(wide)("replace")
    yield decoder.decode(first).encode()
    for block in blocks:
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()


def _decompressed(opened: Callable[[], IO[bytes]]) -> Iterator[bytes]:
    """The blocks of a file, read through gzip or zstd, which are known by their first bytes."""
    with opened() as file:
        start = file.read(4)
        file.seek(0)
        if start.startswith(_GZIP):
            yield from _gunzipped(file)
        elif start == zstandard.FRAME_HEADER:
            yield from _unzstd(file)
        else:
            while block := file.read(_BLOCK):
                yield block


def _gunzipped(file: IO[bytes]) -> Iterator[bytes]:
    """The blocks inside gzip; a stream may have several members."""
    import gzip

    with gzip.GzipFile(fileobj=file) as stream:
        while block := stream.read1(_BLOCK):
            yield block


def _unzstd(file: IO[bytes]) -> Iterator[bytes]:
    """The blocks inside zstd; unlike the library's reader, a frame that breaks off is an error."""
    frame = zstandard.ZstdDecompressor().decompressobj()
    data = b""
    while data or (data := file.read(_ZSTD_BLOCK)):
        if frame.eof:
            frame = zstandard.ZstdDecompressor().decompressobj()
        yield frame.decompress(data)
        data = frame.unused_data if frame.eof else b""
    if not frame.eof:
        raise EOFError("compressed file ended before the end of its last frame")
