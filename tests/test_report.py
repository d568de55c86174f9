"""The report: self-contained, escaped, complete, and its counts add up."""

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import made_up
import polars as pl
import pytest
from markdown_it import MarkdownIt

from upwell import report, tables
from upwell.wording import headline, sentence

FIGURES = {
    "rising.png": b"\x89PNG rising",
    "rising.svg": b"<svg>rising</svg>",
    "topic_map.png": b"\x89PNG map",
}
VOID = {"meta", "img", "br", "link", "hr", "input"}
EVIL = "<script>alert('x')</script> & \"quoted\" | `code` *bold* [link](javascript:alert(1))"


class Page(HTMLParser):
    """The page as a browser sees it: elements, links, text; complains of what does not nest."""

    def __init__(self, html):
        super().__init__()
        self.open, self.elements, self.text = [], [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] not in {"style", "script"}:
            self.text.append(data)

    def all(self, tag):
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def words(self):
        return " ".join(" ".join(self.text).replace("\xa0", " ").split())


def plain(text):
    return text.replace("\xa0", " ")


@pytest.fixture(scope="module")
def run():
    return made_up.run_tables()


@pytest.fixture(scope="module")
def page(run):
    return Page(report.html(made_up.manifest(), run, FIGURES))


def test_the_page_starts_with_the_headline(page, run):
    assert plain(headline(run[tables.TRENDS])) in page.words
    assert page.words.index("Of 5 themes") < page.words.index("Verdicts")
    assert page.all("html") == [{"lang": "en"}]


def test_the_page_needs_nothing_else(page):
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.elements}
    assert all(image["src"].startswith("data:image/") for image in page.all("img"))
    policy = next(m["content"] for m in page.all("meta") if m.get("http-equiv"))
    assert policy.startswith("default-src 'none'")
    style = report.html(made_up.manifest(), made_up.run_tables(n_papers=5), {}).split("</style>")[0]
    assert "@import" not in style
    assert "url(" not in style


def test_every_figure_is_inside_with_words_for_it(page, run):
    first, second = page.all("img")
    assert base64.b64decode(first["src"].split(",")[1]) == FIGURES["rising.svg"]  # svg before png
    assert base64.b64decode(second["src"].split(",")[1]) == FIGURES["topic_map.png"]
    assert headline(run[tables.TRENDS]) in first["alt"]
    assert "A hollow grey ring means that the papers do not tell" in page.words


def test_every_subject_has_its_verdict_and_every_theme_its_sentence(page, run):
    for row in run[tables.TRENDS].iter_rows(named=True):
        assert row["name"] in page.words
        if row["kind"] == "theme":
            assert plain(sentence(row)) in page.words
    assert (
        "▲ rising last complete bucket stands out +48 % (+14 % to +93 %) 3.5 % → 9.3 % 107"
        in page.words
    )


def test_tables_have_headers_that_say_what_they_head(page):
    assert len(page.all("table")) == 3
    assert {th["scope"] for th in page.all("th")} == {"col", "row"}
    assert len(page.all("caption")) == 3


def test_papers_of_a_theme_come_with_evidence_and_address(page, run):
    assert "label noise (3 papers)" in page.words
    assert "distillation (7 papers, the 5 best)" in page.words
    assert "· score 0.99 · “… that distillation matters …”" in page.words
    best = (
        run[tables.THEME_PAPERS]
        .filter(pl.col("theme") == "distillation")
        .sort("score")["paper_id"][-1]
    )
    paper = run[tables.PAPERS].row(by_predicate=pl.col("paper_id") == best, named=True)
    assert f"https://arxiv.org/abs/{paper['arxiv_id']}" in {a["href"] for a in page.all("a")}


def test_topics_have_keywords_typical_papers_and_their_event(page):
    assert "large language model reasoning 153 papers · born" in page.words
    assert "large · language · model · reasoning" in page.words
    assert "243 papers of 1,200 in no topic." in page.words


def test_what_was_read_adds_up(page):
    assert "1,312 records = 1,200 papers + 100 duplicates + 12 rejects." in page.words
    assert "1,150 count in trends, 40 have no date, 10 a date coarser" in page.words
    assert "10 rejects: has no abstract" in page.words
    assert "80 duplicates: by an identifier" in page.words
    assert "arxiv.jsonl json lines 1,188 12 dates from `update_date`" in page.words
    assert "saved_page.html unknown 112 0" in page.words


