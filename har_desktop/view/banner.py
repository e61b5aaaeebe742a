"""One line across the top of the window: what failed, or what was done. Never an error box."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from har_desktop.view.parts import button, label, tool
from har_desktop.view.theme import RADIUS, RECORDING

_STAYS_MS = 6000
_Role = QPalette.ColorRole


class Banner(QWidget):
    """Hidden until there is something to say. Good news go by themselves; failures stay."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._failure = False
        self._action: Callable[[], object] | None = None
        self._label = label(wrap=True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._button = button()
        self._button.hide()
        self._button.clicked.connect(self._act)
        self._close = tool("Dismiss", "Dismiss")
        self._close.setText("\u2715")
        self._close.setProperty("quiet", True)
        self._close.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 7, 7, 7)
        layout.addWidget(self._label, 1)
        layout.addWidget(self._button)
        layout.addWidget(self._close)
        self._timer = QTimer(self, singleShot=True, interval=_STAYS_MS)
        self._timer.timeout.connect(self.hide)
        self.setAccessibleName("Message")
        self.hide()

    @property
    def text(self) -> str:
        """What is said; "" while hidden."""
        return "" if self.isHidden() else self._label.text()

    @property
    def failure(self) -> bool:
        """True where it tells of a failure."""
        return self._failure

    def fail(self, line: str, action: tuple[str, Callable[[], object]] | None = None) -> None:
        """Tell of a failure until it is dismissed or something else is said; see `tell`."""
        self._say(line, failure=True, action=action)

    def tell(
        self, line: str, action: tuple[str, Callable[[], object]] | None = None, stay: bool = False
    ) -> None:
        """Tell that something was done.

        Args:
            line: For the person.
            action: The words of a button, and what it does.
            stay: True for work that goes on: until something else is said.
        """
        self._say(line, failure=False, action=action)
        if not stay:
            self._timer.start()

    def take_back(self, line: str) -> None:
        """Hide what was said, unless something else was said since."""
        if self.text == line:
            self.hide()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002, Qt's name
        """Draw the ground, with a mark at the left in the colour of the message."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(self.palette().color(_Role.Mid))
        painter.setBrush(self.palette().color(_Role.Base))
        painter.drawRoundedRect(rect, RADIUS, RADIUS)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(RECORDING if self._failure else self.palette().color(_Role.Accent))
        painter.drawRoundedRect(QRectF(5, 7, 3, self.height() - 14), 1.5, 1.5)

    def _say(
        self,
        line: str,
        failure: bool,
        action: tuple[str, Callable[[], object]] | None,
    ) -> None:
        self._timer.stop()
        self._failure = failure
        self._label.setText(line)
        self.setAccessibleDescription(line)
        self._button.setVisible(action is not None)
        words, self._action = action or ("", None)
        self._button.setText(words)
        self.show()
        self.update()

    def _act(self) -> None:
        if self._action is not None:
            self._action()
