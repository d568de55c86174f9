"""Texts repaired in several processes: the same rows, and nothing is left behind."""

import datetime as dt
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from upwell.config import SourceConfig
from upwell.sources import InputError, find_files, read_files, workers

TODAY = dt.date(2026, 3, 1)
A = "We show that $\\alpha$ waves rise\nwhen the reader of a table is surprised by it, as {} say."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = [
        json.dumps(
            {"title": f"T{n}", "abstract": A.format(n) if n % 7 else "", "date": "2025-02-03"}
        )
        for n in range(5_000)
    ]
    lines[4_000] = "{ broken"
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    (tmp_path / "b.jsonl").write_text(lines[1])
    return tmp_path


def test_several_processes_find_what_one_does(folder, monkeypatch):
    files = find_files([folder])
    alone = read_files(files, config=SourceConfig(), today=TODAY)
    monkeypatch.setattr(workers, "WORTH_IT", 0)
    monkeypatch.setattr(workers, "_n_cores", lambda: 2)
    together = read_files(files, config=SourceConfig(), today=TODAY)
    assert together.records.equals(alone.records)
    assert together.rejects.equals(alone.rejects)
    assert together.files == alone.files
    assert together.records.height + together.rejects.height == 5_001


def test_little_to_read_and_one_core_start_no_process(monkeypatch):
    with workers.workers(workers.WORTH_IT - 1) as submit:
        assert submit is workers.at_once
        assert submit(divmod, 7, 2).result() == (3, 1)
    monkeypatch.setattr(workers, "_n_cores", lambda: 1)
    with workers.workers(10**12) as submit:
        assert submit is workers.at_once


def test_a_process_that_the_system_ends_is_told_in_words(monkeypatch):
    monkeypatch.setattr(workers, "_n_cores", lambda: 2)
    with (
        pytest.raises(InputError, match=r"was ended by the system.* memory; run again with fewer"),
        workers.workers(10**12) as submit,
    ):
        submit(signal.raise_signal, signal.SIGKILL).result()


def test_processes_end_with_the_one_that_started_them(tmp_path):
    """Killed outright, it leaves nothing running."""
    code = (
        "import os, time\n"
        "from upwell.sources import workers\n"
        "with workers.workers(10**12) as submit:\n"
        "    print(*{submit(os.getpid).result() for _ in range(20)}, flush=True)\n"
        "    submit(time.sleep, 0.2)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as one:
        others = [int(pid) for pid in one.stdout.readline().split()]
        assert others
        one.send_signal(signal.SIGKILL)
    for _ in range(100):
        left = [pid for pid in others if Path(f"/proc/{pid}").exists()]
        if not left:
            break
        time.sleep(0.1)
    assert not left
