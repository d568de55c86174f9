"""Does the error rate of the verdicts hold, what power is left, and how long does it take.

    python tests/benchmarks/bench_trends.py study    # error rates of all methods
    python tests/benchmarks/bench_trends.py limits   # how little evidence is enough
    python tests/benchmarks/bench_trends.py steady   # `steady`, intervals and bursts
    python tests/benchmarks/bench_trends.py speed

A corpus is simulated bucket by bucket: each subject's share is a line on the logit scale, its
count beta-binomial, or binomial around an autoregressive logit where noise lasts. A discovery is
a subject with q at most .05; it is false if the subject does not move, or moves the other way.

False-discovery share / power of `study` (60 subjects, a sixth moving, corpus growing tenfold over
5 years, 500 papers a bucket, clumping .003, unless said otherwise; 200 corpora, so a share is known
to about .015):

    setting                      upwell   q.-binomial  q.-Poisson   q.-Poisson  beta-bin.  permu-    Mann-     Poisson
                                          shrunken     shrunken     plain       pooled     tation    Kendall
     5 buckets                  .009/.16   .039/.26    .049/.25    .000/.00    .023/.27   .000/.00  .000/.00  .391/.57
     8 buckets                  .020/.43   .042/.46    .049/.46    .001/.17    .034/.48   .022/.06  .005/.02  .371/.72
    12 buckets                  .037/.58   .058/.60    .060/.60    .040/.47    .044/.61   .015/.33  .029/.39  .376/.80
    24 buckets                  .041/.80   .062/.79    .065/.81    .048/.76    .044/.81   .016/.69  .035/.76  .363/.92
     8, shrinking               .026/.43   .055/.47    .056/.47    .004/.19    .040/.48   .009/.07  .001/.01  .382/.74
     8, jumping eightfold       .026/.38   .030/.37    .038/.37    .003/.12    .043/.42   .003/.02  .002/.00  .357/.64
    12, 7 nearly empty          .054/.18   .251/.32    .259/.31    .138/.20    .064/.21   .005/.00  .007/.01  .603/.57
     8, clumping 0              .028/.70   .033/.71    .026/.70    .000/.31    .038/.72   .034/.23  .013/.13  .032/.72
     8, clumping .01            .019/.20   .046/.20    .046/.19    .012/.05    .031/.25   .007/.01  .000/.00  .693/.71
    12, clumping uneven         .042/.60   .055/.61    .053/.62    .021/.52    .102/.67   .029/.40  .032/.44  .347/.83
    12, none moving             .010/-     .050/-      .040/-      .015/-      .030/-     .015/-    .025/-    .850/-
    12, 40 % moving             .024/.65   .035/.65    .035/.66    .023/.56    .028/.67   .011/.45  .021/.50  .188/.83
    12, 400 of 5-3,600 papers   .034/.38   .047/.39    .037/.39    .015/.29    .050/.40   .030/.21  .031/.22  .395/.58
    12, carry-over .3           .043/.52   .146/.62    .145/.62    .079/.48    .133/.65   .048/.34  .070/.39  .488/.81
    12, carry-over .5           .048/.45   .269/.66    .271/.66    .155/.52    .237/.66   .100/.38  .110/.42  .544/.81
    24, carry-over .8           .107/.60   .583/.83    .582/.84    .554/.81    .568/.84   .430/.77  .483/.80  .676/.89

So the rate holds with 8 buckets or more, for shares that scatter independently or with noise that
lasts (to a correlation of about .5 between neighbours); nothing else that holds it has the power.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats
from scipy.special import expit, logit

from upwell.trends.growth import Growth, burst_p_values, estimate_growth
from upwell.trends.logit import Floats, fit_logit
from upwell.trends.noise import Noise, fit_with_noise
from upwell.trends.squeeze import adjust_p_values, squeeze_dispersion
from upwell.trends.verdicts import decide_verdicts

RATE = 0.05


def say(*parts: str) -> None:
    """One line of the result, at once."""
    sys.stdout.write(" ".join(parts) + "\n")
    sys.stdout.flush()


@dataclass(frozen=True)
class Setting:
    """One simulated corpus; `effect` is the spread of the moving subjects' slopes, logit a year."""

    n_subjects: int = 60
    n_buckets: int = 12
    corpus: str = "growing"
    n_per_bucket: int = 500
    clumping: float = 0.003
    uneven: bool = False  # subjects differ in clumping
    carry_over: float = 0.0
    humps: float = 0.0  # part of the subjects that come and go, which is no trend
    moving: float = 1 / 6
    effect: float = 0.24
    n_years: float = 5.0
    shares: tuple[float, float] = (0.01, 0.3)

    def label(self) -> str:
        """What differs from the default."""
        default = Setting()
        named = {k: v for k, v in vars(self).items() if v != getattr(default, k)}
        return ", ".join(f"{k}={v}" for k, v in named.items()) or "default"


