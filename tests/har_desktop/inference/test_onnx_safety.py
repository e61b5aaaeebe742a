import numpy as np
import onnx
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from har_desktop.inference.onnx_safety import UnsafeModelError, check_self_contained

X = helper.make_tensor_value_info("x", TensorProto.FLOAT, (2,))
Y = helper.make_tensor_value_info("y", TensorProto.FLOAT, (2,))


def relu(domain=""):
    return helper.make_node("Relu", ["x"], ["y"], domain=domain)


def model(*nodes, weights=(), **more):
    graph = helper.make_graph(nodes, "g", [X], [Y], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], **more)


def external(name="w"):
    tensor = numpy_helper.from_array(np.zeros(2, np.float32), name)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return tensor


def loop(body_node, weights=()):
    """A node whose body is a sub-graph with `body_node` inside."""
    flag = helper.make_tensor_value_info("c", TensorProto.BOOL, ())
    trip = helper.make_tensor_value_info("i", TensorProto.INT64, ())
    same = helper.make_node("Identity", ["c"], ["d"])
    out = helper.make_tensor_value_info("d", TensorProto.BOOL, ())
    body = helper.make_graph([same, body_node], "body", [trip, flag, X], [out, Y], weights)
    return helper.make_node("Loop", ["n", "b", "x"], ["y"], body=body)


def refused(proto, match):
    with pytest.raises(UnsafeModelError, match=match):
        check_self_contained(proto.SerializeToString())


def test_accepts_plain_models():
    weights = [numpy_helper.from_array(np.arange(1000, dtype=np.float32), "w")]
    check_self_contained(model(relu(), weights=weights).SerializeToString())
    check_self_contained(model(loop(relu("ai.onnx"))).SerializeToString())


def test_refuses_external_data_of_an_initializer():
    refused(model(relu(), weights=[external()]), "external data")


def test_refuses_external_data_where_only_the_location_is_flagged():
    tensor = external()
    tensor.ClearField("external_data")
    refused(model(relu(), weights=[tensor]), "external data")


def test_refuses_external_data_where_only_the_path_is_given():
    tensor = external()
    tensor.ClearField("data_location")
    refused(model(relu(), weights=[tensor]), "external data")


def test_refuses_external_data_of_a_constant():
    refused(model(helper.make_node("Constant", [], ["y"], value=external())), "external data")


def test_refuses_external_data_in_a_sub_graph():
    refused(model(loop(relu(), [external()])), "external data")


def test_refuses_external_data_of_a_sparse_tensor():
    proto = model(relu())
    sparse = proto.graph.sparse_initializer.add(dims=[4])
    sparse.values.CopyFrom(external())
    sparse.indices.CopyFrom(numpy_helper.from_array(np.array([0, 1]), "i"))
    refused(proto, "external data")


def test_refuses_a_custom_node():
    refused(model(relu("com.evil")), "domain 'com.evil'")


def test_refuses_a_custom_node_in_a_sub_graph():
    refused(model(loop(relu("com.microsoft"))), "com.microsoft")


def test_refuses_an_imported_custom_domain():
    proto = model(relu())
    proto.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    refused(proto, "com.microsoft")


def test_refuses_custom_nodes_and_external_data_in_functions():
    opsets = [helper.make_opsetid("", 17)]
    for nodes, match in (
        ([relu("com.evil")], "com.evil"),
        ([helper.make_node("Constant", [], ["y"], value=external())], "external data"),
    ):
        function = helper.make_function("", "F", ["x"], ["y"], nodes, opsets)
        refused(model(relu(), functions=[function]), match)
    own = helper.make_function("mine", "F", ["x"], ["y"], [relu()], opsets)
    refused(model(relu(), functions=[own]), "mine")


def test_refuses_unsafe_training_graphs():
    proto = model(relu())
    proto.training_info.add().algorithm.CopyFrom(model(relu("com.evil")).graph)
    refused(proto, "com.evil")


def test_refuses_bottomless_nesting():
    attribute = b""
    for _ in range(30):  # attribute -> sub-graph -> node -> attribute ...
        attribute = field(6, field(1, field(5, attribute)))
    with pytest.raises(UnsafeModelError, match="nests too deeply"):
        check_self_contained(field(7, field(1, field(5, attribute))))


def test_refuses_tags_that_other_readers_cut_down():
    evil = model(relu("com.evil")).graph.SerializeToString()
    tag = bytes([0x80 | 7 << 3 | 2, 0x80, 0x80, 0x80, 0x10])  # field 7, plus 2**32
    with pytest.raises(UnsafeModelError, match="not an ONNX model"):
        check_self_contained(model(relu()).SerializeToString() + tag + varint(len(evil)) + evil)


def field(number, payload):
    return bytes([number << 3 | 2]) + varint(len(payload)) + payload


def varint(value):
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


@pytest.mark.parametrize("data", [b"", b"not a model", b"\x00\x00\x00\x00ORTM", b"\xff" * 100])
def test_refuses_other_bytes(data):
    with pytest.raises(UnsafeModelError, match="not an ONNX model"):
        check_self_contained(data)


def test_refuses_a_truncated_model():
    data = model(relu()).SerializeToString()
    with pytest.raises(UnsafeModelError, match="not an ONNX model"):
        check_self_contained(data[:-3])


SAFE = model(loop(relu()), weights=[numpy_helper.from_array(np.ones(3, np.float32), "w")])


@given(st.data())
def test_what_protobuf_reads_as_unsafe_is_never_accepted(data):
    """Flip bytes of a safe model: whenever it is accepted, onnx itself finds nothing unsafe."""
    raw = bytearray(SAFE.SerializeToString())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        check_self_contained(bytes(raw))
    except UnsafeModelError:
        return
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(bytes(raw))
    except DecodeError:
        return
    assert not unsafe(proto)


def unsafe(proto):
    graphs, found = [proto.graph], {o.domain for o in proto.opset_import}
    while graphs:
        graph = graphs.pop()
        found |= {node.domain for node in graph.node}
        tensors = [*graph.initializer]
        for attribute in (a for node in graph.node for a in node.attribute):
            tensors += [attribute.t, *attribute.tensors]
            graphs += [g for g in (attribute.g, *attribute.graphs) if g.ByteSize()]
        if any(t.external_data or t.data_location for t in tensors):
            return True
    return bool(found - {"", "ai.onnx"})
