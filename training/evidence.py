"""Whether a window shows any of the classes at all: each of several networks has to see it.

A network that was taught by other classes to be unsure says it with small logits (largest logit:
Hendrycks et al., "Scaling Out-of-Distribution Detection for Real-World Settings", ICML 2022). Some
classes are recognised with larger logits than others. So each network's logit of the class that
all of them together take the window for is held against those of windows that were rightly taken
for it, or for any, half and half; and the network that sees the least counts the most: what only
one of them takes for an action is none.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from training import json_file

# Of rightly recognised windows that validate, so many are doubtful.
DOUBTFUL = 0.04
# A class' own are of few videos: so far its scale is drawn to that of all classes.
DRAWN = 0.5
# Logits, from doubtful to usual at least: what differs by less is alike.
LEAST_STEP = 0.1
SCALES = "evidence.json"

Floats = NDArray[np.float32]


class Evidence(layers.Layer):
    """Evidence (batch, 1) that a window shows one of the classes; zero until it has scales."""

    def build(self, shape: tuple[int | None, int, int]) -> None:
        """Make the weights.

        Args:
            shape: Of the logits of all networks (batch, networks, classes).
        """
        fixed = {"initializer": "zeros", "trainable": False}
        self.slope = self.add_weight(shape=shape[1:], name="slope", **fixed)
        self.offset = self.add_weight(shape=shape[1:], name="offset", **fixed)

    def call(self, logits):
        """The soft minimum over the networks."""
        mean = ops.mean(logits, axis=1, keepdims=True)
        # Not argmax, whose form in Keras ONNX does not know.
        top = ops.cast(mean == ops.max(mean, axis=-1, keepdims=True), logits.dtype)
        seen = ops.sum(top * (self.slope * logits + self.offset), axis=-1) / ops.sum(top, axis=-1)
        least = ops.min(seen, axis=-1, keepdims=True)
        return least - ops.log(ops.mean(ops.exp(least - seen), axis=-1, keepdims=True))


class Scale(msgspec.Struct, frozen=True):
    """What a logit's size means to right validation windows: becomes 0, and 1."""

    doubtful: float
    usual: float

    @classmethod
    def of(cls, logits: Floats) -> Scale:
        """Of the logits of such windows."""
        return cls(*map(float, np.quantile(logits, [DOUBTFUL, 0.5])))

    def drawn(self, other: Scale) -> Scale:
        """This one, drawn to another one."""
        return Scale(
            (1 - DRAWN) * self.doubtful + DRAWN * other.doubtful,
            (1 - DRAWN) * self.usual + DRAWN * other.usual,
        )

    @property
    def size(self) -> float:
        """From one to the other."""
        return max(self.usual - self.doubtful, LEAST_STEP)


class Scales(msgspec.Struct, frozen=True):
    """Of each network the scale of its logit for each class."""

    networks: list[list[Scale]]


def find_scales(logits: Floats, right: NDArray[np.bool_]) -> Scales:
    """Of windows that the networks are right about; of all where these are too few.

    A class of which they are right about too few for the doubtful ones to be any is taken like
    all.

    Args:
        logits: (windows, networks, classes), of windows that they did not learn from.
        right: (windows,) whether the largest one of the mean is that of the clip's class.
    """
    if np.count_nonzero(right) > 1:  # of one, doubtful and usual are the same
        logits = logits[right]
    tops = logits.mean(axis=1).argmax(axis=1)
    found = []
    for own in np.moveaxis(logits, 1, 0):
        seen = own[np.arange(len(own)), tops]
        everything = Scale.of(seen)
        of_class = [seen[tops == label] for label in range(own.shape[1])]
        found.append(
            [
                Scale.of(part).drawn(everything) if DOUBTFUL * len(part) >= 1 else everything
                for part in of_class
            ]
        )
    return Scales(found)


def set_evidence(layer: Evidence, scales: Scales) -> None:
    """Make what each network sees mean something: 0 and 1 as of its scale."""
    slope, doubtful = (
        np.array([[value(scale) for scale in network] for network in scales.networks], np.float32)
        for value in (lambda scale: 1 / scale.size, lambda scale: scale.doubtful)
    )
    layer.set_weights([slope, -slope * doubtful])


def keep_scales(run: Path, scales: Scales) -> None:
    """Write them down, for a run that has no windows to find them by."""
    json_file.write(run / SCALES, scales)


def read_scales(run: Path) -> Scales:
    """Those of a finished run.

    Raises:
        InputError: It has none.
    """
    remedy = "remove its environment.json, and go on with fit --resume, which finds them anew"
    return json_file.read(run / SCALES, Scales, remedy)
