"""The networks that are measured, with random weights: what they compute costs the same."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import cast

import keras
import msgspec
import onnx
import tensorflow as tf

from benchmarks.graphs import shipped
from export import conv3d, graphs, head
from export.describe import input_spec, window_spec
from export.encoder import norm_scale
from export.head import HeadWeights
from har_desktop.inference.bundle import Bundle
from har_desktop.inference.manifest import (
    SCHEMA_VERSION,
    Calibration,
    CamSpec,
    FeatureSpec,
    GraphFile,
    Json,
    Manifest,
)
from training.config import CnnGru, Config, NetworkConfig, Stream, TwoStream
from training.network import build, find_layer, normalize, target_norm

POSTER = "cnn_gru 64x80"


def configurations() -> dict[str, Config]:
    """The poster's small network, and those of the shipped bundles that consist of one stream."""
    found = {POSTER: Config(network=CnnGru())}
    for name, bundle in shipped().items():
        manifest = bundle.manifest
        trained = cast(Json, manifest.training["configuration"])
        network = msgspec.convert(trained["network"], type=NetworkConfig)
        if not isinstance(network, TwoStream):
            interval = manifest.window.frame_interval_s
            found[name] = Config(
                network=network, classes=manifest.classes, frame_interval_s=interval
            )
    return found


def random_network(config: NetworkConfig, classes: int) -> keras.Model:
    """A network as training begins with it."""
    keras.utils.set_random_seed(0)
    return build(config, classes)


def make_bundle(network: keras.Model, config: Config) -> Bundle:
    """The bundle of a network, in memory only."""
    exported = graphs.export(network, config.network)
    shapes = {
        value.name: tuple(axis.dim_value for axis in value.type.tensor_type.shape.dim)
        for value in exported.encoder.graph.output
    }
    encoder, answer = (g.SerializeToString() for g in (exported.encoder, exported.head))
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        name=config.network.kind,
        network=config.network.kind,
        classes=config.classes,
        input=input_spec(config),
        window=window_spec(config),
        features=FeatureSpec(partials=shapes["partials"][1:], activation=shapes["activation"][1:]),
        cam=CamSpec(target=exported.target),
        calibration=Calibration(temperature=1.0, rejection_threshold=0.5),
        encoder=_graph_file("encoder.onnx", encoder),
        head=_graph_file("head.onnx", answer),
        training={},
        metrics={},
        source={},
    )
    return Bundle(Path("random"), manifest, encoder, answer)


def _graph_file(name: str, data: bytes) -> GraphFile:
    return GraphFile(file=name, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))


def clip_spec(config: NetworkConfig) -> tf.TensorSpec:
    """What the whole network takes: the pictures of one window, oldest first."""
    frames = config.length + config.motion
    return tf.TensorSpec((frames, config.height, config.width, 3), tf.uint8, "clip")


def whole_window(network: keras.Model, config: Stream) -> onnx.ModelProto:
    """One graph for a whole window: all frames through the encoder as one batch, then the head.

    Grad-CAM is that of the head, the quickest known; nothing is remembered from window to window.
    """
    encoder = network.get_layer("encoder")
    scale = norm_scale(find_layer(network, target_norm(config)))
    weights = HeadWeights.of(network, target_scale=scale)
    channels = weights.conv3d_kernel.shape[-1]

    def answer(clip: tf.Tensor) -> dict[str, tf.Tensor]:
        activation, features = encoder(normalize(*pictures(clip, config)), training=False)
        partials = tf.nn.conv2d(features, conv3d.taps(weights.conv3d_kernel), 1, "SAME")
        shape = (config.length, *features.shape[1:3], 3, channels)
        partials = tf.transpose(tf.reshape(partials, shape), (0, 3, 1, 2, 4))
        return head.answer([weights], partials, activation, tf.constant(-1, tf.int64))

    return graphs.convert("whole_window", answer, [clip_spec(config)])


def pictures(clip: tf.Tensor, config: NetworkConfig) -> tuple[tf.Tensor, ...]:
    """The frames of a clip; for a network with motion, also the picture before each of them."""
    return (clip[1:], clip[:-1]) if config.motion else (clip,)


def grad_cam(network: keras.Model, config: Stream, clip: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Logits and heat-maps of the top class, by TensorFlow's gradients.

    This is Grad-CAM as it is published for Keras: a model of the target's and the network's
    outputs, run under a tape. Given to `tf.function` it becomes one graph.

    Returns:
        (classes,) float32, (length, h', w') float32.
    """
    encoder, answer = network.get_layer("encoder"), network.get_layer("head")
    with tf.GradientTape() as tape:
        activation, features = encoder(normalize(*pictures(clip, config)), training=False)
        logits = answer(features, training=False)[0]
        score = tf.reduce_max(logits)
    alphas = tf.reduce_mean(tape.gradient(score, activation), axis=(1, 2), keepdims=True)
    return logits, tf.nn.relu(tf.reduce_sum(alphas * activation, axis=-1))
