"""Topics: papers with vectors to clusters with names.

BERTopic, UMAP and HDBSCAN are fenced in here: the modules beside this one import them, and this
one imports those when there is a corpus to read. What leaves is polars frames.

Papers are sorted by `paper_id` before anything else, so their order never matters. A corpus goes
through

1. `around`, `nearest`, `reduced`: vectors around their mean, exact neighbours, UMAP to 5 d
2. `dense_cores`: HDBSCAN, sizes scaled to the corpus (`Sizes.scaled`)
3. `continued`, in a refit: what of the clusters is news to the topics there are
4. `find_centres`, `Centres.assign`: every paper to the nearest core's centre, or to none
5. `read_corpus`, c-TF-IDF by BERTopic, `topic_name`: keywords and label

What was learned is a `TopicModel`. Until the next fit, for which `decide` calls, `place` puts
papers into its topics by the same rule.
"""

import warnings
from collections.abc import Callable
from types import ModuleType

import numpy as np
import polars as pl

from upwell.config import TopicConfig
from upwell.tables import ASSIGNMENTS, UNPLACED
from upwell.topics.centres import Centres
from upwell.topics.frames import TOPICS, Discovery, labels_of, matrix_of, topics_table
from upwell.topics.model import TopicModel, TopicModelError, keep_names, remember
from upwell.topics.placing import place, positions, recall
from upwell.topics.policy import Decision, decide
from upwell.topics.warm import UNSEEN, Before

__all__ = [
    "Decision",
    "Discovery",
    "TopicModel",
    "TopicModelError",
    "decide",
    "discover",
    "keep_names",
    "load",
    "place",
    "recall",
    "refit",
    "remember",
]

FEWEST_PAPERS = 12  # below, two topics cannot be told from noise
REFIT_SHARE = 0.8  # of the papers, in each refit
REFIT_PAPERS = 4000  # at most, in each refit
MOST_FITTED = 50_000
"""Papers that topics are sought among; the others are placed. Exact neighbours take the square of
the time, and a part finds as much. Of 36,103 arXiv papers, all with AMI to their categories:

    sought among   topics   outliers   AMI    coherence   seconds
    all                90       .105   .328       -.057       188
    18,000             66       .094   .327       -.001        58
    9,000              56       .102   .325       -.006        41
"""

Progress = Callable[[str], None]

_REFITS = pl.Schema({"refit": pl.Int32(), "paper_id": pl.String(), "topic_id": pl.Int32()})


def discover(
    papers: pl.DataFrame,
    vectors: pl.DataFrame,
    *,
    config: TopicConfig,
    before: TopicModel | None = None,
    refits: pl.DataFrame | None = None,
    progress: Progress | None = None,
) -> Discovery:
    """Topics of a corpus, and the topic of every paper.

    Parameters
    ----------
    papers : the table `UNPLACED`.
    vectors : `paper_id` str, `vector` Array(f32, d) of length 1, or 0 for a paper of which the
        encoder knows no word; one row for each paper, others are left aside.
    config : sizes and seed; what is unset scales with the number of papers.
    before : the topics there are, if they shall go on where nothing clearly speaks against it.
    refits : what `refit` returned, to tell with `before` what is clear; without, every change is.
    progress : called with the name of each step as it starts.

    Returns
    -------
    `topics`, one row per topic: `topic_id` i32 from 0, the largest of the fit first and of two
    equals the one with the first `paper_id`; `label` str, unique; `keywords` list[str], the most
    telling first; `n_papers` i32; `exemplars` list[str], the papers nearest to the centre.
    `assignments`, the table `ASSIGNMENTS`, one row per paper: strength is the cosine to the
    topic's centre among vectors centred on the corpus, 0 in the outlier topic.
    Fewer than `FEWEST_PAPERS` papers with a vector make no topic: all are outliers. Of more than
    `MOST_FITTED` papers topics are sought among those with the first ids, which are hashes and so
    a sample at random that hardly changes as the corpus grows; the others are placed.

    Raises
    ------
    ValueError
        A paper has no vector, or a frame lacks a column.

    Source
    ------
    Grootendorst (2022), BERTopic; McInnes et al. (2018), UMAP; Campello et al. (2013), HDBSCAN.
    The rule that assigns papers is our definition.
    """
    say = progress or (lambda _: None)
    papers = UNPLACED.conform(papers)
    matrix = matrix_of(papers, vectors)
    n_known = int(np.any(matrix, axis=1).sum())
    if n_known < FEWEST_PAPERS:
        return _without_topics(papers, n_known)
    say("loading BERTopic")
    fitting = _fitting()
    say("topics")
    some, share = papers.head(MOST_FITTED), min(1.0, MOST_FITTED / len(papers))
    titles = some["title"].fill_null("").to_list()
    going_on = _before(some, before, refits, config) if before is not None else None
    fit = fitting.fitted(
        matrix[:MOST_FITTED],
        titles,
        some["abstract"].to_list(),
        config.in_sample(share),
        going_on,
    )
    others = fit.centres.place(matrix[MOST_FITTED:])
    position = positions(matrix, fit.centres.mean, fit.position)
    assignments = ASSIGNMENTS.conform(
        papers.select(
            "paper_id",
            topic_id=np.concatenate([fit.membership.labels, others.labels]),
            topic_strength=np.concatenate([fit.membership.strength, others.strength]),
            x=position[:, 0],
            y=position[:, 1],
        )
    )
    names = pl.DataFrame(
        {"label": fit.labels, "keywords": fit.keywords},
        schema={"label": pl.String(), "keywords": pl.List(pl.String())},
    ).with_row_index("topic_id")
    cores = some.select("paper_id", core_of=pl.Series(fit.cores, dtype=pl.Int32))
    cores = cores.filter(pl.col("core_of") >= 0)
    return Discovery(topics_table(names, assignments), assignments, cores, (), fit.centres)


