"""Normalised titles, abstracts and identifiers, and the word shingles of abstracts."""

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import polars as pl
from numpy.typing import NDArray

U64 = NDArray[np.uint64]

# Bounds memory: the steps from a text to its words hold so many texts at once.
NORMALISED_AT_ONCE = 40_000

SHINGLE_WORDS = 3
# An abstract of fewer words tells too little ("No abstract available.") to speak for itself.
SHORT_WORDS = 22
# LaTeX that says how a word looks: some copies of a title have it, others do not.
FONT_COMMAND = r"\\(?:text|math|emph|operatorname|mbox|it|bf|rm|sc|tt)[a-z]*\b"


@dataclass(frozen=True)
class Corpus:
    """Records in canonical order, the distinct copies among them, and the distinct abstracts.

    `records` has a column `copy` into `copies`, which has one row per distinct (title, abstract,
    arXiv id, DOI); `copies` has a column `text` into `texts`, one row per distinct abstract, whose
    `words` are the normalised words with blanks between.
    """

    records: pl.DataFrame
    copies: pl.DataFrame
    texts: pl.DataFrame


@dataclass(frozen=True)
class Shingles:
    """Hashes of the word shingles of some texts, end to end.

    Those of text `i` are `hashes[offsets[i]:offsets[i + 1]]`, in the order of the text and with
    repetitions; every text has at least one.
    """

    hashes: U64
    offsets: NDArray[np.int64]


def canonical(records: pl.DataFrame) -> pl.DataFrame:
    """The records in an order that only what they say decides, not where they stand.

    Records that say the same are told apart by `source`, at last. Adds what is compared:
    `arxiv`, `doi_key` (identifiers), `title_words` and `words` (of title and abstract, normalised,
    with blanks between), `title_key` (the title's letters and digits, null if it has none),
    `n_words` (of the abstract), and `first_day`, `last_day` of what is known of the date.
    """
    doi = pl.col("doi").str.to_lowercase().str.strip_chars()
    in_doi = doi.str.extract(r"^10\.48550/arxiv\.(.+)$")
    arxiv = pl.coalesce(pl.col("arxiv_id").str.to_lowercase().str.strip_chars(), in_doi)
    return (
        records[_canonical_order(records)]
        .pipe(_with_words)
        .with_columns(
            # Version and, in old ids, the class behind the dot do not identify a paper.
            arxiv=arxiv.str.replace(r"^arxiv:\s*", "")
            .str.replace(r"v\d+$", "")
            .str.replace(r"^([a-z-]+)\.[a-z]{2}/", "$1/"),
            doi_key=pl.when(in_doi.is_null()).then(doi.str.replace(r"[./]v\d+$", "")),
            first_day=pl.when(pl.col("date_precision") != "none").then("published"),
        )
        .with_columns(
            pl.col("arxiv", "doi_key").replace("", None),
            title_key=pl.col("title_words")
            .str.replace_all(" ", "", literal=True)
            .replace("", None),
            n_words=pl.when(pl.col("words") == "")
            .then(0)
            .otherwise(pl.col("words").str.count_matches(" ", literal=True) + 1),
            last_day=pl.when(pl.col("date_precision") == "year")
            .then(pl.col("first_day").dt.offset_by("1y").dt.offset_by("-1d"))
            .when(pl.col("date_precision") == "month")
            .then(pl.col("first_day").dt.month_end())
            .otherwise("first_day"),
        )
    )


def _canonical_order(records: pl.DataFrame) -> pl.Series:
    """The places of the records in canonical order.

    Columns are ranked one by one: to sort by several columns of text at once copies them.
    """
    compared = pl.exclude("source", "categories", "problems").rank("dense")
    lists = (pl.col(name).list.join("\n").rank("dense") for name in ("categories", "problems"))
    ranks = records.select(compared, *lists, pl.col("source").rank("dense"))
    return ranks.select(pl.arg_sort_by(ranks.columns)).to_series()


def _with_words(records: pl.DataFrame) -> pl.DataFrame:
    """The records with `title_words` and `words`."""
    parts = [
        part.select(
            title_words=_words(pl.col("title")),
            # "Abstract:" in front is of the page, not of the abstract.
            words=_words(pl.col("abstract")).str.replace(r"^abstract(?: |$)", ""),
        )
        for part in records.iter_slices(NORMALISED_AT_ONCE)
    ]
    return records.hstack(pl.concat(parts))


