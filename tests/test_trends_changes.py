"""Trends when the collection changes, when they turn, and when something is new."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from scipy import optimize, stats
from scipy.special import expit, logit
from test_trends import make_members, make_papers, make_subjects
from test_trends_statistics import made_growth

from upwell.config import TrendConfig
from upwell.trends import measure_trends
from upwell.trends.buckets import choose_width, dated_papers, make_calendar
from upwell.trends.bursts import find_change_points, find_kleinberg_bursts
from upwell.trends.collection import find_jumps, part
from upwell.trends.growth import estimate_growth
from upwell.trends.origins import origins, source_of
from upwell.trends.recent import born_late, grow_in, halves, has_bent, has_turned
from upwell.trends.span import first_dense_day
from upwell.trends.squeeze import adjust_p_values
from upwell.trends.strata import Strata, grow_within, mix
from upwell.trends.verdicts import decide_verdicts

MONTHS = TrendConfig(bucket="month")


# --- sources ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("nips1987.json#101", "nips#.json"),
        ("2025-03-18.jsonl#1", "#-#-#.jsonl"),
        ("000_5e889942f585e6ed.txt#7", "#_#.txt"),
        ("arxiv/2025/a.jsonl#7", "arxiv/2025"),
        ("c#sharp.csv#3", "c#sharp.csv"),
    ],
)
def test_files_that_differ_by_a_number_are_one_source(source, name):
    papers = pl.DataFrame({"paper_id": ["p"], "sources": [[source, "z.txt#1"]]})
    assert source_of(papers).to_list() == [name]


def test_every_source_and_category_once():
    papers = make_papers([("p1", date(2020, 1, 1), "day", "cs.LG", "a1.txt")])
    assert origins(papers).rows() == [("p1", "category", "cs.LG"), ("p1", "source", "a#.txt")]


# --- jumps of the collection -----------------------------------------------------------------


def collected(share_of: dict[str, list[float]], per_month: int = 400) -> pl.DataFrame:
    """Papers of categories with these shares month by month; the rest is of `rest`."""
    rows = []
    for m, shares in enumerate(zip(*share_of.values(), strict=True)):
        names = [
            n for n, s in zip(share_of, shares, strict=True) for _ in range(round(s * per_month))
        ]
        names += ["rest"] * (per_month - len(names))
        for i, name in enumerate(names):
            rows.append((f"{m:02}-{i:04}", date(2019 + m // 12, m % 12 + 1, 1), "month", name))
    return make_papers(rows)


def jumps_of(papers: pl.DataFrame) -> list[tuple]:
    dated = dated_papers(papers)
    return [(j.kind, j.name, j.when) for j in find_jumps(make_calendar(dated, "month"), dated)]


def test_a_jump_is_found_and_growth_is_none():
    steady, growing = [0.2] * 24, list(0.1 * 1.04 ** np.arange(24))
    jumping = [0.1] * 14 + [0.25] * 10
    papers = collected({"a": steady, "b": growing, "c": jumping})
    assert ("category", "c", date(2020, 3, 1)) in jumps_of(papers)
    assert jumps_of(collected({"a": steady, "b": growing})) == []


def test_what_appears_and_what_vanishes_is_found():
    papers = collected({"late": [0.0] * 16 + [0.1] * 8, "early": [0.1] * 6 + [0.0] * 18})
    assert {("category", "late", date(2020, 5, 1)), ("category", "early", date(2019, 7, 1))} <= set(
        jumps_of(papers)
    )


def test_chance_alone_makes_no_jump():
    rng, n = np.random.default_rng(1), 0
    for _ in range(40):
        shares = {c: list(rng.binomial(400, 0.2, 24) / 400) for c in "abc"}
        n += len(jumps_of(collected(shares)))
    assert n <= 2


def test_a_source_that_joins_late_is_a_stratum():
    rows = [
        (f"{m:02}-{i:03}", date(2019 + m // 12, m % 12 + 1, 1), "month", "cs.LG", f)
        for m in range(24)
        for i, f in enumerate(["old1.txt"] * 100 + ["new1.txt"] * (60 if m >= 12 else 0))
    ]
    dated = dated_papers(make_papers(rows))
    jumps = find_jumps(make_calendar(dated, "month"), dated)
    assert {(j.kind, j.name) for j in jumps} == {("source", "old#.txt"), ("source", "new#.txt")}
    parts = part(dated, jumps)
    assert parts["stratum"].value_counts().sort("stratum")["count"].to_list() == [720, 2400]
    assert part(dated, jumps[:0]) is None


def test_a_theme_that_comes_with_a_new_category_is_not_rising():
    rng = np.random.default_rng(0)
    rows, themed, real = [], [], []
    for m in range(24):
        for i in range(500):
            speech = i < (200 if m >= 13 else 40)
            paper, when = f"{m:02}-{i:03}", date(2019 + m // 12, m % 12 + 1, 1)
            rows.append((paper, when, "month", "eess.AS" if speech else "cs.CV"))
            if rng.random() < (0.3 if speech else 0.03):
                themed.append(paper)
            if rng.random() < expit(-2 + 0.7 * (m - 12) / 12):
                real.append(paper)
    papers, members = make_papers(rows), make_members(themed=themed, real=real)
    result = measure_trends(papers, members, make_subjects("themed", "real"), config=MONTHS)
    found = {r["subject"]: r for r in result.trends.iter_rows(named=True)}
    assert found["real"]["verdict"] == "rising"
    assert found["themed"]["verdict"] != "rising"
    assert found["themed"]["growth_low"] < 1 < found["themed"]["growth_high"]
    assert any("eess.AS jumps from 8% to 40%" in note for note in result.notes)


# --- growth within strata --------------------------------------------------------------------

TIME = np.array([0.5, 1.5, 2.5, 3.5, 4.5, 5.5])
N_TOTAL = np.array([[900.0, 900, 900, 100, 100, 100], [100, 100, 100, 900, 900, 900]])


def test_growth_within_strata_is_that_of_one_level_a_stratum():
    share = expit(logit(np.array([0.05, 0.4]))[:, None] + 0.2 * (TIME - 3))
    n_papers = np.round(N_TOTAL * share)
    fit = grow_within(Strata(n_papers[None], N_TOTAL), TIME, np.arange(6.0))

    def loss(p):
        mean = expit(p[:2, None] + p[2] * (TIME - 3))
        return -stats.binom.logpmf(n_papers, N_TOTAL, mean).sum()

    by_hand = optimize.minimize(loss, [-3.0, 0.0, 0.0], method="BFGS")
    assert fit.slope[0] == pytest.approx(by_hand.x[2], abs=0.01)
    pooled = estimate_growth(n_papers.sum(axis=0)[None], N_TOTAL.sum(axis=0), TIME, np.arange(6.0))
    assert pooled.slope[0] > 2 * fit.slope[0]
    # most of the information about time lay in the change of the collection
    x = np.vstack([np.repeat([[1, 0], [0, 1]], 6, axis=0).T, np.tile(TIME, 2)])
    weight = (N_TOTAL * share * (1 - share)).ravel()
    error = np.sqrt(np.linalg.inv(x * weight @ x.T)[2, 2])
    assert fit.standard_error[0] >= 0.95 * error


def test_mixture_of_one_stratum_is_nothing():
    n_papers = np.array([[[3.0, 9, 4, 7, 5, 6]]])
    mixture = mix(Strata(n_papers, N_TOTAL[:1]), TIME, np.array([0.3]))
    assert mixture.offset == pytest.approx(np.zeros((1, 6)), abs=1e-9)
    assert mixture.within == pytest.approx([1.0])


def test_strata_that_never_meet_in_time_tell_nothing():
    n_total = np.array([[500.0, 500, 500, 0, 0, 0], [0, 0, 0, 500, 500, 500]])
    n_papers = np.array([[[10.0, 10, 10, 0, 0, 0], [0, 0, 0, 60, 60, 60]]])
    assert grow_within(Strata(n_papers, n_total), TIME, np.arange(6.0)).p_value()[0] > 0.3


def test_false_discoveries_stay_at_their_rate_while_the_collection_jumps():
    rng = np.random.default_rng(0)
    time, shares = (np.arange(12) + 0.5) / 12 * 5, []
    for _ in range(60):
        n_total = np.full((3, 12), 300.0)
        n_total[0] *= np.where(np.arange(12) < 7, 1, 0.2)
        n_total[1] *= np.where(np.arange(12) < 7, 0.1, 2)
        base = np.minimum(np.exp(rng.uniform(np.log(0.01), np.log(0.3), (40, 3))), 0.8)
        slope = np.where(np.arange(40) < 6, 0.3, 0.0)
        mean = expit(logit(base)[:, :, None] + slope[:, None, None] * (time - 2.5))
        n_papers = rng.binomial(n_total.astype(int), mean).astype(float)
        growth = grow_within(Strata(n_papers, n_total), time, np.arange(12.0))
        found = adjust_p_values(growth.p_value()) <= 0.05
        shares.append((found & (slope == 0)).sum() / max(1, found.sum()))
    assert np.mean(shares) <= 0.05 + 2 * np.std(shares) / np.sqrt(60)


# --- turns and newcomers ---------------------------------------------------------------------


def shaped(shape: np.ndarray, n: int = 60) -> tuple:
    """Counts of a subject of this shape (B,) beside others that do not move."""
    rng = np.random.default_rng(4)
    n_total = np.full(len(shape), 600.0)
    flat = rng.binomial(600, np.full((n, len(shape)), 0.1))
    counts = np.vstack([np.round(600 * shape), flat]).astype(float)
    return counts, n_total, np.arange(len(shape)) + 0.5, np.arange(len(shape), dtype=float)


def test_what_fell_in_the_later_half_has_turned():
    up_and_down = np.concatenate([np.geomspace(0.002, 0.14, 14), np.geomspace(0.14, 0.06, 10)])
    given = shaped(up_and_down)
    growth = estimate_growth(*given)
    assert growth.slope[0] > 0
    early, recent = (grow_in(growth, *given, buckets=half) for half in halves(given[2]))
    assert has_turned(growth, recent)[0]
    assert has_turned(growth, recent)[1:].mean() <= 0.1
    assert has_bent(early, recent)[0]
    assert has_bent(early, recent)[1:].mean() <= 0.12
    straight = shaped(np.geomspace(0.01, 0.1, 24))
    growth = estimate_growth(*straight)
    early, recent = (grow_in(growth, *straight, buckets=half) for half in halves(straight[2]))
    assert not has_turned(growth, recent)[0]
    assert not has_bent(early, recent)[0]
    low, high = recent.interval()
    assert low[0] < growth.slope[0] < high[0]


def test_a_hump_over_its_whole_span_is_not_called_rising():
    rng = np.random.default_rng(0)
    rows, hump, up = [], [], []
    heights = np.concatenate([np.geomspace(0.004, 0.2, 14), np.geomspace(0.2, 0.07, 10)])
    for y, height in enumerate(heights):
        for i in range(300):
            paper = f"{y:02}-{i:03}"
            rows.append((paper, date(1990 + y, 1, 1), "year"))
            if rng.random() < height:
                hump.append(paper)
            if rng.random() < expit(-3 + 0.1 * y):
                up.append(paper)
    members, subjects = make_members(hump=hump, up=up), make_subjects("hump", "up")
    result = measure_trends(make_papers(rows), members, subjects, config=TrendConfig(bucket="year"))
    found = {r["subject"]: r for r in result.trends.iter_rows(named=True)}
    assert found["hump"]["verdict"] == "insufficient_evidence"
    assert found["hump"]["recent_growth_high"] < 1
    assert found["up"]["verdict"] == "rising"
    assert not found["up"]["has_turned"]


def test_what_came_and_went_is_not_steady():
    rng = np.random.default_rng(0)
    heights = np.concatenate([np.geomspace(0.01, 0.08, 12), np.geomspace(0.08, 0.01, 12)])
    rows, papers_of = [], {"hump": [], **{f"flat{k}": [] for k in range(8)}}
    for y, height in enumerate(heights):
        for i in range(2000):
            paper = f"{y:02}-{i:04}"
            rows.append((paper, date(1990 + y, 1, 1), "year"))
            for name, papers in papers_of.items():
                if rng.random() < (height if name == "hump" else 0.05):
                    papers.append(paper)
    members, subjects = make_members(**papers_of), make_subjects(*papers_of)
    result = measure_trends(make_papers(rows), members, subjects, config=TrendConfig(bucket="year"))
    verdicts = dict(result.trends.select("subject", "verdict").iter_rows())
    assert verdicts.pop("hump") == "insufficient_evidence"
    assert list(verdicts.values()).count("steady") >= 7


def test_later_half_has_at_least_half_the_buckets():
    assert [half.tolist() for half in halves(np.arange(5.0))] == [[0, 1], [2, 3, 4]]
    assert [half.tolist() for half in halves(np.array([0.0, 1, 2, 3, 20]))] == [[0, 1, 2], [3, 4]]


def test_newcomers_were_all_but_absent():
    late = shaped(np.where(np.arange(16) < 9, 0.0, 0.05))
    assert born_late(estimate_growth(*late), *late[:3])[0]
    growing = shaped(np.linspace(0.02, 0.08, 16))
    assert not born_late(estimate_growth(*growing), *growing[:3]).any()


# --- bursts and change points ----------------------------------------------------------------


def cheapest_path(n_papers: list, n_total: list) -> list[int]:
    """Kleinberg's states by trying every sequence."""
    from itertools import product

    usual = sum(n_papers) / sum(n_total)
    raised = min(2 * usual, (1 + usual) / 2)
    best, path = np.inf, None
    for states in product((0, 1), repeat=len(n_papers)):
        cost = -sum(
            stats.binom.logpmf(k, n, raised if s else usual)
            for k, n, s in zip(n_papers, n_total, states, strict=True)
        )
        cost += sum(
            np.log(len(n_papers)) for a, b in zip((0, *states), states, strict=False) if b > a
        )
        if cost < best - 1e-9:
            best, path = cost, states
    return list(path)


