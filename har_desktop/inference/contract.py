"""The contract of the two graphs: the table in docs/architecture.md, "Two graphs", as code."""

from __future__ import annotations

from dataclasses import dataclass

from har_desktop.inference.manifest import Manifest
from har_desktop.inference.session import GraphError, Session, Tensors

FLOAT, UINT8, INT64 = "tensor(float)", "tensor(uint8)", "tensor(int64)"


@dataclass(frozen=True, slots=True)
class Contract:
    """Names, types and shapes that a graph must declare, no more and no less."""

    inputs: Tensors
    outputs: Tensors

    def check(self, session: Session) -> None:
        """Compare with what a session's graph declares.

        Raises:
            GraphError: They differ; the message names the first tensor that does.
        """
        for role, wanted, found in (
            ("input", self.inputs, session.inputs),
            ("output", self.outputs, session.outputs),
        ):
            for name in [*wanted, *found]:
                if name not in found:
                    raise GraphError(f"{session.name}: the {role} `{name}` is missing")
                if name not in wanted:
                    raise GraphError(f"{session.name}: the {role} `{name}` is not in the contract")
                if wanted[name] != found[name]:
                    raise GraphError(
                        f"{session.name}: the {role} `{name}` is {_text(found[name])}, "
                        f"the manifest wants {_text(wanted[name])}"
                    )


def encoder_contract(manifest: Manifest) -> Contract:
    """What the encoder of this manifest takes and gives."""
    picture = UINT8, [1, manifest.input.height, manifest.input.width, 3]
    names = ("frame", "previous") if manifest.input.motion else ("frame",)
    features = manifest.features
    return Contract(
        inputs=dict.fromkeys(names, picture),
        outputs={
            "partials": (FLOAT, [1, *features.partials]),
            "activation": (FLOAT, [1, *features.activation]),
        },
    )


def head_contract(manifest: Manifest) -> Contract:
    """What the head of this manifest takes and gives."""
    length, classes = manifest.window.length, len(manifest.classes)
    rows, columns, channels = manifest.features.activation
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
        },
    )


def _text(tensor: tuple[str, list[int]]) -> str:
    kind, shape = tensor
    return f"{kind} {tuple(shape)}"
