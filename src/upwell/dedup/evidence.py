"""What a pair of copies has in common, and whether that makes them one paper.

The limits below were measured on 71,000 records of arXiv, NeurIPS, Hugging Face and the ACL
Anthology, by looking at every pair of abstracts that have more than a fifth of their shingles in
common: different papers of one group reach a Jaccard similarity of 0.95 ("CNN based …" and "LSTM
based IoT Device Identification": 0.88), and proceedings repeat one abstract under two titles
(20 times in NeurIPS 1987-2002). So titles are heard as well.
"""

import re

import polars as pl

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
# An identifier is believed if the abstracts have this share of the shorter one in common, or the
# lower one where the titles do not contradict it (two papers of one conference reach 0.05 once in
# 500 pairs, 0.1 once in 30,000): a DOI may be that of the proceedings.
SUPPORTED, SUPPORTED_TITLE = 0.1, 0.05
TELLING_WORDS, TELLING_CHARACTERS = 3, 15
# Share of common words, among all, from which two titles may be wordings of one.
SIMILAR_TITLE = 0.5

# Bounds memory: the shingles of some 40,000 abstracts are held at once.
PAIRS_AT_ONCE = 20_000

# Words that make another paper of a title when only one of the two has them.
MARKERS = frozenset(
    # What a paper says of another one; parts of a series (other numbers are seen by their digits).
    re.findall(
        r"\w+",
        """
        addendum appendix comment comments correction corrections corrigenda corrigendum discussion
        errata erratum rejoinder reply response retracted retraction supplement supplementary
        part i ii iii iv v vi vii viii ix x first second third fourth fifth
        """,
    )
)


def judge(
    pairs: pl.DataFrame, copies: pl.DataFrame, words: pl.Series, *, threshold: float
) -> pl.DataFrame:
    """The pairs that are one paper, with the strongest evidence for it, and those that are close.

    Parameters
    ----------
    pairs : `a`, `b`, values of `copy`.
    copies : columns `copy`, `text`, `n_words`, `arxiv`, `doi_key`, `title_key`, `title_words`,
        `short_day`.
    words : of the texts.
    threshold : Jaccard similarity (0 to 1) from which abstracts are near-identical.

    Returns
    -------
    One row per such pair: `a`, `b`, `method` (of `METHODS`; null if they are two papers, though
    close), `jaccard`, `contained` (share of the shorter abstract's shingles that the longer one
    has), `titles` (see `compare_titles`), `same_arxiv`, `same_doi` and `alike` (title or text alone
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
    same = (speaks & (pl.col("jaccard") >= SAME_TEXT)) | (
        cut & (pl.col("contained") >= SAME_TEXT_CONTAINED)
    )
    # Copies of one short abstract differ in `short_day` if they are of different dates.
    short = one_text & pl.col("short_day_a").eq_missing(pl.col("short_day_b"))
    agree = (pl.col("n_shared") >= AGREE_SHINGLES) & (pl.col("contained") >= AGREE)
    titles = pl.col("titles")
    by_title = (titles == "equal") & (near | cut | short | (pl.col("telling") & (agree | one_text)))
    by_text = (
        (titles.is_in(["unknown", "compatible"]) & (near | cut))
        | ((titles == "unknown") & short & (pl.col("title_words_a") == pl.col("title_words_b")))
        | ((titles == "similar") & same)
    )
    by_identifier = (pl.col("same_arxiv") | pl.col("same_doi")) & (
        ((titles == "equal") & pl.col("telling"))
        | ((titles != "different") & ((pl.col("contained") >= SUPPORTED_TITLE) | ~speaks))
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
    # An extended version, a part, an erratum. One abstract under two titles is often a slip of who
    # collected them (20 times in NeurIPS 1987-2002), unless each has an identifier of its own.
    known = pl.all_horizontal(
        pl.coalesce("arxiv_a", "doi_key_a").is_not_null(),
        pl.coalesce("arxiv_b", "doi_key_b").is_not_null(),
    )
    close = (
        titles.is_in(["equal", "compatible"])
        & pl.col("telling")
        & (pl.col("contained") >= SUPPORTED)
    ) | ((near | cut) & (known | (pl.col("title_share") >= SIMILAR_TITLE)))
    return (
        facts.with_columns(method=method, alike=by_title | by_text)
        .filter(pl.col("method").is_not_null() | close)
        .select(
            "a", "b", "method", "jaccard", "contained", "titles", "same_arxiv", "same_doi", "alike"
        )
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
        telling=(pl.col("title_words_a").str.count_matches(" ", literal=True) + 1 >= TELLING_WORDS)
        & (pl.col("title_key_a").str.len_chars() >= TELLING_CHARACTERS).fill_null(value=False),
    )
    relation = [
        compare_titles(a, b) for a, b in facts.select("title_words_a", "title_words_b").iter_rows()
    ]
    one, other = (pl.col(f"title_words_{side}").str.split(" ") for side in "ab")
    share = one.list.set_intersection(other).list.len() / one.list.set_union(other).list.len()
    return facts.with_columns(titles=pl.Series(relation, dtype=pl.String), title_share=share)


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


def compare_titles(a: str, b: str) -> str:
    """How two normalised titles stand to each other.

    Parameters
    ----------
    a, b : lower-case words with blanks between; empty if there is none.

    Returns
    -------
    `unknown` (one is missing) · `equal` (the same letters and digits) · `different` · `compatible`
    (one has words in addition: a subtitle, "(extended abstract)") · `similar` (each has words of
    its own but most are common). A number, or a word such as "part" or "erratum", that only one
    of them has makes them `different`.

    Source
    ------
    Our definition.
    """
    if not a or not b:
        return "unknown"
    if a.replace(" ", "") == b.replace(" ", ""):
        return "equal"
    words_a, words_b = set(a.split()), set(b.split())
    only_a, only_b = words_a - words_b, words_b - words_a
    if any(word in MARKERS or any(map(str.isdigit, word)) for word in only_a | only_b):
        return "different"
    if not only_a or not only_b:
        return "compatible"
    common_share = len(words_a & words_b) / len(words_a | words_b)
    return "similar" if common_share >= SIMILAR_TITLE else "different"
