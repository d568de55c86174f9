"""Live sources through Prefect: what lands is analysed, and a source that fails is named."""

import json
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from odd_source import Answer, Asked, source
from small_run import FIELDS, WORDS

pytestmark = [pytest.mark.flow, pytest.mark.usefixtures("prefect_server")]


def daily_papers(asked: Asked, _number: int) -> Answer:
    """Forty made-up papers of one day; the other source refuses."""
    if asked.path != "/api/daily_papers":
        return Answer(b"no such set", 404)
    words = WORDS.split()
    papers = [
        {
            "paper": {
                "id": f"2611.{n:05d}",
                "title": f"On {field} with {words[n % 14]} and {words[n // 3 % 14]}",
                "summary": text.format(field) + f" See {words[n % 14]} {words[n // 2 % 14]} {n}.",
                "publishedAt": f"2026-11-{1 + n % 20:02d}T00:00:00.000Z",
            }
        }
        for n, (field, text) in enumerate([*FIELDS.items()] * 10)
    ]
    return Answer(json.dumps(papers).encode())


def test_what_a_source_gives_is_analysed_though_another_fails(tmp_path: Path) -> None:
    from prefect.client.orchestration import get_client

    from flows.daily import daily

    feeds, today = tmp_path / "feeds.toml", datetime.now(UTC).date()
    with source(daily_papers) as server:
        arxiv = (
            f'[[feed]]\nsource = "arxiv"\nvia = "oai"\nhost = "{server.url}"\nsince = {today}\n'
            'categories = ["cs.CV"]\npause_seconds = 0\n'
        )
        papers = (
            f'[[feed]]\nsource = "huggingface"\nhost = "{server.url}"\nsince = {today}\n'
            "pause_seconds = 0\n"
        )
        feeds.write_text(arxiv + papers)
        places = {"landing": tmp_path / "landing", "outputs": tmp_path / "outputs"}
        failed = daily(feeds, **places, return_state=True)
        feeds.write_text(papers)
        again = daily(feeds, **places, return_state=True)
    assert failed.is_failed()
    assert "1 of 2 feeds were harvested. arxiv-oai/cs.CV: " in failed.message
    assert "HTTP 404 Not Found: no such set" in failed.message
    run = (tmp_path / "outputs" / "latest").resolve()
    assert pl.read_parquet(run / "papers.parquet").height == 40
    assert json.loads((run / "run.json").read_text())["counts"]["n_rejects"] == 0
    assert again.is_completed()
    assert again.message.startswith("Nothing new: the 40 records are those of run ")
    with get_client(sync_client=True) as client:
        pages = [a for a in client.read_artifacts() if a.key == "harvest"]
        assert "404" in max(pages, key=lambda a: a.created).data or len(pages) == 2
        names = {run.name for run in client.read_task_runs()}
        inside = [r for r in client.read_flow_runs() if r.parent_task_run_id]
    assert all("upwell" in run.tags for run in inside if "landing" in run.name)
    assert f"harvest huggingface since {today}" in names


def test_a_source_alone_fails_the_run(tmp_path: Path) -> None:
    from flows.harvest import harvest
    from upwell.config import FeedConfig
    from upwell.harvest import HarvestError

    feed = FeedConfig(source="arxiv", since=datetime.now(UTC).date(), via="api")
    with pytest.raises(HarvestError, match=r"0 of 1 feeds were harvested\. arxiv: .*--categories"):
        harvest([feed], tmp_path)


def oai_record(n: int, *, touched: str, more: str = "") -> str:
    """A made-up paper as OAI-PMH has it; `more` is what a replacement adds to it."""
    words = WORDS.split()
    field, text = [*FIELDS.items()][n % len(FIELDS)]
    abstract = f"{text.format(field)} See {words[n % 14]} {words[n // 2 % 14]} {n}.{more}"
    return (
        f"<record><header><identifier>oai:arXiv.org:2610.{n:05d}</identifier>"
        f"<datestamp>{touched}</datestamp></header><metadata>"
        f'<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>2610.{n:05d}</id>'
        f"<created>2026-10-{1 + n % 20:02d}</created><updated>{touched}</updated>"
        f"<title>{'Revised: on' if more else 'On'} {field} with {words[n // 3 % 14]} {n}</title>"
        f"<categories>cs.CV</categories><abstract>{abstract}</abstract></arXiv></metadata></record>"
    )


def oai_page(*records: str) -> Answer:
    return Answer(
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords>'
        f"{''.join(records)}</ListRecords></OAI-PMH>".encode()
    )


def test_a_paper_that_arxiv_replaced_is_the_same_paper_as_it_is_now(tmp_path: Path) -> None:
    """Its text is the new one, as that is fuller; its date stays that of the first version."""
    from flows.analyse import analyse
    from flows.harvest import harvest
    from upwell.config import FeedConfig

    added = " This version adds a proof, and experiments on three more sets of data than before."
    pages = [
        oai_page(*(oai_record(n, touched="2026-10-20") for n in range(40))),
        oai_page(oai_record(7, touched="2026-11-25", more=added)),
    ]
    landing, outputs = tmp_path / "landing", tmp_path / "outputs"

    def one_day(number: int) -> pl.DataFrame:
        with source(lambda _asked, _number: pages[number]) as server:
            since = datetime.now(UTC).date()
            feed = FeedConfig(
                source="arxiv", via="oai", categories="cs.CV", since=since, host=server.url
            )
            harvest([feed], landing)
        folder = analyse([landing], outputs, join=True)
        return pl.read_parquet(folder / "papers.parquet").filter(arxiv_id="2610.00007")

    first, now = one_day(0), one_day(1)
    assert now["paper_id"].to_list() == first["paper_id"].to_list()
    assert [first["title"][0][:3], now["title"][0][:8]] == ["On ", "Revised:"]
    assert now["abstract"][0] == first["abstract"][0] + added
    assert now["published"].to_list() == [datetime(2026, 10, 8).date()]
    run = (outputs / "latest").resolve()
    assert pl.read_parquet(run / "papers.parquet").height == 40
    folded = pl.read_parquet(run / "duplicates.parquet")
    assert folded.select("paper_id", "method").rows() == [(now["paper_id"][0], "identifier")]
    assert folded["source"][0].startswith("arxiv-oai/cs.CV/0001-000001.xml.zst#")
