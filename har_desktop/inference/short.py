"""An answer for a source that ends before its first window is full."""

from __future__ import annotations

from har_desktop.frame import Frame, Image
from har_desktop.inference.history import SLACK
from har_desktop.inference.recognition import Window
from har_desktop.inference.recognizer import Recognizer

# Pictures this much farther apart than the window's show everything a quarter faster than it is.
SPARSE = 1.25


class ShortSource:
    """Remembers one picture per frame interval, as long as they might not fill a window.

    Its window ends with the source, and the first picture stands still before the start.
    """

    def __init__(self, recognizer: Recognizer) -> None:
        self._recognizer = recognizer
        window = recognizer.manifest.window
        self._interval = window.frame_interval_s
        self._length = window.length
        self._ticks: list[tuple[float, Image]] = []

    def add(self, frame: Frame) -> None:
        """Take a frame that lies one frame interval after the one that was added before."""
        if len(self._ticks) <= self._length:
            self._ticks.append((frame.time, self._recognizer.picture(frame)))

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
        times, pictures = zip(*held, *self._ticks, strict=True)
        return self._recognizer.recognize_window(
            pictures[1:],
            pictures[:-1] if self._recognizer.manifest.input.motion else None,
            times[1:],
        )

    @property
    def sparse(self) -> bool:
        """Whether a source that filled no window had too few pictures a second, not too few."""
        steps = len(self._ticks) - 1
        if steps < 1:
            return False
        span = self._ticks[-1][0] - self._ticks[0][0]
        return steps == self._length or span > SPARSE * self._interval * steps + SLACK
