"""Tables of a run that never was: seeded, of the size and noise of a real one.

Shares follow a known growth, counts are drawn from them; estimates and verdicts are then taken from
the counts by a plain log-linear fit, so figures show what the real stage would hand over.
"""

import itertools
import math
from datetime import UTC, date, datetime

import numpy as np
import polars as pl

from upwell import tables
from upwell.config import RunConfig, Theme
from upwell.manifest import Counts, InputFile, Manifest

THEMES = {
    # name: (share at the start, growth a year, verdict)
    "label noise": (0.030, 1.02, "insufficient_evidence"),
    "distillation": (0.035, 1.48, "rising"),
    "local and global attention": (0.110, 0.72, "falling"),
    "evaluation & benchmarks": (0.45, 1.01, "steady"),
    "federated unlearning": (0.0015, 1.1, "insufficient_evidence"),
}
TOPICS = (
    "large language model reasoning",
    "3D Gaussian splatting and novel view synthesis",
    "diffusion models for image generation",
    "speech recognition, low-resource languages",
    "graph neural networks on molecules",
    "reinforcement learning from human feedback",
    "medical image segmentation",
    "time series forecasting with transformers",
    "neural architecture search",
    "adversarial robustness & certified defences",
    "machine translation quality estimation",
    "video understanding and temporal grounding",
    "tabular data, gradient boosting",
    "object detection in aerial images",
)


# What a row of `trends` has of bursts, turns and checks where there is nothing to tell.
NO_SHAPE = {
    "recent_growth": None, "recent_growth_low": None, "recent_growth_high": None,
    "has_turned": False, "is_emerging": False,
    "burst_start": None, "burst_end": None, "burst_weight": 0.0, "change_points": [],
    "sensitive_to": [],
}  # fmt: skip


