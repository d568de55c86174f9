"""Archives: each member a file of its own, within limits, and nothing unpacked to a disk by name."""

import datetime as dt
import gzip
import io
import json
import os
import tarfile
import time
import zipfile

import polars as pl
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from upwell.config import SourceConfig
from upwell.sources import archives, find_files, read_files
from upwell.store.collect import collect

TODAY = dt.date(2025, 11, 21)
A = "We show that alpha waves rise when the reader of a table is surprised by it."
B = "We show that beta waves fall when the reader of a table has seen it before."


def lines(*abstracts):
    return "".join(json.dumps({"title": "T", "abstract": a}) + "\n" for a in abstracts).encode()


def zipped(files, **options):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target.getvalue()


def tarred(files, *others, mode="w"):
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode=mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for info in others:
            archive.addfile(info)
    return target.getvalue()


PACKERS = {
    "zip": zipped,
    "tar": tarred,
    "tar.gz": lambda files: gzip.compress(tarred(files)),
    "tar.zst": lambda files: zstandard.compress(tarred(files)),
}


@pytest.fixture
def read(tmp_path):
    def reading(data, name="a.bin"):
        (tmp_path / name).write_bytes(data)
        return read_files(find_files([tmp_path / name]), config=SourceConfig(), today=TODAY)

    return reading


def sources(reading):
    return sorted(reading.records["source"])


def rejects(reading):
    return dict(reading.rejects.select("source", "reason").iter_rows())


@pytest.mark.parametrize("kind", PACKERS)
def test_positions_lead_to_member_and_line(read, kind):
    data = PACKERS[kind](
        {
            "folder/x.jsonl": lines(A, B),
            "y.json.gz": gzip.compress(json.dumps([{"title": "T", "abstract": A}]).encode()),
            "note.txt": b"Call me Ishmael.",
            ".hidden": lines(A),
            "__MACOSX/x.jsonl": lines(A),
        }
    )
    reading = read(data)
    expected = ["a.bin!folder/x.jsonl#1", "a.bin!folder/x.jsonl#2", "a.bin!y.json.gz#1"]
    assert sources(reading) == expected
    assert rejects(reading) == {"a.bin!note.txt": "unknown_format"}
    file = reading.files[0]
    assert (file.n_records, file.n_rejects, len(reading.files)) == (3, 1, 1)
    assert file.format == f"{'zip' if kind == 'zip' else 'tar'}: json, json_lines"


def test_the_day_in_a_members_name_dates_it(read):
    row = {"id": "2503.00001", "title": "T", "abstract": A}
    data = zipped({"x/2025-03-18.jsonl": json.dumps(row) + "\n{}"})
    assert read(data).records["published"].to_list() == [dt.date(2025, 3, 18)]


def test_one_archive_inside_another_is_read_and_no_further_one(read):
    inner = zipped({"x.jsonl": lines(A)})
    deep = tarred({"inner.zip": inner})
    assert sources(read(deep)) == ["a.bin!inner.zip!x.jsonl#1"]
    assert sources(read(zipped({"t.tar.gz": gzip.compress(tarred({"x.jsonl": lines(A)}))}))) == [
        "a.bin!t.tar.gz!x.jsonl#1"
    ]
    assert rejects(read(zipped({"deep.tar": deep}))) == {
        "a.bin!deep.tar!inner.zip": "unreadable_file"
    }


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../x.jsonl", "a/../../x.jsonl", "C:\\x.jsonl", "..\\x"]
)
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_names_that_lead_out_are_not_read(read, tmp_path, kind, name):
    reading = read(PACKERS[kind]({name: lines(A), "good.jsonl": lines(B)}))
    assert sources(reading) == ["a.bin!good.jsonl#1"]
    assert "leads out" in reading.rejects["detail"].item()
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_links_and_devices_are_not_read(read):
    others = []
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
        info = tarfile.TarInfo(f"odd{kind.decode()}")
        info.type, info.linkname = kind, "/etc/passwd"
        others.append(info)
    reading = read(tarred({"x.jsonl": lines(A)}, *others))
    assert sources(reading) == ["a.bin!x.jsonl#1"]
    assert len(reading.rejects) == 4
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "link" in read(target.getvalue()).rejects["detail"].item()


def test_encrypted_office_and_empty_archives_say_so(read):
    data = bytearray(zipped({"x.jsonl": lines(A)}))
    data[6] |= 1
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    assert "encrypted" in read(bytes(data)).rejects["detail"].item()
    office = read(zipped({"[Content_Types].xml": "<x/>", "xl/sheet.xml": "<x/>"}))
    assert rejects(office) == {"a.bin": "unknown_format"}
    assert office.rejects["detail"][0] == (
        "this is an Excel workbook; save it as CSV (UTF-8), or export CSV, BibTeX or RIS"
    )
    assert rejects(read(zipped({}))) == {"a.bin": "empty_file"}