@pytest.mark.parametrize("seed", range(12))
def test_bursts_are_those_of_the_cheapest_states(seed):
    rng = np.random.default_rng(seed)
    share = np.where((np.arange(9) >= 4) & (np.arange(9) < 7), 0.2, 0.06)
    n_total = rng.integers(30, 120, 9)
    n_papers = rng.binomial(n_total, share)
    path = cheapest_path(n_papers.tolist(), n_total.tolist())
    found = find_kleinberg_bursts(n_papers[None].astype(float), n_total[None].astype(float))
    inside = [i for i, state in enumerate(path) if state]
    if inside:
        assert found.first[0] in inside
        assert found.last[0] in inside
        assert found.weight[0] > 0
    else:
        assert (found.first[0], found.last[0], found.weight[0]) == (-1, -1, 0.0)


def test_change_points_are_where_the_level_shifts():
    rng = np.random.default_rng(0)
    calm, many = rng.normal(size=(100, 30)), rng.normal(size=(1000, 30))
    shifted = calm + np.where(np.arange(30) >= 12, 2.5, 0.0)
    at = find_change_points(shifted)
    assert np.mean([min(abs(p - 12) for p in (points or [99])) <= 1 for points in at]) > 0.9
    assert np.mean([len(points) > 0 for points in find_change_points(many)]) <= 0.03
    assert find_change_points(calm[:2, :3]) == [[], []]


