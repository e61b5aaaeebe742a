"""Grad-CAM of the Keras network by TensorFlow's own gradients: what the head must agree with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from export.encoder import side_by_side
from har_desktop.frame import Image
from training.config import NetworkConfig
from training.network import find_layer, streams, target


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
    network: keras.Model, config: NetworkConfig, clip: Image, classes: list[int]
) -> tuple[NDArray[np.floating], list[Explanation]]:
    """Run the whole network over one window, and differentiate it.

    Args:
        network: Built by `training.network.build`; takes `clip` with a leading 1.
        config: Its shape.
        clip: (frames, height, width, 3) uint8 RGB, oldest first.
        classes: What to explain; -1 = top-1.

    Returns:
        logits (classes,) of the network's dtype, and one explanation for each of `classes`. Where
        several streams look side by side, their targets are taken as the channels of one, see
        `export.encoder.side_by_side`.

    Source:
        Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
        Localization", ICCV 2017; the score is the logit.
    """
    seen = watch(network, config, clip)
    top = int(tf.argmax(seen.logits))
    together = side_by_side(seen.activations)
    return seen.logits.numpy(), [
        _explain(together, seen.gradients(top if index < 0 else index)) for index in classes
    ]


@dataclass(frozen=True)
class Watched:
    """One run of a network that can be differentiated afterwards.

    Attributes:
        logits: (classes,).
        activations: The Grad-CAM target of each stream, (length, h', w', filters).
        tape: That recorded the run.
    """

    logits: tf.Tensor
    activations: list[tf.Tensor]
    tape: tf.GradientTape

    def gradients(self, index: int | tf.Tensor) -> list[tf.Tensor]:
        """Those of a class' logit, by each of the activations."""
        which = tf.one_hot(index, self.logits.shape[0], dtype=self.logits.dtype)
        found: list[tf.Tensor] = self.tape.gradient(self.logits, self.activations, which)
        return found


def watch(network: keras.Model, config: NetworkConfig, clip: Image | tf.Tensor) -> Watched:
    """Run the network over one window, see `explain`. Given to `tf.function` it becomes a graph."""
    targets = [find_layer(part, target(shape)) for part, shape in streams(network, config)]
    with ExitStack() as stack:
        seen = [stack.enter_context(_overheard(layer)) for layer in targets]
        tape = stack.enter_context(tf.GradientTape(persistent=True))
        logits = network(clip[None], training=False)[0]
    return Watched(logits, [activation for (activation,) in seen], tape)


@contextmanager
def _overheard(layer: keras.layers.Layer) -> Iterator[list[tf.Tensor]]:
    """Gathers what the layer gives while the context lasts."""
    seen: list[tf.Tensor] = []

    def call(*args: object, **kwargs: object) -> tf.Tensor:
        seen.append(type(layer).call(layer, *args, **kwargs))
        return seen[-1]

    layer.call = call
    try:
        yield seen
    finally:
        del layer.call


def weigh(activation: tf.Tensor, gradients: list[tf.Tensor]) -> tf.Tensor:
    """Grad-CAM's terms, whose sum over the filters is the map before ReLU.

    Args:
        activation: As of `side_by_side`.
        gradients: Of the score, by each of the targets.
    """
    # A place that stands for several takes the gradient of them all, so their sum stays.
    places = activation.shape[1] * activation.shape[2]
    sums = [tf.reduce_sum(gradient, axis=(1, 2), keepdims=True) for gradient in gradients]
    return tf.concat(sums, axis=-1) / places * activation


def _explain(activation: tf.Tensor, gradients: list[tf.Tensor]) -> Explanation:
    terms = weigh(activation, gradients)
    return Explanation(
        heatmaps=tf.nn.relu(tf.reduce_sum(terms, axis=-1)).numpy(),
        terms=float(tf.reduce_max(tf.reduce_sum(tf.abs(terms), axis=-1))),
    )
