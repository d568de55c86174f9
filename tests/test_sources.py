"""Finding files, reading through compression and encodings, and clear answers to bad input."""

import codecs
import datetime as dt
import gzip
import hashlib
import json
import os
import random
from pathlib import Path

import pytest
import zstandard

from upwell.config import SourceConfig
from upwell.sources import InputError, find_files, read_files
from upwell.tables import REASONS, RECORDS, REJECTS

TODAY = dt.date(2025, 11, 21)
SHARED = Path(__file__).parents[1].parent / "shared" / "corpora"
A = "We show that alpha waves rise when the reader of a table is surprised by it."
B = "We show that beta waves fall when the reader of a table has seen it before."
LINE = json.dumps({"title": "T", "abstract": A}) + "\n"


def read(*paths, **config):
    return read_files(find_files(paths), config=SourceConfig(**config), today=TODAY)


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def names(*paths):
    return [file.name for file in find_files(paths)]


# ---- finding --------------------------------------------------------------------------------


def test_a_file_a_folder_or_a_glob(tmp_path):
    for name in ("b.txt", "a/z.txt", "a/b/c.txt", ".hidden", "a/.git/config", "a/.x.txt"):
        write(tmp_path / name, "x")
    assert names(tmp_path / "a" / "z.txt") == ["z.txt"]
    assert names(tmp_path) == ["a/b/c.txt", "a/z.txt", "b.txt"]
    assert names(tmp_path / "*.txt") == ["b.txt"]
    assert names(tmp_path / "*") == ["a/b/c.txt", "a/z.txt", "b.txt"]
    assert names(tmp_path / "**" / "*.txt") == ["a/b/c.txt", "a/z.txt", "b.txt"]
    assert names(tmp_path / "a" / "?.txt") == ["z.txt"]


def test_a_file_may_have_the_name_of_a_glob(tmp_path):
    write(tmp_path / "x[1].txt", "x")
    assert names(tmp_path / "x[1].txt") == ["x[1].txt"]


def test_relative_paths(tmp_path, monkeypatch):
    write(tmp_path / "in" / "a.txt", "x")
    monkeypatch.chdir(tmp_path)
    assert names("in/a.txt") == ["a.txt"]
    assert names(".") == ["in/a.txt"]
    assert names("in/*.txt") == ["a.txt"]
    assert names("*/*.txt") == ["in/a.txt"]


def test_names_that_collide_are_told_apart_whatever_the_order(tmp_path):
    paths = [write(tmp_path / name, name) for name in ("x/a.txt", "y/a.txt", "z/x/a.txt", "b.txt")]
    expected = ["b.txt", "x/x/a.txt", "y/a.txt", "z/x/a.txt"]
    expected[1] = f"{tmp_path.name}/x/a.txt"
    for seed in range(6):
        random.Random(seed).shuffle(paths)
        files = find_files(paths)
        assert sorted(file.name for file in files) == sorted(expected)
        assert all(
            file.path.read_text() in file.name or file.name in file.path.read_text()
            for file in files
        )


def test_a_file_that_is_named_twice_is_read_once(tmp_path):
    write(tmp_path / "in" / "a.txt", "x")
    paths = [tmp_path, tmp_path / "in", tmp_path / "in" / "a.txt", tmp_path / "in" / "*"]
    assert names(*paths) == names(*reversed(paths)) == ["a.txt"]


def test_a_loop_of_links_is_walked_once(tmp_path):
    write(tmp_path / "in" / "a.txt", "x")
    write(tmp_path / "elsewhere" / "b.txt", "x")
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "linked").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "in")
    assert names(tmp_path / "in") == ["a.txt", "linked/b.txt"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing.txt", "no such file or folder"),
        ("empty", "no files in this folder; put papers there or name another"),
        ("*.jsonl", "the glob matches no file; check the folder and the pattern"),
    ],
)
def test_what_cannot_be_found_is_said(tmp_path, path, message):
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    with pytest.raises(InputError, match=message) as error:
        find_files([tmp_path / path])
    assert path in str(error.value)
    assert isinstance(error.value, ValueError)


def test_nothing_to_read_is_said():
    with pytest.raises(InputError, match="nothing to read: give a file, a folder or a glob"):
        find_files([])


# ---- compression and encodings --------------------------------------------------------------


def unit(data):
    return zstandard.ZstdCompressor(write_content_size=False).compress(data)


@pytest.mark.parametrize(
    "pack",
    [
        gzip.compress,
        unit,
        lambda d: gzip.compress(d[:30]) + gzip.compress(d[30:]),
        lambda d: unit(d[:30]) + unit(d[30:]),
    ],
)
def test_compressed_files_are_read_through_whatever_their_name(tmp_path, pack):
    reading = read(write(tmp_path / "a.txt", pack((LINE * 3).encode())))
    assert reading.records["source"].to_list() == ["a.txt#1", "a.txt#2", "a.txt#3"]
    assert reading.rejects.is_empty()


