"""Groups of copies that are one paper: what the evidence joins and no conflict forbids."""

from dataclasses import dataclass, field
from typing import Any

import polars as pl

from upwell.dedup import titles
from upwell.tables import METHODS


@dataclass
class _Group:
    """What the copies joined so far say: their identifiers and titles."""

    arxiv: set[str] = field(default_factory=set)
    dois: set[str] = field(default_factory=set)
    titles: set[str] = field(default_factory=set)

    def add(self, other: "_Group") -> None:
        self.arxiv |= other.arxiv
        self.dois |= other.dois
        self.titles |= other.titles


def join(edges: pl.DataFrame, copies: pl.DataFrame) -> pl.DataFrame:
    """Join copies along the edges, the strongest evidence first, unless the groups conflict.

    Two groups conflict if both have arXiv ids and none in common; if both have DOIs of one
    publisher and none in common; or if untitled copies are all that links groups of different
    titles. A shared arXiv id overrules DOIs (a preprint has several); a shared DOI overrules
    arXiv ids only where title or text agree too.

    Parameters
    ----------
    edges : as `evidence.judge` returns them.
    copies : columns `copy`, `arxiv`, `doi_key`, `title_words`.

    Returns
    -------
    One row per copy, in order: `copy`, `group` (the first copy of its group) and `method`, the
    strongest evidence between it and another copy of its group, null if it is alone.

    Source
    ------
    Kruskal's algorithm with cannot-link constraints; our definition.
    """
    strength = pl.col("method").replace_strict({m: i for i, m in enumerate(METHODS)})
    ordered = edges.sort(
        strength,
        pl.col("titles") == "unknown",
        pl.max_horizontal("jaccard", "contained"),
        "jaccard",
        "a",
        "b",
        descending=[False, False, True, True, False, False],
    )
    linked = copies.filter(pl.col("copy").is_in(pl.concat([edges["a"], edges["b"]]).implode()))
    parent = {copy: copy for copy in linked["copy"]}
    groups = {
        copy: _Group(
            {arxiv} if arxiv else set(), {doi} if doi else set(), {title} if title else set()
        )
        for copy, arxiv, doi, title in linked.select(
            "copy", "arxiv", "doi_key", "title_words"
        ).iter_rows()
    }
    for edge in ordered.iter_rows(named=True):
        low, high = sorted((_root(parent, edge["a"]), _root(parent, edge["b"])))
        if low != high and not _conflicts(groups[low], groups[high]) - _overruled(edge):
            parent[high] = low
            groups[low].add(groups.pop(high))
    group = pl.DataFrame(
        {"copy": list(parent), "group": [_root(parent, copy) for copy in parent]},
        schema={"copy": pl.UInt32, "group": pl.UInt32},
    )
    return _with_method(copies, group, ordered)


def _overruled(edge: dict[str, Any]) -> set[str]:
    """The conflicts of groups that this edge is stronger than."""
    known = {"title"} if edge["titles"] != "unknown" else set()
    if edge["same_arxiv"]:
        return {"doi", "title"}
    if edge["same_doi"]:
        return {"arxiv", "title"} if edge["alike"] else {"title"}
    return known


def _conflicts(one: _Group, other: _Group) -> set[str]:
    """What forbids joining two groups: any of `arxiv`, `doi`, `title`."""
    found = set()
    if one.arxiv and other.arxiv and not one.arxiv & other.arxiv:
        found.add("arxiv")
    publishers = {d.split("/")[0] for d in one.dois} & {d.split("/")[0] for d in other.dois}
    if publishers and not one.dois & other.dois:
        found.add("doi")
    if (
        one.titles
        and other.titles
        and not one.titles & other.titles
        and not any(
            titles.compare(a, b) in {"equal", "compatible"}
            for a in one.titles
            for b in other.titles
        )
    ):
        found.add("title")
    return found


def _root(parent: dict[int, int], copy: int) -> int:
    """The first copy of the group a copy is in."""
    while parent[copy] != copy:
        parent[copy] = copy = parent[parent[copy]]
    return copy


def _with_method(copies: pl.DataFrame, group: pl.DataFrame, ordered: pl.DataFrame) -> pl.DataFrame:
    """Each copy with its group and the strongest evidence that it is in there."""
    inside = ordered.join(group, left_on="a", right_on="copy", maintain_order="left").join(
        group, left_on="b", right_on="copy", suffix="_b", maintain_order="left"
    )
    best = (
        inside.filter(pl.col("group") == pl.col("group_b"))
        .select(pl.concat_list("a", "b").alias("copy"), "method")
        .explode("copy")
        .unique("copy", keep="first", maintain_order=True)
    )
    return (
        copies.select("copy")
        .join(group, on="copy", how="left", maintain_order="left")
        .join(best, on="copy", how="left", maintain_order="left")
        .with_columns(pl.col("group").fill_null(pl.col("copy")))
    )
