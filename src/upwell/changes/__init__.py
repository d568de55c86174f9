"""What changed since the last run: as the table `changes`, and in words."""

from upwell.changes.compare import Snapshot, compare
from upwell.changes.words import describe, message

__all__ = ["Snapshot", "compare", "describe", "message"]
