"""Frames at a chosen pace, by their times and never by their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from har_desktop.frame import Frame

# Times that are rounded to milliseconds may come this much too early.
SLACK_S = 5e-4


class Hop:
    """Says which frames lie on a clock that ticks every `seconds`, beginning at the first frame.

    The first frame at or after a tick is taken; ticks that pass between two frames are skipped, so
    the pace never drifts. With 0 seconds every frame is taken.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: float | None = None

    def takes(self, frame: Frame) -> bool:
        """Whether this frame is the one for the next tick. Ask once per frame, in order."""
        if self._due is None:
            self._due = frame.time
        late = frame.time - self._due + SLACK_S
        if late < 0:
            return False
        if self._seconds:
            self._due += self._seconds * (1 + late // self._seconds)
        return True


def every(frames: Iterable[Frame], seconds: float) -> Iterator[Frame]:
    """The frames that a `Hop` takes."""
    return filter(Hop(seconds).takes, frames)
