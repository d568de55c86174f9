"""Do themes contain the papers they should.

    python tests/benchmarks/bench_themes.py [--encoder static|lsa]

Themes are matched over all papers of ../shared/corpora and ../shared/seeds, as a run would, and
compared with the judgements in tests/theme_judgements.csv: `core` against `no`, borderline ones left
out. Of its halves, `tune` and `seen` were used in making the matcher and the phrases, and many of
their papers were picked for being doubtful. `drawn` and `fresh` were drawn at random, by stratum
(members; others that name the theme; others that score; others near in meaning), from the papers
never read before; `weight` is how many papers each stands for, so precision and recall are those of
the corpus as far as it lies in these strata. No constant was fitted to either, but `drawn` was
looked at when the rule of the cut and phrases were chosen; `fresh` only afterwards. Readers saw
title and abstract, no score. The three themes of flows/themes.toml have their phrases, the others
one bare phrase. The table stands in the docstring of upwell/themes/matching.py.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from upwell.config import DedupConfig, SourceConfig, Theme
from upwell.dedup import deduplicate
from upwell.encode import load_encoder
from upwell.sources import find_files, read_files
from upwell.themes import match_themes, parse_watch_list, theme_from_phrase
from upwell.themes.naming import read_namings

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared"
FOLDERS = ("corpora/neurips", "corpora/arxiv_daily", "corpora/hf_daily_papers")
FOLDERS += ("corpora/arxiv_labelled.parquet", "seeds")
CACHE = Path(tempfile.gettempdir()) / "upwell-themes"
TUNED = ("tune", "seen")
Encode = Callable[[Sequence[str]], NDArray[np.float32]]


def say(*parts: str) -> None:
    """One line of the result, at once."""
    sys.stdout.write(" ".join(parts).rstrip() + "\n")
    sys.stdout.flush()


def load_papers() -> pl.DataFrame:
    """Every paper of the corpora once, from the temporary folder if it was made before."""
    kept = CACHE / "papers.parquet"
    if not kept.exists():
        CACHE.mkdir(exist_ok=True)
        parts = []
        for folder in FOLDERS:
            read = read_files(
                find_files([SHARED / folder]), config=SourceConfig(), today=date.today()
            )
            parts.append(deduplicate(read.records, config=DedupConfig()).papers)
        papers = pl.concat(p.select("paper_id", "title", "abstract", "arxiv_id") for p in parts)
        papers = papers.unique("paper_id", keep="first", maintain_order=True)
        one = pl.col("arxiv_id").is_null() | pl.col("arxiv_id").is_first_distinct()
        papers.filter(one).sort("paper_id").write_parquet(kept)
    return pl.read_parquet(kept)


def load_encode(name: str, texts: Sequence[str]) -> Encode:
    """The default encoder, or latent semantic analysis of these very papers in its place."""
    if name == "static":
        return load_encoder("static").encode
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import Normalizer

    words = TfidfVectorizer(min_df=5, max_df=0.3, sublinear_tf=True, stop_words="english")
    model = make_pipeline(words, TruncatedSVD(256, random_state=0), Normalizer())
    model.fit(texts)
    return lambda some: np.asarray(model.transform(some), dtype=np.float32)


def rate(member: NDArray[np.bool_], core: NDArray[np.bool_], weight: NDArray[np.float64]) -> str:
    """Precision / recall, each paper counting as many as it stands for."""
    right = weight[member & core].sum()
    precision, recall = right / weight[member].sum(), right / weight[core].sum()
    return f"{precision:.2f} / {recall:.2f}"


def similarity(
    themes: Sequence[Theme], rows: pl.DataFrame, vectors: NDArray[np.float32], encode: Encode
) -> NDArray[np.float64]:
    """Cosine of each judged paper to its theme's phrases and description."""
    prototypes = {}
    for theme in themes:
        said = encode([*theme.phrases, *([theme.description] * bool(theme.description))])
        mean = said.mean(axis=0)
        prototypes[theme.name] = mean / max(float(np.linalg.norm(mean)), 1e-12)
    return np.array(
        [float(vectors[i] @ prototypes[t]) for i, t in rows.select("row", "theme").iter_rows()]
    )


def best_cut(score: NDArray[np.float64], core: NDArray[np.bool_]) -> float:
    """The cut with the highest F1 on these papers."""
    cuts = np.unique(score)
    f1 = [2 * (core & (score >= c)).sum() / ((score >= c).sum() + core.sum()) for c in cuts]
    return float(cuts[int(np.argmax(f1))])


def plain_words(theme: Theme) -> re.Pattern[str]:
    """A search for the phrases as they are written, with or without a plural s."""
    said = "|".join(re.escape(p).replace(r"\ ", r"[\s-]+") for p in theme.phrases)
    return re.compile(rf"\b(?:{said})s?\b", re.IGNORECASE)


