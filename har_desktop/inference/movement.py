"""How much moves in a window. Where nothing does, nobody does anything.

A network cannot tell: its probabilities share out the classes, and a person who stands still before
a camera looks more like one who is about to do a lunge than like one at a punching bag.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from har_desktop.frame import Image
from har_desktop.opencv import cv2

Sketch = NDArray[np.uint8]

# Of a few pixels each, so that the noise of a camera and of its compression averages out.
ROWS, COLUMNS = 40, 48
# A person may be far away: what counts is how strongly the few places change that change most.
SHARE = 0.02


def sketch(picture: Image) -> Sketch:
    """A small grey copy.

    Args:
        picture: (height, width, 3) uint8 RGB, letterboxed.

    Returns:
        (ROWS, COLUMNS) uint8.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    small: Sketch = cv2.resize(grey, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
    return small


def movement(sketches: Sequence[Sketch]) -> float:
    """The mean change from one picture to the next, at the `SHARE` of places that change most.

    Args:
        sketches: Of the pictures of a window, in order. The same object twice in a row is a picture
            that was held where there is none, and does not count.

    Returns:
        Grey levels, 0 to 255; 0 where there is but one picture.
    """
    changes = [
        cv2.absdiff(after, before) for before, after in pairwise(sketches) if after is not before
    ]
    if not changes:
        return 0.0
    places = round(SHARE * ROWS * COLUMNS)
    # Of bytes, a stable sort is a radix sort, and quicker than to partition them.
    ordered = np.sort(np.reshape(changes, (len(changes), -1)), axis=1, kind="stable")
    return float(ordered[:, -places:].mean())
