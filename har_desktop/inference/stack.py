"""The graphs that lay features side by side where they are: on the device.

Features of frames are remembered one by one, for any of them may be the nearest to a place of the
window; the head takes those of all places in a row, and the channels of all encoders. These graphs
copy them within the device's memory. They are written here, field by field, so that neither bundles
have to bring them nor the app needs the `onnx` package
(https://protobuf.dev/programming-guides/encoding/, numbers of the fields as in onnx.proto).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

IR_VERSION, OPSET = 8, 13
FLOAT, INT = 1, 2  # of TensorProto.DataType and AttributeProto.AttributeType

Field = tuple[int, int | str | bytes]  # number and value


def stack_model(length: int, features: Mapping[str, Sequence[int]]) -> bytes:
    """A serialised ONNX model that joins the features of a window along the first axis.

    Args:
        length: Places of the window.
        features: Name -> shape of one frame's tensor, without the first axis.

    Returns:
        A model that takes float32 `NAME_0`, `NAME_1`, ... of (1, *shape), oldest first, and gives
        `NAME` of (length, *shape), for each of the features.
    """
    return _concat_model("stack", [features] * length, axis=0)


def join_model(parts: Sequence[Mapping[str, Sequence[int]]]) -> bytes:
    """A serialised ONNX model that joins what several encoders give along the last axis.

    Args:
        parts: Of each encoder name -> shape of one frame's tensor, without the first axis; but for
            the last one, all axes are the same in all of them.

    Returns:
        A model that takes float32 `NAME_0`, `NAME_1`, ... of (1, *shape), one per encoder, and
        gives `NAME`, for each name.
    """
    return _concat_model("join", parts, axis=-1)


def _concat_model(name: str, parts: Sequence[Mapping[str, Sequence[int]]], axis: int) -> bytes:
    inputs = {
        joined: [(f"{joined}_{number}", (1, *part[joined])) for number, part in enumerate(parts)]
        for joined in parts[0]
    }
    nodes, takes, gives = [], [], []
    for joined, values in inputs.items():
        shape = list(values[0][1])
        place = axis % len(shape)
        shape[place] = sum(size[place] for _, size in values)
        nodes.append((1, _concat([value for value, _ in values], joined, place)))
        takes += [(11, _floats(*value)) for value in values]
        gives.append((12, _floats(joined, shape)))
    graph = _message(*nodes, (2, name), *takes, *gives)
    return _message((1, IR_VERSION), (7, graph), (8, _message((2, OPSET))))


def _concat(inputs: list[str], output: str, axis: int) -> bytes:
    attribute = _message((1, "axis"), (3, axis), (20, INT))
    return _message(*((1, name) for name in inputs), (2, output), (4, "Concat"), (5, attribute))


def _floats(name: str, shape: Sequence[int]) -> bytes:
    """A ValueInfoProto."""
    dimensions = _message(*((1, _message((1, size))) for size in shape))
    tensor = _message((1, FLOAT), (2, dimensions))
    return _message((1, name), (2, _message((1, tensor))))


def _message(*fields: Field) -> bytes:
    encoded = bytearray()
    for number, value in fields:
        if isinstance(value, int):
            encoded += _varint(number << 3) + _varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            encoded += _varint(number << 3 | 2) + _varint(len(data)) + data
    return bytes(encoded)


def _varint(value: int) -> bytes:
    """A base-128 number, least significant digits first."""
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)
