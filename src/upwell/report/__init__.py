"""The run for people: one self-contained HTML page, and a short markdown for the Prefect UI."""

from upwell.report.brief import markdown
from upwell.report.page import html

__all__ = ["html", "markdown"]
