import numpy as np
import onnx
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from har_desktop.inference import onnx_safety
from har_desktop.inference.onnx_safety import UnsafeModelError, check_harmless
from tests.onnx_bytes import field, varint

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


def branch(node, weights=()):
    """A node with `node` inside a sub-graph."""
    body = helper.make_graph([node], "body", [], [Y], weights)
    return helper.make_node("If", ["c"], ["y"], then_branch=body, else_branch=body)


def refused(proto, match):
    with pytest.raises(UnsafeModelError, match=match):
        check_harmless(proto.SerializeToString())


def test_accepts_plain_models():
    weights = [numpy_helper.from_array(np.arange(1000, dtype=np.float32), "w")]
    check_harmless(model(relu(), weights=weights).SerializeToString())
    check_harmless(model(branch(relu("ai.onnx"))).SerializeToString())


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
    refused(model(branch(relu(), [external()])), "external data")


def test_refuses_external_data_of_a_sparse_tensor():
    proto = model(relu())
    sparse = proto.graph.sparse_initializer.add(dims=[4])
    sparse.values.CopyFrom(external())
    sparse.indices.CopyFrom(numpy_helper.from_array(np.array([0, 1]), "i"))
    refused(proto, "external data")


def test_refuses_a_custom_node():
    refused(model(relu("com.evil")), "domain 'com.evil'")


def test_refuses_a_custom_node_in_a_sub_graph():
    refused(model(branch(relu("com.microsoft"))), "com.microsoft")


def test_refuses_an_imported_custom_domain():
    proto = model(relu())
    proto.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    refused(proto, "com.microsoft")


def test_refuses_functions():
    function = helper.make_function("", "F", ["x"], ["y"], [relu()], [helper.make_opsetid("", 17)])
    refused(model(relu(), functions=[function]), "functions of its own")


@pytest.mark.parametrize("loop", ["Loop", "Scan", "SequenceMap"])
def test_refuses_loops_also_in_a_sub_graph(loop):
    """No exported graph needs one; a loop may run for ever."""
    node = helper.make_node(loop, ["x"], ["y"])
    refused(model(node), f"runs in loops .{loop}.")
    refused(model(branch(node)), "runs in loops")


def test_refuses_shapes_that_no_file_can_hold():
    huge = helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0])
    huge.dims[:] = [2**20, 2**20]
    refused(model(relu(), weights=[huge]), "a tensor of more than 134217728 values")
    huge.dims[:] = [-1]
    refused(model(relu(), weights=[huge]), "a tensor of more than 134217728 values")
    proto = model(relu())
    proto.graph.sparse_initializer.add(dims=[2**62])
    refused(proto, "a tensor of more than 134217728 values")


NAN = np.array([1.0, np.nan])
SPOILT = {
    "raw floats": numpy_helper.from_array(NAN.astype(np.float32), "w"),
    "raw halves": numpy_helper.from_array(NAN.astype(np.float16), "w"),
    "raw doubles": numpy_helper.from_array(NAN, "w"),
    "listed floats": helper.make_tensor("w", TensorProto.FLOAT, [2], NAN),
    "listed doubles": helper.make_tensor("w", TensorProto.DOUBLE, [2], NAN),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_refuses_weights_that_are_not_numbers(kind):
    refused(model(relu(), weights=[SPOILT[kind]]), "NaN")
    refused(model(helper.make_node("Constant", [], ["y"], value=SPOILT[kind])), "NaN")


def test_refuses_attributes_that_are_not_numbers():
    refused(model(helper.make_node("LeakyRelu", ["x"], ["y"], alpha=float("nan"))), "NaN")
    refused(model(helper.make_node("Constant", [], ["y"], value_floats=[1.0, np.nan])), "NaN")


def test_whole_numbers_whose_bytes_would_be_nan_are_fine():
    raw = numpy_helper.from_array(np.array([-1, -1]), "w")
    check_harmless(model(relu(), weights=[raw]).SerializeToString())


def test_refuses_floats_that_are_cut_off():
    tensor = numpy_helper.from_array(np.ones(2, np.float32), "w")
    tensor.raw_data = tensor.raw_data[:-1]
    refused(model(relu(), weights=[tensor]), "damaged")


def test_refuses_what_would_take_for_ever_to_look_at(monkeypatch):
    monkeypatch.setattr(onnx_safety, "MAX_FIELDS", 100)
    refused(model(*[relu()] * 30), "too many parts")
    with pytest.raises(UnsafeModelError, match="too many parts"):
        check_harmless(b"\x08\x08" * 200)  # no graph at all


@pytest.mark.parametrize("kind", ["input", "output", "value_info"])
def test_what_a_graph_declares_is_counted_too(monkeypatch, kind):
    monkeypatch.setattr(onnx_safety, "MAX_FIELDS", 100)
    proto = model(relu())
    info = helper.make_tensor_value_info("z", TensorProto.FLOAT, [1] * 30)
    getattr(proto.graph, kind).append(info)
    check_harmless(proto.SerializeToString())
    info.type.tensor_type.shape.dim.extend([onnx.TensorShapeProto.Dimension()] * 70)
    getattr(proto.graph, kind).append(info)
    refused(proto, "too many parts")


def test_refuses_unsafe_training_graphs():
    proto = model(relu())
    proto.training_info.add().algorithm.CopyFrom(model(relu("com.evil")).graph)
    refused(proto, "com.evil")


def test_refuses_bottomless_nesting():
    attribute = b""
    for _ in range(30):  # attribute -> sub-graph -> node -> attribute ...
        attribute = field(6, field(1, field(5, attribute)))
    with pytest.raises(UnsafeModelError, match="nests too deeply"):
        check_harmless(field(7, field(1, field(5, attribute))))


def test_refuses_tags_that_other_readers_cut_down():
    evil = model(relu("com.evil")).graph.SerializeToString()
    tag = bytes([0x80 | 7 << 3 | 2, 0x80, 0x80, 0x80, 0x10])  # field 7, plus 2**32
    with pytest.raises(UnsafeModelError, match="not an ONNX model"):
        check_harmless(model(relu()).SerializeToString() + tag + varint(len(evil)) + evil)


@pytest.mark.parametrize("data", [b"", b"not a model", b"\x00\x00\x00\x00ORTM", b"\xff" * 100])
def test_refuses_other_bytes(data):
    with pytest.raises(UnsafeModelError, match="not an ONNX model"):
        check_harmless(data)


def test_refuses_a_truncated_model():
    data = model(relu()).SerializeToString()
    with pytest.raises(UnsafeModelError, match="not an ONNX model"):
        check_harmless(data[:-3])


SAFE = model(branch(relu()), weights=[helper.make_tensor("w", TensorProto.FLOAT, [3], [1, 2, 3])])


@given(st.data())
def test_what_protobuf_reads_as_unsafe_is_never_accepted(data):
    """Flip bytes of a safe model: whenever it is accepted, onnx itself finds nothing unsafe."""
    raw = bytearray(SAFE.SerializeToString())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        check_harmless(bytes(raw))
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
        if any(node.op_type in ("Loop", "Scan", "SequenceMap") for node in graph.node):
            return True
        for attribute in (a for node in graph.node for a in node.attribute):
            tensors += [attribute.t, *attribute.tensors]
            graphs += [g for g in (attribute.g, *attribute.graphs) if g.ByteSize()]
        if any(t.external_data or t.data_location for t in tensors):
            return True
        if any(np.isnan(t.float_data).any() for t in tensors):
            return True
    return bool(found - {"", "ai.onnx"} or proto.functions)
