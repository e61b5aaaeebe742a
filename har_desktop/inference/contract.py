"""The contract of a bundle's graphs: "Encoder and head" in docs/architecture.md, as code."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass

from har_desktop.errors import printable
from har_desktop.inference.manifest import EncoderFile, InputSpec, Manifest
from har_desktop.inference.onnx_wire import UnsafeModelError, messages, number_in
from har_desktop.inference.session import GraphError, Tensors

FLOAT, UINT8, INT64 = "tensor(float)", "tensor(uint8)", "tensor(int64)"
# TensorProto.DataType; a graph with other types fits no contract.
_TYPES = {1: FLOAT, 2: UINT8, 7: INT64}


@dataclass(frozen=True, slots=True)
class Contract:
    """Names, types and shapes that a graph must declare, no more and no less."""

    inputs: Tensors
    outputs: Tensors

    def check(self, graph: str, inputs: Tensors, outputs: Tensors) -> None:
        """Compare with what a graph declares.

        Args:
            graph: Its name, for messages.
            inputs: Its inputs.
            outputs: Its outputs.

        Raises:
            GraphError: They differ; the message names the first tensor that does.
        """
        for role, wanted, found in (
            ("input", self.inputs, inputs),
            ("output", self.outputs, outputs),
        ):
            for name in [*wanted, *found]:
                if name not in found:
                    raise GraphError(f"{graph}: the {role} `{name}` is missing")
                if name not in wanted:
                    shown = printable(name[:80])
                    raise GraphError(f"{graph}: the {role} `{shown}` is not in the contract")
                if wanted[name] != found[name]:
                    raise GraphError(
                        f"{graph}: the {role} `{name}` is {_text(found[name])}, "
                        f"the manifest wants {_text(wanted[name])}"
                    )

    def check_file(self, graph: str, model: bytes) -> None:
        """Compare with what a file says of its graph, before any runtime sees it.

        Args:
            graph: Its name, for messages.
            model: A serialised ModelProto that `check_harmless` has passed.

        Raises:
            GraphError: They differ; the message names the first tensor that does.
        """
        try:
            for body in messages(memoryview(model), 7):  # ModelProto.graph
                self.check(graph, _declared(body, 11), _declared(body, 12))  # its input and output
        except UnsafeModelError as error:
            raise GraphError(f"{graph}: {error}") from error


def contracts(manifest: Manifest) -> list[Contract]:
    """What the graphs of this manifest take and give: the encoders and the head."""
    return [*(_of_encoder(one, manifest.input) for one in manifest.encoders), _of_head(manifest)]


def _of_encoder(encoder: EncoderFile, seen: InputSpec) -> Contract:
    pictures = {"frame": 1, "previous": seen.differences} if encoder.motion else {"frame": 1}
    return Contract(
        inputs={n: (UINT8, [count, seen.height, seen.width, 3]) for n, count in pictures.items()},
        outputs={
            "partials": (FLOAT, [1, *encoder.features.partials]),
            "activation": (FLOAT, [1, *encoder.features.activation]),
        },
    )


def _of_head(manifest: Manifest) -> Contract:
    length, classes = manifest.window.length, len(manifest.classes)
    rows, columns, channels = manifest.features.activation
    grid = list(manifest.features.partials[1:3])
    second: Tensors = {"hires_heatmaps": (FLOAT, [length, *grid])} if manifest.cam.second else {}
    return Contract(
        inputs={
            "partials": (FLOAT, [length, *manifest.features.partials]),
            "activations": (FLOAT, [length, rows, columns, channels]),
            "class_index": (INT64, []),
        },
        outputs={
            "logits": (FLOAT, [classes]),
            "probabilities": (FLOAT, [classes]),
            "heatmaps": (FLOAT, [length, rows, columns]),
            "explained": (INT64, []),
            **second,
        },
    )


def _declared(graph: memoryview, number: int) -> Tensors:
    """Name, type and shape in each ValueInfoProto of a field; -1 for a size that is left open."""
    tensors: Tensors = {}
    for info in messages(graph, number):
        name = b"".join(bytes(text) for text in messages(info, 1)).decode("utf-8", "replace")
        tensors[name] = ("no tensor", [])
        for kind in messages(info, 2):
            for tensor in messages(kind, 1):
                dtype = _TYPES.get(number_in(tensor, 1) or 0, "of another type")
                shapes = [[*messages(shape, 1)] for shape in messages(tensor, 2)]
                sizes = [number_in(dim, 1) for shape in shapes for dim in shape]
                tensors[name] = dtype, [-1 if size is None else size for size in sizes]
    return tensors


def _text(tensor: tuple[str, list[int]]) -> str:
    kind, shape = tensor
    return f"{kind} {reprlib.repr(tuple(shape))}"  # the first six sizes of who knows how many
