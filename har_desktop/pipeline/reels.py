"""Going to and fro in a source that can only be read forward."""

from __future__ import annotations

from collections.abc import Callable

from har_desktop.frame import Frame
from har_desktop.sources.base import Source, SourceInfo


class Reel:
    """One reading of the source.

    Attributes:
        info: What the source said of itself when it was opened; None before.
        position: Index of the frame that is read next.
    """

    def __init__(self, open_source: Callable[[], Source]) -> None:
        self.info: SourceInfo | None = None
        self.position = 0
        self._open_source = open_source
        self._source: Source | None = None
        self._opened = False

    def read(self) -> Frame | None:
        """The next frame, or None at the end.

        Raises:
            SourceError: The source cannot be opened or breaks.
        """
        if self._source is None:
            self._source = self._open_source()
        if not self._opened:
            self.info = self._source.open()
            self._opened = True
        frame = self._source.read()
        if frame is not None:
            self.position += 1
        return frame

    def rewind(self) -> None:
        """Start anew with the first frame, at the next reading."""
        self._opened, self.position = False, 0

    def close(self) -> None:
        """Close the source. May be called any number of times."""
        self.rewind()
        if self._source is not None:
            self._source.close()
        self._source = None


class Reels:
    """Two readings of one source, so that a look elsewhere does not take the place of the analysis.

    Which of them serves a wish depends on where they are.
    """

    def __init__(self, open_source: Callable[[], Source]) -> None:
        self._reels = Reel(open_source), Reel(open_source)

    @property
    def info(self) -> SourceInfo | None:
        """What the source said of itself; None before the first frame."""
        return self._reels[0].info or self._reels[1].info

    def read_towards(self, index: int, spare: int) -> Frame | None:
        """Read one frame on the way to a frame: that frame itself, or one before it.

        Where both readings are past the frame, one is rewound.

        Args:
            index: The frame that is wanted in the end.
            spare: A reading that stands here is not rewound, if the other can be.

        Returns:
            The frame that was read; None at the end of the source.

        Raises:
            SourceError: The source cannot be opened or breaks.
        """
        before = [reel for reel in self._reels if reel.position <= index]
        if before:
            return max(before, key=lambda reel: reel.position).read()
        reel = min(self._reels, key=lambda reel: reel.position == spare)
        reel.rewind()
        return reel.read()

    def close(self) -> None:
        """Close both. May be called any number of times."""
        for reel in self._reels:
            reel.close()
