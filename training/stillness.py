"""How little may move before it is "no action", in all and for each class."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from har_desktop.inference.letterbox import Letterbox
from har_desktop.inference.manifest import ClassMovement
from har_desktop.inference.movement import NOTHING, Sketch, movement, shortfall, sketch
from har_desktop.opencv import cv2
from har_desktop.pipeline.hop import every
from training.config import Config, NetworkConfig, Streams
from training.data.cache import decode_all
from training.data.figures import open_clip
from training.data.index import Clip

# Share of the windows that may move less than the limit, of all and of each class.
STILL, STILL_OF_A_CLASS = 0.02, 0.05
# Of the windows of a class, so many are doubtful: of right ones for `training.evidence`, too.
DOUBTFUL = 0.04

Movements = Mapping[str, NDArray[np.float64]]


def movements(config: Config | Streams, data: Path, clips: Sequence[Clip]) -> Movements:
    """How much moves in all windows of the clips of each class, whatever a network says of them.

    Args:
        config: Of the network that will look at such windows.
        data: The data folder.
        clips: Of the configuration's classes, to learn from or to validate.

    Returns:
        (windows,) grey levels, as of `har_desktop.inference.movement`, by class.
    """
    by_class = defaultdict[str, list[NDArray[np.float64]]](list)

    def measure(clip: Clip) -> None:
        by_class[clip.label].append(_of_clip(config, data, clip))

    decode_all(measure, clips, "movement")
    return {label: np.concatenate(windows) for label, windows in by_class.items()}


def least_movement(moved: Movements) -> float:
    """The grey levels that nearly all windows reach, of all classes and of each.

    Where one of the classes is to stand still, that is none at all.
    """
    of_class = list(moved.values())
    limits = [np.quantile(windows, STILL_OF_A_CLASS) for windows in of_class]
    return round(float(min(np.quantile(np.concatenate(of_class), STILL), *limits)), 2)


def class_movements(moved: Movements, classes: Sequence[str]) -> tuple[ClassMovement, ...]:
    """How much moves in doubtful and in usual windows of each class, in the order of `classes`."""
    found = []
    for label in classes:
        levels = np.maximum(np.quantile(moved[label], [DOUBTFUL, 0.5]), NOTHING)
        doubtful, usual = (round(float(level), 2) for level in levels)
        found.append(ClassMovement(doubtful=doubtful, usual=usual))
    return tuple(found)


class Limits(NamedTuple):
    """How much has to move.

    Attributes:
        least: Grey levels, in any window.
        network: That looks at the windows.
        classes: How much moves in each class; none where evidence has no scale.
    """

    least: float
    network: NetworkConfig
    classes: tuple[ClassMovement, ...] = ()

    def shortfalls(
        self, windows: Iterable[NDArray[np.uint8]], tops: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """What the app takes off the evidence of windows in which less moves than in their class.

        Args:
            windows: (pictures, height, width, 3) uint8 RGB each; those in its places count.
            tops: (windows,) the class that each is taken for.

        Returns:
            (windows,), zero or more.
        """
        step = self.network.differences
        first = self.network.motion * step
        lost = [
            shortfall(movement(_sketches(window[first::step])), self.classes[top])
            for window, top in zip(windows, tops, strict=True)
        ]
        return np.array(lost, np.float32)


def _sketches(window: NDArray[np.uint8]) -> list[Sketch]:
    """Of its pictures but those held before, where a clip is shorter than the window."""
    first = 0
    while first < len(window) - 1 and np.array_equal(window[first], window[first + 1]):
        first += 1
    return [sketch(picture) for picture in window[first:]]


def _of_clip(config: Config | Streams, data: Path, clip: Clip) -> NDArray[np.float64]:
    """(windows,): of each window in time, at every frame interval; at least one."""
    size = config.network.height, config.network.width
    sketches: list[Sketch] = []
    with open_clip(clip, data) as source:
        for frame in every(source, config.frame_interval_s):
            picture = Letterbox.fit(frame.size, size).apply(frame.image)
            sketches.append(sketch(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)))
    length = config.network.length
    starts = range(max(1, len(sketches) - length + 1))
    return np.array([movement(sketches[start : start + length]) for start in starts])
