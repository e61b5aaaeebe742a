"""Fisher vectors of what moves: a few words for motion and edges, and how the picture uses them.

Learned from scratch, a network of convolutions sees as many people as there are groups, and learns
their rooms. Words of motion are learned without labels, from hundreds of places of each picture,
and only one linear layer learns which use of them is which action.

    encoder: picture and flow -> descriptors on a grid -> words
    head:    `fisher`, per place; summed over the window; power, norm, one logit per class

Sources:
    Descriptors: Dalal, Triggs, Schmid, "Human Detection Using Oriented Histograms of Flow and
    Appearance", ECCV 2006 (motion boundaries), and Wang, Schmid, "Action Recognition with Improved
    Trajectories", ICCV 2013.
    Fisher vectors: Perronnin, Sánchez, Mensink, "Improving the Fisher Kernel for Large-Scale Image
    Classification", ECCV 2010; bands as of Lazebnik, Schmid, Ponce, "Beyond Bags of Features",
    CVPR 2006.
"""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
from keras import layers, ops
from numpy.typing import NDArray

from har_desktop.inference.flow import SHRINK, flow_shape
from training.config import Fisher
from training.luma import LUMA
from training.precision import full_precision

# What Grad-CAM looks at: what each place adds to the Fisher vector, before it is summed.
TARGET = "fisher"
DIRECTIONS = 8
# Orientations of: horizontal flow's edges, vertical flow's edges, the flow, the picture's edges.
KINDS = 4
DESCRIPTOR = KINDS * DIRECTIONS
CELL = 4  # places of the flow in one of the grid, along a side
REACH = 6  # places of the flow that a descriptor looks at, along a side
# Below these lengths a histogram says rather how little there is than where it points.
FAINT = (0.02, 0.02, 0.08, 0.1)
# A histogram's square root is straight below this: an infinite slope at zero would turn rounding
# into words that are not there.
FLAT = 1e-3
# Of what `describe` computes: descriptors on disk are named by it.
VERSION = 2
EDGES = 2.0  # length of the picture's edges, for grey in [-1, 1]
# Sums of contributions below these are nothing.
SMALL_SUM, SMALL_NORM = 1.0, 1.0
# Rows of the grid, in tenths, that are also looked at by themselves.
BANDS = ((0, 10), (0, 4), (3, 7), (6, 10))

_SOBEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8


class WordWeights(NamedTuple):
    """Words are Gaussians along the main axes of the descriptors; arrays are float32.

    Attributes:
        mean: (DESCRIPTOR,) of the descriptors.
        axes: (DESCRIPTOR, D) orthonormal columns.
        centres: (K, D).
        deviations: (K, D) standard deviations.
        shares: (K,) that sum to 1.
        energy: () of motion boundaries at which a place counts by half.
    """

    mean: NDArray[np.float32]
    axes: NDArray[np.float32]
    centres: NDArray[np.float32]
    deviations: NDArray[np.float32]
    shares: NDArray[np.float32]
    energy: NDArray[np.float32]


class _WithWords(layers.Layer):
    """A layer that knows the words; they are learned before all else (`training.words`)."""

    def __init__(self, config: Fisher, **options) -> None:
        super().__init__(trainable=False, **options)
        self.config = config
        words, axes = config.words, config.axes
        self.mean = self._room("mean", "zeros", DESCRIPTOR)
        self.axes = self._room("axes", "zeros", DESCRIPTOR, axes)
        self.centres = self._room("centres", "zeros", words, axes)
        self.deviations = self._room("deviations", "ones", words, axes)
        self.shares = self._room("shares", "ones", words)
        self.energy = self._room("energy", "ones")

    def away(self, x):
        """How far places (..., D) are from each word, in its deviations: (..., K, D).

        Squared and multiplied out it would be quicker, and lose the digits that cancel.
        """
        return (x[..., None, :] - self.centres) / self.deviations

    def _room(self, name: str, start: str, *shape: int):
        """For one of `WordWeights`, in their order."""
        return self.add_weight(name=name, shape=shape, initializer=start)


class Words(_WithWords):
    """Descriptors and their energy -> how much of each word is there, and the main axes."""

    def call(self, descriptors, energy):
        """See `build_encoder`."""
        x = ops.matmul(descriptors - self.mean, self.axes)
        scores = (
            ops.log(self.shares)
            - ops.sum(ops.log(self.deviations), axis=1)
            - ops.sum(ops.square(self.away(x)), axis=-1) / 2
        )
        here = energy / (energy + self.energy)
        return ops.concatenate([ops.softmax(scores) * here, x], axis=-1)


class Contributions(_WithWords):
    """What each place adds to the Fisher vector: gradients by the words' centres and deviations.

    Equations 16 and 17 of Perronnin et al., before the sum.
    """

    def call(self, features):
        """(n, rows, columns, K + D) of `Words` -> (n, rows, columns, 2 K D)."""
        words = features[..., : self.config.words, None]
        away = self.away(features[..., self.config.words :])
        share = ops.sqrt(self.shares)[:, None]
        by_centre = words * away / share
        by_deviation = words * (ops.square(away) - 1) / (np.sqrt(2) * share)
        both = ops.stack([by_centre, by_deviation], axis=-3)
        return ops.reshape(
            both, (-1, *features.shape[1:-1], 2 * self.config.words * self.config.axes)
        )


