"""A stream of frames through the engine that never ends."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from har_desktop.frame import Frame, Image
from har_desktop.inference.recognition import Recognition, Window
from har_desktop.inference.recognizer import Recognizer

FPS = 30.0
PICTURES = 11  # different ones, shown over and over


class Stream:
    """A recogniser whose window is full, and frames that go on.

    Attributes:
        window: The answer for the first window.
    """

    window: Window

    def __init__(self, recognizer: Recognizer, images: Sequence[Image]) -> None:
        """Fill the window by frames as far apart as the network wants pictures: the fewest.

        Args:
            recognizer: Nobody else uses it.
            images: (height, width, 3) uint8 BGR, shown over and over.
        """
        self._recognizer, self._images = recognizer, images
        self._index, self._time = 0, 0.0
        spacing = recognizer.manifest.spacing_s
        while (window := self._push(spacing).window) is None:
            pass
        self.window = window

    def step(self) -> Recognition:
        """Push the next frame of a camera."""
        return self._push(1.0 / FPS)

    def _push(self, spacing: float) -> Recognition:
        image = self._images[self._index % len(self._images)]
        frame = Frame(image, self._index, self._time)
        self._index += 1
        self._time += spacing
        return self._recognizer.push(frame)


def random_pictures(size: tuple[int, int]) -> list[Image]:
    """Different pictures of (height, width): (height, width, 3) uint8 noise."""
    random = np.random.default_rng(0)
    return [random.integers(0, 256, (*size, 3), np.uint8) for _ in range(PICTURES)]
