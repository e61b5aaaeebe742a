"""A CNN-GRU as one Keras network over a whole window; the poster's head on one of some encoders.

Several of these may stand side by side in one network: see `MultiStream` in `training.config`.

The encoder sees one picture at a time; time is folded into the batch (TimeDistributed layers would
unroll into ten copies). `export` takes the trained network apart by layer name, so the names below
are part of the contract with it:

    encoder: picture -> the Grad-CAM target, and what the Conv3D sees of it     `training.cnn`,
                                                                                `training.mobilenet`
    head:    conv3d  (global max)  gru1 gru2 logits

Between target and Conv3D stands one BatchNorm and at most one max pooling.

Source: Hossain, Mahmud, Rahman, "Interpretable Human Action Recognition: A CNN-GRU Approach with
Grad-CAM Insights", 4th MusIML workshop at ICML 2025; ten frames, 3 x (Conv2D + BatchNorm +
Pooling), one Conv3D, GRU(32), GRU(50), Dense.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from training import cnn, mobilenet
from training.config import CnnGru, MultiStream, NetworkConfig, Stream
from training.evidence import Evidence
from training.luma import LUMA
from training.precision import full_precision

AT_ONCE = 4  # pictures; on CPUs, twice as fast as 32


def normalize(frame, previous=(), colour=True, dtype="float32"):
    """The encoder's first step, shared with the exported graph.

    Args:
        frame: (batch, height, width, 3) RGB in 0..255, uint8 or, if it was shrunk, floating point.
        previous: For a network with motion the same before, up to one interval, nearest first.
        colour: Whether more is seen of the frame than how it differs from those.
        dtype: To compute in.

    Returns:
        (batch, height, width, channels) of `dtype`: with `colour` RGB in [-1, 1]; then, for each
        of `previous`, the difference of luma from the picture after it to it, in [-2, 2].
    """
    pictures = [ops.cast(picture, dtype) for picture in (frame, *previous)]
    seen = [pictures[0] / 127.5 - 1.0] if colour else []
    # A product: to weigh colours and then add them would take a quarter of an encoder's time.
    luma = ops.convert_to_tensor([[weight / 127.5] for weight in LUMA], dtype=dtype)
    seen += [ops.matmul(after - before, luma) for after, before in pairwise(pictures)]
    return ops.concatenate(seen, axis=-1)


def target(config: Stream) -> str:
    """Name of the layer that Grad-CAM looks at: the encoder's last Conv2D with its ReLU."""
    return cnn.TARGET if isinstance(config, CnnGru) else mobilenet.TARGET


def target_norm(config: Stream) -> str:
    """Name of the BatchNorm between the target and the Conv3D."""
    return cnn.TARGET_NORM if isinstance(config, CnnGru) else mobilenet.TARGET_NORM


def streams(network: keras.Model, config: NetworkConfig) -> list[tuple[keras.Model, Stream]]:
    """The networks that a network is made of; most are made of themselves.

    Each has the layers `encoder` and `head`.
    """
    if isinstance(config, MultiStream):
        return [(network.get_layer(f"stream{n}"), part) for n, part in enumerate(config.streams)]
    return [(network, config)]


def find_layer(model: keras.Model, name: str) -> keras.layers.Layer:
    """The layer of that name, however deep it lies in models within the model.

    Raises:
        ValueError: There is none.
    """
    for layer in model.layers:
        if layer.name == name:
            return layer
        if isinstance(layer, keras.Model):
            try:
                return find_layer(layer, name)
            except ValueError:
                continue
    raise ValueError(f"no layer {name} in {model.name}")


def build(config: NetworkConfig, classes: int) -> keras.Model:
    """The whole network.

    Returns:
        A model from `clip`, uint8 RGB (`pictures` of the configuration, height, width, 3), oldest
        first, to `logits` (classes,).
    """
    shape = (config.pictures, config.height, config.width, 3)
    clip = keras.Input(shape, dtype="uint8", name="clip")
    frames, before = in_places(config, clip)
    if not isinstance(config, MultiStream):
        logits = _stream(config, classes, _seen(config, config, frames, before))
        return keras.Model(clip, logits, name=config.kind)
    answers = []
    for number, part in enumerate(config.streams):
        seen = _seen(config, part, frames, before)
        picture = keras.Input(seen.shape[1:], dtype=full_precision(), name="picture")
        logits = _stream(part, classes, picture)
        answers.append(keras.Model(picture, logits, name=f"stream{number}")(seen))
    each = ops.stack(answers, axis=1)
    evidence = Evidence(dtype=full_precision(), name="evidence")
    return keras.Model(clip, fused(each, evidence), name=config.kind)


def in_places(config: NetworkConfig, clips) -> tuple:
    """What fills the places of clips (batch, pictures, h, w, 3), time folded into the batch.

    Pictures and, for a network with motion, a list of those before, the nearest first.
    """
    step, shape = config.differences, (-1, *clips.shape[2:])
    if not config.motion:
        return ops.reshape(clips, shape), []
    before = [clips[:, step - age : -age : step] for age in range(1, step + 1)]
    return ops.reshape(clips[:, step::step], shape), [ops.reshape(x, shape) for x in before]