def test_the_method_states_the_error_rate_of_this_run(page):
    assert "at most 5 % are expected to be wrong" in page.words
    assert "lies within 10 % a year either way" in page.words
    assert '"false_discovery_rate": 0.05' in page.words
    assert "static:1f2e3d4c" in page.words


def test_what_comes_from_papers_is_escaped(run):
    papers = run[tables.PAPERS].with_columns(
        title=pl.lit(EVIL), url=pl.lit("javascript:alert(1)"), arxiv_id=pl.lit(None, pl.String)
    )
    members = run[tables.THEME_PAPERS].with_columns(evidence=pl.lit(EVIL))
    topics = run[tables.TOPICS].with_columns(label=pl.lit(EVIL))
    trends = run[tables.TRENDS].with_columns(name=pl.lit(EVIL))
    frames = run | {tables.PAPERS: papers, tables.THEME_PAPERS: members}
    frames |= {tables.TOPICS: topics, tables.TRENDS: trends}
    page = Page(report.html(made_up.manifest(), frames, FIGURES))
    assert not page.all("script")
    assert not any(a.get("href", "").startswith("javascript") for a in page.all("a"))
    assert "<script>alert('x')</script> & \"quoted\" | `code` *bold*" in page.words
    shown = (
        MarkdownIt("commonmark", {"html": True})
        .enable("table")
        .render(report.markdown(made_up.manifest(), frames, FIGURES, Path("outputs/runs/x")))
    )
    shown = Page(shown)
    assert not {"script", "a", "em"} & {tag for tag, _ in shown.elements}
    assert EVIL[:48].split(" &", maxsplit=1)[0] in shown.words


@pytest.mark.parametrize(
    ("paper", "address"),
    [
        ({"arxiv_id": "2401.00001"}, "https://arxiv.org/abs/2401.00001"),
        ({"arxiv_id": "hep-th/9901001"}, "https://arxiv.org/abs/hep-th/9901001"),
        ({"doi": "10.1/a#b?c"}, "https://doi.org/10.1/a%23b%3Fc"),
        ({"url": "HTTPS://example.org/p"}, "HTTPS://example.org/p"),
        ({"url": "ftp://example.org/p"}, None),
        ({}, None),
    ],
)
def test_a_paper_links_to_where_it_is(run, paper, address):
    one = {n: pl.lit(paper.get(n), pl.String) for n in ("arxiv_id", "doi", "url")}
    frames = run | {tables.PAPERS: run[tables.PAPERS].with_columns(**one)}
    page = Page(report.html(made_up.manifest(), frames, {}))
    links = {a["href"] for a in page.all("a") if not a["href"].startswith("#")}
    assert links == ({address} if address else set())


def test_dates_are_as_precise_as_known(run):
    papers = run[tables.PAPERS].with_columns(date_precision=pl.lit("month"))
    words = Page(report.html(made_up.manifest(), run | {tables.PAPERS: papers}, {})).words
    assert re.search(r"\b202\d-01 · score", words)
    papers = papers.with_columns(published=pl.lit(None, pl.Date), title=pl.lit(None, pl.String))
    words = Page(report.html(made_up.manifest(), run | {tables.PAPERS: papers}, {})).words
    assert "We study it. undated · score" in words  # without a title, the abstract's start


def test_an_empty_run_says_so():
    frames = made_up.run_tables({}, (), n_papers=0)
    words = Page(report.html(made_up.manifest({}), frames, {})).words
    for said in (
        "No theme or topic was measured.",
        "There are no figures.",
        "The watch list is empty.",
        "No topic was found.",
    ):
        assert said in words
    assert "No theme or topic was measured" in report.markdown(
        made_up.manifest({}), frames, {}, Path("x")
    )


def test_a_theme_without_papers_is_told(run):
    frames = run | {tables.THEME_PAPERS: tables.THEME_PAPERS.empty()}
    words = Page(report.html(made_up.manifest(), frames, {})).words
    assert "label noise (0 papers) No paper of this theme was found." in words


def test_warnings_come_first_when_much_does_not_count(run):
    many = made_up.manifest(n_undated=600, n_rejects=400)
    words = Page(report.html(many, run, {})).words
    warning = "51 % of the papers count in no trend"
    assert words.index(warning) < words.index("Themes of the watch list")
    assert "24 % of what was found could not be read as a paper" in words
    assert f"> {warning}" in plain(report.markdown(many, run, {}, Path("x")))
    assert "count in no trend, for want" not in Page(report.html(made_up.manifest(), run, {})).words


