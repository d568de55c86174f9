"""Harvesting live sources, against a local server that answers well, badly or not at all."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
import zstandard
from odd_source import Answer, Asked, Source, source

from upwell.config import FeedConfig
from upwell.harvest import (
    Client,
    Feed,
    Harvested,
    HarvestError,
    feeds_of,
    harvest,
    open_landing,
    secrets_of,
)
from upwell.harvest.client import TRIES
from upwell.harvest.pages import IDLE

TODAY = date(2026, 11, 27)
OAI = (
    '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2026-11-27</responseDate>'
    "{}</OAI-PMH>"
)


def oai(n_records: int, token: str = "", *, start: int = 0, total: int = 0) -> bytes:
    """A page of OAI-PMH with its resumption token."""
    records = "".join(
        f"<record><header><identifier>oai:arXiv.org:2611.{n:05d}</identifier></header></record>"
        for n in range(start, start + n_records)
    )
    size = f' completeListSize="{total}"' if total else ""
    more = f"<resumptionToken{size}>{token}</resumptionToken>" if token else ""
    return OAI.format(f"<ListRecords>{records}{more}</ListRecords>").encode()


def oai_error(code: str, message: str = "") -> bytes:
    return OAI.format(f'<error code="{code}">{message}</error>').encode()


def atom(n_entries: int, start: int, total: int) -> bytes:
    """A page of arXiv's search."""
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/2611.{n:05d}v1</id></entry>"
        for n in range(start, start + n_entries)
    )
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" '
        'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">'
        f"<opensearch:totalResults>{total}</opensearch:totalResults>"
        f"<opensearch:startIndex>{start}</opensearch:startIndex>{entries}</feed>"
    ).encode()


class Waits(list[float]):
    """What a client was told to wait, and what it said."""

    said: list[str]


def run(
    server: Source,
    landing: Path,
    *,
    since: date = TODAY,
    today: date = TODAY,
    client: dict[str, object] | None = None,
    feed: int = 0,
    again: bool = False,
    **given: object,
) -> tuple[Harvested, Waits]:
    """A harvest without waiting; what it brought, and how long it would have waited."""
    config = FeedConfig(
        **{
            "source": "arxiv",
            "since": since,
            "host": server.url,
            "pause_seconds": 0,
            "categories": "cs.CV",
        }
        | given
    )
    chosen = feeds_of(config, landing, today=today)[feed]
    waits = Waits()
    waits.said = []
    settings = {"pause": chosen.pause, "sleep": waits.append, "tell": waits.said.append}
    with Client(**settings | {"secrets": secrets_of(config)} | (client or {})) as asking:
        found = harvest(chosen, landing, since=since, today=today, client=asking, again=again)
    waits[:] = [seconds for seconds in waits if seconds > 0]
    return found, waits


def landed(folder: Path) -> list[bytes]:
    """The answers in a folder, in order, as they came."""
    return [zstandard.decompress(file.read_bytes()) for file in sorted(folder.glob("*.zst"))]


def in_turn(*answers: Answer | bytes) -> Callable[[Asked, int], Answer]:
    """Each answer once; the last one for ever."""

    def answer(_asked: Asked, number: int) -> Answer:
        given = answers[min(number, len(answers) - 1)]
        return given if isinstance(given, Answer) else Answer(given)

    return answer


# --- good sources ----------------------------------------------------------------------------


