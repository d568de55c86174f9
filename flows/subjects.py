"""Whose trends are measured: topics and themes as subjects, and which paper is in which."""

from collections.abc import Sequence

import polars as pl

from upwell.config import Theme


def list_subjects(topics: pl.DataFrame, themes: Sequence[Theme]) -> pl.DataFrame:
    """Every topic and theme as `kind`, `subject`, `name`."""
    named = topics.select(
        kind=pl.lit("topic"), subject=pl.col("topic_id").cast(pl.String), name="label"
    )
    watched = pl.DataFrame(
        [("theme", theme.name, theme.name) for theme in themes], schema=named.schema, orient="row"
    )
    return pl.concat([named, watched])


def list_members(
    assignments: pl.DataFrame, theme_papers: pl.DataFrame, subjects: pl.DataFrame
) -> pl.DataFrame:
    """Which paper is in which subject: `kind`, `subject`, `name`, `paper_id`."""
    in_topics = assignments.filter(pl.col("topic_id") >= 0).select(
        kind=pl.lit("topic"), subject=pl.col("topic_id").cast(pl.String), paper_id="paper_id"
    )
    in_themes = theme_papers.select(kind=pl.lit("theme"), subject="theme", paper_id="paper_id")
    return pl.concat([in_topics, in_themes]).join(subjects, on=["kind", "subject"])
