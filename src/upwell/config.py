"""Every knob of a run: its unit, its default and what it does.

The models are frozen; the form in the Prefect UI and the options of `upwell run` are made from
them, so a field's description is what an operator reads.
"""

import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

NonEmpty = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
BucketWidth = Literal["week", "month", "quarter", "year"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceConfig(_Frozen):
    """How records are read."""

    saved_year: int | None = Field(
        None,
        title="Year of saved pages",
        ge=1900,
        le=2200,
        description="Year in which a page without a year in its header was saved; "
        "without it, the year is inferred from the page.",
    )
    day_first: bool | None = Field(
        None,
        title="03/04/2020 is a day in April",
        description="What dates such as 03/04/2020 mean: 3 April (yes, `--day-first`) or 4 March "
        "(no, `--no-day-first`). Unset, only their year is used, as either may be meant.",
    )
    columns: dict[str, str] = Field(
        default_factory=dict,
        title="Columns (field: column)",
        description="For tables and JSON: which of the file's columns holds a field, such as "
        "title=paper_name (`--columns.title paper_name`); fields that are not named here are "
        "guessed from common names.",
    )


class DedupConfig(_Frozen):
    """When two records are one paper."""

    near_text_threshold: float = Field(
        0.7,
        title="Similarity of duplicates (0.5 to 1)",
        ge=0.5,
        le=1,
        description="Jaccard similarity of two abstracts' word shingles (0.5 to 1) from which they "
        "are one paper, if titles and identifiers do not speak against it.",
    )


class EncoderConfig(_Frozen):
    """What turns a paper into a vector."""

    encoder: NonEmpty = Field(
        "static",
        title="Encoder",
        description="`static` (inside the package, offline) or "
        "`sentence-transformers:<name or path>` (needs the extra `transformers`).",
    )


class TopicConfig(_Frozen):
    """How papers are clustered, and when anew; unset sizes are scaled to that of the corpus."""

    min_cluster_size: int | None = Field(
        None,
        title="Smallest topic (papers)",
        ge=2,
        description="Papers in the smallest topic (HDBSCAN).",
    )
    n_neighbors: int | None = Field(
        None,
        title="Neighbourhood (papers)",
        ge=2,
        description="Papers that count as near to each paper (UMAP).",
    )
    random_state: int = Field(
        42, title="Random seed", ge=0, description="Seed of everything random."
    )
    refit: Literal["auto", "always", "never", "afresh"] = Field(
        "auto",
        title="Seek topics anew",
        description="When topics are sought anew. Between refits, new papers are placed among "
        "the topics there are. `auto`: once the papers have grown by `refit_growth`, or new ones "
        "fit no topic; `always`: in each run; `never`: only where there is no model for these "
        "vectors; `afresh`: in this run, without regard to the topics there are.",
    )
    refit_growth: float = Field(
        0.25,
        title="Growth that makes a refit (fraction)",
        gt=0,
        description="New papers, as a fraction of those of the last fit, from which `auto` refits "
        "(0.25: a quarter more).",
    )
    refit_moves: float = Field(
        0.04,
        title="Papers that a refit may move (fraction)",
        ge=0,
        le=1,
        description="Fraction of the papers that a refit may move to another topic at most; the "
        "clearest splits, mergers and new topics come first, the others wait for the next refit.",
    )

    @property
    def of_fit(self) -> dict[str, int | None]:
        """What decides the topics of a fit, as opposed to when there is one."""
        return self.model_dump(include={"min_cluster_size", "n_neighbors", "random_state"})

    def in_sample(self, share: float) -> "TopicConfig":
        """What finds topics of the size that is set in a share [0-1] of the papers."""
        if self.min_cluster_size is None:
            return self
        smallest = max(2, round(share * self.min_cluster_size))
        return self.model_copy(update={"min_cluster_size": smallest})


class Theme(_Frozen):
    """One entry of the watch list."""

    name: NonEmpty
    description: str = Field("", description="What it is about, for people and for the encoder.")
    phrases: tuple[NonEmpty, ...] = Field(
        min_length=1,
        description="What a paper of the theme says; inflections are found by themselves.",
    )
    exclude: tuple[NonEmpty, ...] = Field((), description="What a paper of another theme says.")


class TrendConfig(_Frozen):
    """How trends are measured."""

    bucket: Literal["auto", "week", "month", "quarter", "year"] = Field(
        "auto",
        title="Bucket width",
        description="Width of a bucket; `auto` takes the finest that the number of papers allows.",
    )
    since: date | None = Field(
        None,
        title="Since (day)",
        description="First day that counts in trends; unset, where the collection begins, leaving "
        "out a few stragglers from long before.",
    )
    until: date | None = Field(
        None, title="Until (day)", description="Last day that counts in trends."
    )
    false_discovery_rate: float = Field(
        0.05,
        title="False discovery rate (0 to 1)",
        gt=0,
        lt=1,
        description="Share of the `rising` and `falling` verdicts that may be wrong.",
    )
    steady_margin: float = Field(
        0.10,
        title="Steady margin (growth a year; 0.10 is 10 %)",
        gt=0,
        lt=1,
        description="Growth per year within which a subject counts as steady (0.10: within 10 %); "
        "less over long spans, in which it may not double or halve.",
    )

    @model_validator(mode="after")
    def _span_has_days(self) -> "TrendConfig":
        if self.since and self.until and self.since > self.until:
            raise ValueError(f"since {self.since} is after until {self.until}; swap them")
        return self


class FeedOptions(_Frozen):
    """How a live source is asked, and for what."""

    categories: tuple[NonEmpty, ...] = Field(
        (),
        title="Categories",
        description="For arXiv: categories such as cs.CV; none means all, by OAI-PMH.",
    )
    via: Literal["auto", "oai", "api"] = Field(
        "auto",
        title="Way (arXiv)",
        description="For arXiv: `oai` (in bulk, a category after the other) or `api` (its search, "
        "at most 30,000 papers); `auto` takes the search for categories over at most two weeks, "
        "and stays with what it began with.",
    )
    filter: str = Field(
        "",
        title="Filter (OpenAlex)",
        description="For OpenAlex: its filter, such as primary_topic.field.id:17,type:article.",
    )
    contact: str = Field(
        "",
        title="Contact",
        description="Mail address that is told to the source, so that it can write to you.",
    )
    host: str | None = Field(
        None,
        title="Host",
        description="Address to ask instead of the source's own, such as http://localhost:8000.",
    )
    page_size: int | None = Field(
        None,
        title="Page size (records)",
        ge=1,
        description="Records asked for at a time; OAI-PMH decides by itself.",
    )
    pause_seconds: float | None = Field(
        None,
        title="Pause (seconds)",
        ge=0,
        description="Least time between two requests; unset, what the source asks for.",
    )
    timeout_seconds: float = Field(
        60, title="Timeout (seconds)", gt=0, description="How long the source may be silent."
    )
    overlap_days: int | None = Field(
        None,
        title="Overlap (days)",
        ge=1,
        description="Days that are asked for again, the last day of the last harvest and those "
        "before it, as records appear late; unset, what suits the source.",
    )

    @field_validator("host")
    @classmethod
    def _is_address(cls, given: str | None) -> str | None:
        if given and not re.fullmatch(r"https?://[\w.-]+(:\d+)?(/[\w./~-]*)?", given, re.ASCII):
            raise ValueError(
                "an address begins with http:// or https:// and has neither ? nor #, such as "
                "https://export.arxiv.org"
            )
        return given

    @field_validator("contact")
    @classmethod
    def _is_mail(cls, given: str) -> str:
        if given and not re.fullmatch(r"[!-~]+@[!-~]+", given):
            raise ValueError("a mail address, such as you@example.org")
        return given

    @field_validator("categories", mode="before")
    @classmethod
    def _apart(cls, given: object) -> object:
        """Categories that are written with commas between, as `cs.CV,cs.LG`."""
        texts = [given] if isinstance(given, str) else given
        if not isinstance(texts, Iterable):
            return given
        return tuple(part for text in texts for part in str(text).replace(",", " ").split())

    @field_validator("categories")
    @classmethod
    def _are_categories(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if not re.fullmatch(r"[a-z][a-z-]*(\.[A-Za-z][A-Za-z-]*)?", name):
                raise ValueError(
                    f"{name!r} is no category of arXiv; they look like cs.CV or hep-th"
                )
        return names


class FeedConfig(FeedOptions):
    """What is asked of a live source."""

    source: Literal["arxiv", "huggingface", "openalex"] = Field(
        title="Source", description="`arxiv`, `huggingface` (daily papers) or `openalex`."
    )
    since: date = Field(
        title="Since (day)",
        description="First day that is wanted; days harvested before are not asked for again.",
    )


class RunConfig(_Frozen):
    """Everything that decides what a run computes."""

    sources: SourceConfig = Field(SourceConfig(), title="Reading")
    dedup: DedupConfig = Field(DedupConfig(), title="Duplicates")
    encode: EncoderConfig = Field(EncoderConfig(), title="Vectors")
    topics: TopicConfig = Field(TopicConfig(), title="Topics")
    trends: TrendConfig = Field(TrendConfig(), title="Trends")
    themes: tuple[Theme, ...] = Field(
        (),
        title="Watch list",
        description="Themes to follow; none means the default ones, flows/themes.toml.",
    )

    def with_themes(self, themes: tuple[Theme, ...]) -> "RunConfig":
        """The same, following these themes."""
        return type(self)(**{**dict(self), "themes": themes})

    @model_validator(mode="after")
    def _theme_names_differ(self) -> "RunConfig":
        names = [theme.name.casefold() for theme in self.themes]
        twice = sorted({t.name for t in self.themes if names.count(t.name.casefold()) > 1})
        if twice:
            raise ValueError(f"two themes are named {', '.join(map(repr, twice))}; rename one")
        return self
