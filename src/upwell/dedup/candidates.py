"""Pairs of copies worth comparing: same identifier, same title, or abstracts likely alike."""

import math
from collections.abc import Iterator
from typing import Any

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
# Bounds memory: their hashes are looked through in so many parts.
RARE_PARTS = 8
TEXTS_AT_ONCE = 1000
# Bounds memory: the shingles of so many abstracts at once; of the others, hashes of bands.
SHINGLED_AT_ONCE = 10_000
SEED = 1729
HALF, HALF_BITS = np.uint64(0xFFFFFFFF), np.uint64(32)


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
        for value in ("text", "arxiv", "doi_key", "title_key", "work")
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


def _text_blocks(words: pl.Series, threshold: float) -> Iterator[pl.DataFrame]:
    """Blocks of texts likely alike: by all of their shingles, those of the head, rare ones."""
    n_bands, n_rows = bands(threshold)
    whole, by_head, head_of, rare = [], [], [], []
    for start in range(0, len(words), SHINGLED_AT_ONCE):
        shingles = shingle(words.slice(start, SHINGLED_AT_ONCE))
        long, heads = _heads(shingles)
        whole.append(_band_keys(signatures(shingles, n_bands * n_rows), n_rows))
        by_head.append(_band_keys(signatures(heads, n_bands * n_rows), n_rows))
        head_of.append((start + long).astype(np.uint32))
        rare.append(_sampled(shingles, start))
    yield _band_blocks(np.concatenate(whole), np.arange(len(words), dtype=np.uint32))
    yield _band_blocks(np.concatenate(by_head), np.concatenate(head_of))
    yield _rare_blocks(rare)


def _sampled(shingles: Shingles, start: int) -> U64:
    """The sampled shingles of texts: half of the hash, then the text's place from `start`."""
    chosen = np.flatnonzero(shingles.hashes % np.uint64(SAMPLED) == 0)
    text = np.searchsorted(shingles.offsets, chosen, side="right") - 1 + start
    return np.unique(shingles.hashes[chosen] & ~HALF | text.astype(np.uint64))


def _rare_blocks(sampled: list[U64]) -> pl.DataFrame:
    """A block of each two texts that share `RARE_SHARED` sampled shingles that few texts have."""
    pairs = [np.empty(0, dtype=np.uint64)]
    for part in range(RARE_PARTS):
        of_part = [s[(s >> HALF_BITS) % np.uint64(RARE_PARTS) == np.uint64(part)] for s in sampled]
        together = np.sort(np.concatenate(of_part))
        block, text = together >> HALF_BITS, together & HALF
        _, place, n_texts = np.unique(block, return_inverse=True, return_counts=True)
        few = (n_texts[place] > 1) & (n_texts[place] <= RARE)
        pairs += [a << HALF_BITS | b for a, b in _neighbours(block[few], text[few])]
    pair, n_shared = np.unique(np.concatenate(pairs), return_counts=True)
    pair = pair[n_shared >= RARE_SHARED]
    texts = np.concatenate([pair >> HALF_BITS, pair & HALF]).astype(np.uint32)
    return pl.DataFrame({"block": np.tile(np.arange(len(pair)), 2), "text": texts})


def _heads(shingles: Shingles) -> tuple[NDArray[np.int64], Shingles]:
    """The texts that are long enough to have been cut, and the shingles of their beginnings."""
    long = np.flatnonzero(np.diff(shingles.offsets) >= HEAD_SHINGLES)
    at = (shingles.offsets[long][:, None] + np.arange(HEAD_SHINGLES)).ravel()
    return long, Shingles(shingles.hashes[at], np.arange(len(long) + 1) * HEAD_SHINGLES)


def _band_keys(signature: NDArray[np.uint32], n_rows: int) -> NDArray[np.uint32]:
    """Half a hash of each band's values, (texts, bands)."""
    keys = np.zeros((len(signature), signature.shape[1] // n_rows), dtype=np.uint64)
    for place in range(n_rows):
        keys = mix(keys + signature[:, place::n_rows].astype(np.uint64))
    return (keys >> HALF_BITS).astype(np.uint32)


def _band_blocks(keys: NDArray[np.uint32], texts: NDArray[np.uint32]) -> pl.DataFrame:
    """Each text with each of its bands' keys, as far as another text has it too."""
    blocks = [pl.DataFrame(schema={"block": pl.UInt64, "text": pl.UInt32})]
    for band in range(keys.shape[1]):
        order = np.argsort(keys[:, band], kind="stable")
        key = keys[order, band]
        as_next = key[1:] == key[:-1]
        shared = np.zeros(len(key), dtype=np.bool_)
        shared[1:] |= as_next
        shared[:-1] |= as_next
        block = np.uint64(band) << HALF_BITS | key[shared]
        blocks.append(pl.DataFrame({"block": block, "text": texts[order[shared]]}))
    return pl.concat(blocks)


def _pairs_within(blocks: pl.DataFrame) -> pl.DataFrame:
    """Pairs of copies of one block that stand at most `WINDOW` apart, in the order given."""
    shared = blocks.filter(pl.len().over("block") > 1).sort("block", maintain_order=True)
    copy = shared["copy"].to_numpy()
    found = [np.stack(pair, axis=1) for pair in _neighbours(shared["block"].to_numpy(), copy)]
    pairs = np.sort(np.concatenate(found or [np.empty((0, 2), copy.dtype)]), axis=1)
    return pl.DataFrame({"a": pairs[:, 0], "b": pairs[:, 1]}).unique()


def _neighbours(block: NDArray[Any], member: NDArray[Any]) -> Iterator[tuple[NDArray[Any], ...]]:
    """Members of one block that stand 1, 2, … `WINDOW` apart; blocks stand together."""
    for apart in range(1, WINDOW + 1):
        together = np.flatnonzero(block[apart:] == block[:-apart])
        if not len(together):
            break
        yield member[together], member[together + apart]
