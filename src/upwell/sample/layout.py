"""The sample's papers as files: the formats, duplicates and faults that real collections have."""

import csv
import datetime as dt
import io
import json
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, replace

from upwell.sample.dice import Dice

N_ON_PAGE, N_IN_TABLE, N_LISTED = 90, 130, 12
N_COPIED_TO_PAGE, N_COPIED_TO_TABLE, N_COPIED_TO_LISTING, N_REVISED = 26, 28, 8, 21
N_BARE_ON_PAGE = 2  # without the lines for authors and date
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_PAGE_HEAD = "new\n\nGet trending papers in your email inbox!\n\nSubscribe\n\nDaily Papers\n\n"
_REJECTED = {
    "title": "Withdrawn: A Comparison of Optimizers",
    "abstract": "Withdrawn by authors.",
    "published": "2024-05-14",
}


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper of the sample, before it is written down anywhere."""

    title: str
    abstract: str
    published: dt.date | None
    topic: str
    themes: tuple[str, ...]
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    arxiv_id: str
    doi: str


@dataclass(frozen=True, slots=True)
class Laid:
    """The files, the papers as they can be known from them, and the number of unusual records."""

    files: dict[str, bytes]
    papers: list[Paper]
    n_duplicates: int
    n_rejects: int


def lay_out(papers: Sequence[Paper], last_day: dt.date, dice: Dice) -> Laid:
    """Papers as files.

    Parameters
    ----------
    papers : all of them, dated.
    last_day : the day on which the files were saved.

    Returns
    -------
    The files; `papers` with the dates that the files tell: three on the page and four in the
    listing have none.
    """
    order = dice.shuffled(papers)
    page, rest = order[:N_ON_PAGE], order[N_ON_PAGE:]
    table, rest = rest[:N_IN_TABLE], rest[N_IN_TABLE:]
    n_only_listed = N_LISTED - N_COPIED_TO_LISTING
    listed, bulk = rest[:n_only_listed], rest[n_only_listed:]
    n_undated = N_BARE_ON_PAGE + 1
    page = [replace(p, published=None) for p in page[:n_undated]] + page[n_undated:]
    listed = [replace(paper, published=None) for paper in listed]

    start, copies = 0, []
    for n in (N_COPIED_TO_PAGE, N_COPIED_TO_TABLE, N_COPIED_TO_LISTING, N_REVISED):
        copies.append(bulk[start : start + n])
        start += n
    files = {
        "daily_papers_page.txt": _page(page, copies[0], last_day, dice),
        "abstract_listing.txt": _listing(listed, copies[2], dice),
        "papers.jsonl": _lines(bulk, copies[3], dice),
        "export.csv": _table(table, copies[1], dice),
    }
    # Rejects: a broken line and a withdrawn paper in the lines, a row without an abstract.
    return Laid(files, [*page, *table, *listed, *bulk], start, n_rejects=3)


def _page(papers: Sequence[Paper], copies: Sequence[Paper], saved: dt.date, dice: Dice) -> bytes:
    """A saved Daily Papers page: the year is omitted in the year of saving."""
    late = [replace(p, published=_later(p.published, saved, dice)) for p in copies]
    bare = {paper.title for paper in papers[:N_BARE_ON_PAGE]}
    blocks = []
    for paper in dice.shuffled([*papers, *late]):
        block = f"{paper.title}\n\n{paper.abstract}\n\n"
        if paper.title not in bare:
            n_comments = f" {1 + dice.below(6)}" if dice.chance(0.3) else ""
            block += f"  • {len(paper.authors)} authors\n·\n"
            block += f"{_page_day(paper.published, saved)}{n_comments}\n\n"
        blocks.append(block)
    head = f"{_PAGE_HEAD}byAK and the research community\n\n{_page_day(saved, saved)}\n\n"
    return (head + "".join(blocks)).encode()


def _later(day: dt.date | None, last: dt.date, dice: Dice) -> dt.date | None:
    """The day on which a paper appears on a page: up to three days after it was published."""
    return day and min(day + dt.timedelta(dice.below(4)), last)


def _page_day(day: dt.date | None, saved: dt.date) -> str:
    """A day as the page writes it; the undated paper has one that no calendar has."""
    if day is None:
        return "Feb 30, 2024"
    written = f"{_MONTHS[day.month - 1][:3]} {day.day}"
    return written if day.year == saved.year else f"{written}, {day.year}"


def _listing(papers: Sequence[Paper], copies: Sequence[Paper], dice: Dice) -> bytes:
    """Abstracts alone, one a line; those of papers from elsewhere are cut short."""
    cut = []
    for paper in copies:
        words = paper.abstract.split()
        cut.append(" ".join(words[: round(len(words) * dice.between(0.86, 0.96))]))
    abstracts = [*(paper.abstract for paper in papers), *cut]
    return "".join(f"Abstract:{text}\n" for text in dice.shuffled(abstracts)).encode()


def _lines(papers: Sequence[Paper], revised: Sequence[Paper], dice: Dice) -> bytes:
    """JSON Lines by date, with second versions, a line that breaks off and a withdrawn paper."""
    rows = [(paper, 1) for paper in papers] + [(_revised(paper), 2) for paper in revised]
    rows.sort(key=lambda row: (row[0].published or dt.date.max, row[0].arxiv_id, row[1]))
    lines = [json.dumps(_entry(paper, version, dice)) for paper, version in rows]
    middle = len(lines) // 2
    lines[middle:middle] = [lines[middle][:200], json.dumps(_REJECTED)]
    return "".join(line + "\n" for line in lines).encode()


def _entry(paper: Paper, version: int, dice: Dice) -> dict[str, object]:
    """A paper as a JSON object; some abstracts are wrapped, some papers have a DOI as well."""
    text = paper.abstract
    entry: dict[str, object] = {
        "id": f"{paper.arxiv_id}v{version}",
        "title": paper.title,
        "abstract": textwrap.fill(text, 78, break_on_hyphens=False) if dice.chance(0.1) else text,
        "published": f"{paper.published}",
        "authors": list(paper.authors),
        "categories": list(paper.categories),
    }
    return entry | {"doi": paper.doi} if dice.chance(0.2) else entry


def _revised(paper: Paper) -> Paper:
    """The second version of a paper: without its last sentence, with a note on the revision."""
    kept = paper.abstract.rsplit(". ", 1)[0]
    return replace(paper, abstract=f"{kept}. This version adds experiments and fixes an error.")


def _table(papers: Sequence[Paper], copies: Sequence[Paper], dice: Dice) -> bytes:
    """A table as literature databases export it; titles of copies differ in case and spacing."""
    altered = [replace(p, title=_retitled(p.title, n)) for n, p in enumerate(copies)]
    rows = sorted([*papers, *altered], key=lambda p: (p.published or dt.date.max, p.doi))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["Title", "Abstract", "Authors", "Date", "DOI", "Subjects"])
    for paper in rows:
        day = paper.published or dt.date.max
        date = f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
        authors, subjects = "; ".join(paper.authors), "; ".join(paper.categories)
        writer.writerow([paper.title, paper.abstract, authors, date, paper.doi, subjects])
    missing = dice.pick(rows)
    writer.writerow(["Preface to the Special Issue", "", missing.authors[0], "3 June 2024", "", ""])
    return text.getvalue().encode()


def _retitled(title: str, number: int) -> str:
    """A title as another database would spell it."""
    return (title.upper(), title.lower(), f"{title}.", title.replace(" ", "  "))[number % 4]
