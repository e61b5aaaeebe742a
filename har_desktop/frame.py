"""The unit that travels through the whole program: one picture and its time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a source.

    Attributes:
        image: (height, width, 3) uint8, **BGR**, C-contiguous. Whoever holds a frame only reads it.
        index: Position in the source, counted from 0 over the frames that were delivered.
        time: Seconds since the first frame of the source; strictly increasing.
    """

    image: Image
    index: int
    time: float

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.image.shape[0], self.image.shape[1]
