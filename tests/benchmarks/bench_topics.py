"""Topics of real corpora: how many, how well they match categories, how often they come back.

    python tests/benchmarks/bench_topics.py [--sizes 275 3000 36000]

Papers are those of ../shared/corpora/arxiv_labelled.parquet. `balanced` are 200 of each of the 16
largest categories, numbers are random samples. AMI compares topics with categories, outliers as a
topic of their own (`inside`: without them).
"""

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
from sklearn.metrics import adjusted_mutual_info_score

from upwell import topics
from upwell.config import TopicConfig
from upwell.encode import load_encoder
from upwell.quality import coherence, diversity, stability
from upwell.tables import UNPLACED

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpora" / "arxiv_labelled.parquet"


def balanced(papers: pl.DataFrame, n_categories: int = 16, n_each: int = 200) -> pl.DataFrame:
    """So many papers of each of the largest categories."""
    largest = papers["label"].value_counts(sort=True).head(n_categories)["label"]
    parts = [papers.filter(pl.col("label") == name).sample(n_each, seed=1) for name in largest]
    return pl.concat(parts)


def corpora(papers: pl.DataFrame, sizes: list[int]) -> Iterator[tuple[str, pl.DataFrame]]:
    """Name and papers of each corpus."""
    yield "balanced", balanced(papers)
    for n in sizes:
        yield f"{n:,}", papers.sample(min(n, len(papers)), seed=1)


def unplaced(papers: pl.DataFrame) -> pl.DataFrame:
    """The papers as the table that topics are made from."""
    others = {
        name: pl.lit(None, dtype=UNPLACED.schema[name])
        for name in ("published", "doi", "url", "n_authors", "n_comments")
    }
    return UNPLACED.conform(
        papers.with_columns(
            paper_id="id",
            arxiv_id="id",
            date_precision=pl.lit("none"),
            categories=pl.lit([], dtype=pl.List(pl.String())),
            language=pl.lit("en"),
            sources=pl.lit([], dtype=pl.List(pl.String())),
            **others,
        )
    )


def measure(papers: pl.DataFrame, vectors: pl.DataFrame, config: TopicConfig) -> dict[str, float]:
    """All measures of one corpus."""
    table = unplaced(papers)
    start = time.perf_counter()
    found = topics.discover(table, vectors, config=config)
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    refits = pl.concat(topics.refit(table, vectors, config=config, number=n) for n in range(5))
    refit_seconds = time.perf_counter() - start
    topic = found.assignments["topic_id"].to_numpy()
    category = papers.sort("id")["label"].to_numpy()
    inside = topic >= 0
    return {
        "topics": found.topics.height,
        "largest": int(found.topics["n_papers"].max()),
        "outlier_share": float(1 - inside.mean()),
        "ami": adjusted_mutual_info_score(category, topic),
        "inside": adjusted_mutual_info_score(category[inside], topic[inside]),
        "stability": float(stability(found.assignments, refits)["stability"].mean()),
        "coherence": float(coherence(table, found.topics)["coherence"].mean()),
        "diversity": diversity(found.topics),
        "seconds": seconds,
        "refit_seconds": refit_seconds,
    }


def main() -> None:
    """Print one row per corpus."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=[275, 3000])
    parser.add_argument("--min-cluster-size", type=int)
    parser.add_argument("--encoder", default="static")
    given = parser.parse_args()
    papers = pl.read_parquet(CORPUS)
    encoder = load_encoder(given.encoder)
    config = TopicConfig(min_cluster_size=given.min_cluster_size)
    for name, corpus in corpora(papers, given.sizes):
        texts = [f"{title}. {text}" for title, text in corpus.select("title", "abstract").rows()]
        vectors = pl.DataFrame(
            {
                "paper_id": corpus["id"],
                "vector": pl.Series(
                    np.asarray(encoder.encode(texts), dtype=np.float32),
                    dtype=pl.Array(pl.Float32(), encoder.n_dims),
                ),
            }
        )
        measures = measure(corpus, vectors, config)
        row = "  ".join(f"{key} {value:.3g}" for key, value in measures.items())
        sys.stdout.write(f"{name:>10}  {row}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
