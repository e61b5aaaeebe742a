"""The networks that are measured, with random weights: what they compute costs the same."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import onnx
import tensorflow as tf

from benchmarks.graphs import shipped
from export import graphs, head
from export.describe import cam_spec, encoder_spec, graph_file, input_spec, window_spec
from export.encoder import encode, side_by_side
from export.oracle import watch, weigh
from har_desktop.inference.bundle import Bundle
from har_desktop.inference.manifest import SCHEMA_VERSION, Calibration, Manifest
from training.config import CnnGru, Config, NetworkConfig, Streams, read_config
from training.network import build, in_places

POSTER = "cnn_gru 64x80"
DEPTHWISE = 4  # axes of such a kernel, with one output for each channel


def configurations() -> dict[str, Config | Streams]:
    """The poster's small network, and those of the shipped bundles."""
    found: dict[str, Config | Streams] = {POSTER: Config(network=CnnGru())}
    for name, bundle in shipped().items():
        manifest = bundle.manifest
        found[name] = read_config(manifest.training["configuration"])
    return found


def random_network(config: NetworkConfig, classes: int) -> keras.Model:
    """A network of random weights, through which a picture is not lost.

    Published trunks have no normalisation that would lift what training begins with: after forty
    layers nothing would be left by which two ways to compute it could be told apart. So kernels are
    drawn as wide as rectifiers need (He et al., "Delving Deep into Rectifiers", ICCV 2015).
    """
    keras.utils.set_random_seed(0)
    network = build(config, classes)
    random = np.random.default_rng(0)
    for weight in network.weights:
        if weight.name == "kernel":
            depthwise = weight.ndim == DEPTHWISE and weight.shape[-1] == 1
            inputs = np.prod(weight.shape[:2] if depthwise else weight.shape[:-1])
            weight.assign(random.normal(0.0, np.sqrt(2.0 / inputs), weight.shape))
    return network


def make_bundle(network: keras.Model, config: Config | Streams) -> Bundle:
    """The bundle of a network, in memory only."""
    exported = graphs.export(network, config.network)
    encoders = tuple(encoder.SerializeToString() for encoder in exported.encoders)
    answer = exported.head.SerializeToString()
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        name=config.network.kind,
        network=config.network.kind,
        classes=config.classes,
        input=input_spec(config),
        window=window_spec(config),
        features=exported.features,
        cam=cam_spec(exported),
        calibration=Calibration(temperature=1.0, rejection_threshold=0.5),
        encoder=encoder_spec(exported, encoders),
        head=graph_file("head.onnx", answer),
        training={},
        metrics={},
        source={},
    )
    return Bundle(Path("random"), manifest, encoders, answer)


def clip_spec(config: NetworkConfig) -> tf.TensorSpec:
    """What the whole network takes: the pictures of one window, oldest first."""
    return tf.TensorSpec((config.pictures, config.height, config.width, 3), tf.uint8, "clip")


def whole_window(network: keras.Model, config: NetworkConfig) -> onnx.ModelProto:
    """One graph for a whole window: all frames through the encoder as one batch, then the head.

    Grad-CAM is that of the head, the quickest known; nothing is remembered from window to window.
    """
    encoders, heads, evidence = graphs.take_apart(network, config)

    def answer(clip: tf.Tensor, *states: tf.Tensor) -> dict[str, tf.Tensor]:
        features = encode(encoders, *in_places(config, clip[None]))
        seen = features["partials"], features["activation"]
        return head.answer(heads, *seen, tf.constant(-1, tf.int64), states, evidence)

    return graphs.convert_head("whole_window", answer, [clip_spec(config)], heads, config.length)


def grad_cam(network: keras.Model, config: NetworkConfig, clip: tf.Tensor) -> tuple[tf.Tensor, ...]:
    """Logits and heat-maps of the top class, by TensorFlow's gradients.

    This is Grad-CAM as it is published for Keras: the target's and the network's outputs, run
    under a tape. Given to `tf.function` it becomes one graph.

    Returns:
        (classes,) float32, (length, h', w') float32.
    """
    seen = watch(network, config, clip)
    gradients = seen.gradients(tf.argmax(seen.logits), seen.activations)
    terms = weigh(side_by_side(seen.activations), gradients)
    return seen.logits, tf.nn.relu(tf.reduce_sum(terms, axis=-1))
