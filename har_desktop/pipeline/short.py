"""An answer for a source that ends before its first window is full."""

from __future__ import annotations

import math

from har_desktop.frame import Frame, Image
from har_desktop.inference.history import SLACK, THINNING, Timeline, ages
from har_desktop.inference.recognition import Window
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.hop import Hop

# Pictures this much farther apart than the window's show everything a quarter faster than it is.
SPARSE = 1.25


class ShortSource:
    """Remembers the pictures of a source, as long as they might not fill a window.

    Its window ends with the source, and the first picture stands still before the start.
    """

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer
        window = recognizer.manifest.window
        self._interval = window.frame_interval_s
        self._length = window.length
        self._clock = Hop(self._interval)
        self._ticks: list[tuple[float, Image]] = []
        self._pictures = Timeline[Image](math.inf, self._interval / THINNING)

    def add(self, frame: Frame) -> None:
        """Take the next frame."""
        if len(self._ticks) > self._length:
            return
        picture = self._recognizer.picture(frame)
        self._pictures.add(frame.time, picture)
        if self._clock.takes(frame):
            self._ticks.append((frame.time, picture))

    def window(self) -> Window | None:
        """The held window; None without a single frame.

        Raises:
            GraphError: ONNX Runtime failed.
        """
        if not self._ticks:
            return None
        missing = self._length + 1 - len(self._ticks)
        start, first = self._ticks[0]
        held = [(start - self._interval * n, first) for n in range(missing, 0, -1)]
        times, images = zip(*held, *self._ticks, strict=True)
        before = [
            [*self._between(time), image] for time, image in zip(times[1:], images, strict=False)
        ]
        return self._recognizer.recognize_window(images[1:], before, times[1:])

    @property
    def sparse(self) -> bool:
        """Whether a source that filled no window had too few pictures a second, not too few."""
        steps = len(self._ticks) - 1
        if steps < 1:
            return False
        span = self._ticks[-1][0] - self._ticks[0][0]
        return steps == self._length or span > SPARSE * self._interval * steps + SLACK

    def _between(self, time: float) -> list[Image]:
        """The pictures that tell motion at a tick, but for the one a whole interval before."""
        *between, _ = ages(self._interval, self._recognizer.manifest.input.differences)
        found = [self._pictures.nearest(time - age, math.inf) for age in between]
        first = self._ticks[0][1]  # stands still before the start
        return [first if picture is None else picture for picture in found]
