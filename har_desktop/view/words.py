"""How names, times and numbers are put into words in the window."""

from __future__ import annotations

import re

_SLACK = 1e-6  # so that 0.3 s, which is a little less as a float, is three tenths
_SEAM = re.compile(r"(?<=[a-z])(?=[A-Z])")


def readable(label: str) -> str:
    """A class name for reading: "JumpingJack" becomes "Jumping Jack"; others stay as they are."""
    return _SEAM.sub(" ", label)


def clock(seconds: float, tenths: bool = False) -> str:
    """Minutes and whole seconds, with hours where there are any: "1:05", "1:02:03", "0:07.5"."""
    minutes, rest = divmod(int(max(0.0, seconds) * 10 + _SLACK), 600)
    hours, minutes = divmod(minutes, 60)
    text = f"{rest // 10:02}.{rest % 10}" if tenths else f"{rest // 10:02}"
    return f"{hours}:{minutes:02}:{text}" if hours else f"{minutes}:{text}"


def percent(share: float) -> str:
    """A share of 1 as whole per cent, with a narrow space that does not break."""
    return f"{100 * share:.0f}\u202f%"


def milliseconds(seconds: float | None) -> str:
    """Seconds as whole milliseconds; a dash where nothing is known yet."""
    return "\u2013" if seconds is None else f"{1000 * seconds:.0f} ms"


def rate(per_second: float | None) -> str:
    """A rate with a sensible number of digits; a dash where nothing is known yet."""
    if per_second is None:
        return "\u2013"
    return f"{per_second:.0f}" if per_second >= 9.95 else f"{per_second:.1f}"


def count(number: int, noun: str) -> str:
    """A number with its noun: "1 frame", "2 frames"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
