"""The corpus between runs: read once, joined in any order, mended, and kept in order."""

import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from upwell.config import SourceConfig
from upwell.sources import InputError
from upwell.store import Collected, StoreError, collect, corpus, peek, take_out
from upwell.store.collect import read_once
from upwell.store.upkeep import prune, rebuild, take_papers_out, verify
from upwell.tables import RECORDS, REJECTS

TODAY = date(2026, 3, 1)
AS_USUAL = SourceConfig()
WORDS = "words that make an abstract long enough to be one of a paper"


def line(n: int, day: str = "2025-02-03") -> str:
    record = {"title": f"Title {n}", "abstract": f"Abstract {n}: {n} {WORDS}", "date": day}
    return json.dumps(record) + "\n"


def write(folder: Path, files: Mapping[str, list[int]]) -> None:
    for name, numbers in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("".join(map(line, numbers)))


def gather(
    outputs: Path, *paths: Path, join: bool = True, today: date = TODAY, config=AS_USUAL
) -> Collected:
    return in_frames(collect(outputs, paths, config=config, today=today, join=join))


def in_frames(found: Collected) -> Collected:
    """What was found with its records and rejects as tables."""
    records, rejects = (pl.concat(parts).collect() for parts in (found.records, found.rejects))
    return replace(found, records=RECORDS.conform(records), rejects=REJECTS.conform(rejects))


def titles(found: Collected) -> list[str]:
    return sorted(found.records["title"])


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    folder = tmp_path / "landing"
    write(folder, {"a.jsonl": [1, 2], "b.jsonl": [3]})
    return folder


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    return tmp_path / "outputs"


def test_a_file_is_read_once(landing: Path, outputs: Path) -> None:
    first = gather(outputs, landing)
    assert (first.n_read, titles(first)) == (2, ["Title 1", "Title 2", "Title 3"])
    again = gather(outputs, landing)
    assert again.n_read == 0
    assert again.records.equals(first.records)
    assert again.files == first.files
    assert again.digest == first.digest
    assert sorted(first.records["source"]) == ["a.jsonl#1", "a.jsonl#2", "b.jsonl#1"]


def test_peek_tells_whether_anything_is_new(landing: Path, outputs: Path) -> None:
    given = {"config": AS_USUAL, "today": TODAY, "join": True}
    assert peek(outputs, [landing], **given) is None
    found = gather(outputs, landing)
    assert peek(outputs, [landing], **given) == found.digest
    assert peek(outputs, [], **given) == found.digest
    write(landing, {"c.jsonl": [4]})
    assert peek(outputs, [landing], **given) is None
    assert peek(outputs, [], **given) == found.digest


def test_a_file_that_grew_is_read_again_and_nothing_is_doubled(
    landing: Path, outputs: Path
) -> None:
    gather(outputs, landing)
    write(landing, {"a.jsonl": [1, 2, 4]})
    found = gather(outputs, landing)
    assert found.n_read == 1
    assert titles(found) == ["Title 1", "Title 2", "Title 3", "Title 4"]
    assert "~" not in "".join(found.records["source"])


def test_what_a_file_no_longer_has_stays_under_a_mark(landing: Path, outputs: Path) -> None:
    gather(outputs, landing)
    write(landing, {"a.jsonl": [2, 5]})
    found = gather(outputs, landing)
    assert titles(found) == ["Title 1", "Title 2", "Title 3", "Title 5"]
    sources = dict(found.records.select("title", "source").iter_rows())
    assert sources["Title 2"] == "a.jsonl#1"
    assert sources["Title 1"].startswith("a.jsonl~")
    assert sources["Title 1"].endswith("#1")
    counts = {file.name: file.n_records for file in found.files}
    assert sum(counts.values()) == 4
    assert counts["a.jsonl"] == 2


def test_without_joining_the_corpus_is_what_is_given(landing: Path, outputs: Path) -> None:
    gather(outputs, landing)
    alone = gather(outputs, landing / "b.jsonl", join=False)
    assert (titles(alone), alone.n_read) == (["Title 3"], 0)
    (landing / "b.jsonl").unlink()
    rest = gather(outputs, landing, join=False)
    assert (titles(rest), rest.n_read) == (["Title 1", "Title 2"], 0)
    assert rest.notes == ()


