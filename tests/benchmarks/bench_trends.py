"""Does the error rate of the verdicts hold, what power is left, and how long does it take.

    cd tests
    python -m benchmarks.bench_trends study           # error rates of all methods
    python -m benchmarks.bench_trends grid rates.csv  # the same in 432 settings; hours
    python -m benchmarks.bench_trends limits          # how little evidence is enough
    python -m benchmarks.bench_trends steady          # `steady`, intervals and bursts
    python -m benchmarks.bench_trends speed

A corpus is simulated bucket by bucket: each subject's share is a line on the logit scale, its
count beta-binomial, or binomial around an autoregressive logit where noise lasts. A discovery is
a subject with q at most .05; it is false if the subject does not move, or moves the other way.

False-discovery share / power of `study` (60 subjects, a sixth moving, corpus growing tenfold over
5 years, 500 papers a bucket, clumping .003, unless said otherwise; 200 corpora, so a share is known
to about .015):

    setting                      upwell   q.-binomial  q.-Poisson   q.-Poisson  beta-bin.  permu-    Mann-     Poisson
                                          shrunken     shrunken     plain       pooled     tation    Kendall
     5 buckets                  .015/.21   .039/.26    .049/.25    .000/.00    .023/.27   .000/.00  .000/.00  .391/.57
     8 buckets                  .022/.44   .042/.46    .049/.46    .001/.17    .034/.48   .022/.06  .005/.02  .371/.72
    12 buckets                  .040/.59   .058/.60    .060/.60    .040/.47    .044/.61   .015/.33  .029/.39  .376/.80
    24 buckets                  .042/.80   .062/.79    .065/.81    .048/.76    .044/.81   .016/.69  .035/.76  .363/.92
     8, shrinking               .027/.44   .055/.47    .056/.47    .004/.19    .040/.48   .009/.07  .001/.01  .382/.74
     8, jumping eightfold       .031/.39   .030/.37    .038/.37    .003/.12    .043/.42   .003/.02  .002/.00  .357/.64
    12, 7 nearly empty          .054/.19   .251/.32    .259/.31    .138/.20    .064/.21   .005/.00  .007/.01  .603/.57
     8, clumping 0              .028/.70   .033/.71    .026/.70    .000/.31    .038/.72   .034/.23  .013/.13  .032/.72
     8, clumping .01            .020/.21   .046/.20    .046/.19    .012/.05    .031/.25   .007/.01  .000/.00  .693/.71
    12, clumping uneven         .043/.61   .055/.61    .053/.62    .021/.52    .102/.67   .029/.40  .032/.44  .347/.83
    12, none moving             .020/-     .050/-      .040/-      .015/-      .030/-     .015/-    .025/-    .850/-
    12, 40 % moving             .024/.65   .035/.65    .035/.66    .023/.56    .028/.67   .011/.45  .021/.50  .188/.83
    12, 400 of 5-3,600 papers   .038/.39   .047/.39    .037/.39    .015/.29    .050/.40   .030/.21  .031/.22  .395/.58
    12, carry-over .3           .040/.52   .146/.62    .145/.62    .079/.48    .133/.65   .048/.34  .070/.39  .488/.81
    12, carry-over .5           .047/.44   .269/.66    .271/.66    .155/.52    .237/.66   .100/.38  .110/.42  .544/.81
    24, carry-over .8           .104/.59   .583/.83    .582/.84    .554/.81    .568/.84   .430/.77  .483/.80  .676/.89

So the rate holds with 8 buckets or more, for shares that scatter independently or with noise that
lasts (to a correlation of about .5 between neighbours); nothing else that holds it has the power.

`grid`: 432 settings, every combination of 5, 8, 12 or 24 buckets, 20, 200 or 2,000 subjects of 5 to
5,000 papers, a growing, shrinking or jumping corpus, clumping 0, .001, .003 or .01, and none, a
tenth or 40 % of the subjects moving. Power / settings of 108 whose false-discovery share is above
.05 by more than two standard errors:

                                5 buckets   8          12         24
    upwell                      .34 /  0   .44 /  0   .49 /  0   .55 /  0
    beta-binomial, pooled       .36 /  0   .46 /  0   .51 /  0   .56 /  1
    quasi-binomial, shrunken    .34 /  1   .41 /  0   .47 /  0   .54 /  0
    quasi-Poisson, shrunken     .34 /  1   .42 /  0   .47 /  0   .54 /  0
    quasi-Poisson               .11 /  0   .31 /  0   .41 /  6   .52 / 15
    Mann-Kendall                .00 /  0   .17 /  0   .37 /  0   .54 / 12
    permutation                 .00 /  0   .19 / 25   .33 / 15   .47 /  2
    negative binomial           .44 / 78   .48 / 78   .52 / 76   .58 / 60
    Poisson                     .71 / 81   .72 / 81   .72 / 81   .72 / 81

The pooled beta-binomial has a little more power, but fails at 24 buckets and, above, wherever
clumping differs between subjects or lasts (.10 to .57), which in real corpora it does.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from benchmarks.rivals import METHODS
from benchmarks.simulation import Corpus, Setting, simulate
from scipy.special import expit, logit

from upwell.trends.growth import Growth, burst_p_values, estimate_growth
from upwell.trends.logit import Floats
from upwell.trends.squeeze import adjust_p_values
from upwell.trends.verdicts import decide_verdicts

RATE = 0.05


def say(*parts: str) -> None:
    """One line of the result, at once."""
    sys.stdout.write(" ".join(parts) + "\n")
    sys.stdout.flush()


_D = Setting()
SETTINGS = (
    replace(_D, n_buckets=5),
    replace(_D, n_buckets=8),
    _D,
    replace(_D, n_buckets=24),
    replace(_D, n_buckets=8, n_subjects=20),
    replace(_D, n_buckets=8, n_subjects=400),
    replace(_D, n_buckets=12, n_subjects=2000),
    replace(_D, n_buckets=8, corpus="flat"),
    replace(_D, n_buckets=8, corpus="shrinking"),
    replace(_D, n_buckets=8, corpus="jumping"),
    replace(_D, corpus="shrinking"),
    replace(_D, corpus="jumping"),
    replace(_D, corpus="tail"),
    replace(_D, n_buckets=8, clumping=0.0),
    replace(_D, clumping=0.0),
    replace(_D, n_buckets=8, clumping=0.01),
    replace(_D, clumping=0.01),
    replace(_D, uneven=True),
    replace(_D, n_buckets=8, uneven=True),
    replace(_D, moving=0.0),
    replace(_D, n_buckets=8, moving=0.0),
    replace(_D, moving=0.4),
    replace(_D, n_subjects=400, shares=(0.0008, 0.6)),
    replace(_D, n_subjects=400, n_buckets=24, shares=(0.0004, 0.4), corpus="jumping"),
    replace(_D, n_subjects=400, shares=(0.001, 0.005), effect=0.6, clumping=0.0005),
    replace(_D, n_buckets=24, n_per_bucket=50, effect=0.5),
    replace(_D, n_buckets=24, n_per_bucket=5000),
    replace(_D, n_subjects=3, n_buckets=8, moving=0.4),
    replace(_D, n_subjects=5, n_buckets=8, moving=0.4),
    replace(_D, n_subjects=10, n_buckets=8, moving=0.4),
    replace(_D, corpus="flat", humps=0.05),
    replace(_D, corpus="flat", humps=0.2),
    replace(_D, n_buckets=8, carry_over=0.3),
    replace(_D, carry_over=0.3),
    replace(_D, carry_over=0.5),
    replace(_D, n_buckets=24, carry_over=0.5),
    replace(_D, n_buckets=24, carry_over=0.8),
)


def rates(setting: Setting, method: Callable[[Corpus], tuple[Floats, Floats]], n_corpora: int):
    """False-discovery share and its error, power, and how many that do not move have p <= .05."""
    rng, shares, powers, levels = np.random.default_rng(1), [], [], []
    for _ in range(n_corpora):
        c = simulate(rng, setting)
        p, slope = method(c)
        found = adjust_p_values(p) <= RATE
        right = found & (c.slope * slope > 0)
        shares.append((found & ~right).sum() / max(1, found.sum()))
        if c.slope.any():
            powers.append(right[c.slope != 0].mean())
        levels.append((p[c.slope == 0] <= RATE).mean())
    error = np.std(shares) / np.sqrt(len(shares))
    return np.mean(shares), error, np.mean(powers) if powers else np.nan, np.mean(levels)


def study(*names: str) -> None:
    """False-discovery share / power / size of these methods, or all, in every setting."""
    methods = {n: m for n, m in METHODS.items() if not names or n in names}
    say(f"{'':58}", *(f"{name:>13}" for name in methods))
    for setting in SETTINGS:
        n_corpora = min(400, max(12, 12000 // setting.n_subjects))
        cells = []
        for method in methods.values():
            wrong, _, power, level = rates(setting, method, n_corpora)
            cells.append(f"{wrong:.3f}/{power:.2f}/{level:.3f}".replace("0.", "."))
        say(f"{setting.label():58}", *(f"{c:>13}" for c in cells))


GRID = [
    Setting(
        n_buckets=n_buckets, n_subjects=n_subjects, corpus=corpus, clumping=clumping,
        moving=moving, n_per_bucket=24_000 // n_buckets, shares=(5 / 24_000, 5_000 / 24_000),
        effect=0.35,
    )
    for n_buckets in (5, 8, 12, 24)
    for n_subjects in (20, 200, 2000)
    for corpus in ("growing", "shrinking", "jumping")
    for clumping in (0.0, 0.001, 0.003, 0.01)
    for moving in (0.0, 0.1, 0.4)
]  # fmt: skip


def grid(path: str, *names: str) -> None:
    """Every combination of the conditions that corpora differ in, 432 in all, to a CSV file.

    Subjects have 5 to 5,000 papers of 24,000; a share moves by 0.35 a year on the logit scale
    (spread by half of that) over 5 years.
    """
    methods = {n: m for n, m in METHODS.items() if not names or n in names}
    with Path(path).open("w", encoding="utf-8") as file:
        file.write("n_buckets,n_subjects,corpus,clumping,moving,method,n_corpora,false_share,")
        file.write("false_share_error,power,level\n")
        for s in GRID:
            for name, method in methods.items():
                n_corpora = {20: 200, 200: 60, 2000: 8}[s.n_subjects]
                wrong, error, power, level = rates(s, method, n_corpora)
                file.write(
                    f"{s.n_buckets},{s.n_subjects},{s.corpus},{s.clumping},{s.moving},{name},"
                    f"{n_corpora},{wrong:.4f},{error:.4f},{power:.4f},{level:.4f}\n"
                )
            file.flush()


def limits() -> None:
    """Power against a doubling a year, and size, by papers of a subject and by buckets."""
    say("papers a subject: size / power of one test / coverage of the 95 % interval")
    for n_buckets in (3, 4, 5, 6, 8, 12):
        row = []
        for n_papers in (3, 5, 10, 20, 50, 200):
            share = n_papers / (n_buckets * 500)
            setting = Setting(
                n_subjects=200, n_buckets=n_buckets, shares=(share * 0.99, share), effect=0.7,
                n_years=n_buckets / 2, moving=0.2, clumping=0.001,
            )  # fmt: skip
            rng, size, power, cover = np.random.default_rng(2), [], [], []
            for _ in range(15):
                c = simulate(rng, setting)
                growth = estimate_growth(
                    c.n_papers, c.n_total, c.time, np.arange(n_buckets, dtype=float)
                )
                low, high = growth.interval()
                p = growth.p_value()
                size.append((p[c.slope == 0] <= RATE).mean())
                power.append((p[c.slope != 0] <= RATE).mean())
                cover.append(((low <= c.slope) & (c.slope <= high)).mean())
            row.append(f"{n_papers}: {np.mean(size):.3f}/{np.mean(power):.2f}/{np.mean(cover):.3f}")
        say(f"{n_buckets:3} buckets  ", "   ".join(row))


def _growth(c: Corpus) -> Growth:
    """Growth of a simulated corpus."""
    return estimate_growth(c.n_papers, c.n_total, c.time, np.arange(len(c.time), dtype=float))


def steady() -> None:
    """How often `steady` is wrong and found, how often intervals cover, how often bursts are."""
    for n_per_bucket in (500, 5000, 50000):
        for clumping in (0.0, 0.0003, 0.003):
            setting = Setting(n_per_bucket=n_per_bucket, clumping=clumping, moving=0.0, n_years=10)
            rng = np.random.default_rng(3)
            wrong, found, moved, cover, bursts = [], [], [], [], []
            for _ in range(60):
                slopes = np.log(rng.choice([1.0, 1.03, 1.11, 1.3], 60))
                c = simulate(rng, setting)
                shifted = expit(
                    logit(np.clip(c.n_papers / c.n_total, 1e-9, 1 - 1e-9))
                    + slopes[:, None] * (c.time - c.time.mean())
                )
                counts = rng.binomial(c.n_total.astype(int), shifted).astype(float)
                c = Corpus(counts, c.n_total, c.time, slopes)
                growth = _growth(c)
                verdicts, _ = decide_verdicts(
                    growth, false_discovery_rate=RATE, steady_margin=0.1, n_years=5.0
                )
                is_steady = np.array(verdicts) == "steady"
                outside = slopes > np.log(1.1)
                wrong.append((is_steady & outside).sum() / max(1, is_steady.sum()))
                found.append(is_steady[~outside].mean())
                moving = np.isin(verdicts, ["rising", "falling"])
                bad = moving & ((slopes == 0) | (np.array(verdicts) == "falling"))
                moved.append(bad.sum() / max(1, moving.sum()))
                low, high = growth.interval()
                cover.append(((low <= slopes) & (slopes <= high)).mean())
                p = burst_p_values(growth, c.n_papers, c.n_total, len(c.time) - 1)
                bursts.append((p <= RATE).mean())
            say(
                f"{n_per_bucket:6} a bucket, clumping {clumping}: steady wrong {np.mean(wrong):.3f}"
                f" found {np.mean(found):.2f}; rising/falling wrong {np.mean(moved):.3f}; "
                f"interval covers {np.mean(cover):.3f}; burst p <= .05 {np.mean(bursts):.3f}"
            )


def speed() -> None:
    """Seconds for the test alone, 5,000 subjects over 200 buckets."""
    for carry_over in (0.0, 0.5):
        setting = Setting(
            n_subjects=5000, n_buckets=200, n_per_bucket=3000, shares=(0.0003, 0.05),
            carry_over=carry_over,
        )  # fmt: skip
        c = simulate(np.random.default_rng(4), setting)
        start = time.perf_counter()
        growth = _growth(c)
        middle = time.perf_counter()
        decide_verdicts(growth, false_discovery_rate=RATE, steady_margin=0.1, n_years=5.0)
        say(
            f"carry-over {carry_over}: growth {middle - start:.2f} s, "
            f"verdicts {time.perf_counter() - middle:.2f} s"
        )


if __name__ == "__main__":
    PARTS = {"study": study, "grid": grid, "limits": limits, "steady": steady, "speed": speed}
    PARTS[sys.argv[1]](*sys.argv[2:])
