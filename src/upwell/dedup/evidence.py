"""What a pair of copies has in common, and whether that makes them one paper.

The limits below were measured on 71,000 records of arXiv, NeurIPS, Hugging Face and the ACL
Anthology, by looking at every pair of abstracts that have more than a fifth of their shingles in
common: different papers of one group reach a Jaccard similarity of 0.95 ("CNN based …" and "LSTM
based IoT Device Identification": 0.88), and proceedings repeat one abstract under two titles
(21 times in NeurIPS 1987-2002). So titles are heard as well.

One work under two titles of different words (a preprint renamed) is told from such a slip by asking
whether the abstract tells of both. Of 12,000 titles, 88 % have two thirds of their words in their
own abstract; of the words that are not in its title too, the abstract most like it has as many for
8 % (the same in either half of the papers, by hash; both were seen in choosing). Of 26 real
pairs of two works under one abstract none has more than .4 of either title. With a Jaccard
similarity below .95 nothing tells renamed papers from a group's next one: of six pairs from .7 on,
two pass, a conference paper with its extension and two papers of a conference. They are linked.
"""

import polars as pl

from upwell.dedup import titles
from upwell.dedup.text import SHORT_WORDS, shingle_sets

# One abstract is cut out of the other: this share of the shorter one's shingles is in the longer,
# and the shorter one has at least so many. No two different papers came near it.
CONTAINED = 0.9
CONTAINED_SHINGLES = 40
# The same abstract but for a word here and there: needed when the titles differ.
SAME_TEXT, SAME_TEXT_CONTAINED = 0.95, 0.97
# Abstracts under one telling title agree if they have this share of the shorter one in common
# (a rewritten abstract of the same work: 0.24 and more; another work of that title: 0.00).
AGREE, AGREE_SHINGLES = 0.2, 5
# What only an extended version says of itself; then it is another work in spite of the title.
EXTENDS = (
    r"\b(?:extends?|extended|extending|extension of|version of) (?:our|the|an?) (?:\w+ ){0,2}"
    r"(?:conference|workshop|preliminary|earlier|previous|short) (?:\w+ )?"
    r"(?:abstract|article|paper|publication|version|work)\b"
)
# An identifier is believed if the abstracts have this share of the shorter one in common, or the
# lower one where the titles do not contradict it (two papers of one conference reach 0.05 once in
# 500 pairs, 0.1 once in 30,000): a DOI may be that of the proceedings.
SUPPORTED, SUPPORTED_TITLE = 0.1, 0.05
# Abstracts of related papers, whatever their titles: of 66 such pairs whose authors are known 64
# have an author in common (25 of 27 and 39 of 39 in two halves); at a tenth, 219 of 259.
RELATED, RELATED_SHINGLES = 0.2, 10

# Bounds memory: the shingles of some 40,000 abstracts are held at once.
PAIRS_AT_ONCE = 20_000


def judge(
    pairs: pl.DataFrame, copies: pl.DataFrame, words: pl.Series, *, threshold: float
) -> pl.DataFrame:
    """The pairs that are one paper, with the strongest evidence for it, and those that are close.

    Parameters
    ----------
    pairs : `a`, `b`, values of `copy`.
    copies : columns `copy`, `text`, `n_words`, `arxiv`, `doi_key`, `title_key`, `title_words`,
        `short_day`, `n_authors`.
    words : of the texts.
    threshold : Jaccard similarity (0 to 1) from which abstracts are near-identical.

    Returns
    -------
    One row per such pair: `a`, `b`, `method` (of `METHODS`; null if they are two papers, though
    close), `jaccard`, `contained` (share of the shorter abstract's shingles that the longer one
    has), `titles` (see `titles.compare`), `same_arxiv`, `same_doi` and `alike` (title or text alone
    would have joined them).

    Source
    ------
    Our definition.
    """
    accepted = [
        _accept(_facts(some, copies, words), threshold) for some in pairs.iter_slices(PAIRS_AT_ONCE)
    ]
    return pl.concat(accepted or [_accept(_facts(pairs, copies, words), threshold)])


