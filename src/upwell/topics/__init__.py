"""Topics: papers with vectors to clusters with names.

BERTopic, UMAP and HDBSCAN are fenced in here: the modules beside this one import them, and this
one imports those when there is a corpus to read. What leaves is polars frames.

Papers are sorted by `paper_id` before anything else, so their order never matters. A corpus goes
through

1. `around`, `nearest`, `reduced`: vectors around their mean, exact neighbours, UMAP to 5 d
2. `dense_cores`: HDBSCAN, sizes scaled to the corpus (`Sizes.scaled`)
3. `find_centres`, `Centres.assign`: every paper to the nearest core's centre, or to none; `place`
   does the same to papers that were not there
4. `read_corpus`, c-TF-IDF by BERTopic, `topic_name`: keywords and label
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.config import TopicConfig
from upwell.tables import ASSIGNMENTS, UNPLACED
from upwell.topics.centres import Centres

FEWEST_PAPERS = 12  # below, two topics cannot be told from noise
N_EXEMPLARS = 5
REFIT_SHARE = 0.8  # of the papers, in each refit
REFIT_PAPERS = 4000  # at most, in each refit

Progress = Callable[[str], None]

_TOPICS = pl.Schema(
    {
        "topic_id": pl.Int32(),
        "label": pl.String(),
        "keywords": pl.List(pl.String()),
        "n_papers": pl.Int32(),
        "exemplars": pl.List(pl.String()),
    }
)
_REFITS = pl.Schema({"refit": pl.Int32(), "paper_id": pl.String(), "topic_id": pl.Int32()})


@dataclass(frozen=True)
class Discovery:
    """What `discover` found: topics, each paper's place among them, and remarks for the run.

    `centres` is the rule by which papers got their topics; `place` applies it to others. Papers had
    a part in that rule; `left_out` (`paper_id`, `topic_id`) has the topics that they would have got
    without it, to compare with those of other papers.
    """

    topics: pl.DataFrame
    assignments: pl.DataFrame
    left_out: pl.DataFrame
    notes: tuple[str, ...]
    centres: Centres


def discover(
    papers: pl.DataFrame,
    vectors: pl.DataFrame,
    *,
    config: TopicConfig,
    progress: Progress | None = None,
) -> Discovery:
    """Topics of a corpus, and the topic of every paper.

    Parameters
    ----------
    papers : the table `UNPLACED`.
    vectors : `paper_id` str, `vector` Array(f32, d) of length 1, or 0 for a paper of which the
        encoder knows no word; one row for each paper, others are left aside.
    config : sizes and seed; what is unset scales with the number of papers.
    progress : called with the name of each step as it starts.

    Returns
    -------
    `topics`, one row per topic: `topic_id` i32 from 0, the largest first and of two equals the
    one with the first `paper_id`; `label` str, unique; `keywords` list[str], the most telling
    first; `n_papers` i32; `exemplars` list[str], the papers nearest to the centre.
    `assignments`, the table `ASSIGNMENTS`, one row per paper: strength is the cosine to the
    topic's centre among vectors centred on the corpus, 0 in the outlier topic.
    Fewer than `FEWEST_PAPERS` papers with a vector make no topic: all are outliers.

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
    matrix = _matrix(papers, vectors)
    n_known = int(np.any(matrix, axis=1).sum())
    if n_known < FEWEST_PAPERS:
        return _without_topics(papers, n_known)
    say("loading BERTopic")
    fitting = _fitting()
    say("topics")
    titles = papers["title"].fill_null("").to_list()
    fit = fitting.fitted(matrix, titles, papers["abstract"].to_list(), config)
    labels, strength = fit.membership.labels, fit.membership.strength
    assignments = ASSIGNMENTS.conform(
        papers.select(
            "paper_id",
            topic_id=labels,
            topic_strength=strength,
            x=fit.position[:, 0],
            y=fit.position[:, 1],
        )
    )
    names = pl.DataFrame(
        {"label": fit.labels, "keywords": fit.keywords},
        schema={"label": pl.String(), "keywords": pl.List(pl.String())},
    ).with_row_index("topic_id")
    left_out = papers.select("paper_id", topic_id=pl.Series(fit.left_out, dtype=pl.Int32))
    return Discovery(_topics(names, assignments), assignments, left_out, (), fit.centres)


