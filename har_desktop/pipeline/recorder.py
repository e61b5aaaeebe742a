"""The recording of a live session, in a thread of its own; and a snapshot.

    recorder = Recorder(folder / "session", live.run_info(), on_end)
    recorder.feed(result)       # for each result of the session; never waits
    files = recorder.stop()     # TARGET.mp4 and TARGET.frames.jsonl

The heat-map of a result, if it is shown, is drawn on the frame that it was computed for, so the
video has the model's rate, held at the camera's nominal one. Time starts at 0 with the first
result.
"""

from __future__ import annotations

import logging
import queue
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from har_desktop.errors import OutputError, gist
from har_desktop.heat_style import DEFAULT_STYLE, HeatStyle
from har_desktop.opencv import cv2
from har_desktop.overlay import annotate
from har_desktop.pipeline.result import Result
from har_desktop.pipeline.sleep import slept_s
from har_desktop.pipeline.tape import Tape
from har_desktop.pipeline.worker import SLOW_S
from har_desktop.sinks.atomic import FAT_LIMIT, takes_files_of, write_whole, writing
from har_desktop.sinks.base import RunInfo

log = logging.getLogger(__name__)

# A second of a camera; each result holds its picture, and large ones fill the memory.
CAPACITY, CAPACITY_BYTES = 30, 150 * 10**6
# A full disk would cost the whole recording: it ends while there is room to complete it.
RESERVE = 64 * 10**6
_CHECKED = 30  # results from one look at the disk to the next
# Seconds of a still picture that are encoded at once: what takes a while nobody can wait for.
LONGEST_S = 30.0


@dataclass(frozen=True, slots=True)
class RecorderStats:
    """Taken at one moment; fed == written + dropped + waiting.

    Attributes:
        fed: Results that were given to the recorder.
        written: Results that are in the files.
        dropped: Results that came while the queue was full, or after the recording had ended.
        waiting: Results in the queue or being written.
        seconds: From the first result to the last, in time of the session.
    """

    fed: int
    written: int
    dropped: int
    waiting: int
    seconds: float


