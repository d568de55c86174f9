"""From which score a paper is in a theme."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from upwell.themes.threshold import MOST_WRONG, NOTHING, choose_threshold


def test_the_cut_is_half_of_the_best_expected_f1():
    # by hand: with 1 member F1 = 2 * .9 / (1 + 2) = .6, with 2: 3.6 / 5 = .72, with 3: 4.4 / 6
    # = .73, with 4: 4.4 / 7; but the third makes 27 % of the members wrong
    score = np.array([0.9, 0.9, 0.4, -0.0 + 0.0])
    score = np.append(score, [0.0] * 3)
    assert choose_threshold(score) == pytest.approx(0.9)
    # 99 sure ones carry an unsure one: F1 is best at 2 * 98.06 / (99 + 98.66)
    many = np.array([0.99] * 99 + [0.45, 0.2] + [0.0] * 100)
    assert choose_threshold(many) == pytest.approx(max(98.01 / (99 + 98.66), 98.46 / (100 + 98.66)))


def test_without_anything_sure_the_cut_is_one_half():
    assert choose_threshold(np.zeros(5)) == NOTHING
    assert choose_threshold(np.array([])) == NOTHING
    assert choose_threshold(np.array([0.7, 0.3])) == NOTHING


@given(st.lists(st.floats(0, 1), max_size=30))
@example([1.0, 0.75, 0.75])
def test_members_are_right_as_often_as_promised(scores):
    score = np.array(scores)
    cut = choose_threshold(score)
    members = score[score >= cut]
    if cut != NOTHING and len(members):
        assert members.mean() >= 1 - MOST_WRONG - 1e-9
    assert choose_threshold(score[::-1]) == cut


def test_scores_that_follow_their_probability_give_what_they_promise():
    rng = np.random.default_rng(0)
    score = rng.beta(0.3, 0.6, 20_000)
    truth = rng.random(20_000) < score
    members = score >= choose_threshold(score)
    assert truth[members].mean() >= 1 - MOST_WRONG - 0.02
