"""The head graph: ten frames' features -> logits, probabilities and Grad-CAM.

The head knows nothing of the encoder but what stands in `HeadWeights`, so it serves any encoder
whose Conv3D sees the Grad-CAM target through (at most) an affine map and max pooling. The backward
pass is written as forward operations; docs/architecture.md derives it.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from export import conv3d, gru
from export.gru import GruWeights
from training.network import find_layer


@dataclass(frozen=True)
class HeadWeights:
    """Everything that the head is made of; arrays are float32.

    Attributes:
        target_scale: (K,) factor between the Grad-CAM target and the Conv3D's input: the
            BatchNorm's scale, or 1 where the target itself goes in.
        conv3d_kernel: (3, 3, 3, K, C).
        conv3d_bias: (C,).
        gru1: First GRU, over the sequence.
        gru2: Second GRU, of which the last state counts.
        logits_kernel: (units, classes).
        logits_bias: (classes,).
    """

    target_scale: NDArray[np.float32]
    conv3d_kernel: NDArray[np.float32]
    conv3d_bias: NDArray[np.float32]
    gru1: GruWeights
    gru2: GruWeights
    logits_kernel: NDArray[np.float32]
    logits_bias: NDArray[np.float32]

    @classmethod
    def of(cls, network: keras.Model, target_scale: NDArray[np.float32]) -> HeadWeights:
        """Take `conv3d`, `gru1`, `gru2` and `logits` out of a trained network."""
        conv3d_kernel, conv3d_bias = find_layer(network, "conv3d").get_weights()
        logits_kernel, logits_bias = find_layer(network, "logits").get_weights()
        return cls(
            target_scale,
            conv3d_kernel,
            conv3d_bias,
            GruWeights(*find_layer(network, "gru1").get_weights()),
            GruWeights(*find_layer(network, "gru2").get_weights()),
            logits_kernel,
            logits_bias,
        )


def answer(
    weights: HeadWeights, partials: tf.Tensor, activations: tf.Tensor, class_index: tf.Tensor
) -> dict[str, tf.Tensor]:
    """The head's function; see docs/architecture.md for the contract.

    Args:
        weights: Of the trained network.
        partials: (length, 3, h, w, C) float32, oldest first.
        activations: (length, h', w', K) float32, oldest first: the Grad-CAM target.
        class_index: int64 scalar: the class to explain; below zero, the top one.

    Returns:
        `logits` and `probabilities` (classes,) float32, `heatmaps` (length, h', w') float32,
        `explained` int64 scalar.
    """
    length, _, height, width, channels = partials.shape
    maps = tf.reshape(conv3d.combine(partials), (length, height * width, channels))
    highest = tf.reduce_max(maps, axis=1, keepdims=True)
    # Adding the bias and ReLU keep the order: both can wait until the maximum is known.
    pooled = tf.nn.relu(highest[:, 0] + weights.conv3d_bias)

    trace1 = gru.forward(weights.gru1, pooled)
    trace2 = gru.forward(weights.gru2, trace1.outputs)
    logits = (trace2.outputs[-1:] @ weights.logits_kernel + weights.logits_bias)[0]
    explained = tf.where(class_index < 0, tf.argmax(logits), class_index)

    # Backward: logit -> last state -> both GRUs -> pooled maxima.
    by_state = tf.gather(weights.logits_kernel.T, explained)[None]
    by_outputs2 = tf.concat([tf.zeros((length - 1, weights.gru2.units)), by_state], 0)
    by_outputs1 = gru.backward(weights.gru2, trace2, by_outputs2)
    by_pooled = gru.backward(weights.gru1, trace1, by_outputs1)

    # The maximum hands its gradient to the place it came from, in equal parts where several
    # places share it; ReLU lets it through where the maximum is positive.
    winners = tf.cast(maps == highest, tf.float32)
    by_winner = by_pooled * tf.sign(pooled) / tf.reduce_sum(winners, axis=1)
    reached = (conv3d.reach(height, width) @ winners) * by_winner[:, None]

    # The target's scale and Grad-CAM's mean over space are constants of the kernel.
    _, rows, columns, filters = activations.shape
    factor = weights.target_scale / np.float32(rows * columns)
    alphas = conv3d.sum_input_gradient(weights.conv3d_kernel * factor[:, None], reached)
    evidence = tf.reshape(activations, (length, rows * columns, filters)) @ alphas[:, :, None]
    return {
        "logits": logits,
        "probabilities": tf.nn.softmax(logits),
        "heatmaps": tf.nn.relu(tf.reshape(evidence, (length, rows, columns))),
        "explained": explained,
    }
