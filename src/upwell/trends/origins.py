"""Where papers come from: their sources and categories, as far as the tables tell."""

import polars as pl


def source_of(papers: pl.DataFrame) -> pl.Series:
    """The source of each paper: where its first record stood, whatever the file was numbered.

    Files of one kind that come in pieces are one source, so that the same records split over
    other files of that kind are of the same one: `nips1987.json` and `nips2018.json` are both
    `nips#.json`, `arxiv/2025-03-18.jsonl` is of `arxiv`.

    Parameters
    ----------
    papers : `sources` list[str], `file#position`.

    Returns
    -------
    Names (n_papers,): the folder in front of the file's name if there is one, else the file's name
    with numbers and hashes replaced by `#`. Null for a paper without a record.

    Source
    ------
    Our definition.
    """
    file = pl.col("sources").list.first().str.replace(r"#[^#]*$", "")
    folder = file.str.extract(r"^(.*)/[^/]*$")
    plain = file.str.replace_all(r"[0-9a-f]{12,}", "#").str.replace_all(r"[0-9]+", "#")
    return papers.select(pl.coalesce(folder, plain).alias("source")).to_series()


def origins(papers: pl.DataFrame) -> pl.DataFrame:
    """Every source and category that papers are of.

    Parameters
    ----------
    papers : `paper_id`, `sources` list[str], `categories` list[str].

    Returns
    -------
    One row per paper and origin, each once: `paper_id`, `kind` source|category, `name`.
    """
    sources = papers.select("paper_id", kind=pl.lit("source")).with_columns(
        source_of(papers).alias("name")
    )
    categories = papers.select(
        "paper_id", kind=pl.lit("category"), name=pl.col("categories")
    ).explode("name", empty_as_null=True)
    return (
        pl.concat([sources, categories])
        .drop_nulls("name")
        .unique()
        .sort("kind", "name", "paper_id")
    )
