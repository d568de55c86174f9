"""Feeds: what arXiv, OAI-PMH, OpenAlex, Semantic Scholar, Hugging Face and the ACL Anthology hand out."""

import datetime as dt
import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from upwell.config import SourceConfig
from upwell.sources import find_files, read_files

TODAY = dt.date(2025, 11, 21)
A = "We show that alpha waves rise when the reader of a table is surprised by it."
B = "We show that beta waves fall when the reader of a table has seen it before."
C = "We show that gamma waves do nothing at all while nobody reads any table."


@pytest.fixture
def read(tmp_path):
    def reading(data, name="input"):
        (tmp_path / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        return read_files(find_files([tmp_path / name]), config=SourceConfig(), today=TODAY)

    return reading


def kind(reading):
    return reading.files[0].format


def rows(reading, *columns):
    """Positions and columns of the records, in the order of the file."""
    found = reading.records.select("source", *columns).rows()
    return sorted(((r[0].split("#")[1], *r[1:]) for r in found), key=lambda r: place(r[0]))


def place(position):
    return [int(part) for part in position.split(":")]


def rejects(reading):
    return sorted(
        (r["source"].removeprefix("input").removeprefix("#"), r["reason"])
        for r in reading.rejects.iter_rows(named=True)
    )


def detail(reading):
    return reading.rejects["detail"].str.join("; ").item()


# ---- arXiv Atom -----------------------------------------------------------------------------


def feed(*entries, total=None):
    found = f"<opensearch:totalResults>{total}</opensearch:totalResults>" if total else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<feed xmlns="http://www.w3.org/2005/Atom"><id>http://arxiv.org/api/x</id>'
        f"{found}\n" + "\n".join(entries) + "\n</feed>\n"
    )


def entry(abstract=A, arxiv_id="2104.00001v2", extra=""):
    return (
        f"<entry><id>http://arxiv.org/abs/{arxiv_id}</id><updated>2022-05-05T00:00:00Z</updated>"
        f"<published>2021-04-20T16:07:14Z</published><title>On\n waves &amp; tables</title>"
        f"<summary> {abstract}\n</summary><author><name>Ann</name></author><author><name>Bo</name>"
        f'</author><link href="http://arxiv.org/abs/{arxiv_id}" rel="alternate"/>{extra}'
        '<category term="cs.CR"/><category term="cs.AI"/></entry>'
    )


def test_an_atom_entry_is_dated_by_its_first_version(read):
    doi = '<arxiv:doi>10.1142/S1</arxiv:doi><arxiv:primary_category term="cs.AI"/>'
    reading = read(feed(entry(extra=doi), total=31))
    row = reading.records.row(0, named=True)
    assert kind(reading) == "arxiv_atom"
    assert row["published"] == dt.date(2021, 4, 20)
    assert row["date_precision"] == "day"
    assert row["title"] == "On waves & tables"
    assert (row["arxiv_id"], row["doi"], row["n_authors"]) == ("2104.00001", "10.1142/s1", 2)
    assert row["categories"] == ["cs.AI", "cs.CR"]
    assert row["url"] == "http://arxiv.org/abs/2104.00001v2"
    assert "1 entries of 31 that were found" in reading.files[0].notes


def test_an_atom_feed_without_entries_is_empty_and_one_with_an_error_quotes_it(read):
    reading = read(feed())
    assert (kind(reading), rejects(reading)) == ("arxiv_atom", [("", "empty_file")])
    error = (
        "<entry><id>https://arxiv.org/api/errors#incorrect_id</id><title>Error</title>"
        "<summary>incorrect id format for abc</summary></entry>"
    )
    reading = read(feed(error))
    assert rejects(reading) == [("3", "empty_file")]
    assert "incorrect id format for abc" in detail(reading)


def test_a_feed_of_someone_else_is_not_arxivs(read):
    data = feed(entry()).replace("arxiv.org", "example.org")
    assert rejects(read(data)) == [("", "unknown_format")]


def test_entries_on_one_line_are_told_apart_by_column(read):
    data = feed(entry(A) + entry(B, "2104.00002") + entry(C, "2104.00003")).replace("\n", " ")
    positions = [row[0] for row in rows(read(data))]
    assert positions[0] == "1"
    assert all(position.startswith("1:") for position in positions[1:])
    assert len(set(positions)) == 3


# ---- broken and hostile XML, the same for every feed ------------------------------------------


