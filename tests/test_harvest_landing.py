"""The landing folder: its log, answers that went or were hurt, and taking turns."""

import errno
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import zstandard
from odd_source import source
from test_harvest import TODAY, in_turn, landed, oai, oai_error, run

from upwell.harvest import Ask, HarvestError, faults, look, open_landing, take_turn
from upwell.harvest.landing import LOG
from upwell.store import StoreError


def test_a_log_line_that_was_cut_off_never_happened(tmp_path: Path) -> None:
    folder = tmp_path / "arxiv-oai" / "cs.CV"
    with source(in_turn(oai(3, "t1"), oai(2, start=3))) as server:
        run(server, tmp_path, via="oai")
    lines = (folder / LOG).read_bytes().splitlines(keepends=True)
    assert [json.loads(line)["event"] for line in lines] == ["begun", "landed", "landed", "done"]
    (folder / LOG).write_bytes(b"".join(lines[:2]) + lines[2][:30])  # killed while it was written
    with source(in_turn(oai(2, start=3), oai_error("noRecordsMatch"))) as server:
        found, _ = run(server, tmp_path, via="oai")
    assert found.resumed
    assert server.asked[0].params["resumptionToken"] == "t1"
    assert len(landed(folder)) == 3  # with the answer that nothing came in the days of overlap


def test_a_damaged_log_is_named_by_its_line(tmp_path: Path) -> None:
    folder = tmp_path / "arxiv-oai" / "cs.CV"
    folder.mkdir(parents=True)
    (folder / LOG).write_text('{"event":"done","at":"2026-11-27T00:00:00Z"}\n{"event":"lost"}\n')
    words = r"line 1: not what a harvest has written \(done before"
    with pytest.raises(HarvestError, match=words), open_landing(folder):
        pass


def test_a_landing_folder_that_may_not_be_written_names_its_option(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"choose another folder with --into$"):  # noqa: SIM117
        with open_landing(tmp_path / "file" / "x"):
            pass


def test_two_harvests_of_one_feed_do_not_meet(tmp_path: Path) -> None:
    with (
        open_landing(tmp_path / "x"),
        pytest.raises(HarvestError, match="another `upwell harvest`"),
        open_landing(tmp_path / "x"),
    ):
        pass


def test_the_log_tells_which_days_were_asked_for_and_when(tmp_path: Path) -> None:
    with source(in_turn(oai(3))) as server:
        found, _ = run(server, tmp_path, via="oai")
    assert look(found.folder).covered == [(TODAY, TODAY, datetime.now(UTC).date())]


def test_a_log_of_an_older_version_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "arxiv-oai" / "cs.CV"
    folder.mkdir(parents=True)
    at = '"at":"2026-11-01T06:00:00Z"'
    ask = '{"url":"http://localhost/oai","params":[["verb","ListRecords"]]}'
    days = '"since":"2026-11-01","until":"2026-11-01"'
    landed = f'"asked":"http://localhost/oai","file":"0001-000001.xml.zst","sha256":"{"0" * 64}"'
    (folder / LOG).write_text(
        f'{{{at},"event":"begun",{days},"following":{ask}}}\n'
        f'{{{at},"event":"landed",{landed},"n_records":3}}\n{{{at},"event":"done"}}\n'
    )
    place = look(folder)
    assert (place.n_begun, place.going) == (1, None)
    assert [days[0] for days in place.covered] == [datetime(2026, 11, 1).date()]


def test_answers_without_a_log_are_not_written_over(tmp_path: Path) -> None:
    first, second = oai(3), oai(2, "t1", start=3)
    with source(in_turn(first)) as server:
        found, _ = run(server, tmp_path, via="oai")
    (found.folder / LOG).unlink()
    with source(in_turn(second, oai_error("badVerb"))) as server:
        with pytest.raises(HarvestError, match="badVerb"):
            run(server, tmp_path, via="oai")
        assert landed(found.folder) == [first, second]
    with source(in_turn(oai(1, start=5))) as server:  # the log counts on from there
        run(server, tmp_path, via="oai")
    names = [file.name for file in sorted(found.folder.glob("*.zst"))]
    assert names == [f"{n}.xml.zst" for n in ("0001-000001", "0002-000001", "0002-000002")]


