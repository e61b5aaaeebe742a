"""Optical flow: how far each place of a picture has moved since the picture one interval before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from har_desktop.frame import Image
from har_desktop.opencv import cv2

Flow = NDArray[np.float32]

SHRINK = 4  # how many times smaller than the picture the flow is


def flow_shape(height: int, width: int) -> tuple[int, int, int]:
    """Of the flow of a picture: rows, columns, and one component for each direction."""
    return height // SHRINK, width // SHRINK, 2


def optical_flow(picture: Image, previous: Image) -> Flow:
    """Dense inverse search on the pictures' grey values, averaged to a quarter of the size.

    Args:
        picture: (height, width, 3) uint8 RGB, letterboxed.
        previous: The same one frame interval before.

    Returns:
        (height / 4, width / 4, 2) float32: how many of *its own* pixels each place of the picture
        before moved, to the right and down.

    Source:
        Kroeger, Timofte, Dai, Van Gool, "Fast Optical Flow using Dense Inverse Search", ECCV 2016,
        as in OpenCV; with its preset "fast".
    """
    before, now = (cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) for image in (previous, picture))
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    fine = search.calc(before, now, None)
    rows, columns, _ = flow_shape(*now.shape)
    flow: Flow = cv2.resize(fine, (columns, rows), interpolation=cv2.INTER_AREA) / np.float32(
        SHRINK
    )
    return flow
