"""The HTML page: what the template `page.html.j2` is filled with."""

import re
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import polars as pl

from upwell import tables
from upwell.changes import describe
from upwell.manifest import Manifest
from upwell.quantities import clipped, count
from upwell.report.facts import FIGURES, Frames, data_url, reading, require
from upwell.wording import (
    VERDICT_WORDS,
    caveats,
    growth_words,
    headline,
    ranked,
    sentence,
    share_words,
)

SIGNS = {"rising": "▲", "falling": "▼", "steady": "■", "insufficient_evidence": "○"}
MAX_TOPICS, MAX_PAPERS = 25, 5


def html(manifest: Manifest, frames: Frames, figures: Mapping[str, bytes]) -> str:
    """The whole run on one page that needs nothing else: no script, no request, readable offline.

    Parameters
    ----------
    manifest : what the run was.
    frames : the published tables.
    figures : content of the figures by file name; of each, `.svg` is taken before `.png`.

    Returns
    -------
    HTML; everything that comes from papers is escaped.

    Raises
    ------
    ValueError
        A table is missing.
    """
    from jinja2 import Environment, StrictUndefined

    require(frames)
    template = files("upwell").joinpath("report", "page.html.j2").read_text(encoding="utf-8")
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    trends = frames[tables.TRENDS]
    rows = _told_first([_verdict(row) for row in ranked(trends).iter_rows(named=True)])
    return environment.from_string(template).render(
        run=manifest,
        headline=headline(trends),
        themes=[row for row in rows if row["kind"] == "theme"],
        topics=[row for row in rows if row["kind"] == "topic"],
        n_topics_shown=MAX_TOPICS,
        changes=describe(frames[tables.CHANGES]),
        figures=_figures(figures, trends),
        theme_papers=_theme_papers(manifest, frames),
        topic_cards=_topic_cards(manifest, frames),
        **reading(manifest),
        **_settings(manifest),
    )


def _told_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with a verdict before those without, else in their order."""
    return sorted(rows, key=lambda row: row["verdict"] == "insufficient_evidence")


def _verdict(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `trends` in words."""
    growth, _, interval = (growth_words(row) or "–").replace(" a\xa0year", "").partition(" ")
    return {
        "kind": row["kind"],
        "name": clipped(row["name"], 120),
        "verdict": row["verdict"],
        "sign": SIGNS[row["verdict"]],
        "verdict_words": VERDICT_WORDS[row["verdict"]],
        "growth": growth,
        "interval": interval,
        "share": share_words(row),
        "n_papers": count(row["n_papers"]),
        "caveats": caveats(row),
        "sentence": sentence(row),
    }


def _figures(figures: Mapping[str, bytes], trends: pl.DataFrame) -> list[dict[str, str]]:
    """Each figure with its caption and what it shows in words."""
    drawn = []
    for name, (title, caption) in FIGURES.items():
        file = next((f for f in (f"{name}.svg", f"{name}.png") if f in figures), None)
        if file is not None:
            alt = f"{title}. {_alt(name, trends)}"
            source = data_url(file, figures)
            drawn.append(
                {"title": title, "caption": " ".join(caption.split()), "alt": alt, "source": source}
            )
    return drawn


def _alt(name: str, trends: pl.DataFrame) -> str:
    """What a figure shows, for those who do not see it."""
    if name == "rising":
        return headline(trends)
    if name == "theme_shares":
        themes = ranked(trends.filter(pl.col("kind") == "theme"))
        return " ".join(sentence(row) for row in themes.iter_rows(named=True))
    if name == "topics_over_time":
        return headline(trends.filter(pl.col("kind") == "topic"))
    return "Scatter plot of the papers with the names of the topics, which are listed below."


