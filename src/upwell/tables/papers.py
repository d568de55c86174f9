"""Tables of records, and of the papers, duplicates and rejects that they become."""

from upwell.tables.contract import DATE, F32, I32, POSITIVE, STR, UNIT, WORDS, Column, Table
from upwell.tables.values import DATE_PRECISIONS, METHODS, REASONS

PAPER_ID = Column(STR, "the paper; the same paper has the same id in every run")

_SOURCE = Column(
    STR,
    "where the record stands: `file#position` (line or row, from 1); inside an archive "
    "`file!member#position`",
)
_REJECT_SOURCE = Column(STR, "where the item stands, `file#position`; a whole file: `file`")

# What is known of a work, whether as a record of one source or as a paper of several.
_WORK = {
    "title": Column(STR, "title", nullable=True),
    "abstract": Column(STR, "abstract, repaired"),
    "published": Column(DATE, "first day of what is known of the date", nullable=True),
    "date_precision": Column(STR, "how much of the date is known", values=DATE_PRECISIONS),
    "arxiv_id": Column(STR, "arXiv id without version", nullable=True),
    "doi": Column(STR, "DOI in lower case, without a resolver in front", nullable=True),
    "url": Column(STR, "address of the paper", nullable=True),
    "n_authors": Column(I32, "number of authors", nullable=True, bounds=(1, 1e6)),
    "n_comments": Column(I32, "comments on the page", nullable=True, bounds=POSITIVE),
    "categories": Column(WORDS, "subject categories as the sources give them"),
    "language": Column(STR, "of the abstract, ISO 639-1; null if unsure", nullable=True),
}

RECORDS = Table(
    "records",
    "raw item that was read (between stages, not published)",
    ("source",),
    {
        "source": _SOURCE,
        **_WORK,
        "problems": Column(WORDS, "what was wrong with the record though it could be read"),
    },
)

PAPERS = Table(
    "papers",
    "paper",
    ("paper_id",),
    {
        "paper_id": PAPER_ID,
        **_WORK,
        "sources": Column(WORDS, "every record of this paper, `file#position`"),
        "topic_id": Column(I32, "its topic; -1 is the outlier topic"),
        "topic_strength": Column(
            F32,
            "cosine to the centre of its topic, among vectors centred on the corpus; "
            "0 in the outlier topic",
            bounds=UNIT,
        ),
        "x": Column(F32, "map coordinate, without unit"),
        "y": Column(F32, "map coordinate, without unit"),
    },
)

# What deduplication hands on: papers before they have a topic and a place on the map.
UNPLACED = Table(
    "unplaced papers",
    "paper (between stages, not published)",
    PAPERS.key,
    {n: c for n, c in PAPERS.columns.items() if n not in {"topic_id", "topic_strength", "x", "y"}},
)

ASSIGNMENTS = Table(
    "assignments",
    "paper with its topic (between stages, not published)",
    PAPERS.key,
    {n: PAPERS.columns[n] for n in ("paper_id", "topic_id", "topic_strength", "x", "y")},
)

DUPLICATES = Table(
    "duplicates",
    "record folded into another",
    ("source",),
    {
        "source": _SOURCE,
        "paper_id": Column(STR, "the paper that survives"),
        "method": Column(STR, "what showed that they are one paper", values=METHODS),
        "similarity": Column(F32, "Jaccard similarity of the abstracts", bounds=UNIT),
    },
)

RELATED_PAPERS = Table(
    "related_papers",
    "pair of papers that are close in title or text and two works all the same: an extended "
    "version, a part of a series, an erratum or reply, or a fifth of the abstract in common",
    ("paper_id", "related_id"),
    {
        "paper_id": Column(STR, "the earlier paper, as far as dates are known"),
        "related_id": Column(STR, "the later one"),
        "similarity": Column(F32, "Jaccard similarity of the abstracts", bounds=UNIT),
    },
)

REJECTS = Table(
    "rejects",
    "item that could not become a paper",
    ("source",),
    {
        "source": _REJECT_SOURCE,
        "reason": Column(STR, "why, from a closed list", values=REASONS),
        "detail": Column(STR, "what is wrong, and what to do"),
        "excerpt": Column(STR, "the start of the item, at most 200 characters"),
    },
)

PROBLEMS = Table(
    "problems",
    "problem of a record that could be read all the same",
    ("source", "problem"),
    {
        "source": _SOURCE,
        "problem": Column(STR, "what is wrong and how it was dealt with, in a sentence"),
    },
)
