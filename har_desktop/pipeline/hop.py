"""Frames at a chosen pace, by their times and never by their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from har_desktop.frame import Frame

# Times that are rounded to milliseconds may come this much too early.
SLACK_S = 5e-4


class Hop:
    """Says which frames lie on a clock that ticks every `seconds`, beginning at the first frame.

    The first frame at or after a tick is taken; ticks that pass between two frames are skipped, so
    the pace never drifts. With 0 seconds, or hardly more, every frame is taken.
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
        if self._seconds > SLACK_S:
            self._due += self._seconds * (1 + late // self._seconds)
        return True


def every(frames: Iterable[Frame], seconds: float) -> Iterator[Frame]:
    """The frames that a `Hop` takes."""
    return filter(Hop(seconds).takes, frames)


def looks(frames: Iterable[Frame], hop: float, interval: float) -> Iterator[tuple[Frame, bool]]:
    """Every frame, and whether the engine has to look at it for results at a pace.

    Every place of a window takes the nearest frame that was looked at, within half a frame
    interval. So these lie at most so far apart, or on a clock of whole intervals, as the places
    do. Where the frames themselves are farther apart, those before and behind are needed, too.

    Args:
        frames: One is read ahead.
        hop: Mean time between two results in seconds; 0 for one per frame.
        interval: Seconds between two places of a window.
    """
    reach = interval / 2
    clock = Hop(interval if hop >= interval else min(hop, reach))
    held: Frame | None = None
    behind = False  # a long step
    for frame in frames:
        if held is not None:
            before = frame.time - held.time > reach
            yield held, clock.takes(held) or before or behind
            behind = before
        held = frame
    if held is not None:
        yield held, clock.takes(held) or behind
