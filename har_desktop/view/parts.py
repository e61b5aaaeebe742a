"""Labels and buttons in the few kinds that the window uses."""

from __future__ import annotations

import html
from collections.abc import Sequence

from PySide6 import QtGui
from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

_ICON = QSize(20, 20)


def label(text: str = "", quiet: bool = False, wrap: bool = False) -> QLabel:
    """Plain text, never markup; `quiet` is fainter."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("quiet", quiet)
    made.setWordWrap(wrap)
    return made


class Elided(QLabel):
    """Faint words of any length, of which as many are shown as there is room for."""

    def __init__(self) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("quiet", True)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002, Qt's name
        """Draw the words."""
        rect = self.contentsRect()
        words = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, rect.width()
        )
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        role = self.foregroundRole()
        self.style().drawItemText(
            QPainter(self), rect, flags, self.palette(), self.isEnabled(), words, role
        )


def heading(text: str, scale: float = 1.0) -> QLabel:
    """Text that stands out."""
    made = label(text)
    font = made.font()
    font.setPointSizeF(scale * font.pointSizeF())
    font.setWeight(font.Weight.DemiBold)
    made.setFont(font)
    return made


def unmarked(text: str) -> str:
    """Text for a menu or a button in which no letter is to be a key."""
    return text.replace("&", "&&")


def keep_space(target: QWidget) -> None:
    """Leave the space bar to a widget while it has the focus, though it is a shortcut elsewhere."""
    target.installEventFilter(_KeyKeeper(target, letters=False))


def keep_letters(target: QWidget) -> None:
    """The same of letters and digits: in a list they find what begins with them."""
    target.installEventFilter(_KeyKeeper(target, letters=True))


def only_focused_wheel(target: QWidget) -> None:
    """Let the wheel change a widget only while it has the focus: it may just pass over it."""
    target.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    target.installEventFilter(_WheelGuard(target))


def in_turn(before: QWidget, widgets: Sequence[QWidget]) -> None:
    """Let Tab go from a widget to others, which were made later, in their order."""
    for widget in widgets:
        QWidget.setTabOrder(before, widget)
        before = widget


def tip_of(words: str) -> str:
    """Words as a tooltip, of whatever origin: markup in them would be obeyed, pictures loaded."""
    return f"<qt>{html.escape(words)}</qt>" if QtGui.Qt.mightBeRichText(words) else words


def button(words: str = "", tip: str = "", quiet: bool = False) -> QPushButton:
    """A button with words. A click leaves the focus where it is, so that shortcuts go on."""
    made = QPushButton(words)
    made.setToolTip(tip_of(tip))
    made.setIconSize(_ICON)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.setProperty("quiet", quiet)
    keep_space(made)
    return made


def choice(name: str) -> QComboBox:
    """A list to choose from; `name` is for screen readers."""
    made = QComboBox()
    made.setAccessibleName(name)
    keep_letters(made)
    only_focused_wheel(made)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a choice by mouse leaves it where it is, too
    return made


def tool(name: str, tip: str) -> QToolButton:
    """A button with an icon; `name` is for screen readers."""
    made = QToolButton()
    made.setAccessibleName(name)
    made.setToolTip(tip_of(tip))
    made.setIconSize(_ICON)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    keep_space(made)
    return made


class _KeyKeeper(QObject):
    def __init__(self, parent: QObject, letters: bool) -> None:
        super().__init__(parent)
        self._letters = letters

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: ARG002, N802, Qt's name
        """Qt asks the widget with the focus first whether it wants a key for itself."""
        wanted = (
            event.type() is QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and (event.key() == Qt.Key.Key_Space or (self._letters and _writes(event)))
        )
        if wanted:
            event.accept()
        return wanted


def _writes(event: QKeyEvent) -> bool:
    other = event.modifiers() & ~(
        Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
    )
    return not other and event.text()[:1].isalnum()


class _WheelGuard(QObject):
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802, Qt's name
        """What is left alone scrolls what it lies on."""
        passing = (
            event.type() is QEvent.Type.Wheel
            and isinstance(watched, QWidget)
            and not watched.hasFocus()
        )
        if passing:
            event.ignore()
        return passing
