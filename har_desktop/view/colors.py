"""One colour per class, the same in bars, curves and events."""

from __future__ import annotations

from PySide6.QtGui import QColor, QPalette

from har_desktop.view.theme import is_dark

# Petroff, "Accessible Color Sequences for Data Visualization", 2021: ten that people of any colour
# vision tell apart. Each is lighter or darker here, until it stands out on its ground.
_ON_WHITE = (
    "#4297e4",
    "#cf8909",
    "#bd1f01",
    "#74817f",
    "#832db6",
    "#a96b59",
    "#cb5600",
    "#a39862",
    "#5e616c",
    "#6aa0a3",
)
_ON_BLACK = (
    "#459ceb",
    "#ffab0e",
    "#d02301",
    "#9aaba8",
    "#9c37d8",
    "#a96b59",
    "#ee6600",
    "#b9ac70",
    "#70737f",
    "#96dfe3",
)
_INKS = ("#000000", "#ffffff")


def class_color(index: int, palette: QPalette) -> QColor:
    """The colour of the class at `index`; from the eleventh on they begin anew."""
    hues = _ON_BLACK if is_dark(palette) else _ON_WHITE
    return QColor(hues[index % len(hues)])


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
