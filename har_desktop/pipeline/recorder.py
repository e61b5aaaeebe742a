"""The recording of a live session, in a thread of its own; and a snapshot.

    recorder = Recorder(folder / "session", live.run_info(), on_failure)
    recorder.feed(result)       # for each result of the session; never waits
    files = recorder.stop()     # TARGET.mp4 and TARGET.frames.jsonl

The heat-map of a result is drawn on the frame that it was computed for, so the video has the
model's rate, held at the camera's nominal one. Time starts at 0 with the first result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from har_desktop.pipeline.result import Result
from har_desktop.sinks.base import RunInfo


@dataclass(frozen=True, slots=True)
class RecorderStats:
    """fed == written + dropped + waiting.

    Attributes:
        fed: Results that were given to the recorder.
        written: Results that are in the files.
        dropped: Results that came while the queue was full or after a failure.
        waiting: Results in the queue or being written.
        seconds: From the first result that was fed to the last.
    """

    fed: int
    written: int
    dropped: int
    waiting: int
    seconds: float


class Recorder:
    """Writes TARGET.mp4 and TARGET.frames.jsonl. Thread name: `recorder`.

    Should writing fail (disk full, folder gone, another model), `on_failure` is called once, from
    the recorder's thread, with one line; the incomplete files are removed, later results count as
    dropped, and the session goes on.
    """

    def __init__(self, target: Path, run: RunInfo, on_failure: Callable[[str], object]) -> None:
        """Create the files and start the thread.

        Args:
            target: Folder and name without suffix; existing files of that name are replaced when
                the recording ends.
            run: Of the session, `Live.run_info()`.
            on_failure: Must return at once.

        Raises:
            OutputError: The files cannot be written there.
        """
        raise NotImplementedError

    def feed(self, result: Result) -> None:
        """Take one result, in order, from any thread; drop it where the queue is full."""
        raise NotImplementedError

    def stop(self, timeout: float = 3.0) -> tuple[Path, ...]:
        """Write what waits, complete the files, and end the thread. May be called repeatedly.

        Returns:
            The files; none after a failure, or where nothing was fed.

        Raises:
            OutputError: It could not be completed, or not within `timeout` seconds.
        """
        raise NotImplementedError

    def stats(self) -> RecorderStats:
        """Counts of this moment."""
        raise NotImplementedError


def save_snapshot(path: Path, result: Result) -> Path:
    """Write one result as a picture: heat-map, label, time.

    Args:
        path: The final name, with the suffix .png.
        result: As shown.

    Raises:
        OutputError: It cannot be written there.
    """
    raise NotImplementedError
