"""HiResCAM of the Conv3D: which places the evidence came from, blurred by one place.

Grad-CAM weighs a channel by its gradient's mean over the picture. The head hands each channel's
gradient to the one place where its Conv3D map is largest, and the mean forgets which. HiResCAM
multiplies gradient and value place by place: what remains are those places, each with what, to
first order, it contributes to the score.

A unit of the Conv3D sees far more than its place, so a contribution is laid over the neighbours,
too; without that the map is a handful of dots.

Source: Draelos, Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional
neural networks", arXiv:2011.08891, 2020. The blur is ours, `docs/adr/0029-places-of-the-maxima.md`.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

DEVIATION = 1.0  # of the blur, in places


def spread(maps: tf.Tensor) -> tf.Tensor:
    """Blur maps (length, rows, columns) by a Gaussian; beyond the border there is nothing."""
    rows, columns = (_gaussian(size).astype(maps.dtype.as_numpy_dtype) for size in maps.shape[1:])
    return rows @ maps @ columns


def _gaussian(size: int) -> NDArray[np.float64]:
    """(size, size): what each place hands to each other one; far from the border, rows sum to 1."""

    def weight(distance: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.exp(-0.5 * (distance / DEVIATION) ** 2)

    places = np.arange(size)
    everywhere = weight(np.arange(-100, 101)).sum()
    return weight(places - places[:, None]) / everywhere
