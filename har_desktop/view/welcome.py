"""The first page: what can be looked at. Also what is left when there is no camera."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from har_desktop.sources.cameras import CameraId
from har_desktop.sources.files import is_file
from har_desktop.view.background import Task
from har_desktop.view.icons import icon
from har_desktop.view.parts import button as plain_button
from har_desktop.view.parts import heading, in_turn, label, unmarked

_WIDTH = 560
_FILES = 3
_NAME = _WIDTH - 60  # pixels of a file's name, in a button as wide as the page


class Welcome(QWidget):
    """Cameras by name, and what can be opened without one.

    Signals:
        camera: The `CameraId` that was chosen.
        file: Choose a video file.
        recent: The path of a file that was opened before.
        stream: Give the address of a stream.
        demo: Show the demo.
    """

    camera = Signal(object)
    file = Signal()
    recent = Signal(object)
    stream = Signal()
    demo = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: dict[QPushButton, str] = {}  # and the names of their icons
        self._listed: list[QPushButton] = []  # one for each camera
        self._cameras = QVBoxLayout()
        self._cameras.setSpacing(6)
        self._files = QVBoxLayout()
        self._files.setSpacing(2)
        self._none = label(
            "No camera found. Plug one in, and it appears here.", quiet=True, wrap=True
        )
        self._model = label(quiet=True, wrap=True)
        self._looking: Task | None = None  # for files that were opened before
        self._lay_out()
        self.show_cameras(())
        self.show_recent(())

    @property
    def camera_names(self) -> tuple[str, ...]:
        """The cameras that can be chosen."""
        return tuple(button.text() for button in self._listed)

    @property
    def hint(self) -> str:
        """What is said where there is no camera; "" where there is one."""
        return "" if self._none.isHidden() else self._none.text()

    def show_cameras(self, cameras: Sequence[CameraId]) -> None:
        """List the cameras that are plugged in."""
        focused = self._empty(self._cameras)
        self._listed = []
        for number, camera in enumerate(cameras):
            button = self._button(unmarked(camera.label), "camera-line")
            button.setProperty("primary", number == 0)
            button.setProperty("lead", True)
            button.clicked.connect(lambda _=False, camera=camera: self.camera.emit(camera))
            self._cameras.addWidget(button)
            self._listed.append(button)
        in_turn(self._area, self._listed)
        _focus(self._listed, focused)
        self._none.setVisible(not cameras)
        self._tint()

    def list_recent(self, paths: Sequence[Path]) -> None:
        """List those that are still there; to look may take long, on a share that is away."""
        self.stop(0.0)
        self._looking = Task(
            "recent", lambda: tuple(islice((path for path in paths if is_file(path)), _FILES)), self
        )
        self._looking.done.connect(self.show_recent)
        self._looking.start()

    def stop(self, timeout: float) -> None:
        """Look for files no more: the window is about to go."""
        if self._looking is not None:
            self._looking.abandon(timeout)

    def show_recent(self, paths: Sequence[Path]) -> None:
        """List files that were opened before and are there."""
        focused = self._empty(self._files)
        recent: list[QPushButton] = []
        for path in paths:
            button = plain_button(quiet=True, tip=str(path))
            name = button.fontMetrics().elidedText(path.name, Qt.TextElideMode.ElideMiddle, _NAME)
            button.setText(unmarked(name))
            button.clicked.connect(lambda _=False, path=path: self.recent.emit(path))
            self._files.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
            recent.append(button)
        in_turn(self._last, recent)
        _focus(recent, focused)

    def show_model(self, words: str) -> None:
        """Say how it stands with the model."""
        self._model.setText(words)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802, Qt's name
        """Draw the icons anew in other colours."""
        if event.type() is QEvent.Type.PaletteChange:
            self._tint()
        super().changeEvent(event)

    def _lay_out(self) -> None:
        title = heading("Which action is it, and where does one see it?", scale=1.7)
        title.setWordWrap(True)
        text = label(
            "Step before a camera or open a video. Nothing leaves this computer.",
            quiet=True,
            wrap=True,
        )
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addWidget(title)
        column.addWidget(text)
        column.addSpacing(14)
        column.addLayout(self._cameras)
        column.addWidget(self._none)
        column.addSpacing(10)
        row = QHBoxLayout()
        row.setSpacing(8)
        for words, name, signal in (
            ("&Open a video\u2026", "file-line", self.file),
            ("Network &stream\u2026", "stream-line", self.stream),
            ("&Demo", "person-line", self.demo),
        ):
            button = self._button(words, name)
            button.clicked.connect(lambda _=False, signal=signal: signal.emit())
            row.addWidget(button, 1)
            self._last = button
        column.addLayout(row)
        column.addSpacing(6)
        column.addWidget(label("Or drop a video file here.", quiet=True))
        column.addLayout(self._files)
        column.addSpacing(14)
        column.addWidget(self._model)
        body = QWidget()
        body.setMaximumWidth(max(_WIDTH, row.sizeHint().width() + 24))
        body.setLayout(column)
        centre = QWidget()
        outer = QHBoxLayout(centre)
        outer.addStretch(1)
        outer.addWidget(body, 8, Qt.AlignmentFlag.AlignVCenter)
        outer.addStretch(1)
        self._area = area = QScrollArea()
        area.setAccessibleName("Start")
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(centre)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)

    def _button(self, words: str, name: str) -> QPushButton:
        button = plain_button(words)
        button.setMinimumHeight(round(2.5 * button.fontMetrics().height()))
        self._buttons[button] = name
        return button

    def _empty(self, layout: QVBoxLayout) -> int | None:
        """Take all buttons away; the number of the one that had the focus."""
        focused = None
        for number in range(layout.count()):
            if (item := layout.takeAt(0)) is not None and (widget := item.widget()) is not None:
                focused = number if widget.hasFocus() else focused
                if isinstance(widget, QPushButton):
                    self._buttons.pop(widget, None)
                widget.deleteLater()
        return focused

    def _tint(self) -> None:
        for button, name in self._buttons.items():
            primary = bool(button.property("primary"))
            role = self.palette().ColorRole.HighlightedText
            color = self.palette().color(role) if primary else None
            button.setIcon(icon(name, self.palette(), color))


def _focus(buttons: Sequence[QPushButton], number: int | None) -> None:
    """Give the focus back to where it was in a list, whatever stands there now."""
    if buttons and number is not None:
        target = buttons[min(number, len(buttons) - 1)]
        target.show()  # or it would get the focus some time later, after others
        target.setFocus()
