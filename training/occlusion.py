"""Deletion and insertion: how a class' probability follows the places that a map points at.

Petsiuk, Das, Saenko: "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC
2018. All positions of a window's pictures are ranked together by a map. Deletion blurs the most
important share of them, from nothing to all: the better the map, the sooner the probability falls,
the smaller the area under the curve. Insertion begins with blurred pictures and puts the most
important share back: the better the map, the larger the area. The blurred pictures keep colours
and coarse shapes, so the network sees no black holes such as it has never met.

What Grad-CAM is compared with, and why that is fair:

* Every map is held still over the window; of Grad-CAM's maps, one per picture, that is the mean. A
  network that looks at motion takes a moving mask for motion, and that decides more than where the
  mask lies: for motion_gru, masks of noise that is new in each picture delete as well as any map
  and insert worse than any. So the curves tell where in the picture the evidence lies, not when.
* The references have Grad-CAM's grid and all maps are upsampled alike, so no reference is coarser
  than a heat-map; HiResCAM's grid may be (with a pooling before the Conv3D).
* The centre is no straw man: people stand in the middle of most clips.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har_desktop.inference.recognition import Window
from har_desktop.inference.recognizer import Recognizer
from har_desktop.opencv import cv2

Maps = NDArray[np.float32]
Pictures = NDArray[np.uint8]

STEPS = 11  # shares of the positions from 0 to 1
BLUR = 1 / 8  # standard deviation of the blur in heights of the picture
SPREAD = 1 / 4  # standard deviation of the centre map in heights and widths of the grid


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """The pictures of one window, oldest first; with motion, also those that it is told by.

    Attributes:
        pictures: (`pictures` of the manifest, height, width, 3) uint8 RGB, letterboxed.
        times: Seconds of each of them.
    """

    pictures: Pictures
    times: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Areas:
    """Areas under the curves of one window, 0..1: small deletion and large insertion are good."""

    deletion: float
    insertion: float


def answer(recognizer: Recognizer, stretch: Stretch) -> Window:
    """Recognise the window."""
    return recognizer.recognize_stretch(list(stretch.pictures), stretch.times)


def areas(
    recognizer: Recognizer,
    stretch: Stretch,
    class_index: int,
    maps: Mapping[str, Maps],
    rng: np.random.Generator,
) -> dict[str, Areas]:
    """Areas under the deletion and the insertion curve of each map.

    Args:
        recognizer: Gives the calibrated probabilities, those that the app shows.
        stretch: The window.
        class_index: Whose probability is followed.
        maps: By name, (length, h, w) float32 each.
        rng: Breaks ties.
    """
    pictures = stretch.pictures
    blurred = blur(pictures)

    def probability(altered: Pictures) -> float:
        window = answer(recognizer, Stretch(altered, stretch.times))
        return float(window.probabilities[class_index])

    whole, bare = probability(pictures), probability(blurred)
    # Pictures that only tell motion have the mask of the place whose motion it is.
    ages = np.arange(len(pictures))[::-1]
    last = recognizer.manifest.window.length - 1
    places = np.maximum(0, last - ages // recognizer.manifest.input.differences)
    shares = np.linspace(0, 1, STEPS)
    found = {}
    for name, values in maps.items():
        order = ranks(values, pictures.shape[1:3], rng)[places][..., np.newaxis]
        deletion, insertion = [whole], [bare]
        for share in shares[1:-1]:
            important = order < share
            deletion.append(probability(np.where(important, blurred, pictures)))
            insertion.append(probability(np.where(important, pictures, blurred)))
        curves = [*deletion, bare], [*insertion, whole]
        found[name] = Areas(*(float(np.trapezoid(curve, shares)) for curve in curves))
    return found


def ranks(maps: Maps, size: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float64]:
    """Rank all positions of a window together, the most important first.

    Positions of equal value (Grad-CAM is zero wherever nothing speaks for the class) come in a
    random order that is the same in every picture, so a map that stands still gives a mask that
    does.

    Args:
        maps: (length, h, w) float32.
        size: (height, width) of the pictures; the maps are upsampled to it, bilinearly.
        rng: For the order of equals.

    Returns:
        (length, height, width) float64: the share of all positions that come before, 0 to below 1.
    """
    height, width = size
    large = np.stack([cv2.resize(m, (width, height), interpolation=cv2.INTER_LINEAR) for m in maps])
    equals = np.broadcast_to(rng.permutation(height * width).reshape(size), large.shape)
    order = np.lexsort((equals.ravel(), -large.ravel()))
    places = np.empty(large.size)
    places[order] = np.arange(large.size) / large.size
    return places.reshape(large.shape)


def blur(pictures: Pictures) -> Pictures:
    """Strongly blurred copies (n, height, width, 3) uint8 of as many pictures."""
    sigma = pictures.shape[1] * BLUR
    return np.stack([cv2.GaussianBlur(picture, (0, 0), sigma) for picture in pictures])


def held_still(maps: Maps) -> Maps:
    """The mean over the window in every place of it: (length, h, w) float32 of as many maps."""
    return np.broadcast_to(maps.mean(axis=0), maps.shape)


def random_maps(shape: tuple[int, int, int], rng: np.random.Generator) -> Maps:
    """One map of uniform noise, held still: (length, h, w) float32 in 0..1."""
    return np.broadcast_to(rng.random(shape[1:], np.float32), shape)


def centre_maps(shape: tuple[int, int, int]) -> Maps:
    """One Gaussian in the middle of the picture, held still: (length, h, w) float32 in 0..1."""
    rows, columns = (
        np.exp(-0.5 * (((np.arange(n) + 0.5) / n - 0.5) / SPREAD) ** 2) for n in shape[1:]
    )
    return np.broadcast_to(np.outer(rows, columns).astype(np.float32), shape)
