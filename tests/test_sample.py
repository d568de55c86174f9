"""The sample corpus: its bytes, its counts, its truth and its language."""

import csv
import datetime as dt
import hashlib
import io
import json
import re
from collections import Counter, defaultdict

import numpy as np
import polars as pl
import pytest

from upwell.sample import Sample, sample_files
from upwell.sample.dice import Dice
from upwell.sample.plan import draw_subjects, read_plan, spoken
from upwell.sample.prose import SLOTS, read_topics

FIRST_DAY, LAST_DAY = dt.date(2023, 1, 1), dt.date(2025, 10, 10)
N_KNOWN = 55  # words by which a paper is known: copies are cut or revised after them
MONTHS = [f"{dt.date(2025, month, 1):%b}" for month in range(1, 13)]
THEMES = ("local/global attention", "label noise", "distillation")


@pytest.fixture(scope="module")
def sample() -> Sample:
    return sample_files()


@pytest.fixture(scope="module")
def texts(sample: Sample) -> list[str]:
    return [*sample.papers["title"], *sample.papers["abstract"]]


HASHES = {
    "daily_papers_page.txt": "4c3f4399e91b071b",
    "abstract_listing.txt": "3a32924a06c0c343",
    "papers.jsonl": "821286cec53b95fa",
    "export.csv": "82e65cfbf082daec",
}


# ------------------------------------------------------------------------------------- the files


def test_the_bytes_are_the_same_on_every_machine_and_day(sample: Sample):
    hashes = {name: hashlib.sha256(data).hexdigest()[:16] for name, data in sample.files.items()}
    assert hashes == HASHES


def test_another_seed_gives_another_corpus_of_the_same_truth(sample: Sample):
    other = sample_files(random_state=1)
    assert not set(other.papers["abstract"]) & set(sample.papers["abstract"])
    assert other.truth.drop("n_papers").equals(sample.truth.drop("n_papers"))
    assert sample_files(random_state=1).files == other.files


def page_records(text: str) -> list[dict]:
    """The records of a page, by a parser of this test's own."""
    head, _, body = text.partition("byAK and the research community\n\nOct 10\n\n")
    assert head.splitlines()[0] == "new"
    paragraphs = [p for p in body.split("\n\n") if p]
    records: list[dict] = []
    for paragraph in paragraphs:
        found = re.fullmatch(
            r"  • (\d+) authors\n·\n(\w{3} \d+)(?:, (\d{4}))?(?: (\d+))?", paragraph
        )
        if found:
            records[-1] |= {"day": (found[2], found[3]), "n_authors": int(found[1])}
        elif records and "abstract" not in records[-1]:
            records[-1]["abstract"] = paragraph
        else:
            records.append({"title": paragraph})
    return records


def on_page(day: dt.date) -> tuple[str, str | None]:
    """A day as the page writes it."""
    return f"{MONTHS[day.month - 1]} {day.day}", None if day.year == 2025 else str(day.year)


def read_all(sample: Sample) -> dict[str, list[dict]]:
    """Every record of every file, without those that cannot be read."""
    files = {name: data.decode() for name, data in sample.files.items()}
    lines = []
    for line in files["papers.jsonl"].splitlines():
        try:
            lines.append(json.loads(line))
        except json.JSONDecodeError:
            lines.append({"broken": line})
    rows = list(csv.DictReader(io.StringIO(files["export.csv"])))
    listed = files["abstract_listing.txt"].splitlines()
    assert all(line.startswith("Abstract:") for line in listed)
    return {
        "page": page_records(files["daily_papers_page.txt"]),
        "lines": lines,
        "table": [{key.lower(): value for key, value in row.items()} for row in rows],
        "listing": [{"abstract": line.removeprefix("Abstract:")} for line in listed],
    }