def test_pages_of_oai_land_as_they_came_and_are_not_asked_for_again(tmp_path: Path) -> None:
    first, second = oai(3, "t1", total=5), oai(2, start=3)
    with source(in_turn(first, second, oai_error("noRecordsMatch"))) as server:
        found, waits = run(server, tmp_path, since=date(2026, 11, 1), via="oai")
        assert (found.n_answers, found.n_records, found.resumed) == (2, 5, False)
        assert landed(tmp_path / "arxiv-oai" / "cs.CV") == [first, second]
        assert server.asked[0].params == {
            "verb": "ListRecords",
            "metadataPrefix": "arXiv",
            "set": "cs:cs:CV",
            "from": "2026-11-01",
            "until": "2026-11-27",
        }
        assert server.asked[1].params == {"verb": "ListRecords", "resumptionToken": "t1"}
        assert not waits
        tomorrow = TODAY + timedelta(days=1)
        again, _ = run(server, tmp_path, since=date(2026, 11, 1), today=tomorrow, via="oai")
    assert again.days == ((date(2026, 11, 26), tomorrow),)
    assert (server.asked[2].params["from"], len(server.asked)) == ("2026-11-26", 3)
    assert again.n_records == 0


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ("cs.CV", "cs:cs:CV"),
        ("cs", "cs"),
        ("stat.ML", "stat:stat:ML"),
        ("hep-th", "physics:hep-th"),
        ("astro-ph.GA", "physics:astro-ph:GA"),
        ("physics.optics", "physics:physics:optics"),
    ],
)
def test_the_sets_of_arxiv(category: str, name: str, tmp_path: Path) -> None:
    config = FeedConfig(source="arxiv", since=TODAY, categories=category, via="oai")
    (feed,) = feeds_of(config, tmp_path, today=TODAY)
    assert ("set", name) in feed.first(TODAY, TODAY).params


def test_pages_of_the_search_go_on_where_the_last_one_ended(tmp_path: Path) -> None:
    def answer(asked: Asked, _number: int) -> Answer:
        start = int(asked.params["start"])
        return Answer(atom(min(2, 5 - start), start, 5))  # fewer than asked for, as arXiv does

    with source(answer) as server:
        found, _ = run(server, tmp_path, via="api", categories="cs.CV,cs.LG", page_size=4)
    assert [asked.params["start"] for asked in server.asked] == ["0", "2", "4"]
    query = "(cat:cs.CV OR cat:cs.LG) AND submittedDate:[202611270000 TO 202611272359]"
    assert server.asked[0].params["search_query"] == query
    assert found.n_records == 5
    assert found.folder == tmp_path / "arxiv-api" / "cs.CV+cs.LG"


def test_daily_papers_are_asked_for_day_by_day(tmp_path: Path) -> None:
    papers = {("2026-11-26", "0"): 2, ("2026-11-26", "1"): 1}

    def answer(asked: Asked, _number: int) -> Answer:
        n = papers.get((asked.params["date"], asked.params["p"]), 0)
        return Answer(
            json.dumps([{"day": asked.params["date"], "n": k} for k in range(n)]).encode()
        )

    with source(answer) as server:
        since = date(2026, 11, 26)
        found, _ = run(server, tmp_path, source="huggingface", since=since, page_size=2)
    asked = [(a.params["date"], a.params["p"]) for a in server.asked]
    assert asked == [("2026-11-26", "0"), ("2026-11-26", "1"), ("2026-11-27", "0")]
    assert {a.path for a in server.asked} == {"/api/daily_papers"}
    assert found.n_records == 3


def test_works_of_openalex_are_followed_by_cursor_and_the_key_is_never_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENALEX_API_KEY", "s3cret")
    pages = {"*": (["w1", "w2"], "c2"), "c2": (["w3"], "c3"), "c3": ([], None)}

    def answer(asked: Asked, _number: int) -> Answer:
        works, cursor = pages[asked.params["cursor"]]
        meta = {"count": 3, "next_cursor": cursor}
        return Answer(json.dumps({"meta": meta, "results": [{"id": w} for w in works]}).encode())

    with source(answer) as server:
        found, waits = run(server, tmp_path, source="openalex", filter="type:article")
    assert [a.params["cursor"] for a in server.asked] == ["*", "c2", "c3"]
    assert {a.params["api_key"] for a in server.asked} == {"s3cret"}
    assert server.asked[0].params["filter"] == (
        "type:article,from_publication_date:2026-11-27,to_publication_date:2026-11-27"
    )
    assert (found.n_answers, found.n_records) == (3, 3)
    written = b"".join(f.read_bytes() for f in tmp_path.rglob("*") if f.is_file())
    assert b"s3cret" not in written + " ".join(waits.said).encode()


