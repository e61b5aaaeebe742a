"""Variations of one window. Every frame of a window is varied alike, so that motion stays motion.

A person before a webcam stands in another room, at another distance, in other light, before a
noisier sensor than the people of the data set. These are the differences that are drawn here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from har_desktop.opencv import cv2
from training.config import AugmentConfig
from training.luma import LUMA

LEAST_MOVING = 0.002  # of a picture's pixels; fewer are a codec's, or next to nothing

Pictures = NDArray[np.uint8]  # (frames, height, width, 3) RGB, or (..., 1) grey


def draw_times(
    rng: np.random.Generator, config: AugmentConfig, duration: float, count: int, interval: float
) -> NDArray[np.float64]:
    """The times of one training window: random offset, speed, jitter, direction.

    A clip that is shorter than the window stands still before it begins, as in the app.

    Returns:
        (count,) float64 seconds, oldest first (newest first where time is reversed).
    """
    interval *= float(config.speed ** rng.uniform(-1, 1))
    span = interval * (count - 1)
    start = rng.uniform(0, duration - span) if duration > span else duration - span
    times = (start + interval * np.arange(count)).astype(np.float64)
    times += rng.uniform(-config.jitter, config.jitter, count) * interval
    if rng.random() < config.reverse:
        times = times[::-1]
    return times


def grey(pictures: Pictures) -> Pictures:
    """How bright RGB is: (frames, height, width, 1) uint8."""
    frames, height, width, _ = pictures.shape
    flat = np.ascontiguousarray(pictures).reshape(frames * height, width, 3)
    return cv2.cvtColor(flat, cv2.COLOR_RGB2GRAY).reshape(frames, height, width, 1)


def vary(
    rng: np.random.Generator, config: AugmentConfig, pictures: Pictures, size: tuple[int, int]
) -> Pictures:
    """Crop, mirror, recolour, blur, add noise, erase.

    Args:
        rng: Decides everything.
        config: How much.
        pictures: (frames, height, width, 3) uint8 RGB, or (..., 1) grey.
        size: (height, width) of the result.

    Returns:
        (frames, *size, 3 or 1) uint8.
    """
    pictures = _crop(rng, config, pictures, size)
    if config.mirror and rng.random() < 0.5:
        pictures = pictures[:, :, ::-1]
    pictures = _recolour(rng, config, pictures)
    if rng.random() < config.blur:
        sigma = rng.uniform(0.3, 1.2)
        pictures = _each(pictures, lambda picture: cv2.GaussianBlur(picture, (0, 0), sigma))
    if config.noise:
        deviation = 255 * config.noise * rng.random() ** 2
        if pictures.shape[-1] == 1:  # the colours' noise averages out
            deviation *= float(np.linalg.norm(LUMA))
        noise = rng.standard_normal(pictures.shape[1:], dtype=np.float32)
        shifts = rng.integers(0, size[1], len(pictures))
        field = np.stack([np.roll(noise, shift, axis=1) for shift in shifts])
        pictures = np.rint(np.clip(pictures + deviation * field, 0, 255)).astype(np.uint8)
    if rng.random() < config.erase:
        pictures = _erase(rng, pictures)
    return np.ascontiguousarray(pictures)


def resize(pictures: Pictures, size: tuple[int, int]) -> Pictures:
    """Area averaging where they shrink, else interpolation, as `Letterbox` does in the app."""
    if pictures.shape[1:3] == size:
        return pictures
    height, width = size
    shrinks = pictures.shape[1] > height or pictures.shape[2] > width
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return _each(pictures, lambda p: cv2.resize(p, (width, height), interpolation=method))


def _each(pictures: Pictures, change: Callable[[Pictures], NDArray[np.generic]]) -> Pictures:
    """Change picture after picture; OpenCV drops the axis of a single channel."""
    changed = np.stack([change(picture) for picture in pictures])
    return changed.reshape(*changed.shape[:3], pictures.shape[-1]).astype(np.uint8, copy=False)


def over_room(rng: np.random.Generator, pictures: Pictures, room: Pictures) -> Pictures:
    """Put what moves in `pictures` before the still picture `room` of another clip.

    What moves is where a frame differs from the window's median picture; the soft mask keeps the
    seam from becoming a cue. Where hardly anything does, the pictures stay as they are.

    Args:
        rng: Decides the threshold.
        pictures: (frames, height, width, 3) uint8 RGB, or (..., 1) grey.
        room: The same for one picture.
    """
    median = np.median(pictures[::2], axis=0).astype(np.uint8)
    difference = _each(pictures, lambda picture: cv2.absdiff(picture, median)).max(axis=(0, 3))
    mask = (difference > rng.uniform(20, 40)).astype(np.float32)
    if mask.mean() < LEAST_MOVING:  # the action would be gone, and its name be another one's room
        return pictures
    side = max(3, pictures.shape[1] // 8)
    mask = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    mask = cv2.GaussianBlur(mask, (0, 0), side / 4)
    return _each(pictures, lambda picture: cv2.blendLinear(picture, room, mask, 1 - mask))


def _crop(
    rng: np.random.Generator, config: AugmentConfig, pictures: Pictures, size: tuple[int, int]
) -> Pictures:
    """A rectangle of random scale, aspect and place; black where it reaches past the picture."""
    low, high = config.scale
    scale = rng.uniform(low, high)
    stretch = config.aspect ** rng.uniform(-0.5, 0.5)
    height, width = pictures.shape[1:3]
    crop_h, crop_w = round(height * scale * stretch), round(width * scale / stretch)
    top = round(rng.uniform(min(0, height - crop_h), max(0, height - crop_h)))
    left = round(rng.uniform(min(0, width - crop_w), max(0, width - crop_w)))
    if top < 0 or left < 0 or top + crop_h > height or left + crop_w > width:
        canvas = np.zeros((len(pictures), crop_h, crop_w, pictures.shape[-1]), np.uint8)
        y0, x0 = max(top, 0), max(left, 0)
        y1, x1 = min(top + crop_h, height), min(left + crop_w, width)
        canvas[:, y0 - top : y1 - top, x0 - left : x1 - left] = pictures[:, y0:y1, x0:x1]
        return resize(canvas, size)
    return resize(pictures[:, top : top + crop_h, left : left + crop_w], size)


def _recolour(rng: np.random.Generator, config: AugmentConfig, pictures: Pictures) -> Pictures:
    """Brightness, contrast, saturation and hue as one affine map of RGB; of grey the first two."""
    frames, height, width, channels = pictures.shape
    colours = _colours(rng, config)
    matrix = colours if channels > 1 else np.eye(1)
    contrast = 1 + config.contrast * rng.uniform(-1, 1)
    brightness = 255 * config.brightness * rng.uniform(-1, 1)
    offset = 128 * (1 - contrast) + brightness
    affine = np.concatenate([contrast * matrix, np.full((channels, 1), offset)], axis=1)
    flat = np.ascontiguousarray(pictures).reshape(frames * height, width, channels)
    return cv2.transform(flat, affine).reshape(pictures.shape)


def _colours(rng: np.random.Generator, config: AugmentConfig) -> NDArray[np.float64]:
    """Saturation and hue as a map of RGB."""
    saturation = 1 + config.saturation * rng.uniform(-1, 1)
    if rng.random() < config.grey:
        saturation = 0.0
    matrix = saturation * np.eye(3) + (1 - saturation) * np.tile(LUMA, (3, 1))
    return matrix @ _hue_rotation(2 * np.pi * config.hue * rng.uniform(-1, 1))


def _hue_rotation(angle: float) -> NDArray[np.float64]:
    """Rotation of RGB about the grey axis (Rodrigues' formula)."""
    axis = np.full(3, 1 / np.sqrt(3))
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)


def _erase(rng: np.random.Generator, pictures: Pictures) -> Pictures:
    """Cover a rectangle with one colour in all frames (random erasing, Zhong et al. 2017)."""
    height, width = pictures.shape[1:3]
    box_h, box_w = rng.integers(height // 8, height // 2), rng.integers(width // 8, width // 2)
    top, left = rng.integers(0, height - box_h), rng.integers(0, width - box_w)
    pictures = pictures.copy()
    pictures[:, top : top + box_h, left : left + box_w] = rng.integers(0, 256, pictures.shape[-1])
    return pictures