def build_encoder(config: Fisher) -> keras.Model:
    """One normalised picture and its flow -> features.

    Returns:
        A model from RGB in [-1, 1] (height, width, 3) and flow (height/4, width/4, 2) to
        (height/16, width/16, K + D): the share of each word where something moves, and the
        descriptor along its main axes.
    """
    trunk = build_trunk(config.height, config.width)
    inputs = [keras.Input(x.shape[1:], dtype=x.dtype, name=x.name) for x in trunk.outputs]
    words = Words(config, dtype=full_precision(), name="words")
    neck = keras.Model(inputs, words(*inputs), name="neck")
    seen = [keras.Input(x.shape[1:], dtype=x.dtype, name=x.name) for x in trunk.inputs]
    return keras.Model(seen, neck(trunk(seen)), name="encoder")


def build_trunk(height: int, width: int) -> keras.Model:
    """What is computed of a picture and its flow without anything learned; see `describe`."""
    dtype = full_precision()
    picture = keras.Input((height, width, 3), dtype=dtype, name="picture")
    flow = keras.Input(flow_shape(height, width), dtype=dtype, name="flow")
    return keras.Model([picture, flow], describe(picture, flow, dtype), name="trunk")


def describe(picture, flow, dtype: str):
    """Orientation histograms on a grid.

    Args:
        picture: (n, height, width, 3) RGB in [-1, 1].
        flow: (n, height/4, width/4, 2) in pixels of its own.
        dtype: To compute in.

    Returns:
        `descriptors` (n, height/16, width/16, DESCRIPTOR) in [0, 1] and `energy` (..., 1), the
        strength of motion boundaries.
    """
    # NumPy's arrays become constants of an exported graph; tensors would become inputs of it.
    luma = np.reshape(LUMA, (1, 1, 1, 3)).astype(dtype)
    grey = ops.average_pool(ops.sum((picture + 1) * luma, -1, keepdims=True), SHRINK, SHRINK)
    motion, edges = (kernel.astype(dtype) for kernel in _kernels())
    strengths = [ops.conv(flow, motion, padding="same"), ops.conv(grey, edges, padding="same")]
    strengths = ops.relu(ops.concatenate(strengths, axis=-1))
    strengths = ops.average_pool(strengths, REACH, CELL, padding="same")
    energy = ops.sum(strengths[..., : 2 * DIRECTIONS], axis=-1, keepdims=True)
    rows, columns = strengths.shape[1:3]
    by_kind = ops.reshape(strengths, (-1, rows, columns, KINDS, DIRECTIONS))
    faint = np.reshape(FAINT, (KINDS, 1)).astype(dtype)
    shares = by_kind / (ops.sum(by_kind, axis=-1, keepdims=True) + faint)
    histograms = ops.sqrt(shares + FLAT) - FLAT**0.5
    return ops.reshape(histograms, (-1, rows, columns, DESCRIPTOR)), energy


def _kernels() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Convolutions whose outputs, without their negative half, point in `DIRECTIONS`.

    Returns:
        (3, 3, 2, 3 * DIRECTIONS) for the flow and (3, 3, 1, DIRECTIONS) for grey.
    """
    angles = 2 * np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    slope = np.cos(angles) * _SOBEL[..., None] + np.sin(angles) * _SOBEL.T[..., None]
    motion = np.zeros((3, 3, 2, 3, DIRECTIONS))
    motion[:, :, 0, 0], motion[:, :, 1, 1] = slope, slope
    motion[1, 1, :, 2] = np.cos(angles), np.sin(angles)
    return motion.reshape(3, 3, 2, -1), EDGES * slope[:, :, None]


def build_head(config: Fisher, classes: int) -> keras.Model:
    """Features of all frames, time folded into the batch -> logits."""
    dtype = full_precision()
    grid = config.height // config.cell, config.width // config.cell
    features = keras.Input((*grid, config.words + config.axes), dtype=dtype, name="features")
    places = Contributions(config, dtype=dtype, name=TARGET)(features)
    places = ops.sum(ops.reshape(places, (-1, config.length, *grid, places.shape[-1])), axis=1)
    summed = [ops.sum(places[:, top:bottom], axis=(1, 2)) for top, bottom in bands(grid[0])]
    roots = [signed_root(part) for part in summed]
    vector = ops.concatenate([root / length(root) for root in roots], axis=-1)
    return keras.Model(
        features, layers.Dense(classes, dtype=dtype, name="logits")(vector), name="head"
    )


def mirror(descriptors: NDArray[np.generic]) -> NDArray[np.generic]:
    """The descriptors of the mirrored picture.

    Args:
        descriptors: (..., columns, DESCRIPTOR).
    """
    other_way = -np.arange(DIRECTIONS) % DIRECTIONS
    across = (DIRECTIONS // 2 - np.arange(DIRECTIONS)) % DIRECTIONS
    # Only the edges of horizontal flow, whose sign turns too, keep what they have across.
    kinds = [other_way, across, across, across]
    order = np.concatenate([DIRECTIONS * kind + turn for kind, turn in enumerate(kinds)])
    return descriptors[..., ::-1, order]


def signed_root(vector):
    """The square root of each component's size, with its sign; smooth about zero."""
    return vector / ops.sqrt(ops.sqrt(ops.square(vector) + SMALL_SUM**2))


def length(vector):
    """(..., components) -> (..., 1), and more than zero where there is nothing."""
    return ops.sqrt(ops.sum(ops.square(vector), axis=-1, keepdims=True) + SMALL_NORM**2)


def bands(rows: int) -> list[tuple[int, int]]:
    """First row and the one after the last of each part of the picture with a vector of its own."""
    return [(round(top * rows / 10), round(bottom * rows / 10)) for top, bottom in BANDS]