def test_counts_agree_with_what_stands_in_the_files(sample: Sample):
    records = read_all(sample)
    flat = [record for found in records.values() for record in found]
    assert len(flat) == sample.counts.n_records
    good = [r for r in flat if len(r.get("abstract", "").split()) > 3]
    assert len(flat) - len(good) == sample.counts.n_rejects == 3
    starts = Counter(" ".join(record["abstract"].split()[:N_KNOWN]) for record in good)
    assert len(starts) == sample.counts.n_papers == sample.papers.height
    assert starts.total() - len(starts) == sample.counts.n_duplicates
    assert max(starts.values()) == 2
    assert sample.counts.n_records == (
        sample.counts.n_papers + sample.counts.n_duplicates + sample.counts.n_rejects
    )
    assert sample.counts.n_undated == sample.papers["published"].null_count() == 7


def test_every_file_tells_the_dates_of_its_papers(sample: Sample):
    published = dict(sample.papers.select("title", "published").iter_rows())
    records = read_all(sample)
    for record in records["lines"]:
        if len(record.get("authors", ())):
            assert record["published"] == published[record["title"]].isoformat()
            assert re.fullmatch(r"\d{4}\.9\d{4}v[12]", record["id"])
            assert record["id"][:4] == f"{published[record['title']]:%y%m}"
    days = [record.get("day") for record in records["page"]]
    assert days.count(None) == 2
    assert days.count(("Feb 30", "2024")) == 1
    for record in records["page"]:
        known = published[record["title"]]
        if known:  # a page shows a paper up to three days after it was published
            after = [min(known + dt.timedelta(n), LAST_DAY) for n in range(4)]
            assert record["day"] in [on_page(day) for day in after]
        else:
            assert record.get("day") in (None, ("Feb 30", "2024"))


def test_copies_are_what_real_copies_look_like(sample: Sample):
    records = read_all(sample)
    lines = [record for record in records["lines"] if "id" in record]
    versions = Counter(record["id"][:-2] for record in lines)
    assert sum(n == 2 for n in versions.values()) == 21
    known = {record["title"]: " ".join(record["abstract"].split()) for record in lines}
    assert any("\n" in record["abstract"] for record in lines)
    same_title = [record for record in records["page"] if record["title"] in known]
    assert len(same_title) == 26
    normal = {" ".join(title.lower().split()): title for title in known}
    altered = [" ".join(r["title"].lower().rstrip(".").split()) for r in records["table"]]
    assert sum(title in normal for title in altered) == 28
    whole = set(sample.papers["abstract"])
    cut = [record["abstract"] for record in records["listing"] if record["abstract"] not in whole]
    assert len(cut) == 8
    for abstract in cut:
        (origin,) = [text for text in whole if text.startswith(abstract)]
        assert 0.85 < len(abstract.split()) / len(origin.split()) < 1


# ------------------------------------------------------------------------------------- the truth


def test_truth_counts_the_dated_papers_of_each_subject(sample: Sample):
    dated = sample.papers.filter(pl.col("published").is_not_null())
    assert dated["published"].is_between(FIRST_DAY, LAST_DAY).all()
    for kind, subject, _, n_papers in sample.truth.iter_rows():
        rows = dated.select("topic", "themes").iter_rows()
        assert n_papers == sum(s == subject if kind == "topic" else subject in t for s, t in rows)
    assert set(sample.truth.filter(pl.col("kind") == "theme")["subject"]) == set(THEMES)
    assert sample.truth.filter(pl.col("kind") == "topic").height == 12


def test_the_corpus_grows_so_that_most_raw_counts_rise(sample: Sample):
    dated = sample.papers.drop_nulls("published").with_columns(year=pl.col("published").dt.year())
    per_year = dict(dated.group_by("year").len().iter_rows())
    assert per_year[2023] < per_year[2024] < per_year[2025] * 365 / 283
    assert 900 <= dated.height <= 1110


def growth(is_member: np.ndarray, years: np.ndarray) -> tuple[float, float]:
    """Log of the growth and its standard error, by logistic regression (Newton's method)."""
    design = np.column_stack([np.ones_like(years), years - years.mean()])
    beta = np.zeros(2)
    for _ in range(25):
        fitted = 1 / (1 + np.exp(-design @ beta))
        information = design.T @ (design * (fitted * (1 - fitted))[:, None])
        beta = beta + np.linalg.solve(information, design.T @ (is_member - fitted))
    return float(beta[1]), float(np.sqrt(np.linalg.inv(information)[1, 1]))


