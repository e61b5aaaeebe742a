"""Heat-maps of the Keras network by TensorFlow's own gradients: what the head must agree with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from export import hires
from export.encoder import side_by_side
from har_desktop.frame import Image
from har_desktop.inference.manifest import Method
from training.config import NetworkConfig
from training.network import find_layer, streams, target


@dataclass(frozen=True)
class Map:
    """One class's heat-maps over a window.

    Attributes:
        values: (length, h', w') of the network's dtype, after ReLU.
        terms: Largest sum of the absolute terms that make up one place of the map: the scale of
            its rounding error.
    """

    values: NDArray[np.floating]
    terms: float


Explanation = dict[Method, Map]  # of one class, by both methods


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
        Localization", ICCV 2017; the score is the logit. For HiResCAM see `export.hires`.
    """
    seen = watch(network, config, clip)
    top = int(tf.argmax(seen.logits))
    return seen.logits.numpy(), [_explain(seen, top if index < 0 else index) for index in classes]


@dataclass(frozen=True)
class Watched:
    """One run of a network that can be differentiated afterwards.

    Attributes:
        logits: (classes,).
        activations: The Grad-CAM target of each stream, (length, h', w', filters).
        volumes: The Conv3D's output of each stream, (1, length, h, w, filters).
        tape: That recorded the run.
    """

    logits: tf.Tensor
    activations: list[tf.Tensor]
    volumes: list[tf.Tensor]
    tape: tf.GradientTape

    def gradients(self, index: int | tf.Tensor, by: list[tf.Tensor]) -> list[tf.Tensor]:
        """Those of a class' logit, by each of the activations or volumes."""
        which = tf.one_hot(index, self.logits.shape[0], dtype=self.logits.dtype)
        found: list[tf.Tensor] = self.tape.gradient(self.logits, by, which)
        return found


def watch(network: keras.Model, config: NetworkConfig, clip: Image | tf.Tensor) -> Watched:
    """Run the network over one window, see `explain`. Given to `tf.function` it becomes a graph."""
    parts = streams(network, config)
    targets = [find_layer(part, target(shape)) for part, shape in parts]
    last = [find_layer(part, "conv3d") for part, _ in parts]
    with ExitStack() as stack:
        seen = [stack.enter_context(_overheard(layer)) for layer in targets + last]
        tape = stack.enter_context(tf.GradientTape(persistent=True))
        logits = network(clip[None], training=False)[0]
    outputs = [output for (output,) in seen]
    return Watched(logits, outputs[: len(parts)], outputs[len(parts) :], tape)


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


def _explain(seen: Watched, index: int) -> Explanation:
    terms = weigh(side_by_side(seen.activations), seen.gradients(index, seen.activations))
    by_place = tf.concat(
        [
            (gradient * volume)[0]
            for gradient, volume in zip(
                seen.gradients(index, seen.volumes), seen.volumes, strict=True
            )
        ],
        axis=-1,
    )
    blurred = hires.spread(tf.nn.relu(tf.reduce_sum(by_place, axis=-1)))
    return {
        "grad-cam": Map(tf.nn.relu(tf.reduce_sum(terms, axis=-1)).numpy(), _largest(terms)),
        "hires-cam": Map(blurred.numpy(), _largest(by_place)),
    }


def _largest(terms: tf.Tensor) -> float:
    return float(tf.reduce_max(tf.reduce_sum(tf.abs(terms), axis=-1)))
