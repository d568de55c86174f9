"""Membership and dates → shares, growth, verdicts."""

from upwell.trends.measure import Trends, measure_trends
from upwell.trends.unstable import Doubted, doubt_unstable

__all__ = ["Doubted", "Trends", "doubt_unstable", "measure_trends"]
