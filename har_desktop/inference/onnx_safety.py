"""Proof that an ONNX file is plain, self-contained data, before any runtime sees it.

A graph may point to files outside the bundle (external data), name operators that come from other
libraries (custom domains), run for ever (loops), grow without limit when it is read (functions
that call functions), or be spoilt (weights that are not numbers). All of this is found by walking
the file along the messages of onnx.proto in which it can stand. What can be checked in no piece is
refused: parts that protobuf would put together from several, and numbers of unusual types.
"""

from __future__ import annotations

import math
from itertools import islice

import numpy as np

from har_desktop.inference.onnx_wire import (
    BYTES,
    UnsafeModelError,
    fields,
    integers,
    number_in,
)

__all__ = ["UnsafeModelError", "check_harmless"]

STANDARD_DOMAINS = (b"", b"ai.onnx")
# Nothing bounds how often these run what is inside them.
LOOPS = (b"Loop", b"Scan", b"SequenceMap")
MAX_DEPTH = 64  # of nested messages; an honest graph stays below 10
MAX_FIELDS = 2**20  # two hundred times what our graphs have; more would take minutes to look at
MAX_VALUES = 2**27  # of one tensor: what the largest file could hold as float32
MAX_DIMENSIONS = 64  # of one tensor; an honest one has fewer than 10

# Message -> {field number: message type of the field}, as in onnx.proto.
CHILDREN = {
    "Model": {7: "Graph", 8: "OperatorSet", 20: "Training"},
    "Graph": {
        **{1: "Node", 5: "Tensor", 15: "SparseTensor"},
        **{11: "ValueInfo", 12: "ValueInfo", 13: "ValueInfo"},
    },
    "Node": {5: "Attribute"},
    "Attribute": {
        **{5: "Tensor", 10: "Tensor", 22: "SparseTensor", 23: "SparseTensor"},
        **{6: "Graph", 11: "Graph"},
    },
    "SparseTensor": {1: "Tensor", 2: "Tensor"},
    "ValueInfo": {2: "Type"},
    "Type": {1: "TensorType"},
    "TensorType": {2: "Shape"},
    "Shape": {1: "Dimension"},
    "Training": {1: "Graph", 2: "Graph"},
    "Dimension": {},
    "OperatorSet": {},
    "Tensor": {},
}
# Message -> fields of which protobuf would merge two into one that nobody has checked.
ONCE = {
    "Model": (7,),
    "Attribute": (5, 6, 22),
    "Tensor": (2, 9, 14),
    "SparseTensor": (1, 2),
    "ValueInfo": (2,),
    "Type": (1,),
    "TensorType": (2,),
    "Training": (1, 2),
}
# Message -> number of the field that names an operator domain.
DOMAIN = {"Node": 7, "OperatorSet": 1}
GRAPH, FUNCTIONS = 7, 25  # fields of Model
OPERATOR = 4  # field of Node
SHAPES = {"Tensor": 1, "SparseTensor": 3}
# Fields of Tensor.
DATA_TYPE, SMALL_DATA, RAW_DATA, EXTERNAL_DATA, DATA_LOCATION = 2, 5, 9, 13, 14
# Message -> {field number: type of the floating-point numbers in it}
FLOATS = {"Tensor": {4: "<f4", 10: "<f8"}, "Attribute": {2: "<f4", 7: "<f4"}}
HALF = 10  # float16
RAW_FLOATS = {1: "<f4", HALF: "<f2", 11: "<f8"}  # Tensor's data type -> that of its raw data
WHOLE = (2, 3, 4, 5, 6, 7, 9, 12, 13)  # data types: integers of 8 to 64 bits, and bool


