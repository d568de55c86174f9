"""A small published run: a few hundred made-up papers of known topics and dates."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl

from upwell.config import RunConfig, Theme, TopicConfig, TrendConfig
from upwell.encode import load_encoder
from upwell.manifest import Counts, Manifest
from upwell.store import open_run, publish
from upwell.tables import PAPERS, PUBLISHED, THEME_PAPERS, TOPICS, TREND_SERIES, TRENDS
from upwell.trends import measure_trends

FIELDS = {
    "label noise": "We study {0} in image datasets. Noisy annotations hurt classifiers, and {0} "
    "is common. Our loss corrects {0} by sample selection.",
    "graph neural networks": "We train {0} for node classification. Messages pass in {0}. They "
    "are smooth. Few {0} have many layers.",
    "federated learning": "Clients in {0} keep data private. Communication rounds of {0} are "
    "costly, and {0} suffers from client drift.",
    "protein structure": "We predict {0} from sequences. Folding needs evolution, and {0} of long "
    "chains is hard. Residues in {0} touch.",
}
WORDS = "apple brick cloud daisy eagle flute grape horse ivory jewel knife lemon mango north olive"
CONFIG = RunConfig(
    topics=TopicConfig(min_cluster_size=12),
    trends=TrendConfig(bucket="month"),
    themes=(Theme(name="label noise", phrases=("label noise",)),),
)


def month(i: int) -> date:
    """The first day of a month, counted from January 2022."""
    return date(2022 + i // 12, i % 12 + 1, 1)


def small_papers(
    n_months: int = 24, per_month: int = 16, *, rising: str | None = None, seed: int = 1
) -> pl.DataFrame:
    """Papers of four fields, each with words of its own by chance; `PAPERS`, topics by field."""
    rng = np.random.default_rng(seed)
    fields, words = list(FIELDS), WORDS.split()
    rows = []
    for m in range(n_months):
        weight = np.ones(len(fields))
        if rising:
            weight[fields.index(rising)] = 0.15 + 3 * m / n_months
        for i in range(per_month):
            field = int(rng.choice(len(fields), p=weight / weight.sum()))
            chance = " ".join(rng.choice(words, 5))
            rows.append(
                {
                    "paper_id": f"p{m:03d}{i:03d}",
                    "title": f"On {fields[field]} with {chance}",
                    "abstract": FIELDS[fields[field]].format(fields[field]) + f" See {chance}.",
                    "published": month(m).replace(day=int(rng.integers(1, 28))),
                    "topic_id": field,
                }
            )
    return PAPERS.conform(
        pl.DataFrame(rows).with_columns(
            date_precision=pl.lit("day"),
            categories=pl.lit([], dtype=pl.List(pl.String)),
            language=pl.lit("en"),
            sources=pl.format("papers.jsonl#{}", pl.int_range(1, pl.len() + 1)).reshape((-1, 1)).arr.to_list(),
            topic_strength=pl.lit(0.9),
            x=pl.lit(0.0),
            y=pl.lit(0.0),
            **{name: pl.lit(None) for name in ("arxiv_id", "doi", "url", "n_authors", "n_comments")},
        )
    )  # fmt: skip


def publish_run(outputs: Path, papers: pl.DataFrame, *, config: RunConfig = CONFIG) -> Path:
    """Publish papers as a run that measured the trends of their topics and of one theme."""
    topics = pl.DataFrame(
        [
            {"topic_id": i, "label": name, "keywords": name.split(), "n_papers": 1, "exemplars": [],
             "coherence": 0.0, "stability": 0.0, "parent_id": None, "first_run": "r"}
            for i, name in enumerate(FIELDS)
        ],
        schema=TOPICS.schema,
    )  # fmt: skip
    themes = papers.filter(pl.col("topic_id") == 0).select(
        "paper_id", theme=pl.lit("label noise"), score=pl.lit(0.9), evidence=pl.lit("label noise")
    )
    members = pl.concat(
        [
            papers.filter(pl.col("topic_id") >= 0).select(
                "paper_id", kind=pl.lit("topic"), subject=pl.col("topic_id").cast(pl.String)
            ),
            themes.select("paper_id", kind=pl.lit("theme"), subject="theme"),
        ]
    )
    subjects = pl.DataFrame(
        [*(("topic", str(i), name) for i, name in enumerate(FIELDS)), ("theme", *["label noise"] * 2)],
        schema=["kind", "subject", "name"],
        orient="row",
    )  # fmt: skip
    found = measure_trends(papers, members, subjects, config=config.trends)
    apart = {name: getattr(found, name) for name in ("n_undated", "n_too_coarse", "n_outside")}
    with open_run(outputs, started=datetime.now(UTC), on_wait=print) as run:
        return publish(
            run,
            tables={table: table.empty() for table in PUBLISHED}
            | {PAPERS: papers, TOPICS: topics, THEME_PAPERS: themes}
            | {TRENDS: found.trends, TREND_SERIES: found.series},
            members=pl.DataFrame(schema={"topic_id": pl.Int32, "paper_id": pl.String}),
            files={"figures/rising.png": b""},
            manifest=Manifest(
                run_id=run.run_id, started=run.started, ended=run.started,
                as_of=run.started.date(), config=config, files=(),
                counts=Counts(
                    n_records=papers.height, n_papers=papers.height, n_duplicates=0, n_rejects=0,
                    n_dated=papers.height - sum(apart.values()), **apart,
                    n_topics=len(FIELDS), n_outliers=0, rejects_by_reason={},
                    duplicates_by_method={},
                ),
                bucket=found.bucket, span=found.span, encoder=load_encoder("static").identity,
                random_state=config.topics.random_state, versions={}, stage_seconds={},
                measures={}, notes=found.notes,
            ),
            data_dictionary="about",
        )  # fmt: skip
