"""The two graphs of a bundle, opened, held to their contract and ready to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_desktop.errors import BundleError
from har_desktop.frame import Image
from har_desktop.inference.bundle import Bundle, load_bundle
from har_desktop.inference.contract import encoder_contract, head_contract
from har_desktop.inference.manifest import Manifest, Method
from har_desktop.inference.recognition import by_method
from har_desktop.inference.session import (
    DeviceTensor,
    GraphError,
    Provider,
    ProviderReport,
    fallback,
    open_session,
)
from har_desktop.inference.stack import stack_model

Floats = NDArray[np.float32]

TOP = -1  # the class index that stands for the most probable class
STACKED = ("partials", "activations")  # what the head takes of all places side by side
# The head is hundreds of small nodes: to wake a second thread takes longer than it saves, and the
# decoder and the window can use the core.
HEAD_THREADS = 1
TOLERANCE = 1e-4  # of the dry run's probabilities


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What the encoder gives for one frame; it stays on the device.

    Attributes:
        partials: (1, 3, h, w, C) float32, the Conv3D's temporal taps past, present, future.
        activation: (1, h', w', K) float32, the Grad-CAM target.
    """

    partials: DeviceTensor
    activation: DeviceTensor


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the head gives for one window.

    Attributes:
        logits: (classes,) float32.
        probabilities: (classes,) float32, softmax(logits), without temperature.
        heatmaps: (length, h', w') float32, >= 0, raw Grad-CAM.
        explained: Index of the class that the heat-maps explain.
        hires_heatmaps: (length, h, w) float32, >= 0, raw HiResCAM, where the bundle has it.
    """

    logits: Floats
    probabilities: Floats
    heatmaps: Floats
    explained: int
    hires_heatmaps: Floats | None = None

    @property
    def maps(self) -> dict[Method, Floats]:
        """All heat-maps that there are, by their method."""
        return by_method(self.heatmaps, self.hires_heatmaps)


class Model:
    """A bundle that runs, in one thread at a time.

    Attributes:
        manifest: The bundle's manifest.
        provider: Where the graphs run, and why there.
    """

    def __init__(self, bundle: Bundle, provider: Provider = "auto") -> None:
        """Open both graphs, check them and make a dry run, which also warms them up.

        Raises:
            BundleError: A graph is broken, breaks its contract or computes nonsense.
        """
        self.manifest = bundle.manifest
        try:
            self.provider = self._open(bundle, provider)
        except GraphError as error:
            raise BundleError(f"{error}; export the model again") from error

    def encode(self, picture: Image, previous: Image) -> Features:
        """Compute the features of one frame.

        Args:
            picture: (height, width, 3) uint8 RGB of the encoder's input size.
            previous: The picture one frame interval before. Not looked at without motion.

        Raises:
            GraphError: ONNX Runtime failed.
        """
        feeds = {"frame": picture[np.newaxis]}
        if self.manifest.input.motion:
            feeds["previous"] = previous[np.newaxis]
        return Features(*self._encoder.run_on_device(("partials", "activation"), feeds))

    def answer(self, features: Sequence[Features], class_index: int = TOP) -> Answer:
        """Compute the answer for one window.

        Args:
            features: One per place of the window, oldest first.
            class_index: The class to explain, or `TOP`.

        Raises:
            GraphError: ONNX Runtime failed, or the answer is not finite.
        """
        second = ("hires_heatmaps",) if self.manifest.cam.second else ()
        logits, probabilities, heatmaps, explained, *hires = self._head.run(
            ("logits", "probabilities", "heatmaps", "explained", *second),
            {**self._side_by_side(features), "class_index": np.array(class_index, np.int64)},
        )
        answer = Answer(logits, probabilities, heatmaps, int(explained), *hires)
        if not all(np.isfinite(values).all() for values in (logits, *answer.maps.values())):
            raise GraphError(f"{self._head.name}: the answer holds numbers that are not finite")
        return answer

    def _side_by_side(self, features: Sequence[Features]) -> dict[str, DeviceTensor]:
        """The features of all places as the head wants them; nothing leaves the device."""
        feeds = {}
        for place, one in enumerate(features):
            feeds[f"partials_{place}"] = one.partials
            feeds[f"activations_{place}"] = one.activation
        return dict(zip(STACKED, self._stack.run_on_device(STACKED, feeds), strict=True))

    def interrupt(self) -> None:
        """Let a call in another thread fail as soon as it can: with a GraphError."""
        self._encoder.interrupt()
        self._head.interrupt()

    def _open(self, bundle: Bundle, provider: Provider) -> ProviderReport:
        manifest, folder = bundle.manifest, bundle.folder
        names = [str(folder / graph.file) for graph in (manifest.encoder, manifest.head)]
        contracts = [encoder_contract(manifest), head_contract(manifest)]
        for contract, name, data in zip(
            contracts, names, (bundle.encoder, bundle.head), strict=True
        ):
            contract.check_file(name, data)
        self._encoder = open_session(names[0], bundle.encoder, provider)
        self._head = open_session(names[1], bundle.head, provider, HEAD_THREADS)
        # What ONNX Runtime makes of the files counts in the end.
        for contract, session in zip(contracts, (self._encoder, self._head), strict=True):
            contract.check(session.name, session.inputs, session.outputs)
        shapes = manifest.features.partials, manifest.features.activation
        graph = stack_model(manifest.window.length, dict(zip(STACKED, shapes, strict=True)))
        # On CoreML, too, tensors lie in main memory.
        device: Provider = "cuda" if self._head.device == "cuda" else "cpu"
        self._stack = open_session("stack", graph, device, HEAD_THREADS)
        # Both graphs ask for the same processor; should only one get it, say why the other didn't.
        report = self._head.report if self._head.report.reason else self._encoder.report
        try:
            self._dry_run()
        except GraphError as error:
            if report.used == "cpu":
                raise
            # A graphics card can accept a graph and then fail to run it.
            self._open(bundle, "cpu")
            return fallback(provider, str(error))
        return report

    def _dry_run(self) -> None:
        """Explain the top and the last class of a window of one patterned picture.

        Raises:
            GraphError: The graphs fail or compute nonsense.
        """
        rows, columns = self.manifest.input.height, self.manifest.input.width
        values = np.arange(rows * columns * 3) % 251
        picture = values.astype(np.uint8).reshape(rows, columns, 3)
        features = self.encode(picture, np.ascontiguousarray(picture[::-1]))
        last = len(self.manifest.classes) - 1
        maps = (self.manifest.window.length, *self.manifest.features.activation[:2])
        for class_index in (TOP, last):
            answer = self.answer([features] * self.manifest.window.length, class_index)
            expected = int(np.argmax(answer.logits)) if class_index == TOP else last
            probabilities = softmax(answer.logits)
            for wrong, complaint in (
                (answer.logits.shape != (last + 1,), "one logit per class"),
                (answer.heatmaps.shape != maps, "one heat-map per frame"),
                (answer.explained != expected, "heat-maps of the class that was asked for"),
                (
                    any((m < 0).any() for m in answer.maps.values()),
                    "heat-maps without negative values",
                ),
                (
                    not np.allclose(answer.probabilities, probabilities, rtol=0, atol=TOLERANCE),
                    "probabilities that are the softmax of the logits",
                ),
            ):
                if wrong:
                    raise GraphError(f"{self._head.name}: does not give {complaint}")


def softmax(logits: Floats, temperature: float = 1.0) -> Floats:
    """Probabilities (classes,) float32 of logits (classes,) float32."""
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max())
    probabilities: Floats = (powers / powers.sum()).astype(np.float32)
    return probabilities


def verify_bundle(folder: Path) -> Manifest:
    """Check all that can be checked of a bundle, and run it once on the CPU.

    Raises:
        BundleError: It is not fit for use.
    """
    return Model(load_bundle(folder), "cpu").manifest
