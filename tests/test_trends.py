"""The stage: papers and membership in, the tables out."""

import math
from collections import Counter
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from scipy.special import expit

from upwell.config import TrendConfig
from upwell.tables import TREND_SERIES, TRENDS
from upwell.trends import measure_trends
from upwell.trends.buckets import choose_width, dated_papers, make_calendar

AUTO = TrendConfig()
YEARS = TrendConfig(bucket="year")


def make_papers(rows: list[tuple]) -> pl.DataFrame:
    """Papers from (paper_id, published, date_precision[, category[, file]])."""
    full = [(*r, *("cs.LG", "a.txt")[len(r) - 3 :]) for r in rows]
    return pl.DataFrame(
        full,
        schema={
            "paper_id": pl.String,
            "published": pl.Date,
            "date_precision": pl.String,
            "categories": pl.String,
            "sources": pl.String,
        },
        orient="row",
    ).with_columns(pl.concat_list("categories"), pl.concat_list(pl.col("sources") + "#1"))


def make_members(**papers_of: list[str]) -> pl.DataFrame:
    """Members of themes, by name."""
    rows = [("theme", name, p) for name, papers in papers_of.items() for p in papers]
    return pl.DataFrame(rows, schema=["kind", "subject", "paper_id"], orient="row").cast(pl.String)


def make_subjects(*names: str, kind: str = "theme") -> pl.DataFrame:
    """Subjects whose display name is the name in capitals."""
    return pl.DataFrame(
        {"kind": [kind] * len(names), "subject": names, "name": [n.upper() for n in names]},
        schema=["kind", "subject", "name"],
    ).cast(pl.String)


SMALL = make_papers(
    [
        ("p1", date(2020, 3, 1), "day"),
        ("p2", date(2020, 7, 1), "month"),
        ("p3", date(2020, 1, 1), "year"),
        ("p4", date(2021, 2, 9), "day"),
        ("p5", date(2021, 11, 1), "day"),
        ("p6", date(2023, 5, 5), "day"),
        ("p7", None, "none"),
    ]
)


def test_series_counts_every_bucket_the_long_way_round():
    members = make_members(x=["p1", "p4", "p5", "p7"], y=["p3", "p6"])
    result = measure_trends(SMALL, members, make_subjects("x", "y", "z"), config=YEARS)
    year_of = {
        r["paper_id"]: r["published"].year
        for r in SMALL.iter_rows(named=True)
        if r["published"] is not None
    }
    total = Counter(year_of.values())
    expected = {}
    for name in "xyz":
        of_name = members.filter(subject=name)["paper_id"].to_list()
        n = Counter(year_of[p] for p in of_name if p in year_of)
        for year in range(2020, 2024):
            share = n[year] / total[year] if total[year] else None
            expected[name, date(year, 1, 1)] = (date(year + 1, 1, 1), n[year], total[year], share)
    got = {
        (r["subject"], r["bucket_start"]): (
            r["bucket_end"], r["n_papers"], r["n_total"], r["share"],
        )
        for r in result.series.iter_rows(named=True)
    }  # fmt: skip
    assert got == expected
    assert result.bucket == "year"
    assert (result.n_undated, result.n_too_coarse) == (1, 0)
    assert result.span == (date(2020, 1, 1), date(2023, 5, 5))
    assert result.trends["n_papers"].to_list() == [3, 2, 0]
    assert result.trends["name"].to_list() == ["X", "Y", "Z"]


def test_bucket_without_papers_has_no_share():
    result = measure_trends(SMALL, make_members(x=["p1"]), make_subjects("x"), config=YEARS)
    empty = result.series.filter(pl.col("bucket_start") == date(2022, 1, 1))
    assert empty.select("n_total", "share", "share_low", "share_high").row(0) == (0,) + (None,) * 3
    assert not empty["is_partial"][0]


def test_share_lies_in_its_interval():
    result = measure_trends(SMALL, make_members(x=["p1"]), make_subjects("x"), config=YEARS)
    known = result.series.drop_nulls("share")
    assert (known["share_low"] <= known["share"]).all()
    assert (known["share"] <= known["share_high"]).all()
    # Jeffreys for 1 of 3 papers: Beta(1.5, 2.5) has a fortieth of its area beyond either end
    first = known.row(0, named=True)
    x = (np.arange(1_000_000) + 0.5) / 1_000_000
    area = np.cumsum(np.sqrt(x) * (1 - x) ** 1.5)
    area /= area[-1]
    assert np.interp(first["share_low"], x, area) == pytest.approx(0.025, abs=1e-4)
    assert np.interp(first["share_high"], x, area) == pytest.approx(0.975, abs=1e-4)
    assert known.filter(n_papers=0)["share_low"].to_list() == [0.0, 0.0]


