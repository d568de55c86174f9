"""Checksums of a published run, in the form that `sha256sum --check` reads."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from upwell.store.disk import replace

NAME = "SHA256SUMS"


def sum_up(folder: Path) -> bytes:
    """The checksum of every other file below a folder, a line each, sorted by name."""
    names = (p.relative_to(folder) for p in folder.rglob("*") if p.is_file() and p.name != NAME)
    return _lines({name.as_posix(): _sha256(folder / name) for name in names})


def renew(folder: Path, names: Iterable[str]) -> None:
    """Write the checksums of these files anew, if the folder has any."""
    if (folder / NAME).is_file():
        sums = _read(folder) | {name: _sha256(folder / name) for name in names}
        replace(folder / NAME, _lines(sums))


def faults(folder: Path) -> list[str]:
    """What is missing or damaged of the files that a folder has checksums of."""
    if not (folder / NAME).is_file():
        return [f"{folder / NAME}: missing, so the run cannot be checked"]
    found = []
    for name, sha256 in sorted(_read(folder).items()):
        if not (folder / name).is_file():
            found.append(f"{folder / name}: missing")
        elif _sha256(folder / name) != sha256:
            found.append(f"{folder / name}: damaged (it is not what was written)")
    return found


def _read(folder: Path) -> dict[str, str]:
    """Checksums by name."""
    lines = (folder / NAME).read_text(errors="replace").splitlines()
    parts = (line.partition("  ") for line in lines if line)
    return {name: sha256 for sha256, _, name in parts}


def _lines(sums: dict[str, str]) -> bytes:
    return "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(sums.items())).encode()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
