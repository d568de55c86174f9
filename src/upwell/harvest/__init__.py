"""Live sources → raw answers in a landing folder, each fetched once, politely.

A new source is a module that keeps `asking.Feed`, a case in `feeds.feeds_of` and a test.
"""

from upwell.harvest.asking import Ask, Feed, HarvestError
from upwell.harvest.client import Client
from upwell.harvest.feeds import KEY, feeds_of, secrets_of
from upwell.harvest.landing import LOG, faults, look, open_landing
from upwell.harvest.pages import Harvested, harvest, missing
from upwell.harvest.turns import take_turn

__all__ = [
    "KEY",
    "LOG",
    "Ask",
    "Client",
    "Feed",
    "HarvestError",
    "Harvested",
    "faults",
    "feeds_of",
    "harvest",
    "look",
    "missing",
    "open_landing",
    "secrets_of",
    "take_turn",
]
