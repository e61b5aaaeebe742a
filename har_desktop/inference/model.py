"""The graphs of a bundle, opened, held to their contract and ready to run."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_desktop.errors import BundleError
from har_desktop.frame import Image
from har_desktop.inference.bundle import Bundle, load_bundle
from har_desktop.inference.contract import contracts
from har_desktop.inference.encoders import ENCODED, Encoders, Features
from har_desktop.inference.manifest import Manifest, Method
from har_desktop.inference.recognition import by_method
from har_desktop.inference.session import (
    THREADS,
    DeviceTensor,
    GraphError,
    Provider,
    ProviderReport,
    Session,
    fallback,
    open_session,
)
from har_desktop.inference.stack import join_model, stack_model

Floats = NDArray[np.float32]

TOP = -1  # the class index that stands for the most probable class
STACKED = ("partials", "activations")  # what the head takes of all places side by side
# The head is hundreds of small nodes: to wake a second thread takes longer than it saves, and the
# decoder and the window can use the core.
HEAD_THREADS = 1
TOLERANCE = 1e-4  # of the dry run's probabilities


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
    """A bundle that runs, in one thread at a time; but see `begin`.

    Attributes:
        manifest: The bundle's manifest.
        provider: Where the graphs run, and why there.
    """

    def __init__(self, bundle: Bundle, provider: Provider = "auto") -> None:
        """Open all graphs, check them and make a dry run, which also warms them up.

        Raises:
            BundleError: A graph is broken, breaks its contract or computes nonsense.
        """
        self.manifest = bundle.manifest
        self._given = contracts(bundle.manifest)[-1].outputs  # by the head
        try:
            self.provider = self._open(bundle, provider)
        except GraphError as error:
            raise BundleError(f"{error}; export the model again") from error

    def encode(self, picture: Image, previous: Sequence[Image]) -> Features:
        """Compute the features of one frame.

        Args:
            picture: (height, width, 3) uint8 RGB of the encoder's input size.
            previous: Those that lie before it, see `InputSpec`, the nearest first. Without motion
                they are not looked at.

        Raises:
            GraphError: ONNX Runtime failed.
        """
        return self._encoders.encode(picture, previous)

    def begin(self, picture: Image, previous: Sequence[Image]) -> Future[Features]:
        """Have the features of one frame computed, while this thread goes on.

        Several frames may be begun, and answered meanwhile; they get done in their order. `encode`
        is to be called only when all of them are. For the arguments, and what the future raises,
        see there.
        """
        return self._encoders.begin(picture, previous)

    def answer(self, features: Sequence[Features], class_index: int = TOP) -> Answer:
        """Compute the answer for one window.

        Args:
            features: One per place of the window, oldest first.
            class_index: The class to explain, or `TOP`.

        Raises:
            GraphError: ONNX Runtime failed, or the answer is not finite, or of another shape.
        """
        given = self._head.run(
            tuple(self._given),
            {**self._side_by_side(features), "class_index": np.array(class_index, np.int64)},
        )
        for (name, (_, shape)), values in zip(self._given.items(), given, strict=True):
            # A graph may let its shapes depend on what goes in, whatever it declares.
            if list(values.shape) != shape:
                raise GraphError(f"{self._head.name}: `{name}` is {values.shape}, not {shape}")
        logits, probabilities, heatmaps, explained, *hires = given
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
        """Let calls fail with a GraphError until `resume`; one that runs, as soon as it can.

        One that has a graph done would else begin the next one.
        """
        for session in self._sessions:
            session.interrupt()

    def resume(self) -> None:
        """Answer again after an interruption. No call may be running."""
        for session in self._sessions:
            session.resume()

    def _open(self, bundle: Bundle, provider: Provider) -> ProviderReport:
        manifest = bundle.manifest
        names = [str(bundle.folder / graph.file) for graph in manifest.graphs]
        agreed = contracts(manifest)
        for contract, name, data in zip(agreed, names, bundle.graphs, strict=True):
            contract.check_file(name, data)
        count = len(bundle.encoders)
        threads = [encoder_threads(count)] * count + [HEAD_THREADS]
        sessions = [
            open_session(name, data, provider, number)
            for name, data, number in zip(names, bundle.graphs, threads, strict=True)
        ]
        # What ONNX Runtime makes of the files counts in the end.
        for contract, session in zip(agreed, sessions, strict=True):
            contract.check(session.name, session.inputs, session.outputs)
        *encoders, self._head = sessions
        report = next((one.report for one in sessions if one.report.reason), self._head.report)
        if len({session.report.used for session in sessions}) > 1:
            # All ask for the same processor. Where only some get it, tensors would have to move.
            self._open(bundle, "cpu")
            return report
        # On CoreML, too, tensors lie in main memory.
        device: Provider = "cuda" if self._head.device == "cuda" else "cpu"
        shapes = manifest.features.partials, manifest.features.activation
        graph = stack_model(manifest.window.length, dict(zip(STACKED, shapes, strict=True)))
        self._stack = open_session("stack", graph, device, HEAD_THREADS)
        join = _join(manifest, device)
        self._encoders = Encoders(encoders, join)
        self._sessions = [*sessions, self._stack, *([join] if join else [])]
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
        features = self.encode(picture, [picture[::-1]] * self.manifest.input.differences)
        last = len(self.manifest.classes) - 1
        for class_index in (TOP, last):
            answer = self.answer([features] * self.manifest.window.length, class_index)
            expected = int(np.argmax(answer.logits)) if class_index == TOP else last
            probabilities = softmax(answer.logits)
            for wrong, complaint in (
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


def encoder_threads(encoders: int) -> int:
    """That work on one encoder: those that run at the same time share the cores."""
    return max(1, THREADS // encoders)


def _join(manifest: Manifest, device: Provider) -> Session | None:
    """What puts the channels of several encoders beside each other."""
    if len(manifest.encoders) == 1:
        return None
    parts = [encoder.features for encoder in manifest.encoders]
    graph = join_model([dict(zip(ENCODED, (p.partials, p.activation), strict=True)) for p in parts])
    return open_session("join", graph, device, HEAD_THREADS)


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