def test_the_source_is_told_who_asks_and_is_left_time(tmp_path: Path) -> None:
    waits: list[float] = []
    with source(in_turn(oai(1, "t"), oai(1, start=1))) as server:
        run(server, tmp_path, via="oai", client={"pause": 3.0, "sleep": waits.append,
                                                  "contact": "me@example.org"})  # fmt: skip
    assert server.asked[0].headers["User-Agent"].startswith("upwell/")
    assert "me@example.org" in server.asked[0].headers["User-Agent"]
    assert waits[0] == 0
    assert 2.5 < waits[1] <= 3.0


# --- sources that misbehave ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "least"),
    [
        (Answer(b"slow down", 429, {"Retry-After": "42"}), 42),
        (Answer(b"", 503, {"Retry-After": "0"}), 5),
        (Answer(b"", 500), 5),
        (Answer(oai(9), cut=40), 5),
        (Answer(b"<html>captive portal</html>"), 5),
        (Answer(b'<!DOCTYPE x [<!ENTITY a "aaaa">]><OAI-PMH/>'), 5),
        (Answer(b"\x1f\x8b nonsense", headers={"Content-Encoding": "gzip"}), 5),
        (Answer(b""), 5),
    ],
    ids=["429", "503", "500", "cut", "wrong type", "entities", "gzip", "nothing"],
)
def test_what_may_pass_is_asked_for_again_after_a_while(
    bad: Answer, least: float, tmp_path: Path
) -> None:
    with source(in_turn(bad, oai(2))) as server:
        found, waits = run(server, tmp_path, via="oai")
    assert found.n_records == 2
    assert len(waits) == 1
    assert least <= waits[0] <= 2 * least
    assert "trying again" in waits.said[0]


def test_a_date_to_come_back_is_kept(tmp_path: Path) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    with source(in_turn(Answer(b"", 503, {"Retry-After": later}), oai(1))) as server:
        _, waits = run(server, tmp_path, via="oai")
    assert 80 < waits[0] <= 180


def test_a_date_to_come_back_is_by_the_clock_of_the_source(tmp_path: Path) -> None:
    fast = datetime.now(UTC) + timedelta(hours=5)
    headers = {
        "Date": format_datetime(fast, usegmt=True),
        "Retry-After": format_datetime(fast + timedelta(seconds=90), usegmt=True),
    }
    with source(in_turn(Answer(b"", 503, headers), oai(1))) as server:
        _, waits = run(server, tmp_path, via="oai")
    assert 90 <= waits[0] <= 180


@pytest.mark.parametrize("said", ["-5", "1.5", "soon", "Fri, 27 Nov 2020 10:00:00 GMT"])
def test_a_time_to_come_back_that_is_none_or_past_is_not_waited_for(
    said: str, tmp_path: Path
) -> None:
    with source(in_turn(Answer(b"", 503, {"Retry-After": said}), oai(1))) as server:
        _, waits = run(server, tmp_path, via="oai")
    assert 5 <= waits[0] <= 10


def test_days_to_come_are_not_taken_for_harvested(tmp_path: Path) -> None:
    """The clock here may be wrong: what is to come would never be asked for."""
    then = format_datetime(datetime.now(UTC) - timedelta(days=3), usegmt=True)
    with source(in_turn(Answer(oai(1), headers={"Date": then}))) as server:
        with pytest.raises(HarvestError, match="and days that are not over would"):
            run(server, tmp_path, via="oai")
        assert not landed(tmp_path / "arxiv-oai" / "cs.CV")
    cached = {"Date": then, "Age": str(3 * 86_400)}
    with source(in_turn(Answer(oai(1), headers=cached))) as server:
        found, _ = run(server, tmp_path, via="oai")
    assert found.n_records == 1