def test_dates_too_coarse_for_the_buckets_do_not_count():
    config = TrendConfig(bucket="month")
    result = measure_trends(SMALL, make_members(x=["p3"]), make_subjects("x"), config=config)
    assert result.n_too_coarse == 1
    assert result.trends["n_papers"].to_list() == [0]
    assert result.series["n_total"].sum() == 5
    assert "1 of 6 dated papers are dated too coarsely for buckets of a month" in " ".join(
        result.notes
    )
    assert "1 of 7 papers have no date" in result.notes[0]


def test_all_undated():
    papers = make_papers([("a", None, "none"), ("b", None, "none")])
    result = measure_trends(papers, make_members(x=["a"]), make_subjects("x", "y"), config=AUTO)
    assert result.notes == ("None of the 2 papers has a date, so no trend can be measured.",)
    assert result.series.is_empty()
    assert result.series.schema == TREND_SERIES.schema
    assert result.trends.schema == TRENDS.schema
    assert result.trends["verdict"].to_list() == ["insufficient_evidence"] * 2
    assert result.trends.select("growth", "p_value", "first_share").null_count().row(0) == (2, 2, 2)
    assert (result.bucket, result.span, result.n_undated) == (None, None, 2)


def test_no_papers_and_no_subjects():
    result = measure_trends(make_papers([]), make_members(), make_subjects(), config=AUTO)
    assert result.notes == ("There are no papers, so no trend can be measured.",)
    assert result.trends.is_empty()
    assert measure_trends(SMALL, make_members(), make_subjects(), config=YEARS).series.is_empty()


def test_every_date_too_coarse():
    papers = make_papers([("a", date(2020, 1, 1), "year"), ("b", None, "none")])
    config = TrendConfig(bucket="month")
    result = measure_trends(papers, make_members(x=["a"]), make_subjects("x"), config=config)
    assert result.bucket is None
    assert result.n_too_coarse == 1
    assert "None of the 1 dated papers is dated to the month or day" in result.notes[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"papers": SMALL.drop("published", "categories")},
            "papers: no column published, categories",
        ),
        ({"members": make_members(x=["p1"]).drop("kind")}, "members: no column kind"),
        ({"subjects": make_subjects("x").drop("name")}, "subjects: no column name"),
        ({"papers": pl.concat([SMALL, SMALL])}, r"papers: \('p1',\) is listed more than once"),
        ({"subjects": make_subjects("x", "x")}, "subjects: .* is listed more than once"),
        ({"members": make_members(x=["p9"])}, r"\('p9',\) and 0 others are not in papers"),
        ({"members": make_members(w=["p1"])}, r"\('theme', 'w'\) and 0 others are not in subjects"),
    ],
)
def test_errors_say_what_is_wrong(change, message):
    frames = {"papers": SMALL, "members": make_members(x=["p1"]), "subjects": make_subjects("x")}
    with pytest.raises(ValueError, match=message):
        measure_trends(**(frames | change), config=AUTO)


def test_outlier_topic_counts_in_the_total_only():
    members = pl.DataFrame(
        {"kind": ["topic"] * 3, "subject": ["-1", "-1", "0"], "paper_id": ["p1", "p4", "p5"]}
    )
    subjects = make_subjects("0", kind="topic")
    result = measure_trends(SMALL, members, subjects, config=YEARS)
    assert result.trends["subject"].to_list() == ["0"]
    assert result.series["n_total"].sum() == 6


def days(start: date, n: int, step: float = 1) -> list[date]:
    """Dates at equal steps."""
    return [start + timedelta(days=int(i * step)) for i in range(n)]


def dated(when: list[date], precision: str = "day") -> pl.DataFrame:
    """Papers at these dates."""
    return dated_papers(make_papers([(f"q{i:05}", d, precision) for i, d in enumerate(when)]))


