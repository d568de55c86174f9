"""Which files a run reads, and the name by which each stands in `source`."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_MAGIC = "*?["


class InputError(ValueError):
    """What the user asked to read cannot be: says what is wrong and what to do."""


@dataclass(frozen=True, slots=True, order=True)
class InputFile:
    """A file to read; `name` stands before the `#` of a record's `source`.

    `depth` is how many of the last parts of its path name it where no other file shares the name.
    """

    name: str
    path: Path
    depth: int = 1


def find_files(paths: Sequence[str | Path], *, may_be_empty: bool = False) -> tuple[InputFile, ...]:
    """The files that paths stand for.

    Parameters
    ----------
    paths : files, folders (read with everything below them) and globs. Hidden files and folders
        below a folder are skipped; a link to a folder is followed, once.
    may_be_empty : a folder or glob without a file is no error.

    Returns
    -------
    Each file once, sorted by name: its path below the folder or the fixed part of the glob, its
    file name if it was given itself. Files that would share a name get as much of their path in
    front as tells them apart. Neither depends on the order of `paths`.

    Raises
    ------
    InputError
        No path is given, one does not exist, a glob matches nothing, or a folder has no files.
    """
    if not paths:
        raise InputError("nothing to read: give a file, a folder or a glob")
    found: dict[str, _Found] = {}
    for path in paths:
        for file in _expanded(str(path), may_be_empty=may_be_empty):
            real = os.path.realpath(file.path)
            found[real] = min(file, found.get(real, file))
    return name_files((f.path, f.depth) for f in found.values())


def name_files(files: Iterable[tuple[Path, int]]) -> tuple[InputFile, ...]:
    """Files with the names by which they are told apart, sorted by name.

    Parameters
    ----------
    files : path, and how many of its last parts name it unless another file shares the name.
    """
    names = _names(_Found(depth, path) for path, depth in files)
    return tuple(sorted(InputFile(name, f.path, f.depth) for f, name in names.items()))


@dataclass(frozen=True, slots=True, order=True)
class _Found:
    """A file, and how many of the last parts of its path name it."""

    depth: int
    path: Path

    def name(self, n_more: int) -> str:
        """Its name with this many more parts in front."""
        return "/".join(self.path.parts[-self.depth - n_more :])


def _expanded(path: str, *, may_be_empty: bool) -> list[_Found]:
    """The files of one path."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100  resolve() would follow links
    if absolute.is_file():
        return [_Found(1, absolute)]
    if absolute.is_dir():
        files = list(_below(absolute, 0, set()))
        if not (files or may_be_empty):
            raise InputError(f"{path}: no files in this folder; put papers there or name another")
        return files
    if os.path.lexists(path):
        return [_Found(1, absolute)]  # a pipe, or a link to nothing: a reject will say so
    if any(c in path for c in _MAGIC):
        return _matches(absolute, may_be_empty=may_be_empty)
    raise InputError(f"{path}: no such file or folder (from {Path.cwd()}); check the spelling")


def _matches(pattern: Path, *, may_be_empty: bool) -> list[_Found]:
    """The files that a glob matches, and those below the folders that it matches."""
    n_fixed = next(i for i, part in enumerate(pattern.parts) if any(c in part for c in _MAGIC))
    root = Path(*pattern.parts[:n_fixed])
    files: list[_Found] = []
    for match in root.glob(str(pattern.relative_to(root))):
        below = match.relative_to(root).parts
        if any(part.startswith(".") for part in below):
            continue
        if match.is_dir():
            files += _below(match, len(below), set())
        else:
            files.append(_Found(len(below), match))
    if not (files or may_be_empty):
        raise InputError(f"{pattern}: the glob matches no file; check the folder and the pattern")
    return files


def _below(folder: Path, depth: int, seen: set[str]) -> Iterator[_Found]:
    """Every file below a folder; a folder that cannot be listed stands for itself."""
    real = os.path.realpath(folder)
    if real in seen:
        return
    seen.add(real)
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        yield _Found(max(depth, 1), folder)
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _below(entry, depth + 1, seen)
        else:
            yield _Found(depth + 1, entry)


def _names(files: Iterable[_Found]) -> dict[_Found, str]:
    """A name for each file, longer for those that would share one."""
    n_more = dict.fromkeys(files, 0)
    while True:
        names = {file: file.name(n) for file, n in n_more.items()}
        count = Counter(names.values())
        sharing = [file for file, name in names.items() if count[name] > 1]
        if not sharing:
            return names
        for file in sharing:
            n_more[file] += 1
