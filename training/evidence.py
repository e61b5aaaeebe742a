"""Whether a window shows any of the classes at all, judged by all that several networks saw in it.

A network that was taught by other classes to be unsure says it with its logits alone. Evidence asks
one thing more, and both count, the first one twice:

* How large is the largest logit, beside those of windows that were rightly taken for that class?
  Some classes are recognised with larger logits than others (largest logit: Hendrycks et al.,
  "Scaling Out-of-Distribution Detection for Real-World Settings", ICML 2022).
* Does what the networks look at look like the classes or like other classes? A linear layer for
  each network, learned from both (outlier exposure: Hendrycks, Mazeika, Dietterich, "Deep Anomaly
  Detection with Outlier Exposure", ICLR 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from training import json_file
from training.stillness import DOUBTFUL  # of the rightly recognised windows that validate

# What the looks count for, beside the largest logit.
LOOKS = 1 / 3
# The networks know the training clips by heart: what tells those from others is held down.
REGULARITY = 0.01
SMALL = 1e-6
SCALES = "evidence.json"

Floats = NDArray[np.float32]


def look(target):
    """What a network sees in pictures: mean and maximum of its Grad-CAM target.

    Args:
        target: (any, rows, columns, filters).

    Returns:
        (any, 2 * filters).
    """
    return ops.concatenate([ops.mean(target, axis=(1, 2)), ops.max(target, axis=(1, 2))], axis=-1)


def course(looks):
    """How that goes over windows: (batch, length, F) to its mean and deviation, (batch, 2 * F)."""
    mean = ops.mean(looks, axis=1)
    # Not as mean of squares less square of mean: that would be rounding where nothing moves.
    deviation = ops.sqrt(ops.mean(ops.square(looks - mean[:, None]), axis=1))
    return ops.concatenate([mean, deviation], axis=-1)


class Evidence(layers.Layer):
    """Evidence (batch, 1) that a window shows one of the classes; zero until it has learned."""

    def build(self, shape: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
        """Make the weights.

        Args:
            shape: Of the courses of all networks side by side (batch, F), and of the logits
                (batch, classes).
        """
        (_, looks), (_, classes) = shape
        fixed = {"initializer": "zeros", "trainable": False}
        self.kernel = self.add_weight(shape=(looks, 1), name="kernel", **fixed)
        self.bias = self.add_weight(shape=(1,), name="bias", **fixed)
        self.slope = self.add_weight(shape=(classes,), name="slope", **fixed)
        self.offset = self.add_weight(shape=(classes,), name="offset", **fixed)

    def call(self, inputs):
        """The sum of both answers."""
        courses, logits = inputs
        largest = ops.max(logits, axis=-1, keepdims=True)
        # Not argmax, whose form in Keras ONNX does not know.
        top = ops.cast(logits == largest, logits.dtype)
        large = ops.sum(top * (self.slope * largest + self.offset), axis=-1, keepdims=True)
        return (
            ops.matmul(courses, self.kernel) + self.bias + large / ops.sum(top, -1, keepdims=True)
        )

    def compute_output_shape(self, shape: tuple[tuple[int, ...], tuple[int, ...]]):
        """(batch, 1)."""
        return shape[0][0], 1


class Line(NamedTuple):
    """A linear layer over a network's courses: large where they look like the classes.

    Attributes:
        kernel: (F,) float32.
        bias: Added to it.
    """

    kernel: Floats
    bias: np.float32

    def __call__(self, courses: Floats) -> Floats:
        """Answers (n,) to courses (n, F)."""
        answers: Floats = courses @ self.kernel + self.bias
        return answers


class Held(NamedTuple):
    """n windows that the networks did not learn from.

    Attributes:
        courses: (n, F) of each network.
        logits: (n, classes) their mean.
        right: (n,) whether the largest one is that of the clip's class.
    """

    courses: tuple[Floats, ...]
    logits: Floats
    right: NDArray[np.bool_]


class Scale(msgspec.Struct, frozen=True):
    """What an answer's size means to right validation windows: becomes 0, and 1."""

    doubtful: float
    usual: float

    @classmethod
    def of(cls, answers: Floats) -> Scale:
        """Of the answers to such windows."""
        return cls(*map(float, np.quantile(answers, [DOUBTFUL, 0.5])))

    @property
    def size(self) -> float:
        """From one to the other."""
        return max(self.usual - self.doubtful, SMALL)


class Scales(msgspec.Struct, frozen=True):
    """Of each network's line, and of the largest logit where it is that of each class."""

    looks: list[Scale]
    classes: list[Scale]


def learn(ours: Floats, others: Floats) -> Line:
    """What tells windows of the classes from windows of others, by one network's courses (n, F)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    both = np.concatenate([ours, others]).astype(np.float64)
    scaler = StandardScaler().fit(both)
    line = LogisticRegression(C=REGULARITY, max_iter=1000, class_weight="balanced")
    line.fit(scaler.transform(both), np.repeat([1, 0], [len(ours), len(others)]))
    kernel = line.coef_[0] / scaler.scale_
    bias = line.intercept_[0] - kernel @ scaler.mean_
    return Line(kernel.astype(np.float32), np.float32(bias))


def find_scales(lines: Sequence[Line], held: Held) -> Scales:
    """Of the answers to windows that the networks are right about; to all where these are too few.

    A class of which they are right about too few for the doubtful ones to be any is taken like
    all.
    """
    several = np.count_nonzero(held.right) > 1  # of one, doubtful and usual are the same
    chosen = held.right if several else np.ones_like(held.right)
    logits = held.logits[chosen]
    largest, labels = logits.max(axis=1), logits.argmax(axis=1)
    classes = []
    for label in range(logits.shape[1]):
        own = labels == label
        classes.append(Scale.of(largest[own] if DOUBTFUL * own.sum() >= 1 else largest))
    looks = zip(lines, held.courses, strict=True)
    return Scales([Scale.of(line(courses[chosen])) for line, courses in looks], classes)


def set_evidence(layer: Evidence, lines: Sequence[Line], scales: Scales) -> None:
    """Make the sum of all answers mean something: 0 and 1 as of each."""
    kernels, bias = [], np.float32(0)
    for line, scale in zip(lines, scales.looks, strict=True):
        share = np.float32(LOOKS / len(lines) / scale.size)
        kernels.append(share * line.kernel)
        bias += share * (line.bias - np.float32(scale.doubtful))
    slope = np.array([(1 - LOOKS) / scale.size for scale in scales.classes], np.float32)
    doubtful = np.array([scale.doubtful for scale in scales.classes], np.float32)
    layer.set_weights(
        [np.concatenate(kernels)[:, None], np.array([bias]), slope, -slope * doubtful]
    )


def keep_scales(run: Path, scales: Scales) -> None:
    """Write them down, for a run that has no windows to find them by."""
    json_file.write(run / SCALES, scales)


def read_scales(run: Path) -> Scales:
    """Those of a finished run.

    Raises:
        InputError: It has none.
    """
    return json_file.read(run / SCALES, Scales, "train that run anew")
