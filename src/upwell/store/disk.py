"""Writing to disk so that nobody ever sees a part of it, with errors that say what to do."""

import errno
import io
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import polars as pl

OUTPUTS = "--outputs"
_REMEDIES = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder with {option}",
    errno.EDQUOT: "the disk quota is used up; free some space or choose another {option}",
    errno.EACCES: "it may not be written; change its permissions or choose another {option}",
    errno.EPERM: "it may not be written; change its permissions or choose another {option}",
    errno.EROFS: "it is on a read-only disk; choose another folder with {option}",
    errno.ENOTDIR: "a part of this path is a file; choose another folder with {option}",
    errno.EEXIST: "there is a file of this name; choose another folder with {option}",
}


class StoreError(Exception):
    """The outputs folder cannot be written or does not hold what it should."""


def first_line(error: Exception) -> str:
    """What went wrong, without the libraries' further thoughts."""
    return str(error).strip().split("\n")[0]


def parquet(frame: pl.DataFrame, about: Mapping[str, str]) -> bytes:
    """A frame as the bytes of a Parquet file, with facts about it."""
    buffer = io.BytesIO()
    frame.write_parquet(buffer, metadata=dict(about))
    return buffer.getvalue()


def write(path: Path, content: bytes, *, option: str = OUTPUTS) -> None:
    """Write and flush to disk, so that a rename after it never shows an empty file."""
    _put(path, content, "wb", option)


def add(path: Path, content: bytes, *, option: str = OUTPUTS) -> None:
    """Add to the end of a file, made if it is not there, and flush to disk."""
    _put(path, content, "ab", option)


def _put(path: Path, content: bytes, mode: Literal["wb", "ab"], option: str) -> None:
    with in_words(path, option=option):
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def replace(path: Path, content: bytes, *, option: str = OUTPUTS) -> None:
    """Write a file such that a reader sees the old one or the new one, never a part."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(fresh, content, option=option)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    flush_folder(path.parent)


def flush_folder(path: Path) -> None:
    """Flush a folder's entries to disk, where the system can."""
    if os.name == "posix":
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def point(link: Path, target: Path) -> None:
    """Swap a link in one step."""
    fresh = link.with_name(f".{link.name}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target, target_is_directory=True)
    fresh.replace(link)
    flush_folder(link.parent)


def remove(path: Path) -> None:
    """Remove a folder with all that is in it, if it is there."""
    shutil.rmtree(path, ignore_errors=True)


@contextmanager
def in_words(path: Path, *, option: str = OUTPUTS) -> Iterator[None]:
    """Turn an input/output error into one that says what is wrong and what to do.

    `option` is the one that names the folder which is written to.
    """
    try:
        yield
    except OSError as error:
        where = error.filename or path
        remedy = _REMEDIES.get(error.errno or 0, f"{error.strerror}; choose another {{option}}")
        remedy = remedy.replace("{option}", option)
        raise StoreError(f"{where}: cannot write here: {remedy}") from error
