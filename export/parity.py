"""Do the ONNX graphs say what the Keras network says? Measured in ONNX Runtime, on the CPU."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import keras
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from export.graphs import Graphs
from export.oracle import explain
from har_desktop.errors import HarError
from har_desktop.frame import Image
from training.config import NetworkConfig

PROBABILITIES = 1e-5  # absolute
HEATMAPS = 1e-4  # of the window's maximum
# A map whose maximum is below this share of the terms that cancel in it is rounding noise.
CANCELLED = 1e-3
TINY = np.finfo(np.float32).tiny


class ParityError(HarError):
    """The exported graphs differ from the trained network by more than rounding."""


@dataclass(frozen=True)
class Parity:
    """The largest differences found.

    Attributes:
        probabilities: Absolute.
        heatmaps: Relative to the maximum over the window.
    """

    probabilities: float
    heatmaps: float

    def require(self) -> None:
        """Stop where a difference is larger than rounding explains.

        Raises:
            ParityError: Names the figure and its limit.
        """
        for name, limit in (("probabilities", PROBABILITIES), ("heatmaps", HEATMAPS)):
            value = getattr(self, name)
            if not value <= limit:
                raise ParityError(
                    f"the exported {name} differ from Keras by {value:.1e}, {limit:.0e} is allowed;"
                    " the bundle was not written"
                )


def measure(graphs: Graphs, network: keras.Model, config: NetworkConfig, seed: int = 0) -> Parity:
    """Compare the streaming graphs with the whole network on several moving pictures.

    Every frame is encoded once; windows are slices of those features, as in the app.

    Args:
        graphs: The exported network.
        network: The trained network.
        config: Its shape.
        seed: Of the random pictures.

    Returns:
        The largest differences over all pictures, windows and explained classes.
    """
    stream = Stream(graphs)
    last = network.output_shape[-1] - 1
    classes = sorted({-1, 0, last // 2, last})
    span = config.length + int(config.motion)
    probabilities, heatmaps = [], []
    for clip in moving_pictures(config, span + 1, seed):
        partials, activations = stream.encode(clip)
        for start in range(2):
            window = slice(start, start + config.length)
            answers = [stream.answer(partials[window], activations[window], c) for c in classes]
            explained = [int(answer["explained"]) for answer in answers]
            logits, truths = explain(network, clip[start : start + span], explained, graphs.target)
            expected = softmax(logits)
            # Keras may rank two equal classes the other way round, but no worse.
            probabilities.append(expected.max() - expected[explained[0]])
            for answer, truth in zip(answers, truths, strict=True):
                probabilities.append(np.abs(answer["probabilities"] - expected).max())
                scale = max(truth.heatmaps.max(), CANCELLED * truth.terms, TINY)
                heatmaps.append(np.abs(answer["heatmaps"] - truth.heatmaps).max() / scale)
    return Parity(float(np.max(probabilities)), float(np.max(heatmaps)))


class Stream:
    """The two graphs in ONNX Runtime."""

    def __init__(self, graphs: Graphs) -> None:
        self._encoder, self._head = (
            onnxruntime.InferenceSession(g.SerializeToString(), providers=["CPUExecutionProvider"])
            for g in (graphs.encoder, graphs.head)
        )
        self._motion = len(self._encoder.get_inputs()) == 2

    def encode(self, clip: Image) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(frames, height, width, 3) uint8 RGB -> partials and activations, one per frame.

        With motion, the first frame of `clip` is only the second one's previous.
        """
        features = []
        for index in range(int(self._motion), len(clip)):
            feed = {"frame": clip[index, None]}
            if self._motion:
                feed["previous"] = clip[index - 1, None]
            features.append(self._encoder.run(["partials", "activation"], feed))
        partials, activations = zip(*features, strict=True)
        return np.concatenate(partials), np.concatenate(activations)

    def answer(
        self,
        partials: NDArray[np.float32],
        activations: NDArray[np.float32],
        class_index: int,
    ) -> dict[str, np.ndarray]:
        """The head's outputs by name, for one window."""
        feed = {
            "partials": partials,
            "activations": activations,
            "class_index": np.array(class_index, np.int64),
        }
        names = [value.name for value in self._head.get_outputs()]
        return dict(zip(names, self._head.run(names, feed), strict=True))


def moving_pictures(config: NetworkConfig, frames: int, seed: int) -> Iterator[Image]:
    """Clips that ask different things of a network: (frames, height, width, 3) uint8 RGB.

    Noise, a square that crosses a gradient, a still picture, and darkness.
    """
    shape = (frames, config.height, config.width, 3)
    random = np.random.default_rng(seed)
    yield random.integers(0, 256, shape, dtype=np.uint8)
    crossing = np.empty(shape, np.uint8)
    crossing[..., 0] = np.linspace(0, 255, config.width)
    crossing[..., 1] = np.linspace(255, 0, config.height)[:, None]
    crossing[..., 2] = 90
    side = min(config.height, config.width) // 3
    for index, left in enumerate(np.linspace(0, config.width - side, frames).astype(int)):
        crossing[index, side : 2 * side, left : left + side] = (250, 240, 20)
    yield crossing
    yield np.repeat(random.integers(0, 256, (1, *shape[1:]), dtype=np.uint8), frames, axis=0)
    yield np.zeros(shape, np.uint8)


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Of (classes,) logits, in double precision."""
    powers = np.exp(logits.astype(np.float64) - logits.max())
    return np.asarray(powers / powers.sum())
