"""The statistics of trends, against hand-made numbers, other computations and simulation."""

import math
from dataclasses import replace

import numpy as np
import pytest
from benchmarks.bench_trends import rates
from benchmarks.rivals import ours
from benchmarks.simulation import Setting, lasting, simulate
from scipy import optimize, stats
from scipy.special import expit

from upwell.trends.growth import (
    Growth,
    burst_p_values,
    estimate_growth,
    slopes_without_one_bucket,
)
from upwell.trends.logit import LogitFit, fit_logit
from upwell.trends.noise import Noise, fit_with_noise
from upwell.trends.squeeze import adjust_p_values, squeeze_dispersion, stands_apart
from upwell.trends.verdicts import decide_verdicts

TIME = np.array([0.5, 1.5, 2.5, 4.0, 5.5])
N_TOTAL = np.array([40.0, 60.0, 20.0, 200.0, 90.0])


def penalised_line(counts: np.ndarray, n_total: np.ndarray, time: np.ndarray) -> tuple:
    """Intercept and slope that maximise the Jeffreys-penalised likelihood, by brute force."""

    def loss(line):
        share = expit(line[0] + line[1] * time)
        weight = n_total * share * (1 - share)
        x = np.column_stack([np.ones_like(time), time])
        penalty = 0.5 * np.linalg.slogdet(x.T * weight @ x)[1]
        log_share = stats.binom.logpmf(counts, n_total, share).sum()
        return -log_share - penalty

    options = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 5000}
    return tuple(optimize.minimize(loss, [-1.0, 0.1], method="Nelder-Mead", options=options).x)


@pytest.mark.parametrize(
    "counts",
    [
        [4, 9, 2, 50, 31],  # ordinary
        [0, 0, 0, 0, 6],  # all in one bucket: the likelihood alone has no maximum
        [1, 0, 0, 0, 0],
        [40, 60, 20, 200, 89],  # nearly all papers
    ],
)
def test_line_maximises_the_penalised_likelihood(counts):
    y = np.array([counts], float)
    fit = fit_logit(y, N_TOTAL, TIME, variance_factor=np.ones(5))
    intercept, slope = penalised_line(y[0], N_TOTAL, TIME)
    assert fit.intercept[0] == pytest.approx(intercept, abs=2e-5)
    assert fit.slope[0] == pytest.approx(slope, abs=2e-5)


def test_two_buckets_have_the_odds_ratio_with_half_a_paper_added():
    fit = fit_logit(
        np.array([[3.0, 20.0]]),
        np.array([50.0, 80.0]),
        np.array([1.0, 3.0]),
        variance_factor=np.ones(2),
    )
    log_ratio = math.log(20.5 / 60.5) - math.log(3.5 / 47.5)
    assert fit.slope[0] == pytest.approx(log_ratio / 2, abs=1e-8)


def test_many_papers_leave_nothing_of_the_penalty():
    share = expit(-1.2 + 0.3 * TIME)
    fit = fit_logit(share[None] * 1e6, np.full(5, 1e6), TIME, variance_factor=np.ones(5))
    assert fit.slope[0] == pytest.approx(0.3, abs=1e-5)
    assert fit.intercept[0] == pytest.approx(-1.2, abs=1e-5)
    weight = 1e6 * share * (1 - share)
    x = np.column_stack([np.ones(5), TIME])
    assert 1 / fit.information[0] == pytest.approx(np.linalg.inv(x.T * weight @ x)[1, 1], rel=1e-4)
    hat = (np.sqrt(weight)[:, None] * x) @ np.linalg.inv(x.T * weight @ x) @ x.T * np.sqrt(weight)
    assert fit.leverage[0] == pytest.approx(np.diag(hat), rel=1e-4)


def test_variance_factor_is_as_many_papers_fewer():
    y = np.array([[4.0, 9.0, 2.0, 50.0, 31.0]])
    thinned = fit_logit(y, N_TOTAL, TIME, variance_factor=np.full(5, 4.0))
    fewer = fit_logit(y / 4, N_TOTAL / 4, TIME, variance_factor=np.ones(5))
    assert thinned.slope[0] == pytest.approx(fewer.slope[0], abs=1e-9)


def test_subjects_do_not_disturb_each_other():
    rng = np.random.default_rng(0)
    y = rng.binomial(N_TOTAL.astype(int), 0.1, (600, 5)) + 0.0
    y[:, 3] += 1
    together = fit_logit(y, N_TOTAL, TIME, variance_factor=np.ones(5)).slope
    alone = [fit_logit(y[i : i + 1], N_TOTAL, TIME, variance_factor=np.ones(5)) for i in (0, 599)]
    assert [a.slope[0] for a in alone] == pytest.approx(list(together[[0, 599]]), abs=1e-9)