def _words(column: pl.Expr) -> pl.Expr:
    """Lower-case words without accents, blanks between; a CJK character is a word; null is ''."""
    return (
        column.fill_null("")
        .str.normalize("NFKD")
        .str.replace_all(r"\p{M}", "")
        .str.replace_all(FONT_COMMAND, "")
        .str.to_lowercase()
        .str.replace_all(r"([\p{Han}\p{Hiragana}\p{Katakana}])", " $1 ")
        .str.replace_all(r"[^\p{L}\p{N}]+", " ")
        .str.strip_chars(" ")
    )


def collapse(ordered: pl.DataFrame) -> Corpus:
    """Fold records that say the same into one copy, and equal abstracts into one text."""
    texts = ordered.select("words").unique(keep="first", maintain_order=True)
    keyed = (
        ordered.join(texts.with_row_index("text"), on="words", how="left", maintain_order="left")
        .drop("words")
        # Short abstracts and their dates: see `evidence`.
        .with_columns(short_day=pl.when(pl.col("n_words") < SHORT_WORDS).then("first_day"))
        .with_row_index("row")
    )
    # Numbers in place of the values: to compare several columns of text at once copies them.
    coded = keyed.select(pl.col("title_key", "arxiv", "doi_key").rank("dense"), "text", "short_day")
    numbered = coded.unique(keep="first", maintain_order=True).with_row_index("copy")
    of = coded.join(numbered, on=coded.columns, nulls_equal=True, maintain_order="left")["copy"]
    records = keyed.with_columns(copy=of)
    copies = records.filter(pl.col("copy").is_first_distinct()).select(
        "copy",
        "text",
        "title_key",
        "title_words",
        "arxiv",
        "doi_key",
        "short_day",
        "n_words",
        "n_authors",
    )
    return Corpus(records.drop("short_day", "title_words"), copies, texts)


def shingle(words: pl.Series) -> Shingles:
    """Shingles of `SHINGLE_WORDS` words of each text; a text of fewer words is one shingle."""
    split = words.str.split(" ")
    n_words = split.list.len().to_numpy().astype(np.int64)
    hashed = _hash_words(split.explode())
    # Shorter texts are filled up with zeros, so that each has at least one shingle.
    n_filled = np.maximum(n_words, SHINGLE_WORDS)
    start = np.cumsum(n_filled) - n_filled
    flat = np.zeros(n_filled.sum(), dtype=np.uint64)
    place = np.repeat(start - (np.cumsum(n_words) - n_words), n_words)
    flat[place + np.arange(len(hashed))] = hashed
    n_shingles = n_filled - SHINGLE_WORDS + 1
    offsets = np.concatenate([[0], np.cumsum(n_shingles)])
    at = np.repeat(start - offsets[:-1], n_shingles) + np.arange(offsets[-1])
    mixed = np.zeros(offsets[-1], dtype=np.uint64)
    for word in range(SHINGLE_WORDS):
        mixed = mix(mixed + flat[at + word])
    return Shingles(mixed, offsets)


def shingle_sets(words: pl.Series, texts: pl.Series) -> pl.Series:
    """The distinct shingles of each of these texts, as lists.

    Parameters
    ----------
    words : of all texts.
    texts : places in `words`, in any order and with repetitions.
    """
    wanted = texts.unique().sort()
    shingles = shingle(words.gather(wanted))
    n = np.diff(shingles.offsets)
    flat = pl.DataFrame({"text": np.repeat(wanted.to_numpy(), n), "hash": shingles.hashes})
    lists = flat.group_by("text").agg(pl.col("hash").unique())
    return texts.to_frame("text").join(lists, on="text", maintain_order="left")["hash"]


def _hash_words(flat: pl.Series) -> U64:
    """A 64-bit hash of each word that is the same on every machine and in every version."""
    distinct = flat.unique()
    digests = b"".join(blake2b(w.encode(), digest_size=8).digest() for w in distinct)
    table = pl.DataFrame({"word": distinct, "hash": np.frombuffer(digests, dtype="<u8")})
    joined = flat.to_frame("word").join(table, on="word", how="left", maintain_order="left")
    return joined["hash"].to_numpy().astype(np.uint64)


def mix(values: U64) -> U64:
    """Spread the bits of 64-bit values (the finaliser of SplitMix64, Steele et al. 2014)."""
    values = (values + np.uint64(0x9E3779B97F4A7C15)).astype(np.uint64)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
