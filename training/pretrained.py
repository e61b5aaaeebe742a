"""Convolution weights out of published TFLite networks, as float32.

The files are quantised to eight bits, weights per output channel, and BatchNorm is folded into the
convolutions. What is read here is `scale * (value - zero_point)`: the weights that the quantised
network computes with.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from har_desktop.errors import InputError


class Convolution(NamedTuple):
    """One convolution, as Keras' layers keep it.

    Attributes:
        kernel: (rows, columns, inputs, outputs) float32; depthwise: (rows, columns, inputs, 1).
        bias: (outputs,) float32.
    """

    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]


def convolutions(path: Path) -> list[Convolution]:
    """Read all convolutions of a TFLite file, in the order in which they are computed.

    Raises:
        InputError: The file is missing, damaged or no TFLite network.
    """
    # TensorFlow's own reader of the format; loading it takes seconds.
    from tensorflow.lite.python import schema_py_generated as schema

    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    if data[4:8] != b"TFL3":
        raise InputError(f"{path} is no TFLite network")
    try:
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))
        return list(_convolutions(schema, model))
    except (struct.error, ValueError, LookupError, TypeError) as error:
        # The format has no checksum: offsets lead anywhere.
        raise InputError(f"{path} is damaged, or its weights are of an unknown type") from error


def _convolutions(schema, model) -> Iterator[Convolution]:
    graph = model.subgraphs[0]
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        # The newer field holds the code; files of older converters have it in the older field.
        kind = max(code.builtinCode, code.deprecatedBuiltinCode)
        depthwise = kind == schema.BuiltinOperator.DEPTHWISE_CONV_2D
        if not depthwise and kind != schema.BuiltinOperator.CONV_2D:
            continue
        kernel, bias = (_floats(schema, model, graph.tensors[i]) for i in operator.inputs[1:3])
        # TFLite: (outputs, rows, columns, inputs), depthwise (1, rows, columns, outputs).
        order = (1, 2, 3, 0)
        yield Convolution(np.ascontiguousarray(kernel.transpose(order)), bias)


def _floats(schema, model, tensor) -> NDArray[np.float32]:
    """The values of a constant tensor, de-quantised."""
    kinds = {
        schema.TensorType.INT8: np.int8,
        schema.TensorType.INT32: np.int32,
        schema.TensorType.FLOAT32: np.float32,
    }
    raw = np.asarray(model.buffers[tensor.buffer].data, np.uint8)
    values = raw.view(kinds[tensor.type]).reshape(tensor.shape)
    quantization = tensor.quantization
    if quantization is None or quantization.scale is None:
        return values.astype(np.float32)
    shape = [1] * values.ndim
    shape[quantization.quantizedDimension] = -1
    scale = np.asarray(quantization.scale, np.float64).reshape(shape)
    zero = np.asarray(quantization.zeroPoint, np.float64).reshape(shape)
    return (scale * (values - zero)).astype(np.float32)