def test_what_changed_stands_on_the_page_and_in_the_markdown(run):
    frames = run | {tables.CHANGES: made_up.changes_table()}
    words = Page(report.html(made_up.manifest(), frames, FIGURES)).words
    shown = MarkdownIt("commonmark", {"html": True}).enable("table")
    brief = Page(shown.render(report.markdown(made_up.manifest(), frames, FIGURES, Path("x"))))
    for text in (words, brief.words):
        for said in (
            "Since run 20241001T060000Z: 37 new papers, 1 verdict changed, 1 change among topics.",
            "Theme distillation is now rising, was insufficient evidence: +48 % a year",
            "New topics: robustness & <certified>.",
        ):
            assert said in text
    assert words.index("Verdicts") < words.index("Since run") < words.index("Papers of the themes")
    assert brief.words.index("insufficient evidence") < brief.words.index("Since run")


def test_the_first_run_has_nothing_to_compare_with(page, run):
    said = "There is no earlier run here, so there is nothing to compare this one with."
    assert said in page.words
    assert said in report.markdown(made_up.manifest(), run, {}, Path("x"))


def test_long_lists_are_cut_and_counted():
    frames = made_up.run_tables({}, tuple(f"topic {i}" for i in range(40)), n_papers=600)
    long = made_up.manifest({}).model_copy(update={"notes": tuple(f"note {i}" for i in range(60))})
    words = Page(report.html(long, frames, {})).words
    assert "15 more topics" in words
    assert "20 more in run.json." in words
    text = report.markdown(long, frames, {}, Path("x"))
    assert "… and 10 more in `trends.parquet`." in text
    assert "… and 50 more in `run.json`." in text


def test_markdown_is_headline_table_figure_and_counts(run):
    text = report.markdown(made_up.manifest(), run, FIGURES, Path("outputs/runs/x"))
    assert text.startswith("**Of 5")
    shown = Page(MarkdownIt("commonmark").enable("table").render(text))
    assert len(shown.all("tr")) == 2 + run[tables.TRENDS].height, "two tables, each with a head"
    assert shown.words.index("themes verdict") < shown.words.index("topics verdict")
    (image,) = shown.all("img")
    assert base64.b64decode(image["src"].split(",")[1]) == FIGURES["rising.png"]
    assert "1,312 records = 1,200 papers + 100 duplicates + 12 rejects." in shown.words
    assert "outputs/runs/x" in shown.words


@pytest.mark.parametrize(
    "note",
    [
        "# not a heading",
        "1. not a list",
        "4.9 % → 17 %",
        "- not a list",
        "a_b_c",
        "<b>",
        "~~no~~",
        "x\ny | z",
    ],
)
def test_notes_in_markdown_stay_words(run, note):
    noted = made_up.manifest().model_copy(update={"notes": (note,)})
    text = report.markdown(noted, run, {}, Path("x"))
    shown = Page(
        MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text)
    )
    assert " ".join(note.split()) in shown.words
    assert not {"h1", "ol", "em", "b", "s"} & {tag for tag, _ in shown.elements}
    assert "\\" not in shown.words
    assert len(shown.all("ul")) == 1


def test_a_missing_table_is_named(run):
    frames = {tables.TRENDS: run[tables.TRENDS]}
    want = "no table papers, topics, topic_lineage, theme_papers, changes; there are: trends"
    with pytest.raises(ValueError, match=want):
        report.html(made_up.manifest(), frames, {})
    with pytest.raises(ValueError, match="there are: none"):
        report.markdown(made_up.manifest(), {}, {}, Path("x"))


def test_the_page_is_the_same_for_the_same_run_in_any_order(run):
    shuffled = {t: frame.sample(fraction=1, shuffle=True, seed=3) for t, frame in run.items()}
    one, other = (report.html(made_up.manifest(), frames, FIGURES) for frames in (run, shuffled))
    assert one == other


def test_colours_have_contrast_in_light_and_dark():
    html = report.html(made_up.manifest(), made_up.run_tables(n_papers=5), {})
    light, dark = re.findall(r":root \{(.*?)\}", html, re.DOTALL)
    for block in (light, dark):
        colours = dict(re.findall(r"--(\w+): (#\w{6})", block))
        for name in ("ink", "muted", "link", "rising", "falling", "steady", "insufficient"):
            for ground in ("paper", "panel"):
                assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)


def contrast(one, other):
    """Contrast ratio, WCAG 2."""

    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
