"""The words of a verdict."""

import re

import made_up
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from upwell import tables
from upwell.quantities import change, clipped, count, percent
from upwell.wording import growth_words, headline, ranked, sentence, verdict_rows


def row(**changed):
    """A row of `trends`: a rising theme, and what is changed."""
    return {
        "kind": "theme",
        "subject": "label noise",
        "name": "label noise",
        "verdict": "rising",
        "growth": 1.4,
        "growth_low": 1.1,
        "growth_high": 1.8,
        "p_value": 0.001,
        "q_value": 0.01,
        "n_papers": 92,
        "first_share": 0.02,
        "last_share": 0.05,
        "is_burst": False,
        "robust": True,
        **NO_SHAPE,
    } | changed


NO_SHAPE = made_up.NO_SHAPE


UNKNOWN = {"growth": None, "growth_low": None, "growth_high": None, "first_share": None}
UNKNOWN |= {"last_share": None, "verdict": "insufficient_evidence", "robust": False}


def plain(text):
    """The text with plain spaces, to read in a test."""
    return text.replace("\xa0", " ")


def table(*rows):
    return tables.TRENDS.conform(pl.DataFrame(list(rows), infer_schema_length=None))


@pytest.mark.parametrize(
    ("growth", "words"),
    [
        (0.0, "below −99 %"),
        (0.004, "below −99 %"),
        (0.3, "−70 %"),
        (0.999, "−0.1 %"),
        (0.99999, "±0 %"),
        (1.0, "±0 %"),
        (1.004, "+0.4 %"),
        (1.4, "+40 %"),
        (1.99, "+99 %"),
        (2.0, "×2.0"),
        (2.34, "×2.3"),
        (10.4, "×10"),
        (1e6, "over ×1,000"),
        (float("inf"), "over ×1,000"),
    ],
)
def test_change_in_words(growth, words):
    assert plain(change(growth)) == words


def test_change_keeps_the_unit_asked_for_but_ten_fold_is_never_a_percentage():
    assert plain(change(2.5, as_factor=False)) == "+150 %"
    assert plain(change(0.8, as_factor=True)) == "×0.8"
    assert plain(change(0.05, as_factor=True)) == "×0.05"
    assert plain(change(0.001, as_factor=True)) == "below ×0.01"
    assert plain(change(40, as_factor=False)) == "×40"


@given(st.floats(min_value=0, allow_nan=False))
def test_the_sign_of_a_change_is_that_of_the_growth(growth):
    words = change(growth, as_factor=False)
    if words[0] == "+":
        assert growth > 1
    if "−" in words:
        assert growth < 1
    if words[0] == "±":
        assert abs(growth - 1) < 0.001


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (None, "–"),
        (0.0, "0 %"),
        (0.00001, "< 0.01 %"),
        (0.0042, "0.42 %"),
        (0.0312, "3.1 %"),
        (0.124, "12 %"),
        (1.0, "100 %"),
    ],
)
def test_share_in_percent(share, words):
    assert plain(percent(share)) == words


def test_counts_have_thousands_and_plurals():
    assert count(2310) == "2,310"
    assert plain(count(1, "paper")) == "1 paper"
    assert plain(count(0, "paper")) == "0 papers"
    assert plain(count(2, "has", "have")) == "2 have"


def test_sentences_of_the_four_verdicts():
    assert plain(sentence(row())) == (
        "Label noise is rising: its share grows by 40 % a year "
        "(95 % interval +10 % to +80 %; 92 papers)."
    )
    falling = row(verdict="falling", growth=0.7, growth_low=0.55, growth_high=0.88, n_papers=1)
    assert plain(sentence(falling)) == (
        "Label noise is falling: its share shrinks by 30 % a year "
        "(95 % interval −45 % to −12 %; 1 paper)."
    )
    steady = row(verdict="steady", growth=1.01, growth_low=0.96, growth_high=1.06, robust=False)
    assert plain(sentence(steady)) == (
        "Label noise is steady: its share changes by +1 % a year "
        "(95 % interval −4 % to +6 %; 92 papers)."
    )
    open_ = row(verdict="insufficient_evidence", growth=1.12, growth_low=0.8, growth_high=1.58)
    assert plain(sentence(open_)) == (
        "For label noise the evidence is not enough to say: the best guess is +12 % a year, but "
        "anything from −20 % to +58 % is possible (92 papers)."
    )
    chance = row(verdict="insufficient_evidence", growth_low=1.02)
    assert plain(sentence(chance)) == (
        "For label noise the evidence is not enough to say: the best guess is +40 % a year (95 % "
        "interval +2 % to +80 %; 92 papers), but among so many subjects that much comes up by chance."
    )
    assert plain(sentence(row(**UNKNOWN, n_papers=4))) == (
        "For label noise the evidence is not enough to say: only 4 dated papers."
    )


def test_a_large_share_is_not_said_to_grow_like_its_odds():
    # odds of 0.4 growing by 40 % a year make a share of 0.4 grow by 20 %
    words = plain(sentence(row(first_share=0.3, last_share=0.5)))
    assert words == (
        "Label noise is rising: from 30 % to 50 % of the papers; the odds that a paper is in it grow "
        "by 40 % a year (95 % interval +10 % to +80 %; 92 papers)."
    )


