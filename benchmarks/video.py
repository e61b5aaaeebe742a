"""Video files to be replayed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from har_desktop.frame import Image
from har_desktop.sinks.atomic import AtomicFile
from har_desktop.sinks.constant_rate import ConstantRateVideo

FPS = 25.0


def record(path: Path, pictures: Iterable[Image]) -> None:
    """Write (height, width, 3) uint8 BGR pictures of one size, as the video sink does."""
    file, video = AtomicFile(path), None
    for number, picture in enumerate(pictures):
        video = video or ConstantRateVideo(file, FPS, picture.shape[:2])
        video.show(number / FPS, picture)
    if video is None:
        raise ValueError(f"{path}: no pictures")
    video.close()
    file.commit()
