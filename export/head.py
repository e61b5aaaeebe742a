"""The head graph: ten frames' features -> logits, probabilities and both heat-maps.

The head knows nothing of the encoder but what stands in `HeadWeights`, so it serves any encoder
whose Conv3D sees the Grad-CAM target through (at most) an affine map and max pooling. The backward
pass is written as forward operations; docs/architecture.md derives it. TensorFlow describes all of
it but the GRUs: `answer` gives what goes into them and takes what comes out, and `recurrence` has
the nodes to be put between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import keras
import numpy as np
import onnx
import tensorflow as tf
from numpy.typing import NDArray

from export import conv3d, gru, hires
from export.gru import GruWeights
from training.evidence import Evidence
from training.network import find_layer, fused


@dataclass(frozen=True)
class HeadWeights:
    """Everything that the head is made of; arrays are float32.

    Attributes:
        target_scale: (K,) factor between the Grad-CAM target and the Conv3D's input: the
            BatchNorm's scale.
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


def state_specs(heads: Sequence[HeadWeights], length: int) -> list[tf.TensorSpec]:
    """The states of all GRUs as `answer` takes them: head by head, the first before the second."""
    return [
        tf.TensorSpec((length, 1, weights.units), tf.float32, _states(number, layer))
        for number, head in enumerate(heads)
        for layer, weights in ((1, head.gru1), (2, head.gru2))
    ]


def recurrence(
    heads: Sequence[HeadWeights],
) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """The nodes and constants from what `answer` calls pooled to the states that it takes."""
    nodes, constants = [], []
    for number, head in enumerate(heads):
        first, second = _states(number, 1), _states(number, 2)
        for weights, inputs, outputs in (
            (head.gru1, _pooled(number), first),
            (head.gru2, first, second),
        ):
            more_nodes, more_constants = gru.forward(weights, inputs, outputs)
            nodes += more_nodes
            constants += more_constants
    return nodes, constants


def _pooled(number: int) -> str:
    return f"pooled{number}"


def _states(number: int, layer: int) -> str:
    return f"states{number}_{layer}"


def answer(
    heads: Sequence[HeadWeights],
    partials: tf.Tensor,
    activations: tf.Tensor,
    class_index: tf.Tensor,
    states: Sequence[tf.Tensor],
    evidence: Evidence | None = None,
) -> dict[str, tf.Tensor]:
    """The function of one head, or of several side by side; docs/architecture.md has the contract.

    Args:
        heads: Of the trained network. Their logits add up. Each one's channels follow the ones of
            the head before it, in `partials` and in `activations`.
        partials: (length, 3, h, w, C) float32, oldest first.
        activations: (length, h', w', K) float32, oldest first: the Grad-CAM target.
        class_index: int64 scalar: the class to explain; below zero, the top one.
        states: What the GRUs make of the maxima, as `state_specs` has it.
        evidence: Of several heads: the logits are moved such that the largest one is that.

    Returns:
        `logits` and `probabilities` (classes,) float32, `heatmaps` (length, h', w') and
        `hires_heatmaps` (length, h, w) float32, `explained` int64 scalar; and the maxima of each
        head, `pooled0` and so on, (length, 1, channels) float32.
    """
    maxima = _maxima(heads, partials)
    channels = [len(head.conv3d_bias) for head in heads]
    pooled = tf.split(maxima.pooled, channels, axis=-1)
    parts = [
        _Recurrent(head, own, tf.squeeze(states1, 1), tf.squeeze(states2, 1))
        for head, own, states1, states2 in zip(
            heads, pooled, states[::2], states[1::2], strict=True
        )
    ]
    shares = [part.logits() for part in parts]
    logits = tf.add_n(shares)
    if evidence is not None:
        logits = fused(len(heads) * tf.stack(shares)[None], evidence)[0]
    explained = tf.where(class_index < 0, tf.argmax(logits), class_index)

    by_pooled = tf.concat([part.gradient(explained) for part in parts], axis=-1)
    reached = maxima.reached(by_pooled)
    _, rows, columns, filters = activations.shape
    alphas = [
        _alphas(head, own, rows * columns)
        for head, own in zip(heads, tf.split(reached, channels, axis=-1), strict=True)
    ]
    places = tf.reshape(activations, (-1, rows * columns, filters))
    maps = places @ tf.expand_dims(tf.concat(alphas, axis=-1), -1)
    return {
        "logits": logits,
        "probabilities": tf.nn.softmax(logits),
        "heatmaps": tf.nn.relu(tf.reshape(maps, (-1, rows, columns))),
        "hires_heatmaps": hires.spread(tf.nn.relu(maxima.contributions(by_pooled))),
        "explained": explained,
        **{_pooled(number): tf.expand_dims(own, 1) for number, own in enumerate(pooled)},
    }


