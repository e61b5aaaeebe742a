"""What an ONNX graph must be, and must not contain, to stand in a bundle."""

from __future__ import annotations

from collections.abc import Iterator

import onnx

from har_desktop.errors import BundleError

OPSET = 17
IR_VERSION = 8  # the first with that opset
LOOPS = {"Loop", "Scan", "If", "SequenceMap"}


def check(model: onnx.ModelProto, name: str) -> None:
    """Refuse a graph that is not valid ONNX of our opset, or more than data for ONNX Runtime.

    Args:
        model: The graph.
        name: For the message.

    Raises:
        BundleError: It fails ONNX' checker, has another opset or a custom one, functions, loops,
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
        if node.op_type in LOOPS:
            yield f"operator {node.op_type} ({node.name})"
    for tensor in model.graph.initializer:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            yield f"external data for {tensor.name}"
    for value in (*model.graph.input, *model.graph.output):
        axes = value.type.tensor_type.shape.dim
        if not all(axis.HasField("dim_value") and axis.dim_value > 0 for axis in axes):
            yield f"free shape of {value.name}"
