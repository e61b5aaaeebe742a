"""How little may move before it is "no action"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_desktop.inference.letterbox import Letterbox
from har_desktop.inference.movement import Sketch, movement, sketch
from har_desktop.opencv import cv2
from har_desktop.pipeline.hop import every
from training.config import Config, Streams
from training.data.cache import decode_all
from training.data.figures import open_clip
from training.data.index import Clip

# Share of the windows that may move less than the limit, of all and of each class.
STILL, STILL_OF_A_CLASS = 0.02, 0.05


def least_movement(config: Config | Streams, data: Path, clips: Sequence[Clip]) -> float:
    """The movement that nearly all windows of the classes reach, whatever a network says of them.

    Where one of the classes is to stand still, that is none at all.

    Args:
        config: Of the network that will look at such windows.
        data: The data folder.
        clips: Of the configuration's classes, to learn from or to validate.

    Returns:
        Grey levels, as of `har_desktop.inference.movement`.
    """
    by_class = defaultdict[str, list[NDArray[np.float64]]](list)

    def measure(clip: Clip) -> None:
        by_class[clip.label].append(_movements(config, data, clip))

    decode_all(measure, clips, "movement")
    of_class = [np.concatenate(windows) for windows in by_class.values()]
    limits = [np.quantile(windows, STILL_OF_A_CLASS) for windows in of_class]
    return round(float(min(np.quantile(np.concatenate(of_class), STILL), *limits)), 2)


def _movements(config: Config | Streams, data: Path, clip: Clip) -> NDArray[np.float64]:
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
