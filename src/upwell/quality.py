"""How good a set of topics is: coherence, diversity, stability.

Measures on published tables, whatever made the topics.
"""

from itertools import combinations

import numpy as np
import polars as pl
from numpy.typing import NDArray

_N_KEYWORDS = 10  # of each topic, the first ones, as in the literature


def coherence(papers: pl.DataFrame, topics: pl.DataFrame) -> pl.DataFrame:
    """How often each topic's keywords stand in the same papers, as NPMI.

    Parameters
    ----------
    papers : `title` str?, `abstract` str; both together are one document.
    topics : `topic_id` i32, `keywords` list[str], of which the first ten count.

    Returns
    -------
    One row per topic, sorted: `topic_id` i32 and `coherence` f32 [-1, 1], the mean over pairs of
    keywords: 1 where they only occur together, 0 where by chance, -1 where never. Words match in
    any case, singular or plural, hyphens as blanks. 0 for a topic of fewer than two keywords, and
    without papers.

    Raises
    ------
    ValueError
        A column is missing.

    Source
    ------
    Bouma (2009), normalised pointwise mutual information; Lau et al. (2014), on topics.
    """
    _need(papers, ("title", "abstract"), "papers")
    _need(topics, ("topic_id", "keywords"), "topics")
    keywords = (
        topics.select("topic_id", keyword=pl.col("keywords").list.head(_N_KEYWORDS))
        .explode("keyword")
        .drop_nulls()
        .select("topic_id", keyword=_matchable(pl.col("keyword")))
        .unique()
    )
    column = {key: i for i, key in enumerate(keywords["keyword"].unique().sort())}
    holds = _holds(papers, list(column))
    rows = [
        (topic, _mean_npmi(holds[:, sorted(column[key] for key in own)]))
        for topic, own in topics.select("topic_id")
        .join(keywords.group_by("topic_id").agg("keyword"), on="topic_id", how="left")
        .with_columns(pl.col("keyword").fill_null([]))
        .rows()
    ]
    schema = {"topic_id": pl.Int32(), "coherence": pl.Float32()}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("topic_id")


def _matchable(text: pl.Expr) -> pl.Expr:
    """Lower-case words in the singular, each between single blanks."""
    words = text.str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", " ")
    singular = words.str.replace_all(r"(\w\w[^\Wsui])s\b", "$1")
    return pl.concat_str(pl.lit(" "), singular.str.strip_chars(), pl.lit(" "))


def _holds(papers: pl.DataFrame, keywords: list[str]) -> NDArray[np.bool_]:
    """Which papers (rows) hold which keywords (columns), both as `_matchable` writes them."""
    holds = np.zeros((len(papers), len(keywords)), dtype=bool)
    if not keywords or not len(papers):
        return holds
    text = pl.concat_str("title", "abstract", separator=" . ", ignore_nulls=True)
    number = {key: i for i, key in enumerate(keywords)}
    found = (
        papers.select(key=_matchable(text).str.extract_many(keywords, overlapping=True))
        .with_row_index("row")
        .explode("key")
        .drop_nulls()
        .unique()
    )
    columns = found["key"].replace_strict(number, return_dtype=pl.Int64)
    holds[found["row"].to_numpy(), columns.to_numpy()] = True
    return holds


def _mean_npmi(holds: NDArray[np.bool_]) -> float:
    """Mean NPMI over the pairs of columns; -1 for a pair that no paper holds."""
    n_keywords = holds.shape[1]
    if n_keywords < 2 or not len(holds):
        return 0.0
    share = holds.mean(axis=0)
    values = []
    for i, j in combinations(range(n_keywords), 2):
        both = float((holds[:, i] & holds[:, j]).mean())
        if both == 0:
            values.append(-1.0)
        elif both == 1:
            values.append(1.0)
        else:
            values.append(float(np.log(both / (share[i] * share[j])) / -np.log(both)))
    return float(np.clip(np.mean(values), -1, 1))


