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


def class_color(index: int, palette: QPalette) -> QColor:
    """The colour of the class at `index`; from the eleventh on they begin anew."""
    color = QColor(_HUES[index % len(_HUES)])
    return color if is_dark(palette) else color.darker(_DARKER_ON_WHITE)