@pytest.mark.parametrize(
    "fault", ["a & b", "a < b", "<i>open", "&#2;", "</summary></title>", "<!-- open -- >"]
)
def test_a_broken_entry_loses_itself_and_not_those_after_it(read, fault):
    reading = read(feed(entry(A), entry(f"{fault} {B}"), entry(C, "2104.00003")))
    assert [row[1] for row in rows(reading, "abstract")] == [A, C]
    assert rejects(reading)[0][1] == "broken_syntax"
    assert reading.rejects["source"][0].endswith("#6")
    assert any(f"line {n}, column" in detail(reading) for n in (7, 8))


@pytest.mark.parametrize("n_cut", [3, 60, 250])
def test_a_cut_feed_keeps_what_came_before(read, n_cut):
    data = feed(entry(A), entry(B, "2104.00002"))
    reading = read(data[:-n_cut])
    assert (1 if n_cut > 20 else 2) == len(reading.records)
    assert [reason for _, reason in rejects(reading)] == ["truncated"]


def test_entities_without_declaration_and_control_characters_lose_nothing(read):
    reading = read(feed(entry("Caf&eacute; &nbsp; x\x00y\x0b. " + A)))
    assert rows(reading, "abstract") == [("3", f"Café x y . {A}")]


def test_bytes_that_are_not_utf_8_are_read_and_named(read):
    reading = read(feed(entry("Café. " + A)).encode("cp1252"))
    assert rows(reading, "abstract") == [("3", f"Café. {A}")]
    assert "Windows-1252" in reading.records["problems"][0][0]


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-16", "utf-8-sig", "windows-1252"])
def test_declared_encodings_and_marks(read, encoding):
    data = feed(entry("Café. " + A)).replace("UTF-8", encoding.removesuffix("-sig"))
    reading = read(data.encode(encoding))
    assert rows(reading, "abstract", "problems") == [("3", f"Café. {A}", [])]


LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
HOSTILE = {
    "billion laughs": f'<!DOCTYPE feed [<!ENTITY l0 "ha">{LAUGHS}]>' + feed(entry("&l9;")),
    "file of the machine": '<!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    + feed(entry("&x;")),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_entities_that_a_file_declares_are_refused(read, name):
    data = HOSTILE[name].replace('<?xml version="1.0" encoding="UTF-8"?>\n', "")
    start = time.process_time()
    reading = read(data)
    assert rejects(reading) == [("", "unreadable_file")]
    assert "expand" in detail(reading)
    assert time.process_time() - start < 2


def test_an_external_declaration_is_not_looked_up(read):
    data = (
        '<!DOCTYPE feed SYSTEM "http://127.0.0.1:9/x.dtd">'
        + feed(entry("&x; " + A)).split("?>\n")[1]
    )
    assert rows(read(data), "abstract") == [("2", f"&x; {A}")]


def test_depth_and_size_are_bounded(read):
    deep = "<a>" * 5000 + A + "</a>" * 5000
    assert rows(read(feed(entry(deep))), "abstract") == [("3", A)]
    assert rejects(read(feed("<a>" * 2000))) == [("", "unreadable_file")]
    huge = read(feed(entry("x" * 10_100_000), entry(B)))
    assert (rejects(huge), rows(huge, "abstract")) == ([("3", "line_too_long")], [("6", B)])
    tag = read(feed(f'<a b="{"x" * 1_100_000}">', entry(B)))
    assert rows(tag, "abstract")[0][1] == B
    assert rejects(tag)[0][1] == "broken_syntax"


# ---- OAI-PMH -----------------------------------------------------------------------------------


def oai(*records, rest=""):
    return (
        '<?xml version="1.0"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
        "<responseDate>2025-01-15T12:00:00Z</responseDate><ListRecords>\n"
        + "\n".join(records)
        + f"\n{rest}</ListRecords></OAI-PMH>"
    )


def record(metadata, header="<datestamp>2024-01-15</datestamp>", attributes=""):
    return (
        f"<record><header{attributes}><identifier>oai:arXiv.org:2501.08827</identifier>{header}"
        f"</header>{metadata}</record>"
    )


ARXIV = (
    '<metadata><arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>2501.08827</id>'
    "<created>2025-01-14</created><updated>2025-03-01</updated><authors><author><keyname>Z"
    "</keyname></author><author><keyname>L</keyname></author></authors><title>T</title>"
    f"<categories>cs.CL cs.AI</categories><doi>10.1/2</doi><abstract>  {A}\n</abstract></arXiv>"
    "</metadata>"
)
RAW = (
    "<metadata><arXivRaw><id>2501.08827</id><version version='v1'><date>Tue, 14 Jan 2025 19:18:42 "
    "GMT</date></version><version version='v2'><date>Sat, 1 Mar 2025 17:26:00 GMT</date></version>"
    f"<title>T</title><authors>Z, L</authors><abstract>{A}</abstract></arXivRaw></metadata>"
)
DUBLIN = (
    '<metadata><oai_dc:dc xmlns:oai_dc="x" xmlns:dc="y"><dc:title>T</dc:title><dc:creator>Z'
    "</dc:creator><dc:creator>L</dc:creator><dc:subject>Computation and Language</dc:subject>"
    f"<dc:description>{A}</dc:description><dc:description>Comment: 12 pages, a longer text than "
    "the abstract itself has, and all of it is a comment of the authors</dc:description>"
    "<dc:date>2025-03-01</dc:date><dc:date>2025-01-14</dc:date>"
    "<dc:identifier>http://arxiv.org/abs/2501.08827</dc:identifier>"
    "<dc:identifier>doi:10.1000/2</dc:identifier></oai_dc:dc></metadata>"
)


@pytest.mark.parametrize("metadata", [ARXIV, RAW, DUBLIN], ids=["arXiv", "arXivRaw", "oai_dc"])
def test_oai_records_are_dated_by_the_first_version(read, metadata):
    reading = read(oai(record(metadata)))
    assert kind(reading) == "oai_pmh"
    row = reading.records.row(0, named=True)
    assert (row["published"], row["date_precision"]) == (dt.date(2025, 1, 14), "day")
    assert (row["abstract"], row["title"], row["arxiv_id"]) == (A, "T", "2501.08827")
    assert row["url"].endswith("arxiv.org/abs/2501.08827")


def test_deleted_records_errors_and_tokens(read):
    deleted = record("", attributes=' status="deleted"')
    token = '<resumptionToken completeListSize="9">abc</resumptionToken>'
    reading = read(oai(record(ARXIV), deleted, record(""), rest=token))
    assert rejects(reading) == [("5", "no_abstract"), ("6", "no_abstract")]
    assert "deleted" in reading.rejects["detail"][0]
    assert any("'abc', of a list of 9" in note for note in reading.files[0].notes)
    assert "last page" in read(oai(record(ARXIV), rest="<resumptionToken/>")).files[0].notes
    error = '<OAI-PMH><error code="noRecordsMatch">nothing in this span</error></OAI-PMH>'
    reading = read(error)
    assert rejects(reading) == [("1", "empty_file")]
    assert "noRecordsMatch" in detail(reading)
    assert "nothing in this span" in detail(reading)
    assert rejects(read(oai())) == [("", "empty_file")]


# ---- ACL Anthology -------------------------------------------------------------------------------


def volume(*papers, month="July", year="2018"):
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n<collection id=\"P18\">\n<volume id=\"1\"><meta>"
        f"<booktitle>Proceedings</booktitle><month>{month}</month><year>{year}</year></meta>"
        "<frontmatter><url>P18-1000</url></frontmatter>\n" + "\n".join(papers) + "\n</volume>"
        "<volume id='2'><meta><year>2019</year></meta>\n"
        f"<paper id='9'><title>Last</title><abstract>{C}</abstract></paper></volume></collection>"
    )


PAPER = (
    "<paper id='1'><title><fixed-case>F</fixed-case>ast<b><fixed-case>T</fixed-case></b>ext"
    "</title><author><first>A</first></author><author><first>B</first></author>"
    "<abstract>We set <tex-math>\\alpha</tex-math> to <i>two</i>. " + A + "</abstract>"
    "<url hash='x'>P18-1001</url><doi>10.18653/v1/P18-1001</doi></paper>"
)


def test_anthology_papers_have_the_date_of_their_volume(read):
    reading = read(volume(PAPER))
    assert kind(reading) == "acl_anthology"
    assert rows(reading, "title", "published", "date_precision") == [
        ("4", "FastText", dt.date(2018, 7, 1), "month"),
        ("6", "Last", dt.date(2019, 1, 1), "year"),
    ]
    row = reading.records.filter(title="FastText").row(0, named=True)
    assert row["abstract"] == f"We set α to two. {A}"
    assert row["url"] == "https://aclanthology.org/P18-1001"
    assert (row["doi"], row["n_authors"]) == ("10.18653/v1/p18-1001", 2)
    assert any("front matter of 1 volumes" in note for note in reading.files[0].notes)