def test_a_source_that_asks_for_hours_is_left_alone(tmp_path: Path) -> None:
    with (
        source(in_turn(Answer(b"", 429, {"Retry-After": "7200"}))) as server,
        pytest.raises(HarvestError, match=r"left alone for 2\.0 hours"),
    ):
        run(server, tmp_path, via="oai")
    assert len(server.asked) == 1


def test_a_source_that_stays_away_is_given_up_and_gone_on_with_later(tmp_path: Path) -> None:
    first = oai(3, "t1", total=5)
    away = Answer(b"upstream", 502)
    with source(in_turn(first, *[away] * TRIES, oai(2, start=3))) as server:
        with pytest.raises(HarvestError, match="gave up after 6 tries: HTTP 502 Bad Gateway: upst"):
            run(server, tmp_path, via="oai")
        assert landed(tmp_path / "arxiv-oai" / "cs.CV") == [first]
        found, _ = run(server, tmp_path, via="oai")
    assert found.resumed
    # The rest of the sequence; the days of overlap, asked for again, had the same answer.
    assert (found.n_records, found.n_repeated) == (2, 1)
    resumed = server.asked[1 + TRIES].params
    assert resumed == {"verb": "ListRecords", "resumptionToken": "t1"}


def test_nobody_listens(tmp_path: Path) -> None:
    with source(in_turn(b"")) as server:
        pass
    with pytest.raises(HarvestError, match="gave up after 6 tries: no whole answer came"):
        run(server, tmp_path, via="oai")


def test_a_slow_drip_ends(tmp_path: Path) -> None:
    with (
        source(in_turn(Answer(oai(2), drip=0.01))) as server,
        pytest.raises(HarvestError, match="not complete after 0 s"),
    ):
        run(server, tmp_path, via="oai", client={"limit": 0.05})


def test_silence_ends(tmp_path: Path) -> None:
    with (
        source(in_turn(Answer(oai(2), drip=1.0))) as server,
        pytest.raises(HarvestError, match="timed out"),
    ):
        run(server, tmp_path, via="oai", client={"timeout": 0.05})


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(b"no such set", 404), "HTTP 404 Not Found: no such set"),
        (Answer(oai_error("badArgument", "no such set")), "arXiv says badArgument: no such set"),
        (Answer(b"", 302, {"Location": "/oai"}), "over 5 redirects, one after the other"),
    ],
)
def test_a_refusal_is_told_at_once(answer: Answer, words: str, tmp_path: Path) -> None:
    with source(in_turn(answer)) as server, pytest.raises(HarvestError, match=words):
        run(server, tmp_path, via="oai")
    assert len(server.asked) <= 6  # the circle of redirects; the others are asked once


def test_an_error_feed_is_told(tmp_path: Path) -> None:
    entry = "<entry><id>https://arxiv.org/api/errors#x</id><summary>incorrect id format</summary></entry>"
    body = atom(0, 0, 1).replace(b"</feed>", entry.encode() + b"</feed>")
    with source(in_turn(body)) as server, pytest.raises(HarvestError, match="incorrect id format"):
        run(server, tmp_path, via="api")


def test_a_search_of_too_many_papers_is_told_the_other_way(tmp_path: Path) -> None:
    with (
        source(in_turn(atom(2, 0, 40_000))) as server,
        pytest.raises(HarvestError, match="--via oai"),
    ):
        run(server, tmp_path, via="api")


def test_an_empty_page_is_asked_for_again(tmp_path: Path) -> None:
    pages = [atom(0, 0, 0), atom(2, 0, 3), atom(0, 2, 3), atom(1, 2, 3)]
    with source(in_turn(*pages)) as server:
        found, _ = run(server, tmp_path, via="api")
    assert found.n_records == 3
    with source(in_turn(atom(0, 0, 0))) as server:
        found, _ = run(server, tmp_path / "weekend", via="api")
    assert (found.n_records, len(server.asked)) == (0, 3)
    with (
        source(in_turn(atom(2, 0, 3), atom(0, 2, 3))) as server,
        pytest.raises(HarvestError, match="there are 3 records and gives none"),
    ):
        run(server, tmp_path / "lost", via="api")


