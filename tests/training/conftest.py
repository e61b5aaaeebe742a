"""A small data set of real video files, laid out and named like UCF101."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from har_desktop.opencv import cv2

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

CLASSES = ("Drift", "Still")
GROUPS = tuple(range(1, 21))
FPS = 20.0


def write_clip(path: Path, *, speed: float, seed: int, seconds: float = 3.0) -> None:
    """A bright disc that drifts to the right by `speed` widths a second over a noisy room."""
    rng = np.random.default_rng(seed)
    room = rng.integers(0, 90, (48, 64, 3), dtype=np.uint8)
    start = rng.uniform(8, 20)
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (64, 48))
    assert writer.isOpened()
    for number in range(round(seconds * FPS)):
        picture = room.copy()
        x = (start + speed * 64 * number / FPS) % 64
        cv2.circle(picture, (round(x), 24), 6, (255, 255, 255), -1)
        writer.write(picture)
    writer.release()


@pytest.fixture(scope="session", name="write_clip")
def write_clip_fixture():
    """The function `write_clip`."""
    return write_clip


@pytest.fixture(scope="session")
def clips_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes, twenty groups each, one clip per group, and one class of none of the two."""
    root = tmp_path_factory.mktemp("clips")
    for label, speed in (("Drift", 0.5), ("Still", 0.0), ("Other", -0.2)):
        for group in GROUPS:
            path = root / label / f"v_{label}_g{group:02d}_c01.avi"
            write_clip(path, speed=speed, seed=hash_seed(label, group))
    return root


@pytest.fixture(scope="session")
def idle_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two videos whose names state no group: one of 3 s, and one shorter than a window."""
    folder = tmp_path_factory.mktemp("idle")
    write_clip(folder / "S1_static.avi", speed=0.0, seed=1)
    write_clip(folder / "shrug.avi", speed=0.0, seed=2, seconds=0.5)
    return folder


def hash_seed(label: str, group: int) -> int:
    return sum(map(ord, label)) * 1000 + group
