"""Whether a window shows any of the classes at all, judged by all that several networks saw in it.

A network that was taught by other classes to be unsure says it with its logits alone. Two questions
more are asked of what lies before them, and the doubtful answer counts:

* Does it look like the classes or like other classes? A linear layer, learned from both (outlier
  exposure: Hendrycks, Mazeika, Dietterich, "Deep Anomaly Detection with Outlier Exposure", ICLR
  2019).
* Does it look like anything that was learned from? The cosine to the nearest of some typical
  windows of the classes (Sun, Ming, Zhu, Li, "Out-of-Distribution Detection with Deep Nearest
  Neighbors", ICML 2022). No clips of others are needed for that, so it knows what nobody filmed.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import keras
import msgspec
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from training import json_file

TYPICAL = 256  # windows
# Of the rightly recognised windows that validate, so many are more doubtful than zero evidence.
DOUBTFUL = 0.04
SMALL = 1e-6
SCALES = "evidence.json"

Floats = NDArray[np.float32]


class Traits(NamedTuple):
    """What one network found in windows, (batch, any) each.

    Attributes:
        mean: Over the window, of the maxima of its Conv3D.
        deviation: The standard deviation of the same.
        looks: The mean of the Grad-CAM target.
        state: The last one of the second GRU.
    """

    mean: keras.KerasTensor
    deviation: keras.KerasTensor
    looks: keras.KerasTensor
    state: keras.KerasTensor


def traits(looks, pooled, state) -> Traits:
    """Take them from one network.

    Args:
        looks: The mean of each picture's Grad-CAM target (batch, length, filters).
        pooled: The maxima of its Conv3D (batch, length, channels).
        state: Of its second GRU (batch, units).
    """
    mean = ops.mean(pooled, axis=1)
    # Not as mean of squares less square of mean: that would be rounding where nothing moves.
    deviation = ops.sqrt(ops.mean(ops.square(pooled - mean[:, None]), axis=1))
    return Traits(mean, deviation, ops.mean(looks, axis=1), state)


def gather(logits: list, parts: list[Traits]) -> list:
    """What `Evidence` is given of several networks: all that is known, and its course.

    Several networks may also come as one, whose traits follow one another.
    """
    means, deviations, looks, states = zip(*parts, strict=True)
    course = ops.concatenate([*means, *deviations], axis=-1)
    return [ops.concatenate([*logits, course, *looks, *states], axis=-1), course]


class Evidence(layers.Layer):
    """Evidence (batch, 1) that a window shows one of the classes; zero until it has learned."""

    def build(self, shape: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
        """Make the weights.

        Args:
            shape: Of all that is known (batch, F), and of its course (batch, P).
        """
        (_, known), (_, course) = shape
        fixed = {"initializer": "zeros", "trainable": False}
        self.kernel = self.add_weight(shape=(known, 1), name="kernel", **fixed)
        self.bias = self.add_weight(shape=(1,), name="bias", **fixed)
        self.typical = self.add_weight(shape=(course, TYPICAL), name="typical", **fixed)
        self.offset = self.add_weight(shape=(1,), name="offset", **fixed)

    def call(self, inputs):
        """The smaller one of both answers."""
        return ops.minimum(*self.answers(*inputs))

    def answers(self, known, course) -> tuple:
        """Like the classes rather than others? Like anything? (batch, 1) each."""
        ours = ops.matmul(known, self.kernel) + self.bias
        near = ops.matmul(direction(course), self.typical)
        return ours, ops.max(near, axis=-1, keepdims=True) + self.offset

    def compute_output_shape(self, shape: tuple[tuple[int, ...], tuple[int, ...]]):
        """(batch, 1)."""
        return shape[0][0], 1


def direction(course):
    """Vectors (batch, P) at unit length; those without any stay so."""
    length = ops.sqrt(ops.sum(ops.square(course), axis=-1, keepdims=True))
    return course / (length + SMALL)


class Known(NamedTuple):
    """What a network knows of n windows, as numbers.

    Attributes:
        all: (n, F) as the layer is given it.
        course: (n, P).
        right: (n,) whether its label is that of the clip.
    """

    all: Floats
    course: Floats
    right: NDArray[np.bool_]


class Scale(msgspec.Struct, frozen=True):
    """What an answer's size means to right validation windows: becomes 0, and 1."""

    doubtful: float
    usual: float

    @property
    def size(self) -> np.float32:
        """From one to the other."""
        return np.float32(max(self.usual - self.doubtful, SMALL))


class Scales(msgspec.Struct, frozen=True):
    """Those of both answers."""

    ours: Scale
    near: Scale


def learn(layer: Evidence, ours: Known, others: Known) -> None:
    """Teach the layer both answers, which cannot be held against each other yet.

    Args:
        layer: As it was built.
        ours: Training windows of the classes.
        others: Training windows of other classes.
    """
    from sklearn.cluster import KMeans
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    both = np.concatenate([ours.all, others.all]).astype(np.float64)
    scaler = StandardScaler().fit(both)
    line = LogisticRegression(max_iter=1000, class_weight="balanced")
    line.fit(scaler.transform(both), np.repeat([1, 0], [len(ours.all), len(others.all)]))
    kernel = line.coef_[0] / scaler.scale_
    bias = line.intercept_ - kernel @ scaler.mean_
    directions = np.asarray(direction(ours.course))
    count = min(TYPICAL, len(np.unique(directions, axis=0)))
    centres = KMeans(count, n_init=1, random_state=1).fit(directions).cluster_centers_
    # Where there are fewer windows than that, some stand more than once.
    typical = direction(np.resize(centres, (TYPICAL, centres.shape[1])))
    layer.set_weights([kernel[:, None], bias, np.transpose(typical), np.zeros(1)])


def find_scales(layer: Evidence, held: Known) -> Scales:
    """Of the answers to windows that the network did not learn from.

    Those that it is right about; all where it is right about none.
    """
    chosen = held.right if held.right.any() else ~held.right
    answers = layer.answers(held.all[chosen], held.course[chosen])
    quantiles = (np.quantile(answer, [DOUBTFUL, 0.5]) for answer in answers)
    return Scales(*(Scale(float(doubtful), float(usual)) for doubtful, usual in quantiles))


def set_scales(layer: Evidence, scales: Scales) -> None:
    """Make the smaller one of both answers mean something."""
    kernel, bias, typical, offset = layer.get_weights()
    ours, near = scales.ours, scales.near
    layer.set_weights(
        [
            kernel / ours.size,
            (bias - np.float32(ours.doubtful)) / ours.size,
            typical / near.size,
            (offset - np.float32(near.doubtful)) / near.size,
        ]
    )


def keep_scales(run: Path, scales: Scales) -> None:
    """Write them down, for a run that has no windows to find them by."""
    (run / SCALES).write_bytes(msgspec.json.format(msgspec.json.encode(scales)))


def read_scales(run: Path) -> Scales:
    """Those of a finished run.

    Raises:
        InputError: It has none.
    """
    return json_file.read(run / SCALES, Scales, "train that run anew")