def _accept(facts: pl.DataFrame, threshold: float) -> pl.DataFrame:
    """The pairs that are one paper, by the rules above, and those that are close."""
    one_text = pl.col("text_a") == pl.col("text_b")
    speaks = pl.col("n_words") >= SHORT_WORDS
    near = speaks & (pl.col("jaccard") >= threshold)
    cut = (pl.col("n_shingles") >= CONTAINED_SHINGLES) & (pl.col("contained") >= CONTAINED)
    # Copies of one short abstract differ in `short_day` if they are of different dates.
    short = one_text & pl.col("short_day_a").eq_missing(pl.col("short_day_b"))
    agree = (
        (pl.col("n_shared") >= AGREE_SHINGLES)
        & (pl.col("contained") >= AGREE)
        & (pl.col("extends_a") == pl.col("extends_b"))
    )
    relation = pl.col("titles")
    by_title = (relation == "equal") & (
        near | cut | short | (pl.col("telling") & (agree | one_text))
    )
    by_text = (
        (relation.is_in(["unknown", "compatible"]) & (near | cut))
        | ((relation == "unknown") & short & (pl.col("title_words_a") == pl.col("title_words_b")))
        | ((relation == "similar") & pl.col("same_text"))
        | pl.col("renamed").fill_null(value=False)
    )
    supported = pl.col("contained") >= SUPPORTED_TITLE
    by_identifier = (pl.col("same_arxiv") | pl.col("same_doi")) & (
        ((relation == "equal") & pl.col("telling"))
        | (~relation.is_in(["different", "opposed"]) & (supported | ~speaks))
        | (pl.col("contained") >= SUPPORTED)
    )
    method = (
        pl.when(by_identifier)
        .then(pl.lit("identifier"))
        .when(by_title)
        .then(pl.lit("title"))
        .when(by_text)
        .then(pl.lit("near_text"))
    )
    return (
        facts.with_columns(method=method, alike=by_title | by_text)
        .filter(pl.col("method").is_not_null() | _is_related())
        .select(
            "a", "b", "method", "jaccard", "contained", "titles", "same_arxiv", "same_doi", "alike"
        )
    )


def _is_related() -> pl.Expr:
    """Whether two papers are versions or parts of one work, or one speaks of the other."""
    # One abstract under two titles is often a slip of who collected them (21 times in NeurIPS
    # 1987-2002), unless each has an identifier of its own or the titles are alike.
    known = pl.all_horizontal(
        pl.coalesce("arxiv_a", "doi_key_a").is_not_null(),
        pl.coalesce("arxiv_b", "doi_key_b").is_not_null(),
    )
    no_slip = ~pl.col("same_text") | known | (pl.col("title_share") >= titles.SIMILAR)
    common = (pl.col("contained") >= RELATED) & (pl.col("n_shared") >= RELATED_SHINGLES)
    alike = pl.col("titles").is_in(["equal", "compatible", "similar"]) & pl.col("telling")
    named = titles.named_work(pl.col("title_words_a")) == titles.named_work(pl.col("title_words_b"))
    return (
        (common & no_slip)
        | (alike & (pl.col("contained") >= SUPPORTED))
        | ((pl.col("titles") == "opposed") & named)
    )


