"""How a command ends when it cannot do what it was asked."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

FAILED, UNUSABLE = 1, 2
"""Exit codes: the run failed; the input or the arguments cannot be used."""


def stop(message: object, code: int) -> NoReturn:
    """Say what is wrong on standard error and leave."""
    print(f"upwell: {message}", file=sys.stderr)
    sys.exit(code)


@contextmanager
def ending_in_words(*unusable: type[Exception]) -> Iterator[None]:
    """End the command in words, whatever goes wrong in the body.

    Parameters
    ----------
    unusable : errors that say that the input cannot be used; all others are failures.
    """
    from upwell.store import StoreError  # heavy

    try:
        yield
    except unusable as error:
        stop(error, UNUSABLE)
    except StoreError as error:
        stop(error, FAILED)
    except Exception as error:  # noqa: BLE001 - the last resort before a traceback
        stop(f"failed: {type(error).__name__}: {error}\nThe published run is untouched.", FAILED)
