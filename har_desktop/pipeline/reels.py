"""Going to and fro in a source that may only be read forward."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import replace

from har_desktop.errors import SourceError
from har_desktop.frame import Frame
from har_desktop.sources.base import Source, SourceInfo

# Of what is read on the way to a frame that was there before, so many frames before it are of use:
# the windows of the next frames begin with them, and steps back lead there.
NEAR = 32
# From so many frames before it on, a frame is sought; key frames are hardly ever farther apart.
_FAR = 250
# Where a seek ends so many frames beside what it meant, it is of no use.
_BESIDE = 16
# Rows of pixels: one goes through every block of a codec.
_BLOCK = 16


class Landmarks:
    """The frames that were seen so far, so that each is known where it comes again."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._places: dict[tuple[float, int], int] = {}

    def __len__(self) -> int:
        return len(self._times)

    def note(self, frame: Frame) -> None:
        """Remember a frame, in order; those that were seen already are left out."""
        if frame.index == len(self._times):
            self._times.append(frame.time)
            self._places[_look(frame)] = frame.index

    def time(self, index: int) -> float:
        """Seconds of a frame."""
        return self._times[index]

    def place(self, frame: Frame) -> int | None:
        """Index of the frame that had this time, and looked like this; None where none did."""
        return self._places.get(_look(frame))

    def contradict(self, frame: Frame) -> bool:
        """Whether another frame was at this place when it was seen first."""
        return frame.index < len(self) and self.place(frame) != frame.index


class Reel:
    """One reading of the source.

    Attributes:
        info: What the source said of itself when it was opened; None before.
        position: Index of the frame that is read next.
        jumped: Whether it has got there by a seek.
    """

    def __init__(self, open_source: Callable[[], Source]) -> None:
        self.info: SourceInfo | None = None
        self.position = 0
        self.jumped = False
        self._open_source = open_source
        self._source: Source | None = None
        self._opened = False

    def read(self) -> Frame | None:
        """The next frame, or None at the end.

        Raises:
            SourceError: The source cannot be opened or breaks.
        """
        frame = self._ready().read()
        if frame is None:
            return None
        self.position += 1
        # After a seek the source counts from where it believes to be.
        return replace(frame, index=self.position - 1)

    def jump(self, index: int, landmarks: Landmarks) -> Frame | None:
        """Go to a frame without reading all before it: that frame, or one a little beside it.

        A seek may end anywhere, and behind it pictures may be broken. So a frame is believed to be
        where one was that had its time and looked like it.

        Returns:
            None where that is not to be had; then it must be rewound.
        """
        try:
            source = self._ready()
            if not source.seek(index, landmarks.time(index)):
                return None
            for _ in range(_BESIDE):
                frame = source.read()
                place = None if frame is None else landmarks.place(frame)
                if frame is not None and place is not None:
                    self.position, self.jumped = place + 1, True
                    return replace(frame, index=place) if abs(place - index) < _BESIDE else None
        except SourceError:
            pass  # what lies there may break it, and not what is on the way from the start
        return None

    def rewind(self) -> None:
        """Start anew with the first frame, at the next reading."""
        self._opened, self.jumped, self.position = False, False, 0

    def close(self) -> None:
        """Close the source. May be called any number of times."""
        self.rewind()
        if self._source is not None:
            self._source.close()
        self._source = None

    def _ready(self) -> Source:
        """The source, open."""
        if self._source is None:
            self._source = self._open_source()
        if not self._opened:
            self.info = self._source.open()
            self._opened = True
        return self._source


class Reels:
    """Two readings of one source, so that a look elsewhere does not take the place of the analysis.

    Which of them serves a wish depends on where they are.
    """

    def __init__(self, open_source: Callable[[], Source]) -> None:
        self._reels = Reel(open_source), Reel(open_source)
        self._landmarks = Landmarks()
        self._jumps = True  # until it didn't work once

    @property
    def info(self) -> SourceInfo | None:
        """What the source said of itself; None before the first frame."""
        return self._reels[0].info or self._reels[1].info

    def read_towards(self, index: int, spare: int) -> Frame | None:
        """Read one frame on the way to a frame: that frame itself, or one before it.

        Where both readings are past the frame, or far before it, one jumps to `NEAR` frames before
        it, or before the edge of all that was seen; if it cannot, and both are past the frame, one
        is rewound. Who stands at that edge is moved after the other.

        Args:
            index: The frame that is wanted in the end.
            spare: A reading that stands here is not moved away, if the other can be.

        Returns:
            The frame that was read; None at the end of the source.

        Raises:
            SourceError: The source cannot be opened or breaks.
        """
        goal = min(index, len(self._landmarks))
        nearest = self._nearest(index)
        if goal - (nearest.position if nearest else 0) > _FAR and self._jumps:
            reel = self._movable(spare)
            frame = reel.jump(goal - NEAR, self._landmarks)
            if frame is not None:
                return frame
            self._give_up_jumps(reel)
            nearest = self._nearest(index)
        if nearest is None:
            nearest = self._movable(spare)
            nearest.rewind()
        try:
            frame = nearest.read()
            lost = nearest.jumped and self._is_lost(frame, nearest.position)
        except SourceError:
            if not nearest.jumped:
                raise
            lost = True
        if lost:
            self._give_up_jumps(nearest)
            return self.read_towards(index, spare)
        if frame is not None:
            self._landmarks.note(frame)
        return frame

    def close(self) -> None:
        """Close both. May be called any number of times."""
        for reel in self._reels:
            reel.close()

    def _nearest(self, index: int) -> Reel | None:
        """The reading with the shortest way to a frame; None where both are past it."""
        before = [reel for reel in self._reels if reel.position <= index]
        return max(before, key=lambda reel: reel.position, default=None)

    def _is_lost(self, frame: Frame | None, position: int) -> bool:
        """Whether a reading that has jumped gives something else than the first one did."""
        if frame is None:
            return position < len(self._landmarks)
        return self._landmarks.contradict(frame)

    def _give_up_jumps(self, reel: Reel) -> None:
        """A seek has led astray in this source: it starts at the beginning from now on."""
        self._jumps = False
        reel.rewind()

    def _movable(self, spare: int) -> Reel:
        edge = len(self._landmarks)
        return min(self._reels, key=lambda reel: (reel.position == spare, reel.position == edge))


def _look(frame: Frame) -> tuple[float, int]:
    return frame.time, zlib.crc32(frame.image[::_BLOCK].tobytes())
