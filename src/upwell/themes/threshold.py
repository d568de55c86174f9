"""From which score a paper is in a theme: read off the scores of the corpus.

The score is a probability, so the scores of a corpus say what any cut would bring: how many papers
of the theme are above it, how many wrong ones, how many are missed below. Precision / recall of
core against no, in a corpus of 69,175 papers, on judgements of papers picked for being doubtful
(`tuned` in tests/benchmarks/bench_themes.py) and of papers drawn at random:

    cut                                       three listed themes            bare phrases
                                              picked      drawn          picked      drawn
    0.5 for every theme                      .88 / .81   .91 / .93      .92 / .88   .98 / .97
    highest expected F1                      .85 / .86   .89 / .93      .91 / .92   .97 / .98
    the same, at most 15 % expected wrong    .87 / .83   .90 / .92      .91 / .90   .97 / .98
    the same, at most 10 %                   .91 / .79   .92 / .91      .92 / .88   .97 / .98
    the same, at most 5 %                    .95 / .72   .95 / .83      .94 / .84   .98 / .97

At most 10 % is kept. As it is about probabilities, it means the same for every encoder.
"""

import numpy as np
from numpy.typing import NDArray

MOST_WRONG = 0.10  # of the members, as the scores expect
NOTHING = 0.5  # where no paper has a score to speak of


def choose_threshold(score: NDArray[np.float64]) -> float:
    """The score from which papers are in a theme.

    Parameters
    ----------
    score : how surely each paper of the corpus is of the theme (n_papers,), a probability.

    Returns
    -------
    The cut above which the expected F1 is highest, raised until no more than `MOST_WRONG` of the
    members are expected to be wrong; 0.5 if no cut keeps to that.

    Source
    ------
    Lipton, Elkan & Naryanaswamy (2014), Optimal thresholding of classifiers to maximize F1: the
    best cut is half of the best expected F1.
    """
    falling = np.sort(score)[::-1]
    right = np.cumsum(falling)
    count = np.arange(1, len(falling) + 1)
    if not len(falling) or right[-1] <= 0:
        return NOTHING
    best = float((right / (count + right[-1])).max())  # half of the F1, 2 * right / (…)
    is_cut = np.append(falling[1:] < falling[:-1], True)  # equal scores are on one side
    is_sure = right >= (1 - MOST_WRONG) * count
    n_best = int((falling >= best).sum())
    if n_best and is_sure[n_best - 1]:
        return best
    sure = np.flatnonzero(is_cut & is_sure & (falling > best))
    return float(falling[sure[-1]]) if len(sure) else NOTHING