def buckets(n: int = 11, first_year: int = 2022) -> list[tuple[date, date]]:
    """Quarters from the start of a year."""
    starts = [date(first_year + i // 4, 1 + 3 * (i % 4), 1) for i in range(n + 1)]
    return list(itertools.pairwise(starts))


def wilson(k: int, n: int) -> tuple[float, float]:
    """95 % interval of a share."""
    z, p = 1.96, k / n
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max((middle - half) / (1 + z * z / n), 0.0), min((middle + half) / (1 + z * z / n), 1.0)


def _subject(
    rng: np.random.Generator,
    kind: str,
    subject: str,
    name: str,
    shape: tuple[float, float, str],
    totals: list[int],
) -> tuple[dict, list[dict]]:
    """One row of trends and its rows of the series; the last bucket is partial."""
    start, growth, verdict = shape
    quarters = buckets(len(totals))
    years = np.array([(a - quarters[0][0]).days / 365.25 for a, _ in quarters])
    counts = [
        int(rng.binomial(n, min(start * growth**y, 0.9)))
        for n, y in zip(totals, years, strict=True)
    ]
    series = []
    for i, ((a, b), k, n) in enumerate(zip(quarters, counts, totals, strict=True)):
        low, high = wilson(k, n) if n else (None, None)
        series.append(
            {
                "kind": kind,
                "subject": subject,
                "bucket_start": a,
                "bucket_end": b,
                "n_papers": k,
                "n_total": n,
                "share": k / n if n else None,
                "share_low": low,
                "share_high": high,
                "is_partial": i == len(totals) - 1,
            }
        )
    n_papers = sum(counts)
    se = (0.5 if verdict == "steady" else 1.1) / math.sqrt(max(n_papers, 1)) / max(years.std(), 0.1)
    estimated = n_papers >= 8
    first = start
    row = {
        "kind": kind, "subject": subject, "name": name,
        "verdict": verdict,
        "growth": growth if estimated else None,
        "growth_low": growth * math.exp(-1.96 * se) if estimated else None,
        "growth_high": growth * math.exp(1.96 * se) if estimated else None,
        "p_value": 0.2 if estimated else None, "q_value": 0.3 if estimated else None,
        "n_papers": n_papers,
        "first_share": first if estimated else None,
        "last_share": min(first * growth ** years[-1], 1.0) if estimated else None,
        "is_burst": name == "distillation", **NO_SHAPE,
        "robust": name != "local and global attention",
        "sensitive_to": ["composition"] if name == "local and global attention" else [],
    }  # fmt: skip
    return row, series


def trend_tables(
    themes: dict[str, tuple[float, float, str]] = THEMES,
    topics: tuple[str, ...] = TOPICS,
    *,
    n_buckets: int = 11,
    gap: int | None = 3,
    seed: int = 7,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The tables `trends` and `trend_series`."""
    rng = np.random.default_rng(seed)
    totals = [int(140 * 1.09**i + rng.integers(-15, 15)) for i in range(n_buckets)]
    totals[-1] //= 3
    if gap is not None:
        totals[gap] = 0
    subjects = [("theme", name, name, shape) for name, shape in themes.items()]
    for i, label in enumerate(topics):
        growth = 1.6 if i == 0 else 0.55 if i == 8 else float(rng.uniform(0.85, 1.25))
        verdict = {0: "rising", 8: "falling"}.get(i, "insufficient_evidence")
        subjects.append(("topic", str(i), label, (0.11 / (1 + 0.4 * i), growth, verdict)))
    made = [_subject(rng, kind, s, name, shape, totals) for kind, s, name, shape in subjects]
    if not made:
        return tables.TRENDS.empty(), tables.TREND_SERIES.empty()
    trends = pl.DataFrame([row for row, _ in made], infer_schema_length=None)
    series = pl.DataFrame([r for _, rows in made for r in rows], infer_schema_length=None)
    return tables.TRENDS.conform(trends), tables.TREND_SERIES.conform(series)


def paper_tables(
    labels: tuple[str, ...] = TOPICS, *, n_papers: int = 1200, seed: int = 11
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The tables `papers` and `topics`: gaussian clusters, a fifth of the papers outliers."""
    rng = np.random.default_rng(seed)
    weights = np.array([1 / (1 + 0.25 * i) for i in range(len(labels))])
    centres = rng.normal(0, 5, size=(len(labels), 2))
    ids = rng.choice(len(labels), size=n_papers, p=weights / weights.sum()) if labels else None
    topic = np.full(n_papers, -1) if ids is None else np.where(rng.random(n_papers) < 0.2, -1, ids)
    spread = rng.normal(0, 0.55, size=(n_papers, 2))
    places = rng.uniform(-9, 9, size=(n_papers, 2)) * 0.9
    if ids is not None:
        places = np.where((topic == -1)[:, None], places, centres[ids] + spread)
    years = rng.integers(2022, 2025, size=n_papers)
    papers = pl.DataFrame(
        {
            "paper_id": [f"p{i:05d}" for i in range(n_papers)],
            "title": [f"Paper {i} on {labels[t] if t >= 0 else 'something else'}" for i, t in enumerate(topic)],
            "abstract": ["We study it."] * n_papers,
            "published": [date(int(y), 1, 1) for y in years],
            "date_precision": ["day"] * n_papers,
            "arxiv_id": [f"2401.{i:05d}" if i % 2 else None for i in range(n_papers)],
            "doi": [None] * n_papers,
            "url": [None] * n_papers,
            "n_authors": [3] * n_papers,
            "n_comments": [None] * n_papers,
            "categories": [["cs.LG"]] * n_papers,
            "language": ["en"] * n_papers,
            "sources": [[f"arxiv.jsonl#{i + 1}"] for i in range(n_papers)],
            "topic_id": topic,
            "topic_strength": rng.random(n_papers),
            "x": places[:, 0],
            "y": places[:, 1],
        }
    )  # fmt: skip
    topics = pl.DataFrame(
        [
            {
                "topic_id": i, "label": label, "keywords": label.replace(",", "").split()[:6],
                "n_papers": int((topic == i).sum()),
                "exemplars": papers.filter(pl.col("topic_id") == i)["paper_id"].head(3).to_list(),
                "coherence": 0.1, "stability": 0.8, "parent_id": None, "first_run": "r1",
            }
            for i, label in enumerate(labels)
        ],
        schema=tables.TOPICS.schema,
    )  # fmt: skip
    return tables.PAPERS.conform(papers), tables.TOPICS.conform(topics)


def run_tables(
    themes: dict[str, tuple[float, float, str]] = THEMES,
    topics: tuple[str, ...] = TOPICS,
    *,
    n_papers: int = 1200,
) -> dict[tables.Table, pl.DataFrame]:
    """All tables that figures and report read."""
    trends, series = trend_tables(themes, topics)
    papers, found = paper_tables(topics, n_papers=n_papers)
    members = pl.DataFrame(
        [
            (
                name,
                f"p{(37 * i + 11 * j) % n_papers:05d}",
                0.99 - 0.01 * j,
                f"… that {name} matters …",
            )
            for i, name in enumerate(themes)
            for j in range(min(7 if i else 3, n_papers))
        ],
        schema=["theme", "paper_id", "score", "evidence"],
        orient="row",
    )
    lineage = pl.DataFrame(
        [("20241101T060000Z", i, "born", None, 0.0) for i in range(len(topics))],
        schema=tables.TOPIC_LINEAGE.schema,
        orient="row",
    )
    return {
        tables.PAPERS: papers,
        tables.TOPICS: found,
        tables.TOPIC_LINEAGE: tables.TOPIC_LINEAGE.conform(lineage),
        tables.THEME_PAPERS: tables.THEME_PAPERS.conform(members)
        if members.height
        else tables.THEME_PAPERS.empty(),
        tables.TRENDS: trends,
        tables.TREND_SERIES: series,
        tables.CHANGES: tables.CHANGES.empty(),
    }


def changes_table() -> pl.DataFrame:
    """Changes since a last run: new papers, a verdict, a topic with a name that needs care."""
    nothing = dict.fromkeys(tables.CHANGES.columns) | {"from_run": "20241001T060000Z"}
    rows = [
        {"kind": "run", "subject": "papers", "name": "papers", "event": "new_papers", "n_papers": 37},
        {
            "kind": "theme", "subject": "distillation", "name": "distillation",
            "event": "verdict_changed", "before": "insufficient_evidence", "after": "rising",
            "growth": 1.48, "growth_low": 1.14, "growth_high": 1.93, "q_value": 0.02, "robust": True,
        },
        {"kind": "topic", "subject": "9", "name": "robustness & <certified>", "event": "born"},
    ]  # fmt: skip
    frame = pl.DataFrame([nothing | row for row in rows], schema=tables.CHANGES.schema)
    return tables.CHANGES.conform(frame)


def manifest(
    themes: dict[str, tuple[float, float, str]] = THEMES,
    *,
    n_undated: int = 40,
    n_rejects: int = 12,
) -> Manifest:
    """What a run of those tables would say of itself."""
    n_papers = 1200
    return Manifest(
        run_id="20241101T060000Z",
        started=datetime(2024, 11, 1, 6, 0, tzinfo=UTC),
        ended=datetime(2024, 11, 1, 6, 1, 12, tzinfo=UTC),
        as_of=date(2024, 11, 1),
        config=RunConfig(themes=tuple(Theme(name=n, phrases=(n,)) for n in themes)),
        files=(
            InputFile(
                name="arxiv.jsonl", path="in/arxiv.jsonl", format="json lines", sha256="0" * 64,
                n_bytes=4_000_000, n_records=1188, n_rejects=n_rejects, notes=("dates from `update_date`",),
            ),
            InputFile(
                name="saved_page.html", path="in/saved_page.html", format=None, sha256=None,
                n_bytes=0, n_records=112, n_rejects=0, notes=(),
            ),
        ),
        counts=Counts(
            n_records=n_papers + 100 + n_rejects, n_papers=n_papers, n_duplicates=100,
            n_rejects=n_rejects, n_dated=n_papers - n_undated - 10, n_undated=n_undated,
            n_too_coarse=10, n_topics=14, n_outliers=243,
            rejects_by_reason={"no_abstract": n_rejects - 2, "broken_syntax": 2},
            duplicates_by_method={"identifier": 80, "title": 15, "near_text": 5},
        ),
        bucket="quarter",
        span=(date(2022, 1, 3), date(2024, 7, 30)),
        encoder="static:1f2e3d4c",
        random_state=42,
        versions={"python": "3.11.7", "polars": "1.30.0"},
        stage_seconds={"read": 1.2, "embed": 3.4},
        measures={"topic_diversity": 0.91},
        notes=("40 of 1200 papers have no date and count in no trend.",),
    )  # fmt: skip
