"""Tensors that claim more than they hold, or hold what is not seen piece by piece."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from har_desktop.inference.onnx_safety import UnsafeModelError, check_harmless
from tests.onnx_bytes import field, varint


@pytest.mark.parametrize("dims", [[2**62] * 18, [0, 2**62], [2**62, 0], [-1, 0], [-1, -1]])
def test_refuses_shapes_whatever_their_product(dims):
    """That of 18 fits into no float; a zero or a second sign makes it small."""
    with pytest.raises(UnsafeModelError, match="a tensor of more than 134217728 values"):
        check_harmless(shaped(dims))


def test_a_tensor_without_values_is_fine():
    check_harmless(shaped([0]))
    check_harmless(shaped([3, 0, 4]))


def test_dimensions_are_not_read_to_their_end():
    """Nine bytes each: a hundred thousand took a minute to multiply."""
    with pytest.raises(UnsafeModelError, match="a tensor of more than 64 dimensions"):
        check_harmless(shaped([2**62] * 100_000))
    with pytest.raises(UnsafeModelError, match="a tensor of more than 64 dimensions"):
        check_harmless(shaped([1] * 65))
    check_harmless(shaped([1] * 64))


def shaped(dims):
    """A model with an empty tensor of this shape, whose sizes stand all in one field."""
    sizes = b"".join(varint(size) for size in dims)
    return field(7, field(5, field(1, sizes) + bytes([2 << 3, TensorProto.FLOAT])))


# Each passes by itself; together they are a float32 NaN.
BYTES = TensorProto(dims=[1], data_type=TensorProto.INT32, raw_data=np.float32(np.nan).tobytes())
TYPE = TensorProto(data_type=TensorProto.FLOAT)
ONE, TWO = BYTES.SerializeToString(), TYPE.SerializeToString()


def constant(attribute):
    """A model with a node with this attribute."""
    return field(7, field(1, field(5, attribute)))


def twice(number, *wrapped):
    """Both pieces in this field, each inside of `wrapped`."""
    pieces = ONE, TWO
    for inside in wrapped:
        pieces = [field(inside, piece) for piece in pieces]
    return b"".join(field(number, piece) for piece in pieces)


MERGED = {
    "tensor of an attribute": constant(twice(5)),
    "sparse tensor of an attribute": constant(twice(22, 1)),
    "values of a sparse tensor": field(7, field(15, twice(1))),
    "indices of a sparse tensor": field(7, field(15, twice(2))),
    "sub-graph": constant(twice(6, 5)),
    "graph": twice(7, 5),
    "algorithm of a training": field(7, b"") + field(20, twice(2, 5)),
    "initialization of a training": field(7, b"") + field(20, twice(1, 5)),
    "data type": field(7, field(5, ONE + TWO)),
    "raw data": field(7, field(5, ONE + field(9, bytes(4)))),
    "data location": field(7, field(5, ONE + 2 * (varint(14 << 3) + b"\0"))),
    "type of an input": field(7, field(11, 2 * field(2, b""))),
    "tensor type of an input": field(7, field(11, field(2, 2 * field(1, b"")))),
    "shape of an input": field(7, field(11, field(2, field(1, 2 * field(2, b""))))),
}


@pytest.mark.parametrize("kind", MERGED)
def test_refuses_what_protobuf_would_merge(kind):
    with pytest.raises(UnsafeModelError, match="holds twice what may be there once"):
        check_harmless(MERGED[kind])


def test_what_may_be_there_often_is_fine():
    check_harmless(field(7, twice(5) + twice(15, 1) + 2 * field(11, b"")))
    check_harmless(constant(twice(10) + twice(11, 5) + twice(23, 1)))


UNUSUAL = {
    "none": TensorProto(dims=[1], raw_data=b"\0\0\xc0\x7f"),
    "half as int32": TensorProto(dims=[1], data_type=TensorProto.FLOAT16, int32_data=[0x7E00]),
    "bfloat16": TensorProto(dims=[1], data_type=TensorProto.BFLOAT16, raw_data=b"\xc0\x7f"),
    "bfloat16 as int32": TensorProto(dims=[1], data_type=TensorProto.BFLOAT16, int32_data=[32704]),
    "float8": TensorProto(dims=[1], data_type=TensorProto.FLOAT8E5M2, raw_data=b"\x7f"),
    "complex": TensorProto(dims=[1], data_type=TensorProto.COMPLEX64, raw_data=bytes(8)),
    "text": helper.make_tensor("w", TensorProto.STRING, [1], [b"nan"]),
}


@pytest.mark.parametrize("kind", UNUSUAL)
def test_refuses_numbers_that_are_not_looked_at(kind):
    with pytest.raises(UnsafeModelError, match=r"a tensor of an unusual kind \(data type \d+\)"):
        check_harmless(weight(UNUSUAL[kind]))


DTYPES = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "?"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_usual_numbers_are_fine(dtype):
    check_harmless(weight(numpy_helper.from_array(np.ones(2, dtype), "w")))


def weight(tensor):
    """A model with this initializer."""
    return field(7, field(5, tensor.SerializeToString()))
