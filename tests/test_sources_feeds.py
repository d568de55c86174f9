"""Feeds: what arXiv, OAI-PMH, OpenAlex, Semantic Scholar, Hugging Face and the ACL Anthology hand out."""

import datetime as dt
import json
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from upwell.config import SourceConfig
from upwell.sources import find_files, read_files, withdrawals

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


def dublin(*elements):
    return f"<metadata><oai_dc:dc>{''.join(elements)}</oai_dc:dc></metadata>"


def element(name, text, language=""):
    declared = f' xml:lang="{language}"' if language else ""
    return f"<dc:{name}{declared}>{text}</dc:{name}>"


FRENCH = (
    "Nous montrons que les ondes alpha augmentent quand le lecteur d'une table est surpris par ce "
    "qu'elle dit, et que rien d'autre ne se passe dans ce cas."
)


@pytest.mark.parametrize(
    "told",
    [
        (element("description", FRENCH, "fr"), element("description", A, "en")),
        (element("description", FRENCH, "fr"), element("description", A, "EN-gb")),
        (element("description", FRENCH), element("description", A)),
        (element("description", "International audience"), element("description", A, "en")),
        (element("description", A), element("description", f"Made available in DSpace on 2013-05-07T10:00:00Z (GMT). {A} {A}")),
    ],
)  # fmt: skip
def test_of_several_descriptions_the_english_abstract_is_read(read, told):
    titles = (element("title", "Ondes", "fr"), element("title", "Waves", "en"))
    reading = read(oai(record(dublin(*titles, *told))))
    assert rows(reading, "title", "abstract") == [("3", "Waves", A)]


def test_without_english_the_longest_description_is_the_abstract(read):
    told = element("description", "Un article", "fr"), element("description", FRENCH, "fr")
    assert rows(read(oai(record(dublin(*told)))), "abstract") == [("3", FRENCH)]


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (("2013-05-07T10:00:00Z", "2013"), (dt.date(2013, 5, 7), "day")),
        (("2015", "info:eu-repo/date/embargoEnd/2014-01-01"), (dt.date(2015, 1, 1), "year")),
        (("info:eu-repo/date/embargoEnd/2014-01-01",), (None, "none")),
        (("2016", "2015-03"), (dt.date(2015, 3, 1), "month")),
    ],
)
def test_dates_of_dublin_core(read, dates, expected):
    reading = read(
        oai(record(dublin(element("description", A), *(element("date", d) for d in dates))))
    )
    assert rows(reading, "published", "date_precision") == [("3", *expected)]


def test_identifiers_in_the_relations_of_dublin_core(read):
    start = "info:eu-repo/semantics/altIdentifier"
    found = (element("relation", f"{start}/doi/10.1000/xyz"), element("relation", f"{start}/arxiv/2001.01234"),
             element("relation", "doi:10.5555/other"), element("identifier", "hal-1"))  # fmt: skip
    metadata = dublin(element("description", A), *found)
    reading = read(oai(record(metadata)).replace("arXiv.org:2501.08827", "HAL:hal-1"))
    assert rows(reading, "doi", "arxiv_id") == [("3", "10.1000/xyz", "2001.01234")]


def test_metadata_in_a_format_that_is_not_known(read):
    reading = read(oai(record("<metadata><mods:mods><mods:title/></mods:mods></metadata>")))
    assert rejects(reading) == [("3", "unknown_format")]
    assert "its metadata are <mods>, which is not known; ask for metadataPrefix=oai_dc" in detail(
        reading
    )


# ---- papers that were withdrawn --------------------------------------------------------------------

NOTICE = "This paper has been withdrawn by the author\n due to a crucial sign error in equation 1."


def test_a_notice_of_withdrawal_is_no_abstract(read):
    data = [
        feed(entry(NOTICE)),
        oai(record(ARXIV.replace(A, NOTICE))),
        lines({**SNAPSHOT, "abstract": NOTICE}),
    ]
    for text in data:
        reading = read(text)
        assert (len(reading.records), [why for _, why in rejects(reading)]) == (0, ["no_abstract"])
        assert "the notice stands in place of its abstract" in detail(reading)


