"""How fast deduplication is, what it finds, and how stable `paper_id` is.

    python tests/benchmarks/bench_dedup.py speed [N …]   # seconds and memory by step
    python tests/benchmarks/bench_dedup.py minhash [N]   # our signatures beside two libraries
    python tests/benchmarks/bench_dedup.py ids           # what to hash to a paper's id
    python tests/benchmarks/bench_dedup.py joins [N]     # every join among N arXiv papers

`OMP_NUM_THREADS=1 POLARS_MAX_THREADS=1 RAYON_NUM_THREADS=1` for one core. `minhash` compares with
`datasketch` and `rensa` if they are installed.
"""

import itertools
import resource
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

from upwell.config import DedupConfig
from upwell.dedup import deduplicate
from upwell.dedup.candidates import bands, signatures
from upwell.dedup.text import Shingles, canonical, collapse, shingle
from upwell.tables import RECORDS

SHARED = Path(__file__).parents[2].parent / "shared" / "corpora"
CONFIG = DedupConfig()


def tell(*cells: object) -> None:
    sys.stdout.write("  ".join(str(cell) for cell in cells) + "\n")
    sys.stdout.flush()


def records(known: pl.DataFrame) -> pl.DataFrame:
    """A `RECORDS` frame in which only these columns are known."""
    unknown = [name for name in RECORDS.columns if name not in known.columns]
    lists = [pl.lit([], pl.List(pl.String)).alias(name) for name in ("categories", "problems")]
    empty = RECORDS.empty().select(unknown).clear(known.height)
    return known.hstack(empty).with_columns(*lists, date_precision=pl.lit("none"))


def papers(n: int) -> pl.DataFrame:
    """`n` arXiv papers without ids; beyond the corpus, its abstracts in other orders of words."""
    corpus = pl.read_parquet(SHARED / "arxiv_labelled.parquet").select("title", "abstract", "id")
    rng, parts = np.random.default_rng(0), [corpus]
    while sum(part.height for part in parts) < n:
        shuffled = [" ".join(rng.permutation(text.split())) for text in corpus["abstract"]]
        marked = pl.col("title", "id") + f" {len(parts)}"
        parts.append(corpus.with_columns(marked, abstract=pl.Series(shuffled)))
    return records(pl.concat(parts).head(n).rename({"id": "source"}))


def peak() -> str:
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB"


def speed(sizes: list[int]) -> None:
    for n in sizes:
        frame, steps = papers(n), [("start", 0, time.perf_counter())]
        tell(n, "records; before:", peak())
        deduplicate(
            frame,
            config=CONFIG,
            progress=lambda step, found, s=steps: s.append((step, found, time.perf_counter())),
        )
        for (_, _, before), (step, found, after) in itertools.pairwise(steps):
            tell(f"  {step:12}{found:9}{after - before:8.2f} s")
        tell(f"  total{steps[-1][2] - steps[0][2]:24.2f} s", peak())


def minhash(n: int) -> None:
    shingles = shingle(collapse(canonical(papers(n))).texts["words"])
    n_bands, n_rows = bands(CONFIG.near_text_threshold)
    for name, sign in (("numpy", signatures), ("rensa", _rensa), ("datasketch", _datasketch)):
        start = time.perf_counter()
        try:
            sign(shingles, n_bands * n_rows)
        except ModuleNotFoundError:
            tell(name, "is not installed")
        else:
            tell(f"{name:12}{time.perf_counter() - start:8.2f} s", peak())


def _rensa(shingles: Shingles, n_hashes: int) -> np.ndarray:
    from rensa import RMinHash

    flat, offsets = shingles.hashes.tolist(), shingles.offsets.tolist()
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(flat, offsets, n_hashes, 1)
    return np.array(matrix.to_rows(), dtype=np.uint32)


def _datasketch(shingles: Shingles, n_hashes: int) -> np.ndarray:
    from datasketch import MinHash

    texts = np.split((shingles.hashes >> np.uint64(32)).astype(np.int64), shingles.offsets[1:-1])
    made = MinHash.generator(texts, num_perm=n_hashes, seed=1, hashfunc=int)
    return np.stack([m.hashvalues for m in made])


def ids() -> None:
    pairs = pl.read_parquet(SHARED / "duplicate_pairs.parquet")
    sides = [
        pairs.select(title=f"title_{s}", abstract=f"abstract_{s}", source="id").unique(
            "source", keep="first", maintain_order=True
        )
        for s in "ab"
    ]
    one, other = (canonical(records(side)).sort("source") for side in sides)
    many = canonical(papers(36_103))
    letters = pl.col("words").str.replace_all(" ", "", literal=True)
    choices = {"title": pl.col("title_key")}
    choices |= {f"abstract {n}": letters.str.slice(0, n) for n in (40, 80, 100, 120, 200, 300, 600)}
    tell(f"{'hashed':14}{'same id':>10}{'collisions of 36,103':>24}")
    for name, key in choices.items():
        same = (one.select(k=key)["k"] == other.select(k=key)["k"]).mean()
        tell(f"{name:14}{same:10.4f}{many.height - many.select(key).n_unique():24}")


def joins(n: int) -> None:
    result = deduplicate(papers(n), config=CONFIG)
    tell(n, "records", result.papers.height, "papers")
    for row in result.papers.filter(pl.col("sources").list.len() > 1).iter_rows(named=True):
        folded = result.duplicates.filter(pl.col("paper_id") == row["paper_id"])
        tell(row["title"][:90], row["sources"], folded.select("method", "similarity").rows())


if __name__ == "__main__":
    mode, numbers = sys.argv[1], [int(n) for n in sys.argv[2:]]
    if mode == "speed":
        speed(numbers or [275, 20_000, 100_000])
    elif mode == "ids":
        ids()
    else:
        {"minhash": minhash, "joins": joins}[mode](*numbers or [20_000])
