"""The protobuf encoding of an ONNX file, read field by field.

The `onnx` package is no part of the app, and a reader of our own is certain to see each byte that
ONNX Runtime will. See https://protobuf.dev/programming-guides/encoding/ and onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


class UnsafeModelError(ValueError):
    """The file is no plain ONNX model; the message says what was found."""


def fields(message: memoryview) -> Iterator[tuple[int, int, int | memoryview]]:
    """Each field's number, wire type and value: int for a varint, else the bytes.

    Raises:
        UnsafeModelError: The bytes are no message.
    """
    position, end = 0, len(message)
    while position < end:
        tag, position = varint(message, position)
        number, wire = tag >> 3, tag & 7
        if number == 0 or tag >= 1 << 32:  # a lax reader would cut a longer tag down to 32 bits
            raise UnsafeModelError("is not an ONNX model (damaged or cut short)")
        if wire == VARINT:
            value, position = varint(message, position)
            yield number, wire, value
            continue
        if wire == BYTES:
            size, position = varint(message, position)
        elif wire in (FIXED32, FIXED64):
            size = 4 if wire == FIXED32 else 8
        else:
            raise UnsafeModelError("is not an ONNX model (unknown encoding)")
        if size > end - position:
            raise UnsafeModelError("is not an ONNX model (damaged or cut short)")
        yield number, wire, message[position : position + size]
        position += size


def messages(message: memoryview, number: int) -> Iterator[memoryview]:
    """The messages or strings inside one that stand in the field of this number."""
    for found, _, value in fields(message):
        if found == number and isinstance(value, memoryview):
            yield value


def number_in(message: memoryview, number: int) -> int | None:
    """The integer in the field of this number; the last one counts; None where there is none."""
    found = [value for n, _, value in fields(message) if n == number and isinstance(value, int)]
    return found[-1] if found else None


def integers(value: int | memoryview) -> Iterator[int]:
    """Those of a repeated field, of which each may stand by itself or all in one."""
    if isinstance(value, int):
        yield value
        return
    position = 0
    while position < len(value):
        one, position = varint(value, position)
        yield one


def varint(message: memoryview, position: int) -> tuple[int, int]:
    """Decode a base-128 number; return it and the position behind it."""
    value = 0
    for index, byte in enumerate(message[position : position + 10]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, position + index + 1
    raise UnsafeModelError("is not an ONNX model (damaged or cut short)")