def test_a_paper_that_was_withdrawn_stays_and_says_so(read):
    comment = "<arxiv:comment>Withdrawn by arXiv administrators</arxiv:comment>"
    data = [
        feed(entry(A, extra=comment)),
        feed(entry(f"{NOTICE} {A} {B} {C} {A}")),
        oai(
            record(
                ARXIV.replace("<title>", "<comments>This article is withdrawn</comments><title>")
            )
        ),
        lines({**SNAPSHOT, "comments": "This paper was temporarily withdrawn"}),
    ]
    for text in data:
        assert [row[1] for row in rows(read(text), "problems")] == [
            ["the source says that this paper was withdrawn"]
        ]


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("This article has been withdrawn by arXiv administrators due to disputed authorship", True),
        ("  The present manuscript is temporarily withdrawn.", True),
        ("Paper withdrawn", True), ("Withdrawn: see 0704.0001", True), ("[withdrawn]", True),
        ("This article is taken out.", True), ("This work is taken out of its context by readers", False),
        ("The withdrawn electrons of a wave", False), ("Withdrawn electrons make waves", False),
        ("This paper withdraws a claim", False), ("", False),
    ],
)  # fmt: skip
def test_notices_of_withdrawal_are_told(text, is_one):
    assert withdrawals.is_notice(text) == is_one


@pytest.mark.parametrize("comment", ["9 pages, replaces a withdrawn paper", "We withdraw nothing"])
def test_other_comments_withdraw_nothing(read, comment):
    assert rows(read(lines({**SNAPSHOT, "comments": comment})), "problems") == [("1", [])]


# ---- what arXiv announces on a day -----------------------------------------------------------------


def announced(text, arxiv_id, how):
    return f"arXiv:{arxiv_id} Announce Type: {how} \nAbstract: {text}"


def rss_item(text, arxiv_id="2402.13456v1", how="new"):
    return (
        f"<item><title>On waves</title><link>https://arxiv.org/abs/{arxiv_id[:-2]}</link>"
        f"<description>{announced(text, arxiv_id, how)}</description><category>math.OC</category>"
        f"<guid isPermaLink='false'>oai:arXiv.org:{arxiv_id}</guid><category>cs.LG</category>"
        "<pubDate>Fri, 23 Feb 2024 00:00:00 -0500</pubDate><arxiv:DOI>10.1000/s1</arxiv:DOI>"
        "<dc:creator>Ann A. Bee, Cee Dee</dc:creator></item>\n"
    )


def rss(*items):
    return (
        "<?xml version='1.0'?>\n<rss xmlns:arxiv='http://arxiv.org/schemas/atom' version='2.0'>"
        "<channel><title>x</title><pubDate>Fri, 23 Feb 2024 00:00:00 -0500</pubDate>\n"
        + "".join(items)
        + "</channel></rss>"
    )


def test_the_rss_feed_dates_new_papers_by_their_announcement_and_others_by_their_id(read):
    old = rss_item(B, "2203.01250v3", "replace-cross")
    reading = read(rss(rss_item(A), old))
    assert kind(reading) == "arxiv_rss"
    assert [row[1:] for row in rows(reading, "abstract", "published", "date_precision")] == [
        (A, dt.date(2024, 2, 23), "day"), (B, dt.date(2022, 3, 1), "month"),
    ]  # fmt: skip
    row = reading.records.row(0, named=True)
    assert (row["title"], row["arxiv_id"], row["doi"], row["n_authors"], row["categories"]) == (
        "On waves", "2402.13456", "10.1000/s1", 2, ["math.OC", "cs.LG"],
    )  # fmt: skip
    assert "1 papers are announced again, not new" in reading.files[0].notes
    assert rejects(read(rss())) == [("", "empty_file")]


def test_the_atom_feed_of_announcements_is_read_as_the_rss_feed(read):
    new = announced(A, "2501.12345v1", "new"), announced(B, "2203.01250v3", "replace")
    text = feed(entry(new[0], "2501.12345v1"), entry(new[1], "2203.01250v3"))
    text = text.replace("2021-04-20T16:07:14Z", "2025-01-20T00:00:00-05:00")
    reading = read(text)
    assert [row[1:] for row in rows(reading, "abstract", "published", "date_precision")] == [
        (A, dt.date(2025, 1, 20), "day"), (B, dt.date(2022, 3, 1), "month"),
    ]  # fmt: skip