def test_an_expired_token_begins_the_sequence_again(tmp_path: Path) -> None:
    first, second = oai(3, "t1"), oai(2, start=3)
    expired = oai_error("badResumptionToken", "expired")
    with source(in_turn(first, expired, first, second)) as server:
        found, waits = run(server, tmp_path, via="oai")
    assert (found.n_answers, found.n_records, found.n_repeated) == (2, 5, 1)
    assert landed(tmp_path / "arxiv-oai" / "cs.CV") == [first, second]
    assert "asked for from the first one again" in waits.said[0]
    with (
        source(in_turn(first, expired)) as server,
        pytest.raises(HarvestError, match="forgets its own place"),
    ):
        run(server, tmp_path / "for-ever", via="oai")


def test_a_token_comes_back_as_it_was_given(tmp_path: Path) -> None:
    token = "verb%3DListRecords%26from%3D2026-11-01 a+b&c=d#e?f/é"
    escaped = token.replace("&", "&amp;")
    with source(in_turn(oai(1, escaped), oai(1, start=1))) as server:
        run(server, tmp_path, via="oai")
    assert server.asked[1].params["resumptionToken"] == token


def test_the_same_records_under_ever_new_tokens_end(tmp_path: Path) -> None:
    def answer(_asked: Asked, number: int) -> Answer:
        stamp = f"<request>{number}</request><ListRecords>".encode()  # no two answers are the same
        return Answer(oai(3, f"t{number}").replace(b"<ListRecords>", stamp))

    with source(answer) as server, pytest.raises(HarvestError, match="bring nothing new"):
        run(server, tmp_path, via="oai")
    assert len(server.asked) == 1 + IDLE

    def twice(asked: Asked, _number: int) -> Answer:  # its second page comes twice, then it goes on
        page = int(asked.params.get("resumptionToken", "0"))
        return Answer(oai(2, str(page + 1) if page < 3 else "", start=2 * (page - (page > 1))))

    with source(twice) as server:
        found, _ = run(server, tmp_path / "twice", via="oai")
    assert found.n_answers == 4


def test_fewer_records_than_announced_are_told(tmp_path: Path) -> None:
    pages = [oai(2, "t1", total=9), oai(1, "t2", start=2, total=4), oai(1, start=3)]
    with source(in_turn(*pages)) as server:
        found, waits = run(server, tmp_path, via="oai")
    assert (found.n_records, found.n_short) == (4, 5)
    assert len(waits.said) == 1
    assert "the source said that there are 9 records and gave 5 less; --again" in waits.said[0]


def test_a_key_that_a_source_repeats_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENALEX_API_KEY", "s3cret")
    away, refused = Answer(b"quota of s3cret", 429), Answer(b"no key s3cret", 403)
    with (
        source(in_turn(away, refused)) as server,
        pytest.raises(HarvestError, match="HTTP 403 Forbidden: no key …; check what"),
    ):
        run(server, tmp_path, source="openalex")
    with source(in_turn(away)) as server, pytest.raises(HarvestError, match=r"quota of …\. What"):
        run(server, tmp_path, source="openalex")


def test_where_a_redirect_led_is_told(tmp_path: Path) -> None:
    with source(in_turn(b"<html>log in</html>")) as portal:
        there = {"Location": portal.url.replace("127.0.0.1", "localhost")}
        with (
            source(in_turn(Answer(b"", 302, there))) as server,
            pytest.raises(HarvestError, match=r"\(a redirect led to localhost\)$"),
        ):
            run(server, tmp_path, via="oai")


