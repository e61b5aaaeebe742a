"""Does the bundle say what the Keras network says? Measured with the app's engine, on the CPU.

The truth is the network in float64. A gradient through saturated units is ill-conditioned in
float32, in Keras as well as here; how far Keras' own float32 strays is the measure of that.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from export.oracle import explain
from export.run import Run
from har_desktop.errors import HarError
from har_desktop.frame import Frame, Image
from har_desktop.inference.bundle import Bundle
from har_desktop.inference.manifest import Manifest
from har_desktop.inference.model import TOP
from har_desktop.inference.recognition import Window
from har_desktop.inference.recognizer import Recognizer

LIMITS = {
    "probabilities": 1e-5,  # absolute
    "heatmaps": 1e-4,  # of the window's maximum
    "streaming": 1e-5,  # of either
    "evidence": 1e-4,  # of the largest logit, and absolute where that is below 1
}
# Where float32 itself gets the heat-maps wrong, they may differ by this many times Keras' own
# rounding, and never by more than the ceiling.
ALLOWANCE, CEILING = 2.0, 1e-2
# A map whose maximum is below this share of the terms that cancel in it is rounding noise.
CANCELLED = 1e-3
WINDOWS = 2  # of each clip
TINY = float(np.finfo(np.float32).tiny)


class ParityError(HarError):
    """The exported graphs differ from the trained network by more than rounding."""


class Parity(msgspec.Struct, frozen=True):
    """The largest differences found.

    Attributes:
        probabilities: Between a whole window in ONNX Runtime and Keras in float64, absolute.
        heatmaps: The same for Grad-CAM and HiResCAM, against GradientTape, relative to the window's
            maximum.
        streaming: Between frames pushed one by one and the whole window: the larger of both.
        rounding: Between the heat-maps of Keras in float32 and in float64, relative as above.
        evidence: As `probabilities`, between the largest logits: absolute where that of Keras is
            below 1, else relative to it.
    """

    probabilities: float
    heatmaps: float
    streaming: float
    rounding: float
    evidence: float

    def __str__(self) -> str:
        return (
            f"probabilities {self.probabilities:.1e}, evidence {self.evidence:.1e},"
            f" heatmaps {self.heatmaps:.1e} from Keras in float64"
            f" (Keras' own heatmaps in float32: {self.rounding:.1e});"
            f" streaming {self.streaming:.1e}"
        )

    def require(self) -> None:
        """Stop where a difference is larger than rounding explains.

        Raises:
            ParityError: Names the figure and its limit.
        """
        strayed = min(ALLOWANCE * self.rounding, CEILING)
        limits = {**LIMITS, "heatmaps": max(LIMITS["heatmaps"], strayed)}
        for name, limit in limits.items():
            value = getattr(self, name)
            if not value <= limit:
                raise ParityError(
                    f"parity: {name} differ by {value:.1e} where {limit:.1e} is allowed;"
                    " the graphs don't compute what the trained network computes"
                )


def measure(bundle: Bundle, run: Run, seed: int = 0) -> Parity:
    """Compare a bundle with the network that it was exported from, on several moving pictures.

    Args:
        bundle: As loaded.
        run: Has the trained network.
        seed: Of the random pictures.

    Returns:
        The largest differences over all pictures, windows and explained classes.

    Raises:
        BundleError: A graph is broken, breaks its contract or computes nonsense.
        InputError: The run's weights are missing, damaged or of another network.
        ParityError: Pictures that come one by one fill fewer windows than they should.
    """
    network, exact = run.network(), run.network("float64")
    manifest = bundle.manifest
    recognizer = Recognizer(bundle, "cpu")
    classes = (TOP, 0, len(manifest.classes) - 1)
    probabilities, heatmaps, streaming, rounding, evidence = [], [], [], [], []
    for clip in moving_pictures(manifest, WINDOWS, seed):
        streamed = _stream(recognizer, clip)
        if len(streamed) != WINDOWS:
            raise ParityError(f"parity: {len(streamed)} of {WINDOWS} windows became full")
        for place, stream in enumerate(streamed):
            start = place * manifest.input.differences
            window = clip[start : start + manifest.pictures]
            answers = [_whole(recognizer, window, index) for index in classes]
            explained = [answer.explained for answer in answers]
            _, tapes = explain(network, run.config.network, window, explained)
            logits, truths = explain(exact, run.config.network, window, explained)
            expected = _softmax(logits)
            # Of two classes that rounding cannot tell apart, either may be the top one.
            probabilities.append(expected.max() - expected[answers[0].explained])
            for answer, tape, truth in zip(answers, tapes, truths, strict=True):
                probabilities.append(np.abs(_softmax(answer.logits) - expected).max())
                for method, ours in answer.maps.items():  # a bundle of before has one
                    true = truth[method]
                    scale = max(true.values.max(), CANCELLED * true.terms, TINY)
                    heatmaps.append(np.abs(ours - true.values).max() / scale)
                    rounding.append(np.abs(tape[method].values - true.values).max() / scale)
            # Probabilities don't tell where all logits have moved together.
            whole, largest = answers[0], logits.max()
            evidence.append(abs(whole.logits.max() - largest) / max(abs(largest), 1.0))
            streaming.append(np.abs(_softmax(stream.logits) - _softmax(whole.logits)).max())
            for method, anew in whole.maps.items():
                pushed = stream.maps[method]
                streaming.append(np.abs(pushed - anew).max() / max(anew.max(), TINY))
    figures = probabilities, heatmaps, streaming, rounding, evidence
    return Parity(*(float(np.max(figure)) for figure in figures))


def _stream(recognizer: Recognizer, clip: Image) -> list[Window]:
    """Push the pictures one by one; the answers to all full windows, one interval apart."""
    recognizer.clear()
    recognizer.explain = TOP
    manifest = recognizer.manifest
    windows = []
    for index, picture in enumerate(clip):
        image = np.ascontiguousarray(picture[:, :, ::-1])
        frame = Frame(image, index, index * manifest.spacing_s)
        if index % manifest.input.differences:
            recognizer.see(frame)
        else:
            windows.append(recognizer.push(frame).window)
    return [window for window in windows if window is not None]


def _whole(recognizer: Recognizer, clip: Image, class_index: int) -> Window:
    """Compute one window anew."""
    recognizer.explain = class_index
    return recognizer.recognize_stretch(list(clip), range(len(clip)))


def moving_pictures(manifest: Manifest, windows: int, seed: int) -> Iterator[Image]:
    """Clips that ask different things of a network: noise, a square that crosses, standstill, dark.

    Args:
        manifest: States the size and the length of a window.
        windows: How many windows fit in each clip, one interval after the other.
        seed: Of the noise.

    Yields:
        (frames, height, width, 3) uint8 RGB.
    """
    height, width = manifest.input.height, manifest.input.width
    frames = manifest.pictures + (windows - 1) * manifest.input.differences
    random = np.random.default_rng(seed)
    noise = random.integers(0, 256, (frames, height, width, 3), dtype=np.uint8)
    yield noise
    crossing = np.empty_like(noise)
    crossing[..., 0] = np.linspace(0, 255, width)
    crossing[..., 1] = np.linspace(255, 0, height)[:, None]
    crossing[..., 2] = 90
    side = min(height, width) // 3
    for index, left in enumerate(np.linspace(0, width - side, frames).astype(int)):
        crossing[index, side : 2 * side, left : left + side] = (250, 240, 20)
    yield crossing
    yield np.repeat(noise[:1], frames, axis=0)
    yield np.zeros_like(noise)


def _softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Without temperature, in double precision."""
    powers = np.exp(logits.astype(np.float64) - logits.max())
    return np.asarray(powers / powers.sum())