@pytest.mark.parametrize(
    ("month", "expected"),
    [
        ("August 26-30", (dt.date(2018, 8, 1), "month")),
        ("June 29–July 1", (dt.date(2018, 6, 1), "month")),
        ("June–December", (dt.date(2018, 1, 1), "year")),
        ("", (dt.date(2018, 1, 1), "year")),
        ("Aug", (dt.date(2018, 8, 1), "month")),
    ],
)
def test_months_of_volumes(read, month, expected):
    row = read(volume(PAPER, month=month)).records.filter(title="FastText").row(0, named=True)
    assert (row["published"], row["date_precision"]) == expected


def test_anthology_papers_without_abstract_retracted_and_broken(read):
    bare = "<paper id='2'><title>Bare</title></paper>"
    retracted = PAPER.replace("<title>", "<retracted date='2020-01-01'>why</retracted><title>", 1)
    broken = "<paper id='3'><title>a & b</title></paper>"
    reading = read(volume(bare, retracted, broken))
    assert rejects(reading) == [("4", "no_abstract"), ("6", "broken_syntax")]
    assert [row[1] for row in rows(reading, "published")] == [
        dt.date(2018, 7, 1),
        dt.date(2019, 1, 1),
    ]
    assert "retracted" in reading.records["problems"].explode().drop_nulls().item()


# ---- the arXiv snapshot ---------------------------------------------------------------------------


