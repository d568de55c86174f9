"""One paper of each group of records: the survivor, what the others add, and the stable id."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count
from typing import Any

import polars as pl

from upwell.dedup.evidence import similarities
from upwell.dedup.text import Corpus
from upwell.tables import METHODS

# What is hashed to the id are the first letters and digits of the abstract; see `_materials`.
ID_CHARACTERS = 120
ID_CHARACTERS_ENOUGH = 60
# "p" and so many hexadecimal digits (60 bits).
ID_DIGITS = 15
# A survivor's abstract has at least this share of the words of the longest one in its group.
WHOLE = 0.9


@dataclass(frozen=True)
class Merged:
    """`papers` has the columns of `UNPLACED`, `duplicates` those of `DUPLICATES`, and more."""

    papers: pl.DataFrame
    duplicates: pl.DataFrame


def merge(corpus: Corpus, groups: pl.DataFrame) -> Merged:
    """One paper of each group, and a row for every record that did not survive as one.

    The survivor has a whole abstract, knows the most fields, and is of the earliest date; it takes
    over what it lacks from the others, the union of categories, and the earliest date. Of dates
    known to the day, month or year, the earliest is the one whose last possible day is the
    earliest: 5 March 2024 precedes "2024", and "2023" precedes both.

    Parameters
    ----------
    corpus : records, copies and texts.
    groups : `copy`, `group`, `method` as `grouping.join` returns them.

    Returns
    -------
    Papers and duplicates, unsorted.

    Source
    ------
    Our definition.
    """
    words = corpus.texts["words"]
    beginning = _letters(words)
    members = _ranked(corpus.records.join(groups, on="copy", how="left", maintain_order="left"))
    members = members.with_columns(key=beginning.gather(members["text"]))
    papers = _name(members.group_by("group", maintain_order=True).agg(*_merged_fields()), words)
    folded = members.filter(pl.int_range(pl.len()).over("group") > 0).join(
        papers.select("group", "paper_id", survivor="text"), on="group", maintain_order="left"
    )
    alike = similarities(folded["text"], folded["survivor"], words)["jaccard"]
    return Merged(papers, folded.with_columns(similarity=alike, method=_own_method()))


def _ranked(records: pl.DataFrame) -> pl.DataFrame:
    """Records by group, the survivor first; adds what ranks them."""
    n_known = pl.sum_horizontal(
        pl.col("title_key", "first_day", "arxiv", "doi_key", "url", "n_authors").is_not_null(),
        pl.col("categories").list.len() > 0,
    )
    return records.with_columns(
        n_known=n_known,
        is_whole=pl.col("n_words") >= WHOLE * pl.col("n_words").max().over("group"),
        n_same=pl.len().over("copy"),
    ).sort(
        "group",
        "is_whole",
        "n_known",
        "last_day",
        "first_day",
        "n_words",
        "row",
        descending=[False, True, True, False, True, True, False],
        nulls_last=True,
    )


def _merged_fields() -> list[pl.Expr]:
    """What a paper says, from its records with the survivor first."""
    dated = pl.col("last_day").is_not_null().any()
    longest = pl.col("title").filter(pl.col("title_key").is_not_null())
    longest = longest.sort_by(longest.str.len_chars(), descending=True, maintain_order=True)
    return [
        pl.when(pl.col("title_key").first().is_not_null())
        .then(pl.col("title").first())
        .otherwise(longest.first())
        .alias("title"),
        pl.col("abstract", "language", "text").first(),
        _earliest(pl.col("first_day")).alias("published"),
        pl.when(dated)
        .then(_earliest(pl.col("date_precision")))
        .otherwise(pl.lit("none"))
        .alias("date_precision"),
        pl.col("last_day").min(),
        *(pl.col(name).drop_nulls().first() for name in ("doi", "url", "n_authors")),
        pl.col("arxiv").drop_nulls().first().alias("arxiv_id"),
        pl.col("n_comments").max(),
        pl.col("categories").explode(empty_as_null=False).unique().sort(),
        pl.col("source").sort().alias("sources"),
        pl.col("title_key").sort().first(),
        _earliest(pl.col("key"), "key").alias("id_key"),
    ]


def _earliest(column: pl.Expr, *ties: str) -> pl.Expr:
    """The value of the record with the earliest last day; of those, the best known day."""
    return column.sort_by(
        "last_day",
        "first_day",
        *ties,
        descending=[False, True, *(False for _ in ties)],
        nulls_last=True,
        maintain_order=True,
    ).first()


def _own_method() -> pl.Expr:
    """The strongest evidence for a record: that of its copy, or that another one says the same."""
    same = (
        pl.when(pl.col("n_same") == 1)
        .then(None)
        .when(pl.col("arxiv").is_not_null() | pl.col("doi_key").is_not_null())
        .then(pl.lit(METHODS[0]))
        .when(pl.col("title_key").is_not_null())
        .then(pl.lit(METHODS[1]))
        .otherwise(pl.lit(METHODS[2]))
    )
    order = pl.Enum(METHODS)
    return pl.min_horizontal(
        pl.col("method").cast(order).to_physical(), same.cast(order).to_physical()
    ).replace_strict(dict(enumerate(METHODS)), return_dtype=pl.String)


def _letters(words: pl.Series) -> pl.Series:
    """The first `ID_CHARACTERS` letters and digits of each text."""
    # No more blanks than letters stand among them; all of the text would be copied otherwise.
    start = words.str.slice(0, 2 * ID_CHARACTERS)
    return start.str.replace_all(" ", "", literal=True).str.slice(0, ID_CHARACTERS)


def _name(papers: pl.DataFrame, words: pl.Series) -> pl.DataFrame:
    """Give each paper its id; of papers that begin alike, the earliest keeps the plain one."""
    # Numbers in place of the values: to sort by several columns of text at once copies them.
    rank_of_text = words.rank("dense").gather(papers["text"])
    ordered = papers.sort(
        "last_day",
        *(pl.col(name).rank("dense") for name in ("id_key", "title_key")),
        rank_of_text,
        *(pl.col(name).rank("dense") for name in ("arxiv_id", "doi", "url")),
        nulls_last=True,
    )
    used: set[str] = set()
    ids = []
    for row in ordered.select("id_key", "title_key", "text", "arxiv_id", "doi").iter_rows():
        for material in _materials(words, row):
            digest = blake2b(material.encode(), digest_size=8).hexdigest()
            name = f"p{digest[:ID_DIGITS]}"
            if name not in used:
                break
        used.add(name)
        ids.append(name)
    return ordered.with_columns(paper_id=pl.Series(ids, dtype=pl.String))


def _materials(words: pl.Series, row: tuple[Any, ...]) -> Iterator[str]:
    """What may be hashed to a paper's id, in the order in which it is tried."""
    key, title, text, arxiv_id, doi = row
    if len(key) >= ID_CHARACTERS_ENOUGH:
        yield key
    yield f"{key}\n{title or ''}"
    whole = f"{key}\n{title or ''}\n{words[text]}"
    yield whole
    yield f"{whole}\n{arxiv_id or ''}\n{doi or ''}"
    for attempt in count():
        yield f"{whole}\n{arxiv_id or ''}\n{doi or ''}\n{attempt}"
