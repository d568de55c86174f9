"""Repairing text takes most of the time of reading: it is done in several processes, if worth it.

loky (BSD, of joblib's makers) rather than the standard library's pool: its processes need no
`if __name__ == "__main__"` in the script that calls. Those of both outlive one that is killed.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from upwell.sources.files import InputError

Submit = Callable[..., Future[Any]]

MOST_RUNNING = 16
"""Calls of one file that are on their way at once; bounds memory."""
WORTH_IT = 20_000_000
"""Bytes to read from which processes are started: text of ten seconds, and they take two."""
_MOST = 8  # processes: parsing, which is done by one, gives no more to do


def at_once(call: Callable[..., Any], *given: object) -> Future[Any]:
    """Calls in this process."""
    done: Future[Any] = Future()
    done.set_result(call(*given))
    return done


@contextmanager
def workers(n_bytes: int) -> Iterator[Submit]:
    """How calls are made: in processes, one a core, where there is enough to do.

    Parameters
    ----------
    n_bytes : that are to be read.

    Raises
    ------
    InputError
        A process was ended by the system.
    """
    n = min(_MOST, _n_cores())
    if n < 2 or n_bytes < WORTH_IT:
        yield at_once
        return
    from loky.process_executor import ProcessPoolExecutor, TerminatedWorkerError

    pool = ProcessPoolExecutor(n, initializer=_end_with, initargs=(os.getpid(),))
    try:
        yield pool.submit
    except TerminatedWorkerError as error:
        raise InputError(
            "a process that repaired text was ended by the system, most likely for want of memory; "
            "run again with fewer cores (`taskset --cpu-list 0 upwell run …`) or more memory"
        ) from error
    finally:
        pool.shutdown(wait=True, kill_workers=True)


def _end_with(parent: int) -> None:
    """Ends this process once the one that started it is gone, however that ended."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _n_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
