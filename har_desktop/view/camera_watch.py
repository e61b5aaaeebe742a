"""Which cameras are plugged in, looked up again and again in the background."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from har_desktop.sources.cameras import CameraId, list_cameras
from har_desktop.view.background import Task

_EVERY_MS = 2000
_MOST_FAILURES = 3


class CameraWatch(QObject):
    """Tells when a camera is plugged in or out.

    Signals:
        changed: All cameras that are there now, as a tuple of `CameraId`.
        failed: One line, once, where cameras cannot be listed here; then it is looked no more.
    """

    changed = Signal(object)
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._cameras: tuple[CameraId, ...] | None = None
        self._failures = 0  # in a row: a camera that goes in this moment makes one
        self._task: Task | None = None
        self._timer = QTimer(self, interval=_EVERY_MS)
        self._timer.timeout.connect(self.look)

    @property
    def cameras(self) -> tuple[CameraId, ...]:
        """Those that were there when it was last looked."""
        return self._cameras or ()

    def start(self) -> None:
        """Look now, and then every other second."""
        self.look()
        self._timer.start()

    def look(self) -> None:
        """Look now, unless that is being done already."""
        if self._task is not None:
            return
        self._task = Task("camera-watch", list_cameras, self)
        self._task.done.connect(self._take)
        self._task.failed.connect(self._give_up)
        self._task.start()

    def stop(self, timeout: float) -> None:
        """Look no more; wait for at most `timeout` seconds."""
        self._timer.stop()
        if self._task is not None:
            self._task.abandon(timeout)
            self._task = None

    def _take(self, cameras: tuple[CameraId, ...]) -> None:
        self._task, self._failures = None, 0
        if cameras != self._cameras:
            self._cameras = cameras
            self.changed.emit(cameras)

    def _give_up(self, line: str) -> None:
        self._task = None
        self._failures += 1
        if self._failures == _MOST_FAILURES:
            self._timer.stop()
            self.failed.emit(line)