RDF = f"""<rdf:RDF><channel rdf:about="http://export.arxiv.org/rss/cs.LG"><dc:date>2023-12-29T20:30:00-05:00</dc:date></channel>
<item rdf:about="x"><title>Waves. (arXiv:2312.16178v1 [cs.LG])</title><link>http://arxiv.org/abs/2312.16178</link>
<description>&lt;p&gt;{A}&lt;/p&gt;</description><dc:creator>&lt;a href="x,y"&gt;Ann Bee&lt;/a&gt;, &lt;a href="z"&gt;Cee Dee&lt;/a&gt;</dc:creator></item>
<item><title>Old? (arXiv:2111.00001v4 [stat.ML] UPDATED)</title><link>http://arxiv.org/abs/2111.00001</link>
<description>&lt;p&gt;{B}&lt;/p&gt;</description></item>
<item><title>Without</title><link>http://arxiv.org/abs/2111.00002</link></item></rdf:RDF>"""


def test_the_rss_feed_before_2024(read):
    reading = read(RDF)
    assert rows(reading, "title", "abstract", "published", "arxiv_id", "n_authors") == [
        ("2", "Waves", A, dt.date(2023, 12, 29), "2312.16178", 2),
        ("4", "Old?", B, dt.date(2021, 11, 1), "2111.00001", None),
    ]
    assert rejects(reading) == [("6", "no_abstract")]


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


def test_a_paper_is_not_dated_by_the_volume_before_its_own(read):
    def of(number, broken=""):
        paper = PAPER.replace("P18-1001", f"P18-{number}001")
        return (
            f"<volume id='{number}'><meta>{broken}<month>July</month><year>2018</year>"
            f"<url hash='x'>P18-{number}</url></meta>\n{paper}\n</volume>\n"
        )

    text = f"<collection id='P18'>{of(1)}{of(2, 'a & b')}{of(3)}</collection>"
    assert [row[1:] for row in rows(read(text), "url", "date_precision", "problems")] == [
        ("https://aclanthology.org/P18-1001", "month", []),
        ("https://aclanthology.org/P18-2001", "none", ["the date of its volume could not be read"]),
        ("https://aclanthology.org/P18-3001", "month", []),
    ]


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
    removed = PAPER.replace("<title>", "<removed date='2020-01-01'>why</removed><title>", 1)
    assert rows(read(volume(removed)), "problems")[0][1] == [
        "the source says that this paper was removed"
    ]


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


@pytest.mark.parametrize("written", ["hep-th gr-qc", ["hep-th gr-qc"], ["hep-th", "gr-qc"]])
def test_categories_of_the_snapshot(read, written):
    row = read(lines({**SNAPSHOT, "categories": written})).records.row(0, named=True)
    assert row["categories"] == ["hep-th", "gr-qc"]


def test_old_ids_and_papers_whose_versions_are_not_known(read):
    old = {**SNAPSHOT, "id": "hep-th/9901001", "doi": "10.1103/a 10.1103/b"}
    absent = {**SNAPSHOT, "id": "math/0309136", "versions": None}
    reading = read(lines(old, {**absent, "versions": []}, absent))
    assert rows(reading, "arxiv_id", "published", "date_precision") == [
        ("1", "hep-th/9901001", dt.date(2007, 4, 2), "day"),
        ("2", "math/0309136", dt.date(2003, 9, 1), "month"),
        ("3", "math/0309136", dt.date(2003, 9, 1), "month"),
    ]
    assert reading.records["doi"][0] == "10.1103/a"


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


def test_paratext_is_left_out_and_a_retracted_work_says_so(read):
    works = (
        {**WORK, "is_paratext": True},
        {**WORK, "type": "paratext"},
        {**WORK, "is_retracted": True},
    )
    reading = read(answer(*works))
    assert rows(reading, "problems") == [("3", ["the source says that this paper was retracted"])]
    assert "paratext of 2 works, which is no paper, left out" in reading.files[0].notes


def test_works_of_which_only_some_fields_were_asked_for(read):
    some = {"title": "T", "publication_year": 1996, "abstract_inverted_index": inverted(A)}
    reading = read(answer(some))
    assert (kind(reading), rows(reading, "abstract")) == ("openalex", [("1", A)])


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
    assert rejects(reading) == [("2", "no_abstract"), ("3", "no_abstract")]
    assert "knows no paper by the id" in detail(reading)


def test_a_single_paper_over_several_lines_is_one_record(read):
    for whole in (S2, WORK, {"paperId": "b", "title": "T", "abstract": A}):
        assert rows(read(json.dumps(whole, indent=2)), "abstract") == [("1", A)]
        several = "\n".join(json.dumps(whole, indent=2) for _ in range(3))
        broken = several.replace('"title": ', '"title" ', 1)
        reading = read(broken)
        assert ([row[0] for row in rows(reading)], rejects(reading)) == (
            ["2", "3"],
            [("1", "broken_syntax")],
        )