def test_width_is_the_finest_with_papers_enough():
    assert choose_width(dated(days(date(2018, 1, 1), 1500, 1))) == "month"  # 30 a month
    assert choose_width(dated(days(date(2018, 1, 1), 700, 2))) == "quarter"  # 45 a quarter
    assert choose_width(dated(days(date(2010, 1, 1), 500, 9))) == "year"  # 40 a year
    # three years, 8 papers a quarter: too few for any, and years would be 3 buckets
    assert choose_width(dated(days(date(2018, 1, 1), 100, 11))) == "quarter"
    # 3 months: nothing has 8 buckets
    assert choose_width(dated(days(date(2018, 1, 1), 90, 1))) == "month"


def test_width_is_a_year_when_many_dates_are_years():
    fine = dated(days(date(2018, 1, 1), 1500, 1))
    by_year = [date(2018 + i % 4, 1, 1) for i in range(300)]
    coarse = dated_papers(make_papers([(f"y{i}", d, "year") for i, d in enumerate(by_year)]))
    assert choose_width(pl.concat([fine, coarse])) == "year"
    assert choose_width(pl.concat([fine, coarse.head(50)])) == "month"


def test_incomplete_ends_are_flagged_and_timed_by_their_covered_part():
    calendar = make_calendar(dated(days(date(2020, 7, 1), 600, 2)), "year")
    assert calendar is not None
    assert calendar.span == (date(2020, 7, 1), date(2023, 10, 12))
    assert calendar.buckets["is_partial"].to_list() == [True, False, False, True]
    first, last = date(2020, 7, 1), date(2023, 10, 13)
    middles = [
        ((date(2021, 1, 1) - first) / 2).days,
        (date(2021, 1, 1) - first).days + 182.5,
        (date(2022, 1, 1) - first).days + 182.5,
        ((date(2023, 1, 1) - first).days + (last - first).days) / 2,
    ]
    assert calendar.time == pytest.approx([m / 365.25 for m in middles])


@pytest.mark.parametrize(
    ("last", "precision", "expected_last", "partial"),
    [
        (date(2023, 12, 29), "day", date(2023, 12, 29), False),  # a weekend without papers
        (date(2023, 11, 1), "day", date(2023, 11, 1), True),
        (date(2023, 11, 1), "month", date(2023, 11, 30), True),
        (date(2023, 12, 1), "month", date(2023, 12, 31), False),
        (date(2023, 1, 1), "year", date(2023, 12, 31), False),
    ],
)
def test_end_of_the_collection(last, precision, expected_last, partial):
    rows = [(f"q{i}", d, "day") for i, d in enumerate(days(date(2021, 1, 1), 730, 1))]
    more = [(f"r{i}", last, precision) for i in range(200)]
    calendar = make_calendar(dated_papers(make_papers(rows + more)), "year")
    assert calendar is not None
    assert calendar.span[1] == expected_last
    assert calendar.buckets["is_partial"].to_list() == [False, False, partial]


def test_a_finer_date_tells_where_a_year_ends():
    rows = [(f"q{i}", d, "day") for i, d in enumerate(days(date(2021, 1, 1), 900, 1))]
    calendar = make_calendar(
        dated_papers(make_papers([*rows, ("y", date(2023, 1, 1), "year")])), "year"
    )
    assert calendar is not None
    assert calendar.span[1] == date(2023, 6, 19)
    assert calendar.buckets["is_partial"][-1]