def test_files_that_went_keep_their_papers_when_joining(landing: Path, outputs: Path) -> None:
    gather(outputs, landing)
    (landing / "a.jsonl").unlink()
    found = gather(outputs, landing)
    assert titles(found) == ["Title 1", "Title 2", "Title 3"]
    assert found.notes == ("1 files are no longer on disk; their papers stay in the corpus",)
    assert titles(gather(outputs)) == titles(found)


def test_a_folder_may_be_emptied_once_its_papers_are_known(landing: Path, outputs: Path) -> None:
    (landing / "none").mkdir()
    with pytest.raises(InputError, match="no files in this folder"):
        gather(outputs, landing / "none")
    first = gather(outputs, landing)
    for file in landing.glob("*.jsonl"):
        file.unlink()
    assert gather(outputs, landing, landing / "*.csv").records.equals(first.records)
    with pytest.raises(InputError, match="no such file or folder"):
        gather(outputs, landing / "gone")
    with pytest.raises(InputError, match="no files in this folder"):
        gather(outputs, landing, join=False)


def test_the_order_of_arrival_does_not_matter(tmp_path: Path) -> None:
    parts = {"new/a.jsonl": [1, 2], "old/a.jsonl": [3], "old/b.jsonl": [4, 1]}
    write(tmp_path, parts)
    found = []
    for n, order in enumerate(itertools.permutations(parts)):
        outputs = tmp_path / f"outputs{n}"
        for name in order:
            last = gather(outputs, tmp_path / name)
        found.append(last)
    at_once = gather(tmp_path / "outputs", *(tmp_path / name for name in parts))
    for other in found:
        assert other.records.equals(at_once.records)
        assert other.digest == at_once.digest
        assert [f.name for f in other.files] == [f.name for f in at_once.files]
    assert sorted(at_once.records["source"])[:2] == ["b.jsonl#1", "b.jsonl#2"]
    assert {f.name for f in at_once.files} == {"new/a.jsonl", "old/a.jsonl", "b.jsonl"}


def test_another_way_of_reading_reads_again(landing: Path, outputs: Path) -> None:
    gather(outputs, landing)
    other = SourceConfig(columns={"title": "date"})
    found = gather(outputs, landing, config=other, join=False)
    assert found.n_read == 2
    assert set(found.records["title"]) == {"2025-02-03"}


def test_a_date_in_the_future_is_read_again_another_day(landing: Path, outputs: Path) -> None:
    (landing / "a.jsonl").write_text(line(1, "2026-03-05"))
    first = gather(outputs, landing)
    assert first.records.filter(title="Title 1")["published"].to_list() == [None]
    assert gather(outputs, landing).n_read == 0
    later = gather(outputs, landing, today=date(2026, 3, 6))
    assert later.n_read == 1
    assert later.records.filter(title="Title 1")["published"].to_list() == [date(2026, 3, 5)]


def test_rejects_are_kept_with_their_place(landing: Path, outputs: Path) -> None:
    (landing / "c.jsonl").write_text(line(6) + json.dumps({"title": "T", "abstract": ""}) + "\n")
    (landing / "d.txt").write_text("nothing of the kind")
    for _ in range(2):
        found = gather(outputs, landing)
        assert found.rejects.select("source", "reason").rows() == [
            ("c.jsonl#2", "no_abstract"),
            ("d.txt", "unknown_format"),
        ]
        assert {f.name: f.n_rejects for f in found.files if f.n_rejects} == {
            "c.jsonl": 1,
            "d.txt": 1,
        }


def test_files_of_one_run_only_are_not_kept(landing: Path, outputs: Path) -> None:
    found = in_frames(read_once([landing], config=AS_USUAL, today=TODAY))
    assert titles(found) == ["Title 1", "Title 2", "Title 3"]
    assert not (outputs / "state").exists()


def test_many_batches_become_one(landing: Path, outputs: Path) -> None:
    for n in range(corpus.MAX_BATCHES + 2):
        write(landing, {f"x{n}.jsonl": [100 + n]})
        found = gather(outputs, landing)
    state = corpus.read_state(outputs)
    assert len(state.batches) < 8
    assert set(state.batches) == {p.name for p in (outputs / "state" / "corpus").iterdir()}
    assert len(found.records) == corpus.MAX_BATCHES + 5
    assert gather(outputs, landing).records.equals(found.records)
    assert verify(outputs) == ()


# --- damage ----------------------------------------------------------------------------------


def batch(outputs: Path) -> Path:
    return outputs / "state" / "corpus" / "000001.parquet"