def members_by_method(
    papers: pl.DataFrame, themes: Sequence[Theme], rows: pl.DataFrame, encode: Encode
) -> Mapping[str, NDArray[np.bool_]]:
    """Whether each judged paper is in its theme, by upwell and by what it is compared with."""
    texts = papers.select(pl.format("{}. {}", pl.col("title").fill_null(""), "abstract"))
    vectors = encode(texts.to_series().to_list())
    table = papers.select("paper_id").with_columns(
        vector=pl.Series(vectors, dtype=pl.Array(pl.Float32, vectors.shape[1]))
    )
    found = match_themes(papers, table, themes=themes, encode=encode)
    say("papers:", ", ".join(f"{t} {n}" for t, n in found.theme_papers["theme"].value_counts().sort("theme").iter_rows()))  # fmt: skip
    say("cuts:", ", ".join(f"{t} {c:.2f}" for t, c in found.thresholds.items()))
    judged = papers[rows["row"].to_list()]
    named = read_namings([(t or "", a) for t, a in judged.select("title", "abstract").iter_rows()], themes)  # fmt: skip
    number = {theme.name: n for n, theme in enumerate(themes)}
    column = np.array([number[t] for t in rows["theme"]])
    patterns = [plain_words(theme) for theme in themes]
    plain = [
        patterns[n].search(f"{t or ''}. {a}") is not None
        for n, (t, a) in zip(column, judged.select("title", "abstract").iter_rows(), strict=True)
    ]
    near = similarity(themes, rows, vectors, encode)
    core, known = (rows["judgement"] == "core").to_numpy(), rows["half"].is_in(TUNED).to_numpy()
    listed = (rows["group"] == "listed").to_numpy()
    alike = np.zeros(len(rows), dtype=bool)
    for group in (listed, ~listed):
        alike |= group & (near >= best_cut(near[known & group], core[known & group]))
    inside = rows.join(
        found.theme_papers, on=["theme", "paper_id"], how="left", maintain_order="left"
    )
    return {
        "phrases as written": np.array(plain),
        "phrases, inflected": named.strength[np.arange(len(rows)), column] > 0,
        "similarity, best cut": alike,
        "upwell": inside["score"].is_not_null().to_numpy(),
    }


def main() -> None:
    """Print precision / recall of every method, by half, and upwell's by theme."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("--encoder", choices=("static", "lsa"), default="static")
    given = parser.parse_args()
    if not SHARED.is_dir():
        say(f"{SHARED} is not here; nothing can be measured")
        return
    papers = load_papers()
    judged = pl.read_csv(ROOT / "tests" / "theme_judgements.csv")
    toml = ROOT / "flows" / "themes.toml"
    listed = parse_watch_list(toml.read_text(encoding="utf-8"), name=toml.name)
    names = {theme.name for theme in listed}
    bare = [t for t in judged["theme"].unique().sort() if t not in names]
    themes = [*listed, *map(theme_from_phrase, bare)]
    group = pl.when(pl.col("theme").is_in(sorted(names))).then(pl.lit("listed"))
    rows = (
        judged.filter(pl.col("judgement") != "borderline")
        .join(papers.with_row_index("row").select("row", "paper_id"), on="paper_id")
        .with_columns(group.otherwise(pl.lit("bare")).alias("group"))
    )
    say(f"{len(papers):,} papers, {len(rows)} judgements core or no of {len(judged)}")
    texts = papers.select(pl.format("{}. {}", pl.col("title").fill_null(""), "abstract"))
    members = members_by_method(
        papers, themes, rows, load_encode(given.encoder, texts.to_series().to_list())
    )
    core = (rows["judgement"] == "core").to_numpy()
    weight = rows["weight"].fill_null(1.0).to_numpy()
    halves = {"tuned": TUNED, "drawn": ("drawn",), "fresh": ("fresh",)}
    say(f"{'':22}" + "".join(f"{g + ', ' + h:>16}" for h in halves for g in ("listed", "bare")))
    for method, member in members.items():
        cells = []
        for wanted in halves.values():
            for name in ("listed", "bare"):
                here = (rows["half"].is_in(wanted) & (rows["group"] == name)).to_numpy()
                cells.append(f"{rate(member[here], core[here], weight[here]):>16}")
        say(f"{method:22}" + "".join(cells))
    for half in ("drawn", "fresh"):
        for theme in themes:
            here = ((rows["half"] == half) & (rows["theme"] == theme.name)).to_numpy()
            if here.any():
                said = rate(members["upwell"][here], core[here], weight[here])
                say(f"  {half}, {theme.name:26} {said}  ({here.sum()})")


if __name__ == "__main__":
    main()
