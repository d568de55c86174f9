"""The watch list: which themes a run follows."""

from pathlib import Path

from upwell.config import Theme
from upwell.themes import WatchListError, parse_watch_list

DEFAULT_WATCH_LIST = Path(__file__).with_name("themes.toml")


def read_watch_list(path: Path) -> tuple[Theme, ...]:
    """The themes in a TOML file.

    Parameters
    ----------
    path : see `flows/themes.toml` for the format.

    Raises
    ------
    WatchListError
        The file cannot be read, or is not a watch list; file, line and column are named.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WatchListError(f"{path}: the watch list cannot be read: {error}") from error
    return parse_watch_list(text, name=str(path))
