"""Encoders side by side on 3,200 abstracts of 16 arXiv categories, as a Markdown table.

    python tests/benchmarks/bench_encoder.py [--encoder SPEC_OR_FOLDER …] [--vectors NAME=FILE.npy …]
    python tests/benchmarks/bench_encoder.py --write-sample FILE.parquet

`--write-sample` gives the titles that training must leave out; `--vectors` takes vectors of the
sample, in its order, that were computed elsewhere. Categories only judge; no encoder sees them.
"""

import argparse
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.encode import load_encoder, load_static

LABELLED = Path(__file__).parents[2].parent / "shared" / "corpora" / "arxiv_labelled.parquet"
N_LABELS, N_EACH, K = 16, 200, 10
Vectors = NDArray[np.float32]


def sample() -> pl.DataFrame:
    """200 papers of each of the 16 most frequent categories; always the same ones."""
    key = pl.col("title").str.to_lowercase().str.replace_all(r"[^a-z0-9]+", " ")
    papers = (
        pl.read_parquet(LABELLED)
        .with_columns(key=key.str.strip_chars())
        .unique("key", keep="first", maintain_order=True)
    )
    counts = papers["label"].value_counts().sort(["count", "label"], descending=[True, False])
    papers = papers.filter(pl.col("label").is_in(counts["label"][:N_LABELS].to_list())).sort("id")
    groups = papers.group_by("label", maintain_order=True)
    return pl.concat([group.sample(N_EACH, seed=0) for _, group in groups])


def knn_accuracy(vectors: Vectors, labels: NDArray[np.int64]) -> float:
    """Share of papers whose 10 nearest papers mostly have their label (ties: the nearer ones)."""
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -np.inf)
    nearest = np.argpartition(-similarity, K, axis=1)[:, :K]
    votes = np.zeros((len(labels), labels.max() + 1))
    for column in nearest.T:
        rows = np.arange(len(labels))
        votes[rows, labels[column]] += 1 + 1e-3 * similarity[rows, column]
    return float((votes.argmax(axis=1) == labels).mean())


def kmeans_ami(vectors: Vectors, labels: NDArray[np.int64], n_seeds: int = 5) -> float:
    """Adjusted mutual information of labels and k-means with as many clusters; mean of seeds."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_mutual_info_score

    k = int(labels.max()) + 1
    fits = (KMeans(k, n_init=5, random_state=s).fit_predict(vectors) for s in range(n_seeds))
    return float(np.mean([adjusted_mutual_info_score(labels, fit) for fit in fits]))


def bertopic_defaults(
    vectors: Vectors, labels: NDArray[np.int64], n_seeds: int = 3
) -> tuple[float, float]:
    """AMI and outlier share after UMAP and HDBSCAN as BERTopic sets them; mean of seeds."""
    from hdbscan import HDBSCAN
    from sklearn.metrics import adjusted_mutual_info_score
    from umap import UMAP

    results = []
    for seed in range(n_seeds):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            flat = UMAP(
                n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=seed
            ).fit_transform(vectors)
            topics = HDBSCAN(min_cluster_size=10, prediction_data=True).fit_predict(flat)
        results.append((adjusted_mutual_info_score(labels, topics), (topics < 0).mean()))
    ami, outliers = np.mean(results, axis=0)
    return float(ami), float(outliers)


def row(name: str, speed: str, vectors: Vectors, labels: NDArray[np.int64]) -> str:
    """A line of the table."""
    ami, outliers = bertopic_defaults(vectors, labels)
    numbers = [knn_accuracy(vectors, labels), kmeans_ami(vectors, labels), ami]
    return f"| {name} | {speed} | {' | '.join(f'{x:.3f}' for x in numbers)} | {outliers:.0%} |"


def encoded(spec: str, texts: list[str]) -> tuple[str, Vectors]:
    """Vectors and speed of an encoder, the best of three passes (one if it is slow)."""
    encoder = load_static(Path(spec)) if Path(spec).is_dir() else load_encoder(spec)
    encoder.encode(texts[:8])
    seconds = []
    while not seconds or (len(seconds) < 3 and seconds[0] < 20):
        start = time.perf_counter()
        vectors = encoder.encode(texts)
        seconds.append(time.perf_counter() - start)
    return f"{len(texts) / min(seconds):,.0f}", vectors


def tfidf_svd(texts: list[str]) -> tuple[str, Vectors]:
    """256 directions of the texts' own TF-IDF: what words alone give, without training."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.preprocessing import normalize

    start = time.perf_counter()
    rows = TfidfVectorizer(sublinear_tf=True, min_df=2, stop_words="english").fit_transform(texts)
    vectors = normalize(TruncatedSVD(256, random_state=0).fit_transform(rows))
    return f"{len(texts) / (time.perf_counter() - start):,.0f}", vectors.astype(np.float32)


def load_seconds() -> float:
    """Import and load of the static encoder in a fresh process, the best of five."""
    code = (
        "import time; t = time.perf_counter(); from upwell.encode import load_encoder;"
        "load_encoder('static').encode(['a']); print(time.perf_counter() - t)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        for _ in range(5)
    ]
    return min(float(run.stdout) for run in runs)


def say(line: str) -> None:
    """A line of output, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", nargs="*", default=["static"])
    parser.add_argument("--vectors", nargs="*", default=[])
    parser.add_argument("--write-sample", type=Path)
    options = parser.parse_args()
    papers = sample()
    if options.write_sample:
        papers.select("title", "abstract").write_parquet(options.write_sample)
        return
    texts = [
        f"{title}. {abstract}" for title, abstract in papers.select("title", "abstract").rows()
    ]
    labels = papers["label"].rank("dense").to_numpy().astype(np.int64) - 1
    say("| encoder | docs/s | kNN accuracy | k-means AMI | AMI, BERTopic's defaults | outliers |")
    say("|---|---|---|---|---|---|")
    for given in options.vectors:
        name, _, file = given.partition("=")
        say(row(name, "", np.load(file), labels))
    say(row("TF-IDF, 256 directions", *tfidf_svd(texts), labels))
    for spec in options.encoder:
        say(row(spec, *encoded(spec, texts), labels))
    say(f"\nimport, load and first text: {load_seconds() * 1000:.0f} ms")


if __name__ == "__main__":
    main()
