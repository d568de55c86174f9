"""Tables of topics and themes, and of the papers in them."""

from upwell.tables.contract import F32, I32, POSITIVE, STR, UNIT, WORDS, Column, Table
from upwell.tables.papers import PAPER_ID
from upwell.tables.values import EVENTS

TOPICS = Table(
    "topics",
    "topic (the outlier topic -1 has no row)",
    ("topic_id",),
    {
        "topic_id": Column(I32, "stable between runs, never reused", bounds=POSITIVE),
        "label": Column(STR, "name for people"),
        "keywords": Column(WORDS, "key phrases, the most telling first"),
        "n_papers": Column(I32, "papers in the topic", bounds=POSITIVE),
        "exemplars": Column(WORDS, "paper_id of the most typical papers"),
        "coherence": Column(F32, "NPMI of the keywords over the abstracts", bounds=(-1.0, 1.0)),
        "stability": Column(F32, "how well the topic comes back in refits", bounds=UNIT),
        "parent_id": Column(I32, "topic of the last run it split from", nullable=True),
        "first_run": Column(STR, "run_id of the run that first saw it"),
    },
)

TOPIC_LINEAGE = Table(
    "topic_lineage",
    "link between runs",
    ("run_id", "topic_id", "event", "from_topic_id"),
    {
        "run_id": Column(STR, "the run in which it happened"),
        "topic_id": Column(I32, "the topic"),
        "event": Column(STR, "what happened to it", values=EVENTS),
        "from_topic_id": Column(I32, "topic of the earlier run", nullable=True),
        "overlap": Column(F32, "shared papers, Jaccard", bounds=UNIT),
    },
)

THEME_PAPERS = Table(
    "theme_papers",
    "(theme, paper)",
    ("theme", "paper_id"),
    {
        "theme": Column(STR, "name in the watch list"),
        "paper_id": PAPER_ID,
        "score": Column(F32, "how surely the paper is of the theme", bounds=UNIT),
        "evidence": Column(STR, "the words of the paper that speak for it"),
    },
)
