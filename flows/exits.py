"""How a command ends when it cannot do what it was asked."""

import sys
from typing import NoReturn

FAILED, UNUSABLE = 1, 2
"""Exit codes: the run failed; the input or the arguments cannot be used."""


def stop(message: object, code: int) -> NoReturn:
    """Say what is wrong on standard error and leave."""
    print(f"upwell: {message}", file=sys.stderr)
    sys.exit(code)
