"""A sample corpus of known truth, written as the files a real collection would come in.

Nothing in it is real: titles, abstracts, authors, methods and results are made up, and a name that
exists is a coincidence; only data sets and baselines are called what they are called. Identifiers
cannot belong to a real paper (arXiv numbers above 90,000 a month, the DOI prefix for tests).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from upwell.sample.dice import Dice
from upwell.sample.layout import Laid, Paper, lay_out
from upwell.sample.plan import Plan, Subject, draw_subjects, read_plan, spoken
from upwell.sample.prose import Writer, read_topics


@dataclass(frozen=True, slots=True)
class Counts:
    """What reading and deduplicating the sample must find.

    `n_records` counts every item, rejects too: records = papers + duplicates + rejects.
    `n_undated` of the papers have no date.
    """

    n_records: int
    n_papers: int
    n_duplicates: int
    n_rejects: int
    n_undated: int


@dataclass(frozen=True, slots=True)
class Sample:
    """The sample corpus and the truth about it.

    `files` maps names to contents. `truth` has one row per topic and theme: `kind` and `subject`
    str, `growth` f64 (factor on the odds per year) and `n_papers` u32 (dated ones). `papers` has
    one row per paper: `title`, `abstract`, `published` (null if no file tells it), `topic`,
    `themes` list[str].
    """

    files: Mapping[str, bytes]
    truth: pl.DataFrame
    counts: Counts
    papers: pl.DataFrame


def sample_files(*, random_state: int = 196) -> Sample:
    """The sample corpus: about a thousand invented papers of January 2023 to October 2025.

    Parameters
    ----------
    random_state : seed; the same seed gives the same bytes on every machine and day. The default is
        one whose realised growths are all near the true ones (each theme within 0.5, each topic
        within 1.5 standard errors), so that what can be seen is what is true.

    Returns
    -------
    A saved page, a listing of abstracts, JSON Lines and a table, with duplicates among them and a
    few faults; which themes and topics rise and fall in them; how many of what there are.

    Source
    ------
    Our definition; the truth is in `plan.toml`, the sentences are in `topics/`.
    """
    plan = read_plan()
    # Dice of their own: another wording leaves the truth and the order of the papers as they are.
    papers = _papers(draw_subjects(plan, Dice(random_state)), Dice(random_state, 1))
    laid = lay_out(papers, plan.last_day, Dice(random_state, 2))
    undated = [paper for paper in laid.papers if paper.published is None]
    counts = Counts(
        n_records=len(laid.papers) + laid.n_duplicates + laid.n_rejects,
        n_papers=len(laid.papers),
        n_duplicates=laid.n_duplicates,
        n_rejects=laid.n_rejects,
        n_undated=len(undated),
    )
    return Sample(laid.files, _truth(plan, laid), counts, _table(laid))


def _papers(subjects: list[Subject], dice: Dice) -> list[Paper]:
    """A paper on each subject."""
    topics, taken = read_topics(), set[str]()
    common = topics.pop("common")
    writers = {name: Writer(topic, common, dice, taken) for name, topic in topics.items()}
    papers: list[Paper] = []
    for number, subject in enumerate(subjects, start=1):
        text = writers[subject.topic].write(subject.themes)
        named = dice.shuffled(common["family_names"])[: 1 + dice.below(4) + dice.below(4)]
        categories = topics[subject.topic]["categories"]
        papers.append(
            Paper(
                title=text.title,
                abstract=text.abstract,
                published=subject.day,
                topic=spoken(subject.topic),
                themes=subject.themes,
                authors=tuple(f"{dice.pick(common['given_names'])} {name}" for name in named),
                categories=tuple(categories[: 1 + dice.below(len(categories))]),
                arxiv_id=f"{subject.day:%y%m}.{90000 + number}",
                doi=f"10.5555/upwell.{subject.day:%Y}.{number:04d}",
            )
        )
    return papers


def _truth(plan: Plan, laid: Laid) -> pl.DataFrame:
    """The growth of every subject, and how many dated papers it has."""
    dated = [paper for paper in laid.papers if paper.published is not None]
    n_papers = Counter(("topic", paper.topic) for paper in dated)
    n_papers.update(("theme", theme) for paper in dated for theme in paper.themes)
    return pl.DataFrame(
        [(*subject, growth, n_papers[subject]) for subject, growth in plan.growth().items()],
        schema={
            "kind": pl.String(),
            "subject": pl.String(),
            "growth": pl.Float64(),
            "n_papers": pl.UInt32(),
        },
        orient="row",
    )


def _table(laid: Laid) -> pl.DataFrame:
    """The papers as a frame, sorted by title."""
    return pl.DataFrame(
        {
            "title": [paper.title for paper in laid.papers],
            "abstract": [paper.abstract for paper in laid.papers],
            "published": [paper.published for paper in laid.papers],
            "topic": [paper.topic for paper in laid.papers],
            "themes": [list(paper.themes) for paper in laid.papers],
        },
        schema_overrides={"published": pl.Date(), "themes": pl.List(pl.String())},
    ).sort("title")
