from __future__ import annotations

import onnx
import pytest
from onnx import TensorProto, helper

from export.check import check
from har_desktop.errors import BundleError


def _identity(**changes) -> onnx.ModelProto:
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, changes.get("shape", [2]))
    result = helper.make_tensor_value_info("y", TensorProto.FLOAT, changes.get("shape", [2]))
    node = helper.make_node("Identity", ["x"], ["y"], domain=changes.get("domain", ""))
    graph = helper.make_graph([node], "g", [value], [result], changes.get("tensors", []))
    opsets = [helper.make_opsetid("", changes.get("opset", 17))]
    if "domain" in changes:
        opsets.append(helper.make_opsetid(changes["domain"], 1))
    functions = changes.get("functions", [])
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, functions=functions)


def _external() -> onnx.TensorProto:
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [1], [0.0])
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "w.bin"
    return tensor


def _function() -> onnx.FunctionProto:
    node = helper.make_node("Identity", ["a"], ["b"])
    return helper.make_function("", "twice", ["a"], ["b"], [node], [helper.make_opsetid("", 17)])


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"opset": 15}, "operator sets"),
        ({"domain": "my.ops"}, "operator sets .*my.ops"),
        ({"shape": ["n"]}, "free shape of x"),
        ({"tensors": [_external()]}, "external data for w"),
        ({"functions": [_function()]}, "function twice"),
    ],
)
def test_a_graph_that_is_more_than_data_is_refused(changes, fault, tmp_path, monkeypatch):
    (tmp_path / "w.bin").write_bytes(bytes(4))  # ONNX' checker looks for it in the folder one is in
    monkeypatch.chdir(tmp_path)
    check(_identity(), "g")
    with pytest.raises(BundleError, match=fault):
        check(_identity(**changes), "g")


def test_a_loop_is_refused():
    model = _identity()
    body = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["z"])],
        "body",
        [],
        [helper.make_tensor_value_info("z", TensorProto.FLOAT, [2])],
    )
    condition = helper.make_tensor("c", TensorProto.BOOL, [], [True])
    model.graph.initializer.append(condition)
    node = helper.make_node("If", ["c"], ["y"], then_branch=body, else_branch=body)
    model.graph.node[0].CopyFrom(node)
    with pytest.raises(BundleError, match="operator If"):
        check(model, "g")
