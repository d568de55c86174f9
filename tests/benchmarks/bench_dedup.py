"""How fast deduplication is, what it finds, and how stable `paper_id` is.

    cd tests
    python -m benchmarks.bench_dedup speed [N …]   # seconds and memory by step
    python -m benchmarks.bench_dedup minhash [N]   # our signatures beside two libraries
    python -m benchmarks.bench_dedup ids           # what to hash to a paper's id
    python -m benchmarks.bench_dedup joins [N]     # every join among N arXiv papers
    python -m benchmarks.bench_dedup rivals [N]    # beside datasketch and SemHash: found, seconds
    python -m benchmarks.bench_dedup hard [N] [M]  # M pairs of each hard case among N papers

`OMP_NUM_THREADS=1 POLARS_MAX_THREADS=1 RAYON_NUM_THREADS=1` for one core. `minhash` compares with
`datasketch` and `rensa` if they are installed; `rivals` and `hard` need `datasketch` and `semhash`.

`rivals 30000` (1,000 known pairs, ids hidden, among 30,000 arXiv papers; two cores, one run):

                papers/s   precision   recall   pairs joined besides
    upwell         8,335       1.000     .999     10
    datasketch     2,328       1.000     .995     13
    semhash        2,672       1.000     .999    100   (with the static encoder, from .9)

`speed 1000000`: a million records in 87 s (distinct 27, candidates 46, papers 9), 4.1 GB at the
peak, of which 1.3 GB are the records themselves (5.8 GB when columns of text were compared at once).

`hard 100000` (200 pairs of each kind, ids hidden; joined, linked, apart):

                              right     upwell           datasketch       semhash
    extended version          linked      0  200    0      1    0  199      6    0  194
    extended, renamed         linked      0  198    2      0    0  200      3    0  197
    Part I, Part II           linked      0  200    0      6    0  194     81    0  119
    erratum, reply            linked      0  200    0    110    0   90    110    0   90
    same title, other paper   apart       0    0  200      0    0  200      0    0  200
    one abstract, two papers  apart       0    0  200    200    0    0    200    0    0
    translation               apart       0    0  200      0    0  200      0    0  200
    renamed                   joined    118    0   82    200    0    0    200    0    0
    renamed and revised       joined      1  199    0    200    0    0    200    0    0
    cut at 1,000 characters   joined    199    1    0     79    0  121    200    0    0
    publisher's notice        joined    200    0    0    200    0    0    200    0    0
    LaTeX and Unicode         joined    200    0    0    182    0   18    200    0    0
    upper case, revised       joined    200    0    0    171    0   29    200    0    0
    no subtitle, revised      joined    193    7    0    200    0    0    200    0    0

Joined besides: 8, 12, 64,147 (the others beyond the 36,103 of the corpus are its abstracts in other
orders of words, which SemHash cannot tell apart). An extended version says that it is one.
"""

import itertools
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from benchmarks.planted import APART, JOINED, KINDS, LINKED, plant, read_papers

from upwell.config import DedupConfig
from upwell.dedup import deduplicate
from upwell.dedup.candidates import bands, signatures
from upwell.dedup.text import Shingles, canonical, collapse, shingle
from upwell.tables import RECORDS

SHARED = Path(__file__).parents[2].parent / "shared" / "corpora"
CONFIG = DedupConfig()

Found = tuple[list[tuple[str, str]], list[tuple[str, str]]]
"""The pairs of sources that are joined, and those that are linked."""
Finder = Callable[[pl.DataFrame], Found]


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
        # A number would make parts of one work of them.
        marked = pl.col("title", "id") + f" {chr(96 + len(parts)) * 3}"
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


def rivals(n: int) -> None:
    """Known pairs with their ids hidden among `n` other papers: what each finds, and how fast."""
    pairs = pl.read_parquet(SHARED / "duplicate_pairs.parquet")
    sides = [
        pairs.select(
            title=f"title_{s}", abstract=f"abstract_{s}", source=pl.format(s + "#{}", "id")
        )
        for s in "ab"
    ]
    known = pl.concat(sides).unique("source", keep="first", maintain_order=True)
    frame = pl.concat([records(known), papers(n)]).unique("source", keep="first")
    frame = frame.sample(frame.height, shuffle=True, seed=1)
    ids = known["source"].str.replace(r"^.#", "")
    sources = known["source"].to_list()
    truth = {
        frozenset((a, b))
        for _, group in itertools.groupby(sorted(zip(ids, sources, strict=True)), lambda x: x[0])
        for a, b in itertools.combinations([source for _, source in group], 2)
    }
    known_ids = set(sources)
    for name, find in FINDERS:
        start = time.perf_counter()
        joined = set(map(frozenset, find(frame)[0]))
        seconds = time.perf_counter() - start
        found = {pair for pair in joined if pair <= known_ids}
        right = len(found & truth)
        tell(
            f"{name:12}{frame.height / seconds:8.0f} papers/s",
            f"precision {right / max(len(found), 1):.3f}  recall {right / len(truth):.3f}",
            f"pairs joined besides: {len(joined) - len(found)}",
        )


