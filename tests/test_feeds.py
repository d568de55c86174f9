"""The list of live sources of a daily deployment, and what a dry run says."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from flows.feeds import FeedsError, read_feeds
from flows.harvest_command import plan
from upwell.config import FeedConfig
from upwell.harvest import open_landing


def test_a_list_of_sources(tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(
        '[[feed]]\nsource = "arxiv"\ncategories = ["cs.CV", "cs.LG"]\nsince = 2026-01-01\n\n'
        '[[feed]]\nsource = "openalex"\nfilter = "type:article"\nsince = 2026-01-01\n'
    )
    first, second = read_feeds(path)
    assert first == FeedConfig(
        source="arxiv", categories=("cs.CV", "cs.LG"), since=date(2026, 1, 1)
    )
    assert second.filter == "type:article"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[feed", "the list of sources cannot be read: "),
        ("", r"write each source as a table \[\[feed\]\]"),
        ("[feed]\n", r"write each source as a table \[\[feed\]\]"),
        ('[[feeds]]\nsource = "arxiv"\n', "there is feeds"),
        ('[[feed]]\nsource = "arxiv"\n', "feed 1: since: Field required"),
        ('[[feed]]\nsource = "x"\nsince = 2026-01-01\n', "feed 1: source: Input should be 'arxiv'"),
        (
            '[[feed]]\nsource = "arxiv"\nsince = 2026-01-01\n' * 2 + 'name = "a"\n',
            "feed 2: name: Extra inputs are not permitted; its fields are .*, overlap_days, source, ",
        ),
        (
            '[[feed]]\nsource = "arxiv"\nsince = 2026-01-01\nhost = "x"\n',
            "feed 1: host: an address begins with http",
        ),
    ],
)
def test_a_list_that_is_none_says_where(text: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "feeds.toml"
    path.write_text(text)
    with pytest.raises(FeedsError, match=words):
        read_feeds(path)
    with pytest.raises(FeedsError, match=r"gone\.toml: the list of sources cannot be read"):
        read_feeds(tmp_path / "gone.toml")


def test_a_dry_run_says_what_would_be_asked_and_writes_nothing(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    config = FeedConfig(source="arxiv", categories="cs.CV", since=today, via="oai")
    said = plan(config, tmp_path)
    assert said.startswith("arxiv-oai/cs.CV: one request in 3 s, into ")
    assert f"{today} to {today}: https://oaipmh.arxiv.org/oai?verb=ListRecords&" in said
    assert not list(tmp_path.iterdir())


def test_a_dry_run_says_that_it_would_go_on(tmp_path: Path) -> None:
    from upwell.harvest import Ask

    today = datetime.now(UTC).date()
    with open_landing(tmp_path / "huggingface") as place:
        place.begin(today, today, Ask("http://localhost/x", (("p", "0"),)))
    said = plan(FeedConfig(source="huggingface", since=today), tmp_path)
    assert "  goes on with http://localhost/x?p=0" in said
