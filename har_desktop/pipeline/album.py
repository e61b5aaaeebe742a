"""Pictures and heat-maps of a recorded video around the place that is looked at."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har_desktop.frame import Frame, Image
from har_desktop.inference.recognition import Window
from har_desktop.opencv import cv2

# At this quality a compressed picture looks like the picture; it takes a tenth of the memory.
_QUALITY = 92
# The last pictures stay as they are, so that one that is about to be shown need not be unpacked:
# so many, if they take no more than this share of the memory.
_RAW = 8
_RAW_SHARE = 0.25


@dataclass(slots=True, eq=False)
class _Page:
    """What is kept of one frame."""

    time: float
    jpeg: NDArray[np.uint8]
    encoded: Image
    window: Window | None

    @property
    def size(self) -> int:
        # The window's pictures are those of other pages.
        heatmaps = sum(maps.nbytes for maps in self.window.maps.values()) if self.window else 0
        return self.jpeg.nbytes + self.encoded.nbytes + heatmaps


class Album:
    """Frames by index, in bounded memory: what lies farthest from `centre` goes first.

    Attributes:
        centre: Index of the frame that is looked at.
    """

    def __init__(self, memory: int) -> None:
        """Keep at most so many bytes, compressed, and the last pictures as they are beside them."""
        self.centre = 0
        self._memory = memory
        self._used = 0
        self._pages: dict[int, _Page] = {}
        self._raw: dict[int, Frame] = {}

    def clear(self) -> None:
        """Keep nothing."""
        self._pages.clear()
        self._raw.clear()
        self._used = 0

    def __contains__(self, index: int) -> bool:
        return index in self._pages

    def add(self, frame: Frame, encoded: Image, window: Window | None) -> None:
        """Keep a frame.

        Args:
            frame: As it came from the source.
            encoded: The same as the encoder sees it, (height, width, 3) uint8 RGB.
            window: The answer to it; None where there is none, or none yet.
        """
        options = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
        _, jpeg = cv2.imencode(".jpg", frame.image, options)
        self._raw[frame.index] = frame
        room = _RAW_SHARE * self._memory / frame.image.nbytes
        while len(self._raw) > max(1, min(_RAW, room)):
            del self._raw[next(iter(self._raw))]
        self._put(frame.index, _Page(frame.time, jpeg, encoded, window))

    def frame(self, index: int) -> Frame | None:
        """The frame, unpacked; None where it is not kept."""
        if index in self._raw:
            return self._raw[index]
        page = self._pages.get(index)
        if page is None:
            return None
        image = np.asarray(cv2.imdecode(page.jpeg, cv2.IMREAD_COLOR), np.uint8)
        return Frame(image, index, page.time)

    def encoded(self, index: int) -> Image | None:
        """The picture as the encoder sees it; None where it is not kept."""
        page = self._pages.get(index)
        return page.encoded if page else None

    def window(self, index: int) -> Window | None:
        """The answer to the frame; None where it is not kept."""
        page = self._pages.get(index)
        return page.window if page else None

    def set_window(self, index: int, window: Window) -> None:
        """Keep an answer that was computed anew."""
        if (page := self._pages.get(index)) is not None:
            self._put(index, _Page(page.time, page.jpeg, page.encoded, window))

    def forget_windows(self) -> None:
        """Forget all answers, but no picture."""
        for page in self._pages.values():
            page.window = None
        self._used = sum(page.size for page in self._pages.values())

    def forget_all_but(self, indices: Collection[int]) -> None:
        """Make room for what these frames still need."""
        for index in set(self._pages).difference(indices):
            self._remove(index)

    def _put(self, index: int, page: _Page) -> None:
        self._remove(index)
        self._pages[index] = page
        self._used += page.size
        while self._used > self._memory and len(self._pages) > 1:
            ends = min(self._pages), max(self._pages)
            self._remove(max(ends, key=lambda end: abs(end - self.centre)))

    def _remove(self, index: int) -> None:
        page = self._pages.pop(index, None)
        self._used -= page.size if page else 0