def test_names_that_would_be_one_are_told_apart(read):
    one = [("x.jsonl", A), ("x.jsonl~2", B), ("x.jsonl", B), ("a  b", A), ("a b", B), ("a\nb", B)]
    data = b"".join(tarred({name: lines(a)})[:1024] for name, a in one) + bytes(1024)
    reading = read(data)
    assert sources(reading) == [
        "a.bin!a b#1", "a.bin!a b~2#1", "a.bin!a b~3#1", "a.bin!x.jsonl#1", "a.bin!x.jsonl~2#1",
        "a.bin!x.jsonl~3#1",
    ]  # fmt: skip
    broken = read(zipped({"x": lines(A) + b"{", "x#2": "Call me Ishmael."}))
    assert sorted(rejects(broken)) == ["a.bin!x#2", "a.bin!x%232"]


def test_a_member_without_a_name_is_read(read):
    assert sources(read(tarred({"": lines(A)}))) == ["a.bin!(no name)#1"]


def test_a_bomb_inside_an_archive_is_not_put_aside(read, monkeypatch):
    inner = zipped({"x.jsonl": lines(A)}) + b"0" * 150_000_000
    assert "limit" in read(zipped({"inner.zip": inner})).rejects["detail"].item()


def test_a_broken_member_or_a_cut_archive_loses_no_more_than_itself(read):
    data = bytearray(zipped({"x.jsonl": lines(A) * 50, "y.jsonl": lines(B)}))
    at = data.index(b"x.jsonl") + 20
    data[at : at + 4] = b"\xff\xff\xff\xff"
    reading = read(bytes(data))
    assert "a.bin!y.jsonl#1" in sources(reading)
    assert list(rejects(reading)) == ["a.bin!x.jsonl"]
    noise = os.urandom(100_000)
    cut = gzip.compress(tarred({"x.jsonl": lines(A), "noise": noise, "z.jsonl": lines(B)}))[
        :-60_000
    ]
    reading = read(cut)
    assert sources(reading) == ["a.bin!x.jsonl#1"]
    assert rejects(reading)["a.bin"] == "unreadable_file"
    assert rejects(read(zipped({"x.jsonl": lines(A)})[:-30])) == {"a.bin": "unreadable_file"}


def test_bombs_are_cut_off(read, monkeypatch):
    zeros = b"0" * 150_000_000
    start = time.process_time()
    small = gzip.compress(lines(A) + zeros, 1)
    reading = read(small)
    assert "times its size" in reading.rejects["detail"].str.join(" ").item()
    reading = read(zipped({"x.jsonl": lines(A) + zeros}))
    assert "times its size" in reading.rejects["detail"].str.join(" ").item()
    assert sources(reading) == ["a.bin!x.jsonl#1"]
    reading = read(gzip.compress(tarred({"z": zeros}), 1))
    assert "times its size" in reading.rejects["detail"].str.join(" ").item()
    assert time.process_time() - start < 30
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 500)
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    for packer in PACKERS.values():
        reading = read(packer({"big": b"0" * 501, **{f"{i}.jsonl": lines(A) for i in range(5)}}))
        assert sources(reading) == ["a.bin!0.jsonl#1", "a.bin!1.jsonl#1"]
        details = reading.rejects["detail"].str.join(" ").item()
        assert "larger than the limit" in details
        assert "more than 3 members" in details


def test_a_description_without_end_is_cut_off(read, monkeypatch):
    monkeypatch.setattr(archives, "_HEADERS", 100_000)
    info = tarfile.TarInfo("x.jsonl")
    info.pax_headers = {"comment": "x" * 1_000_000}
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info)
    assert "describes a member" in read(target.getvalue()).rejects["detail"].item()


def test_an_archive_is_read_once_and_its_counts_add_up(tmp_path):
    (tmp_path / "in").mkdir()
    path = tmp_path / "in" / "a.zip"
    path.write_bytes(zipped({"x.jsonl": lines(A, B), "note#1.txt": b"Call me Ishmael."}))

    def collected():
        return collect(
            tmp_path / "out", [tmp_path / "in"], config=SourceConfig(), today=TODAY, join=True
        )

    def column(parts, name):
        return pl.concat(parts).select(name).collect()[name].to_list()

    first, second = collected(), collected()
    assert (first.n_read, second.n_read) == (1, 0)
    for found in (first, second):
        assert sorted(column(found.records, "source")) == ["a.zip!x.jsonl#1", "a.zip!x.jsonl#2"]
        assert column(found.rejects, "source") == ["a.zip!note%231.txt"]
        assert [(f.name, f.n_records, f.n_rejects) for f in found.files] == [("a.zip", 2, 1)]
    path.write_bytes(zipped({"x.jsonl": lines(A, B), "y.jsonl": lines(A + " More.")}))
    third = collected()
    assert third.n_read == 1
    sources = column(third.records, "source")
    assert "a.zip!y.jsonl#1" in sources
    assert len(set(sources)) == len(sources)


@given(data=st.data())
@settings(
    max_examples=150, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_damage_crashes(read, data):
    kind = data.draw(st.sampled_from(sorted(PACKERS)))
    packed = PACKERS[kind]({"x.jsonl": lines(A, B), "y/z.jsonl": lines(B)})
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(packed) - 1))
        odd = data.draw(st.binary(max_size=6))
        packed = packed[:at] + odd + packed[at + data.draw(st.integers(0, 40)) :]
        packed = packed or b"x"
    reading = read(packed)
    found = pl.concat([reading.records["source"], reading.rejects["source"]])
    assert found.is_unique().all()
    assert len(found) > 0