@dataclass(frozen=True)
class _Maxima:
    """Of the Conv3D's maps, for all heads side by side.

    Attributes:
        grid: (rows, columns) of the maps.
        winners: (length, places, channels) float32, 1 where a map has its maximum.
        pooled: (length, channels) the maxima after ReLU.
    """

    grid: tuple[int, int]
    winners: tf.Tensor
    pooled: tf.Tensor

    def reached(self, by_pooled: tf.Tensor) -> tf.Tensor:
        """The gradient by the maxima, handed on to the maps; for `conv3d.sum_input_gradient`."""
        by_winner = tf.expand_dims(self._by_winner(by_pooled), 1)
        return (conv3d.reach(*self.grid) @ self.winners) * by_winner

    def contributions(self, by_pooled: tf.Tensor) -> tf.Tensor:
        """HiResCAM of the maps after ReLU, before its own ReLU: (length, rows, columns).

        Every place has its gradient times its value; the gradient is zero where no maximum is.
        """
        by_winner = self._by_winner(by_pooled) * self.pooled
        found = self.winners @ tf.expand_dims(by_winner, -1)
        return tf.reshape(found, (-1, *self.grid))

    def _by_winner(self, by_pooled: tf.Tensor) -> tf.Tensor:
        """The gradient by each place that has the maximum, (length, channels).

        The maximum hands its gradient to the place it came from, in equal parts where several
        places share it; ReLU lets it through where the maximum is positive.
        """
        return by_pooled * tf.sign(self.pooled) / tf.reduce_sum(self.winners, axis=1)


def _maxima(heads: Sequence[HeadWeights], partials: tf.Tensor) -> _Maxima:
    maps = conv3d.combine(partials)
    length, height, width, channels = maps.shape
    maps = tf.reshape(maps, (length, height * width, channels))
    highest = tf.reduce_max(maps, axis=1, keepdims=True)
    # Adding the bias and ReLU keep the order: both can wait until the maximum is known.
    bias = np.concatenate([head.conv3d_bias for head in heads])
    pooled = tf.nn.relu(highest[:, 0] + bias)
    return _Maxima((height, width), tf.cast(maps == highest, tf.float32), pooled)


@dataclass(frozen=True)
class _Recurrent:
    """One head's part from the maxima on.

    Attributes:
        weights: Of the head.
        pooled: (length, channels).
        states1: (length, units) of the first GRU.
        states2: (length, units) of the second.
    """

    weights: HeadWeights
    pooled: tf.Tensor
    states1: tf.Tensor
    states2: tf.Tensor

    def logits(self) -> tf.Tensor:
        """(classes,)."""
        last = self.states2[-1:]
        return (last @ self.weights.logits_kernel + self.weights.logits_bias)[0]

    def gradient(self, explained: tf.Tensor) -> tf.Tensor:
        """(length, channels): of that class' logit by the maxima, back through both GRUs."""
        weights, length = self.weights, self.states2.shape[0]
        by_state = tf.gather(weights.logits_kernel.T, explained)[None]
        by_outputs2 = tf.concat([tf.zeros((length - 1, weights.gru2.units)), by_state], 0)
        by_outputs1 = gru.backward(weights.gru2, self.states1, self.states2, by_outputs2)
        return gru.backward(weights.gru1, self.pooled, self.states1, by_outputs1)


def _alphas(weights: HeadWeights, reached: tf.Tensor, places: int) -> tf.Tensor:
    """Grad-CAM's weights (length, K): the mean over the target's `places` of the logit's gradient.

    The target's scale and the mean over space are constants of the Conv3D's kernel.
    """
    factor = weights.target_scale / np.float32(places)
    return conv3d.sum_input_gradient(weights.conv3d_kernel * factor[:, None], reached)
