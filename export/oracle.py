"""Grad-CAM of the Keras network by TensorFlow's own gradients: what the head must agree with."""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from har_desktop.frame import Image
from training.network import find_layer


@dataclass(frozen=True)
class Explanation:
    """Grad-CAM for one class over a window.

    Attributes:
        heatmaps: (length, h', w') of the network's dtype, after ReLU.
        terms: Largest sum of the absolute terms that make up one place of the map: the scale of
            its rounding error.
    """

    heatmaps: NDArray[np.floating]
    terms: float


def explain(
    network: keras.Model, clip: Image, classes: list[int], target: str
) -> tuple[NDArray[np.floating], list[Explanation]]:
    """Run the whole network over one window, and differentiate it.

    Args:
        network: Takes `clip` with a leading 1, has the layer `encoder`.
        clip: (frames, height, width, 3) uint8 RGB, oldest first.
        classes: What to explain; -1 = top-1.
        target: Layer of the encoder whose output Grad-CAM looks at.

    Returns:
        logits (classes,) of the network's dtype, and one explanation for each of `classes`.

    Source:
        Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
        Localization", ICCV 2017; the score is the logit.
    """
    layer = find_layer(network, target)
    seen: list[tf.Tensor] = []

    def call(*args: object, **kwargs: object) -> tf.Tensor:
        seen.append(type(layer).call(layer, *args, **kwargs))
        return seen[-1]

    layer.call = call
    try:
        with tf.GradientTape(persistent=True) as tape:
            logits = network(clip[None], training=False)[0]
            top = int(tf.argmax(logits))
            scores = [logits[top if index < 0 else index] for index in classes]
    finally:
        del layer.call
    (activation,) = seen
    return logits.numpy(), [_explain(activation, tape.gradient(s, activation)) for s in scores]


def _explain(activation: tf.Tensor, gradient: tf.Tensor) -> Explanation:
    alphas = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)
    terms = alphas * activation
    return Explanation(
        heatmaps=tf.nn.relu(tf.reduce_sum(terms, axis=-1)).numpy(),
        terms=float(tf.reduce_max(tf.reduce_sum(tf.abs(terms), axis=-1))),
    )