@dataclass(frozen=True)
class Corpus:
    """Counts (S, B), totals (B,), times (B,) and the true slopes (S,)."""

    n_papers: Floats
    n_total: Floats
    time: Floats
    slope: Floats


def totals(setting: Setting) -> Floats:
    """Papers of each bucket."""
    place = np.arange(setting.n_buckets)
    way = place / (setting.n_buckets - 1)
    shape = {
        "flat": np.ones(setting.n_buckets),
        "growing": 10**way,
        "shrinking": 10**-way,
        "jumping": np.where(way < 0.5, 1.0, 8.0),
        "tail": np.where(way < 0.6, 0.01, 1.0),
    }[setting.corpus]
    return np.maximum(1, np.round(shape / shape.mean() * setting.n_per_bucket))


def simulate(rng: np.random.Generator, setting: Setting) -> Corpus:
    """One corpus; subjects without enough papers to be tested are left out."""
    n, n_subjects = totals(setting), setting.n_subjects
    when = (np.arange(setting.n_buckets) + 0.5) / setting.n_buckets * setting.n_years
    share = np.exp(rng.uniform(*np.log(setting.shares), n_subjects))
    slope = np.zeros(n_subjects)
    k = round(setting.moving * n_subjects)
    slope[:k] = setting.effect * rng.choice([1, 1, 1, -1], k) * rng.uniform(0.5, 1.5, k)
    mean = expit(logit(share)[:, None] + slope[:, None] * (when - when.mean()))
    h = n_subjects - round(setting.humps * n_subjects)
    mean[h:] *= 0.4 + 1.6 * np.exp(-(((when - when.mean()) / setting.n_years * 4) ** 2))
    clumping = np.full((n_subjects, 1), max(setting.clumping, 1e-12))
    if setting.uneven:
        clumping = setting.clumping * rng.gamma(1, 1, (n_subjects, 1)) + 1e-12
    if setting.carry_over:
        size = np.sqrt(clumping / (share * (1 - share))[:, None])
        mean = expit(logit(mean) + size * lasting(rng, mean.shape, setting.carry_over))
    elif setting.clumping:
        mean = rng.beta(mean * (1 / clumping - 1), (1 - mean) * (1 / clumping - 1))
    counts = rng.binomial(n.astype(int), mean).astype(float)
    enough = (counts.sum(axis=1) >= 1) & (counts.sum(axis=1) < n.sum())
    return Corpus(counts[enough], n, when, slope[enough])


def lasting(rng: np.random.Generator, shape: tuple[int, int], carry_over: float) -> Floats:
    """Standard autoregressive noise along the buckets."""
    noise = rng.normal(size=shape)
    for b in range(1, shape[1]):
        noise[:, b] = carry_over * noise[:, b - 1] + np.sqrt(1 - carry_over**2) * noise[:, b]
    return noise


def ours(c: Corpus) -> tuple[Floats, Floats]:
    """What upwell does."""
    growth = estimate_growth(c.n_papers, c.n_total, c.time, np.arange(len(c.time), dtype=float))
    return growth.p_value(), growth.slope


def line(c: Corpus, variance: Callable[[Floats, Floats], Floats]) -> tuple[Floats, Floats, Floats]:
    """Slope, its error at dispersion 1, and Pearson dispersion, for a log or logit link."""
    level, slope = np.log((c.n_papers.sum(axis=1) + 0.5) / c.n_total.sum()), 0.0
    time_ = c.time - c.time.mean()
    slope = np.zeros(len(level))
    for _ in range(40):
        mean = c.n_total * np.exp(np.clip(level[:, None] + slope[:, None] * time_, -40, 0))
        centre = (mean * time_).sum(axis=1) / mean.sum(axis=1)
        off = time_ - centre[:, None]
        spread = (mean * off**2).sum(axis=1)
        lever = mean * (1 / mean.sum(axis=1)[:, None] + off**2 / spread[:, None])
        score = c.n_papers - mean + lever / 2
        tilt = np.clip((score * off).sum(axis=1) / spread, -1, 1)
        level += np.clip(score.sum(axis=1) / mean.sum(axis=1), -1, 1) - centre * tilt
        slope += tilt
    pearson = ((c.n_papers - mean) ** 2 / variance(mean, c.n_total)).sum(axis=1)
    return slope, 1 / np.sqrt(spread), pearson / (len(time_) - 2)


def poisson(c: Corpus) -> tuple[Floats, Floats]:
    """Poisson with offset."""
    slope, error, _ = line(c, lambda mean, _: mean)
    return 2 * stats.norm.sf(np.abs(slope) / error), slope


