"""The schema of `manifest.json`: what a model bundle says of itself.

A bundle is a folder with `encoder.onnx` (several networks side by side have `encoder-1.onnx` and so
on), `head.onnx`, `manifest.json` and `card.md`; once it was measured, also with `confusion.png`.
`export` writes the manifest, `har_desktop.inference.bundle` reads and verifies it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

SCHEMA_VERSION = 1

PositiveInt = Annotated[int, Meta(ge=1)]
Fraction = Annotated[float, Meta(ge=0.0, le=1.0)]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
# A plain name inside the bundle's folder: no separators, no parents.
FileName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*\Z", max_length=128)]
ClassName = Annotated[str, Meta(min_length=1, max_length=80)]
Json = dict[str, object]


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Frozen, and refuses keys that it doesn't know."""


class GraphFile(_Strict, frozen=True, kw_only=True):
    """One ONNX file of the bundle."""

    file: FileName
    sha256: Sha256
    bytes: PositiveInt


class InputSpec(_Strict, frozen=True, kw_only=True):
    """What the encoder wants to see, or of several any.

    The frame is scaled to fit into `height` x `width` without distortion and centred on black
    ("letterbox"), as uint8; the graph itself normalises. With `motion`, the encoder has a second
    input `previous`: the pictures that lie 1, 2, ... of `differences` equal parts of one
    `frame_interval_s` before `frame`; the last one lies all of it before.
    """

    height: PositiveInt
    width: PositiveInt
    color: Literal["RGB"] = "RGB"
    fit: Literal["letterbox"] = "letterbox"
    normalization: str
    motion: bool
    differences: Annotated[int, Meta(ge=1, le=8)] = 1


class WindowSpec(_Strict, frozen=True, kw_only=True):
    """The window in time: `length` frames, `frame_interval_s` apart."""

    length: Annotated[int, Meta(ge=2, le=64)]
    frame_interval_s: Annotated[float, Meta(gt=0.0, le=5.0)]


class FeatureSpec(_Strict, frozen=True, kw_only=True):
    """Shapes of what the encoder gives per frame, or several side by side, without the leading 1.

    `partials` is (3, height, width, channels): the temporal taps of the Conv3D, in the order
    past, present, future. `activation` is (height, width, channels): the Grad-CAM target.
    """

    partials: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt]
    activation: tuple[PositiveInt, PositiveInt, PositiveInt]

    @property
    def grids(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Both without their channels."""
        return self.partials[:-1], self.activation[:-1]


def joined(parts: Sequence[FeatureSpec]) -> FeatureSpec:
    """The channels of several encoders of one grid, one after the other."""
    first = parts[0]
    return FeatureSpec(
        partials=(*first.partials[:-1], sum(part.partials[-1] for part in parts)),
        activation=(*first.activation[:-1], sum(part.activation[-1] for part in parts)),
    )


class EncoderFile(GraphFile, frozen=True, kw_only=True):
    """One of the encoders of a bundle.

    Attributes:
        motion: Whether it has the input `previous`, as in `InputSpec`.
        features: What it gives per frame.
    """

    motion: bool
    features: FeatureSpec


Method = Literal["grad-cam", "hires-cam"]


class CamSpec(_Strict, frozen=True, kw_only=True):
    """Which Grad-CAM the head computes: the layer, the explained score.

    `second` is a second map beside it, of the grid of `partials`. Bundles of before have none.
    """

    target: str
    score: Literal["logit"] = "logit"
    method: Literal["grad-cam"] = "grad-cam"
    second: Literal["hires-cam"] | None = None

    @property
    def methods(self) -> tuple[Method, ...]:
        """Whose heat-maps there are."""
        return (self.method,) if self.second is None else (self.method, self.second)


class Calibration(_Strict, frozen=True, kw_only=True):
    """Probabilities are softmax(logits / temperature).

    It is "no action" where the largest probability is below the threshold, where the largest logit
    is below `least_evidence`, for probabilities only tell the classes from each other, and where
    less moves than `least_movement` (grey levels, see `har_desktop.inference.movement`).
    """

    # Below, scores could grow until their softmax is not finite; training finds at least 0.05.
    temperature: Annotated[float, Meta(ge=1e-3, le=100.0)]
    rejection_threshold: Fraction
    least_evidence: Annotated[float, Meta(ge=-1e6, le=1e6)] | None = None
    least_movement: Annotated[float, Meta(ge=0.0, le=255.0)] | None = None


class Manifest(_Strict, frozen=True, kw_only=True):
    """The whole of `manifest.json`."""

    schema_version: int
    name: FileName
    network: str
    classes: Annotated[tuple[ClassName, ...], Meta(min_length=2, max_length=1000)]
    input: InputSpec
    window: WindowSpec
    features: FeatureSpec
    cam: CamSpec
    calibration: Calibration
    # Several run at the same time; the head takes their channels beside each other, in this order.
    encoder: GraphFile | Annotated[tuple[EncoderFile, ...], Meta(min_length=2, max_length=8)]
    head: GraphFile
    training: Json  # data, split, configuration, environment: for people, not read by the app
    metrics: Json  # name (of accuracies the protocol) -> report, measured on the ONNX files
    source: Json  # commit, date, versions, parity

    @property
    def encoders(self) -> tuple[EncoderFile, ...]:
        """All of them; a single one gives all features."""
        match self.encoder:
            case GraphFile(file=file, sha256=sha256, bytes=size):
                alone = EncoderFile(
                    file=file,
                    sha256=sha256,
                    bytes=size,
                    motion=self.input.motion,
                    features=self.features,
                )
                return (alone,)
            case several:
                return several

    @property
    def spacing_s(self) -> float:
        """Seconds between the pictures of a window, those that motion is told by among them."""
        return self.window.frame_interval_s / self.input.differences

    @property
    def pictures(self) -> int:
        """How many of them, `spacing_s` apart, make a window."""
        parts = self.input.differences
        return self.window.length * parts + 1 if self.input.motion else self.window.length

    @property
    def graphs(self) -> tuple[GraphFile, ...]:
        """The encoders and the head."""
        return *self.encoders, self.head
