"""Labels and buttons in the few kinds that the window uses."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton

_ICON = QSize(20, 20)


def label(text: str = "", quiet: bool = False, wrap: bool = False) -> QLabel:
    """Plain text, never markup; `quiet` is smaller in weight, not in size."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("quiet", quiet)
    made.setWordWrap(wrap)
    return made


def heading(text: str, scale: float = 1.0) -> QLabel:
    """Text that stands out."""
    made = label(text)
    font = made.font()
    font.setPointSizeF(scale * font.pointSizeF())
    font.setWeight(font.Weight.DemiBold)
    made.setFont(font)
    return made


def button(words: str = "", tip: str = "", quiet: bool = False) -> QPushButton:
    """A button with words. A click leaves the focus where it is, so that shortcuts go on."""
    made = QPushButton(words)
    made.setToolTip(tip)
    made.setIconSize(_ICON)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setProperty("quiet", quiet)
    return made


def tool(name: str, tip: str) -> QToolButton:
    """A button with an icon; `name` is for screen readers."""
    made = QToolButton()
    made.setAccessibleName(name)
    made.setToolTip(tip)
    made.setIconSize(_ICON)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made
