"""Batches of windows for Keras, on any of its backends."""

from __future__ import annotations

from collections.abc import Sequence

import keras
import numpy as np
from numpy.typing import NDArray

from training.config import Config
from training.data import augment
from training.data.cache import Cache, Footage
from training.data.index import Clip

Batch = tuple[NDArray[np.uint8], NDArray[np.float32]]


class TrainingWindows(keras.utils.PyDataset):
    """Random windows of the training clips, anew in each epoch, the same for the same seed.

    A batch is `clips` (batch, frames, height, width, 3) uint8 RGB and `targets` (batch, classes)
    float32: one-hot, or uniform for a clip of none of the classes (outlier exposure, Hendrycks et
    al. 2019).
    """

    def __init__(self, config: Config, cache: Cache, clips: Sequence[Clip], epoch: int = 0) -> None:
        super().__init__(workers=1, max_queue_size=8)
        self._config = config
        self._cache = cache
        self._clips = list(clips) * config.windows
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._clips) // self._config.batch

    def __getitem__(self, number: int) -> Batch:
        config = self._config
        order = np.random.default_rng([config.seed, self._epoch]).permutation(len(self._clips))
        chosen = order[number * config.batch : (number + 1) * config.batch]
        rng = np.random.default_rng([config.seed, self._epoch, number])
        windows = np.stack([self._window(rng, self._clips[i]) for i in chosen])
        targets = np.stack([self._target(self._clips[i]) for i in chosen])
        if config.augment.mixup:
            windows, targets = _mix(rng, config.augment.mixup, windows, targets)
        return windows, targets

    def on_epoch_end(self) -> None:
        """Called by Keras: the next epoch draws other windows."""
        self._epoch += 1

    def _window(self, rng: np.random.Generator, clip: Clip) -> NDArray[np.uint8]:
        config, network = self._config, self._config.network
        footage = self._cache.load(clip)
        count = network.length + network.motion
        times = augment.draw_times(
            rng, config.augment, footage.duration, count, config.frame_interval_s
        )
        pictures = footage.window(times)
        if rng.random() < config.augment.background:
            other = self._cache.load(self._clips[rng.integers(len(self._clips))])
            room = other.images[rng.integers(len(other.images))]
            pictures = augment.over_room(rng, pictures, room)
        return augment.vary(rng, config.augment, pictures, (network.height, network.width))

    def _target(self, clip: Clip) -> NDArray[np.float32]:
        classes = self._config.classes
        if clip.label in classes:
            return np.eye(len(classes), dtype=np.float32)[classes.index(clip.label)]
        return np.full(len(classes), 1 / len(classes), np.float32)


def fixed_windows(
    config: Config, cache: Cache, clips: Sequence[Clip], per_clip: int = 3
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64]]:
    """Evenly placed windows without variation, for validation.

    Returns:
        `windows` (n, frames, height, width, 3) uint8 RGB, one-hot `targets` (n, classes), and the
        number of the clip that each came from (n,).
    """
    network = config.network
    count = network.length + network.motion
    windows, targets, owners = [], [], []
    for number, clip in enumerate(clips):
        footage = cache.load(clip)
        for times in _even_times(footage, count, config.frame_interval_s, per_clip):
            pictures = footage.window(times)
            windows.append(augment.resize(pictures, (network.height, network.width)))
            targets.append(config.classes.index(clip.label))
            owners.append(number)
    one_hot = np.eye(len(config.classes), dtype=np.float32)[targets]
    return np.stack(windows), one_hot, np.asarray(owners)


def _even_times(
    footage: Footage, count: int, interval: float, windows: int
) -> list[NDArray[np.float64]]:
    slack = max(0.0, footage.duration - interval * (count - 1))
    starts = np.linspace(0, slack, windows if slack else 1)
    return [start + interval * np.arange(count) for start in starts]


def _mix(
    rng: np.random.Generator,
    alpha: float,
    windows: NDArray[np.uint8],
    targets: NDArray[np.float32],
) -> Batch:
    """Mixup (Zhang et al. 2018) of the batch with itself, shuffled."""
    share = rng.beta(alpha, alpha)
    order = rng.permutation(len(windows))
    mixed = share * windows + (1 - share) * windows[order].astype(np.float32)
    return mixed.astype(np.uint8), (share * targets + (1 - share) * targets[order]).astype("f4")
