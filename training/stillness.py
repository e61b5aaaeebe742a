"""How little may move before it is "no action"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from har_desktop.inference.letterbox import as_seen
from har_desktop.inference.movement import movement, sketch
from har_desktop.pipeline.hop import every
from training.config import Config, Streams
from training.data.cache import decode_all, of_all, refuse_broken
from training.data.figures import open_clip
from training.data.index import Clip

Movements = Mapping[str, NDArray[np.float64]]


class Still(NamedTuple):
    """Share of the windows that may move less than the limit, of all and of each class."""

    of_all: float
    of_a_class: float


STILL = Still(0.02, 0.05)
# Where evidence tells who does nothing, the limit is for what stands still.
HARDLY_ANY = Still(0.001, 0.01)
# Windows: the share of fewer would be a picture or two that happened to stand still.
FEW = 20


def movements(config: Config | Streams, data: Path, clips: Sequence[Clip]) -> Movements:
    """How much moves in all windows of the clips of each class, whatever a network says of them.

    Args:
        config: Of the network that will look at such windows.
        data: The data folder.
        clips: Of the configuration's classes, to learn from or to validate.

    Returns:
        (windows,) grey levels, as of `har_desktop.inference.movement`, by class.

    Raises:
        InputError: So many cannot be read that something is wrong with the data itself.
    """
    by_class = defaultdict[str, list[NDArray[np.float64]]](list)

    def measure(clip: Clip) -> None:
        by_class[clip.label].append(_of_clip(config, data, clip))

    broken = decode_all(measure, clips, "movement")
    refuse_broken(of_all(broken, clips), len(clips))
    return {label: np.concatenate(windows) for label, windows in by_class.items()}


def least_movement(moved: Movements, still: Still = STILL) -> float:
    """The grey levels that all but so many windows reach, of all classes and of each.

    Where one of the classes is to stand still, that is none at all.
    """
    of_class = list(moved.values())
    limits = [_limit(windows, still.of_a_class, STILL.of_a_class) for windows in of_class]
    return round(min(_limit(np.concatenate(of_class), still.of_all, STILL.of_all), *limits), 2)


def _limit(windows: NDArray[np.float64], share: float, most: float) -> float:
    return float(np.quantile(windows, min(most, max(share, FEW / len(windows)))))


def _of_clip(config: Config | Streams, data: Path, clip: Clip) -> NDArray[np.float64]:
    """(windows,): of each window in time, at every frame interval; at least one."""
    size = config.network.height, config.network.width
    with open_clip(clip, data) as source:
        sketches = [
            sketch(as_seen(frame.image, size)) for frame in every(source, config.frame_interval_s)
        ]
    length = config.network.length
    starts = range(max(1, len(sketches) - length + 1))
    return np.array([movement(sketches[start : start + length]) for start in starts])
