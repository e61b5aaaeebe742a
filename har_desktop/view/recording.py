"""Recordings and snapshots: what the buttons do, in the background and with a visible sign."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from har_desktop.errors import OutputError
from har_desktop.heat_style import HeatStyle
from har_desktop.pipeline.recorder import Recorder, RecorderStats, save_snapshot
from har_desktop.pipeline.result import Result
from har_desktop.sinks.base import RunInfo
from har_desktop.view.background import Task
from har_desktop.view.words import clock, count

_TICK_MS = 500
_PATIENCE_S = 60.0  # for what waits to be written, while nobody waits for it
_UNSAFE = re.compile(r"[^\w. -]+")
_LONGEST = 60  # letters of a source's name in a file's
_naming = threading.Lock()  # two snapshots of one second would take each other's name


def fresh_target(folder: Path, source: str) -> Path:
    """A name without suffix, of the time and the source, that no file in the folder has yet."""
    stamp = datetime.now().astimezone().strftime("%Y-%m-%d %H.%M.%S")
    name = _UNSAFE.sub("_", source).strip("._ ")[:_LONGEST]
    stem = f"{stamp} {name}".strip()
    # What is being written has a name with a dot before it.
    taken = {path.name.removeprefix(".") for path in folder.glob("*")} if folder.is_dir() else set()
    number, unique = 1, stem
    while any(other.startswith(f"{unique}.") for other in taken):
        number += 1
        unique = f"{stem} ({number})"
    return folder / unique


def make_folder(folder: Path) -> None:
    """Make a folder for results.

    Raises:
        OutputError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be made: {error.strerror}; choose another folder"
        ) from error


class Recording(QObject):
    """One recording at a time.

    Signals:
        time: How long it is, "0:07"; None once it has ended.
        saved: The files, and a line that tells of them.
        failed: One line.
    """

    time = Signal(object)
    saved = Signal(object, str)
    failed = Signal(str)
    _broke = Signal(int, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._recorder: Recorder | None = None
        self._number = 0  # of the recording: what breaks may be told after the next one began
        self._broken = 0
        self._ending: list[tuple[Recorder, Task]] = []
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._broke.connect(self._fail)

    @property
    def recorder(self) -> Recorder | None:
        """To be fed with results; None while nothing is recorded."""
        return self._recorder

    @property
    def stats(self) -> RecorderStats | None:
        """Of the running recording."""
        return self._recorder.stats() if self._recorder else None

    def start(self, folder: Path, source: str, run: RunInfo, *, plain: bool) -> Recorder:
        """Begin a recording, with nothing drawn onto the pictures if it is `plain`.

        Raises:
            OutputError: The folder takes no files.
        """
        make_folder(folder)
        self._number += 1
        number = self._number
        self._recorder = Recorder(
            fresh_target(folder, source),
            run,
            lambda line: self._broke.emit(number, line),
            plain=plain,
        )
        self._timer.start()
        self.time.emit(clock(0))
        return self._recorder

    def stop(self) -> None:
        """End it; the files are completed in the background."""
        recorder = self._let_go()
        if recorder is None:
            return
        task = Task("recording-end", lambda: (recorder.stop(_PATIENCE_S), recorder.stats()), self)
        number = self._number
        task.done.connect(lambda ended: self._tell(number, *ended))
        task.failed.connect(self.failed)
        self._end(recorder, task)

    def close(self) -> None:
        """End it now, before the window goes; waits for the files for a few seconds.

        Raises:
            OutputError: They could not be completed.
        """
        recorder = self._let_go()
        for ending, _ in self._ending:
            ending.hurry()
        for _, task in self._ending:
            task.abandon(3.0)
        if recorder is not None:
            recorder.hurry()
            recorder.stop()

    def _end(self, recorder: Recorder, task: Task) -> None:
        self._ending = [old for old in self._ending if old[1].running] + [(recorder, task)]
        task.start()

    def _let_go(self) -> Recorder | None:
        recorder, self._recorder = self._recorder, None
        self._timer.stop()
        if recorder is not None:
            self.time.emit(None)
        return recorder

    def _tick(self) -> None:
        if self._recorder is not None:
            self.time.emit(clock(self._recorder.stats().seconds))

    def _tell(self, number: int, files: tuple[Path, ...], stats: RecorderStats) -> None:
        if number == self._broken:
            return  # which was told
        if not files:
            self.failed.emit("Nothing was recorded: no results came in the meantime")
            return
        lost = f", {count(stats.dropped, 'frame')} dropped" if stats.dropped else ""
        self.saved.emit(files, f"Recorded {clock(stats.seconds)}{lost}: {files[0].name}")

    def _fail(self, number: int, line: str) -> None:
        self._broken = number
        recorder = self._let_go() if number == self._number else None
        self.failed.emit(line)
        if recorder is not None:
            self._end(recorder, Task("recording-end", lambda: recorder.stop(_PATIENCE_S), self))


def take_snapshot(
    folder: Path,
    source: str,
    result: Result,
    style: HeatStyle,
    done: Callable[[Path], object],
    failed: Callable[[str], object],
    parent: QObject,
) -> Task:
    """Save a result as a picture, in the background.

    Args:
        folder: Made if it is missing.
        source: For the file's name.
        result: What is shown.
        style: Of the heat-map.
        done: Called with the file.
        failed: Called with one line.
        parent: Owner of the task.
    """

    def work() -> Path:
        make_folder(folder)
        with _naming:
            target = fresh_target(folder, source)
            return save_snapshot(target.with_name(f"{target.name}.png"), result, style)

    task = Task("snapshot", work, parent)
    task.done.connect(done)
    task.failed.connect(failed)
    task.start()
    return task
