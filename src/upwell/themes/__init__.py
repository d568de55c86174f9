"""Papers and a watch list → which paper is of which theme, how surely, and which words say so."""

from upwell.themes.learning import LearnedTheme
from upwell.themes.matching import (
    Matching,
    apply_themes,
    match_themes,
)
from upwell.themes.notes import proposal_notes
from upwell.themes.watch_list import (
    WatchListError,
    extend_theme,
    parse_watch_list,
    theme_from_phrase,
    theme_toml,
)

__all__ = [
    "LearnedTheme",
    "Matching",
    "WatchListError",
    "apply_themes",
    "extend_theme",
    "match_themes",
    "parse_watch_list",
    "proposal_notes",
    "theme_from_phrase",
    "theme_toml",
]