def quasi_poisson(c: Corpus) -> tuple[Floats, Floats]:
    """Quasi-Poisson with offset, each subject by itself."""
    slope, error, dispersion = line(c, lambda mean, _: mean)
    t = np.abs(slope) / error / np.sqrt(np.maximum(dispersion, 1))
    return 2 * stats.t.sf(t, len(c.time) - 2), slope


def shrunken_quasi_poisson(c: Corpus) -> tuple[Floats, Floats]:
    """Quasi-Poisson with offset, dispersion shrunk and floored at 1."""
    slope, error, dispersion = line(c, lambda mean, _: mean)
    shrunken, n_behind = squeeze_dispersion(dispersion, len(c.time) - 2)
    t = np.abs(slope) / error / np.sqrt(np.maximum(shrunken, 1))
    return 2 * stats.t.sf(t, n_behind), slope


def shrunken_quasi_binomial(c: Corpus) -> tuple[Floats, Floats]:
    """Quasi-binomial, dispersion shrunk and floored at 1."""
    fit = fit_logit(c.n_papers, c.n_total, c.time, variance_factor=np.ones_like(c.n_total))
    gap = (c.n_papers - c.n_total * fit.share) ** 2
    pearson = (gap / (c.n_total * fit.share * (1 - fit.share))).sum(axis=1) / (len(c.time) - 2)
    shrunken, n_behind = squeeze_dispersion(pearson, len(c.time) - 2)
    t = np.abs(fit.slope) * np.sqrt(fit.information / np.maximum(shrunken, 1))
    return 2 * stats.t.sf(t, n_behind), fit.slope


def beta_binomial(c: Corpus) -> tuple[Floats, Floats]:
    """Beta-binomial with one clumping for all subjects, no dispersion of their own."""
    fit, noise = fit_with_noise(c.n_papers, c.n_total, c.time, np.arange(len(c.time)) * 1e6)
    assert isinstance(noise, Noise)
    return 2 * stats.norm.sf(np.abs(fit.slope) * np.sqrt(fit.information)), fit.slope


def mann_kendall(c: Corpus) -> tuple[Floats, Floats]:
    """Mann-Kendall on the shares."""
    share, n = c.n_papers / c.n_total, len(c.time)
    i, j = np.triu_indices(n, 1)
    score = np.sign(share[:, j] - share[:, i]).sum(axis=1)
    z = (np.abs(score) - 1).clip(0) / np.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    return 2 * stats.norm.sf(z), score


def permutation(c: Corpus, n_orders: int = 2000) -> tuple[Floats, Floats]:
    """Slope of standardised residuals among random orders of the buckets."""
    rng = np.random.default_rng(0)
    share = c.n_papers.sum(axis=1, keepdims=True) / c.n_total.sum()
    residual = (c.n_papers - c.n_total * share) / np.sqrt(c.n_total * share * (1 - share))
    off = c.time - c.time.mean()
    orders = np.array([rng.permutation(off) for _ in range(n_orders)])
    observed, random = residual @ off, residual @ orders.T
    above = (np.abs(random) >= np.abs(observed)[:, None] - 1e-12).sum(axis=1)
    return (above + 1) / (n_orders + 1), observed


METHODS: dict[str, Callable[[Corpus], tuple[Floats, Floats]]] = {
    "upwell": ours,
    "shr.q.bin": shrunken_quasi_binomial,
    "shr.q.Poi": shrunken_quasi_poisson,
    "q.Poisson": quasi_poisson,
    "beta-bin.": beta_binomial,
    "permut.": permutation,
    "M-Kendall": mann_kendall,
    "Poisson": poisson,
}

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
    """False-discovery share, power, and share of p at most .05 among subjects that do not move."""
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
    return np.mean(shares), np.mean(powers) if powers else np.nan, np.mean(levels)


def study(*names: str) -> None:
    """False-discovery share / power / size of these methods, or all, in every setting."""
    methods = {n: m for n, m in METHODS.items() if not names or n in names}
    say(f"{'':58}", *(f"{name:>13}" for name in methods))
    for setting in SETTINGS:
        n_corpora = min(400, max(12, 12000 // setting.n_subjects))
        cells = []
        for method in methods.values():
            wrong, power, level = rates(setting, method, n_corpora)
            cells.append(f"{wrong:.3f}/{power:.2f}/{level:.3f}".replace("0.", "."))
        say(f"{setting.label():58}", *(f"{c:>13}" for c in cells))


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
                verdicts, _ = decide_verdicts(growth, false_discovery_rate=RATE, steady_margin=0.1)
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
        decide_verdicts(growth, false_discovery_rate=RATE, steady_margin=0.1)
        say(
            f"carry-over {carry_over}: growth {middle - start:.2f} s, "
            f"verdicts {time.perf_counter() - middle:.2f} s"
        )


if __name__ == "__main__":
    PARTS = {"study": study, "limits": limits, "steady": steady, "speed": speed}
    PARTS[sys.argv[1]](*sys.argv[2:])
