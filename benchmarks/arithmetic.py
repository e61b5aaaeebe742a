"""The graphs against the arithmetic in them.

The limit is the number of multiply-adds in the graph over the rate at which ONNX Runtime multiplies
large matrices on this machine, with as many threads as the encoder has. Ratios: the limit over the
time taken, which is the share of the limit that is reached.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from benchmarks.graphs import bare_run, bare_runs, shipped, to_session
from benchmarks.harness import Effort, alternate, ratio
from benchmarks.rows import Row
from har_desktop.inference.bundle import Bundle

GEMM = "product of two matrices"
SIDE = 384  # of the matrices: large enough for the full rate, small enough for the caches
CONVOLUTIONS = {"Conv", "ConvTranspose"}
PRODUCTS = {"MatMul", "Gemm"}
RECURRENT = {"GRU"}
# What else multiplies and adds in bulk; a graph with one of these cannot be counted.
UNCOUNTED = {"Einsum", "LSTM", "RNN", "Loop", "Scan", "If", "ConvInteger", "MatMulInteger"}


def run(effort: Effort) -> list[Row]:
    """Measure the graphs of the shipped bundles."""
    return [row for name, bundle in shipped().items() for row in measure(name, bundle, effort)]


def measure(name: str, bundle: Bundle, effort: Effort) -> list[Row]:
    """Measure one bundle."""
    encode, answer = bare_runs(bundle)
    samples = alternate({GEMM: gemm(SIDE), "encoder": encode, "head": answer}, effort)
    rate = SIDE**3 / np.median(samples[GEMM].calls)
    rows = [Row(name, GEMM, samples[GEMM], note=f"{rate / 1e9:.1f} G multiply-adds a second")]
    for graph, files in (("encoder", bundle.encoders), ("head", (bundle.head,))):
        count = sum(multiply_adds(onnx.load_from_string(data)) for data in files)
        share = ratio(samples[GEMM].scaled(count / SIDE**3), samples[graph])
        rows.append(Row(name, graph, samples[graph], share, note=f"{count / 1e6:.1f} M"))
    return rows


def gemm(side: int) -> Callable[[], object]:
    """The product of two square matrices in ONNX Runtime, as a call; the second is a weight."""
    shape = (side, side)
    random = np.random.default_rng(0)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["a", "b"], ["c"])],
        "gemm",
        [helper.make_tensor_value_info("a", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("c", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(random.random(shape, np.float32), "b")],
    )
    return bare_run(to_session(graph))


def multiply_adds(model: onnx.ModelProto) -> int:
    """How many multiply-adds the convolutions, matrix products and GRUs of a graph take.

    A convolution takes one for each output value, tap and input channel of its group; the padding
    counts as if it were picture. Element-wise operations are not counted.

    Raises:
        ValueError: A shape is not known, or an operation cannot be counted.
    """
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        axes = value.type.tensor_type.shape.dim
        shapes[value.name] = tuple(axis.dim_value for axis in axes)
    return sum(_of_node(node, shapes) for node in graph.node)


def _of_node(node: onnx.NodeProto, shapes: dict[str, tuple[int, ...]]) -> int:
    if node.op_type in UNCOUNTED:
        raise ValueError(f"{node.name}: {node.op_type} cannot be counted")
    if node.op_type not in CONVOLUTIONS | PRODUCTS | RECURRENT:
        return 0
    first, second, output = (shapes.get(n, ()) for n in (*node.input[:2], node.output[0]))
    if 0 in (*first, *second, *output) or not (first and second and output):
        raise ValueError(f"{node.name}: the shapes of {node.op_type} are not known")
    if node.op_type == "Conv":
        return math.prod(output) * math.prod(second[1:])
    if node.op_type == "ConvTranspose":
        return math.prod(first) * math.prod(second[1:])
    if node.op_type == "GRU":  # both kernels, in every step of every sequence
        steps, sequences, _ = first
        return steps * sequences * (math.prod(second) + math.prod(shapes[node.input[2]]))
    flipped = any(a.name == "transA" and a.i for a in node.attribute)
    return math.prod(output) * first[-2 if flipped else -1]