SNAPSHOT = {
    "id": "0704.0001", "submitter": "P", "authors": "C. B\\'al\\'azs, E. Berger", "title": "On\n  W",
    "doi": "10.1103/PhysRevD.76.013009", "categories": "hep-ph cs.AI", "abstract": f"  {A}\n",
    "versions": [
        {"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
        {"version": "v2", "created": "Tue, 24 Jul 2007 20:10:27 GMT"},
    ],
    "update_date": "2008-11-26", "authors_parsed": [["B", "C.", ""], ["Berger", "E.", ""]],
}  # fmt: skip


def lines(*objects):
    return "".join((o if isinstance(o, str) else json.dumps(o)) + "\n" for o in objects)


def test_the_snapshot_is_dated_by_version_1(read):
    reading = read(lines(SNAPSHOT), "arxiv-metadata-2007-04-30.json")
    assert kind(reading) == "arxiv_snapshot"
    row = reading.records.row(0, named=True)
    assert (row["published"], row["date_precision"]) == (dt.date(2007, 4, 2), "day")
    assert (row["arxiv_id"], row["doi"]) == ("0704.0001", "10.1103/physrevd.76.013009")
    assert (row["title"], row["n_authors"]) == ("On W", 2)
    assert row["categories"] == ["hep-ph", "cs.AI"]
    old = {**SNAPSHOT, "versions": ["v1", "v2"]}
    row = read(lines(old), "arxiv-metadata-2007-04-30.json").records.row(0, named=True)
    assert (row["published"], row["date_precision"]) == (dt.date(2007, 4, 1), "month")


def test_a_broken_line_of_the_snapshot_loses_itself(read):
    cut = json.dumps(SNAPSHOT)[:200]
    reading = read(lines(SNAPSHOT, cut, {**SNAPSHOT, "abstract": None}, "7", SNAPSHOT) + cut)
    assert [row[0] for row in rows(reading)] == ["1", "5"]
    assert rejects(reading) == [
        ("2", "broken_syntax"), ("3", "no_abstract"), ("4", "broken_syntax"), ("6", "truncated"),
    ]  # fmt: skip


# ---- OpenAlex --------------------------------------------------------------------------------------


def inverted(text):
    index = {}
    for i, word in enumerate(text.split()):
        index.setdefault(word, []).append(i)
    return index


WORK = {
    "id": "https://openalex.org/W1", "doi": "https://doi.org/10.1103/x.77", "title": "Made simple",
    "publication_year": 1996, "publication_date": "1996-10-28", "type": "erratum",
    "ids": {"openalex": "https://openalex.org/W1", "doi": "https://doi.org/10.1103/x.77"},
    "primary_location": {"landing_page_url": "https://doi.org/10.1103/x.77"},
    "locations": [{"landing_page_url": "http://arxiv.org/abs/2104.00001"}, None],
    "authorships": [{"author": {"id": "a", "display_name": "A"}}, {"author": {"id": "b"}}],
    "primary_topic": {"id": "https://openalex.org/T1", "display_name": "Density"},
    "abstract_inverted_index": inverted(A),
}  # fmt: skip


def answer(*works):
    return json.dumps({"meta": {"count": 9}, "results": list(works), "group_by": []}, indent=4)


@pytest.mark.parametrize("shape", [answer, lines, lambda *w: json.dumps(w)])
def test_openalex_abstracts_are_put_together(read, shape):
    null = {**WORK, "abstract_inverted_index": None}
    reading = read(shape(WORK, null))
    assert kind(reading) == "openalex"
    assert rejects(reading) == [("2", "no_abstract")]
    row = reading.records.row(0, named=True)
    assert (row["abstract"], row["published"]) == (A, dt.date(1996, 10, 28))
    assert (row["doi"], row["arxiv_id"]) == ("10.1103/x.77", "2104.00001")
    assert (row["categories"], row["n_authors"]) == (["Density"], 2)


def test_a_first_of_january_of_openalex_is_a_year(read):
    reading = read(answer({**WORK, "publication_date": "1996-01-01"}))
    assert rows(reading, "published", "date_precision") == [("1", dt.date(1996, 1, 1), "year")]
    assert any("1 January" in note for note in reading.files[0].notes)


def test_broken_works_and_odd_indexes(read):
    text = answer(WORK, WORK, WORK).replace('"type": "erratum"', '"type": "erratum', 1)
    reading = read(text)
    assert ([row[0] for row in rows(reading)], rejects(reading)) == (
        ["2", "3"],
        [("1", "broken_syntax")],
    )
    odd = {"We": [0, -1, 10**9, "x", True], "see": None, **inverted("x " + B[3:])}
    assert B[3:] in read(answer({**WORK, "abstract_inverted_index": odd})).records["abstract"][0]
    assert rejects(read(answer())) == [("", "empty_file")]
    assert rejects(read(answer(WORK)[:-40]))[0][1] == "truncated"
    assert len(read(answer(WORK) + "\n" + answer(WORK)).records) == 2


# ---- Semantic Scholar --------------------------------------------------------------------------------


S2 = {
    "paperId": "abc", "externalIds": {"ArXiv": "2104.00001", "DOI": "10.1/ABC", "CorpusId": 7},
    "url": "https://www.semanticscholar.org/paper/abc", "title": "T", "abstract": A, "year": 2021,
    "publicationDate": "2021-04-20", "authors": [{"authorId": "1", "name": "A"}],
    "s2FieldsOfStudy": [{"category": "Physics", "source": "s2"}, {"category": "Physics"}],
    "tldr": {"model": "m", "text": "A machine says that waves rise and fall with the reader."},
}  # fmt: skip
BULK = {
    "corpusid": 7, "externalids": {"ArXiv": "2104.00001", "DOI": "10.1000/abc"}, "title": "T",
    "url": "https://www.semanticscholar.org/paper/abc", "abstract": A, "year": 2021,
    "publicationdate": "2021-04-20", "authors": [{"authorId": "1", "name": "A"}],
    "s2fieldsofstudy": [{"category": "Physics", "source": "s2"}],
}  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        json.dumps({"total": 1, "offset": 0, "data": [S2]}),
        json.dumps({"recommendedPapers": [S2]}),
        json.dumps({"offset": 0, "data": [{"contexts": [], "citingPaper": S2}]}),
        json.dumps([S2]),
        lines(BULK),
        lines(S2),
    ],
    ids=["graph", "recommended", "citations", "batch", "bulk", "lines"],
)
def test_semantic_scholar(read, data):
    reading = read(data)
    assert kind(reading) == "semantic_scholar"
    row = reading.records.row(0, named=True)
    assert (row["abstract"], row["published"], row["date_precision"]) == (
        A, dt.date(2021, 4, 20), "day",
    )  # fmt: skip
    assert (row["arxiv_id"], row["categories"]) == ("2104.00001", ["Physics"])


def test_years_nulls_and_machine_summaries_of_semantic_scholar(read):
    reading = read(
        json.dumps(
            [
                {**S2, "publicationDate": None},
                None,
                {**S2, "abstract": None},
                {**S2, "publicationDate": "2021-01-01"},
            ]
        )
    )
    year = (dt.date(2021, 1, 1), "year")
    assert rows(reading, "published", "date_precision") == [("1", *year), ("4", *year)]
    assert rejects(reading) == [("2", "broken_syntax"), ("3", "no_abstract")]


# ---- Hugging Face -------------------------------------------------------------------------------------


