"""`upwell remove --source` inside archives: members, patterns, reruns and newer versions."""

import json
import zipfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from test_corpus import in_frames

from upwell.config import SourceConfig
from upwell.store import Collected, StoreError, collect, n_named, take_papers_out
from upwell.store.removals import is_named

TODAY = date(2026, 3, 1)
WORDS = "words that make an abstract long enough to be one of a paper"


def lines(*numbers: int) -> str:
    return "".join(
        json.dumps({"title": f"Title {n}", "abstract": f"Abstract {n}: {n} {WORDS}"}) + "\n"
        for n in numbers
    )


def pack(path: Path, members: Mapping[str, str | bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def gather(outputs: Path, *paths: Path) -> Collected:
    return in_frames(collect(outputs, paths, config=SourceConfig(), today=TODAY, join=True))


def remove(outputs: Path, *sources: str) -> None:
    take_papers_out(outputs, papers=(), sources=sources, today=TODAY)


def numbers(found: Collected) -> list[int]:
    return sorted(int(title.split()[1]) for title in found.records["title"])


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    inner = pack(tmp_path / "inner.zip", {"deep.jsonl": lines(6, 7)}).read_bytes()
    pack(
        tmp_path / "landing" / "old.zip",
        {"2019/a.jsonl": lines(1, 2), "2020/b.jsonl": lines(3) + "{no\n", "inner.zip": inner},
    )
    (tmp_path / "landing" / "c.jsonl").write_text(lines(4))
    return tmp_path / "landing"


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    return tmp_path / "outputs"


@pytest.mark.parametrize(
    ("what", "left"),
    [
        ("old.zip!2019/a.jsonl", [3, 4, 6, 7]),
        ("old.zip!2019/*", [3, 4, 6, 7]),
        ("*2020*", [1, 2, 4, 6, 7]),
        ("old.zip!inner.zip!deep.jsonl", [1, 2, 3, 4]),
        ("old.zip!inner.zip", [1, 2, 3, 4]),
        ("*.jsonl", []),
        ("old.zip", [4]),
        ("c.jsonl", [1, 2, 3, 6, 7]),
    ],
)
def test_members_are_taken_out_by_name_or_pattern(
    what: str, left: list[int], landing: Path, outputs: Path
) -> None:
    before = gather(outputs, landing)
    assert numbers(before) == [1, 2, 3, 4, 6, 7]
    assert n_named(outputs, what) == 6 - len(left)
    remove(outputs, what)
    after = gather(outputs, landing)
    assert (numbers(after), after.n_read) == (left, 0)
    out = after.rejects.filter(reason="removed")
    assert out.height == 6 - len(left)
    assert set(out["detail"]) == {f"taken out by `upwell remove --source {what}` on 2026-03-01"}
    assert after.rejects.height == out.height + before.rejects.height
    assert {f.name: f.n_records + f.n_rejects for f in after.files} == {
        f.name: f.n_records + f.n_rejects for f in before.files
    }


def test_the_rejects_name_the_member(landing: Path, outputs: Path) -> None:
    gather(outputs, landing)
    remove(outputs, "old.zip!2019/a.jsonl")
    out = gather(outputs).rejects.filter(reason="removed").sort("source")
    assert out["source"].to_list() == ["old.zip!2019/a.jsonl#1", "old.zip!2019/a.jsonl#2"]
    assert out["excerpt"].to_list() == ["Title 1", "Title 2"]


def test_what_was_taken_out_stays_out_when_the_archive_changes(
    landing: Path, outputs: Path
) -> None:
    gather(outputs, landing)
    remove(outputs, "old.zip!2019/a.jsonl")
    pack(landing / "old.zip", {"2019/a.jsonl": lines(2, 8), "2021/d.jsonl": lines(9)})
    found = gather(outputs, landing)
    assert found.n_read == 1
    # 3, 6 and 7 are in the older version alone, and stay; 1 is too, but was taken out.
    assert numbers(found) == [3, 4, 6, 7, 9]
    assert gather(outputs, landing).records.equals(found.records)


def test_a_file_that_was_taken_out_stays_out_when_it_changes(landing: Path, outputs: Path) -> None:
    gather(outputs, landing)
    remove(outputs, "c.jsonl")
    (landing / "c.jsonl").write_text(lines(5))
    assert numbers(gather(outputs, landing)) == [1, 2, 3, 6, 7]


def test_a_member_that_is_not_there_is_told_with_those_that_are(
    landing: Path, outputs: Path
) -> None:
    gather(outputs, landing)
    words = r"old\.zip!2018: no file .* there are old\.zip!2019/a\.jsonl, old\.zip!2020/b\.jsonl, "
    with pytest.raises(StoreError, match=words):
        remove(outputs, "old.zip!2018")
    with pytest.raises(StoreError, match=r"there are c\.jsonl, old\.zip, old\.zip!2019"):
        remove(outputs, "new.zip")


def test_names_with_brackets_are_names() -> None:
    assert is_named("data[1].zip", "data[1].zip")
    assert is_named("data[1].zip!a", "data[1].zip", "!a")
    assert is_named("data[12].zip", "data1.zip")
    assert not is_named("data", "data!1.zip")
    assert is_named("a.zip!b", "a.zip~0123abcd", "!b!c")