def test_growth_is_realised_in_the_default_sample(sample: Sample):
    dated = sample.papers.drop_nulls("published")
    years = np.array([(day - FIRST_DAY).days / 365.25 for day in dated["published"]])
    for kind, subject, factor, _ in sample.truth.iter_rows():
        rows = dated.select("topic", "themes").iter_rows()
        member = [s == subject if kind == "topic" else subject in themes for s, themes in rows]
        slope, error = growth(np.array(member, dtype=float), years)
        near = 0.5 if kind == "theme" else 1.5
        assert abs(slope - np.log(factor)) < near * error, subject
        if factor != 1:  # and it can be seen
            assert slope / error * np.sign(np.log(factor)) > 3, subject


def test_growth_is_right_on_average_and_noise_mildly_above_binomial():
    plan = read_plan()
    deviations = []
    for seed in range(30):
        subjects = draw_subjects(plan, Dice(seed))
        years = np.array([(s.day - plan.first_day).days / 365.25 for s in subjects])
        for (kind, name), factor in plan.growth().items():
            member = [
                spoken(s.topic) == name if kind == "topic" else name in s.themes for s in subjects
            ]
            slope, error = growth(np.array(member, dtype=float), years)
            deviations.append((slope - np.log(factor)) / error)
    by_subject = np.array(deviations).reshape(30, -1)
    assert np.abs(by_subject.mean(axis=0)).max() < 3.5 / np.sqrt(30)
    assert 0.9 < (by_subject**2).mean() < 1.4


def test_steady_topics_are_steady_and_shares_add_up():
    plan = read_plan()
    years = np.linspace(0, 2.77, 50)
    shares = [plan.shares(y) for y in years]
    assert all(abs(sum(s.values()) - 1) < 1e-12 for s in shares)
    for topic in plan.weights:
        share = np.array([s[topic] for s in shares])
        slope = np.polyfit(years, np.log(share / (1 - share)), 1, w=1.6 ** (years / 2))[0]
        assert abs(slope) < 0.01, topic
    for theme in plan.themes:
        for y, share in zip(years, shares, strict=True):
            chances = plan.membership(theme, y)
            assert all(0 <= chance <= 1 for chance in chances.values())
            total = sum(share[topic] * chance for topic, chance in chances.items())
            assert total == pytest.approx(plan.themes[theme].at(y))


def test_themes_are_more_than_topics(sample: Sample):
    for theme in THEMES:
        topics = sample.papers.filter(pl.col("themes").list.contains(theme))["topic"]
        assert topics.n_unique() >= 5
        assert topics.value_counts()["count"].max() < 0.8 * len(topics)


NAMED = {
    "local/global attention": r"(?:local|global)[\w ,-]{0,25}attention|attention[\w ]{0,20}(?:local|global)",
    "label noise": r"label noise|nois\w+ (?:label|annotation)|mislabeled|wrong labels|annotation errors",
    "distillation": r"distil",
}


def test_papers_name_their_themes_and_hardly_any_other_does(sample: Sample):
    for theme, words in NAMED.items():
        n_strangers = 0
        for title, abstract, themes in sample.papers.select(
            "title", "abstract", "themes"
        ).iter_rows():
            n_named = len(re.findall(words, f"{title}. {abstract}", re.IGNORECASE))
            if theme in themes:
                assert n_named >= 1, title
            else:
                n_strangers += n_named > 0
                assert n_named <= 1, title
        assert n_strangers < 60, theme


# ---------------------------------------------------------------------------------- the language


def shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}


def test_different_papers_are_not_near_duplicates(sample: Sample):
    of_paper = [shingles(abstract) for abstract in sample.papers["abstract"]]
    having = defaultdict(list)
    for paper, found in enumerate(of_paper):
        for shingle in found:
            having[shingle].append(paper)
    shared: Counter[tuple[int, int]] = Counter()
    for papers in having.values():
        shared.update((a, b) for i, a in enumerate(papers) for b in papers[:i])
    alike = [n / (len(of_paper[a]) + len(of_paper[b]) - n) for (a, b), n in shared.items()]
    assert max(alike) < 0.5
    assert sum(jaccard >= 0.3 for jaccard in alike) <= 5


