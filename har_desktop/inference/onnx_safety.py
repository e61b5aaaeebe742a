"""Proof that an ONNX file is self-contained data, before any runtime sees it.

A graph may point to files outside the bundle (external data) and may name operators that come
from other libraries (custom domains). Both are found by walking the file's protobuf encoding
(https://protobuf.dev/programming-guides/encoding/) along the messages of onnx.proto in which
they can stand; the `onnx` package itself is no part of the app.
"""

from __future__ import annotations

from collections.abc import Iterator

STANDARD_DOMAINS = (b"", b"ai.onnx")
MAX_DEPTH = 64  # of nested messages; an honest graph with a few nested loops stays below 20

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

# Message -> {field number: message type of the field}, as in onnx.proto.
CHILDREN = {
    "Model": {7: "Graph", 8: "OperatorSet", 20: "Training", 25: "Function"},
    "Graph": {1: "Node", 5: "Tensor", 15: "SparseTensor"},
    "Node": {5: "Attribute"},
    "Attribute": {
        **{5: "Tensor", 10: "Tensor", 22: "SparseTensor", 23: "SparseTensor"},
        **{6: "Graph", 11: "Graph"},
    },
    "SparseTensor": {1: "Tensor", 2: "Tensor"},
    "Function": {7: "Node", 9: "OperatorSet", 11: "Attribute"},
    "Training": {1: "Graph", 2: "Graph"},
    "OperatorSet": {},
    "Tensor": {},
}
# Message -> number of the field that names an operator domain.
DOMAIN = {"Node": 7, "OperatorSet": 1, "Function": 10}
EXTERNAL_DATA, DATA_LOCATION = 13, 14  # fields of Tensor


class UnsafeModelError(ValueError):
    """The file is no plain ONNX model, or not self-contained; the message says what was found."""


def check_self_contained(model: bytes) -> None:
    """Refuse a model that reaches outside itself.

    Args:
        model: A serialised ModelProto.

    Raises:
        UnsafeModelError: External data, an operator domain other than ONNX's own, or bytes that
            are no ModelProto.
    """
    view = memoryview(model)
    if not any(number == 7 and kind == BYTES for number, kind, _ in _fields(view)):
        raise UnsafeModelError("is not an ONNX model (it holds no graph)")
    _walk(view, "Model", 0)


def _walk(message: memoryview, kind: str, depth: int) -> None:
    """Check one message and those inside it.

    A field that stands twice overrides or is merged; each occurrence is checked by itself, which
    can only be stricter.
    """
    if depth > MAX_DEPTH:
        raise UnsafeModelError("nests too deeply to be checked")
    for number, wire, value in _fields(message):
        if kind == "Tensor" and (number == EXTERNAL_DATA or (number == DATA_LOCATION and value)):
            raise UnsafeModelError("keeps weights in another file (external data)")
        if not isinstance(value, memoryview):
            continue
        if number == DOMAIN.get(kind) and bytes(value) not in STANDARD_DOMAINS:
            name = bytes(value[:80]).decode("utf-8", "replace")
            raise UnsafeModelError(f"uses custom operators (domain {name!r})")
        child = CHILDREN[kind].get(number)
        if child and wire == BYTES:
            _walk(value, child, depth + 1)


def _fields(message: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """Each field's number, wire type and value: int for a varint, else the bytes."""
    position, end = 0, len(message)
    while position < end:
        tag, position = _varint(message, position)
        number, wire = tag >> 3, tag & 7
        if number == 0 or tag >= 1 << 32:  # a lax reader would cut a longer tag down to 32 bits
            raise UnsafeModelError("is not an ONNX model (damaged or cut short)")
        if wire == VARINT:
            value, position = _varint(message, position)
            yield number, wire, value
            continue
        if wire == BYTES:
            size, position = _varint(message, position)
        elif wire in (FIXED32, FIXED64):
            size = 4 if wire == FIXED32 else 8
        else:
            raise UnsafeModelError("is not an ONNX model (unknown encoding)")
        if size > end - position:
            raise UnsafeModelError("is not an ONNX model (damaged or cut short)")
        yield number, wire, message[position : position + size]
        position += size


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """Decode a base-128 number; return it and the position behind it."""
    value = 0
    for index, byte in enumerate(message[position : position + 10]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, position + index + 1
    raise UnsafeModelError("is not an ONNX model (damaged or cut short)")
