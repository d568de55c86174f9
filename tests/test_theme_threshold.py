"""From which score a paper is in a theme."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from upwell.themes.threshold import MOST_WRONG, NOTHING, choose_threshold


def test_the_cut_is_half_of_the_best_expected_f1():
    # by hand, 2.2 papers being expected: with 1 member F1 = 1.8 / (1 + 2.2) = .56, with 2
    # 3.6 / (2 + 2.2) = .857, with 3 4.4 / (3 + 2.2) = .846
    assert choose_threshold(np.array([0.9, 0.9, 0.4, 0.0, 0.0, 0.0])) == pytest.approx(1.8 / 4.2)
    # 99 sure ones carry an unsure one: F1 is best at 2 * 98.06 / (99 + 98.66)
    many = np.array([0.99] * 99 + [0.45, 0.2] + [0.0] * 100)
    assert choose_threshold(many) == pytest.approx(max(98.01 / (99 + 98.66), 98.46 / (100 + 98.66)))


def test_a_cut_in_a_gap_leaves_room_for_papers_to_come():
    # every cut between .001 and .999 has the same members; half of the F1 is near one half
    score = np.array([0.999] * 20 + [0.001] * 120)
    assert choose_threshold(score) == pytest.approx(19.98 / (20 + 20.1))


def test_the_cut_is_raised_until_no_more_are_wrong_than_promised():
    # half of the best F1 is .43, but of four members at .6 and above .70 would be right
    score = np.array([0.95, 0.9, 0.6, 0.6, 0.3, 0.2])
    assert choose_threshold(score) == 0.9


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
