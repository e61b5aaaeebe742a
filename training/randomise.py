"""A bundle that has unlearned: its weights permuted, on the ONNX files' bytes.

For the model randomisation test of Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS
2018: a map that explains a network must change when the network forgets what it learned.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from har_desktop.inference.bundle import Bundle

Part = Literal["head", "all"]
Values = NDArray[np.float32]


def randomise(bundle: Bundle, part: Part, seed: int) -> Bundle:
    """A copy of a bundle with permuted weights; biases and normalisation stay as they are.

    The head holds the weights of its layers twice: for the way forward and, sliced and transposed,
    for the way back. Copies are permuted alike, so the maps of a randomised head are still the
    exact Grad-CAM of what it computes. Only the Conv3D is parted: it computes in the encoder, and
    the head holds its way back, scaled. `head` leaves both as they are (so it permutes the GRUs and
    the last layer); `all` permutes both, each on its own, and there the maps are just as random,
    but no longer exact.

    Args:
        bundle: Stays as it is.
        part: Which weights.
        seed: Of the permutation.

    Returns:
        A bundle whose manifest still states the hashes of the original.
    """
    rng = np.random.default_rng(seed)
    if part == "head":
        return replace(bundle, head=_permute(bundle.head, rng, only_for="logits"))
    head = _permute(bundle.head, rng)
    return replace(bundle, head=head, encoders=tuple(_permute(e, rng) for e in bundle.encoders))


def _permute(data: bytes, rng: np.random.Generator, only_for: str | None = None) -> bytes:
    """Permute the values of each weight; `only_for`: of those alone that an output depends on."""
    model = onnx.load_from_string(data)
    weights = {
        tensor.name: values
        for tensor in model.graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT and _learned(values := _values(tensor))
    }
    chosen = weights.keys() & _needed(model.graph, only_for) if only_for else weights.keys()
    old, new = np.empty(0, np.float32), np.empty(0, np.float32)
    # A larger tensor first: the others may be its slices, and permute as it does.
    for name in sorted(chosen, key=lambda name: (-weights[name].size, name)):
        fresh = np.setdiff1d(weights[name], old)
        old, new = np.append(old, fresh), np.append(new, rng.permutation(fresh))
    order = np.argsort(old)
    old, new = old[order], new[order]
    for tensor in model.graph.initializer:
        if tensor.name not in weights:
            continue
        values = weights[tensor.name]
        place = np.searchsorted(old, values).clip(max=len(old) - 1)
        known = old[place] == values
        if known.mean() > 0.5:  # else a few equal numbers by chance, and no copy
            permuted = np.where(known, new[place], values)
            tensor.CopyFrom(numpy_helper.from_array(permuted, tensor.name))
    return bytes(model.SerializeToString())


def _values(tensor: onnx.TensorProto) -> Values:
    return numpy_helper.to_array(tensor)


def _learned(values: Values) -> bool:
    """Whether these are weights: matrices of many different numbers, not masks of 0 and 1."""
    matrix = sum(side > 1 for side in values.shape) >= 2
    return matrix and len(np.unique(values)) > values.size / 2


def _needed(graph: onnx.GraphProto, output: str) -> set[str]:
    """The names of all tensors that an output depends on."""
    makers = {name: node for node in graph.node for name in node.output}
    needed, queue = set[str](), [output]
    while queue:
        name = queue.pop()
        if name not in needed:
            needed.add(name)
            queue += makers[name].input if name in makers else []
    return needed