def _before(
    papers: pl.DataFrame, model: TopicModel, refits: pl.DataFrame | None, config: TopicConfig
) -> Before:
    """The model there is, for papers in their rows' order."""
    samples = [] if refits is None else refits.partition_by("refit", maintain_order=True)
    return Before(
        centres=model.centres,
        cores=labels_of(papers, model.cores, "core_of"),
        known=papers["paper_id"].is_in(model.papers["paper_id"].implode()).to_numpy(),
        refits=[labels_of(papers, sample, "topic_id", other=UNSEEN) for sample in samples],
        most_moved=config.refit_moves,
    )


def load() -> None:
    """Import BERTopic, UMAP and HDBSCAN now: 5 s, 25 s the first time, while others wait."""
    _fitting()


def _fitting() -> ModuleType:
    """The module that imports BERTopic, UMAP and HDBSCAN: seconds, and only when needed."""
    with warnings.catch_warnings():
        # UMAP misses TensorFlow for a variant that is not used here.
        warnings.filterwarnings(
            "ignore", message="Tensorflow not installed", category=ImportWarning
        )
        from upwell.topics import fit
    return fit


def _without_topics(papers: pl.DataFrame, n_known: int) -> Discovery:
    """All papers as outliers, beside each other on the map."""
    assignments = papers.select(
        "paper_id",
        topic_id=pl.lit(-1),
        topic_strength=pl.lit(0.0),
        x=pl.int_range(pl.len()).cast(pl.Float32()),
        y=pl.lit(0.0),
    )
    note = f"no topics: {n_known} papers with a vector are too few, {FEWEST_PAPERS} are the fewest"
    return Discovery(
        pl.DataFrame(schema=TOPICS),
        ASSIGNMENTS.conform(assignments),
        pl.DataFrame(schema={"paper_id": pl.String, "core_of": pl.Int32}),
        (note,),
        Centres.none(),
    )


def refit(
    papers: pl.DataFrame, vectors: pl.DataFrame, *, config: TopicConfig, number: int
) -> pl.DataFrame:
    """Topics of a sample of a corpus with another seed, to see which topics come back.

    Parameters
    ----------
    papers, vectors, config : as for `discover`.
    number : which refit; decides sample and seed. The sample holds `REFIT_SHARE` of the
        papers, at most `REFIT_PAPERS`.

    Returns
    -------
    One row per paper of the sample, sorted: `refit` i32, `paper_id` str, `topic_id` i32, whose
    numbers mean nothing outside of their refit. No rows for fewer than `FEWEST_PAPERS` papers with
    a vector in the sample.

    Raises
    ------
    ValueError
        As `discover`.

    Source
    ------
    Hennig (2007), clusterwise stability by resampling.
    """
    whole = UNPLACED.conform(papers)
    papers, share = whole.head(MOST_FITTED), min(1.0, MOST_FITTED / max(len(whole), 1))
    matrix = matrix_of(papers, vectors)
    n_sample = min(round(REFIT_SHARE * len(papers)), REFIT_PAPERS)
    random = np.random.default_rng([config.random_state, number])
    rows = np.sort(random.choice(len(papers), n_sample, replace=False))
    if int(np.any(matrix[rows], axis=1).sum()) < FEWEST_PAPERS:
        return pl.DataFrame(schema=_REFITS)
    membership = _fitting().resampled(
        matrix[rows],
        config.in_sample(share),
        n_papers=len(papers),
        random_state=int(random.integers(2**31)),
    )
    sample: pl.DataFrame = papers[rows.tolist()]
    again = sample.select("paper_id", refit=pl.lit(number), topic_id=membership.labels)
    return again.select(pl.col(name).cast(dtype) for name, dtype in _REFITS.items()).sort(
        "paper_id"
    )