def test_a_page_that_comes_twice_lands_once_and_a_circle_ends(tmp_path: Path) -> None:
    same = oai(3, "t1")
    with source(in_turn(same)) as server, pytest.raises(HarvestError, match="go in a circle"):
        run(server, tmp_path, via="oai")
    assert len(server.asked) == 2
    assert landed(tmp_path / "arxiv-oai" / "cs.CV") == [same]


# --- which way, and what is asked for ---------------------------------------------------------


def test_auto_takes_the_search_for_days_and_stays_with_it(tmp_path: Path) -> None:
    def chosen(since: date, categories: str = "cs.CV", today: date = TODAY) -> list[Feed]:
        given = FeedConfig(source="arxiv", since=since, categories=categories)
        return [feed.folder for feed in feeds_of(given, tmp_path, today=today)]

    long_ago = TODAY - timedelta(days=100)
    assert chosen(TODAY) == ["arxiv-api/cs.CV"]
    assert chosen(long_ago, "cs.CV cs.LG") == ["arxiv-oai/cs.CV", "arxiv-oai/cs.LG"]
    assert chosen(TODAY, "") == ["arxiv-oai/all"]
    with open_landing(tmp_path / "arxiv-api" / "cs.CV"):
        pass
    assert chosen(long_ago) == ["arxiv-api/cs.CV"]


@pytest.mark.parametrize("name", ["cs CV.", "CS.cv", "cs.CV;rm"])
def test_categories_look_like_categories(name: str) -> None:
    with pytest.raises(ValueError, match="is no category of arXiv"):
        FeedConfig(source="arxiv", since=TODAY, categories=(name,))


@pytest.mark.parametrize(
    "host", ["export.arxiv.org", "ftp://x.org", "http://", "http://[x", "https://x.org/?a=b"]
)
def test_a_host_is_an_address(host: str) -> None:
    with pytest.raises(ValueError, match="an address begins with http:// or https://"):
        FeedConfig(source="arxiv", since=TODAY, host=host)
    FeedConfig(source="arxiv", since=TODAY, host="http://localhost:8000/mirror/")


def test_a_contact_is_a_mail_address() -> None:
    with pytest.raises(ValueError, match="a mail address, such as you@"):
        FeedConfig(source="arxiv", since=TODAY, contact="mü\nX: y@example.org")
    FeedConfig(source="arxiv", since=TODAY, contact="me@example.org")


# --- recorded answers ------------------------------------------------------------------------

RECORDED = Path(__file__).parents[1].parent / "shared" / "corpora" / "api"


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded answers are not on this machine")
@pytest.mark.parametrize(
    ("given", "names", "n_records"),
    [
        ({"via": "oai"}, ["arxiv_oai_resumption.xml", "arxiv_oai_page.xml"], 3),
        ({"via": "oai"}, ["arxiv_oai_empty.xml"], 0),
        ({"via": "api"}, ["arxiv_atom_q_testing_s0_m100_cfe7536492ca.xml"], 100),
        ({"source": "openalex"}, ["openalex_works.json"], 3),
    ],
    ids=["oai", "oai, empty", "search", "openalex"],
)
def test_recorded_answers_land_and_are_read(
    given: dict[str, str], names: list[str], n_records: int, tmp_path: Path
) -> None:
    from upwell.config import SourceConfig
    from upwell.sources import find_files, read_files

    bodies = [(RECORDED / name).read_bytes() for name in names]
    # One page of a search with 214,881 results: as if it were all of them.
    bodies = [body.replace(b">214881<", b">100<") for body in bodies]
    with source(in_turn(*bodies)) as server:
        found, _ = run(server, tmp_path, **given)
    assert landed(found.folder) == bodies
    read = read_files(find_files([tmp_path]), config=SourceConfig(), today=TODAY)
    gone = set(read.rejects["reason"]) - {"no_abstract", "empty_file"}
    assert not gone
    assert found.n_records == n_records
    n_empty = read.rejects.filter(reason="empty_file").height
    assert read.records.height + read.rejects.height - n_empty == n_records
