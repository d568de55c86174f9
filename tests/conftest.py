"""Fixtures shared by the tests; Prefect is imported by the flow tests alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import flows  # noqa: F401 - sets Prefect's defaults, which it reads when it is first imported

SHARED = Path(__file__).parents[1].parent / "shared"


@pytest.fixture(scope="session")
def seeds() -> Path:
    """The real seed documents, where this machine has them."""
    folder = SHARED / "seeds"
    if not folder.exists():
        pytest.skip("the seed documents are not on this machine (../shared/seeds)")
    return folder


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    """One temporary Prefect server and database for all flow tests."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=180):
        yield
