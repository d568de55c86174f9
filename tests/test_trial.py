"""`upwell theme`: which theme is meant, on which papers it is tried, and what is shown."""

import shutil
import sys
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from made_up import manifest
from rich.console import Console

from flows import trial, trial_view
from flows.published import RunError
from flows.trial import choose_theme, gather, try_out
from upwell.config import RunConfig, SourceConfig, Theme
from upwell.sample import sample_files
from upwell.sources import InputError
from upwell.tables import PAPERS, THEME_PAPERS, TOPICS
from upwell.themes import WatchListError
from upwell.trends import measure_trends

WATCH_LIST = """
[[theme]]
name = "noise"
description = "wrong labels"
phrases = ["label noise"]
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample corpus as files."""
    folder = tmp_path_factory.mktemp("sample")
    for name, content in sample_files().files.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def outputs(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An outputs folder whose latest run read those files and has two topics and a theme."""
    unplaced = gather([files], Path("nowhere"), SourceConfig()).papers
    papers = PAPERS.conform(
        unplaced.with_columns(
            topic_id=pl.col("paper_id").hash(seed=1) % 3, topic_strength=0.5, x=0.0, y=0.0
        ).with_columns(pl.col("topic_id").cast(pl.Int32) - 1)
    )
    topics = pl.DataFrame(
        {
            "topic_id": [0, 1], "label": ["one", "two"], "keywords": [["a"], ["b"]],
            "n_papers": [1, 1], "exemplars": [[], []], "coherence": 0.0, "stability": 0.0,
            "parent_id": None, "first_run": "r",
        }
    )  # fmt: skip
    followed = papers.head(60).select(
        "paper_id", theme=pl.lit("first sixty"), score=1.0, evidence=pl.lit("x")
    )
    outputs = tmp_path_factory.mktemp("outputs")
    run = outputs / "runs" / "r"
    run.mkdir(parents=True)
    for table, frame in ((PAPERS, papers), (TOPICS, topics), (THEME_PAPERS, followed)):
        table.conform(frame).write_parquet(run / f"{table.name}.parquet")
    config = RunConfig(themes=(Theme(name="first sixty", phrases=("sixty",)),))
    about = manifest().model_copy(update={"config": config})
    (run / "run.json").write_text(about.model_dump_json())
    (outputs / "latest").symlink_to(run, target_is_directory=True)
    return outputs


# --- which theme -----------------------------------------------------------------------------


def test_a_name_of_the_watch_list_is_its_theme_and_other_text_a_phrase(tmp_path):
    listed = choose_theme("Label  noise", watch_list=None, also=(), exclude=())
    assert listed.name == "label noise"
    assert len(listed.phrases) > 5
    bare = choose_theme("state space models", watch_list=None, also=(), exclude=())
    assert bare == Theme(name="state space models", phrases=("state space models",))
    (tmp_path / "mine.toml").write_text(WATCH_LIST)
    mine = choose_theme("noise", watch_list=tmp_path / "mine.toml", also=["bad labels"], exclude=["speech"])  # fmt: skip
    assert mine == Theme(
        name="noise",
        description="wrong labels",
        phrases=("label noise", "bad labels"),
        exclude=("speech",),
    )


def test_a_theme_that_is_not_there_is_named_with_those_that_are(tmp_path):
    (tmp_path / "mine.toml").write_text(WATCH_LIST)
    with pytest.raises(WatchListError, match=r"mine.toml has no theme 'mamba'; it has 'noise'"):
        choose_theme("mamba", watch_list=tmp_path / "mine.toml", also=(), exclude=())
    with pytest.raises(WatchListError, match="the phrase ' ' has no word"):
        choose_theme("mamba", watch_list=None, also=[" "], exclude=())


# --- which papers ----------------------------------------------------------------------------


def test_without_a_run_and_without_files_the_remedy_is_named(tmp_path):
    with pytest.raises(InputError, match="holds no run yet: start one with `upwell run`"):
        gather((), tmp_path, SourceConfig())
    (tmp_path / "short.jsonl").write_text('{"title": "A", "abstract": "Three words here"}\n')
    with pytest.raises(InputError, match="1 rejected"):
        gather([tmp_path], tmp_path, SourceConfig())


def test_a_damaged_run_is_named(outputs, tmp_path):
    (tmp_path / "latest").mkdir()
    with pytest.raises(RunError, match=r"latest: this is not the folder of a published run"):
        gather((), tmp_path, SourceConfig())
    damaged = tmp_path / "damaged"
    shutil.copytree(outputs / "latest", damaged / "latest")
    (damaged / "latest" / "topics.parquet").write_bytes(b"broken")
    with pytest.raises(RunError, match=r"topics.parquet: this table cannot be read.*make the run"):
        gather((), damaged, SourceConfig())


def test_topics_are_used_where_the_run_knows_every_paper(outputs, files, tmp_path):
    assert gather((), outputs, SourceConfig()).topics.height == 2
    assert gather([files], outputs, SourceConfig()).topics.height == 2
    (tmp_path / "new.jsonl").write_text(
        '{"title": "A new paper", "abstract": "It is about the life of bees in a city, how they '
        'find their food there and how far they fly for it.", "date": "2024-05-06"}\n'
    )
    other = gather([files, tmp_path / "new.jsonl"], outputs, SourceConfig())
    assert other.topics.is_empty()
    assert other.config.themes == ()


# --- what comes of it ------------------------------------------------------------------------


def test_a_theme_is_tested_among_the_subjects_of_the_run(outputs):
    theme = choose_theme("distillation", watch_list=None, also=(), exclude=())
    material = gather((), outputs, SourceConfig())
    matching, trends = try_out(theme, material, outputs)
    assert set(trends.trends["subject"]) == {"0", "1", "first sixty", "distillation"}
    assert matching.theme_papers["theme"].unique().to_list() == ["distillation"]
    row = trends.trends.filter(subject="distillation").row(0, named=True)
    assert row["growth"] < 1, "it falls in the sample corpus"
    alone = try_out(theme, trial.Material.new("x", material.papers, RunConfig()), outputs)[1]
    assert alone.trends["subject"].to_list() == ["distillation"]


def test_everything_fits_80_columns(outputs, capsys):
    trial.run(
        "noisy labels", (), outputs=outputs, watch_list=None, also=["mislabelled"],
        exclude=["teacher"], limit=2, sources=SourceConfig(),
    )  # fmt: skip
    said = capsys.readouterr().out
    for words in ("noisy labels: ", "Surest", "Just inside", "Just outside", "Trend", "Share by month, 2023-01 to ", "Tested among 3 other subjects", "[[theme]]", '"mislabelled",'):  # fmt: skip
        assert words in said
    shown = said.split("[[theme]]")[0].splitlines()
    assert max(map(len, shown)) <= 80
    assert sum(line[:2] in {"0.", "1."} for line in shown) == 6
    assert "▁" in said


def test_a_theme_of_the_watch_list_is_not_printed_again_and_one_without_papers_says_so(outputs, capsys):  # fmt: skip
    trial.run(
        "label noise", (), outputs=outputs, watch_list=None, also=(), exclude=(), limit=1,
        sources=SourceConfig(),
    )  # fmt: skip
    assert "[[theme]]" not in capsys.readouterr().out
    trial.run(
        "basket weaving", (), outputs=outputs, watch_list=None, also=(), exclude=(), limit=1,
        sources=SourceConfig(),
    )  # fmt: skip
    said = capsys.readouterr().out
    assert "basket weaving: 0 of" in said
    assert "has no paper" in said
    assert "the evidence is not enough to say: only 0" in said.replace("\xa0", " ")


def test_the_share_is_drawn_from_nothing_to_the_highest():
    months = [date(2020 + i // 12, i % 12 + 1, 1) for i in range(24)]
    papers = pl.DataFrame(
        {
            "paper_id": [f"p{i:03d}" for i in range(240)],
            "published": [months[i // 10] for i in range(240)],
            "date_precision": "day",
            "categories": [[] for _ in range(240)],
            "sources": [["a.txt#1"] for _ in range(240)],
        },
        schema_overrides={"categories": pl.List(pl.String)},
    )
    subjects = pl.DataFrame({"kind": ["theme"], "subject": ["t"], "name": ["t"]})
    # none of the first month's ten papers, one of the second's, … ten of the eleventh's, then none
    chosen = [i for i in range(110) if i % 10 < i // 10]
    members = pl.DataFrame(
        {"kind": "theme", "subject": "t", "paper_id": [f"p{i:03d}" for i in chosen]}
    )
    config = RunConfig(trends={"bucket": "month"}).trends
    found = measure_trends(papers, members, subjects, config=config)
    drawn = trial_view.sparkline(found.series.sort("bucket_start"), "month")
    assert drawn.startswith("Share by month, 2020-01 to 2021-12: ▁▂▂▃▄▅▅▆▇▇█▁▁▁▁▁▁▁▁▁▁▁▁▁ (highest")
    many = pl.concat([found.series] * 6)
    assert trial_view.sparkline(many, "month").startswith("Share by 3 months, ")


def test_markup_in_a_title_is_text(capsys):
    paper = {
        "score": 0.5, "title": "[bold]A[/bold]\nB", "evidence": "[red]x", "published": date(2024, 5, 1),
        "date_precision": "month",
    }  # fmt: skip
    trial_view.show_paper(Console(file=sys.stdout, width=80), paper)
    assert capsys.readouterr().out == "0.50  2024-05     [bold]A[/bold] B\n      [red]x\n"
