"""Batches of windows for Keras, on any of its backends.

A network learns from pictures (`Pictures`) or, with a frozen trunk, from the features that the
trunk made of them (`Views`). Both give windows as tuples with one array per input of the model.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Collection, Sequence
from typing import Any, Protocol, TypeVar

import keras
import numpy as np
from numpy.typing import NDArray

from har_desktop.inference.history import SLACK
from training.config import AugmentConfig, Config
from training.data import augment
from training.data.bank import Bank, Tape
from training.data.cache import Cache, Footage
from training.data.index import Clip
from training.luma import COLOURS

Window = tuple[NDArray[np.generic], ...]  # for each input of the model (frames, ...)
# The model's input (windows, frames, ...), or all of them where it has several.
Inputs = NDArray[np.generic] | tuple[NDArray[np.generic], ...]


Taken = TypeVar("Taken", Footage, Tape)


class Material(Protocol[Taken]):
    """Where windows come from."""

    def load(self, clip: Clip, view: int = 0) -> Taken:
        """One view of a clip; view 0 is the clip as it is."""

    def views(self, clip: Clip) -> Sequence[int]:
        """The numbers of the views that there are to learn from."""

    def plain(self, taken: Taken, times: NDArray[np.float64]) -> Window:
        """A window without variation."""

    def varied(self, rng: np.random.Generator, taken: Taken, times: NDArray[np.float64]) -> Window:
        """A window to learn from."""


class Pictures(Material[Footage]):
    """Windows of pictures, varied anew each time."""

    def __init__(
        self,
        config: AugmentConfig,
        size: tuple[int, int],
        cache: Cache,
        rooms: Sequence[Clip] = (),
        *,
        colour: bool = True,
    ) -> None:
        """Give pictures of `size` (height, width); `rooms` are backgrounds for others' people.

        Without `colour`, varied pictures are grey, which takes a quarter of the time.
        """
        self._config = config
        self._size = size
        self._cache = cache
        self._rooms = rooms
        self._colour = colour

    def load(self, clip: Clip, view: int = 0) -> Footage:  # noqa: ARG002
        """The pictures of a clip: there is one view."""
        return self._cache.load(clip)

    def views(self, clip: Clip) -> Sequence[int]:  # noqa: ARG002
        """The clip as it is: pictures are varied later."""
        return (0,)

    def plain(self, taken: Footage, times: NDArray[np.float64]) -> Window:
        """(frames, height, width, 3) uint8 RGB of the network's size."""
        return (augment.resize(taken.window(times), self._size),)

    def varied(
        self, rng: np.random.Generator, taken: Footage, times: NDArray[np.float64]
    ) -> Window:
        """The same, varied; see `training.data.augment`."""
        pictures = self._seen(taken.window(times))
        if rng.random() < self._config.background:
            other = self._cache.load(self._rooms[int(rng.integers(len(self._rooms)))])
            room = other.images[rng.integers(len(other.images))]
            pictures = augment.over_room(rng, pictures, self._seen(room[np.newaxis])[0])
        pictures = augment.vary(rng, self._config, pictures, self._size)
        return (np.broadcast_to(pictures, (*pictures.shape[:-1], COLOURS)),)

    def _seen(self, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return pictures if self._colour else augment.grey(pictures)


class Views(Material[Tape]):
    """Windows of features; the pictures were varied before the trunk saw them."""

    def __init__(self, config: Config, bank: Bank) -> None:
        self._config = config
        self._bank = bank

    def load(self, clip: Clip, view: int = 0) -> Tape:
        """The features of a view."""
        return self._bank.load(clip, view)

    def views(self, clip: Clip) -> Sequence[int]:
        """See `training_views`."""
        return training_views(self._config, clip)

    def plain(self, taken: Tape, times: NDArray[np.float64]) -> Window:
        """One array (frames, height, width, channels) float16 per output of the trunk."""
        return taken.window(times)

    def varied(self, rng: np.random.Generator, taken: Tape, times: NDArray[np.float64]) -> Window:
        """The same, mirrored or not."""
        features = taken.window(times)
        # Features of a mirrored picture are nearly the mirrored features, at no cost.
        mirrored = self._config.augment.mirror and rng.random() < 0.5
        return tuple(values[:, :, ::-1] for values in features) if mirrored else features


def training_views(config: Config, clip: Clip) -> Sequence[int]:
    """The views of a clip to learn from: all, but only one of a clip of none of the classes.

    Which one differs from clip to clip, or the kind of view would tell the classes from the rest.
    """
    if clip.label in config.classes:
        return range(config.views)
    return (int(clip.sha256[:8], 16) % config.views,)


class TrainingWindows(keras.utils.PyDataset):
    """Random windows of the training clips, anew in each epoch, the same for the same seed.

    A batch is the model's inputs, and `targets` (batch, classes) float32: one-hot, or uniform where
    none of the classes is shown (outlier exposure, Hendrycks et al. 2019).

    Attributes:
        ready: (batches,) float64: the moment, `time.perf_counter()`, at which each was ready last.
    """

    def __init__(
        self, config: Config, material: Material[Any], clips: Sequence[Clip], epoch: int = 0
    ) -> None:
        super().__init__(workers=max(1, (os.cpu_count() or 1) // 4), max_queue_size=8)
        self._config = config
        self._material = material
        known = [clip for clip in clips if clip.label in config.classes]
        self._known = known * config.windows
        self._others = [c for c in clips if c.label not in config.classes] * config.windows
        self._epoch = epoch
        self.ready: NDArray[np.float64] = np.zeros(len(self))

    def __len__(self) -> int:
        # What doesn't fill a batch waits for another epoch; but there is one at least.
        return max(1, (len(self._known) + self._count_others()) // self._config.batch)

    def _count_others(self) -> int:
        """How many windows of other classes an epoch has; no clip gives more than one it knows."""
        return min(len(self._others), round(self._config.others * len(self._known)))

    def _drawn(self) -> list[Clip]:
        """The clips of this epoch, shuffled: all of the classes, some of the others."""
        rng = np.random.default_rng([self._config.seed, self._epoch])
        others = rng.permutation(len(self._others))[: self._count_others()]
        clips = self._known + [self._others[i] for i in others]
        return [clips[i] for i in rng.permutation(len(clips))]

    def __getitem__(self, number: int) -> tuple[Inputs, NDArray[np.float32]]:
        config = self._config
        chosen = self._drawn()[number * config.batch : (number + 1) * config.batch]
        rng = np.random.default_rng([config.seed, self._epoch, number])
        windows, targets = zip(*(self._window(rng, clip) for clip in chosen), strict=True)
        parts, target = _stack(windows), np.stack(targets)
        if config.augment.mixup:
            parts, target = _mix(rng, config.augment.mixup, parts, target)
        self.ready[number] = time.perf_counter()
        return _inputs(parts), target

    def on_epoch_end(self) -> None:
        """Called by Keras: the next epoch draws other windows."""
        self._epoch += 1

    def _window(self, rng: np.random.Generator, clip: Clip) -> tuple[Window, NDArray[np.float32]]:
        config, network = self._config, self._config.network
        taken = self._material.load(clip, int(rng.choice(self._material.views(clip))))
        count = network.length + network.motion
        times = augment.draw_times(
            rng, config.augment, taken.duration, count, config.frame_interval_s
        )
        still = rng.random() < config.augment.still
        if still:
            times = np.full(count, times[0])
        times = between(times, network.differences)
        window = self._material.varied(rng, taken, times)
        return window, _target(config.classes, None if still else clip.label)


def _target(classes: Sequence[str], label: str | None) -> NDArray[np.float32]:
    if label in classes:
        return np.eye(len(classes), dtype=np.float32)[classes.index(label)]
    return np.full(len(classes), 1 / len(classes), np.float32)


class FixedWindows(keras.utils.PyDataset):
    """Some windows of each clip without variation, for validation; see `fixed_times`.

    They are cut anew whenever they are asked for: all at once would fill the memory of a laptop.

    Attributes:
        targets: (n, classes) float32, one-hot, or uniform where none of the classes is shown.
        owners: (n,) the number of the clip that each window came from.
    """

    def __init__(
        self,
        config: Config,
        material: Material[Any],
        clips: Sequence[Clip],
        batch: int,
        per_clip: int = 3,
    ) -> None:
        super().__init__()
        self._material, self._batch = material, batch
        network, interval = config.network, config.frame_interval_s
        count = network.length + network.motion
        durations = [material.load(clip).duration for clip in clips]
        starts = [fixed_times(seconds, count, interval, per_clip) for seconds in durations]
        self._windows = [
            (clip, between(times, network.differences))
            for clip, several in zip(clips, starts, strict=True)
            for times in several
        ]
        self.targets = np.stack([_target(config.classes, clip.label) for clip, _ in self._windows])
        self.owners = np.repeat(np.arange(len(clips)), [len(several) for several in starts])

    def __len__(self) -> int:
        return math.ceil(len(self._windows) / self._batch)

    def __getitem__(self, number: int) -> tuple[Inputs, NDArray[np.float32]]:
        here = slice(number * self._batch, (number + 1) * self._batch)
        windows = [
            self._material.plain(self._material.load(clip), times)
            for clip, times in self._windows[here]
        ]
        return _inputs(_stack(windows)), self.targets[here]


def between(times: NDArray[np.float64], steps: int) -> NDArray[np.float64]:
    """Each way from one time to the next in as many steps, all times that this takes."""
    places = np.arange(steps * (len(times) - 1) + 1) / steps
    return np.interp(places, np.arange(len(times)), times)


def _stack(windows: Collection[Window]) -> tuple[NDArray[np.generic], ...]:
    return tuple(np.stack(part) for part in zip(*windows, strict=True))


def _inputs(parts: tuple[NDArray[np.generic], ...]) -> Inputs:
    return parts if len(parts) > 1 else parts[0]


def ticks(duration: float, interval: float) -> int:
    """How many pictures an interval apart a clip has, from its start on."""
    return math.floor((duration + SLACK) / interval) + 1


def fixed_times(
    duration: float, count: int, interval: float, most: int
) -> list[NDArray[np.float64]]:
    """The times of at most so many windows of a clip, spread over it.

    They begin at multiples of the interval, where the thinned-out clip has the pictures that the
    app would take (`training.data.cache.thinned`). A clip that is shorter than a window stands
    still before it begins, as in the app.

    Returns:
        (count,) seconds each.
    """
    slack = ticks(duration, interval) - count  # in intervals
    starts = np.unique(np.linspace(min(0, slack), slack, most).astype(int))
    return [interval * (start + np.arange(count)) for start in starts]


def _mix(
    rng: np.random.Generator,
    alpha: float,
    parts: tuple[NDArray[np.generic], ...],
    targets: NDArray[np.float32],
) -> tuple[tuple[NDArray[np.generic], ...], NDArray[np.float32]]:
    """Mixup (Zhang et al. 2018) of the batch with itself, shuffled."""
    share = np.float32(rng.beta(alpha, alpha))
    order = rng.permutation(len(targets))
    mixed = tuple(
        (share * floats + (1 - share) * floats[order]).astype(values.dtype)
        for values in parts
        for floats in [values.astype(np.float32)]
    )
    return mixed, share * targets + (1 - share) * targets[order]