def test_equal_dispersions_become_one_with_all_freedom():
    # they scatter less than chance makes them, so the common one is taken as if they were its median
    shrunken, n_behind = squeeze_dispersion(np.full(7, 2.5), 6)
    assert shrunken == pytest.approx(np.full(7, 2.5 / (stats.chi2.median(6) / 6)), rel=1e-4)
    assert n_behind == pytest.approx(np.full(7, 42.0))


def test_one_subject_borrows_nothing():
    shrunken, n_behind = squeeze_dispersion(np.array([3.0]), 6)
    assert (shrunken[0], n_behind[0]) == (3.0, 6.0)


def test_dispersions_are_shrunk_by_the_freedom_they_were_drawn_with():
    # Smyth's model: s² ~ s0² F(d, d0); here d = 4, d0 = 10, s0² = 2.
    drawn = 2.0 * stats.f.rvs(4, 10, size=40_000, random_state=1)
    shrunken, n_behind = squeeze_dispersion(drawn, 4)
    assert n_behind[0] - 4 == pytest.approx(10, rel=0.1)
    weight = 4 / n_behind[0]
    assert np.polyfit(drawn, shrunken, 1)[0] == pytest.approx(weight)
    assert (shrunken[0] - weight * drawn[0]) / (1 - weight) == pytest.approx(2.0, rel=0.03)


def test_subjects_that_stand_apart_borrow_nothing_and_change_nothing():
    common = stats.chi2.rvs(10, size=400, random_state=3) / 10
    before, n_before = squeeze_dispersion(common, 10)
    after, n_after = squeeze_dispersion(np.append(common, [30.0, 45.0]), 10)
    assert list(after[-2:]) == [30.0, 45.0]
    assert list(n_after[-2:]) == [10.0, 10.0]
    assert stands_apart(np.append(common, [30.0, 45.0]), 10).sum() == 2
    assert after[:-2] == pytest.approx(before, rel=0.06)
    assert before.std() < 0.35 * common.std()
    assert n_before.min() > 50


def test_hypes_that_came_and_went_do_not_pass_for_noise_of_all():
    c = simulate(np.random.default_rng(11), Setting(n_subjects=200, moving=0.0, corpus="flat"))
    hump = simulate(
        np.random.default_rng(11), Setting(n_subjects=200, moving=0.0, corpus="flat", humps=0.1)
    )
    calm = fit_with_noise(c.n_papers, c.n_total, c.time, np.arange(12.0))[1]
    wild = fit_with_noise(hump.n_papers, hump.n_total, hump.time, np.arange(12.0))[1]
    assert wild.clumping == pytest.approx(calm.clumping, rel=0.35)
    assert wild.carry_over <= calm.carry_over + 0.2


def test_dispersion_of_zero_is_no_error():
    shrunken, n_behind = squeeze_dispersion(np.array([0.0, 1.0, 2.0, 0.5]), 3)
    assert np.isfinite(shrunken).all()
    assert (shrunken > 0).all()
    assert np.isfinite(n_behind).all()


def test_false_discovery_adjustment_by_hand():
    # in order .005 .01 .03 .04, times 4/1 4/2 4/3 4/4, then the least from above
    adjusted = adjust_p_values(np.array([0.01, 0.04, 0.03, 0.005]))
    assert adjusted == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert adjust_p_values(np.array([0.9, 0.8])) == pytest.approx([0.9, 0.9])


def test_variance_and_correlation_of_noise_by_hand():
    noise = Noise(0.01, 0.5)
    n, rank = np.array([101.0, 101.0, 301.0]), np.array([0.0, 1.0, 4.0])
    assert noise.variance_factor(n) == pytest.approx([2, 2, 4])
    # half of the variance of the first two is clumped, three quarters of the third's
    assert noise.correlation(n, rank) == pytest.approx(
        np.array(
            [
                [1, 0.5 * 0.5, math.sqrt(0.5 * 0.75) * 0.5**4],
                [0.5 * 0.5, 1, math.sqrt(0.5 * 0.75) * 0.5**3],
                [math.sqrt(0.5 * 0.75) * 0.5**4, math.sqrt(0.5 * 0.75) * 0.5**3, 1],
            ]
        )
    )


