"""One colour per class, the same in bars, curves and events."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

from har_desktop.view.theme import is_dark

# Tableau 10 by Maureen Stone: told apart at small sizes, and calm on both grounds.
_HUES = (
    "#f28e2b",
    "#4e79a7",
    "#59a14f",
    "#e15759",
    "#76b7b2",
    "#b07aa1",
    "#edc948",
    "#ff9da7",
    "#9c755f",
    "#bab0ac",
)
_DARKER_ON_WHITE = 112  # per cent
_INKS = ("#1a1918", "#ffffff")


def class_color(index: int, palette: QPalette) -> QColor:
    """The colour of the class at `index`; from the eleventh on they begin anew."""
    color = QColor(_HUES[index % len(_HUES)])
    return color if is_dark(palette) else color.darker(_DARKER_ON_WHITE)


def ink_on(ground: QColor) -> QColor:
    """Black or white, whichever is read more easily on `ground`."""
    return max((QColor(ink) for ink in _INKS), key=lambda ink: contrast(ink, ground))


def contrast(one: QColor, other: QColor) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: QColor) -> float:
    """Relative luminance in 0..1 (WCAG 2.2)."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (color.redF(), color.greenF(), color.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