def corpus(
    lines: dict[str, tuple[float, float]],
    *,
    n_months: int = 60,
    per_month: int = 200,
    seed: int = 0,
    kind: str = "theme",
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Papers spread over months, in subjects by (logit share in the middle, slope a year)."""
    rng = np.random.default_rng(seed)
    start = date(2019, 1, 1)
    rows, members = [], []
    for m in range(n_months):
        year, month = start.year + m // 12, m % 12 + 1
        for i in range(per_month):
            paper = f"{m:03}-{i:05}"
            when = date(year, month, 1 + i % 28)
            rows.append((paper, when, "day", f"c{rng.integers(3)}", f"f{rng.integers(3)}.txt"))
            for name, (level, slope) in lines.items():
                if rng.random() < expit(level + slope * (m + 0.5 - n_months / 2) / 12):
                    members.append((kind, name, paper))
    frame = pl.DataFrame(members, schema=["kind", "subject", "paper_id"], orient="row")
    return make_papers(rows), frame, make_subjects(*lines, kind=kind)


LINES = {"up": (-2.0, 0.4), "down": (-1.5, -0.4), "flat": (0.0, 0.0), "rare": (-7.5, 0.0)}


def test_verdicts_and_growth_of_a_known_corpus():
    papers, members, subjects = corpus(LINES)
    result = measure_trends(papers, members, subjects, config=AUTO)
    assert result.bucket == "month"
    rows = {r["subject"]: r for r in result.trends.iter_rows(named=True)}
    assert {n: r["verdict"] for n, r in rows.items()} == {
        "up": "rising",
        "down": "falling",
        "flat": "steady",
        "rare": "insufficient_evidence",
    }
    for name, (level, slope) in list(LINES.items())[:3]:
        row = rows[name]
        assert row["growth_low"] <= math.exp(slope) <= row["growth_high"]
        assert row["growth"] == pytest.approx(math.exp(slope), rel=0.08)
        assert row["first_share"] == pytest.approx(expit(level - 2.5 * slope), abs=0.02)
        assert row["last_share"] == pytest.approx(expit(level + 2.5 * slope), abs=0.02)
    assert rows["up"]["robust"]
    assert rows["down"]["robust"]
    assert not any(r["is_burst"] for r in rows.values())


def test_growth_barely_depends_on_the_width():
    papers, members, subjects = corpus(LINES, n_months=96)
    slopes = []
    for width in ("month", "quarter", "year"):
        result = measure_trends(papers, members, subjects, config=TrendConfig(bucket=width))
        common = result.trends.filter(pl.col("subject") != "rare")
        slopes.append(np.log(common["growth"].to_numpy()))
    assert slopes[1] == pytest.approx(slopes[0], abs=0.005)
    assert slopes[2] == pytest.approx(slopes[0], abs=0.02)


def test_order_of_the_input_does_not_matter():
    papers, members, subjects = corpus(LINES, n_months=24, per_month=40)
    one = measure_trends(papers, members, subjects, config=AUTO)
    other = measure_trends(
        papers.sample(fraction=1, shuffle=True, seed=1),
        pl.concat([members, members]).sample(fraction=1, shuffle=True, seed=2),
        subjects.reverse(),
        config=AUTO,
    )
    assert one.trends.equals(other.trends)
    assert one.series.equals(other.series)
    assert one.notes == other.notes


def test_half_a_last_month_is_no_fall():
    papers, members, subjects = corpus({"flat": (0.0, 0.0)}, n_months=24)
    cut = papers.filter(pl.col("published") <= date(2020, 12, 6))
    result = measure_trends(
        cut, members.join(cut, on="paper_id", how="semi"), subjects, config=AUTO
    )
    last = result.series.row(-1, named=True)
    assert last["is_partial"]
    assert last["n_total"] < 60
    assert last["share"] == pytest.approx(0.5, abs=0.15)
    assert result.trends["verdict"][0] != "falling"
    assert "The last month is covered only until 2020-12-06" in " ".join(result.notes)


def test_subjects_without_papers_or_with_all_have_no_estimate():
    papers, members, subjects = corpus({"x": (0.0, 0.5)}, n_months=24, per_month=30)
    everything = papers.select(
        kind=pl.lit("theme"), subject=pl.lit("everything"), paper_id="paper_id"
    )
    result = measure_trends(
        papers,
        pl.concat([members, everything]),
        pl.concat([subjects, make_subjects("nothing", "everything")]),
        config=AUTO,
    )
    rows = {r["subject"]: r for r in result.trends.iter_rows(named=True)}
    for name in ("nothing", "everything"):
        assert rows[name]["verdict"] == "insufficient_evidence"
        assert rows[name]["growth"] is None
        assert not rows[name]["robust"]
    assert rows["x"]["growth"] is not None
    assert "2 of 3 subjects are not tested" in " ".join(result.notes)
    shares = result.series.filter(subject="everything")
    assert (shares["share_high"] == 1).all()


def test_four_buckets_tell_nothing():
    papers, members, subjects = corpus({"x": (0.0, 3.0)}, n_months=4)
    result = measure_trends(papers, members, subjects, config=TrendConfig(bucket="month"))
    assert result.trends.select("verdict", "growth", "p_value").row(0) == (
        "insufficient_evidence", None, None,
    )  # fmt: skip
    assert "Papers fall in only 4 buckets of a month; a verdict needs 5." in result.notes
    assert len(result.series) == 4


def test_papers_all_in_one_bucket_have_a_finite_growth():
    papers, _, _ = corpus({}, n_months=12, per_month=50)
    last = papers.filter(pl.col("published") >= date(2019, 12, 1))["paper_id"].to_list()
    result = measure_trends(papers, make_members(x=last), make_subjects("x"), config=AUTO)
    row = result.trends.row(0, named=True)
    assert row["growth"] > 2
    assert all(math.isfinite(row[c]) for c in ("growth", "growth_low", "growth_high", "p_value"))


def test_random_small_corpora_give_whole_tables():
    for seed in range(40):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(1, 60))
        span = int(rng.choice([5, 200, 4000]))
        rows = []
        for i in range(n):
            precision = str(rng.choice(["day", "month", "year", "none"], p=[0.6, 0.2, 0.1, 0.1]))
            day = date(2010, 1, 1) + timedelta(days=int(rng.integers(span)))
            day = day.replace(day=1) if precision != "day" else day
            day = day.replace(month=1) if precision == "year" else day
            rows.append((f"p{i}", None if precision == "none" else day, precision))
        names = [f"s{k}" for k in range(int(rng.integers(1, 6)))]
        papers_of = {
            s: [r[0] for r in rows if rng.random() < rng.choice([0.02, 0.5, 0.99])] for s in names
        }
        width = str(rng.choice(["auto", "month", "quarter", "year"]))
        result = measure_trends(
            make_papers(rows),
            make_members(**papers_of),
            make_subjects(*names),
            config=TrendConfig(bucket=width),
        )
        for table in (result.trends, result.series):
            numbers = table.select(pl.selectors.float()).fill_null(0.0)
            assert numbers.select(pl.all_horizontal(pl.all().is_finite()).all()).item()
        assert result.trends["subject"].to_list() == sorted(names)
        assert result.series["n_papers"].sum() == result.trends["n_papers"].sum()


@pytest.mark.parametrize("against", [False, True])
def test_growth_of_the_largest_category_alone_is_not_robust(against):
    rng = np.random.default_rng(0)
    rows, members = [], []
    for m in range(24):
        for i in range(500):
            large = i < 300
            paper, when = f"{m:02}-{i:03}", date(2019 + m // 12, m % 12 + 1, 1 + i % 28)
            rows.append((paper, when, "day", "large" if large else "small"))
            slope = 0.08 if large or not against else -0.04
            if rng.random() < expit(-1.5 + slope * (m - 12)):
                members.append(paper)
    result = measure_trends(
        make_papers(rows), make_members(x=members), make_subjects("x"), config=AUTO
    )
    assert result.trends.select("verdict", "robust").row(0) == ("rising", not against)


def test_falling_only_because_another_topic_grows_is_not_robust():
    rng = np.random.default_rng(0)
    rows, members = [], []
    for m in range(36):
        boom = expit(-3 + 0.15 * m)
        for i in range(400):
            paper = f"{m:02}-{i:03}"
            rows.append((paper, date(2019 + m // 12, m % 12 + 1, 1 + i % 28), "day"))
            topic = "0" if rng.random() < boom else str(1 + i % 12)
            if topic == "12" and rng.random() < 0.02 * m:
                continue
            members.append(("topic", topic, paper))
    frame = pl.DataFrame(members, schema=["kind", "subject", "paper_id"], orient="row")
    subjects = make_subjects(*map(str, range(13)), kind="topic")
    result = measure_trends(make_papers(rows), frame, subjects, config=AUTO)
    rows_of = {r["subject"]: r for r in result.trends.iter_rows(named=True)}
    assert rows_of["0"]["verdict"] == "rising"
    assert rows_of["0"]["robust"]
    assert rows_of["12"]["verdict"] == "falling"
    assert rows_of["12"]["robust"]
    displaced = [rows_of[str(k)] for k in range(1, 12)]
    assert all(r["verdict"] == "falling" for r in displaced)
    assert sum(not r["robust"] for r in displaced) >= 4


def test_burst_in_the_last_complete_month():
    papers, members, subjects = corpus(
        {"calm": (-1.5, 0.0), "burst": (-2.5, 0.0)}, n_months=24, per_month=150
    )
    november = papers.filter(pl.col("published").is_between(date(2020, 11, 1), date(2020, 11, 30)))
    extra = november.head(60).select(
        kind=pl.lit("theme"), subject=pl.lit("burst"), paper_id="paper_id"
    )
    cut = papers.filter(pl.col("published") <= date(2020, 12, 10))
    members = pl.concat([members, extra]).join(cut, on="paper_id", how="semi")
    result = measure_trends(cut, members, subjects, config=AUTO)
    assert dict(result.trends.select("subject", "is_burst").iter_rows()) == {
        "burst": True,
        "calm": False,
    }
