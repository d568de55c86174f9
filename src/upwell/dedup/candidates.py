"""Pairs of copies worth comparing: same identifier, same title, or abstracts likely alike."""

import math

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.dedup.text import U64, Shingles, mix, shingle
from upwell.dedup.titles import named_work

# The share of pairs exactly at the threshold that banding may miss; of those above it, fewer.
MISSED = 0.002
MAX_HASHES, MAX_ROWS = 144, 16
# A copy cut short has the same beginning; so many shingles are some 300 characters.
HEAD_SHINGLES = 40
# In a block, each copy is compared with so many next ones in the order of titles: with all in a
# block of two versions or of forty; in one of thousands (a proceedings' DOI) work stays linear.
WINDOW = 40
# Abstracts of related papers share few shingles, but such as hardly any other has. Of every
# `SAMPLED` shingles one is looked at; at most so many texts have a rare one; so many of those are
# needed.
SAMPLED, RARE, RARE_SHARED = 8, 8, 2
TEXTS_AT_ONCE = 1000
# Bounds memory: the shingles of so many abstracts (60 MB) at once; of the others, hashes of bands.
SHINGLED_AT_ONCE = 40_000
SEED = 1729


def find(copies: pl.DataFrame, words: pl.Series, *, threshold: float) -> pl.DataFrame:
    """Pairs of copies that share a block: identifier, title, band of a MinHash, rare shingles.

    Parameters
    ----------
    copies : columns `copy`, `text`, `arxiv`, `doi_key`, `title_key`, `title_words`.
    words : of the texts.
    threshold : Jaccard similarity (0 to 1) at which a pair of abstracts is to be found.

    Returns
    -------
    One row per pair: `a` < `b`, values of `copy`; sorted.

    Source
    ------
    Leskovec, Rajaraman and Ullman (2020), "Mining of Massive Datasets", section 3.4.
    """
    in_order = copies.select(
        "copy", "text", "arxiv", "doi_key", "title_key", work=named_work(pl.col("title_words"))
    ).sort("title_key", "copy", nulls_last=True)
    blocks = [
        in_order.join(blocks, on="text", maintain_order="left").select("block", "copy")
        for blocks in _text_blocks(words, threshold)
    ] + [
        in_order.drop_nulls(value).select(pl.col(value).rank("dense").alias("block"), "copy")
        for value in ("arxiv", "doi_key", "title_key", "work")
    ]
    return pl.concat(_pairs_within(block) for block in blocks).unique().sort("a", "b")


def bands(threshold: float) -> tuple[int, int]:
    """Number of bands, and hashes in a band, that miss at most `MISSED` of pairs at the threshold.

    The longest band that `MAX_HASHES` allow: unlike pairs then hardly ever meet.
    """
    needed = {
        n_rows: math.ceil(math.log(MISSED) / math.log1p(-min(threshold**n_rows, 1 - MISSED)))
        for n_rows in range(1, MAX_ROWS + 1)
    }
    n_rows = max(r for r, n_bands in needed.items() if n_bands * r <= MAX_HASHES)
    return needed[n_rows], n_rows


def signatures(shingles: Shingles, n_hashes: int) -> NDArray[np.uint32]:
    """MinHash signatures: for each text the least value of each hash over its shingles.

    Parameters
    ----------
    shingles : of the texts; each text has at least one.
    n_hashes : values in a signature.

    Returns
    -------
    Array of shape (texts, n_hashes). Two texts agree at a place with a probability that is their
    Jaccard similarity.

    Source
    ------
    Broder (1997); the hashes are multiply-shift (Dietzfelbinger et al. 1997).
    """
    offsets = shingles.offsets
    rng = np.random.default_rng(SEED)
    factor = rng.integers(2**64, size=n_hashes, dtype=np.uint64) | np.uint64(1)
    shift = rng.integers(2**64, size=n_hashes, dtype=np.uint64)
    result = np.empty((len(offsets) - 1, n_hashes), dtype=np.uint32)
    for start in range(0, len(result), TEXTS_AT_ONCE):
        stop = min(start + TEXTS_AT_ONCE, len(result))
        values = shingles.hashes[offsets[start] : offsets[stop]]
        first = offsets[start:stop] - offsets[start]
        for place in range(n_hashes):
            hashed = ((values * factor[place] + shift[place]) >> np.uint64(32)).astype(np.uint32)
            result[start:stop, place] = np.minimum.reduceat(hashed, first)
    return result


