"""What `upwell remove --source` names: files, members of archives, and patterns of either."""

import re
from collections.abc import Iterator
from fnmatch import fnmatch

import polars as pl

MEMBER = pl.col("position").str.extract(r"^(![^#]*)").fill_null("").alias("member")
"""Where a record is in an archive, as `!member` or `!archive!member`; empty if it is in none."""
_OLDER = re.compile(r"~[0-9a-f]{8}$")


def is_named(what: str, file: str, member: str = "") -> bool:
    """Whether a name or pattern names a file, a member of it, or an archive that the member is in.

    Parameters
    ----------
    what : such as `*2019*`, `old.zip` or `old.zip!2019/*`.
    file : its name as in `sources`; the mark of an older version is no part of it.
    member : as in `MEMBER`.
    """
    return any(name == what or fnmatch(name, what) for name in _names(file, member))


def _names(file: str, member: str) -> Iterator[str]:
    """The names of a member and of all that it is in, with and without the mark of a version."""
    parts = member.split("!")
    insides = ["!".join(parts[:n]) for n in range(1, len(parts) + 1)]
    for name in (file, _OLDER.sub("", file)):
        yield from (name + inside for inside in insides)
