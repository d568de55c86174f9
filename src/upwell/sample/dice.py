"""Chance that is the same on every machine: only the uniform numbers of PCG64 are used."""

from collections.abc import Iterator, Sequence
from statistics import NormalDist
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Dice:
    """Random draws from one seed, a number or several."""

    def __init__(self, *random_state: int) -> None:
        self._uniform = _uniform(np.random.Generator(np.random.PCG64(random_state))).__next__

    def below(self, n: int) -> int:
        """A whole number from 0 to n - 1."""
        return int(self._uniform() * n)

    def between(self, low: float, high: float) -> float:
        """A number from low to high, every one as likely."""
        return low + (high - low) * self._uniform()

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self._uniform() < probability

    def normal(self) -> float:
        """A standard normal number."""
        return NormalDist().inv_cdf(self.between(1e-9, 1 - 1e-9))

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.below(len(items))]

    def weighted(self, weights: Sequence[float]) -> int:
        """A position, as likely as its weight."""
        rest = self.between(0, sum(weights))
        for position, weight in enumerate(weights):
            rest -= weight
            if rest < 0:
                return position
        return len(weights) - 1

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in another order (Fisher and Yates)."""
        order = list(items)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order


def _uniform(generator: np.random.Generator) -> Iterator[float]:
    """Numbers from 0 to 1, drawn in blocks: one at a time costs ten times as much."""
    while True:
        yield from generator.random(4096).tolist()