def diversity(topics: pl.DataFrame) -> float:
    """Share of keywords that are in one topic only, among the first ten of each topic.

    Parameters
    ----------
    topics : `keywords` list[str].

    Returns
    -------
    Distinct keywords ÷ keywords [0-1], in any case; 1 without keywords.

    Raises
    ------
    ValueError
        A column is missing.

    Source
    ------
    Dieng et al. (2020), topic diversity, on phrases.
    """
    _need(topics, ("keywords",), "topics")
    words = topics["keywords"].list.head(_N_KEYWORDS).explode().drop_nulls().str.to_lowercase()
    return words.n_unique() / len(words) if len(words) else 1.0


def stability(assignments: pl.DataFrame, refits: pl.DataFrame) -> pl.DataFrame:
    """How well each topic comes back when a part of the papers is clustered anew.

    Parameters
    ----------
    assignments : `paper_id` str, `topic_id` i32, -1 for outliers.
    refits : `refit` i32, `paper_id` str, `topic_id` i32: topics of samples of the same papers.

    Returns
    -------
    One row per topic, sorted: `topic_id` i32 and `stability` f32 [0-1]: the Jaccard similarity of
    the topic, restricted to a refit's papers, to the most similar topic of that refit, or to all
    those together that lie mostly within it if that is more: a refit may cut finer. Averaged over
    the refits that hold a paper of the topic; 0 where none does. From about 0.75 a topic is stable,
    below 0.5 it is dissolved.

    Raises
    ------
    ValueError
        A column is missing.

    Source
    ------
    Hennig (2007), cluster-wise assessment of cluster stability; finer cuts are our addition.
    """
    _need(assignments, ("paper_id", "topic_id"), "assignments")
    _need(refits, ("refit", "paper_id", "topic_id"), "refits")
    topics = assignments.filter(pl.col("topic_id") >= 0).select("topic_id").unique()
    sample = refits.select("refit", "paper_id", again="topic_id").join(
        assignments.select("paper_id", "topic_id"), on="paper_id"
    )
    inside = sample.filter(pl.col("topic_id") >= 0)
    n_topic = inside.group_by("refit", "topic_id").agg(n_topic=pl.len())
    n_again = sample.group_by("refit", "again").agg(n_again=pl.len())
    overlap = (
        inside.filter(pl.col("again") >= 0)
        .group_by("refit", "topic_id", "again")
        .agg(n_both=pl.len())
        .join(n_topic, on=["refit", "topic_id"])
        .join(n_again, on=["refit", "again"])
    )
    similar = pl.concat([overlap, _together(overlap)])
    jaccard = pl.col("n_both") / (pl.col("n_topic") + pl.col("n_again") - pl.col("n_both"))
    best = similar.group_by("refit", "topic_id").agg(jaccard.max().alias("jaccard"))
    per_topic = (
        n_topic.join(best, on=["refit", "topic_id"], how="left")
        .sort("refit", "topic_id")  # sums of floats depend on their order
        .group_by("topic_id")
        .agg(stability=pl.col("jaccard").fill_null(0).mean())
    )
    return (
        topics.join(per_topic, on="topic_id", how="left")
        .select(
            pl.col("topic_id").cast(pl.Int32), pl.col("stability").fill_null(0).cast(pl.Float32)
        )
        .sort("topic_id")
    )


def _together(overlap: pl.DataFrame) -> pl.DataFrame:
    """The topics of a refit that lie mostly within a topic, as if they were one."""
    return (
        overlap.filter(2 * pl.col("n_both") > pl.col("n_again"))
        .group_by("refit", "topic_id")
        .agg(pl.col("again").min(), pl.col("n_both", "n_again").sum(), pl.col("n_topic").first())
        .select(overlap.columns)
    )


def _need(frame: pl.DataFrame, columns: tuple[str, ...], name: str) -> None:
    """Complain about columns that a frame lacks."""
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ValueError(
            f"{name}: no column {', '.join(missing)}; there are {', '.join(frame.columns)}"
        )
