"""A public streaming network on the same work: MobileNetV2 with online temporal shift.

Ratios: its time per frame over that of all our graphs: the encoders, what puts their channels
beside each other, what lays the window side by side, the head. It names 27 gestures and explains
nothing. Weights are random, BatchNorm is folded, the input is its own 224x224.

Source: Lin, Gan, Han, "TSM: Temporal Shift Module for Efficient Video Understanding", ICCV 2019,
section 3.3: in each residual block, an eighth of the channels comes from the frame before. The
blocks are those of Sandler et al., "MobileNetV2", CVPR 2018, Table 2.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from itertools import cycle, islice

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from benchmarks.graphs import bare_run, shipped, to_session
from benchmarks.harness import Effort, alternate
from benchmarks.rows import Row, compare
from benchmarks.stream import random_pictures
from har_desktop.inference.bundle import Bundle
from har_desktop.inference.model import Answer, Model

PEER = "MobileNetV2-TSM"
SIDE, CLASSES = 224, 27
SHARE = 8  # one channel in so many comes from the frame before
# Expansion, output channels, repeats, first stride.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


def run(effort: Effort) -> list[Row]:
    """Measure the shipped bundles and the peer."""
    peer = bare_run(to_session(mobilenet_tsm()))
    rows = []
    for name, bundle in shipped().items():
        ours = f"{name}, with Grad-CAM"
        rivals = {ours: streaming(bundle), PEER: peer}
        rows += compare(name, alternate(rivals, effort), ours)
    return rows


def streaming(bundle: Bundle) -> Callable[[], Answer]:
    """A call that encodes one more frame and answers for the window that ends with it."""
    model = Model(bundle, "cpu")
    size, length = model.manifest.input, model.manifest.window.length
    pictures = cycle(random_pictures((size.height, size.width)))
    before = list(islice(pictures, size.differences))
    past = deque([model.encode(next(pictures), before)] * length, maxlen=length)

    def step() -> Answer:
        past.append(model.encode(next(pictures), before))
        return model.answer(past)

    return step


def mobilenet_tsm() -> onnx.GraphProto:
    """The network, frame by frame.

    Inputs: `frame` (1, 3, 224, 224) float32; for each residual block `past_N` (1, C/8, h, w)
    float32, what the block kept of the frame before. Outputs: `logits` (1, 27), and `kept_N`.
    """
    net = _Layers()
    x, channels, side = net.conv("frame", 3, 32, 3, 2), 32, SIDE // 2
    for expansion, filters, repeats, first_stride in STAGES:
        for number in range(repeats):
            stride = first_stride if number == 0 else 1
            inside = expansion * channels
            kept = stride == 1 and channels == filters
            y = net.shift(x, channels, side) if kept else x
            if expansion > 1:
                y = net.conv(y, channels, inside)
            y = net.conv(y, inside, inside, 3, stride, groups=inside)
            y = net.conv(y, inside, filters, activation=False)
            x = net.node("Add", [x, y]) if kept else y
            channels, side = filters, side // stride
    x = net.conv(x, channels, 1280)
    x = net.node("Flatten", [net.node("GlobalAveragePool", [x])])
    weights = [net.weight((1280, CLASSES)), net.weight((CLASSES,))]
    net.nodes.append(helper.make_node("Gemm", [x, *weights], ["logits"]))
    return net.graph()


class _Layers:
    """Nodes, weights, inputs and outputs as they are laid."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self._weights: list[onnx.TensorProto] = []
        self._inputs = [_float("frame", (1, 3, SIDE, SIDE))]
        self._outputs = [_float("logits", (1, CLASSES))]
        self._random = np.random.default_rng(0)

    def node(self, kind: str, inputs: list[str], **attributes: object) -> str:
        """An operation with one output, whose name is returned."""
        output = f"x{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def conv(
        self,
        x: str,
        inputs: int,
        filters: int,
        size: int = 1,
        stride: int = 1,
        groups: int = 1,
        activation: bool = True,
    ) -> str:
        """A convolution, with ReLU6."""
        shape = (filters, inputs // groups, size, size)
        x = self.node(
            "Conv",
            [x, self.weight(shape), self.weight((filters,))],
            strides=[stride, stride],
            pads=[size // 2] * 4,
            group=groups,
        )
        if not activation:
            return x
        return self.node("Clip", [x, *(self._constant(np.float32(v)) for v in (0, 6))])

    def shift(self, x: str, channels: int, side: int) -> str:
        """Take an eighth of the channels from the frame before, and keep this frame's."""
        count = channels // SHARE
        number = len(self._outputs)
        past, kept, rest = f"past_{number}", f"kept_{number}", f"rest_{number}"
        sizes = self._constant(np.array([count, channels - count], np.int64))
        self.nodes.append(helper.make_node("Split", [x, sizes], [kept, rest], axis=1))
        self._inputs.append(_float(past, (1, count, side, side)))
        self._outputs.append(_float(kept, (1, count, side, side)))
        return self.node("Concat", [past, rest], axis=1)

    def weight(self, shape: tuple[int, ...]) -> str:
        """Random numbers that keep the signal's size (He et al., 2015)."""
        scale = math.sqrt(2.0 / math.prod(shape[1:]))
        return self._constant(self._random.normal(0.0, scale, shape).astype(np.float32))

    def graph(self) -> onnx.GraphProto:
        """All that was laid."""
        return helper.make_graph(self.nodes, PEER, self._inputs, self._outputs, self._weights)

    def _constant(self, value: NDArray[np.generic] | np.generic) -> str:
        name = f"w{len(self._weights)}"
        self._weights.append(numpy_helper.from_array(np.asarray(value), name))
        return name


def _float(name: str, shape: tuple[int, ...]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
