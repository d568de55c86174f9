"""Figures: what they say, that nothing is clipped or misled, and the same bytes every time."""

import io
import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import pairwise

import made_up
import matplotlib as mpl
import numpy as np
import polars as pl
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.text import Text
from PIL import Image

from upwell import tables
from upwell.figures import draw_all, render, rising, theme_shares, topic_map, topics_over_time
from upwell.figures.labels import Label, place
from upwell.figures.style import (
    INK,
    MUTED,
    VERDICT_COLOURS,
    VERDICT_MARKERS,
    VERDICT_SIGNS,
    drawable,
    drawing,
    shorten,
    text_width,
    wrap,
)
from upwell.figures.timeline import Timeline
from upwell.wording import headline

NASTY = (
    "$\\frac{1}{x}$ of 100% & <script>alert(1)</script> _a_ \\n",
    "标签噪声 and 蒸馏 🙂\x00\x1b[31m",
    "a very long name that goes on and on, about everything there is, and then a little more of it",
    "Pneumonoultramicroscopicsilicovolcanoconiosis" * 4,
    "two\nlines\tand   gaps",
)


@pytest.fixture(scope="module")
def run():
    return made_up.run_tables()


@pytest.fixture(scope="module")
def figures(run):
    return all_figures(run)


@pytest.fixture(scope="module")
def small():
    themes = {name: made_up.THEMES[name] for name in ("distillation", "label noise")}
    return made_up.run_tables(themes, made_up.TOPICS[:2], n_papers=200)


def all_figures(frames):
    trends, series = frames[tables.TRENDS], frames[tables.TREND_SERIES]
    return {
        "rising": rising(trends),
        "theme_shares": theme_shares(series, trends),
        "topics_over_time": topics_over_time(series, frames[tables.TOPICS], trends),
        "topic_map": topic_map(frames[tables.PAPERS], frames[tables.TOPICS]),
    }


def texts(figure):
    """Everything that is written on a figure, lines joined, with plain spaces."""
    found = [t.get_text() for t in figure.findobj(Text) if t.get_visible() and t.get_text()]
    return [t.replace("\n", " ").replace("\xa0", " ") for t in found]


def boxes(figure):
    """Where each text stands, in pixels."""
    canvas = FigureCanvasAgg(figure)
    with drawing():
        canvas.draw()
        renderer = canvas.get_renderer()
        written = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text().strip()]
        # an annotation's own extent would take in its arrow
        return [(t.get_text(), Text.get_window_extent(t, renderer)) for t in written]


def assert_readable(figure):
    """No text leaves the figure, none lies over another, none is smaller than 7.5 points."""
    found = boxes(figure)
    names = [text for text, _ in found]
    corners = np.array([box.extents for _, box in found])
    outside = (corners[:, :2] < -1).any(axis=1) | (corners[:, 2:] > figure.bbox.max + 1).any(axis=1)
    assert [name for name, out in zip(names, outside, strict=True) if out] == []
    low = np.maximum(corners[:, None, :2], corners[None, :, :2])
    width, height = np.moveaxis(np.minimum(corners[:, None, 2:], corners[None, :, 2:]) - low, 2, 0)
    # boxes hold room for ascenders and descenders that most words do not use
    over = np.triu((width > 1) & (height > 4), k=1)
    assert [(names[i], names[j]) for i, j in np.argwhere(over)] == []
    assert min(t.get_fontsize() for t in figure.findobj(Text)) >= 7.5


def test_all_figures_are_readable(figures):
    for figure in figures.values():
        assert_readable(figure)


@pytest.mark.parametrize("n_subjects", [0, 1, 40])
def test_any_number_of_subjects(n_subjects):
    shapes = list(made_up.THEMES.values())
    themes = {f"theme number {i}": shapes[i % 5] for i in range(n_subjects)}
    topics = tuple(f"topic number {i} of some length" for i in range(n_subjects))
    for name, figure in all_figures(made_up.run_tables(themes, topics, n_papers=400)).items():
        assert isinstance(figure, Figure), name
        assert_readable(figure)


def test_no_rows_at_all_say_so():
    frames = {
        t: t.empty() for t in (tables.PAPERS, tables.TOPICS, tables.TRENDS, tables.TREND_SERIES)
    }
    figures = all_figures(frames)
    assert any("No theme or topic was measured" in t for t in texts(figures["rising"]))
    assert "There is no theme to draw." in texts(figures["theme_shares"])
    assert "There is no topic to draw." in texts(figures["topics_over_time"])
    assert "There are no papers to draw." in texts(figures["topic_map"])
    assert all(value.startswith((b"\x89PNG", b"<?xml")) for value in draw_all(frames).values())


