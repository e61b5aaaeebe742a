"""Multiply-adds against counts made by hand."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from benchmarks.arithmetic import multiply_adds
from benchmarks.graphs import shipped
from benchmarks.peer import mobilenet_tsm

FLOAT = TensorProto.FLOAT


def model(nodes, inputs, output, weights):
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info("y", FLOAT, output)],
        [numpy_helper.from_array(np.zeros(s, np.float32), name) for name, s in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def one(kind, shapes, output, weights, **attributes):
    node = helper.make_node(kind, [*shapes, *weights], ["y"], **attributes)
    return model([node], shapes, output, weights)


@pytest.mark.parametrize(
    ("graph", "count"),
    [
        # 4x5 places of 6 filters, each over 3x3 taps of 2 channels.
        (one("Conv", {"x": (1, 2, 4, 5)}, (1, 6, 4, 5), {"w": (6, 2, 3, 3)}, pads=[1] * 4), 2160),
        # Depthwise, with stride 2: 2x3 places of 6 channels, one channel each.
        (
            one(
                "Conv",
                {"x": (1, 6, 4, 6)},
                (1, 6, 2, 3),
                {"w": (6, 1, 3, 3)},
                pads=[1] * 4,
                strides=[2, 2],
                group=6,
            ),
            324,
        ),
        # Every input value reaches 2x2 places of 5 filters.
        (
            one(
                "ConvTranspose",
                {"x": (1, 3, 4, 4)},
                (1, 5, 8, 8),
                {"w": (3, 5, 2, 2)},
                strides=[2, 2],
            ),
            3 * 16 * 5 * 4,
        ),
        (one("MatMul", {"x": (7, 3)}, (7, 5), {"w": (3, 5)}), 105),
        (one("MatMul", {"x": (2, 7, 3)}, (2, 7, 5), {"w": (3, 5)}), 210),
        (one("MatMul", {"x": (3,)}, (5,), {"w": (3, 5)}), 15),
        (one("Gemm", {"x": (3, 7)}, (7, 5), {"w": (3, 5)}, transA=1), 105),
        (one("Gemm", {"x": (7, 3)}, (7, 5), {"w": (5, 3)}, transB=1), 105),
        # Four steps: three gates of 5 units, each over 7 inputs and 5 states.
        (
            one(
                "GRU",
                {"x": (4, 1, 7)},
                (4, 1, 1, 5),
                {"w": (1, 15, 7), "r": (1, 15, 5), "b": (1, 30)},
                hidden_size=5,
            ),
            4 * 3 * 5 * (7 + 5),
        ),
        (one("Add", {"x": (7, 3)}, (7, 3), {"w": (7, 3)}), 0),
    ],
)
def test_operations(graph, count):
    onnx.checker.check_model(graph, full_check=True)
    assert multiply_adds(graph) == count


def test_shapes_between_two_operations_are_inferred():
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["between"]),
        helper.make_node("MatMul", ["between", "v"], ["y"]),
    ]
    graph = model(nodes, {"x": (2, 3)}, (2, 5), {"w": (3, 4), "v": (4, 5)})
    assert multiply_adds(graph) == 2 * 3 * 4 + 2 * 4 * 5


def test_a_shape_that_nobody_knows_is_an_error():
    with pytest.raises(ValueError, match="shapes of MatMul are not known"):
        multiply_adds(one("MatMul", {"x": ("rows", 3)}, ("rows", 5), {"w": (3, 5)}))


def test_an_operation_that_is_not_counted_is_an_error():
    node = helper.make_node("Einsum", ["x", "w"], ["y"], equation="ij,jk->ik")
    graph = model([node], {"x": (2, 3)}, (2, 4), {"w": (3, 4)})
    with pytest.raises(ValueError, match="Einsum cannot be counted"):
        multiply_adds(graph)


def test_encoder_of_the_posters_kind_by_hand():
    """72x96 with motion; 32, 64, 96 filters, halved after each; 3 x 64 filters of the Conv3D."""
    count = multiply_adds(onnx.load_from_string(*shipped()["motion_gru"].encoders))
    layers = ((72, 96, 4, 32), (36, 48, 32, 64), (18, 24, 64, 96), (9, 12, 96, 3 * 64))
    assert count == sum(9 * h * w * inputs * filters for h, w, inputs, filters in layers)


def test_the_peer_costs_what_is_published():
    """Sandler et al., Table 4: 300 million at 224x224, with 1000 classes where it has 27 here."""
    graph = mobilenet_tsm()
    opset = helper.make_opsetid("", 17)
    count = multiply_adds(helper.make_model(graph, opset_imports=[opset]))
    assert round((count + 1280 * (1000 - 27)) / 1e6) in (300, 301)
    assert len(graph.input) == 1 + 10  # one buffer for each residual block, as published
