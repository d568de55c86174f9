"""What a run at a terminal says, and when, if its Prefect server vanishes; no server is needed."""

import threading
from collections.abc import Iterable
from pathlib import Path

import pytest

from flows.server import MAX_SILENT, Server, latest_name, latest_stands, look, words

URL = "http://127.0.0.1:4200/api"


def gives_up(answers: Iterable[bool]) -> bool:
    """Whether looks that are answered so, one after the other, end in giving up."""
    done, gave_up = threading.Event(), []
    rest = iter(answers)

    def answer() -> bool:
        try:
            return next(rest)
        except StopIteration:
            done.set()
            return True

    look(answer, done, lambda: gave_up.append(True), pause=0)
    return bool(gave_up)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([True] + [False] * MAX_SILENT, True),
        ([True] + [False] * (MAX_SILENT - 1), False),
        ([True] + ([False] * (MAX_SILENT - 1) + [True]) * 3, False),
        ([False] * MAX_SILENT * 3, False),
    ],
    ids=["gone", "not for long", "away now and then", "never seen"],
)
def test_a_server_is_gone_after_many_looks_in_vain(answers: list[bool], expected: bool) -> None:
    assert gives_up(answers) is expected


def test_nobody_looks_after_the_run() -> None:
    done = threading.Event()
    done.set()
    look(lambda: True, done, lambda: pytest.fail("the run is over"), pause=0)


def test_what_is_said_names_the_server_what_holds_and_what_to_do(tmp_path: Path) -> None:
    stands = latest_stands(tmp_path)
    first = words(Server(URL, is_own=True), stands())
    assert first.startswith("Prefect's temporary server at ")
    assert "no run has been published yet" in first
    assert first.endswith("What to do: give the same command again.")
    publish(tmp_path, "r1")
    assert "had already published its results as run r1" in stands()
    assert words(Server(URL, is_own=False), latest_stands(tmp_path)()) == (
        f"the Prefect server at {URL} stopped answering, so the run was given up.\n"
        "Nothing is damaged: the latest run is still r1.\n"
        "What to do: start it with `prefect server start`, and give the same command again."
    )


def publish(outputs: Path, name: str) -> None:
    """A run, as far as its name goes."""
    (outputs / "runs" / name).mkdir(parents=True)
    (outputs / "latest").symlink_to(f"runs/{name}")


def test_the_latest_run_by_name(tmp_path: Path) -> None:
    assert latest_name(tmp_path) is None
    publish(tmp_path, "r7")
    assert latest_name(tmp_path) == "r7"


def test_a_page_waits_for_a_server_that_is_away() -> None:
    import httpx

    from flows import page

    tries = []

    def create(key: str) -> None:
        tries.append(key)
        if len(tries) < 3:
            raise httpx.ConnectError("refused")

    page.put_on_page(create, pause=0, key="report")
    assert tries == ["report"] * 3
    with page.without_server():
        raise httpx.ReadTimeout("late")