def check_harmless(model: bytes) -> None:
    """Refuse a model that is more than plain data.

    Args:
        model: A serialised ModelProto.

    Raises:
        UnsafeModelError: External data, an operator domain other than ONNX's own, loops, functions,
            tensors of absurd shapes, of unusual types or with NaN, or bytes that are no
            ModelProto.
    """
    view = memoryview(model)
    _Walk().visit(view, "Model", 0)
    if not any(number == GRAPH and kind == BYTES for number, kind, _ in fields(view)):
        raise UnsafeModelError("is not an ONNX model (it holds no graph)")


class _Walk:
    """Looks at one message and those inside it.

    Of a field that stands twice the last one counts; each is checked by itself, which can only be
    stricter. What would be merged instead, or is understood only together, may stand once.
    """

    def __init__(self) -> None:
        self._fields = 0

    def visit(self, message: memoryview, kind: str, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise UnsafeModelError("nests too deeply to be checked")
        for number, wire, value in fields(message):
            self._fields += 1
            if self._fields > MAX_FIELDS:
                raise UnsafeModelError("is made of too many parts to be checked")
            if isinstance(value, memoryview):
                _check_names(kind, number, value)
                if dtype := FLOATS.get(kind, {}).get(number):
                    _check_floats(value, dtype)
            child = CHILDREN[kind].get(number)
            if child and wire == BYTES and isinstance(value, memoryview):
                self.visit(value, child, depth + 1)
        if kind in ONCE:
            _check_once(message, ONCE[kind])
        if kind in SHAPES:
            _check_shape(message, SHAPES[kind])
        if kind == "Tensor":
            _check_tensor(message)


def _check_names(kind: str, number: int, value: memoryview) -> None:
    if number == DOMAIN.get(kind) and bytes(value) not in STANDARD_DOMAINS:
        name = bytes(value[:80]).decode("utf-8", "replace")
        raise UnsafeModelError(f"uses custom operators (domain {name!r})")
    if kind == "Node" and number == OPERATOR and bytes(value) in LOOPS:
        raise UnsafeModelError(f"runs in loops ({bytes(value).decode()})")
    if kind == "Model" and number == FUNCTIONS:
        raise UnsafeModelError("defines functions of its own")


def _check_once(message: memoryview, single: tuple[int, ...]) -> None:
    found = [number for number, _, _ in fields(message) if number in single]
    if len(found) > len(set(found)):
        raise UnsafeModelError("is not an ONNX model (holds twice what may be there once)")


def _check_shape(message: memoryview, number: int) -> None:
    sizes = (one for n, _, value in fields(message) if n == number for one in integers(value))
    shape = [*islice(sizes, MAX_DIMENSIONS + 1)]
    if len(shape) > MAX_DIMENSIONS:
        raise UnsafeModelError(f"holds a tensor of more than {MAX_DIMENSIONS} dimensions")
    # A size below 0 reads as one above 2**63. One of 0 leaves no values, and excuses no other.
    if math.prod(max(size, 1) for size in shape) > MAX_VALUES:
        raise UnsafeModelError(f"holds a tensor of more than {MAX_VALUES} values")


def _check_tensor(message: memoryview) -> None:
    """Its data must be inside, of a type that can be checked, and real numbers."""
    found = {number: value for number, _, value in fields(message)}
    if EXTERNAL_DATA in found or found.get(DATA_LOCATION):
        raise UnsafeModelError("keeps weights in another file (external data)")
    kind = number_in(message, DATA_TYPE) or 0
    if kind not in (*RAW_FLOATS, *WHOLE) or (kind == HALF and SMALL_DATA in found):
        raise UnsafeModelError(f"holds a tensor of an unusual kind (data type {kind})")
    raw = found.get(RAW_DATA)
    if isinstance(raw, memoryview) and kind in RAW_FLOATS:
        _check_floats(raw, RAW_FLOATS[kind])


def _check_floats(data: memoryview, dtype: str) -> None:
    if len(data) % np.dtype(dtype).itemsize:
        raise UnsafeModelError("is not an ONNX model (damaged or cut short)")
    if np.isnan(np.frombuffer(data, dtype)).any():
        raise UnsafeModelError("holds weights that are not numbers (NaN)")
