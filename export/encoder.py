"""The encoder graphs: one picture -> temporal taps of the Conv3D, Grad-CAM target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from export import conv3d
from training.config import Stream
from training.network import normalize, shrink


def norm_scale(norm: keras.layers.BatchNormalization) -> NDArray[np.float32]:
    """The factor (channels,) that a trained BatchNorm multiplies its input with."""
    gamma, _, _, variance = norm.get_weights()
    return np.asarray(gamma / np.sqrt(variance + norm.epsilon), np.float32)


@dataclass(frozen=True)
class EncoderPart:
    """One of the encoders that look at a picture.

    Attributes:
        encoder: Trained, in float32: normalised picture -> Grad-CAM target, what the Conv3D sees.
        conv3d_kernel: (3, 3, 3, inputs, channels) float32.
        config: Tells what it sees.
        shrink: How many times smaller than the input its picture is.
        repeat: How often each place of its target stands in a row and a column, for its grid to be
            that of the finest one.
    """

    encoder: keras.Model
    conv3d_kernel: NDArray[np.float32]
    config: Stream
    shrink: int = 1
    repeat: int = 1


def encode(
    parts: Sequence[EncoderPart], frame: tf.Tensor, previous: Sequence[tf.Tensor] = ()
) -> dict[str, tf.Tensor]:
    """An encoder's function; see docs/architecture.md for the contract.

    Args:
        parts: Whose channels follow one another.
        frame: (1, height, width, 3) uint8 RGB, or several.
        previous: The same before, for a network with motion; see `training.network.normalize`.

    Returns:
        `partials` (1, 3, h, w, channels) and `activation` (1, h', w', filters) of each, float32.
    """
    outputs = [_encode(part, frame, previous if part.config.motion else ()) for part in parts]
    partials, activations = zip(*outputs, strict=True)
    return {
        "partials": tf.concat(partials, axis=-1),
        "activation": tf.concat(activations, axis=-1),
    }


def side_by_side(activations: Sequence[tf.Tensor]) -> tf.Tensor:
    """Grad-CAM targets as the channels of one.

    Each place of a coarser grid is repeated over the places of the finest one that it covers.

    Args:
        activations: (pictures, rows, columns, filters), grids that divide the finest one.

    Returns:
        (pictures, rows, columns, filters) of the finest grid.
    """
    rows = max(activation.shape[1] for activation in activations)
    return tf.concat([_repeat(one, rows // one.shape[1]) for one in activations], axis=-1)


def _repeat(activation: tf.Tensor, factor: int) -> tf.Tensor:
    if factor == 1:
        return activation
    return keras.layers.UpSampling2D(factor, dtype=activation.dtype)(activation)


def _encode(
    part: EncoderPart, frame: tf.Tensor, previous: Sequence[tf.Tensor]
) -> tuple[tf.Tensor, tf.Tensor]:
    # The other way round it would normalise four times as many pixels.
    now, *before = (shrink(picture, part.shrink) for picture in (frame, *previous))
    picture = normalize(now, before, part.config.colour)
    activation, features = part.encoder(picture, training=False)
    kernel = part.conv3d_kernel
    partials = tf.nn.conv2d(features, conv3d.taps(kernel), 1, "SAME")
    partials = tf.reshape(partials, (*features.shape[:3], 3, kernel.shape[-1]))
    return tf.transpose(partials, (0, 3, 1, 2, 4)), _repeat(activation, part.repeat)
