"""Decoded clips on disk, small enough to draw random windows from.

Each clip becomes two arrays, pictures and times, in a folder that is named after the settings,
under the hash of its content: changed content or settings never meet a stale entry, and an
interrupted run goes on where it stopped.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from har_desktop.errors import InputError, SourceError
from har_desktop.frame import Frame
from har_desktop.inference.letterbox import as_seen
from har_desktop.opencv import cv2
from har_desktop.sinks.atomic import make_folder, write_whole
from training.data.figures import open_clip
from training.data.index import Clip, once

# Windows are drawn at random offsets and jittered intervals, so the cache is finer than theirs. It
# is a whole fraction of it: else pictures that the app takes 0.2 s apart, at 25 frames a second,
# would lie 0.16 and 0.24 s apart in what is learned from.
PER_INTERVAL = 3
# Raised whenever the app reads other pictures or times from a file than it did, as it now refuses
# interlaced ones and stretches wide pixels; or what was decoded before would stay.
READER = 2
# More broken clips than a few, and than this share: something is wrong with the data set itself.
A_FEW = 3
MAX_BROKEN = 0.05


@dataclass(frozen=True)
class Footage:
    """The decoded pictures of one clip.

    Attributes:
        images: (frames, height, width, 3) uint8 RGB, letterboxed, memory-mapped.
        times: (frames,) float64 seconds, increasing, from 0.
    """

    images: NDArray[np.uint8]
    times: NDArray[np.float64]

    def window(self, times: NDArray[np.float64]) -> NDArray[np.uint8]:
        """The pictures nearest to `times`; before the start and past the end the clip holds still.

        Returns:
            (len(times), height, width, 3) uint8 RGB.
        """
        return self.images[nearest(self.times, times)]

    @property
    def duration(self) -> float:
        """Seconds from the first picture to the last."""
        return float(self.times[-1])


class Cache:
    """The folder of decoded clips for one picture size and frame interval."""

    def __init__(self, folder: Path, data: Path, size: tuple[int, int], interval: float) -> None:
        """Keep pictures of `size` (height, width) for windows of `interval` seconds a step."""
        height, width = size
        self._data = data
        self._size = size
        self._spacing = interval / PER_INTERVAL
        self.folder = folder / f"{height}x{width}-{PER_INTERVAL}-in-{interval:g}s-{READER}"
        make_folder(self.folder)

    def fill(self, clips: Sequence[Clip]) -> list[Clip]:
        """Decode what is not there yet; a progress bar tells how far it is.

        Returns:
            The clips that can be used. Unreadable ones are named on stderr.

        Raises:
            InputError: Too many of the clips cannot be decoded, see `refuse_broken`.
            OutputError: The folder takes no more. What is decoded stays.
        """
        missing = [c for c in clips if not self._paths(c)[0].exists()]
        broken = decode_all(self._decode, missing, "decode")
        refuse_broken(of_all(broken, clips), len(clips))
        return [c for c in clips if c.sha256 not in broken]

    def load(self, clip: Clip) -> Footage:
        """The footage of a clip that `fill` has decoded."""
        images, times = self._paths(clip)
        return Footage(np.load(images, mmap_mode="r"), np.load(times))

    def duration(self, clip: Clip) -> float:
        """Seconds of a clip that `fill` has decoded."""
        return float(np.load(self._paths(clip)[1])[-1])

    def _paths(self, clip: Clip) -> tuple[Path, Path]:
        return self.folder / f"{clip.sha256}.npy", self.folder / f"{clip.sha256}.times.npy"

    def _decode(self, clip: Clip) -> None:
        images: list[NDArray[np.uint8]] = []
        times: list[float] = []
        with open_clip(clip, self._data) as source:
            for frame in thinned(source, self._spacing):
                images.append(as_seen(frame.image, self._size))
                times.append(frame.time)
        image_path, time_path = self._paths(clip)
        save(time_path, np.asarray(times))
        _save_pictures(image_path, images)  # last: its presence says that both are whole


def thinned(frames: Iterable[Frame], spacing: float) -> Iterator[Frame]:
    """The frame nearest to each multiple of `spacing` seconds, each frame once.

    Where the source has every multiple of a window's interval, as at 25 and 30 frames a second,
    what is kept repeats from interval to interval.
    """
    for tick, group in groupby(frames, lambda frame: round(frame.time / spacing)):
        yield min(group, key=lambda frame: abs(frame.time - tick * spacing))


def decode_all(decode: Callable[[Clip], None], clips: Sequence[Clip], task: str) -> dict[str, str]:
    """Decode clips in parallel, each content once; a progress bar tells how far it is.

    Args:
        decode: Decodes one clip and keeps the result; raises SourceError where it cannot be read.
        clips: The clips.
        task: Stands before the bar.

    Returns:
        Why contents could not be read, by their hash.
    """
    cv2.setNumThreads(1)
    broken: dict[str, str] = {}

    def attempt(clip: Clip) -> None:
        try:
            decode(clip)
        except SourceError as error:
            broken[clip.sha256] = str(error)

    contents = once(clips)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        work = pool.map(attempt, contents)
        try:
            for _ in tqdm(work, task, len(contents), unit="clip", disable=None):
                pass
        except BaseException:  # a full disk, or Ctrl-C: the other clips are not worth waiting for
            pool.shutdown(cancel_futures=True)
            raise
    return broken


def of_all(broken: Mapping[str, str], clips: Iterable[Clip]) -> list[str]:
    """Why clips cannot be read, one line for each, though some may have the same content.

    Args:
        broken: As of `decode_all`.
        clips: What was given to it, or more.
    """
    lines = []
    for clip in clips:
        if reason := broken.get(clip.sha256):
            told = clip.path in reason.replace("\\", "/")
            lines.append(reason if told else f"{clip.path}: as {reason}")
    return lines


def nearest(there: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.int64]:
    """For each wanted time the index of the nearest one that is there.

    Args:
        there: (frames,) increasing seconds.
        wanted: (count,) seconds; beyond either end the end counts.

    Returns:
        (count,) indices.
    """
    right = np.clip(np.searchsorted(there, wanted), 1, max(len(there) - 1, 1))
    right = np.minimum(right, len(there) - 1)
    left = np.maximum(right - 1, 0)
    nearer = np.abs(there[left] - wanted) <= np.abs(there[right] - wanted)
    return np.where(nearer, left, right)


def refuse_broken(broken: Collection[str], clips: int) -> None:
    """Say on stderr why clips cannot be decoded.

    Raises:
        InputError: They are more than `A_FEW` and than `MAX_BROKEN` of all, or all.
    """
    for reason in broken:
        tqdm.write(f"left out: {reason}", file=sys.stderr)
    told = f"{len(broken)} of {clips} clips cannot be decoded"
    if len(broken) == clips > 0 or len(broken) > max(A_FEW, MAX_BROKEN * clips):
        raise InputError(f"{told}: convert them with another program, or remove them")
    if broken:
        tqdm.write(told, file=sys.stderr)


def _save_pictures(path: Path, images: Sequence[NDArray[np.uint8]]) -> None:
    """As `save`, picture by picture: those of a long clip fill the memory once, not three times."""
    head = io.BytesIO()
    shape = (len(images), *images[0].shape)
    settings = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(head, settings)
    write_whole(path, head.getbuffer(), *(image.data for image in images))


def save(path: Path, array: NDArray[np.generic]) -> None:
    """Write under another name, then rename: what stands under `path` is always whole.

    Raises:
        OutputError: It cannot be written. What was written before stays.
    """
    data = io.BytesIO()  # NumPy would not tell why a file on a full disk ends too soon
    np.save(data, array)
    write_whole(path, data.getbuffer())
