"""Numbers as a layman writes them: counts, shares, changes; names cut to a length."""

MAX_NAME_LENGTH = 48
LARGEST_FACTOR = 1000.0
NBSP = "\u00a0"


def count(number: int, noun: str = "", plural: str = "") -> str:
    """A count with its noun: `1 paper`, `2,310 papers`; `plural` where it is not noun + s."""
    words = f"{number:,}"
    if noun:
        words += NBSP + (noun if number == 1 else plural or f"{noun}s")
    return words


def percent(share: float | None) -> str:
    """A share (0–1) as a percentage of about two digits; `–` where there is none."""
    if share is None:
        return "–"
    value = 100 * share
    if value == 0:
        return f"0{NBSP}%"
    if value < 0.01:
        return f"<{NBSP}0.01{NBSP}%"
    digits = 0 if value >= 10 else 1 if value >= 1 else 2
    return f"{value:.{digits}f}{NBSP}%"


def change(growth: float, *, as_factor: bool | None = None) -> str:
    """A growth per year as a layman says it: `+40 %`, `−30 %`, from a doubling on `×2.3`.

    Parameters
    ----------
    growth : factor per year, 0 to infinity.
    as_factor : which of the two ways; None lets the size of the growth decide (from ten-fold on it
        is always a factor).

    Returns
    -------
    The change in words, without `a year`.
    """
    if growth >= 10 or (growth >= 2 if as_factor is None else as_factor):
        return _factor(growth)
    points = 100 * (growth - 1)
    size = abs(points)
    if points < -99.5:
        return f"below{NBSP}−99{NBSP}%"
    digits = 0 if size >= 1 else 1
    words = f"{size:,.{digits}f}"
    if float(words.replace(",", "")) == 0:
        return f"±0{NBSP}%"
    return f"{'+' if points > 0 else '−'}{words}{NBSP}%"


def _factor(growth: float) -> str:
    """A factor of two or three digits; beyond a thousand (or below a hundredth) only that."""
    if growth > LARGEST_FACTOR:
        return f"over{NBSP}×{LARGEST_FACTOR:,.0f}"
    if growth < 0.01:
        return f"below{NBSP}×0.01"
    return f"×{growth:.{0 if growth >= 10 else 1 if growth >= 0.1 else 2}f}"


def clipped(text: str, length: int = MAX_NAME_LENGTH) -> str:
    """The text on one line, cut at a word with `…` where it is longer than `length` characters."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    head = line[: length - 1]
    cut = head.rfind(" ")
    return (head[:cut] if cut > length // 2 else head).rstrip(" ,;:") + "…"
