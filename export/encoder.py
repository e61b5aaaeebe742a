"""The encoder graph: one picture -> temporal taps of the Conv3D, Grad-CAM target."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from export import conv3d
from training.network import normalize


def norm_scale(norm: keras.layers.BatchNormalization) -> NDArray[np.float32]:
    """The factor (channels,) that a trained BatchNorm multiplies its input with."""
    gamma, _, _, variance = norm.get_weights()
    return np.asarray(gamma / np.sqrt(variance + norm.epsilon), np.float32)


def encode(
    encoder: keras.Model,
    conv3d_kernel: NDArray[np.float32],
    frame: tf.Tensor,
    previous: tf.Tensor | None = None,
) -> dict[str, tf.Tensor]:
    """The encoder's function; see docs/architecture.md for the contract.

    Args:
        encoder: Trained, in float32: normalised picture -> Grad-CAM target, what the Conv3D sees.
        conv3d_kernel: (3, 3, 3, inputs, channels) float32.
        frame: (1, height, width, 3) uint8 RGB.
        previous: The same one interval before, for a network with motion.

    Returns:
        `partials` (1, 3, h, w, channels) and `activation` (1, h', w', filters), float32.
    """
    activation, features = encoder(normalize(frame, previous), training=False)
    partials = tf.nn.conv2d(features, conv3d.taps(conv3d_kernel), 1, "SAME")
    partials = tf.reshape(partials, (1, *features.shape[1:3], 3, conv3d_kernel.shape[-1]))
    return {"partials": tf.transpose(partials, (0, 3, 1, 2, 4)), "activation": activation}
