"""The closed lists of values that columns may hold."""

DATE_PRECISIONS = ("day", "month", "year", "none")
VERDICTS = ("rising", "falling", "steady", "insufficient_evidence")
KINDS = ("topic", "theme")
SHUFFLES = ("papers", "buckets")
METHODS = ("identifier", "title", "near_text")
EVENTS = ("born", "continued", "split", "merged", "dormant", "revived")
CHANGES_OF = ("run", *KINDS)
CHANGE_EVENTS = (
    "new_papers",
    "removed_papers",
    "setting_changed",
    "verdict_changed",
    "newly_tested",  # too few papers to test before
    "followed",  # a theme that is new in the watch list
    "unfollowed",
    "redefined",  # a theme of the same name with other phrases
    *(event for event in EVENTS if event != "continued"),
)
REASONS = (
    "unreadable_file",  # permission, broken compression, input/output error
    "empty_file",
    "unknown_format",  # no source recognises the content
    "broken_syntax",  # a line, row or object that does not parse
    "line_too_long",
    "truncated",  # the file ends in the middle of the record
    "no_abstract",
    "abstract_too_short",
    "removed",  # taken out by the operator
)
