"""From a trained network to its ONNX graphs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

import keras
import onnx
import tensorflow as tf

from export.check import IR_VERSION, OPSET, check
from export.encoder import EncoderPart, encode, norm_scale
from export.head import HeadWeights, answer, recurrence, state_specs
from har_desktop.inference.manifest import FeatureSpec, joined
from training.config import MultiStream, NetworkConfig
from training.evidence import Evidence
from training.network import find_layer, streams, target, target_norm


@dataclass(frozen=True)
class Graphs:
    """The exported network.

    Attributes:
        encoders: The graphs that run once per frame, one for each stream.
        features: What these give together.
        head: The graph that runs once per window.
        target: Name of the layer that Grad-CAM looks at, or of all of them.
    """

    encoders: tuple[onnx.ModelProto, ...]
    features: FeatureSpec
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
    parts, heads, evidence = take_apart(network, config)
    encoders = tuple(_convert_encoder(part, config) for part in parts)
    features = joined([feature_spec(encoder) for encoder in encoders])
    head = convert_head(
        "head",
        lambda partials, activations, index, *states: answer(
            heads, partials, activations, index, states, evidence
        ),
        [
            tf.TensorSpec((config.length, *features.partials), tf.float32, "partials"),
            tf.TensorSpec((config.length, *features.activation), tf.float32, "activations"),
            tf.TensorSpec((), tf.int64, "class_index"),
        ],
        heads,
        config.length,
    )
    targets = " + ".join(target(part) for _, part in streams(network, config))
    return Graphs(encoders, features, head, targets)


def take_apart(
    network: keras.Model, config: NetworkConfig
) -> tuple[list[EncoderPart], list[HeadWeights], Evidence | None]:
    """The encoder and the head of each stream, and of several the layer that asks all of them."""
    encoders, heads = [], []
    parts = streams(network, config)
    finest = max(model.get_layer("encoder").output_shape[0][1] for model, _ in parts)
    for model, part in parts:
        scale = norm_scale(find_layer(model, target_norm(part)))
        head = HeadWeights.of(model, scale, share=1 / len(parts))
        heads.append(head)
        encoder = model.get_layer("encoder")
        repeat = finest // encoder.output_shape[0][1]
        encoders.append(EncoderPart(encoder, head.conv3d_kernel, part, config.shrink(part), repeat))
    several = isinstance(config, MultiStream)
    return encoders, heads, network.get_layer("evidence") if several else None


def _convert_encoder(part: EncoderPart, config: NetworkConfig) -> onnx.ModelProto:
    counts = {"frame": 1, "previous": config.differences} if part.config.motion else {"frame": 1}
    pictures = [
        tf.TensorSpec((count, config.height, config.width, 3), tf.uint8, name)
        for name, count in counts.items()
    ]

    def function(frame: tf.Tensor, previous: tf.Tensor | None = None) -> dict[str, tf.Tensor]:
        before = [] if previous is None else tf.split(previous, config.differences)
        return encode([part], frame, before)

    return convert("encoder", function, pictures)


def feature_spec(encoder: onnx.ModelProto) -> FeatureSpec:
    """What an encoder gives per frame."""
    shapes = {
        value.name: tuple(axis.dim_value for axis in value.type.tensor_type.shape.dim)
        for value in encoder.graph.output
    }
    return FeatureSpec(partials=shapes["partials"][1:], activation=shapes["activation"][1:])


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
    model = _convert(name, function, inputs)
    check(model, name)
    return model


def convert_head(
    name: str,
    function: Callable[..., dict[str, tf.Tensor]],
    inputs: list[tf.TensorSpec],
    heads: Sequence[HeadWeights],
    length: int,
) -> onnx.ModelProto:
    """The same for a function that ends in `export.head.answer`, with the GRUs in their place.

    Args:
        name: Of the graph.
        function: Takes the inputs in order and then the states of the GRUs, returns what `answer`
            does.
        inputs: Shape, dtype and name of each input, without the states.
        heads: As given to `answer`.
        length: Of the window.

    Raises:
        BundleError: See `convert`.
    """
    model = _convert(name, function, [*inputs, *state_specs(heads, length)])
    _put_between(model.graph, *recurrence(heads))
    check(model, name)
    return model


def _put_between(
    graph: onnx.GraphProto, nodes: list[onnx.NodeProto], constants: list[onnx.TensorProto]
) -> None:
    """Connect outputs of the graph with inputs of it, by nodes between; they cease to be such."""
    connected = {name for node in nodes for name in (*node.input, *node.output)}
    for values in (graph.input, graph.output):
        kept = [value for value in values if value.name not in connected]
        del values[:]
        values.extend(kept)
    graph.initializer.extend(constants)
    # ONNX wants each node behind those that it needs.
    every = [*graph.node, *nodes]
    maker = {name: number for number, node in enumerate(every) for name in node.output}
    needed = {
        number: [maker[name] for name in node.input if name in maker]
        for number, node in enumerate(every)
    }
    del graph.node[:]
    graph.node.extend(every[number] for number in TopologicalSorter(needed).static_order())


def _convert(
    name: str, function: Callable[..., dict[str, tf.Tensor]], inputs: list[tf.TensorSpec]
) -> onnx.ModelProto:
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
    return model
