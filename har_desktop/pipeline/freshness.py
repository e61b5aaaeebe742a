"""Does a picture show something new, or is the camera stuck on an old one?"""

from __future__ import annotations

import numpy as np

from har_desktop.frame import Image

# So many pictures that differ, none of them repeated more often than this, are a camera at work:
# some deliver each picture twice to reach a rate. A slide show or a clock is no camera.
_CHANGES = 10
_REPEATS = 3


class Freshness:
    """Tells repeated pictures from new ones, where that means anything.

    The noise of a sensor makes any two pictures of a camera differ in some byte, so a picture that
    repeats byte for byte is an old one. A test card or a rendered screen may stand still for ever
    and be alive. What tells them apart is how they have behaved: a source whose pictures have kept
    changing from one to the next is held to it; one that never did so is believed.

    What was seen stays valid when the source is reopened: a camera that comes back with the very
    picture on which it got stuck has not come back.
    """

    def __init__(self) -> None:
        self._last: Image | None = None
        self._changes = 0
        self._repeats = 0

    def is_fresh(self, image: Image) -> bool:
        """Whether this picture, (height, width, 3) uint8, is new; to be asked once for each."""
        lively = self._changes >= _CHANGES
        if self._last is not None and _same(self._last, image):
            self._repeats += 1
            if self._repeats > _REPEATS and not lively:
                self._changes = 0
            return not lively
        self._changes += 1
        self._repeats = 0
        self._last = image
        return True


def _same(one: Image, other: Image) -> bool:
    """Whether two pictures are equal; noise shows in a few rows already."""
    if one.shape != other.shape:
        return False
    return np.array_equal(one[::64], other[::64]) and np.array_equal(one, other)
