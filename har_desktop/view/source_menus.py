"""The menus of cameras and of recent files."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu

from har_desktop.sources.camera import RATES, SIZES
from har_desktop.sources.cameras import CameraId, find_camera
from har_desktop.view.parts import tip_of, unmarked
from har_desktop.view.settings import Settings

_KEYS = 9  # cameras with a shortcut, Ctrl+1 to Ctrl+9


class CameraMenu(QObject):
    """Cameras by name, and what to ask of them.

    Signals:
        chosen: A `CameraId`.
        reshaped: Picture size or frame rate have changed, in the settings.
    """

    chosen = Signal(object)
    reshaped = Signal()

    def __init__(self, menu: QMenu, settings: Settings) -> None:
        super().__init__(menu)
        self._menu, self._settings = menu, settings
        self._cameras = QActionGroup(self)
        self._end = menu.addSeparator()
        self._add_sizes(menu.addMenu("Picture &size"))
        self._add_rates(menu.addMenu("Frame &rate"))
        self.show_cameras((), None)

    def show_cameras(self, cameras: Sequence[CameraId], current: CameraId | None) -> None:
        """List the cameras that are plugged in; the one in use is checked."""
        current = current and find_camera(current, cameras)  # its number may be another one now
        for action in self._cameras.actions():
            self._menu.removeAction(action)
            self._cameras.removeAction(action)
            action.deleteLater()
        for number, camera in enumerate(cameras):
            action = QAction(unmarked(camera.label), self._menu, checkable=True)
            action.setChecked(camera == current)
            action.setAutoRepeat(False)
            if number < _KEYS:
                action.setShortcut(QKeySequence(f"Ctrl+{number + 1}"))
            action.triggered.connect(lambda _=False, camera=camera: self.chosen.emit(camera))
            self._cameras.addAction(action)
        if not cameras:
            none = QAction("No camera found", self._menu, enabled=False)
            self._cameras.addAction(none)
        self._menu.insertActions(self._end, self._cameras.actions())

    @property
    def names(self) -> tuple[str, ...]:
        """What the menu lists."""
        return tuple(action.text() for action in self._cameras.actions())

    def _add_sizes(self, menu: QMenu) -> None:
        group = QActionGroup(menu)
        for size in (None, *SIZES):
            words = f"{size[1]} \u00d7 {size[0]}" if size else "The camera's own"
            action = menu.addAction(words)
            action.setCheckable(True)
            action.setChecked(size == self._settings.camera_size)
            action.triggered.connect(lambda _=False, size=size: self._set_size(size))
            group.addAction(action)

    def _add_rates(self, menu: QMenu) -> None:
        group = QActionGroup(menu)
        for rate in (None, *RATES):
            action = menu.addAction(f"{rate:g} per second" if rate else "The camera's own")
            action.setCheckable(True)
            action.setChecked(rate == self._settings.camera_rate)
            action.triggered.connect(lambda _=False, rate=rate: self._set_rate(rate))
            group.addAction(action)

    def _set_size(self, size: tuple[int, int] | None) -> None:
        if size != self._settings.camera_size:
            self._settings.camera_size = size
            self.reshaped.emit()

    def _set_rate(self, rate: float | None) -> None:
        if rate != self._settings.camera_rate:
            self._settings.camera_rate = rate
            self.reshaped.emit()


class RecentMenu(QObject):
    """Files and streams that were opened before.

    Signals:
        file: A path.
        stream: An address.
        forgotten: None of them is known any more.
    """

    file = Signal(object)
    stream = Signal(str)
    forgotten = Signal()

    def __init__(self, menu: QMenu, settings: Settings) -> None:
        super().__init__(menu)
        self._menu, self._settings = menu, settings
        self.refresh()

    def refresh(self) -> None:
        """List what the settings remember."""
        self._menu.clear()
        for path in self._settings.recent:
            action = self._menu.addAction(unmarked(path.name))
            action.setToolTip(tip_of(str(path)))
            action.triggered.connect(lambda _=False, path=path: self.file.emit(path))
        if self._settings.recent and self._settings.streams:
            self._menu.addSeparator()
        for url in self._settings.streams:
            action = self._menu.addAction(unmarked(url))
            action.triggered.connect(lambda _=False, url=url: self.stream.emit(url))
        known = bool(self._settings.recent or self._settings.streams)
        self._menu.setEnabled(known)
        if known:
            self._menu.addSeparator()
            self._menu.addAction("&Forget all").triggered.connect(self._forget)

    def _forget(self) -> None:
        self._settings.forget_recent()
        self.refresh()
        self.forgotten.emit()
