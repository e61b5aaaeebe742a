"""One line across the top of the window: what failed, or what was done. Never an error box."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from pathlib import Path

from PySide6.QtCore import QRectF, Qt, QTimer, QUrl
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QDesktopServices,
    QPainter,
    QPaintEvent,
    QPalette,
)
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from har_desktop.view.parts import button, label, tip_of, tool
from har_desktop.view.theme import RADIUS, RECORDING

_STAYS_MS, _WITH_BUTTON_MS = 6000, 20000
_Role = QPalette.ColorRole
_Action = tuple[str, Callable[[], object]]


def open_with_system(path: Path, banner: Banner) -> None:
    """Show a file or folder in the program that the system has for it, or tell that it has none."""
    if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
        banner.fail(f"{path}: no program of the system opens it")


class _Kind(IntEnum):
    """What a line tells of; the first that there is hides the others."""

    FAILURE = 0
    FAULT = 1
    NEWS = 2
    WORK = 3
    OFFER = 4


class Banner(QWidget):
    """Hidden until there is something to say. Good news go by themselves; failures stay.

    Of each kind one line is kept: a fault, which lasts, takes the place of what failed before, and
    waits behind what fails after it; news wait behind both, work that goes on behind those, and an
    offer behind all of them.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines: dict[_Kind, tuple[str, _Action | None]] = {}
        self._said: tuple[str, _Action | None] | None = None
        self._label = label(wrap=True)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._label.setMinimumWidth(1)  # and not that of a long name
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._button = button()
        self._button.hide()
        self._button.clicked.connect(self._act)
        self._close = tool("Dismiss", "Dismiss")
        self._close.setText("\u2715")
        self._close.setProperty("quiet", True)
        self._close.clicked.connect(self.dismiss)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 7, 7, 7)
        layout.addWidget(self._label, 1)
        layout.addWidget(self._button)
        layout.addWidget(self._close)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._go)
        self.setAccessibleName("Message")
        self.hide()

    @property
    def text(self) -> str:
        """What is said; "" while hidden."""
        return "" if self.isHidden() else self._label.text()

    @property
    def failure(self) -> bool:
        """True where it tells of a failure."""
        return not self._lines.keys().isdisjoint((_Kind.FAILURE, _Kind.FAULT))

    def fail(self, line: str, action: _Action | None = None) -> None:
        """Tell of a failure until it is dismissed, mended, or another one comes; see `tell`."""
        self._keep(_Kind.FAILURE, line, action)

    def fault(self, line: str, action: _Action) -> None:
        """Tell that something has stopped, until it is dismissed or mended; see `tell`."""
        self._lines.pop(_Kind.FAILURE, None)
        self._keep(_Kind.FAULT, line, action)

    def tell(self, line: str, action: _Action | None = None, stay: bool = False) -> None:
        """Tell that something was done.

        Args:
            line: For the person.
            action: The words of a button, and what it does; the line goes with it.
            stay: True for work that goes on: until it is dismissed or taken back.
        """
        self._keep(_Kind.WORK if stay else _Kind.NEWS, line, action)

    def offer(self, line: str, action: _Action) -> None:
        """Offer to do something, until it is done or dismissed; see `tell`."""
        self._keep(_Kind.OFFER, line, action)

    def amend(self, before: str, line: str) -> None:
        """Say of work that goes on how far it has come, unless the line of before is gone."""
        said, action = self._lines.get(_Kind.WORK, ("", None))
        if said == before:
            self._keep(_Kind.WORK, line, action, aloud=False)

    def take_back(self, line: str) -> None:
        """Say a line no more: it isn't true any longer."""
        self._lines = {kind: said for kind, said in self._lines.items() if said[0] != line}
        self._say()

    def dismiss(self) -> None:
        """Say no more what is shown, but what waits behind it."""
        if self._lines:
            del self._lines[min(self._lines)]
        self._say()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802, ARG002, Qt's name
        """Draw the ground, with a mark at the left in the colour of the message."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(self.palette().color(_Role.Mid))
        painter.setBrush(self.palette().color(_Role.Base))
        painter.drawRoundedRect(rect, RADIUS, RADIUS)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(RECORDING if self.failure else self.palette().color(_Role.Accent))
        painter.drawRoundedRect(QRectF(5, 7, 3, self.height() - 14), 1.5, 1.5)

    def _keep(self, kind: _Kind, line: str, action: _Action | None, *, aloud: bool = True) -> None:
        self._lines[kind] = line, action
        self._say(aloud=aloud)

    def _say(self, *, aloud: bool = True) -> None:
        """Show the first line that there is, if it is not shown already."""
        kind = min(self._lines, default=None)
        said = None if kind is None else self._lines[kind]
        if said is self._said:
            return
        self._said = said
        self._timer.stop()
        if said is None:
            self._label.clearFocus()  # where text was selected; else the next button would get it
            self.hide()
            return
        line, action = said
        self._label.setText(line)
        self._label.setToolTip(tip_of(line))
        self.setAccessibleDescription(line)
        self._button.setVisible(action is not None)
        self._button.setText(action[0] if action else "")
        if kind is _Kind.NEWS:
            self._timer.start(_WITH_BUTTON_MS if action else _STAYS_MS)
        self.show()
        self.update()
        if not aloud:  # ten frames more, several times a second
            return
        announcement = QAccessibleAnnouncementEvent(self, line)
        if kind in (_Kind.FAILURE, _Kind.FAULT):
            announcement.setPoliteness(QAccessible.AnnouncementPoliteness.Assertive)
        QAccessible.updateAccessibility(announcement)

    def _go(self) -> None:
        """Good news are over, unless somebody is about to press the button."""
        if self._button.underMouse() or self._button.hasFocus():
            self._timer.start(_STAYS_MS)
        else:
            self.dismiss()

    def _act(self) -> None:
        if self._said is not None and (action := self._said[1]) is not None:
            self.dismiss()
            action[1]()
