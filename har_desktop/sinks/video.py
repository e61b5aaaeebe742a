"""NAME.mp4: the source's pictures, as a rule with heat-map and what was made of them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_desktop.decision.decision import Decision, Event
from har_desktop.errors import OutputError
from har_desktop.frame import Image
from har_desktop.inference.recognition import Recognition
from har_desktop.overlay import annotate
from har_desktop.sinks.atomic import AtomicFile
from har_desktop.sinks.base import RunInfo, Sink
from har_desktop.sinks.constant_rate import FRAGMENTED, ConstantRateVideo
from har_desktop.sources.base import ASSUMED_FPS, SourceInfo, believed_rate

# From so many pictures the true rate is measured.
_MEASURED = 10
_BRAND = b"ftypisml"  # of `FRAGMENTED`, ISO 14496-12, 4.3
# Seconds by which a step between pictures is off where stamps are whole milliseconds.
_ROUNDED = 1e-3


class AnnotatedVideo(Sink):
    """Draws each result onto its frame; time in the video is time in the source.

    Args:
        path: The final name, with the suffix .mp4.
        run: Knows the source's nominal rate, and how heat-maps are drawn.
        plain: Draw nothing: pictures to learn from must not show the answer.

    Raises:
        OutputError: It cannot be written there.
    """

    def __init__(self, path: Path, run: RunInfo, *, plain: bool = False) -> None:
        self._plain, self._classes, self._style = plain, run.classes, run.style
        self._source = run.source
        self._file = AtomicFile(path, FRAGMENTED)
        self._early: list[tuple[float, Image]] = []  # until the rate is known
        self._video: ConstantRateVideo | None = None
        self._interrupted = threading.Event()
        self.checked = True  # whether `finish` looks if all is there, for which it reads the file

    def write(
        self,
        recognition: Recognition,
        decision: Decision,
        events: Sequence[Event],  # noqa: ARG002
    ) -> None:
        """Draw one result and show it from its time on.

        Raises:
            OutputError: The encoder doesn't start.
        """
        time, picture = recognition.frame.time, recognition.frame.image
        if not self._plain:
            picture = annotate(recognition, decision, self._classes, self._style)
        if self._video is not None:
            self._video.show(time, picture)
            return
        self._early.append((time, picture))
        if len(self._early) == _MEASURED:
            self._start()

    def hold(self, time: float) -> None:
        """Let the last picture stand up to `time`, where the next one is not before that.

        Raises:
            OutputError: The encoder doesn't start.
        """
        video = self._video or self._start()
        video.hold(time)

    @property
    def size(self) -> int:
        """Bytes on the disk so far."""
        return self._file.partial.stat().st_size

    def finish(self, events: Sequence[Event] = ()) -> Path:  # noqa: ARG002
        """Close the video, see that it can be played, and give it its name."""
        video = self._video or self._start()
        video.close(checked=self.checked)
        return self._file.commit()

    def rescue(self) -> Path | None:
        """Stop the encoder, and keep what was written so far under a name that says so."""
        if self._video is not None:
            self._video.release()
        return self._file.rescue()

    def interrupt(self) -> None:
        """Let a `write` end at the next picture, even in a pause that the source claims."""
        self._interrupted.set()

    def abort(self) -> None:
        """Stop the encoder and remove the incomplete file."""
        if self._video is not None:
            self._video.release()
        self._file.discard()

    def _start(self) -> ConstantRateVideo:
        """Open the encoder at the true rate, and catch up with what has waited for it."""
        if not self._early:
            raise OutputError(f"{self._file.path}: there is not one picture to write")
        times = np.array([time for time, _ in self._early])
        self._video = ConstantRateVideo(
            self._file,
            _rate(self._source, times),
            self._early[0][1].shape[:2],
            self._interrupted,
        )
        for time, picture in self._early:
            self._video.show(time, picture)
        self._early.clear()
        return self._video


def is_written_here(path: Path) -> bool:
    """Whether a file is a video as this program writes them, and hardly another one."""
    try:
        with path.open("rb") as file:
            return file.read(12)[4:] == _BRAND
    except OSError:
        return False


def _rate(source: SourceInfo, times: NDArray[np.float64]) -> float:
    """The nominal rate; where that is too low, or none, see `believed_rate`.

    A mean over a variable rate would drop pictures wherever there are many, and many a header's
    rate is one. How fast the first ones of a live source came says nothing.
    """
    nominal = source.fps
    if len(times) < 2 or source.live:  # a lone picture says nothing about a rate
        return nominal or ASSUMED_FPS
    step = float(np.median(np.diff(times)))
    if nominal and 1.0 / nominal - step > _ROUNDED:
        return 1.0 / step
    return believed_rate(nominal, 1.0 / step)