def test_a_flipped_bit_is_found_and_mended_from_the_sources(landing: Path, outputs: Path) -> None:
    first = gather(outputs, landing)
    content = bytearray(batch(outputs).read_bytes())
    content[len(content) // 2] ^= 1
    batch(outputs).write_bytes(content)
    assert "000001.parquet or 000001.rejects.parquet: damaged" in verify(outputs)[0]
    found = gather(outputs)
    assert found.records.equals(first.records)
    assert found.notes == ("the state of the corpus was damaged; 2 files were read again",)
    assert verify(outputs) == ()


@pytest.mark.parametrize("change", ["cut", "gone"])
def test_what_cannot_be_mended_is_named(landing: Path, outputs: Path, change: str) -> None:
    gather(outputs, landing)
    if change == "cut":
        batch(outputs).write_bytes(batch(outputs).read_bytes()[:100])
    else:
        batch(outputs).unlink()
    (landing / "a.jsonl").unlink()
    with pytest.raises(
        StoreError, match=r"1 files that it was read from are gone or changed: .*a.j"
    ):
        gather(outputs)
    found = rebuild(outputs, config=AS_USUAL, today=TODAY)
    assert (found.n_files, found.n_records, found.gone) == (1, 1, (landing / "a.jsonl",))
    assert titles(gather(outputs)) == ["Title 3"]


def test_a_state_that_cannot_be_read_says_what_to_do(landing: Path, outputs: Path) -> None:
    gather(outputs, landing)
    path = outputs / "state" / "corpus.json"
    whole = path.read_text()
    path.write_text(whole[:-50])
    with pytest.raises(
        StoreError, match=r"corpus.json: the state of the corpus is damaged .*rebuild"
    ):
        gather(outputs)
    assert "corpus.json: the state" in verify(outputs)[0]
    path.write_text(whole.replace('"version": 2', '"version": 9'))
    with pytest.raises(StoreError, match="version 9, this upwell keeps version 2; use the newer"):
        gather(outputs)
    path.write_text(whole.replace('"version": 2', '"version": 0'))
    with pytest.raises(StoreError, match=r"version 0, .*`upwell rebuild` makes it anew"):
        gather(outputs)
    with pytest.raises(StoreError, match="nothing says which files the corpus was read from"):
        rebuild(outputs, config=AS_USUAL, today=TODAY)


def test_a_batch_that_a_killed_run_left_goes(landing: Path, outputs: Path) -> None:
    gather(outputs, landing)
    stray = outputs / "state" / "corpus" / "000002.parquet"
    stray.write_bytes(b"half a bat")
    write(landing, {"c.jsonl": [4]})
    assert titles(gather(outputs, landing))[-1] == "Title 4"
    assert verify(outputs) == ()


def test_counts_that_do_not_add_up_are_named(landing: Path, outputs: Path) -> None:
    gather(outputs, landing)
    state = corpus.read_state(outputs)
    wrong = state.files[0].model_copy(update={"n_records": 7})
    corpus.write_state(outputs, state.model_copy(update={"files": (wrong, *state.files[1:])}))
    assert "not 7 and 0; run `upwell rebuild`" in verify(outputs)[0]


def test_damaged_vectors_are_named(outputs: Path) -> None:
    folder = outputs / "state" / "vectors" / "one"
    folder.mkdir(parents=True)
    (folder / "x.parquet").write_bytes(b"no parquet")
    vectors = pl.DataFrame(
        {"content_hash": ["a"], "vector": [[1.0, float("nan")]]},
        schema_overrides={"vector": pl.Array(pl.Float32, 2)},
    )
    vectors.write_parquet(folder / "y.parquet")
    found = verify(outputs)
    assert [
        ("x.parquet: damaged" in f, "y.parquet: a vector is not finite" in f) for f in found
    ] == [
        (True, False),
        (False, True),
    ]


# --- taking out and clearing away ------------------------------------------------------------


def test_a_removed_source_stays_out_whoever_brings_it(landing: Path, outputs: Path) -> None:
    gather(outputs, landing)
    take_papers_out(outputs, papers=(), sources=["a*"], today=TODAY)
    assert take_papers_out(outputs, papers=(), sources=["a*"], today=TODAY) == ()
    before = gather(outputs)
    assert titles(before) == ["Title 3"]
    write(landing, {"a2.jsonl": [8]})
    found = gather(outputs, landing)
    assert titles(found) == ["Title 3"]
    assert found.rejects.select("source", "reason").rows() == [
        ("a.jsonl#1", "removed"),
        ("a.jsonl#2", "removed"),
        ("a2.jsonl#1", "removed"),
    ]
    assert found.rejects["detail"][0] == "taken out by `upwell remove --source a*` on 2026-03-01"
    assert {f.name: (f.n_records, f.n_rejects) for f in found.files} == {
        "a.jsonl": (0, 2),
        "a2.jsonl": (0, 1),
        "b.jsonl": (1, 0),
    }


def test_what_is_not_there_cannot_be_removed(landing: Path, outputs: Path) -> None:
    gather(outputs, landing)
    with pytest.raises(StoreError, match=r"--source z\*: no file .* there are a.jsonl, b.jsonl"):
        take_papers_out(outputs, papers=(), sources=["z*"], today=TODAY)
    with pytest.raises(StoreError, match=r"--paper p1: the latest run .* has no such paper"):
        take_papers_out(outputs, papers=["p1"], sources=(), today=TODAY)


def test_a_removed_paper_takes_its_records_along() -> None:
    papers = pl.DataFrame({"paper_id": ["p1", "p2"], "sources": [["a#1", "b#1"], ["a#2"]]})
    duplicates = pl.DataFrame({"source": ["b#1"], "paper_id": ["p1"]})
    records = pl.DataFrame(
        {"source": ["a#1", "a#2", "b#1"], "title": ["T", "U", None], "abstract": ["x", "y", "z"]}
    )
    stay, twice, out = take_out(papers, duplicates, records, removed={"p1": TODAY, "p9": TODAY})
    assert stay["paper_id"].to_list() == ["p2"]
    assert twice.is_empty()
    assert out.select("source", "reason", "excerpt").rows() == [
        ("a#1", "removed", "T"),
        ("b#1", "removed", "z"),
    ]


def test_old_runs_go_but_never_the_latest(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    for name in ("1", "2", "3", "4"):
        (runs / name).mkdir(parents=True)
    (tmp_path / "latest").symlink_to(Path("runs") / "2")
    assert prune(tmp_path, keep=2) == ("1", "3")
    assert sorted(p.name for p in runs.iterdir()) == ["2", "4"]
    assert prune(tmp_path, keep=1) == ("4",)
    assert prune(tmp_path, keep=1) == ()
    assert [p.name for p in runs.iterdir()] == ["2"]


def test_a_state_of_an_older_version_is_read(landing: Path, outputs: Path) -> None:
    """It has no `language`, which was added since, and says version 1."""
    gather(outputs, landing)
    pl.read_parquet(batch(outputs)).drop("language").write_parquet(batch(outputs))
    path = outputs / "state" / "corpus.json"
    state = json.loads(path.read_text())
    sha256 = hashlib.sha256(batch(outputs).read_bytes()).hexdigest()
    state |= {"version": 1, "batches": state["batches"] | {batch(outputs).name: sha256}}
    path.write_text(json.dumps(state))
    (landing / "c.jsonl").write_text(line(4))
    found = gather(outputs, landing)
    assert found.n_read == 1
    assert titles(found) == [f"Title {n}" for n in (1, 2, 3, 4)]
    assert found.records.sort("title")["language"].to_list() == [None, None, None, "en"]
    assert json.loads(path.read_text())["version"] == corpus.VERSION


def test_a_batch_of_many_rows_is_in_parts(
    landing: Path, outputs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = gather(outputs.with_name("whole"), landing)
    monkeypatch.setattr(corpus, "PART_ROWS", 1)
    folder = outputs / "state" / "corpus"
    folder.mkdir(parents=True)
    (folder / "000001.9.parquet").write_text("of a run that was killed")
    found = gather(outputs, landing)
    assert sorted(path.name for path in folder.iterdir()) == [
        "000001.2.parquet",
        "000001.parquet",
        "000001.rejects.parquet",
    ]
    assert found.records.equals(whole.records)
    assert verify(outputs) == ()
    (folder / "000001.2.parquet").unlink()
    assert "000001.parquet or 000001.rejects.parquet: damaged or missing" in verify(outputs)[0]
    assert gather(outputs, landing).records.equals(whole.records)
    for n in range(corpus.MAX_BATCHES):
        write(landing, {f"more-{n:02}.jsonl": [10 + n]})
        found = gather(outputs, landing)
    assert found.records.height == 3 + corpus.MAX_BATCHES
    assert len(list(folder.glob("*[0-9].parquet"))) > 8  # the merged batch is in parts as well
    assert gather(outputs, landing).records.equals(found.records)
    assert verify(outputs) == ()