def test_a_doubling_is_told_as_a_factor_with_the_interval_in_the_same_unit():
    fast = row(growth=2.3, growth_low=1.4, growth_high=3.9)
    assert "its share grows 2.3-fold a year (95 % interval ×1.4 to ×3.9; " in plain(sentence(fast))
    assert plain(growth_words(fast)) == "×2.3 a year (×1.4 to ×3.9)"


def test_caveats_follow_the_verdict():
    doubtful = row(robust=False, sensitive_to=["bucket_width", "composition"])
    assert "With caution: the sign changes with wider or finer buckets and with " in sentence(
        doubtful
    )
    assert "With caution" not in sentence(row())
    assert "stands out" in sentence(row(is_burst=True))
    assert "stands out" in sentence(row(**UNKNOWN) | {"is_burst": True})


def test_what_has_turned_is_told_with_both_growths():
    turned = row(verdict="insufficient_evidence", has_turned=True, recent_growth=0.9)
    assert plain(sentence(turned)) == (
        "Label noise has turned: +40 % a year over the whole span, −10 % a year over its later half, "
        "so it is called neither rising nor falling (92 papers)."
    )
    told = verdict_rows(table(turned))[0]["caveats"]
    assert plain(told) == "has turned: −10 % a year in the later half"


def test_what_is_new_is_called_so():
    assert sentence(row(is_emerging=True)).endswith(
        " It is new: all but absent in the earlier half."
    )
    assert verdict_rows(table(row(is_emerging=True)))[0]["caveats"] == "new"


@pytest.mark.parametrize(
    ("name", "start"),
    [("label noise", "Label noise is"), ("k-NN", "k-NN is"), ("3D", "3D is"), ("BERT x", "BERT x")],
)
def test_only_a_plain_word_gets_a_capital(name, start):
    assert sentence(row(name=name)).startswith(start)


def test_long_names_are_cut_at_a_word():
    assert clipped("a  b\nc") == "a b c"
    assert clipped("one two three four", 12) == "one two…"
    assert clipped("x" * 60, 10) == "x" * 9 + "…"


def test_ranked_puts_themes_first_then_the_highest_lower_end_then_the_unknown():
    rows = table(
        row(subject="a", name="wide", growth=5.0, growth_low=0.5, growth_high=50.0),
        row(subject="b", name="sure", growth=1.3, growth_low=1.2, growth_high=1.4),
        row(subject="c", name="none", **UNKNOWN),
        row(subject="1", kind="topic", name="topic", growth_low=1.35),
    )
    assert ranked(rows)["name"].to_list() == ["sure", "wide", "none", "topic"]
    assert ranked(rows.reverse()).equals(ranked(rows))


def test_headline_of_everything_and_of_nothing():
    trends, _ = made_up.trend_tables()
    assert headline(trends) == (
        "Of 5\xa0themes and 14\xa0topics, 2 are rising (distillation; large language model "
        "reasoning), 2 are falling (local and global attention; neural architecture search), "
        "1 is steady and for 14 the evidence is not enough."
    )
    assert headline(tables.TRENDS.empty()).startswith("No theme or topic was measured")


def test_headline_refuses_first_where_nothing_rises():
    unknown = [row(subject=s, name=s, **UNKNOWN) for s in "ab"]
    topic = row(kind="topic", subject="1", **UNKNOWN)
    assert plain(headline(table(*unknown, topic))) == (
        "No theme or topic can be called rising: for each of 2 themes and 1 topic the evidence is "
        "not enough."
    )
    assert headline(table(unknown[0])) == (
        "No theme can be called rising: for the one theme the evidence is not enough."
    )
    falls = row(subject="f", name="f", verdict="falling", growth=0.5, growth_low=0.4)
    assert plain(headline(table(*unknown, falls))) == (
        "No theme can be called rising: of 3 themes, 1 is falling (f) and for 2 the evidence is "
        "not enough."
    )


def test_headline_names_three_of_many_and_counts_the_rest():
    many = table(*[row(subject=s, name=f"theme {s}") for s in "abcde"])
    assert "5 are rising (theme a; theme b; theme c; 2 more)" in headline(many)


def test_verdict_rows_are_one_a_subject_and_give_no_shares_without_a_verdict():
    rows = verdict_rows(table(row(), row(subject="x", name="x", **UNKNOWN, n_papers=3)))
    assert [list(r) for r in rows] == [list(rows[0])] * 2
    assert [r["verdict"] for r in rows] == ["rising", "insufficient evidence"]
    assert plain(str(rows[0]["growth a year, 95 %"])) == "+40 % (+10 % to +80 %)"
    assert plain(str(rows[0]["share"])) == "2.0 % → 5.0 %"
    assert (rows[1]["share"], rows[1]["growth a year, 95 %"]) == ("–", "–")
    assert rows[0]["papers"] == 92


def test_no_sentence_claims_more_than_its_verdict():
    trends, _ = made_up.trend_tables()
    for r in trends.iter_rows(named=True):
        claims = set(re.findall(r"\bis (rising|falling|steady)\b", sentence(r)))
        assert claims == ({r["verdict"]} if r["verdict"] != "insufficient_evidence" else set())