def hard(n: int, n_each: int = 200) -> None:
    """Of each kind of planted pair, how many are joined, linked and apart, beside the libraries."""
    planted = plant(read_papers(SHARED / "arxiv_daily"), n_each)
    frame = pl.DataFrame(
        [(title or None, abstract, source) for source, (title, abstract) in planted],
        schema=dict.fromkeys(("title", "abstract", "source"), pl.String),
        orient="row",
    )
    frame = pl.concat([records(frame), papers(n)]).sample(fraction=1, shuffle=True, seed=1)
    tell(f"{'kind':26}{'right':8}" + "".join(f"{name:20}" for name, _ in FINDERS), "joined/linked")
    found = [_outcomes(frame, find) for _, find in FINDERS]
    for kind, (right, _) in KINDS.items():
        cells = [f"{o[kind][JOINED]:4} {o[kind][LINKED]:4} {o[kind][APART]:4}" for o, _ in found]
        tell(f"{kind:26}{right:8}" + "".join(f"{cell:20}" for cell in cells))
    tell(f"{'joined besides':34}" + "".join(f"{others:<20}" for _, others in found))


def _outcomes(frame: pl.DataFrame, find: Finder) -> tuple[dict[str, Counter[str]], int]:
    """What became of the planted pairs, by kind, and how many other pairs were joined."""
    start = time.perf_counter()
    joined, linked = find(frame)
    tell(find.__name__, f"{frame.height / (time.perf_counter() - start):.0f} papers/s")
    group: dict[str, str] = {}
    for one, other in joined:
        group[_root(group, one)] = _root(group, other)
    links = {frozenset((_root(group, a), _root(group, b))) for a, b in linked}
    outcomes: dict[str, Counter[str]] = {}
    right_ones = 0
    for side in frame["source"].to_list():
        if side.endswith("/a"):
            pair = frozenset(_root(group, side[:-1] + end) for end in "ab")
            outcome = JOINED if len(pair) == 1 else LINKED if pair in links else APART
            outcomes.setdefault(side.split("#")[0], Counter())[outcome] += 1
            right_ones += outcome == JOINED
    return outcomes, sum(side != _root(group, side) for side in list(group)) - right_ones


def _root(group: dict[str, str], member: str) -> str:
    while group.get(member, member) != member:
        member = group[member]
    return member


def _ours(frame: pl.DataFrame) -> Found:
    found = deduplicate(frame, config=CONFIG)
    groups = found.papers["sources"].to_list()
    joined = [pair for sources in groups for pair in itertools.combinations(sources, 2)]
    one_of = dict(found.papers.select("paper_id", pl.col("sources").list.first()).iter_rows())
    linked = [(one_of[a], one_of[b]) for a, b, _ in found.related.iter_rows()]
    return joined, linked


def _lsh(frame: pl.DataFrame) -> Found:
    from datasketch import MinHash, MinHashLSH

    index, joined = MinHashLSH(threshold=CONFIG.near_text_threshold, num_perm=128), []
    for source, text in frame.select("source", "abstract").iter_rows():
        words = text.lower().split()
        made = MinHash(num_perm=128, seed=1)
        made.update_batch([" ".join(words[i : i + 3]).encode() for i in range(len(words))])
        joined += [(source, other) for other in index.query(made)]
        index.insert(source, made)
    return joined, []


def _semhash(frame: pl.DataFrame) -> Found:
    from semhash import SemHash

    from upwell.encode import load_encoder

    encoder = load_encoder("static")

    class Model:
        def encode(self, sentences: Sequence[str], **_: object) -> np.ndarray:
            return encoder.encode(list(sentences))

    rows = frame.select("source", "abstract").to_dicts()
    found = SemHash.from_records(rows, columns=["abstract"], model=Model()).self_deduplicate(0.9)
    return [(item.record["source"], item.duplicate_of["source"]) for item in found.filtered], []


FINDERS = (("upwell", _ours), ("datasketch", _lsh), ("semhash", _semhash))


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
        modes = {"minhash": minhash, "joins": joins, "rivals": rivals, "hard": hard}
        modes[mode](*numbers or [100_000 if mode == "hard" else 20_000])
