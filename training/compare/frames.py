"""What the networks of a comparison see of a clip: ten evenly spaced pictures, as in the poster.

Two-stream networks also see how the scene moves at each of them: dense optical flow (Farnebaeck,
"Two-Frame Motion Estimation Based on Polynomial Expansion", SCIA 2003) as a picture whose channels
are its two components and its length, 128 standing for zero (Simonyan, Zisserman, "Two-Stream
Convolutional Networks for Action Recognition in Videos", NeurIPS 2014, quantise it alike).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_desktop.inference.letterbox import as_seen
from har_desktop.opencv import cv2
from har_desktop.sinks.atomic import make_folder
from har_desktop.sources.video import VideoFile
from training.data.cache import READER, decode_all, nearest, of_all, refuse_broken, save
from training.data.index import Clip

COUNT = 10
GAP_S = 0.1  # between the two pictures that flow is computed from
SATURATES = 1 / 8  # displacement, in picture heights, that reaches the end of the scale
STILL = 128

Pictures = NDArray[np.uint8]  # (frames, height, width, 3) RGB


class Frames:
    """The folder of pictures for one size; what is there is not computed again."""

    def __init__(self, folder: Path, data: Path, size: tuple[int, int]) -> None:
        self._data = data
        self._size = size
        self.folder = folder / f"even{COUNT}-{size[0]}x{size[1]}-{READER}"
        make_folder(self.folder)

    def fill(self, clips: Sequence[Clip], *, flow: bool) -> list[Clip]:
        """Decode what is not there yet.

        Returns:
            The clips that can be used. Unreadable ones are named on stderr.

        Raises:
            InputError: Too many of the clips cannot be decoded.
        """
        missing = [c for c in clips if not self._path(c, flow=flow).exists()]
        broken = decode_all(partial(self._decode, flow=flow), missing, "ten frames")
        refuse_broken(of_all(broken, clips), len(clips))
        return [c for c in clips if c.sha256 not in broken]

    def pictures(self, clip: Clip) -> Pictures:
        """(COUNT, height, width, 3) uint8 RGB, letterboxed, oldest first."""
        return np.load(self._path(clip, flow=False))

    def flow(self, clip: Clip) -> Pictures:
        """(COUNT, height, width, 3) uint8: to the right, downwards, length; 128 is no motion."""
        return np.load(self._path(clip, flow=True))

    def _path(self, clip: Clip, *, flow: bool) -> Path:
        return self.folder / f"{clip.sha256}{'.flow' if flow else ''}.npy"

    def _decode(self, clip: Clip, *, flow: bool) -> None:
        with VideoFile(self._data / clip.path) as source:
            small = [(frame.time, as_seen(frame.image, self._size)) for frame in source]
        times = np.array([time for time, _ in small])
        places = np.linspace(0, len(small) - 1, COUNT).round().astype(int)
        save(self._path(clip, flow=False), np.stack([small[i][1] for i in places]))
        if flow:
            grey = [cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) for _, p in small]
            pairs = [_pair(times, i) for i in places]
            moves = np.stack([_flow(grey[before], grey[after]) for before, after in pairs])
            save(self._path(clip, flow=True), moves)


def mirrored_flow(flow: Pictures) -> Pictures:
    """The flow of the mirrored pictures: what moved to the right moves to the left."""
    turned = flow[:, :, ::-1].copy()
    turned[..., 0] = (2 * STILL - turned[..., 0].astype(int)).clip(0, 255)
    return turned


def _pair(times: NDArray[np.float64], place: int) -> tuple[int, int]:
    """A picture and the one before it; at the start of a clip the one behind it."""
    before, after = nearest(times, times[place] + np.array([-GAP_S, GAP_S]))
    return (before, place) if before != place else (place, after)


def _flow(before: NDArray[np.uint8], after: NDArray[np.uint8]) -> Pictures:
    moved = cv2.calcOpticalFlowFarneback(before, after, None, 0.5, 3, 15, 3, 5, 1.2, 0)
    length = np.linalg.norm(moved, axis=2, keepdims=True)
    scale = 127 / (SATURATES * before.shape[0])
    both = np.concatenate([moved, length], axis=2) * scale
    return (STILL + both.round()).clip(0, 255).astype(np.uint8)
