"""A 3x3x3 Conv3D with 'same' padding, cut between the encoder and the head, and its gradient.

Along time it is three 2-D convolutions, one per temporal tap, each of one frame alone. The encoder
computes them (`taps`), the head shifts them in time and adds them (`combine`).

Grad-CAM needs the gradient by the input only as a sum over space. Every kernel tap passes on the
output gradient of the positions whose input, seen through that tap, lies inside the picture: all
of them for the centre, all but the first or last row or column for the others. So the spatial sum
is a product of the summed output gradients with the kernel; no transposed convolution is needed.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


def taps(kernel: NDArray[np.float32]) -> NDArray[np.float32]:
    """The Conv3D's kernel as one Conv2D's, whose output holds past, present and future.

    Args:
        kernel: (3, 3, 3, inputs, outputs) float32: time, rows, columns.

    Returns:
        (3, 3, inputs, 3 * outputs) float32.
    """
    return np.concatenate(list(kernel), axis=-1)


def combine(partials: tf.Tensor) -> tf.Tensor:
    """Shift the temporal taps to the place that they count for, and add them.

    Args:
        partials: (steps, 3, height, width, channels) float32, oldest first: what each frame gives
            to its future (its tap "past"), to its own place, and to its past.

    Returns:
        (steps, height, width, channels) float32: the Conv3D's output without bias. Frames outside
        the window count as zero.
    """
    steps, parts = partials.shape[:2]
    # counts[t, s, p] = 1: at the place t counts what frame s gives to its part p. One product moves
    # and adds everything; as slices and sums, most of the time would go by moving alone.
    counts = np.stack([np.eye(steps, k=-1), np.eye(steps), np.eye(steps, k=1)], axis=2)
    rows = tf.reshape(partials, (steps * parts, -1))
    added = counts.reshape(steps, -1).astype(np.float32) @ rows
    return tf.reshape(added, (steps, *partials.shape[2:]))


def reach(height: int, width: int) -> NDArray[np.float32]:
    """Which output positions each spatial tap of the kernel passes a gradient on from.

    Returns:
        (9, height * width) float32 of 0 and 1; taps row by row.
    """

    def along(length: int) -> NDArray[np.float32]:
        target = np.arange(length) + np.arange(-1, 2)[:, None]
        return ((target >= 0) & (target < length)).astype(np.float32)

    rows, columns = along(height), along(width)
    return np.kron(rows, columns)


def sum_input_gradient(kernel: NDArray[np.float32], reached: tf.Tensor) -> tf.Tensor:
    """The gradient by the Conv3D's input, summed over space.

    Args:
        kernel: (3, 3, 3, inputs, outputs) float32: time, rows, columns.
        reached: (steps, 9, outputs) float32: the gradient by the output, summed over the positions
            that each spatial tap reaches (`reach`).

    Returns:
        (steps, inputs) float32.
    """
    steps, inputs, outputs = reached.shape[0], *kernel.shape[3:]
    # (9 * outputs, 3 * inputs): all three temporal taps in one product.
    matrix = kernel.reshape(3, 9, inputs, outputs).transpose(1, 3, 0, 2).reshape(9 * outputs, -1)
    by_tap = tf.reshape(reached, (steps, 9 * outputs)) @ matrix
    # Tap "past" of the output at t saw the input at t - 1.
    past, present, future = tf.split(by_tap, 3, axis=1)
    nothing = tf.zeros((1, inputs))
    return tf.concat([past[1:], nothing], 0) + present + tf.concat([nothing, future[:-1]], 0)