# --- widths ----------------------------------------------------------------------------------


def test_weeks_are_taken_only_where_months_are_too_few():
    short = make_papers([(f"p{i}", date(2025, 3 + i % 4, 1 + i % 28), "day") for i in range(4000)])
    assert choose_width(dated_papers(short)) == "week"
    coarse = make_papers([(f"p{i}", date(2025, 3 + i % 4, 1), "month") for i in range(4000)])
    assert choose_width(dated_papers(coarse)) == "month"
    scarce = make_papers([(f"p{i}", date(2025, 3 + i % 4, 1 + i % 28), "day") for i in range(90)])
    assert choose_width(dated_papers(scarce)) == "month"


@pytest.mark.parametrize("left_out", ["largest_source", "largest_category", "clustered_only"])
def test_a_growth_of_one_part_alone_is_sensitive_to_leaving_it_out(left_out):
    rng = np.random.default_rng(3)
    rows, members, clustered = [], [], []
    for m in range(24):
        for i in range(500):
            large = i < 300
            category = "large" if large and left_out == "largest_category" else f"c{i % 7}"
            file = "big.txt" if large and left_out == "largest_source" else f"{'abc'[i % 3]}.txt"
            paper = f"{m:02}-{i:03}"
            rows.append((paper, date(2019 + m // 12, m % 12 + 1, 1), "month", category, file))
            if not large or left_out != "clustered_only":
                clustered.append(paper)
            if rng.random() < expit(-1.5 + (0.08 if large else -0.04) * (m - 12)):
                members.append(paper)
    topics = pl.DataFrame({"kind": "topic", "subject": "0", "paper_id": clustered})
    frame = pl.concat([make_members(x=members), topics])
    subjects = pl.concat([make_subjects("x"), make_subjects("0", kind="topic")])
    result = measure_trends(make_papers(rows), frame, subjects, config=MONTHS)
    row = result.trends.filter(pl.col("kind") == "theme").row(0, named=True)
    assert row["sensitive_to"] == [left_out]
    assert (row["verdict"], row["robust"]) == ("rising", False)


# --- the span --------------------------------------------------------------------------------


def listing(n_old: int, per_month: int = 400) -> pl.DataFrame:
    """A spring's listings that name a few papers of earlier years."""
    rows = [(f"old{i}", date(2021, 1 + i, 3), "day") for i in range(n_old)]
    rows += [
        (f"p{m}-{i:03}", date(2025, 3 + m, 1 + i % 28), "day")
        for m in range(4)
        for i in range(per_month)
    ]
    return make_papers(rows)


def test_stragglers_from_before_the_collection_do_not_count_and_are_counted():
    papers = listing(5)
    assert first_dense_day(dated_papers(papers)) == date(2025, 3, 1)
    result = measure_trends(papers, make_members(x=["p0-000"]), make_subjects("x"), config=TrendConfig())  # fmt: skip
    assert (result.n_outside, result.bucket) == (5, "week")
    assert any(note.startswith("5 of 1605 papers lie outside the span from 2025-03-01") for note in result.notes)  # fmt: skip
    assert result.series["n_total"].sum() == 1600


def test_no_more_than_a_hundredth_are_stragglers():
    assert first_dense_day(dated_papers(listing(11, per_month=60))) == date(2021, 3, 1)
    assert first_dense_day(dated_papers(listing(0))) is None
    years = make_papers([(f"p{y}-{i}", date(y, 1, 1), "year") for y in range(2000, 2010) for i in range(2 ** (y - 2000))])  # fmt: skip
    assert first_dense_day(dated_papers(years)) == date(2003, 1, 1)
    assert first_dense_day(dated_papers(years).head(0)) is None


def test_since_and_until_cut_the_span():
    config = TrendConfig(since=date(2021, 1, 1), until=date(2025, 4, 30), bucket="month")
    papers = listing(5)
    result = measure_trends(papers, make_members(x=["old0"]), make_subjects("x"), config=config)
    assert (result.n_outside, result.span) == (800, (date(2021, 1, 3), date(2025, 4, 28)))
    nothing = TrendConfig(until=date(1999, 1, 1))
    result = measure_trends(papers, make_members(x=["old0"]), make_subjects("x"), config=nothing)
    assert result.notes == ("None of the 1605 dated papers lies between `since` and `until`.",)
    with pytest.raises(ValueError, match="since 2025-01-01 is after until 2024-01-01; swap them"):
        TrendConfig(since=date(2025, 1, 1), until=date(2024, 1, 1))


def test_fitted_shares_hold_as_many_papers_as_there_are():
    rng = np.random.default_rng(0)
    papers = make_papers([(f"{m:02}-{i:03}", date(2019 + m // 12, m % 12 + 1, 1), "month") for m in range(24) for i in range(200)])  # fmt: skip
    few = [f"{m:02}-000" for m in rng.choice(24, 8, replace=False)]
    flat = [f"{m:02}-{i:03}" for m in range(24) for i in range(1, 21)]
    result = measure_trends(papers, make_members(few=few, flat=flat), make_subjects("few", "flat"), config=MONTHS)  # fmt: skip
    row = result.trends.filter(pl.col("subject") == "few").row(0, named=True)
    share = expit(np.linspace(logit(row["first_share"]), logit(row["last_share"]), 24))
    assert 200 * share.sum() == pytest.approx(8, rel=0.03)


def test_over_a_long_span_slow_growth_is_not_steady():
    slope = np.log([1.05, 1.0])
    for n_years, verdicts in ((5.0, ["steady", "steady"]), (30.0, ["rising", "steady"])):
        growth = made_growth(list(slope), [0.004, 0.004])
        given = {"false_discovery_rate": 0.05, "steady_margin": 0.1}
        assert decide_verdicts(growth, n_years=n_years, **given)[0] == verdicts
