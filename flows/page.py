"""What a run puts on its page in the UI: worth some patience, never worth a run."""

import time
from collections.abc import Callable
from contextlib import suppress

import httpx
from prefect import get_run_logger

# A server that is started again is away for half a minute on a slow machine. Prefect is patient
# itself, but not with the first call of a client, and each artifact has a client of its own.
PATIENCE_SECONDS = 60.0
PAUSE_SECONDS = 3.0


def put_on_page(
    create: Callable[..., object], *, pause: float = PAUSE_SECONDS, **content: object
) -> None:
    """Create an artifact, waiting for a server that is away; without one, go on and say so.

    Parameters
    ----------
    create : of `prefect.artifacts`.
    pause : seconds between tries.
    content : what it takes.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            create(**content)
        except httpx.HTTPError as error:
            if time.monotonic() < deadline:
                time.sleep(pause)
                continue
            get_run_logger().warning(f"The page lacks {content.get('key')}: {error}")
        return


def without_server() -> suppress:
    """For what is renewed anyway, such as a progress bar: go on if the server is away."""
    return suppress(httpx.HTTPError)
