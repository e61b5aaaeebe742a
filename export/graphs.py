"""From a trained network to its two ONNX graphs, and what a graph must not contain."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import keras
import onnx
import tensorflow as tf

from export.encoder import TARGET, Block, encode
from export.head import HeadWeights, answer
from har_desktop.errors import BundleError, InputError
from training.config import NetworkConfig

OPSET = 17
IR_VERSION = 8  # the first with opset 17
LOOPS = {"Loop", "Scan", "If", "SequenceMap"}


@dataclass(frozen=True)
class Graphs:
    """The exported network.

    Attributes:
        encoder: The graph that runs once per frame.
        head: The graph that runs once per window.
        target: Name of the layer that Grad-CAM looks at.
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
        InputError: The network's kind is not known here, or its size doesn't fit three poolings.
    """
    if config.name != "cnn_gru":
        raise InputError(f"network {config.name!r} cannot be exported; known is 'cnn_gru'")
    if config.height % 8 or config.width % 8:
        raise InputError(
            f"input size {config.height}x{config.width} cannot be exported: use multiples of 8"
        )
    blocks = [Block.of(network.get_layer("encoder"), number) for number in (1, 2, 3)]
    weights = HeadWeights.of(network, target_scale=blocks[-1].scale)

    picture = (1, config.height, config.width, 3)
    pictures = [tf.TensorSpec(picture, tf.uint8, "frame")]
    if config.motion:
        pictures.append(tf.TensorSpec(picture, tf.uint8, "previous"))
    encoder = convert(
        "encoder", lambda *frames: encode(blocks, weights.conv3d_kernel, *frames), pictures
    )
    features = {
        value.name: [axis.dim_value for axis in value.type.tensor_type.shape.dim]
        for value in encoder.graph.output
    }
    head = convert(
        "head",
        lambda *inputs: answer(weights, *inputs),
        [
            tf.TensorSpec((config.length, *features["partials"][1:]), tf.float32, "partials"),
            tf.TensorSpec((config.length, *features["activation"][1:]), tf.float32, "activations"),
            tf.TensorSpec((), tf.int64, "class_index"),
        ],
    )
    return Graphs(encoder, head, TARGET)


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


def check(model: onnx.ModelProto, name: str) -> None:
    """Refuse a graph that is not valid ONNX of our opset, or more than data for ONNX Runtime.

    Args:
        model: The graph.
        name: For the message.

    Raises:
        BundleError: It fails ONNX' checker, has another opset, custom operators, functions, loops,
            data outside the file, or a shape that isn't fixed.
    """
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        reason = str(error).strip().splitlines()[0]
        raise BundleError(f"{name}: not a valid ONNX graph: {reason}") from error
    opsets = {entry.domain: entry.version for entry in model.opset_import}
    if opsets != {"": OPSET}:
        raise BundleError(f"{name}: operator sets {opsets} instead of ONNX {OPSET} alone")
    for fault in _faults(model):
        raise BundleError(f"{name}: {fault}; a bundle holds plain ONNX of fixed shapes only")


def _faults(model: onnx.ModelProto) -> Iterator[str]:
    """What the graph holds that a bundle may not."""
    for function in model.functions:
        yield f"function {function.name}"
    for node in model.graph.node:
        if node.domain:
            yield f"custom operator {node.domain}.{node.op_type}"
        if node.op_type in LOOPS:
            yield f"operator {node.op_type} ({node.name})"
    for tensor in model.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            yield f"external data for {tensor.name}"
    for value in (*model.graph.input, *model.graph.output):
        axes = value.type.tensor_type.shape.dim
        if not all(axis.HasField("dim_value") and axis.dim_value > 0 for axis in axes):
            yield f"free shape of {value.name}"
