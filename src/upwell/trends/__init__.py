"""Membership and dates → shares, growth, verdicts."""

from upwell.trends.measure import Trends, measure_trends

__all__ = ["Trends", "measure_trends"]
