"""Papers and a watch list → which paper is of which theme, how surely, and which words say so."""

from upwell.themes.matching import Matching, match_themes
from upwell.themes.watch_list import WatchListError, parse_watch_list, theme_from_phrase

__all__ = [
    "Matching",
    "WatchListError",
    "match_themes",
    "parse_watch_list",
    "theme_from_phrase",
]