def test_no_dated_papers_say_so(run):
    trends = run[tables.TRENDS]
    none = run[tables.TREND_SERIES].with_columns(
        n_papers=pl.lit(0, pl.Int32), n_total=pl.lit(0, pl.Int32), share=pl.lit(None, pl.Float64)
    )
    for series in (tables.TREND_SERIES.empty(), none):
        said = texts(theme_shares(series, trends))
        assert "No paper has a date that places it in a bucket." in said


def test_names_are_drawn_as_they_are(run):
    themes = dict(zip(NASTY, made_up.THEMES.values(), strict=True))
    frames = made_up.run_tables(themes, NASTY, n_papers=300)
    for figure in all_figures(frames).values():
        assert_readable(figure)
        assert not any(t.get_parse_math() for t in figure.findobj(Text) if "$" in t.get_text())
    assert b"<script" not in render(figure, "svg")
    written = " ".join(texts(rising(frames[tables.TRENDS])))
    assert "100% & <script>" in written
    assert "□□□□ and □□" in written
    assert "two lines and gaps" in written


def test_rising_is_sorted_by_the_lower_end_themes_first(run, figures):
    trends = run[tables.TRENDS]
    written = texts(figures["rising"])
    for kind in ("theme", "topic"):
        rows = trends.filter(pl.col("kind") == kind).drop_nulls("growth_low")
        names = rows.sort("growth_low", descending=True)["name"].to_list()
        places = [next(i for i, t in enumerate(written) if t.startswith(n)) for n in names]
        assert places == sorted(places)
        heading = {"theme": "Themes (the watch list)", "topic": "Topics (found in the papers)"}[
            kind
        ]
        assert written.index(heading) < places[0]


def test_rising_gives_numbers_caveats_and_what_it_leaves_out(run, figures):
    written = " ".join(texts(figures["rising"]))
    assert "+48 % (+14 % to +93 %)" in written
    assert "distillation‡" in written
    assert "local and global attention†" in written
    assert "Too few papers to estimate (papers): federated unlearning (5)." in written
    assert headline(run[tables.TRENDS]).replace("\xa0", " ") in written


def test_rising_shows_verdicts_before_others_and_counts_the_rest():
    topics = tuple(f"topic {i}" for i in range(40))
    trends, _ = made_up.trend_tables(made_up.THEMES, topics)
    trends = trends.filter(pl.col("growth").is_not_null())
    written = texts(rising(trends))
    assert sum(t.startswith("topic ") for t in written) + 4 == 25
    assert {"topic 0", "topic 8"} <= set(written)  # the one that rises, the one that falls
    n_out = trends.height - 25
    assert any(f"Not shown: {n_out} more subjects ({n_out} insufficient" in t for t in written)


def test_rising_clips_an_interval_with_an_arrow_and_keeps_its_numbers(run):
    trends = run[tables.TRENDS].with_columns(
        growth_high=pl.when(pl.col("name") == "label noise").then(1e6).otherwise("growth_high"),
        growth_low=pl.when(pl.col("name") == "label noise").then(1e-6).otherwise("growth_low"),
    )
    figure = rising(trends)
    markers = [line.get_marker() for line in figure.axes[0].lines]
    assert markers.count(">") == markers.count("<") == 1
    assert any("(< −99 % to > ×1,000)" in t for t in texts(figure))
    low, high = figure.axes[0].get_xlim()
    assert high == -low <= math.log(16)
    points = np.concatenate([line.get_xdata() for line in figure.axes[0].lines])
    assert points.min() >= low
    assert points.max() <= high


def test_rising_keeps_themes_and_explains_rings_that_clear_no_change():
    topics = tuple(f"topic {i}" for i in range(60))
    trends, _ = made_up.trend_tables(made_up.THEMES, topics)
    trends = trends.with_columns(
        verdict=pl.when(pl.col("kind") == "topic").then(pl.lit("rising")).otherwise("verdict"),
        growth_low=pl.when(pl.col("name") == "label noise").then(1.01).otherwise("growth_low"),
    )
    written = texts(rising(trends))
    assert "label noise" in written
    assert any("A ring whose bar clears “no change”" in t for t in written)
    assert sum(t.startswith("topic ") for t in written) == 21


def test_rising_without_any_estimate_refuses():
    trends = made_up.trend_tables(
        {"federated unlearning": (0.0005, 1.1, "insufficient_evidence")}, ()
    )[0]
    written = texts(rising(trends))
    assert written[0].startswith("No theme can be called rising")
    assert "federated unlearning" in written[1]


