"""Small videos, and their replay by a model of tests."""

from pathlib import Path

import numpy as np

from har_desktop.opencv import cv2
from har_desktop.replay import Replays, replay

FPS = 20.0


def write_video(path: Path, seconds: float = 3.0, size: tuple[int, int] = (64, 48)) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), FPS, size)
    assert writer.isOpened()
    room = np.random.default_rng(0).integers(0, 90, (size[1], size[0], 3), dtype=np.uint8)
    for number in range(round(seconds * FPS)):
        picture = room.copy()
        cv2.circle(picture, (10 + number % 40, 24), 6, (255, 255, 255), -1)
        writer.write(picture)
    writer.release()
    return path


def run(sources: list[Path], out: Path, bundle: Path, **options: object) -> Replays:
    return replay([str(s) for s in sources], out, model=bundle, provider="cpu", **options)