def test_titles_and_methods_are_unique(sample: Sample):
    assert sample.papers["title"].str.to_lowercase().is_unique().all()
    assert sample.papers["abstract"].is_unique().all()
    names = sample.papers["title"].str.extract(r"^(\w+): ").drop_nulls()
    assert len(names) > 300
    assert names.is_unique().all()


def test_abstracts_have_the_length_of_abstracts(sample: Sample):
    n_words = sample.papers["abstract"].str.split(" ").list.len()
    assert n_words.min() >= 80
    assert n_words.max() <= 190
    assert 100 <= n_words.mean() <= 130
    n_sentences = sample.papers["abstract"].str.count_matches(r"\.(?: |$)")
    assert n_sentences.min() >= 5
    assert n_sentences.max() <= 12


def test_nothing_is_left_to_fill_in(texts: list[str]):
    for text in texts:
        assert not re.search(r"[{}<>|~]|  |\s$|^\s", text), text
        assert text.isascii(), text


def test_sentences_start_with_a_capital_and_end_with_a_period(sample: Sample):
    for abstract in sample.papers["abstract"]:
        assert abstract.endswith("."), abstract
        assert ".." not in abstract
        for sentence in re.split(r"(?<=\.) ", abstract):
            assert re.match(r"[A-Z]", sentence), sentence


def test_no_word_is_doubled(texts: list[str]):
    for text in texts:
        assert not re.search(r"\b([a-z]+) \1\b", text, re.IGNORECASE), text


SPOKEN_WITH_CONSONANT = re.compile(
    r"(?:uniform|union|unit|univers|uniq|us[aeu]|utili|U-Net|UR5|one|eu)", re.IGNORECASE
)
SPOKEN_WITH_VOWEL = re.compile(r"(?:hour|honest|[FHLMNRSX](?:[A-Z]|\d|-)|8|11\b|18\b)")


def test_a_and_an_agree_with_the_next_word(texts: list[str]):
    seen = set()
    for text in texts:
        for article, word in re.findall(r"\b([Aa]n?) (\S+)", text):
            vowel = bool(
                re.match(r"[aeiou]", word, re.IGNORECASE)
            ) and not SPOKEN_WITH_CONSONANT.match(word)
            vowel = vowel or bool(SPOKEN_WITH_VOWEL.match(word))
            assert (article.lower() == "an") == vowel, f"{article} {word}"
            seen.add((article.lower(), word))
    assert len(seen) > 100


# ------------------------------------------------------------------------------------- the parts


def test_topics_have_every_slot_and_the_words_they_use():
    topics = read_topics()
    common = topics.pop("common")
    assert set(topics) == set(read_plan().topics)
    for name, topic in topics.items():
        assert all(len(topic[slot]) >= 2 for slot in SLOTS), name
        for theme in topic["themes"]:
            assert read_plan().affinity[theme].get(name), (name, theme)
    for theme, affinity in read_plan().affinity.items():
        assert all(theme in topics[topic]["themes"] for topic in affinity)
        assert theme in common["also"]


def test_dice_are_fair_and_repeatable():
    dice, again = Dice(7), Dice(7)
    rolls = [dice.below(6) for _ in range(6000)]
    assert rolls == [again.below(6) for _ in range(6000)]
    assert all(900 < rolls.count(face) < 1100 for face in range(6))
    normal = np.array([dice.normal() for _ in range(4000)])
    assert abs(normal.mean()) < 0.06
    assert abs(normal.std() - 1) < 0.05
    assert sorted(dice.shuffled(range(20))) == list(range(20))
    chosen = Counter(dice.weighted([1, 0, 3]) for _ in range(4000))
    assert chosen[1] == 0
    assert 0.22 < chosen[0] / 4000 < 0.28
