"""The files of `har-desktop replay`, made from inside the window."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from har_desktop.errors import OutputError
from har_desktop.inference.manifest import Method
from har_desktop.replay import Replays, replay
from har_desktop.view.background import Task

_EVERY = 10  # frames between two words about progress


class _CancelledError(Exception):
    """The person has changed their mind."""


class Export(QObject):
    """One export at a time, in a thread of its own.

    Signals:
        progress: Frames that are done.
        done: The files.
        failed: One line.
        cancelled: Nothing was written.
    """

    progress = Signal(int)
    done = Signal(object)
    failed = Signal(str)
    cancelled = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._task: Task | None = None
        self._cancelled = False
        self._frames = 0

    @property
    def running(self) -> bool:
        """True while files are being written."""
        return self._task is not None

    def start(self, source: str, folder: Path, model: Path, explain: str, method: Method) -> None:
        """Begin; the arguments are those of `har_desktop.replay.replay`."""
        self._cancelled, self._frames = False, 0

        def work() -> list[Path] | None:
            try:
                results = replay(
                    [source],
                    folder,
                    model=model,
                    explain=explain,
                    method=method,
                    on_frame=self._count,
                    interrupt=self._check,
                )
            except _CancelledError:
                return None
            return _files(results)

        self._task = Task("export", work, self)
        self._task.done.connect(self._finish)
        self._task.failed.connect(self._fail)
        self._task.start()

    def cancel(self) -> None:
        """Stop as soon as the next frame is done; nothing incomplete is left."""
        self._cancelled = True

    def close(self, timeout: float) -> None:
        """Cancel, and wait for at most `timeout` seconds."""
        self.cancel()
        if self._task is not None:
            self._task.abandon(timeout)
            self._task = None

    def _count(self) -> None:
        """In the export's thread, once per frame."""
        self._check()
        self._frames += 1
        if self._frames % _EVERY == 0:
            self.progress.emit(self._frames)

    def _check(self) -> None:
        if self._cancelled:
            raise _CancelledError

    def _finish(self, files: list[Path] | None) -> None:
        self._task = None
        if files is None:
            self.cancelled.emit()
        else:
            self.done.emit(files)

    def _fail(self, line: str) -> None:
        self._task = None
        self.failed.emit(line)


def _files(results: Replays) -> list[Path]:
    """What was written.

    Raises:
        OutputError: The source could not be replayed.
    """
    if results.failures:
        raise OutputError(results.failures[0].error)
    return [Path(file) for summary in results.summaries for file in summary.files]
