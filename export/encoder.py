"""The encoder graph of `cnn_gru`: one picture -> temporal taps of the Conv3D, Grad-CAM target."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from export import conv3d
from training.network import normalize

TARGET = "conv3"


@dataclass(frozen=True)
class Block:
    """Conv2D + ReLU + BatchNorm + 2x2 max pooling, as float32 arrays.

    Attributes:
        kernel: (3, 3, inputs, outputs).
        bias: (outputs,).
        scale: (outputs,) factor of the BatchNorm.
        offset: (outputs,) summand of the BatchNorm.
    """

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]
    scale: NDArray[np.float32]
    offset: NDArray[np.float32]

    @classmethod
    def of(cls, encoder: keras.Model, number: int) -> Block:
        """Take `conv{number}` and `bn{number}` out of a trained encoder."""
        kernel, bias = encoder.get_layer(f"conv{number}").get_weights()
        norm = encoder.get_layer(f"bn{number}")
        gamma, beta, mean, variance = norm.get_weights()
        scale = gamma / np.sqrt(variance + norm.epsilon)
        return cls(kernel, bias, scale, beta - mean * scale)

    def convolve(self, x: tf.Tensor) -> tf.Tensor:
        """(1, height, width, inputs) -> the same size, after ReLU."""
        return tf.nn.relu(tf.nn.conv2d(x, self.kernel, 1, "SAME") + self.bias)

    def pool(self, activation: tf.Tensor) -> tf.Tensor:
        """BatchNorm, then halve the size. A negative scale forbids to pool first."""
        return tf.nn.max_pool2d(activation * self.scale + self.offset, 2, 2, "VALID")


def encode(
    blocks: list[Block],
    conv3d_kernel: NDArray[np.float32],
    frame: tf.Tensor,
    previous: tf.Tensor | None = None,
) -> dict[str, tf.Tensor]:
    """The encoder's function; see docs/architecture.md for the contract.

    Args:
        blocks: The convolutional blocks; the last one's activation is the Grad-CAM target.
        conv3d_kernel: (3, 3, 3, inputs, channels) float32.
        frame: (1, height, width, 3) uint8 RGB.
        previous: The same one interval before, for a network with motion.

    Returns:
        `partials` (1, 3, height/8, width/8, channels) and `activation`
        (1, height/4, width/4, filters), float32.
    """
    x = normalize(frame, previous)
    for block in blocks:
        activation = block.convolve(x)
        x = block.pool(activation)
    partials = tf.nn.conv2d(x, conv3d.taps(conv3d_kernel), 1, "SAME")
    partials = tf.reshape(partials, (1, *x.shape[1:3], 3, conv3d_kernel.shape[-1]))
    return {"partials": tf.transpose(partials, (0, 3, 1, 2, 4)), "activation": activation}