def place(vectors: pl.DataFrame, centres: Centres) -> pl.DataFrame:
    """Topics of papers that were not there when the topics were found.

    Parameters
    ----------
    vectors : one row per paper: `paper_id` str, `vector` Array(f32, d) of the same encoder.
    centres : what `discover` learned; nothing is learned from the papers placed.

    Returns
    -------
    One row per paper, sorted: `paper_id` str, `topic_id` i32 (-1: outlier) and `topic_strength`
    f32, as `discover` gives them.

    Raises
    ------
    ValueError
        A column is missing, or the vectors are not as long as those of the topics.

    Source
    ------
    Our definition.
    """
    _need_columns(vectors)
    papers = vectors.select("paper_id").sort("paper_id")
    membership = centres.place(_matrix(papers, vectors))
    return papers.select(
        "paper_id",
        topic_id=pl.Series(membership.labels, dtype=pl.Int32),
        topic_strength=pl.Series(membership.strength, dtype=pl.Float32),
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


def _matrix(papers: pl.DataFrame, vectors: pl.DataFrame) -> NDArray[np.float32]:
    """The papers' vectors, row by row."""
    _need_columns(vectors)
    joined = papers.select("paper_id").join(
        vectors, on="paper_id", how="left", maintain_order="left"
    )
    without = joined.filter(pl.col("vector").is_null())["paper_id"]
    if len(without):
        raise ValueError(
            f"{len(without)} of {len(papers)} papers have no vector, such as {without[0]}; "
            "encode every paper before its topic is sought"
        )
    if not len(papers):
        return np.zeros((0, 1), dtype=np.float32)
    return np.ascontiguousarray(joined["vector"].to_numpy(), dtype=np.float32)


def _need_columns(vectors: pl.DataFrame) -> None:
    """Raises if the frame of vectors lacks a column."""
    missing = [name for name in ("paper_id", "vector") if name not in vectors.columns]
    if missing:
        raise ValueError(
            f"vectors: no column {', '.join(missing)}; there are {', '.join(vectors.columns)}"
        )


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
    conformed = ASSIGNMENTS.conform(assignments)
    left_out = conformed.select("paper_id", "topic_id")
    return Discovery(pl.DataFrame(schema=_TOPICS), conformed, left_out, (note,), Centres.none())


def _topics(names: pl.DataFrame, assignments: pl.DataFrame) -> pl.DataFrame:
    """The row of each topic: its name, its size and its firmest papers."""
    members = (
        assignments.sort(["topic_strength", "paper_id"], descending=[True, False])
        .group_by("topic_id")
        .agg(n_papers=pl.len(), exemplars=pl.col("paper_id").head(N_EXEMPLARS))
    )
    topics = names.with_columns(pl.col("topic_id").cast(pl.Int32())).join(
        members, on="topic_id", how="left", validate="1:1"
    )
    return topics.select(pl.col(name).cast(dtype) for name, dtype in _TOPICS.items()).sort(
        "topic_id"
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
    papers = UNPLACED.conform(papers)
    matrix = _matrix(papers, vectors)
    n_sample = min(round(REFIT_SHARE * len(papers)), REFIT_PAPERS)
    random = np.random.default_rng([config.random_state, number])
    rows = np.sort(random.choice(len(papers), n_sample, replace=False))
    if int(np.any(matrix[rows], axis=1).sum()) < FEWEST_PAPERS:
        return pl.DataFrame(schema=_REFITS)
    membership = _fitting().resampled(
        matrix[rows], config, n_papers=len(papers), random_state=int(random.integers(2**31))
    )
    sample: pl.DataFrame = papers[rows.tolist()]
    again = sample.select("paper_id", refit=pl.lit(number), topic_id=membership.labels)
    return again.select(pl.col(name).cast(dtype) for name, dtype in _REFITS.items()).sort(
        "paper_id"
    )
