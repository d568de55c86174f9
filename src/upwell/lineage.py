"""Last run's topics and this run's: which is which, and what became of the others.

Topic ids are ours, not the clusterer's. A topic keeps its id when it shares enough papers with a
topic of the last run; ids are never reused.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.tables import TOPIC_LINEAGE

# Jaccard overlap, over the papers of both runs, from which two topics are the same. Fits from
# scratch under other seeds (3,724 Hugging Face papers, 3 seeds; 22,006 of arXiv, 2): share of the
# topics that the matching pairs, and of those that overlap as much with a second topic:
#     from              .1      .2      .3      .4
#     Hugging Face   .93/.08 .92/.05 .89/.05 .88/.01
#     arXiv          .96/.04 .96/.03 .96/.01 .95/.00
# As the matching is one-to-one, a second candidate only counts where the first is taken.
SAME_TOPIC = 0.2
# Share of a topic's known papers that must stem from one topic for a split or a merger.
MAJORITY = 0.5
# Weight of centroid similarity: decides between equal overlaps, never against a larger one.
TIE_BREAK = 1e-6


@dataclass(frozen=True)
class Lineage:
    """How this run's topics descend from the last one's.

    `ids`: one row per topic as clustered; `raw_id`, `topic_id`, `parent_id` i32 and `first_run`.
    `events`: `tables.TOPIC_LINEAGE`, this run's rows after all earlier ones.
    `members`: `topic_id` i32, `paper_id` str: the papers of each topic ever seen, as last known,
    and those that were in no topic in this run (-1).
    """

    ids: pl.DataFrame
    events: pl.DataFrame
    members: pl.DataFrame


@dataclass(frozen=True)
class History:
    """What the last run left: `tables.TOPIC_LINEAGE` rows of all runs, and last known members."""

    events: pl.DataFrame
    members: pl.DataFrame

    @classmethod
    def none(cls) -> "History":
        """The history before the first run."""
        return cls(TOPIC_LINEAGE.empty(), _members({}))

    @property
    def next_id(self) -> int:
        """The lowest id that no topic has had."""
        highest = self.events["topic_id"].max()
        return highest + 1 if isinstance(highest, int) else 0

    @property
    def first_runs(self) -> dict[int, str]:
        """For each topic, the run that first saw it."""
        firsts = self.events.group_by("topic_id").agg(pl.col("run_id").min())
        return dict(firsts.iter_rows())

    @property
    def active(self) -> frozenset[int]:
        """Topics that the last run had, as opposed to dormant and absorbed ones."""
        if self.events.is_empty():
            return frozenset()
        last = self.events.filter(
            pl.col("run_id") == pl.col("run_id").max(), pl.col("event") != "dormant"
        )
        return frozenset(last["topic_id"].to_list())


def trace(
    assignments: pl.DataFrame,
    vectors: pl.DataFrame,
    *,
    history: History,
    run_id: str,
    is_same_model: bool = False,
) -> Lineage:
    """Stable ids for this run's topics, and what happened to each topic since the last run.

    A topic of this run and one of an earlier run are the same if Hungarian matching on their
    overlap pairs them and the overlap reaches `SAME_TOPIC`; topics of the last run come before
    dormant ones. An unpaired topic has split from the one that most of its papers that were there
    before were in, if there is one; an unpaired earlier topic whose papers mostly went into one
    topic has merged into it.

    Parameters
    ----------
    assignments : one row per paper; `paper_id` str and `topic_id` i32 as clustered (-1: outlier).
    vectors : one row per paper; `paper_id` str and `vector` Array(f32, d).
    history : what earlier runs left.
    run_id : this run; later runs sort after earlier ones.
    is_same_model : papers were placed in the topics of an earlier run by the model that it left, so
        that `topic_id` is that of the topic already, and nothing has to be matched.

    Returns
    -------
    `Lineage`; each topic of this run has exactly one of born, continued, split or revived.

    Source
    ------
    Our definition; the matching is Kuhn's (1955) assignment problem.
    """
    now = _sets(assignments.filter(pl.col("topic_id") >= 0).select("topic_id", "paper_id"))
    universe = set(assignments["paper_id"])
    seen = set(history.members["paper_id"])
    last_known = _sets(history.members.filter(pl.col("topic_id") >= 0))
    before = {topic: ids & universe for topic, ids in last_known.items()}
    in_last_run = history.active
    active = {topic: ids for topic, ids in before.items() if topic in in_last_run}
    resting = {topic: ids for topic, ids in before.items() if topic not in in_last_run}
    known = _all(before)
    centroids = _Centroids(vectors)

    if is_same_model:
        same = {topic: topic for topic in now if topic in active}
        revived = {topic: topic for topic in now if topic in resting}
    else:
        same = _match(now, active, centroids)
        unpaired = {raw: ids for raw, ids in now.items() if raw not in same}
        revived = _match(unpaired, resting, centroids)

    rows: list[dict[str, object]] = []
    kin: dict[int, tuple[int, int | None]] = {}
    next_id = history.next_id
    for raw in sorted(now):
        if raw in same or raw in revived:
            old = same.get(raw, revived.get(raw, -1))
            event = "continued" if raw in same else "revived"
            kin[raw] = (old, None)
            rows.append(_row(old, event, old, _jaccard(now[raw] & known, before[old])))
            continue
        parent = _origin(now[raw] & seen, active)
        kin[raw] = (next_id, parent)
        overlap = _jaccard(now[raw] & known, before[parent]) if parent is not None else 0.0
        rows.append(_row(next_id, "born" if parent is None else "split", parent, overlap))
        next_id += 1
    rows += _endings(now, active, set(same.values()), kin)

    events = pl.DataFrame(
        [{"run_id": run_id, **row} for row in rows], schema=TOPIC_LINEAGE.schema, orient="row"
    )
    firsts = history.first_runs
    ids = pl.DataFrame(
        [(raw, topic, parent, firsts.get(topic, run_id)) for raw, (topic, parent) in kin.items()],
        schema={
            "raw_id": pl.Int32,
            "topic_id": pl.Int32,
            "parent_id": pl.Int32,
            "first_run": pl.String,
        },
        orient="row",
    )
    last_known |= {kin[raw][0]: papers for raw, papers in now.items()}
    last_known[-1] = universe - _all(now)
    return Lineage(
        ids, TOPIC_LINEAGE.conform(pl.concat([history.events, events])), _members(last_known)
    )


def _endings(
    now: Mapping[int, set[str]],
    active: Mapping[int, set[str]],
    going_on: set[int],
    kin: Mapping[int, tuple[int, int | None]],
) -> list[dict[str, object]]:
    """Rows for the topics of the last run that no topic of this run continues."""
    rows = []
    for old in sorted(set(active) - going_on):
        heir = _origin(active[old], now)
        if heir is None:
            rows.append(_row(old, "dormant", None, 0.0))
        else:
            overlap = _jaccard(now[heir] & _all(active), active[old])
            rows.append(_row(kin[heir][0], "merged", old, overlap))
    return rows


def _match(
    new: Mapping[int, set[str]],
    old: Mapping[int, set[str]],
    centroids: "_Centroids",
) -> dict[int, int]:
    """One-to-one pairs of new and old topics that are the same."""
    from scipy.optimize import linear_sum_assignment

    if not new or not old:
        return {}
    raws, olds = sorted(new), sorted(old)
    known = _all(old)
    overlap = np.array(
        [[_jaccard(papers, old[o]) for o in olds] for papers in (new[r] & known for r in raws)]
    )
    nearness = (
        np.stack([centroids(new[r]) for r in raws]) @ np.stack([centroids(old[o]) for o in olds]).T
    )
    pairs = zip(*linear_sum_assignment(overlap + TIE_BREAK * nearness, maximize=True), strict=True)
    return {raws[i]: olds[j] for i, j in pairs if overlap[i, j] >= SAME_TOPIC}


def _origin(papers: set[str], topics: Mapping[int, set[str]]) -> int | None:
    """The topic that holds most of some papers, if one does."""
    if not papers or not topics:
        return None
    best = max(sorted(topics), key=lambda topic: len(topics[topic] & papers))
    return best if len(topics[best] & papers) >= MAJORITY * len(papers) else None


class _Centroids:
    """Mean direction of a set of papers; zeros where none of them has a vector."""

    def __init__(self, vectors: pl.DataFrame) -> None:
        vectors = vectors.sort("paper_id")
        self._row = {paper: row for row, paper in enumerate(vectors["paper_id"])}
        self._matrix: NDArray[np.float32] = vectors["vector"].to_numpy()

    def __call__(self, papers: set[str]) -> NDArray[np.float64]:
        rows = sorted(self._row[paper] for paper in papers if paper in self._row)
        if not rows:
            return np.zeros(self._matrix.shape[1])
        mean = self._matrix[rows].astype(np.float64).mean(axis=0)
        length = float(np.linalg.norm(mean))
        return np.asarray(mean / length if length else mean)


def _row(topic: int, event: str, old: int | None, overlap: float) -> dict[str, object]:
    return {"topic_id": topic, "event": event, "from_topic_id": old, "overlap": overlap}


def _jaccard(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other) if one or other else 0.0


def _all(topics: Mapping[int, set[str]]) -> set[str]:
    return set().union(*topics.values())


def _sets(members: pl.DataFrame) -> dict[int, set[str]]:
    grouped = members.group_by("topic_id").agg("paper_id").sort("topic_id")
    return {topic: set(papers) for topic, papers in grouped.iter_rows()}


def _members(topics: Mapping[int, set[str]]) -> pl.DataFrame:
    rows = [(topic, paper) for topic in sorted(topics) for paper in sorted(topics[topic])]
    return pl.DataFrame(rows, schema={"topic_id": pl.Int32, "paper_id": pl.String}, orient="row")
