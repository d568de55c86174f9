"""What is tried again: only what the world can make fail and may put right by itself.

Stages are pure functions of files on disk; what failed once would fail again. A landing folder on
a network mount can be away for a minute, though, and so can the disk of the outputs.
"""

import errno
from typing import Any

from prefect.client.schemas.objects import State

from upwell.store import StoreError

# Seconds before each new try; the jitter keeps machines that lost one server from coming back at
# the same moment. Together some five minutes, more than a remount or a failover takes.
DELAYS = [10.0, 60.0, 240.0]
JITTER = 0.3

# Failures of a disk that pass; a full disk or a missing permission need a person.
_PASSING = {
    errno.EAGAIN, errno.EBUSY, errno.EIO, errno.ENOTCONN, errno.ESTALE, errno.ETIMEDOUT,
    errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ECONNRESET,
}  # fmt: skip


def disk_may_come_back(_task: object, _task_run: object, state: State[Any]) -> bool:
    """Whether writing failed for a reason that may pass."""
    error = state.result(raise_on_failure=False)
    cause = error.__cause__ if isinstance(error, StoreError) else None
    return isinstance(cause, OSError) and cause.errno in _PASSING
