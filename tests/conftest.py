"""Fixtures shared by the tests; Prefect is imported by the flow tests alone."""

import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

import flows  # noqa: F401 - sets Prefect's defaults, which it reads when it is first imported

SHARED = Path(__file__).parents[1].parent / "shared"


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """All cores for a folder of tests; a file or a test that is named starts at once, in here."""
    return None if all(Path(arg).is_dir() for arg in config.args) else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Flow tests first: they take longest, and the other workers have the rest meanwhile."""
    items.sort(key=lambda item: "flow" not in item.keywords)


class ByFile(LoadScopeScheduling):
    """Whole files to workers, since tests of a file share fixtures; all flow tests to one.

    So there is one Prefect server. `--dist loadgroup` was made for this, but with pytest 9.2 it
    ignores groups (pytest-xdist's issue 1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        """The name of what has to stay together with a test."""
        file = nodeid.split("::", 1)[0]
        return "flow" if _has_flow_tests(self.config.rootpath / file) else file


@cache
def _has_flow_tests(file: Path) -> bool:
    """Whether a module marks its tests; marks are known to workers alone, which collect."""
    return "pytestmark = [pytest.mark.flow" in file.read_text("utf-8")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


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


@pytest.fixture
def upwell_here(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., CompletedProcess[str]]:
    """The command line without a process of its own, for the many ways to refuse; not for flows.

    That exit codes reach the shell is tested with real processes, in test_cli.py.
    """
    from flows.cli import main

    def upwell(*arguments: str, cwd: Path) -> CompletedProcess[str]:
        monkeypatch.chdir(cwd)
        monkeypatch.setattr("sys.argv", ["upwell", *arguments])
        capsys.readouterr()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Cyclopts application invoked without tokens")
            with pytest.raises(SystemExit) as ended:
                main()
        return CompletedProcess(arguments, int(ended.value.code or 0), *capsys.readouterr())

    return upwell