def _theme_papers(manifest: Manifest, frames: Frames) -> list[dict[str, Any]]:
    """For each theme of the watch list its best papers, with what speaks for them."""
    members = frames[tables.THEME_PAPERS].join(frames[tables.PAPERS], on="paper_id")
    members = members.sort(["score", "paper_id"], descending=[True, False])
    themes = []
    for theme in manifest.config.themes:
        found = members.filter(pl.col("theme") == theme.name)
        papers = [
            _paper(row)
            | {"evidence": clipped(row["evidence"], 200), "score": f"{row['score']:.2f}"}
            for row in found.head(MAX_PAPERS).iter_rows(named=True)
        ]
        n_papers = count(found.height, "paper")
        shown = f"{n_papers}, the {MAX_PAPERS} best" if found.height > MAX_PAPERS else n_papers
        themes.append({"name": theme.name, "n_papers": shown, "papers": papers})
    return themes


def _topic_cards(manifest: Manifest, frames: Frames) -> list[dict[str, Any]]:
    """Each topic with keywords and typical papers, the largest first."""
    lineage = frames[tables.TOPIC_LINEAGE].filter(pl.col("run_id") == manifest.run_id)
    events = dict(lineage.select("topic_id", "event").iter_rows())
    topics = frames[tables.TOPICS].sort(["n_papers", "topic_id"], descending=[True, False])
    wanted = topics.select(pl.col("exemplars").explode().drop_nulls()).to_series().unique()
    papers = frames[tables.PAPERS].filter(pl.col("paper_id").is_in(wanted.to_list()))
    known = {row["paper_id"]: _paper(row) for row in papers.iter_rows(named=True)}
    return [
        {
            "topic_id": row["topic_id"],
            "label": clipped(row["label"], 120),
            "n_papers": count(row["n_papers"], "paper"),
            "event": events.get(row["topic_id"], ""),
            "keywords": " · ".join(row["keywords"]),
            "exemplars": [known[i] for i in row["exemplars"][:MAX_PAPERS] if i in known],
            "coherence": _two_digits(row["coherence"]),
            "stability": _two_digits(row["stability"]),
        }
        for row in topics.iter_rows(named=True)
    ]


def _two_digits(value: float) -> str:
    """A measure, with a proper minus."""
    return f"{value:.2f}".replace("-", "−")


def _paper(row: Mapping[str, Any]) -> dict[str, str]:
    """Title, address and date of a paper, in words."""
    digits = {"day": 10, "month": 7, "year": 4}.get(row["date_precision"], 0)
    date = row["published"].isoformat()[:digits] if row["published"] and digits else "undated"
    title = clipped(row["title"] or row["abstract"], 200)
    return {"title": title, "url": _address(row), "date": date}


def _address(row: Mapping[str, Any]) -> str:
    """Where the paper is on the web; empty if nowhere, or not by http."""
    if row["arxiv_id"]:
        return f"https://arxiv.org/abs/{quote(row['arxiv_id'])}"
    if row["doi"]:
        return f"https://doi.org/{quote(row['doi'])}"
    url = row["url"] or ""
    return url if re.match(r"https?://", url, re.IGNORECASE) else ""


def _settings(manifest: Manifest) -> dict[str, str]:
    """Times, span and configuration in words."""
    trends = manifest.config.trends
    span = manifest.span
    return {
        "started": _moment(manifest.started),
        "ended": _moment(manifest.ended),
        "span": f"{span[0]} to {span[1]}" if span else "",
        "bucket": manifest.bucket or "bucket",
        "false_discovery_rate": _whole_percent(trends.false_discovery_rate),
        "steady_margin": _whole_percent(trends.steady_margin),
        "config": manifest.config.model_dump_json(indent=2),
    }


def _moment(time: datetime) -> str:
    """A time to the minute, with its zone."""
    return f"{time:%Y-%m-%d %H:%M} {time.tzname() or ''}".strip()


def _whole_percent(fraction: float) -> str:
    """A setting as a percentage, without digits that were not set."""
    return f"{100 * fraction:g}\xa0%"
