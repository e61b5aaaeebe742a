import re

import pytest
from onnx import TensorProto, helper

from har_desktop.inference.contract import FLOAT, Contract
from har_desktop.inference.session import GraphError


def refused(contract, name, shape, complaint):
    """The contract refuses a graph that takes this tensor, in its file and when it is open."""
    info = helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    model = helper.make_model(helper.make_graph([], "g", [info], []))
    with pytest.raises(GraphError, match=re.escape(complaint)):
        contract.check_file("g", model.SerializeToString())
    with pytest.raises(GraphError, match=re.escape(complaint)):
        contract.check("g", {name: (FLOAT, shape)}, {})


def test_a_strange_name_is_told_in_a_short_line():
    contract = Contract({}, {})
    refused(contract, "\x1b[2J\nx", [1], r"g: the input `\x1b[2J\nx` is not in the contract")
    refused(contract, "x" * 5000, [1], f"g: the input `{80 * 'x'}` is not in the contract")


def test_an_endless_shape_is_told_in_a_short_line():
    contract = Contract({"frame": (FLOAT, [3])}, {})
    refused(contract, "frame", [1] * 5000, f"{FLOAT} (1, 1, 1, 1, 1, 1, ...), the manifest wants")
