"""What the figures have in common: size, type, colours, measured text, and bytes out of a figure.

Figures are laid out in inches at the width of a README (830 CSS pixels = 8.3 in), and rendered at
twice that, so 9 pt here is 12.5 px on the page.
"""

import io
import re
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.ft2font import FT2Font, LoadFlags
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from PIL import Image

WIDTH = 8.3  # inches; 830 CSS pixels
DPI = 200  # two device pixels a CSS pixel
MARGIN = 0.15  # inches
FAMILY = "DejaVu Sans"  # comes with matplotlib: the same on every machine
TITLE, BODY, SMALL = 12.0, 9.5, 8.5  # points
LEADING = 1.3  # line height over font size
MAX_TITLE_LINES = 12  # more than the longest headline takes: its end must not be lost

INK, MUTED, RULE, PALE = "#1a1a1a", "#5c5c5c", "#c8c8c8", "#ececec"
# Okabe & Ito (2008): green, vermilion and blue, darkened until text in them has contrast 4.5.
VERDICT_COLOURS = {
    "rising": "#00785a",
    "falling": "#bd4b00",
    "steady": "#0067a5",
    "insufficient_evidence": "#6b6b6b",
}
VERDICT_MARKERS = {"rising": "^", "falling": "v", "steady": "s", "insufficient_evidence": "o"}
VERDICT_SIGNS = {"rising": "▲", "falling": "▼", "steady": "■", "insufficient_evidence": "○"}

_PREFIXES = (
    *("agg.", "axes.", "figure.", "font.", "grid.", "hatch.", "image.", "legend.", "lines."),
    *("markers.", "mathtext.", "patch.", "path.", "savefig.", "scatter.", "svg.", "text."),
    *("xtick.", "ytick."),
)
_STYLE: dict[str, Any] = {
    "font.family": [FAMILY],
    "font.size": BODY,
    "text.parse_math": False,
    "text.usetex": False,
    "text.hinting": "no_hinting",  # as wide as measured
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.unicode_minus": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "hatch.linewidth": 0.6,
    "svg.fonttype": "path",  # looks the same where the font is missing
    "svg.hashsalt": "upwell",  # ids from the content, not at random
}
_LOCK = threading.RLock()


@contextmanager
def drawing() -> Iterator[None]:
    """Matplotlib's own defaults and the style above, whatever the user's settings; then theirs.

    The settings are global to the process, so only one thread draws at a time.
    """
    settings: dict[Any, Any] = {
        k: v for k, v in mpl.rcParamsDefault.items() if k.startswith(_PREFIXES)
    }
    with _LOCK, mpl.rc_context(settings | _STYLE):
        yield


def render(figure: Figure, file_format: Literal["png", "svg"]) -> bytes:
    """The figure as a file; the same figure gives the same bytes.

    Parameters
    ----------
    figure : a figure of this package.
    file_format : `png` (1,660 pixels wide, for 830 CSS pixels) or `svg` (text as outlines).

    Returns
    -------
    The content of the file, without date or version in it.

    Raises
    ------
    ValueError
        The format is neither of the two.
    """
    if file_format not in ("png", "svg"):
        raise ValueError(f"no format {file_format!r}; there are 'png' and 'svg'")
    out = io.BytesIO()
    with drawing():
        if file_format == "svg":
            nothing = {"Date": None, "Creator": None}
            figure.savefig(out, format="svg", facecolor="white", metadata=nothing)
            return out.getvalue()
        figure.savefig(out, format="rgba", dpi=DPI, facecolor="white")
    return _png(out.getvalue(), round(figure.get_figwidth() * DPI))


