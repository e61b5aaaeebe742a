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
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def _external() -> onnx.TensorProto:
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [1], [0.0])
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "w.bin"
    return tensor


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"opset": 15}, "operator sets"),
        ({"domain": "my.ops"}, "operator sets|custom operator"),
        ({"shape": ["n"]}, "free shape of x"),
        ({"tensors": [_external()]}, "w"),
    ],
)
def test_a_graph_that_is_more_than_data_is_refused(changes, fault):
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
