"""One connection at a time to each source, and its pause kept from one harvest to the next."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from upwell.harvest.asking import HarvestError
from upwell.store import add

OPTION = "--into"


@dataclass
class Turn:
    """When a source was last asked: the time of a file, where others are to see it."""

    file: Path | None = None
    last: float = 0.0

    def seconds_ago(self) -> float:
        """Seconds since the source was last asked; a clock that was set back counts as just now."""
        return max(0.0, time.time() - self.last)

    def note(self) -> None:
        """It was asked just now."""
        self.last = time.time()
        if self.file:
            os.utime(self.file, (self.last, self.last))


@contextmanager
def take_turn(landing: Path, host: str) -> Iterator[Turn]:
    """Be the only one that asks a host, of all harvests into one landing folder.

    Raises
    ------
    HarvestError
        Another harvest is asking it.
    StoreError
        The folder cannot be written.
    """
    from filelock import FileLock, Timeout

    name = urlsplit(host).netloc
    file = landing / f".{name.replace(':', '-')}.lock"
    last = file.stat().st_mtime if file.exists() else 0.0
    add(file, b"", option=OPTION)
    try:
        with FileLock(file, timeout=0):
            yield Turn(file, last)
    except Timeout:
        raise HarvestError(
            f"another `upwell harvest` is asking {name}, which is asked by one at a time; wait for "
            "it to end"
        ) from None
