"""The head graph: ten frames' features -> logits, probabilities and Grad-CAM.

The head knows nothing of the encoder but what stands in `HeadWeights`, so it serves any encoder
whose Conv3D sees the Grad-CAM target through (at most) an affine map and max pooling. The backward
pass is written as forward operations; docs/architecture.md derives it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from export import conv3d, gru
from export.gru import GruWeights
from training.evidence import Evidence, course, look
from training.network import find_layer, moved


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
    def of(
        cls, network: keras.Model, target_scale: NDArray[np.float32], share: float = 1.0
    ) -> HeadWeights:
        """Take `conv3d`, `gru1`, `gru2` and `logits` out of a trained network.

        `share` scales the logits, for the sum of several networks.
        """
        conv3d_kernel, conv3d_bias = find_layer(network, "conv3d").get_weights()
        logits_kernel, logits_bias = (
            weights * np.float32(share) for weights in find_layer(network, "logits").get_weights()
        )
        return cls(
            target_scale,
            conv3d_kernel,
            conv3d_bias,
            GruWeights(*find_layer(network, "gru1").get_weights()),
            GruWeights(*find_layer(network, "gru2").get_weights()),
            logits_kernel,
            logits_bias,
        )


@dataclass(frozen=True)
class _Forward:
    """What the backward pass needs of one head's forward pass.

    Attributes:
        weights: Of the head.
        grid: (rows, columns) of the Conv3D's maps.
        winners: (length, places, channels) float32, 1 where a map has its maximum.
        pooled: (length, channels) the maxima after ReLU.
        trace1: Of the first GRU.
        trace2: Of the second.
        logits: (classes,).
    """

    weights: HeadWeights
    grid: tuple[int, int]
    winners: tf.Tensor
    pooled: tf.Tensor
    trace1: gru.Trace
    trace2: gru.Trace
    logits: tf.Tensor


def answer(
    heads: Sequence[HeadWeights],
    partials: tf.Tensor,
    activations: tf.Tensor,
    class_index: tf.Tensor,
    evidence: Evidence | None = None,
) -> dict[str, tf.Tensor]:
    """The function of one head, or of several side by side; docs/architecture.md has the contract.

    Args:
        heads: Of the trained network. Their logits add up. Each one's channels follow the ones of
            the head before it, in `partials` and in `activations`.
        partials: (length, 3, h, w, C) float32, oldest first.
        activations: (length, h', w', K) float32, oldest first: the Grad-CAM target.
        class_index: int64 scalar: the class to explain; below zero, the top one.
        evidence: Of several heads: the logits are moved such that the largest one is that.

    Returns:
        `logits` and `probabilities` (classes,) float32, `heatmaps` (length, h', w') float32,
        `explained` int64 scalar.
    """
    own = tf.split(partials, [len(head.conv3d_bias) for head in heads], axis=-1)
    forwards = [_forward(head, part) for head, part in zip(heads, own, strict=True)]
    logits = tf.add_n([forward.logits for forward in forwards])
    if evidence is not None:
        logits = moved(logits[None], evidence([_courses(heads, activations), logits[None]]))[0]
    explained = tf.where(class_index < 0, tf.argmax(logits), class_index)

    _, rows, columns, filters = activations.shape
    alphas = [_alphas(forward, explained, rows * columns) for forward in forwards]
    places = tf.reshape(activations, (-1, rows * columns, filters))
    maps = places @ tf.concat(alphas, axis=-1)[:, :, None]
    return {
        "logits": logits,
        "probabilities": tf.nn.softmax(logits),
        "heatmaps": tf.nn.relu(tf.reshape(maps, (-1, rows, columns))),
        "explained": explained,
    }


def _courses(heads: Sequence[HeadWeights], activations: tf.Tensor) -> tf.Tensor:
    """What `Evidence` is given of the targets: (1, F)."""
    own = tf.split(activations, [len(head.target_scale) for head in heads], axis=-1)
    return tf.concat([course(look(target)[None]) for target in own], axis=-1)


def _forward(weights: HeadWeights, partials: tf.Tensor) -> _Forward:
    maps = conv3d.combine(partials)
    length, height, width, channels = maps.shape
    maps = tf.reshape(maps, (length, height * width, channels))
    highest = tf.reduce_max(maps, axis=1, keepdims=True)
    # Adding the bias and ReLU keep the order: both can wait until the maximum is known.
    pooled = tf.nn.relu(highest[:, 0] + weights.conv3d_bias)
    trace1 = gru.forward(weights.gru1, pooled)
    trace2 = gru.forward(weights.gru2, trace1.outputs)
    logits = (trace2.outputs[-1:] @ weights.logits_kernel + weights.logits_bias)[0]
    winners = tf.cast(maps == highest, tf.float32)
    return _Forward(weights, (height, width), winners, pooled, trace1, trace2, logits)


def _alphas(forward: _Forward, explained: tf.Tensor, places: int) -> tf.Tensor:
    """Grad-CAM's weights (length, K): the mean over the target's `places` of the logit's gradient.

    Backward: logit -> last state -> both GRUs -> pooled maxima -> Conv3D's input.
    """
    weights, length = forward.weights, forward.pooled.shape[0]
    by_state = tf.gather(weights.logits_kernel.T, explained)[None]
    by_outputs2 = tf.concat([tf.zeros((length - 1, weights.gru2.units)), by_state], 0)
    by_outputs1 = gru.backward(weights.gru2, forward.trace2, by_outputs2)
    by_pooled = gru.backward(weights.gru1, forward.trace1, by_outputs1)

    # The maximum hands its gradient to the place it came from, in equal parts where several
    # places share it; ReLU lets it through where the maximum is positive.
    sharing = tf.reduce_sum(forward.winners, axis=1)
    by_winner = by_pooled * tf.sign(forward.pooled) / sharing
    reached = (conv3d.reach(*forward.grid) @ forward.winners) * by_winner[:, None]

    # The target's scale and Grad-CAM's mean over space are constants of the kernel.
    factor = weights.target_scale / np.float32(places)
    return conv3d.sum_input_gradient(weights.conv3d_kernel * factor[:, None], reached)
