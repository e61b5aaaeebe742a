"""The one interface of everything that delivers frames."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from types import TracebackType
from typing import Self

from har_desktop.frame import Frame

# What a source without a believable rate is taken to run at.
ASSUMED_FPS = 25.0


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a source says of itself when it opens.

    Attributes:
        name: Short and readable: a file name, a camera's name, a host.
        width: Of the delivered frames, in pixels (after any rotation).
        height: Of the delivered frames, in pixels (after any rotation).
        fps: Nominal frame rate, or None where the source states none that can be believed.
        frames: Length by the source's header, or None. A hint for a progress bar, never a promise.
        live: True where frames are lost unless they are read in time.
        repeats: True where a picture comes again byte for byte while nothing happens, as of codecs
            that send what changes.
    """

    name: str
    width: int
    height: int
    fps: float | None
    frames: int | None
    live: bool
    repeats: bool = False


def believed_rate(nominal: float | None, measured: float) -> float:
    """Frames per second: the nominal rate; the measured one where that is much too low.

    Where there is none, about the usual one at least, for what was measured may have been a slow
    moment: so many times the measured one, that each of its pictures stands equally long.
    """
    if nominal is None:
        return measured * max(1, ceil(0.95 * ASSUMED_FPS / measured))
    return nominal if measured < 1.1 * nominal else measured


class Source(ABC):
    """Opened, read to the end, closed. Also a context manager and an iterator of frames.

    Opened again, it starts anew.
    """

    @abstractmethod
    def open(self) -> SourceInfo:
        """Start the source.

        Raises:
            SourceError: It cannot be opened or holds no picture.
        """

    @abstractmethod
    def read(self) -> Frame | None:
        """Wait for the next frame; None at the end.

        Raises:
            SourceError: The source broke in a way that is not an ordinary end.
        """

    def seek(self, index: int, time: float) -> bool:  # noqa: ARG002, of who can
        """Go elsewhere in an open source, to about a frame that was read before.

        Where that ends depends on the file: until the source is opened anew, the indices of its
        frames are wrong by a few, and times may be, too. Who reads on has to see where he is.

        Args:
            index: Of that frame.
            time: Of that frame, in seconds.

        Returns:
            False where the source can only be read forward; it is to be opened anew then.

        Raises:
            SourceError: The source broke.
        """
        return False

    @abstractmethod
    def close(self) -> None:
        """Release everything. May be called in any state, any number of times."""

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[Frame]:
        while (frame := self.read()) is not None:
            yield frame
