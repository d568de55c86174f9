"""What the sample corpus is about: for each paper a day, a topic and themes, from known truth."""

import datetime as dt
import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upwell.sample.dice import Dice

_YEAR = 365.25  # days


@dataclass(frozen=True, slots=True)
class Subject:
    """What a paper is to be about."""

    day: dt.date
    topic: str
    themes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Moving:
    """A share whose odds multiply by the same factor each year."""

    share: float
    growth: float

    def at(self, years: float) -> float:
        """The share after some years."""
        odds = self.share / (1 - self.share) * math.exp(years * math.log(self.growth))
        return odds / (1 + odds)


@dataclass(frozen=True)
class Plan:
    """The truth of the sample corpus; see `plan.toml`."""

    first_day: dt.date
    last_day: dt.date
    n_papers: int
    corpus_growth: float
    month_noise: float
    moving: Mapping[str, Moving]
    weights: Mapping[str, float]
    themes: Mapping[str, Moving]
    always: Mapping[str, tuple[str, ...]]
    affinity: Mapping[str, Mapping[str, float]]

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic, sorted."""
        return tuple(sorted({*self.moving, *self.weights}))

    def growth(self) -> dict[tuple[str, str], float]:
        """The true growth of every (kind, subject): topics, then themes, each sorted."""
        still = dict.fromkeys(self.topics, 1.0)
        moving = {topic: share.growth for topic, share in self.moving.items()}
        topics = {("topic", spoken(topic)): factor for topic, factor in (still | moving).items()}
        return topics | {("theme", name): self.themes[name].growth for name in sorted(self.themes)}

    def shares(self, years: float) -> dict[str, float]:
        """The share of every topic, years after the first day; they add up to 1."""
        moving = {topic: share.at(years) for topic, share in self.moving.items()}
        rest = (1 - sum(moving.values())) / sum(self.weights.values())
        steady = {topic: weight * rest for topic, weight in self.weights.items()}
        return {topic: {**moving, **steady}[topic] for topic in self.topics}

    def membership(self, theme: str, years: float) -> dict[str, float]:
        """The probability that a paper of each topic is of a theme."""
        shares, affinity = self.shares(years), self.affinity[theme]
        wanted = self.themes[theme].at(years) - sum(shares[t] for t in self.always[theme])
        scale = wanted / sum(shares[topic] * weight for topic, weight in affinity.items())
        return {t: 1.0 if t in self.always[theme] else scale * affinity.get(t, 0.0) for t in shares}


def spoken(topic: str) -> str:
    """The name of a topic for people."""
    return topic.replace("_", " ")


def read_plan() -> Plan:
    """The plan of the sample corpus, from `plan.toml`."""
    plan = tomllib.loads(Path(__file__).with_name("plan.toml").read_text(encoding="utf-8"))
    topics: dict[str, Any] = plan.pop("topics")
    themes: dict[str, Any] = plan.pop("themes")
    return Plan(
        **plan,
        moving={t: Moving(**given) for t, given in topics.items() if "growth" in given},
        weights={t: given["weight"] for t, given in topics.items() if "weight" in given},
        themes={name: Moving(given["share"], given["growth"]) for name, given in themes.items()},
        always={name: tuple(given["always"]) for name, given in themes.items()},
        affinity={name: given["affinity"] for name, given in themes.items()},
    )


def draw_subjects(plan: Plan, dice: Dice) -> list[Subject]:
    """What each paper of a corpus is about, month by month.

    Counts are mildly overdispersed: each month's weights of topics and themes are multiplied by
    log-normal noise.
    """
    subjects = []
    for start, n_days, n_papers in _months(plan):
        years = ((start - plan.first_day).days + n_days / 2) / _YEAR
        shares = plan.shares(years)
        weights = [share * math.exp(plan.month_noise * dice.normal()) for share in shares.values()]
        members = {name: plan.membership(name, years) for name in sorted(plan.themes)}
        noise = {name: math.exp(plan.month_noise * dice.normal()) for name in members}
        for _ in range(max(1, round(n_papers * math.exp(plan.month_noise / 2 * dice.normal())))):
            topic = list(shares)[dice.weighted(weights)]
            themes = tuple(
                name
                for name, chances in members.items()
                if dice.chance(chances[topic] * (noise[name] if chances[topic] < 1 else 1))
            )
            subjects.append(Subject(start + dt.timedelta(dice.below(n_days)), topic, themes))
    return sorted(subjects, key=lambda subject: subject.day)


def _months(plan: Plan) -> Iterator[tuple[dt.date, int, float]]:
    """Each month's first day, its days within the span, and how many papers are expected."""
    n_days = (plan.last_day - plan.first_day).days + 1
    rate = [plan.corpus_growth ** (day / _YEAR) for day in range(n_days)]
    scale = plan.n_papers / sum(rate)
    first = 0
    while first < n_days:
        start = plan.first_day + dt.timedelta(first)
        after = (start.replace(day=1) + dt.timedelta(32)).replace(day=1)
        last = min((after - plan.first_day).days, n_days)
        yield start, last - first, scale * sum(rate[first:last])
        first = last
