"""Protobuf by hand: what the `onnx` package would not write."""


def field(number, payload):
    """A message or string, or all numbers of a repeated field."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def varint(value):
    """A number; one below zero as its two's complement."""
    value %= 2**64
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)