def test_the_longest_headline_is_not_cut():
    name = "m" * 39 + " "
    shapes = [(0.1, 1.5, "rising"), (0.1, 0.6, "falling"), (0.1, 1.0, "steady")]
    unknown = (0.1, 1.0, "insufficient_evidence")
    themes = {f"{name}{i}": [*shapes, unknown][i % 4] for i in range(200)}
    trends, series = made_up.trend_tables(themes, ())
    for figure in (rising(trends), theme_shares(series, trends)):
        assert "for 50 the evidence is not enough." in " ".join(texts(figure))


def test_marks_tell_verdicts_without_colour():
    assert len(set(VERDICT_MARKERS.values())) == len(set(VERDICT_SIGNS.values())) == 4
    assert (
        set(VERDICT_MARKERS) == set(VERDICT_SIGNS) == set(VERDICT_COLOURS) == set(tables.VERDICTS)
    )


def luminance(colour):
    """Relative luminance, WCAG 2."""
    rgb = np.array(mpl.colors.to_rgb(colour))
    linear = np.where(rgb <= 0.03928, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("colour", [INK, MUTED, *VERDICT_COLOURS.values()])
def test_text_has_contrast_on_white(colour):
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5


def share_axes(figure):
    """The axes with shares: those with points."""
    return [ax for ax in figure.axes if any(line.get_marker() == "o" for line in ax.lines)]


def test_shares_have_points_intervals_and_a_hollow_incomplete_bucket(run, figures):
    series = run[tables.TREND_SERIES]
    figure = figures["theme_shares"]
    ax = share_axes(figure)[0]
    rows = series.filter(pl.col("subject") == "distillation").sort("bucket_start")
    known = rows.drop_nulls("share")
    full, hollow = (line for line in ax.lines if line.get_marker() == "o")
    np.testing.assert_allclose(full.get_ydata(), known.filter(~pl.col("is_partial"))["share"])
    np.testing.assert_allclose(hollow.get_ydata(), known.filter("is_partial")["share"])
    assert hollow.get_markerfacecolor() == "white"
    (intervals,) = (c for c in ax.collections if isinstance(c, LineCollection))
    ends = np.array([segment[:, 1] for segment in intervals.get_segments()])
    np.testing.assert_allclose(ends, known.select("share_low", "share_high").to_numpy())
    assert sum(patch.get_hatch() == "////" for patch in ax.patches) == 1
    assert "incomplete" in texts(figure)
    assert {"6", "7", "8", "12", "17", "19", "23", "0"} <= set(texts(figure))  # papers per bucket


def test_the_interval_of_a_tiny_bucket_does_not_flatten_the_others(run):
    tiny = pl.col("bucket_start") == made_up.buckets()[0][0]
    series = run[tables.TREND_SERIES].with_columns(
        n_total=pl.when(tiny).then(2).otherwise("n_total").cast(pl.Int32),
        share_high=pl.when(tiny).then(0.97).otherwise("share_high"),
    )
    figure = theme_shares(series, run[tables.TRENDS])
    ax = share_axes(figure)[0]
    assert ax.get_ylim()[1] < 0.2
    (arrow,) = (line for line in ax.lines if line.get_marker() == "^")
    assert list(arrow.get_ydata()) == [ax.get_ylim()[1]]
    assert "interval beyond axis" in texts(figure)
    assert_readable(figure)


def test_a_gap_has_neither_point_nor_line_and_is_marked(figures):
    figure = figures["theme_shares"]
    gap = made_up.buckets()[3][0].toordinal()
    for ax in share_axes(figure):
        assert not any(
            gap <= x < gap + 90
            for line in ax.lines
            if line.get_marker() == "o"
            for x in line.get_xdata()
        )
        assert any(isinstance(p, Patch) and p.get_hatch() is None for p in ax.patches)
    assert "no papers" in texts(figure)


def test_a_trend_is_drawn_only_with_a_verdict(run, figures):
    figure = figures["theme_shares"]
    told = [any(line.get_linestyle() == "-" for line in ax.lines) for ax in share_axes(figure)]
    # distillation rises, attention falls, benchmarks are steady, the other two are open
    assert told == [True, True, True, False, False]
    curve = next(line for line in share_axes(figure)[0].lines if line.get_linestyle() == "-")
    row = run[tables.TRENDS].row(by_predicate=pl.col("name") == "distillation", named=True)
    assert curve.get_ydata()[0] == pytest.approx(row["first_share"])
    assert curve.get_ydata()[-1] == pytest.approx(row["last_share"])
    logits = np.log(curve.get_ydata() / (1 - curve.get_ydata()))
    np.testing.assert_allclose(np.diff(logits, 2), 0, atol=1e-9)


def test_every_share_axis_starts_at_zero(figures):
    for name in ("theme_shares", "topics_over_time"):
        assert {ax.get_ylim()[0] for ax in figures[name].axes} == {0}


def test_panels_say_the_verdict_in_words(figures):
    written = texts(figures["theme_shares"])
    assert "▲ rising: +48 % a year (+14 % to +93 %), 107 papers" in written
    assert "▼ falling (with caution): −28 % a year (−42 % to −10 %), 152 papers" in written
    assert "○ insufficient evidence: +2 % a year (−29 % to +46 %), 58 papers" in written
    assert "○ insufficient evidence: too few to estimate, 5 papers" in written


def test_topics_with_a_verdict_come_first_then_the_largest(run, figures):
    figure = figures["topics_over_time"]
    written = texts(figure)
    topics = run[tables.TRENDS].filter(pl.col("kind") == "topic").sort("n_papers", descending=True)
    told = ["large language model reasoning", "neural architecture search"]
    names = told + [n for n in topics["name"] if n not in told]
    shown = [written.index(n) for n in names if n in written]
    assert shown == sorted(shown)
    assert len(shown) == 11
    assert any("Not drawn: 3 more topics" in t for t in written)
    assert any("of 14 topics, 1 is rising" in t for t in written)  # also those not drawn


def test_months_are_labelled_at_the_same_place_of_each_year():
    starts = [date(2022 + i // 12, i % 12 + 1, 1) for i in range(22)]
    rows = [
        {"bucket_start": a, "bucket_end": b, "n_total": 9, "is_partial": False}
        for a, b in pairwise(starts)
    ]
    timeline = Timeline.of(pl.DataFrame(rows))
    ax = Figure().add_subplot()
    timeline.ticks(ax, 3.4)
    labels = [t.get_text() for t in ax.get_xticklabels()]
    assert labels == ["Jan 2022", "Jul 2022", "Jan 2023", "Jul 2023"]


@pytest.mark.parametrize(
    ("n_buckets", "first", "bucket", "labels"),
    [
        (3, 2024, "quarter", ["2024 Q1", "2024 Q2", "2024 Q3"]),
        (13, 2020, "quarter", ["2020", "2021", "2022", "2023"]),
    ],
)
def test_time_axis_has_labels_that_fit(n_buckets, first, bucket, labels):
    starts = made_up.buckets(n_buckets, first)
    rows = [
        {"bucket_start": a, "bucket_end": b, "n_total": 9, "is_partial": False} for a, b in starts
    ]
    timeline = Timeline.of(pl.DataFrame(rows))
    assert timeline.bucket == bucket
    ax = Figure().add_subplot()
    timeline.ticks(ax, 4.0)
    assert [t.get_text() for t in ax.get_xticklabels()] == labels
    timeline.ticks(ax, 0.5)
    assert len(ax.get_xticklabels()) == 1


def test_the_map_draws_every_paper_and_names_the_topics(run, figures):
    papers, topics = run[tables.PAPERS], run[tables.TOPICS]
    figure = figures["topic_map"]
    assert sum(len(c.get_offsets()) for c in figure.axes[0].collections) == papers.height
    written = texts(figure)
    n_outliers = papers.filter(pl.col("topic_id") == -1).height
    assert any(f"Grey: {n_outliers:,}" in t for t in written)
    for label, n_papers in topics.select("label", "n_papers").iter_rows():
        assert f"{label} ({n_papers})" in written


def test_near_topics_do_not_share_a_colour(figures):
    ax = figures["topic_map"].axes[0]
    inside = ax.collections[1]
    places, colours = inside.get_offsets(), inside.get_facecolors()
    anchors = [np.array([line.get_xdata()[0], line.get_ydata()[0]]) for line in ax.lines]
    shade = [tuple(colours[np.hypot(*(places - a).T).argmin()]) for a in anchors]
    same = [
        math.dist(anchors[i], anchors[j])
        for i in range(len(anchors))
        for j in range(i)
        if shade[i] == shade[j]
    ]
    assert min(same) > 1.0  # inches


def test_labels_touch_neither_each_other_nor_the_edge():
    rng = np.random.default_rng(3)
    anchors = rng.uniform(0.2, 5.8, size=(25, 2))
    labels = [Label.of(f"some topic {i}", 10 * i, tuple(a), 1.5) for i, a in enumerate(anchors)]
    places = place(labels, rng.uniform(0, 6, size=(500, 2)), (8.0, 6.0))
    found = [
        (x - label.width / 2, y - label.height / 2, x + label.width / 2, y + label.height / 2)
        for label, centre in zip(labels, places, strict=True)
        if centre is not None
        for x, y in [centre]
    ]
    assert len(found) == 25
    for i, a in enumerate(found):
        assert a[0] >= 0
        assert a[1] >= 0
        assert a[2] <= 8
        assert a[3] <= 6
        for b in found[:i]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_labels_without_room_are_left_out_the_last_first():
    labels = [Label.of("a label of some width", 5, (0.8, 0.3), 1.6) for _ in range(4)]
    places = place(labels, np.empty((0, 2)), (1.75, 0.8))
    assert places[0] is not None
    assert places[3] is None
    assert place([], np.empty((0, 2)), (1.0, 1.0)) == []


def test_a_thousand_topics_are_counted_not_crammed():
    labels = tuple(f"topic {i}" for i in range(200))
    papers, topics = made_up.paper_tables(labels, n_papers=1500)
    written = texts(topic_map(papers, topics))
    n_named = sum(t.startswith("topic ") for t in written)
    assert 0 < n_named <= 30
    (note,) = (t for t in written if "without a label" in t)
    assert f"{topics.filter(pl.col('n_papers') > 0).height - n_named} further topics" in note


def test_same_input_same_bytes_in_any_order_and_any_settings(small):
    first = draw_all(small)
    shuffled = {t: frame.sample(fraction=1, shuffle=True, seed=5) for t, frame in small.items()}
    calls = []
    with mpl.rc_context({"font.size": 23, "axes.grid": True, "svg.fonttype": "none"}):
        again = draw_all(shuffled, progress=lambda done, total: calls.append((done, total)))
    assert {name: first[name] == again[name] for name in first} == dict.fromkeys(first, True)
    assert calls == [(i + 1, 8) for i in range(8)]
    assert sorted(first) == sorted(
        f"{n}.{f}"
        for n in ("rising", "theme_shares", "topics_over_time", "topic_map")
        for f in ("png", "svg")
    )


def test_threads_draw_the_same(small):
    want = render(rising(small[tables.TRENDS]), "png")
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: render(rising(small[tables.TRENDS]), "png"), range(4)))
    assert found == [want] * 4


def test_settings_are_left_as_they_were(small):
    before = dict(mpl.rcParams)
    for figure in all_figures(small).values():
        render(figure, "svg")
    assert dict(mpl.rcParams) == before


def test_pyplot_is_never_imported():
    code = "import sys, upwell.figures; assert 'matplotlib.pyplot' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_png_is_sharp_at_readme_width_and_white(figures):
    image = Image.open(io.BytesIO(render(figures["rising"], "png")))
    assert image.width == 2 * 830
    assert image.convert("RGB").getpixel((2, 2)) == (255, 255, 255)


def test_svg_carries_no_date_and_no_request(figures):
    svg = render(figures["topic_map"], "svg").decode()
    assert "<dc:date>" not in svg
    assert "url(http" not in svg
    assert 'xlink:href="http' not in svg


def test_a_large_map_is_an_image_inside_the_svg():
    papers, topics = made_up.paper_tables(made_up.TOPICS, n_papers=8000)
    svg = render(topic_map(papers, topics), "svg")
    assert b"data:image/png;base64" in svg
    assert len(svg) < 2_000_000


def test_unknown_format_is_named():
    with pytest.raises(ValueError, match="no format 'pdf'; there are 'png' and 'svg'"):
        render(Figure(), "pdf")


def test_measured_text_is_as_wide_as_drawn():
    figure = Figure(figsize=(8, 1), dpi=200)
    for text, weight in (("Wide words, and 12.5 % of them", "normal"), ("Bold Words", "bold")):
        with drawing():
            drawn = figure.text(0, 0, text, fontsize=9.5, weight=weight)
            box = drawn.get_window_extent(FigureCanvasAgg(figure).get_renderer())
        assert text_width(text, 9.5, weight) == pytest.approx(box.width / 200, rel=0.02)


def test_text_is_wrapped_and_cut_to_a_width():
    lines = wrap("some words that do not fit on one line or two", 1.2, 9.5, max_lines=2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert all(text_width(line, 9.5) <= 1.2 for line in lines)
    assert wrap("", 1, 9) == []
    assert wrap("short", 5, 9) == ["short"]
    assert wrap("no\xa0break here", text_width("no\xa0break", 9) + 0.01, 9) == [
        "no\xa0break",
        "here",
    ]
    assert shorten("short", 5, 9) == "short"


def test_what_the_font_lacks_becomes_a_box():
    assert drawable("  a\n b\tc ") == "a b c"
    assert drawable("标x\x00") == "□x□"
    assert drawable("e\u0301") == "é"