def _seen(config: NetworkConfig, part: Stream, frames, before: list):
    """What the encoder of a stream of the network is given, time folded into the batch."""
    pictures = (frames, *before) if part.motion else (frames,)
    now, *past = (shrink(picture, config.shrink(part)) for picture in pictures)
    return normalize(now, past, part.colour, full_precision())


def fused(each, evidence: Evidence):
    """The mean of several networks' logits (batch, networks, classes), (batch, classes).

    It is moved such that the largest one is the evidence: to move all logits changes neither
    probabilities nor gradients. A bundle's `least_evidence` is held against the largest.
    """
    mean = ops.mean(each, axis=1)
    return mean + ops.stop_gradient(evidence(each) - ops.max(mean, axis=-1, keepdims=True))


def a_few(pictures) -> Iterator:
    """Many pictures, a few at a time."""
    for first in range(0, len(pictures), AT_ONCE):
        yield pictures[first : first + AT_ONCE]


def predict(model: keras.Model, chunks: Iterable) -> list[NDArray[np.float32]]:
    """A model's outputs for many pictures.

    Args:
        model: That looks at single pictures, and has several outputs.
        chunks: The pictures, normalised, a few at a time.
    """
    outputs = [model.predict_on_batch(chunk) for chunk in chunks]
    return [np.concatenate(part) for part in zip(*outputs, strict=True)]


def answers_of_windows(network: keras.Model, config: MultiStream, pictures) -> NDArray[np.float32]:
    """The logits of each stream in every window of a clip; each picture is encoded once.

    Args:
        network: Built by `build(config, classes)`.
        config: Its shape.
        pictures: (`pictures` of the configuration or more, height, width, 3) uint8 RGB.

    Returns:
        (windows, streams, classes).
    """
    frames, before = in_places(config, pictures[None])
    answers = []
    for model, part in streams(network, config):
        seen = _seen(config, part, frames, before)
        _, features = predict(model.get_layer("encoder"), a_few(seen))
        folded = _in_windows(features, config.length).reshape(-1, *features.shape[1:])
        # Not `predict`: it would be compiled anew for each number of windows.
        answers.append(ops.convert_to_numpy(model.get_layer("head")(folded, training=False)))
    return np.stack(answers, axis=1)


def _in_windows(values: NDArray[np.float32], length: int) -> NDArray[np.float32]:
    """Values of places (places, ...) to those of all windows (windows, length, ...)."""
    starts = np.arange(len(values) - length + 1)[:, None]
    return values[starts + np.arange(length)]


def shrink(pictures, factor: int):
    """Pictures (batch, height, width, channels), each side `factor` times smaller, by averaging."""
    if factor == 1:
        return pictures
    return ops.average_pool(ops.cast(pictures, full_precision()), factor, factor)


def _stream(config: Stream, classes: int, seen):
    """What the encoder is given -> logits."""
    builder = cnn if isinstance(config, CnnGru) else mobilenet
    _, features = builder.build_encoder(config)(seen)
    return _head(config, classes, features.shape[1:])(features)


def build_on_features(network: keras.Model, length: int) -> keras.Model:
    """The part of a network that learns: all that comes after its frozen trunk.

    Args:
        network: Built by `build`. The layers are shared: what the part learns, the network knows.
        length: Of the window.

    Returns:
        A model from the trunk's outputs, each (length, height, width, channels), to `logits`.
    """
    neck = find_layer(network, "neck")
    inputs = tuple(
        keras.Input((length, *value.shape[1:]), dtype="float32", name=f"features{number}")
        for number, value in enumerate(neck.inputs)
    )
    _, features = neck([ops.reshape(x, (-1, *x.shape[2:])) for x in inputs])
    return keras.Model(inputs, network.get_layer("head")(features), name="learner")


def _head(config: Stream, classes: int, shape: tuple[int, ...]) -> keras.Model:
    """Features of all frames, time folded into the batch -> logits."""
    features = keras.Input(shape, dtype=keras.config.dtype_policy().compute_dtype, name="features")
    x = ops.reshape(features, (-1, config.length, *shape))
    x = layers.Conv3D(config.conv3d, 3, padding="same", activation="relu", name="conv3d")(x)
    x = ops.max(x, axis=(2, 3))
    x = layers.Dropout(config.dropout, name="dropout")(x)
    x = layers.GRU(config.gru[0], return_sequences=True, name="gru1")(x)
    x = layers.GRU(config.gru[1], name="gru2")(x)
    x = layers.Dropout(config.dropout, name="dropout_logits")(x)
    logits = layers.Dense(classes, dtype=full_precision(), name="logits")(x)
    return keras.Model(features, logits, name="head")