@pytest.mark.parametrize("pack", [gzip.compress, unit])
@pytest.mark.parametrize("kept", [0.2, 0.6, 0.95])
def test_a_broken_archive_gives_what_came_before(tmp_path, pack, kept):
    lines = [json.dumps({"abstract": f"{A} {random.Random(i).random()}"}) for i in range(4000)]
    data = pack("\n".join(lines).encode())
    reading = read(
        write(tmp_path / "a", data[: int(len(data) * kept)]), write(tmp_path / "b", LINE)
    )
    n = reading.files[0].n_records
    assert reading.files[1].n_records == 1
    last = reading.rejects.filter(reason="unreadable_file").row(0, named=True)
    assert last["source"] == "a"
    assert "ended before the end" in last["detail"]
    assert kept == 0.2 or 1000 < n < 4000
    assert not n or f"the {n:,} records before were read" in last["detail"]


def test_garbage_after_an_archive_is_said(tmp_path):
    reading = read(write(tmp_path / "a", gzip.compress(LINE.encode()) + b"garbage"))
    assert reading.records.height == 1
    assert reading.rejects["reason"].to_list() == ["unreadable_file"]


@pytest.mark.parametrize(
    "encode",
    [
        lambda t: codecs.BOM_UTF8 + t.encode(),
        lambda t: t.encode("utf-16"),
        lambda t: codecs.BOM_UTF16_BE + t.encode("utf-16-be"),
        lambda t: t.encode("utf-32"),
        lambda t: gzip.compress(t.encode("utf-16")),
        lambda t: t.replace("\n", "\r\n").encode(),
        lambda t: t.replace("\n", "\r").encode(),
    ],
)
def test_encodings_are_known_by_their_mark(tmp_path, encode):
    text = LINE + json.dumps({"abstract": f"Süß: {B}"}, ensure_ascii=False) + "\n"
    reading = read(write(tmp_path / "a", encode(text)))
    assert reading.records["abstract"].to_list() == [A, f"Süß: {B}"]
    assert reading.records["problems"].list.len().sum() == 0
    assert reading.rejects.is_empty()


def test_bytes_that_are_not_utf8_are_read_and_said(tmp_path):
    bad = b'{"title": "Caf\xe9", "abstract": "\x93Na\xefve\x94 ' + A.encode() + b'"}\n'
    reading = read(write(tmp_path / "a", bad + LINE.encode()))
    first, second = reading.records.sort("source").iter_rows(named=True)
    assert (first["title"], first["abstract"]) == ("Café", f'"Naïve" {A}')
    assert first["problems"] == ["bytes that are not UTF-8 were read as Windows-1252"]
    assert second["problems"] == []


def test_nul_bytes_are_dropped(tmp_path):
    reading = read(write(tmp_path / "a", LINE.replace("alpha", "al\x00pha").encode()))
    assert reading.records["abstract"].to_list() == [A.replace("alpha", "al pha")]


# ---- bad input ------------------------------------------------------------------------------


