"""Frames at a chosen pace, by their times and never by their number."""

from __future__ import annotations

import math
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


class Looks:
    """Says which frames the engine has to look at, so that results at a pace find their windows.

    Every place of a window takes the nearest frame that was looked at, within half a frame
    interval. So these lie at most so far apart, or on a clock of whole intervals, as the places
    do. Where the frames themselves are farther apart, all are needed.

    Args:
        hop: Mean time between two results in seconds; 0 for one per frame.
        interval: Seconds between two places of a window.
    """

    def __init__(self, hop: float, interval: float) -> None:
        self._reach = interval / 2
        self._clock = Hop(interval if hop >= interval else min(hop, self._reach))
        self._before = math.inf

    def takes(self, frame: Frame) -> bool:
        """Whether this frame is to be looked at. Ask once per frame, in order."""
        far = frame.time - self._before > self._reach
        self._before = frame.time
        return self._clock.takes(frame) or far
