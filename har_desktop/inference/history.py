"""What is remembered of the last few seconds, looked up by time and never by frame count."""

from __future__ import annotations

from bisect import bisect_left
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from har_desktop.frame import Image
from har_desktop.inference.encoders import Features
from har_desktop.inference.manifest import WindowSpec
from har_desktop.inference.movement import Sketch, sketch

T = TypeVar("T")

# What is remembered lies at least a sixteenth of the frame interval apart. At an interval of
# 0.2 s every frame of a 60 Hz source is kept; of faster sources as many as matter.
THINNING = 16
# A step longer than the frame interval is no gap where the source is that slow by itself. One
# picture that a camera loses doubles the step; more than that is a gap.
GAP_FACTOR = 2.5
SLACK = 1e-6  # seconds, for times that come out of floating-point sums


def ages(interval: float, differences: int) -> list[float]:
    """How long before a picture those lie that tell its motion, in seconds; see `InputSpec`."""
    return [interval * part / differences for part in range(1, differences + 1)]


class Timeline(Generic[T]):
    """Values by increasing time, thinned out and forgotten so that their number is bounded.

    A value stays if it is at least `spacing` younger than the one that stayed before it; the
    newest is always there until the next one comes. From a source that is faster than `spacing`,
    kept values are therefore less than 2 * `spacing` apart, and the nearest one to any time
    between them is off by less than `spacing`. At most reach / spacing + 3 values are kept.
    """

    def __init__(self, reach: float, spacing: float) -> None:
        """Remember `reach` seconds."""
        self._reach = reach
        self._spacing = spacing
        self._times: list[float] = []
        self._values: list[T] = []

    def __len__(self) -> int:
        return len(self._times)

    def clear(self) -> None:
        """Forget everything."""
        self._times.clear()
        self._values.clear()

    def add(self, time: float, value: T) -> None:
        """Append a value that is younger than all others."""
        times = self._times
        if len(times) >= 2 and times[-1] - times[-2] < self._spacing - SLACK:
            del times[-1], self._values[-1]
        times.append(time)
        self._values.append(value)
        # The last value before the reach stays: it may be the nearest to the reach's end.
        old = max(0, bisect_left(times, time - self._reach) - 1)
        del times[:old], self._values[:old]

    def nearest(self, time: float, tolerance: float) -> T | None:
        """The value nearest to a time; None before the first one or beyond the tolerance."""
        times = self._times
        if not times or time < times[0] - SLACK:
            return None
        index = bisect_left(times, time)
        if index == len(times) or (
            index > 0 and time - times[index - 1] < times[index] - time - SLACK
        ):
            index -= 1
        if abs(times[index] - time) > tolerance + SLACK:
            return None
        return self._values[index]


class Past(NamedTuple):
    """An earlier picture: its time in seconds, and (height, width, 3) uint8 RGB."""

    time: float
    picture: Image


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """One frame as the window needs it.

    Attributes:
        time: Seconds.
        picture: (height, width, 3) uint8 RGB, as the encoder saw it.
        features: What the encoders make of it, perhaps not yet.
        sketch: A small copy that shows what moves.
    """

    time: float
    picture: Image
    features: Future[Features]
    sketch: Sketch


class History:
    """The pictures and features of one uninterrupted stretch of one source.

    The last 9 intervals of features are kept for the window (of ten) and one interval of pictures
    for the motion.
    """

    def __init__(self, window: WindowSpec, differences: int = 1) -> None:
        """Tell motion by as many differences in an interval; see `InputSpec`."""
        self._length, self._interval = window.length, window.frame_interval_s
        self._ages = ages(self._interval, differences)
        spacing = self._interval / THINNING
        self._moments = Timeline[Moment]((self._length - 1) * self._interval, spacing)
        self._pictures = Timeline[Past](self._interval, spacing)
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._moments.clear()
        self._pictures.clear()
        self._time: float | None = None
        self._delta: float | None = None
        self._size: tuple[int, int] | None = None

    def admit(self, time: float, size: tuple[int, int]) -> None:
        """Announce the next frame; forget everything if it doesn't continue what came before.

        That is so after a seek (time that doesn't increase), a change of the frame size, and a
        gap: a step longer than the frame interval and than `GAP_FACTOR` steps before it.
        """
        if self._time is not None:
            delta, before = time - self._time, self._delta
            seek = not delta > 0
            gap = before and delta > max(self._interval + SLACK, GAP_FACTOR * before)
            if seek or gap or size != self._size:
                self.clear()
            # Of a gap, too, the step is remembered: two alike are the spacing of a slow source.
            self._delta = None if seek else delta
        self._time, self._size = time, size

    def see(self, time: float, picture: Image) -> None:
        """Remember the picture of the frame that was admitted."""
        self._pictures.add(time, Past(time, picture))

    def previous(self, time: float) -> list[Past]:
        """The pictures that tell motion at the time of the last one seen, the nearest first.

        None at all where none lies one frame interval before. Of those between, the nearest there
        is counts, be it this last one: so it is with a slow source.
        """
        interval = self._interval
        if self._pictures.nearest(time - interval, interval / 2) is None:
            return []
        found = [self._pictures.nearest(time - age, interval) for age in self._ages]
        return [past for past in found if past is not None]  # all: they lie between two that are

    def add(self, time: float, picture: Image, features: Future[Features]) -> None:
        """Remember what the encoders make of the picture of the frame that was admitted."""
        self._moments.add(time, Moment(time, picture, features, sketch(picture)))

    def window(self, time: float) -> list[Moment]:
        """The filled places of the window that ends at `time`, oldest first."""
        places = range(self._length - 1, -1, -1)
        interval = self._interval
        found = (self._moments.nearest(time - place * interval, interval / 2) for place in places)
        return [moment for moment in found if moment is not None]
