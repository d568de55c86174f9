"""Papers that are close and yet two: extended versions, parts of a series, errata.

Of 82,503 real records (arXiv, NeurIPS, Hugging Face, ACL Anthology, exports) 226 pairs are linked;
of the 62 whose authors are known 59 have an author in common, and one is a reply. Where a twentieth
in common was enough under one title, two surveys were linked as well.
"""

import polars as pl


def relate(judged: pl.DataFrame, groups: pl.DataFrame, papers: pl.DataFrame) -> pl.DataFrame:
    """The pairs of papers that share a title or a text and were kept apart.

    Parameters
    ----------
    judged : as `evidence.judge` returns them.
    groups : `copy` and `group`, as `grouping.join` returns them.
    papers : `group`, `paper_id` and `last_day` of each paper.

    Returns
    -------
    One row per pair, the earlier paper first: `paper_id`, `related_id`, `similarity` of the
    abstracts.

    Source
    ------
    Our definition.
    """
    of = groups.select("copy", "group").join(
        papers.select("group", "paper_id", "last_day"), on="group"
    )
    both = judged.join(of, left_on="a", right_on="copy").join(
        of, left_on="b", right_on="copy", suffix="_b"
    )
    first, second = (
        both.select(paper=f"paper_id{end}", day=f"last_day{end}").with_row_index("pair")
        for end in ("", "_b")
    )
    ordered = (
        pl.concat([first, second])
        .sort("pair", "day", "paper", nulls_last=True)
        .group_by("pair", maintain_order=True)
        .agg(paper_id=pl.col("paper").first(), related_id=pl.col("paper").last())
    )
    return (
        ordered.with_columns(similarity=both["jaccard"])
        .filter(pl.col("paper_id") != pl.col("related_id"))
        .group_by("paper_id", "related_id")
        .agg(pl.col("similarity").max())
    )
