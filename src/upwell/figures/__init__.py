"""Tables → matplotlib figures, for a reader who looks at one of them and must not be misled.

Every figure draws its uncertainty and its sample sizes, tells a verdict by shape and word as well
as by colour, and copes with no rows by saying so. Nothing here saves a file or touches pyplot; the
matplotlib settings are put back after every call.
"""

from upwell.figures.forest import rising
from upwell.figures.panels import theme_shares, topics_over_time
from upwell.figures.scatter import topic_map
from upwell.figures.style import render

__all__ = ["render", "rising", "theme_shares", "topic_map", "topics_over_time"]