@pytest.mark.parametrize(("clumping", "carry_over"), [(0.0, 0.0), (0.004, 0.0), (0.004, 0.5)])
def test_noise_is_found_again(clumping, carry_over):
    setting = Setting(
        n_subjects=300, n_buckets=24, clumping=clumping, carry_over=carry_over, n_per_bucket=1000
    )
    c = simulate(np.random.default_rng(2), setting)
    noise = fit_with_noise(c.n_papers, c.n_total, c.time, np.arange(24.0))[1]
    assert noise.clumping == pytest.approx(clumping, rel=0.15, abs=1e-4)
    assert noise.carry_over == pytest.approx(carry_over, abs=0.08 if clumping else 1)


def test_lasting_noise_has_the_correlation_it_should():
    noise = lasting(np.random.default_rng(0), (20_000, 5), 0.6)
    assert np.corrcoef(noise.T)[0] == pytest.approx(0.6 ** np.arange(5), abs=0.03)


def binomial_error(growth: Growth, n_total: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Error of each slope if papers were independent, by matrix inversion."""
    x = np.column_stack([np.ones_like(time), time])
    weights = n_total * growth.fit.share * (1 - growth.fit.share)
    return np.array([np.sqrt(np.linalg.inv(x.T * w @ x)[1, 1]) for w in weights])


@pytest.mark.parametrize("clumping", [0.0, 0.003])
def test_error_is_never_below_that_of_independent_papers(clumping):
    setting = Setting(n_subjects=200, clumping=clumping, moving=0.0, uneven=clumping > 0)
    c = simulate(np.random.default_rng(3), setting)
    growth = estimate_growth(c.n_papers, c.n_total, c.time, np.arange(12.0))
    ratio = growth.standard_error / binomial_error(growth, c.n_total, c.time)
    assert ratio.min() >= 1 - 1e-9
    assert np.median(ratio) == pytest.approx(1.0, abs=0.05) if not clumping else ratio.max() > 1.5


def test_interval_and_p_value_agree():
    c = simulate(np.random.default_rng(4), Setting())
    growth = estimate_growth(c.n_papers, c.n_total, c.time, np.arange(12.0))
    low, high = growth.interval()
    assert (((low > 0) | (high < 0)) == (growth.p_value() < 0.05)).all()
    above = growth.p_above(0.0)
    assert 2 * np.minimum(above, 1 - above) == pytest.approx(growth.p_value())


def test_one_subject_alone_is_measured():
    growth = estimate_growth(np.array([[4.0, 9.0, 2.0, 50.0, 31.0]]), N_TOTAL, TIME, np.arange(5.0))
    assert growth.n_behind[0] == 3
    assert 0 < growth.p_value()[0] < 1


@pytest.mark.parametrize(
    "setting",
    [
        Setting(n_buckets=8),
        Setting(corpus="jumping"),
        Setting(n_buckets=8, corpus="shrinking", clumping=0.01),
        Setting(n_buckets=24, carry_over=0.5),
        Setting(n_subjects=300, shares=(0.001, 0.4), clumping=0.0),
    ],
    ids=Setting.label,
)
def test_false_discoveries_stay_at_their_rate(setting):
    n_corpora = 60 if setting.n_subjects < 100 else 20
    wrong, _, power, level = rates(setting, ours, n_corpora)
    assert wrong <= 0.05
    assert level <= 0.06
    assert power >= 0.15


def test_p_values_of_subjects_that_do_not_move_are_uniform():
    rng = np.random.default_rng(6)
    setting = Setting(moving=0.0, n_per_bucket=2000, n_subjects=100)
    p = np.concatenate([ours(simulate(rng, setting))[0] for _ in range(30)])
    for level in (0.01, 0.05, 0.2, 0.5, 0.8):
        assert (p <= level).mean() == pytest.approx(level, abs=0.01 + 0.05 * level)


def test_intervals_cover_the_true_growth():
    rng, covered = np.random.default_rng(7), []
    for _ in range(40):
        c = simulate(rng, Setting(moving=0.5))
        low, high = estimate_growth(c.n_papers, c.n_total, c.time, np.arange(12.0)).interval()
        covered.append((low <= c.slope) & (c.slope <= high))
    assert np.concatenate(covered).mean() == pytest.approx(0.95, abs=0.015)


def made_growth(slope: list[float], error: list[float]) -> Growth:
    """Growth with given slopes and errors, as if from very many buckets."""
    s, one = np.array(slope), np.ones((len(slope), 1))
    fit = LogitFit(np.zeros(len(s)), s, one / 2, one, one * 0, one[:, 0], one * 0)
    return Growth(fit, Noise(0.0, 0.0), one[:, 0], np.array(error), np.full(len(s), 1e6), one[:, 0])


def test_verdicts_of_plain_cases():
    growth = made_growth([0.4, -0.4, 0.0, 0.1], [0.05, 0.05, 0.01, 0.2])
    verdicts, q_value = decide_verdicts(
        growth, false_discovery_rate=0.05, steady_margin=0.1, n_years=5.0
    )
    assert verdicts == ["rising", "falling", "steady", "insufficient_evidence"]
    assert (q_value[:2] < 0.001).all()


def test_growth_within_the_margin_is_steady_however_sure():
    growth = made_growth([math.log(1.02)], [0.001])
    assert growth.p_value()[0] < 1e-50
    verdicts, q_value = decide_verdicts(
        growth, false_discovery_rate=0.05, steady_margin=0.1, n_years=5.0
    )
    assert (verdicts, list(q_value)) == (["steady"], [1.0])
    verdicts, _ = decide_verdicts(
        growth, false_discovery_rate=0.05, steady_margin=0.01, n_years=5.0
    )
    assert verdicts == ["rising"]


def test_margin_is_as_wide_below_as_above():
    growth = made_growth([math.log(1.099), -math.log(1.099), -math.log(1.101)], [1e-5] * 3)
    verdicts, _ = decide_verdicts(growth, false_discovery_rate=0.05, steady_margin=0.1, n_years=5.0)
    assert verdicts == ["steady", "steady", "falling"]


def test_steady_subjects_do_not_make_discoveries_cheaper():
    # 900 sure but small growths, and 100 that do not move; at p <= .05 five of these would rise
    # if the 900 were discoveries beside them.
    z = stats.norm.ppf(np.linspace(0.005, 0.995, 100))
    growth = made_growth([math.log(1.02)] * 900 + list(z * 0.3), [0.001] * 900 + [0.3] * 100)
    assert (adjust_p_values(growth.p_value()) <= 0.05)[900:].any()
    verdicts, _ = decide_verdicts(growth, false_discovery_rate=0.05, steady_margin=0.1, n_years=5.0)
    assert set(verdicts[:900]) == {"steady"}
    assert set(verdicts[900:]) == {"insufficient_evidence"}


def test_leaving_one_bucket_out_is_close_to_a_refit():
    rng = np.random.default_rng(8)
    n_total = np.array([300.0, 500.0, 400.0, 700.0, 600.0, 900.0])
    time = np.arange(6.0)
    y = rng.binomial(n_total.astype(int), expit(-1 + 0.2 * time), (4, 6)).astype(float)
    growth = estimate_growth(y, n_total, time, time)
    without = slopes_without_one_bucket(growth, y, n_total)
    for b in range(6):
        rest = np.arange(6) != b
        factor = growth.noise.variance_factor(n_total[rest])
        refit = fit_logit(y[:, rest], n_total[rest], time[rest], variance_factor=factor)
        assert without[:, b] == pytest.approx(refit.slope, abs=0.01)


def test_burst_is_seen_and_chance_is_not():
    setting = Setting(moving=0.0)
    rng, low, any_burst = np.random.default_rng(9), [], []
    for _ in range(40):
        c = simulate(rng, setting)
        growth = estimate_growth(c.n_papers, c.n_total, c.time, np.arange(12.0))
        p = burst_p_values(growth, c.n_papers, c.n_total, 11)
        low.append((p <= 0.05).mean())
        any_burst.append((adjust_p_values(p) <= 0.05).any())
    assert np.mean(low) <= 0.06
    assert np.mean(any_burst) <= 0.1
    c.n_papers[0, 11] = min(3 * c.n_papers[0, 11] + 100, c.n_total[11])
    growth = estimate_growth(c.n_papers, c.n_total, c.time, np.arange(12.0))
    p = burst_p_values(growth, c.n_papers, c.n_total, 11)
    assert p[0] < 1e-4
    assert p.argmin() == 0


def test_order_of_the_subjects_does_not_matter():
    c = simulate(np.random.default_rng(10), replace(Setting(), n_subjects=30))
    order = np.random.default_rng(0).permutation(len(c.n_papers))
    one = estimate_growth(c.n_papers, c.n_total, c.time, np.arange(12.0)).p_value()
    other = estimate_growth(c.n_papers[order], c.n_total, c.time, np.arange(12.0)).p_value()
    assert other == pytest.approx(one[order], rel=1e-6)
