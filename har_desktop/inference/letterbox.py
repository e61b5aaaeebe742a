"""How a picture of any size becomes the encoder's input, and where it lies in there.

Training and the app share this code, so a network sees in the app what it has learned from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from har_desktop.frame import Image
from har_desktop.opencv import cv2

# Averaging by any factor costs 3 ns per pixel, by a whole one 1 ns, by two 0.3 ns. Pictures this
# many times too large are halved first; what remains, three times at least, is averaged as it
# should be. The pixels differ from those of one step by half a grey level on average. Where they
# are too large by an even whole number, they are halved always: only rounding differs then.
HALVING = 6


@dataclass(frozen=True, slots=True)
class Letterbox:
    """The rectangle of the input that a source's pictures fill; the rest is black.

    Attributes:
        input_size: (height, width) of the encoder's input in pixels.
        top: First row of the picture within the input.
        left: First column of the picture within the input.
        height: Rows of the picture within the input, at least 1.
        width: Columns of the picture within the input, at least 1.
    """

    input_size: tuple[int, int]
    top: int
    left: int
    height: int
    width: int

    @classmethod
    def fit(cls, source_size: tuple[int, int], input_size: tuple[int, int]) -> Self:
        """Centre the largest rectangle of the source's aspect ratio that fits into the input.

        Args:
            source_size: (height, width) of the source's pictures in pixels.
            input_size: (height, width) of the encoder's input in pixels.

        Raises:
            ValueError: A side is shorter than one pixel.
        """
        if min(*source_size, *input_size) < 1:
            raise ValueError(f"cannot fit {source_size} into {input_size}: empty picture")
        (rows, columns), (room_rows, room_columns) = source_size, input_size
        # Whole numbers throughout: no rounding error decides about a pixel.
        if room_rows * columns <= room_columns * rows:
            height, width = room_rows, _divide(columns * room_rows, rows)
        else:
            height, width = _divide(rows * room_columns, columns), room_columns
        top, left = (room_rows - height) // 2, (room_columns - width) // 2
        return cls(input_size, top, left, height, width)

    def apply(self, image: Image) -> Image:
        """Scale a picture into its rectangle and surround it with black.

        Pixels are averaged by area where the picture shrinks and interpolated where it grows.

        Args:
            image: (height, width, 3) uint8 of the size that this letterbox was fitted to.

        Returns:
            (*input_size, 3) uint8, C-contiguous, in the channel order of `image`.
        """
        while self._halves(*image.shape[:2]):
            half = image.shape[1] // 2, image.shape[0] // 2
            image = cv2.resize(image, half, interpolation=cv2.INTER_AREA)
        shrinks = image.shape[0] > self.height or image.shape[1] > self.width
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        canvas = np.zeros((*self.input_size, 3), np.uint8)
        canvas[self.top : self.top + self.height, self.left : self.left + self.width] = cv2.resize(
            image, (self.width, self.height), interpolation=method
        )
        return canvas

    def cut(self, heatmap: NDArray[np.float32]) -> NDArray[np.float32]:
        """What a heat-map tells of the picture alone, a value for each pixel of its rectangle.

        Args:
            heatmap: (h, w) float32; it covers the whole of the input, the black around it, too.

        Returns:
            (height, width) float32, interpolated, a view.
        """
        # By way of the input's pixels, for the rectangle is a whole number of them.
        rows, columns = self.input_size
        whole = cv2.resize(heatmap, (columns, rows), interpolation=cv2.INTER_LINEAR)
        part: NDArray[np.float32] = whole[
            self.top : self.top + self.height, self.left : self.left + self.width
        ]
        return part

    def _halves(self, rows: int, columns: int) -> bool:
        """True where a picture is better halved first, which is cheap, for much of it remains."""
        height, width = 2 * self.height, 2 * self.width
        if rows > height and rows % height == 0 and columns % width == 0:
            return True
        even = rows % 2 == 0 and columns % 2 == 0
        return even and rows >= HALVING * self.height and columns >= HALVING * self.width


def as_seen(image: Image, input_size: tuple[int, int]) -> Image:
    """A picture as an encoder sees it, in the app and in training.

    Args:
        image: (height, width, 3) uint8 BGR.
        input_size: (rows, columns) of the encoder's input.

    Returns:
        (*input_size, 3) uint8 RGB, letterboxed.
    """
    small = Letterbox.fit(image.shape[:2], input_size).apply(image)
    seen: Image = cv2.cvtColor(small, cv2.COLOR_BGR2RGB)
    return seen


def _divide(numerator: int, denominator: int) -> int:
    """The nearest whole number (halves upward), at least 1."""
    return max(1, (2 * numerator + denominator) // (2 * denominator))