def test_the_open_research_corpus_and_papers_of_an_author(read):
    old = {
        "id": "4cd2", "title": "T", "paperAbstract": A, "s2Url": "https://semanticscholar.org/p/4",
        "authors": [{"name": "A", "ids": ["1"]}], "inCitations": [], "year": 2016, "doi": "10.1000/x",
        "fieldsOfStudy": ["Physics"],
    }  # fmt: skip
    row = read(lines(old, {**old, "paperAbstract": ""})).records.row(0, named=True)
    assert (row["url"], row["published"], row["date_precision"], row["doi"]) == (
        "https://semanticscholar.org/p/4", dt.date(2016, 1, 1), "year", "10.1000/x",
    )  # fmt: skip
    author = read(json.dumps({"authorId": "1", "name": "A", "papers": [S2, S2]}))
    assert (kind(author), len(author.records)) == ("semantic_scholar", 2)


def test_abstracts_that_are_marked_in_a_full_text(read):
    text = f"On waves\nAbstract\n{A}\n{B}\nBody"
    first = text.index(A)
    spans = [
        {"start": first, "end": first + len(A)},
        {"start": str(text.index(B)), "end": text.index(B) + len(B)},
    ]
    marks = {"title": '[{"start":0,"end":8}]', "abstract": json.dumps(spans), "author": None}
    paper = {
        "corpusid": 7, "externalids": {"arxiv": "2104.00001", "doi": "10.1000/abc"},
        "content": {"source": {}, "text": text, "annotations": marks},
    }  # fmt: skip
    odd = [
        {**paper, "content": {"text": text, "annotations": {**marks, "abstract": mark}}}
        for mark in (None, "[1", "7", '[{"start": 1}]', '[{"start": 5, "end": 5}]')
    ]
    reading = read(lines(paper, *odd, {**paper, "content": None}))
    assert rows(reading, "title", "abstract", "arxiv_id", "doi") == [
        ("1", "On waves", f"{A} {B}", "2104.00001", "10.1000/abc")
    ]
    assert len(reading.rejects) == 6
    assert set(reading.rejects["reason"]) == {"no_abstract"}


def test_bulk_papers_without_their_abstracts_say_where_these_are(read):
    papers = {key: cell for key, cell in BULK.items() if key != "abstract"}
    assert "join those of its data set `abstracts` by corpusid" in detail(read(lines(papers)))


# ---- answers without papers ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason", "said"),
    [
        ({"message": "Too Many Requests", "code": "429"}, "empty_file", "papers: Too Many Requests; 429"),
        ({"error": "Invalid filter", "message": "no such field"}, "empty_file", "no such field; Invalid filter"),
        ({"meta": {"count": 6}, "results": [], "group_by": [{"key": "a", "count": 9}]}, "empty_file", "ask without group_by"),
        ({"meta": {"count": 6}, "group_by": [{"key": "a", "count": 9}]}, "empty_file", "ask without group_by"),
        ({"status": "success", "date": "2025-01-11", "data": None}, "empty_file", "in this answer 'data' is null"),
        ("<!DOCTYPE html><html><head><title>502 Bad &amp;\n Gateway</title>", "unknown_format", "titled '502 Bad & Gateway'"),
        ("<?xml version='1.0'?>\n<Error><Code>NoSuchKey</Code><Message>no\nkey</Message></Error>", "empty_file", "papers: NoSuchKey no key"),
        ("<?xml version='1.0'?>\n<!-- x --><HTML><body>", "unknown_format", "a web page, such as servers send"),
    ],
)  # fmt: skip
def test_answers_without_papers_are_quoted(read, data, reason, said):
    reading = read(data if isinstance(data, str) else json.dumps(data))
    assert (kind(reading), rejects(reading)) == ("no_papers", [("", reason)])
    assert said in detail(reading)


def test_a_paper_with_a_status_is_no_error(read):
    paper = {"title": "T", "status": "ok", "description": A}
    assert kind(read(json.dumps(paper))) == "json_lines"
    assert kind(read('{"message": "cut')) != "no_papers"


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
    "rss": rss(rss_item(A), rss_item(B, "2203.01250v3", "replace")),
    "rdf": RDF,
    "error": json.dumps({"message": "Too Many Requests", "code": "429"}),
    "page": "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head></html>",
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


@pytest.mark.parametrize("name", sorted(set(SEEDS) - {"error", "page"}))
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