def _facts(pairs: pl.DataFrame, copies: pl.DataFrame, words: pl.Series) -> pl.DataFrame:
    """The pairs with what each side says and how alike the sides are."""
    sides = pairs.join(
        copies.select(pl.col("copy").alias("a"), pl.exclude("copy").name.suffix("_a")),
        on="a",
        maintain_order="left",
    ).join(
        copies.select(pl.col("copy").alias("b"), pl.exclude("copy").name.suffix("_b")),
        on="b",
        maintain_order="left",
    )
    facts = pl.concat(
        [sides, similarities(sides["text_a"], sides["text_b"], words)], how="horizontal"
    ).with_columns(
        n_words=pl.min_horizontal("n_words_a", "n_words_b"),
        same_arxiv=(pl.col("arxiv_a") == pl.col("arxiv_b")).fill_null(value=False),
        same_doi=(pl.col("doi_key_a") == pl.col("doi_key_b")).fill_null(value=False),
        telling=titles.is_telling(pl.col("title_words_a")),
        extends_a=words.gather(sides["text_a"]).str.contains(EXTENDS),
        extends_b=words.gather(sides["text_b"]).str.contains(EXTENDS),
    )
    relation = [
        titles.compare(a, b) for a, b in facts.select("title_words_a", "title_words_b").iter_rows()
    ]
    one, other = (pl.col(f"title_words_{side}").str.split(" ") for side in "ab")
    share = one.list.set_intersection(other).list.len() / one.list.set_union(other).list.len()
    speaks = pl.col("n_words") >= SHORT_WORDS
    cut = pl.col("n_shingles") >= CONTAINED_SHINGLES
    facts = facts.with_columns(
        titles=pl.Series(relation, dtype=pl.String),
        title_share=share,
        same_text=(speaks & (pl.col("jaccard") >= SAME_TEXT))
        | (cut & (pl.col("contained") >= SAME_TEXT_CONTAINED)),
    )
    return facts.join(_renamed(facts, words), on=["a", "b"], how="left", maintain_order="left")


def _renamed(facts: pl.DataFrame, words: pl.Series) -> pl.DataFrame:
    """Pairs of one abstract under two titles: whether both are titles of this work (`renamed`)."""
    asked = facts.filter(
        pl.col("same_text"),
        pl.col("titles") == "different",
        (pl.col("n_authors_a") == pl.col("n_authors_b")).fill_null(value=True),
    ).select(
        "a",
        "b",
        "title_words_a",
        "title_words_b",
        longer=pl.when(pl.col("n_words_a") >= pl.col("n_words_b"))
        .then("text_a")
        .otherwise("text_b"),
    )
    told = [
        titles.tells_of(abstract, a, b)
        for abstract, a, b in zip(
            words.gather(asked["longer"]),
            asked["title_words_a"],
            asked["title_words_b"],
            strict=True,
        )
    ]
    return asked.select("a", "b", renamed=pl.Series(told, dtype=pl.Boolean))


def similarities(texts_a: pl.Series, texts_b: pl.Series, words: pl.Series) -> pl.DataFrame:
    """How much of their shingles the texts of each pair share.

    Parameters
    ----------
    texts_a, texts_b : places of texts, as many of each.
    words : of the texts.

    Returns
    -------
    One row per pair, in order: `n_shared`, `n_shingles` (of the text with fewer), `jaccard`
    (shared among all) and `contained` (shared among the fewer), f64 0–1. Exact.

    Source
    ------
    Broder (1997), resemblance and containment.
    """
    pairs = pl.DataFrame({"a": texts_a, "b": texts_b})
    distinct = pairs.unique()
    shared = (
        distinct.with_columns(
            set_a=shingle_sets(words, distinct["a"]), set_b=shingle_sets(words, distinct["b"])
        )
        .with_columns(
            n_shared=pl.col("set_a").list.set_intersection("set_b").list.len(),
            n_a=pl.col("set_a").list.len(),
            n_b=pl.col("set_b").list.len(),
        )
        .select(
            "a",
            "b",
            "n_shared",
            n_shingles=pl.min_horizontal("n_a", "n_b"),
            jaccard=pl.col("n_shared") / (pl.col("n_a") + pl.col("n_b") - pl.col("n_shared")),
            contained=pl.col("n_shared") / pl.min_horizontal("n_a", "n_b"),
        )
    )
    return pairs.join(shared, on=["a", "b"], how="left", maintain_order="left").drop("a", "b")
