"""From a trained network to its two ONNX graphs."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import keras
import onnx
import tensorflow as tf

from export.check import IR_VERSION, OPSET, check
from export.encoder import EncoderPart, encode, norm_scale
from export.head import HeadWeights, answer
from training.config import MultiStream, NetworkConfig
from training.evidence import Evidence
from training.network import find_layer, streams, target, target_norm


@dataclass(frozen=True)
class Graphs:
    """The exported network.

    Attributes:
        encoder: The graph that runs once per frame.
        head: The graph that runs once per window.
        target: Name of the layer that Grad-CAM looks at, or of all of them.
    """

    encoder: onnx.ModelProto
    head: onnx.ModelProto
    target: str


def export(network: keras.Model, config: NetworkConfig) -> Graphs:
    """Convert a trained network; see docs/architecture.md for the tensors' contract.

    Args:
        network: Built by `training.network.build(config, classes)`, in float32.
        config: The shape of the network.

    Raises:
        BundleError: The converter left something in a graph that a bundle may not hold.
    """
    encoders, heads, evidence = take_apart(network, config)
    picture = (1, config.height, config.width, 3)
    pictures = [tf.TensorSpec(picture, tf.uint8, "frame")]
    if config.motion:
        pictures.append(tf.TensorSpec(picture, tf.uint8, "previous"))
    encoder = convert("encoder", lambda *frames: encode(encoders, *frames), pictures)
    features = {
        value.name: [axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for value in encoder.graph.output
    }
    head = convert(
        "head",
        lambda partials, activations, index: answer(heads, partials, activations, index, evidence),
        [
            tf.TensorSpec((config.length, *features["partials"][1:]), tf.float32, "partials"),
            tf.TensorSpec((config.length, *features["activation"][1:]), tf.float32, "activations"),
            tf.TensorSpec((), tf.int64, "class_index"),
        ],
    )
    return Graphs(encoder, head, " + ".join(target(part) for _, part in streams(network, config)))


def take_apart(
    network: keras.Model, config: NetworkConfig
) -> tuple[list[EncoderPart], list[HeadWeights], Evidence | None]:
    """The encoder and the head of each stream, and of several the layer that asks all of them."""
    encoders, heads = [], []
    parts = streams(network, config)
    for model, part in parts:
        scale = norm_scale(find_layer(model, target_norm(part)))
        head = HeadWeights.of(model, scale, share=1 / len(parts))
        heads.append(head)
        encoder = model.get_layer("encoder")
        encoders.append(EncoderPart(encoder, head.conv3d_kernel, part.motion, config.shrink(part)))
    several = isinstance(config, MultiStream)
    return encoders, heads, network.get_layer("evidence") if several else None


def convert(
    name: str, function: Callable[..., dict[str, tf.Tensor]], inputs: list[tf.TensorSpec]
) -> onnx.ModelProto:
    """Convert a TensorFlow function to an ONNX graph, and check what came out.

    Args:
        name: Of the graph.
        function: Takes the inputs in order, returns its outputs by name.
        inputs: Shape, dtype and name of each input.

    Raises:
        BundleError: The converter left something in the graph that a bundle may not hold.
    """
    # tf2onnx meets deprecations of TensorFlow's that are not ours to mend.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tf2onnx

        model, _ = tf2onnx.convert.from_function(
            tf.function(function, autograph=False), input_signature=inputs, opset=OPSET
        )
    model.graph.name = name
    model.ir_version = IR_VERSION
    # The converter declares operator sets that it doesn't use.
    del model.opset_import[:]
    model.opset_import.append(onnx.helper.make_opsetid("", OPSET))
    check(model, name)
    return model