class Recorder:
    """Writes TARGET.mp4 and TARGET.frames.jsonl. Thread name: `recorder`.

    Should the recording end by itself, `on_end` is called once, from the recorder's thread, with
    one line. Where the disk is nearly full or the model was swapped, the files are complete; where
    writing failed, what was written so far is kept as "TARGET (interrupted).mp4" and so on. Either
    way the session goes on, and later results count as dropped.
    """

    def __init__(
        self,
        target: Path,
        run: RunInfo,
        on_end: Callable[[str], object],
        *,
        plain: bool = False,
    ) -> None:
        """Create the files and start the thread.

        Args:
            target: Folder and name without suffix; existing files of that name are replaced when
                the recording is complete.
            run: Of the session, `Live.run_info()`.
            on_end: Must return at once.
            plain: Draw nothing onto the pictures.

        Raises:
            OutputError: The files cannot be written there.
        """
        self._target, self._on_end = target, on_end
        self._tape = Tape(target, run, plain=plain)
        self._queue: queue.SimpleQueue[Result | None] = queue.SimpleQueue()
        self._lock = threading.Lock()  # guards what follows
        self._fed = self._written = self._dropped = self._waiting = 0
        self._first = self._last = 0.0
        self._closed = self._hurried = False
        self._slept, self._ticked = slept_s(), perf_counter()  # when it was last at work
        self._takes_large: bool | None = None  # whether the disk takes larger files, once asked
        self._files: tuple[Path, ...] = ()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def feed(self, result: Result) -> None:
        """Take one result, in order, from any thread; drop it where the queue is full."""
        most = min(CAPACITY, max(2, CAPACITY_BYTES // result.recognition.frame.image.nbytes))
        with self._lock:
            self._last = result.recognition.frame.time
            if not self._fed:
                self._first = self._last
            self._fed += 1
            if self._closed or self._waiting >= most:
                self._dropped += 1
                return
            self._waiting += 1
            self._queue.put(result)

    def stop(self, timeout: float = 3.0) -> tuple[Path, ...]:
        """Write what waits, complete the files, and end the thread. May be called repeatedly.

        Returns:
            The complete files; none where writing failed (`on_end` has said why) or nothing was
            fed.

        Raises:
            OutputError: It takes longer than `timeout` seconds, and is left behind.
        """
        with self._lock:
            self._closed = True
            self._queue.put(None)
        self._thread.join(timeout)
        if self._thread.is_alive():
            log.error("left behind: recorder")
            raise OutputError(
                f"{self._target}: no answer from the disk for {timeout:g} s; choose another folder"
            )
        return self._files

    def hurry(self) -> None:
        """Leave out what waits, and don't read again what was written: hours take longer."""
        with self._lock:
            self._hurried = True

    def stats(self) -> RecorderStats:
        """Counts of this moment."""
        with self._lock:
            return RecorderStats(
                self._fed,
                self._written,
                self._dropped,
                self._waiting,
                self._last - self._first,
            )

    def _run(self) -> None:
        reason, last = None, perf_counter()
        try:
            while reason is None:
                try:
                    result = self._queue.get(timeout=SLOW_S)
                except queue.Empty:
                    reason = self._hold(perf_counter() - last)
                    continue
                if result is None:
                    break
                reason, last = self._write(result), perf_counter()
            self._complete()
        except Exception as error:
            log.exception("recording failed")
            reason = gist(error, "recording: ")
            if kept := self._tape.rescue():
                reason += f"; what was recorded is kept as {kept[0].name}"
        with self._lock:
            self._closed = True
            self._dropped += self._waiting
            self._waiting = 0
        if reason is not None:
            self._on_end(reason)

    def _write(self, result: Result) -> str | None:
        """Write one result; why the recording should end, if it should."""
        if self._hurried:
            with self._lock:
                self._waiting -= 1
                self._dropped += 1
            return None
        if not self._tape.fits(result):
            return f"{self._target.name}: the recording ended with the swap of the model"
        # What wasn't held meanwhile.
        lacking = max(self._tape.lacks(result.recognition.frame.time), self._asleep())
        if lacking > LONGEST_S:
            return self._sleepless(lacking)
        self._tape.write(result)
        with self._lock:
            self._written += 1
            self._waiting -= 1
        return self._check() if self._written % _CHECKED == 1 else None

    def _asleep(self) -> float:
        """How many seconds the computer has slept since this was last asked."""
        slept, ticked = slept_s(), perf_counter()
        # By a clock that stands still meanwhile, or by one that runs on.
        asleep = max(slept - self._slept, ticked - self._ticked - SLOW_S)
        self._slept, self._ticked = slept, ticked
        return asleep

    def _sleepless(self, seconds: float) -> str:
        return f"{self._target.name}: the recording ended, for nothing ran for {seconds:.0f} s"

    def _hold(self, seconds: float) -> str | None:
        """Let the video go on, where there has been no result for so long."""
        if (lacking := self._asleep()) > LONGEST_S:
            return self._sleepless(lacking)
        # One that is on its way has waited for a slow model at most for so long.
        self._tape.hold(min(seconds - SLOW_S, self._tape.held + LONGEST_S))
        return self._check()

    def _check(self) -> str | None:
        """Why the disk takes no more, if it doesn't: OpenCV would not say so."""
        folder = self._target.absolute().parent
        with writing(self._target):
            if shutil.disk_usage(folder).free < RESERVE:
                ending = "the disk is nearly full; free some space"
            elif self._tape.size > FAT_LIMIT - RESERVE and not self._grows(folder):
                ending = "the disk takes no larger file; record anew, or choose another folder"
            else:
                return None
        return f"{self._target}: the recording ended, for {ending}"

    def _grows(self, folder: Path) -> bool:
        if self._takes_large is None:  # there are systems that write gigabytes to find it out
            self._takes_large = takes_files_of(FAT_LIMIT, folder)
        return self._takes_large

    def _complete(self) -> None:
        if self._tape.frames:
            self._files = self._tape.finish(checked=not self._hurried)
        else:
            self._tape.abort()


def save_snapshot(path: Path, result: Result, style: HeatStyle = DEFAULT_STYLE) -> Path:
    """Write one result as a picture: heat-map, label, time.

    Args:
        path: The final name, with the suffix .png; an existing file is replaced.
        result: As shown.
        style: Of the heat-map.

    Returns:
        The file.

    Raises:
        OutputError: It cannot be written there.
    """
    classes = result.manifest.classes
    picture = annotate(result.recognition, result.decision, classes, style)
    _, data = cv2.imencode(".png", picture)
    write_whole(path, data.tobytes())
    return path
