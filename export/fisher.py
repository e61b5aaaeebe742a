"""The head of Fisher vectors, with its own Grad-CAM; see `training.fisher`.

The Grad-CAM target is what each place adds to the Fisher vector: 2 K D numbers that are never laid
out here. Their sums over places are products of the words with the descriptors and their squares;
and the gradient by them is the same at all places of a band, so a place's evidence is a product,
too: of its words with a quadratic function of its descriptor.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from training.fisher import SMALL_SUM, TARGET, bands, length, signed_root
from training.network import find_layer

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class FisherWeights:
    """Everything that the head is made of; arrays are float32.

    Attributes:
        centres: (K, D) of the words.
        deviations: (K, D) standard deviations.
        shares: (K,) that sum to 1.
        logits_kernel: (bands * 2 * K * D, classes).
        logits_bias: (classes,).
    """

    centres: Floats
    deviations: Floats
    shares: Floats
    logits_kernel: Floats
    logits_bias: Floats

    @property
    def channels(self) -> int:
        """How many of `partials` are its own."""
        return third(sum(self.centres.shape))

    @classmethod
    def of(cls, network: keras.Model, share: float = 1.0) -> FisherWeights:
        """Take them out of a trained network; `share` scales the logits."""
        _, _, centres, deviations, shares, _ = find_layer(network, TARGET).get_weights()
        kernel, bias = (
            weights * np.float32(share) for weights in find_layer(network, "logits").get_weights()
        )
        return cls(centres, deviations, shares, kernel, bias)

    def scales(self) -> tuple[Floats, Floats]:
        """What the gradients by centres and by deviations are divided by, (K, 1) each."""
        root = np.sqrt(self.shares)[:, None]
        return root, np.float32(np.sqrt(2)) * root


@dataclass(frozen=True)
class Forward:
    """What the backward pass needs of the forward pass.

    Attributes:
        weights: Of the head.
        words: (length, h, w, K) how much of each word stands there.
        axes: (length, h, w, D) the descriptors.
        sums: (bands, 2, K, D) the Fisher vectors.
        roots: (bands, 2 * K * D) their signed square roots.
        norms: (bands, 1) that these are divided by.
        logits: (classes,).
    """

    weights: FisherWeights
    words: tf.Tensor
    axes: tf.Tensor
    sums: tf.Tensor
    roots: tf.Tensor
    norms: tf.Tensor
    logits: tf.Tensor


def third(channels: int) -> int:
    """A third of the channels, rounded up."""
    return -(-channels // 3)


def in_thirds(features: tf.Tensor) -> tf.Tensor:
    """Features of one frame alone in the shape of a Conv3D's three taps.

    Args:
        features: (1, h, w, channels) float32.

    Returns:
        (1, 3, h, w, channels / 3, rounded up): the first third of the channels, the second and the
        last, with zeros behind.
    """
    _, rows, columns, channels = features.shape
    size = third(channels)
    full = tf.pad(features, [(0, 0), (0, 0), (0, 0), (0, 3 * size - channels)])
    return tf.transpose(tf.reshape(full, (-1, rows, columns, 3, size)), (0, 3, 1, 2, 4))


def in_one(thirds: tf.Tensor, channels: int) -> tf.Tensor:
    """The features (frames, h, w, channels) that `in_thirds` divided."""
    frames, _, rows, columns, _ = thirds.shape
    full = tf.reshape(tf.transpose(thirds, (0, 2, 3, 1, 4)), (frames, rows, columns, -1))
    return full[..., :channels]


def forward(weights: FisherWeights, partials: tf.Tensor) -> Forward:
    """A window's Fisher vectors and logits.

    Args:
        weights: Of the head.
        partials: (length, 3, h, w, channels): words and descriptors, `in_thirds`.
    """
    count, dimensions = weights.centres.shape
    words, axes = tf.split(in_one(partials, count + dimensions), [count, dimensions], axis=-1)
    rows = words.shape[1]
    known = tf.concat([tf.ones_like(axes[..., :1]), axes, axes * axes], axis=-1)
    # (rows, K, 1 + 2 D): of each row, over the whole window.
    by_row = tf.reduce_sum(tf.matmul(words, known, transpose_a=True), axis=0)
    totals = tf.stack([tf.reduce_sum(by_row[a:b], axis=0) for a, b in bands(rows)])
    number, first, second = tf.split(totals, [1, dimensions, dimensions], axis=-1)
    centres, deviations = weights.centres, weights.deviations
    root, root2 = weights.scales()
    by_centre = (first - number * centres) / (deviations * root)
    spread = second - 2 * centres * first + number * centres**2
    by_deviation = (spread / deviations**2 - number) / root2
    sums = tf.stack([by_centre, by_deviation], axis=1)
    flat = tf.reshape(sums, (sums.shape[0], -1))
    roots = signed_root(flat)
    norms = length(roots)
    vector = tf.reshape(roots / norms, (1, -1))
    logits = (vector @ weights.logits_kernel + weights.logits_bias)[0]
    return Forward(weights, words, axes, sums, roots, norms, logits)


def evidence(run: Forward, explained: tf.Tensor) -> tf.Tensor:
    """Grad-CAM's sum over the target's channels, not divided by the number of places.

    Args:
        run: The forward pass.
        explained: The class.

    Returns:
        (length, h, w, 1) float32, before ReLU.
    """
    weights = run.weights
    count, dimensions = weights.centres.shape
    rows, columns = run.words.shape[1:3]
    parts = bands(rows)
    by_vector = tf.reshape(tf.gather(weights.logits_kernel.T, explained), run.roots.shape)
    unit = run.roots / run.norms
    along = tf.reduce_sum(by_vector * unit, axis=1, keepdims=True)
    by_root = (by_vector - along * unit) / run.norms
    square = tf.reshape(run.sums, run.roots.shape) ** 2
    soft = square + SMALL_SUM**2
    by_sum = by_root * (soft - square / 2) / (soft * tf.sqrt(tf.sqrt(soft)))
    # Summed over all places: a band's gradient counts at each of its own.
    places = np.array([[(b - a) * columns] for a, b in parts], np.float32)
    total = tf.reshape(tf.reduce_sum(by_sum * places, axis=0), (2, count, dimensions))
    root, root2 = weights.scales()
    centres, deviations = weights.centres, weights.deviations
    linear, quadratic = total[0] / (deviations * root), total[1] / (deviations**2 * root2)
    constant = tf.reduce_sum(quadratic * centres**2 - linear * centres - total[1] / root2, axis=1)
    slope = linear - 2 * quadratic * centres
    axes = tf.reshape(run.axes, (-1, dimensions))
    worth = axes @ tf.transpose(slope) + axes**2 @ tf.transpose(quadratic) + constant
    words = tf.reshape(run.words, (-1, count))
    return tf.reshape(tf.reduce_sum(words * worth, axis=1), (*run.words.shape[:3], 1))