def test_an_answer_that_is_gone_lands_again(tmp_path: Path) -> None:
    with source(in_turn(oai(3))) as server:
        found, _ = run(server, tmp_path, via="oai")
        (found.folder / "0001-000001.xml.zst").unlink()
        again, _ = run(server, tmp_path, via="oai")
    assert (again.n_answers, again.n_repeated) == (1, 0)
    assert landed(found.folder) == [oai(3)]


def test_all_days_are_asked_for_again_if_that_is_wanted(tmp_path: Path) -> None:
    since = TODAY.replace(day=1)
    with source(in_turn(oai(3))) as server:
        run(server, tmp_path, since=since, via="oai")
        run(server, tmp_path, since=since, via="oai")
        run(server, tmp_path, since=since, via="oai", again=True)
    assert [asked.params["from"] for asked in server.asked] == [
        "2026-11-01", "2026-11-26", "2026-11-01",
    ]  # fmt: skip


def test_answers_that_are_hurt_or_gone_are_named(tmp_path: Path) -> None:
    with source(in_turn(oai(3, "1"), oai(3, "2", start=3), oai(3, start=6))) as server:
        found, _ = run(server, tmp_path, via="oai")
    assert list(faults(tmp_path)) == []
    (found.folder / "0001-000001.xml.zst").write_bytes(zstandard.compress(b"other"))
    (found.folder / "0001-000002.xml.zst").write_bytes(b"no")
    (found.folder / "0001-000003.xml.zst").unlink()
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / LOG).write_text("no\n")
    told = list(faults(tmp_path))
    again = "give its `upwell harvest` once more with --again"
    assert told[:3] == [
        f"{found.folder / '0001-000001.xml.zst'}: not as it came; remove it, and {again}",
        f"{found.folder / '0001-000002.xml.zst'}: not as it came; remove it, and {again}",
        f"{found.folder}: 1 of 3 answers are gone; unless `upwell run` has read them, {again}",
    ]
    assert "x/.harvest.jsonl, line 1: not what a harvest has written" in told[3]


def test_to_look_at_a_log_changes_nothing(tmp_path: Path) -> None:
    with open_landing(tmp_path / "x") as place:
        place.begin(TODAY, TODAY, Ask("http://localhost/x"))
        log = place.folder / LOG
        log.write_bytes(log.read_bytes() + b'{"event":"land')
        before = log.read_bytes()
        assert look(place.folder).going is not None
        assert log.read_bytes() == before


def test_one_harvest_at_a_time_asks_a_source(tmp_path: Path) -> None:
    with (
        take_turn(tmp_path, "https://oaipmh.arxiv.org"),
        take_turn(tmp_path, "https://export.arxiv.org"),
        pytest.raises(HarvestError, match=r"asking oaipmh\.arxiv\.org, .* wait for it to end"),
        take_turn(tmp_path, "https://oaipmh.arxiv.org"),
    ):
        pass


def test_the_pause_is_kept_from_one_harvest_to_the_next(tmp_path: Path) -> None:
    waits: list[float] = []
    with source(in_turn(oai(1))) as server:
        for feed in range(2):
            with take_turn(tmp_path, server.url) as turn:
                client = {"pause": 3.0, "sleep": waits.append, "turn": turn}
                run(server, tmp_path, via="oai", categories="cs.CV,cs.LG", feed=feed, client=client)
    assert len(waits) == 2
    assert waits[0] == 0
    assert 2.0 < waits[1] <= 3.0
    lock = next(tmp_path.glob(".127.0.0.1-*.lock"))
    os.utime(lock, (time.time() + 3600, time.time() + 3600))  # the clock was set back since
    with take_turn(tmp_path, server.url) as turn:
        assert turn.seconds_ago() == 0


def test_a_full_disk_ends_in_words_and_leaves_no_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    def full(descriptor: int) -> None:  # after the first answer and its line
        written.append(descriptor)
        if len(written) > 5:
            raise OSError(errno.ENOSPC, "No space left on device")

    with source(in_turn(oai(3, "1"), oai(3, start=3))) as server:
        with monkeypatch.context() as broken:
            broken.setattr("upwell.store.disk.os.fsync", full)
            with pytest.raises(StoreError, match="the disk is full; free some space or choose an"):
                run(server, tmp_path, via="oai")
        found, _ = run(server, tmp_path, via="oai")
    assert found.resumed
    assert landed(found.folder) == [oai(3, "1"), oai(3, start=3)]
    assert sorted(file.suffix for file in found.folder.iterdir()) == ["", ".jsonl", ".zst", ".zst"]