def featured(**more):
    paper = {
        "id": "2412.07730", "authors": [{"name": "A", "hidden": False}, {"name": "B"}],
        "publishedAt": "2024-12-10T01:59:00.000Z", "title": "It's", "summary": A, **more,
    }  # fmt: skip
    return {
        "paper": paper,
        "publishedAt": "2024-12-09T20:59:00.000Z",
        "title": "It's",
        "numComments": 2,
    }


SHAPES = {
    "objects": lambda *p: json.dumps(p, indent=4),
    "python": lambda *p: json.dumps([repr(x) for x in p]),
    "wrapped": lambda *p: json.dumps({"status": "success", "date": "x", "data": list(p)}),
    "wrapped python": lambda *p: json.dumps({"status": "s", "data": [repr(x) for x in p]}),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_hugging_face_dumps(read, shape):
    reading = read(SHAPES[shape](featured(), featured(summary=None), "not python {"))
    assert kind(reading) == "huggingface_daily_dump"
    row = reading.records.row(0, named=True)
    assert (row["published"], row["arxiv_id"]) == (dt.date(2024, 12, 10), "2412.07730")
    assert (row["title"], row["abstract"], row["n_authors"], row["n_comments"]) == ("It's", A, 2, 2)
    assert rejects(reading) == [("2", "no_abstract"), ("3", "broken_syntax")]


def test_the_featured_day_dates_only_what_nothing_else_does(read):
    def dated(item, name="2024-12-11.json"):
        item["publishedAt"] = None
        row = read(json.dumps([item]), name).records.row(0, named=True)
        return row["published"], row["date_precision"], len(row["problems"])

    assert dated(featured(publishedAt=None)) == (dt.date(2024, 12, 11), "day", 0)
    assert dated(featured(publishedAt=None), "x.json") == (dt.date(2024, 12, 1), "month", 0)
    assert dated(featured(publishedAt=None, id="x")) == (dt.date(2024, 12, 11), "day", 1)
    assert dated(featured(publishedAt=None, id="x"), "x.json") == (None, "none", 0)


# ---- anything at all ---------------------------------------------------------------------------------


SEEDS = {
    "atom": feed(entry(A), entry(B, "2104.00002"), entry(C, "2104.00003")),
    "oai": oai(record(ARXIV), record(DUBLIN), rest="<resumptionToken>x</resumptionToken>"),
    "acl": volume(PAPER, PAPER),
    "snapshot": lines(SNAPSHOT, SNAPSHOT),
    "openalex": answer(WORK, WORK),
    "scholar": json.dumps({"data": [S2, S2]}),
    "hf": SHAPES["python"](featured(), featured()),
}


@st.composite
def damaged(draw):
    """A sample with parts cut out, put in again elsewhere, or replaced by odd bytes."""
    data = SEEDS[draw(st.sampled_from(sorted(SEEDS)))].encode()
    for _ in range(draw(st.integers(1, 4))):
        a, b = sorted(draw(st.integers(0, len(data))) for _ in range(2))
        odd = draw(
            st.sampled_from([b"", b"\x00", b"<", b"&", b'"', b"{", b"]", b"\xff", b"<entry>"])
        )
        data = draw(
            st.sampled_from(
                [data[:a] + odd + data[b:], data[:a] + odd + data[a:], data + data[a:b]]
            )
        )
    return data


@given(data=damaged())
@settings(
    max_examples=300, deadline=5000, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_damage_crashes_hangs_or_gives_a_position_twice(read, data):
    reading = read(data)
    sources = [*reading.records["source"], *reading.rejects["source"]]
    assert len(set(sources)) == len(sources) > 0


@pytest.mark.parametrize("name", SEEDS)
def test_a_file_twice_as_long_takes_no_more_than_twice_as_long(read, name):
    """Each byte of a sample broken somewhere, many of them in a row."""
    from upwell.sources.content import Content
    from upwell.sources.item import Context
    from upwell.sources.registry import FORMATS

    def seconds(n, tmp):
        broken = SEEDS[name].replace("title", "ti<tle{", 1)
        tmp.write_text(SEEDS[name] + broken * n)
        content = Content(tmp)
        known = next(f for f in FORMATS if f.recognises(content.head))
        start = time.process_time()
        n_items = sum(1 for _ in known.parse(content, Context(SourceConfig(), TODAY)))
        return time.process_time() - start, n_items

    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        (short, _), (long, n_items) = (seconds(n, Path(folder) / "x") for n in (100, 400))
    assert n_items > 100
    assert long < 4 * 3 * short + 0.2
