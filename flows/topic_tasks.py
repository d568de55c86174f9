"""The stage `cluster` as Prefect tasks: topics sought anew, or papers placed among those there are.

As in `tasks`, they hand each other paths, and leave facts for the manifest in the workspace.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl
from prefect import task, unmapped
from prefect.cache_policies import NO_CACHE

from flows.progress import counted, progress
from flows.stage import stage
from upwell.config import TopicConfig
from upwell.lineage import History, Lineage, trace
from upwell.store import StoreError, TableFile, Workspace, last_lineage, last_topic_model
from upwell.topics import Decision, TopicModel

# Refits of the clustering that tell how stable a topic is; each costs about one clustering.
N_REFITS = 5


@dataclass(frozen=True)
class Clusters:
    """What `cluster` found; `model` are the tables of the topic model."""

    topics: TableFile
    assignments: TableFile
    lineage: TableFile
    members: TableFile
    model: dict[str, TableFile]


def find_topics(
    run: Workspace, papers: TableFile, vectors: TableFile, config: TopicConfig
) -> Clusters:
    """The topic of every paper: `decide`, `refit_all` if topics are sought anew, `cluster`."""
    encoder = run.facts()["embed"]["encoder"]
    decision = decide(run, vectors, encoder, config)
    refits = refit_all(run, papers, vectors, config, decision)
    return cluster(run, papers, vectors, refits, decision, encoder, config)


@stage(lambda given: f"compare {given['vectors'].n_rows} papers with the last topics")
def decide(
    run: Workspace, vectors: TableFile, encoder: str, config: TopicConfig
) -> tuple[Decision, dict[str, Any]]:
    """Whether topics are sought anew, and why."""
    from upwell import topics

    embedded = vectors.read()
    try:
        decision = topics.decide(embedded, _last_model(run), encoder=encoder, config=config)
    except topics.TopicModelError as error:
        why = f"Topics were sought from scratch: {error}."
        decision = topics.Decision("fitted", why, len(embedded))
    return decision, {"notes": [decision.reason]}


@task(
    name="refit",
    task_run_name=f"refit {{number}} of {N_REFITS}: topics of {{papers.n_rows}} papers",
    cache_policy=NO_CACHE,
    persist_result=False,
)
def refit(
    run: Workspace, papers: TableFile, vectors: TableFile, config: TopicConfig, number: int
) -> TableFile:
    """One sample of the papers (from 1) to topics, to see which topics come back."""
    from upwell import topics

    again = topics.refit(papers.read(), vectors.read(), config=config, number=number)
    return run.put(f"refit-{number}", again)


def refit_all(
    run: Workspace, papers: TableFile, vectors: TableFile, config: TopicConfig, decision: Decision
) -> list[TableFile]:
    """Every refit, one after the other, or side by side if the flow runs on Dask.

    None where the topics are kept: their stability is that of the fit.
    """
    if decision.action == "kept":
        return []
    began = time.perf_counter()
    same = [unmapped(given) for given in (run, papers, vectors, config)]
    futures = refit.map(*same, number=range(1, N_REFITS + 1))
    with progress(f"refit topics {N_REFITS} times") as advance:
        refits = []
        for future in futures:
            refits.append(future.result())
            advance(len(refits), N_REFITS)
    run.put_facts("refit", {"notes": [], "seconds": round(time.perf_counter() - began, 3)})
    return refits


def _clustering(given: dict[str, Any]) -> str:
    n_papers = given["papers"].n_rows
    if given["decision"].action == "kept":
        return f"place {n_papers} papers among the last topics"
    return f"cluster {n_papers} papers"


@stage(_clustering)
def cluster(
    run: Workspace,
    papers: TableFile,
    vectors: TableFile,
    refits: Sequence[TableFile],
    decision: Decision,
    encoder: str,
    config: TopicConfig,
) -> tuple[Clusters, dict[str, Any]]:
    """Vectors to topics whose ids hold from run to run."""
    from upwell import quality

    unplaced, embedded = papers.read(), vectors.read()
    if decision.action == "kept":
        found = _recalled(run, unplaced, embedded)
    else:
        again = pl.concat(file.read() for file in refits)
        found = _sought(run, unplaced, embedded, again, decision, encoder, config)
    described = found.topics.join(quality.coherence(unplaced, found.topics), on="topic_id").join(
        found.lineage.ids.drop("raw_id"), on="topic_id"
    )
    model = found.model
    clusters = Clusters(
        run.put("topics", described),
        run.put("assignments", found.assignments),
        run.put("lineage", found.lineage.events),
        run.put("members", found.lineage.members),
        {name: run.put(f"topic_model_{name}", frame) for name, frame in model.frames().items()},
    )
    return clusters, {
        "notes": found.notes,
        "measures": {"topic_diversity": quality.diversity(described)} if described.height else {},
        "topic_fit": asdict(decision) | {"fitted_in": model.run_id, "n_fitted": len(model.papers)},
    }


@dataclass(frozen=True)
class _Found:
    """Topics and assignments with lasting ids, where these come from, and the model behind them."""

    topics: pl.DataFrame
    assignments: pl.DataFrame
    lineage: Lineage
    model: TopicModel
    notes: list[str]


def _recalled(run: Workspace, papers: pl.DataFrame, vectors: pl.DataFrame) -> _Found:
    """Papers placed among the topics of the last run."""
    from upwell import topics

    model = _last_model(run)
    if model is None:
        raise StoreError(f"{run.outputs / 'latest'}: the topic model has gone while it was used")
    found = topics.recall(papers, vectors, model)
    traced = trace(
        found.assignments, vectors, history=_history(run), run_id=run.run_id, is_same_model=True
    )
    stable = model.topics.select("topic_id", "stability")
    described = found.topics.join(stable, on="topic_id")
    return _Found(described, found.assignments, traced, model, list(found.notes))


def _sought(
    run: Workspace,
    papers: pl.DataFrame,
    vectors: pl.DataFrame,
    refits: pl.DataFrame,
    decision: Decision,
    encoder: str,
    config: TopicConfig,
) -> _Found:
    """Topics of a fit, those of the last run going on in a refit."""
    from upwell import quality, topics

    last = None
    with suppress(topics.TopicModelError):
        last = _last_model(run)
    with progress(f"cluster {papers.height} papers") as advance:
        step = counted(advance, 2)
        found = topics.discover(
            papers,
            vectors,
            config=config,
            before=last if decision.action == "refitted" else None,
            refits=refits,
            progress=step,
        )
    traced = trace(found.assignments, vectors, history=_history(run), run_id=run.run_id)
    stable = quality.stability(found.assignments, refits)
    lasting = dict(traced.ids.select("raw_id", "topic_id").iter_rows()) | {-1: -1}
    described, assignments = (
        frame.with_columns(pl.col("topic_id").replace_strict(lasting, return_dtype=pl.Int32))
        for frame in (found.topics.join(stable, on="topic_id"), found.assignments)
    )
    described = topics.keep_names(described, assignments, last)
    model = topics.remember(
        found, described, traced.ids, encoder=encoder, config=config, run_id=run.run_id
    )
    return _Found(described, assignments, traced, model, list(found.notes))


def _history(run: Workspace) -> History:
    """What became of topics in earlier runs."""
    last = last_lineage(run.outputs)
    return History(*last) if last else History.none()


def _last_model(run: Workspace) -> TopicModel | None:
    """The topic model that the last run left."""
    frames = last_topic_model(run.outputs)
    return TopicModel.from_frames(frames) if frames else None
