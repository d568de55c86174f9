"""Records to papers: which records are one paper, and what is known of it together.

`text` normalises, `candidates` finds the pairs worth comparing, `evidence` judges each pair,
`grouping` joins what the evidence allows, `merge` makes one paper of each group.
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from upwell.config import DedupConfig
from upwell.dedup import candidates, evidence, grouping, merge, related, text
from upwell.tables import DUPLICATES, RECORDS, RELATED_PAPERS, UNPLACED

__all__ = ["Deduplication", "deduplicate"]

Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class Deduplication:
    """What deduplication found; `papers.height + duplicates.height` is the number of records.

    `papers` is an `UNPLACED` table, one row per paper; `duplicates` a `DUPLICATES` table, one row
    per record that was folded into another; `related` a `RELATED_PAPERS` table, one row per pair of
    papers that are close and yet two.
    """

    papers: pl.DataFrame
    duplicates: pl.DataFrame
    related: pl.DataFrame


def deduplicate(
    records: pl.DataFrame, *, config: DedupConfig, progress: Progress | None = None
) -> Deduplication:
    """The papers that the records are about, each once.

    Two records are one paper if they share an arXiv id or DOI and their texts do not contradict
    it; or a telling title and an abstract that agrees; or near-identical abstracts (one may be
    cut short) under titles that do not speak against it; or one abstract that tells of both their
    titles. Records with two different arXiv ids, or two DOIs of one publisher, are never joined by
    title or text, nor through a third record.

    Parameters
    ----------
    records : a `RECORDS` table, in any order.
    config : when two abstracts count as the same.
    progress : called as `progress(step, n)` after each step, with what it produced.

    Returns
    -------
    Papers and duplicates, sorted by their keys. The same records in another order, or spread over
    other files, give the same papers with the same `paper_id`.

    Raises
    ------
    TableError
        `records` does not keep the `RECORDS` contract.

    Source
    ------
    Candidates: Broder (1997), "On the resemblance and containment of documents"; Leskovec,
    Rajaraman and Ullman (2020), "Mining of Massive Datasets", chapter 3. The rest: our definition.
    """
    tell = progress or (lambda _step, _n: None)
    records = RECORDS.conform(records)
    if records.is_empty():
        return Deduplication(UNPLACED.empty(), DUPLICATES.empty(), RELATED_PAPERS.empty())
    corpus = text.collapse(text.canonical(records))
    tell("distinct", corpus.copies.height)
    words = corpus.texts["words"]
    pairs = candidates.find(corpus.copies, words, threshold=config.near_text_threshold)
    tell("candidates", pairs.height)
    judged = evidence.judge(pairs, corpus.copies, words, threshold=config.near_text_threshold)
    edges = judged.drop_nulls("method")
    tell("edges", edges.height)
    groups = grouping.join(edges, corpus.copies)
    result = merge.merge(corpus, groups)
    tell("papers", result.papers.height)
    return Deduplication(
        UNPLACED.conform(result.papers),
        DUPLICATES.conform(result.duplicates),
        RELATED_PAPERS.conform(related.relate(judged, groups, result.papers)),
    )