def test_one_bad_file_does_not_stop_the_others(tmp_path):
    write(tmp_path / "good.jsonl", LINE)
    write(tmp_path / "empty.txt", "")
    write(tmp_path / "blank.txt", " \n\n\t\n")
    write(tmp_path / "empty.gz", gzip.compress(b""))
    write(tmp_path / "empty.json", "[]")
    write(tmp_path / "image.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
    write(
        tmp_path / "prose.txt", "Call me Ishmael. Some years ago, never mind how long precisely.\n"
    )
    write(tmp_path / "paper.csv", b"%PDF-1.7\n\xe2\xe3\xcf\xd3")
    write(tmp_path / "list.xml", "<papers><paper/></papers>")
    write(tmp_path / "wide.txt", LINE.encode("utf-16-le"))
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    reading = read(tmp_path)
    assert reading.records["source"].to_list() == ["good.jsonl#1"]
    assert dict(reading.rejects.select("source", "reason").iter_rows()) == {
        "empty.txt": "empty_file", "blank.txt": "empty_file", "empty.gz": "empty_file",
        "empty.json": "empty_file", "image.txt": "unknown_format", "prose.txt": "unknown_format",
        "paper.csv": "unknown_format", "list.xml": "unknown_format", "wide.txt": "unknown_format",
        "dangling": "unreadable_file", "pipe": "unreadable_file",
    }  # fmt: skip
    details = dict(reading.rejects.select("source", "detail").iter_rows())
    assert details["image.txt"].startswith("this is a PNG image; known are parquet, ")
    assert details["prose.txt"].startswith("none of the known formats: parquet")
    assert "UTF-16 without a byte order mark" in details["wide.txt"]
    assert "No such file" in details["dangling"]
    assert "not a file" in details["pipe"]
    assert set(reading.rejects["reason"]) <= set(REASONS)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_a_reject(tmp_path):
    write(tmp_path / "a", LINE).chmod(0)
    assert read(tmp_path).rejects["reason"].to_list() == ["unreadable_file"]


def test_an_error_while_reading_is_a_reject(tmp_path, monkeypatch):
    path = write(tmp_path / "a", LINE)
    files = find_files([path])

    def fail(self, *args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", fail)
    reading = read_files(files, config=SourceConfig(), today=TODAY)
    assert reading.rejects.select("source", "reason", "detail").rows() == [
        ("a", "unreadable_file", "cannot be read: Permission denied")
    ]
    assert (reading.files[0].sha256, reading.files[0].n_bytes) == ("", 0)


# ---- the reading as a whole -----------------------------------------------------------------


def test_the_order_of_files_does_not_change_the_tables(tmp_path):
    for i in range(6):
        write(tmp_path / f"f{i}.jsonl", LINE.replace("T", f"T{i}") * (i + 1) + "broken\n")
    files = list(find_files([tmp_path]))
    first = read_files(files, config=SourceConfig(), today=TODAY)
    random.Random(1).shuffle(files)
    second = read_files(files, config=SourceConfig(), today=TODAY)
    assert first.records.equals(second.records)
    assert first.rejects.equals(second.rejects)
    assert first.files == second.files


@pytest.mark.parametrize("packed", [False, True])
def test_how_far_it_is_is_told_within_a_large_file(tmp_path, packed):
    data = (LINE * 3_000).encode()
    (tmp_path / "a").write_bytes(gzip.compress(data) if packed else data)
    (tmp_path / "b").write_bytes(data)
    told = []
    read_files(
        find_files([tmp_path]),
        config=SourceConfig(),
        today=TODAY,
        progress=lambda done, total: told.append(done / total),
    )
    assert told == sorted(told)
    assert told[-1] == 1
    assert 4 <= len(set(told)) < 20


def test_the_reading_keeps_its_contract_and_adds_up(tmp_path):
    write(tmp_path / "a.jsonl", LINE * 2 + "broken\n")
    write(tmp_path / "b.txt", "")
    told = []
    files = find_files([tmp_path])
    reading = read_files(
        files, config=SourceConfig(), today=TODAY, progress=lambda i, n: told.append((i, n))
    )
    assert reading.records.schema == RECORDS.schema
    assert reading.rejects.schema == REJECTS.schema
    size = (tmp_path / "a.jsonl").stat().st_size
    assert told[-2:] == [(size, size), (size, size)]  # the other is empty
    first, second = reading.files
    assert (first.n_records, first.n_rejects, second.n_records, second.n_rejects) == (2, 1, 0, 1)
    data = (tmp_path / "a.jsonl").read_bytes()
    assert (first.sha256, first.n_bytes) == (hashlib.sha256(data).hexdigest(), len(data))
    assert second.format is None


def test_no_files_are_no_records():
    reading = read_files([], config=SourceConfig(), today=TODAY)
    assert reading.records.is_empty()
    assert reading.rejects.is_empty()
    assert reading.files == ()


def test_the_original_is_found_again_from_the_source(tmp_path):
    texts = [LINE.replace("alpha", f"alpha{i}") for i in range(20)]
    path = write(tmp_path / "a.jsonl", "\n".join(texts))
    reading = read(path)
    lines = path.read_text().split("\n")
    for source, abstract in reading.records.select("source", "abstract").iter_rows():
        assert json.loads(lines[int(source.split("#")[1]) - 1])["abstract"] == abstract


@pytest.mark.skipif(not SHARED.exists(), reason="the shared corpora are not beside the project")
@pytest.mark.parametrize(
    ("path", "n_records", "reasons"),
    [
        ("arxiv_daily/2025-03-18.jsonl", 465, {}),
        ("neurips/nips1987.json", 73, {"no_abstract": 9, "abstract_too_short": 8}),
        ("api/arxiv_kaggle_snapshot.jsonl", 60, {}),
        ("exports/ieee.csv", 10, {}),
        ("exports/scopus.csv", 57, {"no_abstract": 1}),
        ("duplicate_pairs.parquet", 0, {"unknown_format": 1}),
    ],
)
def test_real_files(path, n_records, reasons):
    reading = read(SHARED / path)
    assert reading.records.height == n_records
    assert dict(reading.rejects.group_by("reason").len().iter_rows()) == reasons