def _text_blocks(
    words: pl.Series, threshold: float
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Blocks of texts likely alike: by all of their shingles, those of the head, rare ones."""
    n_bands, n_rows = bands(threshold)
    whole, by_head, rare = [], [], []
    for start in range(0, len(words), SHINGLED_AT_ONCE):
        shingles = shingle(words.slice(start, SHINGLED_AT_ONCE))
        texts = np.arange(start, start + len(shingles.offsets) - 1)
        head_of, heads = _heads(shingles)
        whole.append(_band_blocks(texts, signatures(shingles, n_bands * n_rows), n_rows))
        by_head.append(_band_blocks(texts[head_of], signatures(heads, n_bands * n_rows), n_rows))
        rare.append(_sampled(texts, shingles))
    return pl.concat(whole), pl.concat(by_head), _rare_blocks(pl.concat(rare))


def _sampled(texts: NDArray[np.int64], shingles: Shingles) -> pl.DataFrame:
    """One row per text and distinct sampled shingle, `block` being half of its hash."""
    chosen = np.flatnonzero(shingles.hashes % np.uint64(SAMPLED) == 0)
    of = np.searchsorted(shingles.offsets, chosen, side="right") - 1
    return pl.DataFrame(
        {
            "block": (shingles.hashes[chosen] >> np.uint64(32)).astype(np.uint32),
            "text": texts[of].astype(np.uint32),
        }
    ).unique()


def _rare_blocks(sampled: pl.DataFrame) -> pl.DataFrame:
    """A block of each two texts that share `RARE_SHARED` sampled shingles that few texts have."""
    few = sampled.filter(pl.len().over("block").is_between(2, RARE)).sort("block", "text")
    pairs = _pairs_within(few.rename({"text": "copy"}), n_blocks=RARE_SHARED).with_row_index(
        "block"
    )
    return pl.concat(pairs.select("block", pl.col(side).alias("text")) for side in "ab")


def _heads(shingles: Shingles) -> tuple[NDArray[np.int64], Shingles]:
    """The texts that are long enough to have been cut, and the shingles of their beginnings."""
    long = np.flatnonzero(np.diff(shingles.offsets) >= HEAD_SHINGLES)
    at = (shingles.offsets[long][:, None] + np.arange(HEAD_SHINGLES)).ravel()
    return long, Shingles(shingles.hashes[at], np.arange(len(long) + 1) * HEAD_SHINGLES)


def _band_blocks(
    texts: NDArray[np.int64], signature: NDArray[np.uint32], n_rows: int
) -> pl.DataFrame:
    """One row per text and band, `block` being the hash of the band's values."""
    n_bands = signature.shape[1] // n_rows
    keys: list[U64] = []
    for band in range(n_bands):
        key = np.full(len(texts), band, dtype=np.uint64)
        for place in range(band * n_rows, (band + 1) * n_rows):
            key = mix(key + signature[:, place])
        keys.append(key)
    return pl.DataFrame(
        {
            "block": np.concatenate(keys),
            "text": np.tile(texts.astype(np.uint32), n_bands),
        }
    )


def _pairs_within(blocks: pl.DataFrame, *, n_blocks: int = 1) -> pl.DataFrame:
    """Pairs of copies at most `WINDOW` apart, in the order given, in `n_blocks` blocks or more."""
    shared = blocks.filter(pl.len().over("block") > 1).sort("block", maintain_order=True)
    block, copy = shared["block"].to_numpy(), shared["copy"].to_numpy()
    found = []
    for apart in range(1, WINDOW + 1):
        together = np.flatnonzero(block[apart:] == block[:-apart])
        if not len(together):
            break
        found.append(np.stack([copy[together], copy[together + apart]], axis=1))
    pairs = np.sort(np.concatenate(found or [np.empty((0, 2), copy.dtype)]), axis=1)
    counted = pl.DataFrame({"a": pairs[:, 0], "b": pairs[:, 1]}).group_by("a", "b").len()
    return counted.filter(pl.col("len") >= n_blocks).select("a", "b")