def _png(rgba: bytes, width: int) -> bytes:
    """Pixels as a PNG of 256 colours, a quarter of the bytes and no difference to see."""
    image = Image.frombytes("RGBA", (width, len(rgba) // (4 * width)), rgba).convert("RGB")
    out = io.BytesIO()
    reduced = image.quantize(256, method=Image.Quantize.FASTOCTREE)
    palette = reduced.getpalette() or []
    reduced.putpalette([255 if value >= 252 else value for value in palette])  # white stays white
    reduced.save(out, "png", dpi=(DPI, DPI))
    return out.getvalue()


def blank(height: float) -> Figure:
    """An empty white figure of the common width and this height in inches."""
    return Figure(figsize=(WIDTH, height), facecolor="white")


def axes(figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
    """Axes at a place given in inches from the left and from the top of the figure."""
    tall = figure.get_figheight()
    return figure.add_axes(
        (left / WIDTH, 1 - (top + height) / tall, width / WIDTH, height / tall), facecolor="none"
    )


def write(figure: Figure, left: float, top: float, text: str, **how: str | float) -> None:
    """Text with its top left corner (or as `ha`, `va` say) at a place in inches from top left."""
    options: dict[str, Any] = {"va": "top", "linespacing": LEADING, "fontsize": BODY} | how
    tall = figure.get_figheight()
    figure.text(left / WIDTH, 1 - top / tall, text, parse_math=False, **options)


def message(title: str, body: str) -> Figure:
    """A figure that says in words why there is nothing to draw."""
    lines = wrap(body, WIDTH - 2 * MARGIN, BODY, max_lines=4)
    head = wrap(title, WIDTH - 2 * MARGIN, TITLE, weight="bold", max_lines=MAX_TITLE_LINES)
    figure = blank(0.5 + lines_height(len(head), TITLE) + lines_height(len(lines), BODY))
    write(figure, MARGIN, 0.15, "\n".join(head), fontsize=TITLE, weight="bold")
    top = 0.25 + lines_height(len(head), TITLE)
    write(figure, MARGIN, top, "\n".join(lines), color=MUTED)
    return figure


def heading(title: str, subtitle: str) -> tuple[list[str], list[str], float]:
    """Title and subtitle wrapped to the figure's width, and the inches that both take."""
    head = wrap(title, WIDTH - 2 * MARGIN, TITLE, weight="bold", max_lines=MAX_TITLE_LINES)
    lines = wrap(subtitle, WIDTH - 2 * MARGIN, BODY, max_lines=4)
    height = 0.12 + lines_height(len(head), TITLE) + lines_height(len(lines), BODY) + 0.12
    return head, lines, height


def write_heading(figure: Figure, head: list[str], lines: list[str]) -> None:
    """The heading at the top of the figure."""
    write(figure, MARGIN, 0.12, "\n".join(head), fontsize=TITLE, weight="bold")
    top = 0.15 + lines_height(len(head), TITLE)
    write(figure, MARGIN, top, "\n".join(lines), color=MUTED)


def lines_height(n_lines: int, size: float) -> float:
    """Inches that so many lines of a font size take."""
    return n_lines * size * LEADING / 72


def write_key(figure: Figure, top: float, handles: list[Line2D | Patch], size: float) -> None:
    """What marks, lines and shades stand for, by their labels, on one line at the left margin."""
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=((MARGIN - 0.05) / WIDTH, 1 - top / figure.get_figheight()),
        ncols=len(handles),
        frameon=False,
        fontsize=size,
        handlelength=1.6,
        handletextpad=0.4,
        columnspacing=1.5,
        borderpad=0,
        borderaxespad=0,
    )


@lru_cache(maxsize=2)
def _font(weight: str) -> FT2Font:
    """The font file, to measure with."""
    return FT2Font(findfont(FontProperties(family=[FAMILY], weight=weight)))


@lru_cache(maxsize=1)
def _characters() -> frozenset[int]:
    """The characters that the font has, both regular and bold."""
    return frozenset(_font("normal").get_charmap()) & frozenset(_font("bold").get_charmap())


def drawable(text: str) -> str:
    """The text on one line with `□` for every character that the font does not have."""
    has = _characters()
    words = re.split(r"[ \t\r\n\f\v]+", unicodedata.normalize("NFC", text))
    line = " ".join(word for word in words if word)
    return "".join(c if c in " \xa0" or (c.isprintable() and ord(c) in has) else "□" for c in line)


def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Width of one line of text in inches; `size` in points."""
    return _em_width(text, weight) * size / 72


@lru_cache(maxsize=4096)
def _em_width(text: str, weight: str) -> float:
    """Width of a text over its font size."""
    with _LOCK:
        font = _font(weight)
        font.set_size(100, 72)
        font.set_text(text, 0.0, flags=LoadFlags.NO_HINTING)
        return font.get_width_height()[0] / 64 / 100


def wrap(
    text: str, width: float, size: float, *, weight: str = "normal", max_lines: int = 2
) -> list[str]:
    """The text in lines that fit a width in inches; what is too much ends in `…`.

    Breaks at spaces (never at a no-break space), within a word only if it is wider than a line.
    """
    lines: list[str] = []
    rest = drawable(text)
    while rest:
        if len(lines) == max_lines - 1:
            return [*lines, shorten(rest, width, size, weight=weight)]
        end = _fitting(rest, width, size, weight)
        space = rest.rfind(" ", 0, end + 1) if end < len(rest) else end
        end = space if space > 0 else end
        lines.append(rest[:end].rstrip(" "))
        rest = rest[end:].lstrip(" ")
    return lines


def shorten(text: str, width: float, size: float, *, weight: str = "normal") -> str:
    """The text on one line that fits a width in inches, cut with `…` if need be."""
    line = drawable(text)
    if text_width(line, size, weight) <= width:
        return line
    room = width - text_width("…", size, weight)
    return line[: _fitting(line, room, size, weight)].rstrip(" ,;:") + "…"


def _fitting(text: str, width: float, size: float, weight: str) -> int:
    """How many leading characters fit the width, at least one; by bisection."""
    low, high = 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text_width(text[:middle], size, weight) <= width:
            low = middle
        else:
            high = middle - 1
    return low
