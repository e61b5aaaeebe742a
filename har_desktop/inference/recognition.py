"""What the engine says about one frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har_desktop.frame import Frame, Image
from har_desktop.inference.manifest import Method


def by_method(
    heatmaps: NDArray[np.float32], hires_heatmaps: NDArray[np.float32] | None
) -> dict[Method, NDArray[np.float32]]:
    """What there is of both."""
    maps: dict[Method, NDArray[np.float32]] = {"grad-cam": heatmaps}
    if hires_heatmaps is not None:
        maps["hires-cam"] = hires_heatmaps
    return maps


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds that each stage of one step took. What remembering took counts as the head's."""

    prepare: float
    encode: float
    head: float


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The answer of the head for one full window, oldest frame first.

    Attributes:
        logits: (classes,) float32.
        probabilities: (classes,) float32, softmax(logits / temperature).
        heatmaps: (length, h', w') float32, >= 0, raw Grad-CAM of `explained`, not normalised:
            whoever draws them scales by the maximum over the *window*.
        images: `length` pictures as the encoder saw them, (height, width, 3) uint8 **RGB**.
        times: Time of each frame in seconds.
        explained: Index of the class that the heat-maps explain.
        evident: Whether there is evidence enough that any of the classes is shown: by the largest
            logit, and by how much moves.
        hires_heatmaps: (length, h, w), the same by HiResCAM on the features' grid, where the bundle
            has it.
    """

    logits: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    heatmaps: NDArray[np.float32]
    images: tuple[Image, ...]
    times: tuple[float, ...]
    explained: int
    evident: bool = True
    hires_heatmaps: NDArray[np.float32] | None = None

    @property
    def maps(self) -> dict[Method, NDArray[np.float32]]:
        """All heat-maps that there are, by their method; Grad-CAM's first."""
        return by_method(self.heatmaps, self.hires_heatmaps)

    def maps_by(self, method: Method) -> NDArray[np.float32]:
        """The heat-maps of a method; Grad-CAM's where the bundle has no other."""
        return self.maps.get(method, self.heatmaps)

    @property
    def vote(self) -> NDArray[np.float32]:
        """(classes,) float32: the probabilities, or zeros without evidence for any class.

        Without it, it does not matter which of the classes is the likeliest.
        """
        return self.probabilities if self.evident else np.zeros_like(self.probabilities)


@dataclass(frozen=True, slots=True, eq=False)
class Recognition:
    """The engine's answer to one frame.

    Attributes:
        frame: The frame that was pushed. The last heat-map of `window` belongs to it.
        filled: How many of the window's places are filled.
        window: None while the window fills.
        timings: What the step cost.
        previous: The times of the pictures before that motion is told by, the last one first.
    """

    frame: Frame
    filled: int
    window: Window | None
    timings: Timings
    previous: tuple[float, ...] = ()
