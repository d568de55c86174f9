"""The table of `bench_trends.py grid` as a figure.

python tests/benchmarks/rates_figure.py rates.csv … figure.png
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl
from matplotlib.figure import Figure

from upwell.figures import style

NAMES = {
    "upwell": "upwell",
    "beta-bin.": "beta-binomial, pooled",
    "shr.q.bin": "quasi-binomial, shrunken",
    "shr.q.Poi": "quasi-Poisson, shrunken",
    "q.Poisson": "quasi-Poisson",
    "M-Kendall": "Mann–Kendall",
    "permut.": "permutation of buckets",
    "neg.bin.": "negative binomial",
    "Poisson": "Poisson",
}
PROMISED = 0.05
TICKS = (0.0, 0.05, 0.2, 0.5, 1.0)


def draw(rates: pl.DataFrame) -> Figure:
    """Strips of false-discovery shares, one dot a setting, and the mean power beside them."""
    widths = sorted(rates["n_buckets"].unique())
    figure = Figure(figsize=(10, 4.9), dpi=160)
    axes = figure.subplots(1, len(widths), sharey=True)
    figure.subplots_adjust(left=0.185, right=0.985, top=0.73, bottom=0.13, wspace=0.28)
    rng = np.random.default_rng(0)
    for ax, n_buckets in zip(axes, widths, strict=True):
        for row, method in enumerate(NAMES):
            cell = rates.filter(pl.col("n_buckets") == n_buckets, pl.col("method") == method)
            shares, power = cell["false_share"].to_numpy(), cell["power"].mean()
            height = row + rng.uniform(-0.27, 0.27, len(shares))
            colour = style.VERDICT_COLOURS[
                "rising" if method == "upwell" else "insufficient_evidence"
            ]
            ax.plot(np.sqrt(shares), height, ".", ms=3, color=colour, alpha=0.6, mew=0)
            ax.text(1.03, row, f"{power:.2f}".lstrip("0"), va="center", fontsize=8, color=colour)
        ax.axvline(np.sqrt(PROMISED), color="#222222", lw=1, ls="--")
        ax.set(xlim=(-0.02, 1.16), ylim=(len(NAMES) - 0.5, -0.5), title=f"{n_buckets} buckets")
        ax.set_xticks(np.sqrt(TICKS), [f"{100 * t:g}" for t in TICKS], fontsize=8)
        ax.set_yticks(range(len(NAMES)), NAMES.values(), fontsize=9)
        ax.title.set_size(10)
        ax.text(1.03, -0.75, "power", fontsize=7, va="bottom")
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
    settings = rates.filter(pl.col("method") == "upwell").group_by("n_buckets").len()["len"].min()
    figure.text(0.012, 0.955, "How often a discovery is false, and how many trends are found",
                fontsize=13, weight="bold", va="top")  # fmt: skip
    figure.text(
        0.012, 0.885,
        f"A dot is the false-discovery share in one of {settings} kinds of corpora: 20 to 2,000 "
        "subjects of 5 to 5,000 papers; growing, shrinking, jumping; clumping 0 to .01;\nnone, a "
        "tenth or 40 % of the subjects moving. Right of the dashed line, more than the promised "
        "5 % are false; a dot is known to about ±3 points.",
        fontsize=8.5, va="top", color="#555555", linespacing=1.35,
    )  # fmt: skip
    figure.text(0.585, 0.025, "false discoveries, % (square-root scale)", ha="center", fontsize=9)
    return figure


def main() -> None:
    """Read the tables, draw, save."""
    *tables, picture = sys.argv[1:]
    rates = pl.concat(pl.read_csv(table, null_values="nan") for table in tables)
    draw(rates).savefig(Path(picture))


if __name__ == "__main__":
    main()
