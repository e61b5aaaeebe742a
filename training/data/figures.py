"""Rendered figures as additional training clips: the actions that our own code can draw."""

from __future__ import annotations

import hashlib
from pathlib import Path

from har_desktop.sources.base import Source
from har_desktop.sources.figure import ACTIONS, RenderedFigure
from har_desktop.sources.video import VideoFile
from training.data.index import Clip

# Not a folder of the data set: `open_clip` renders these instead of reading a file.
ROOT = "rendered"
GROUP = "(rendered figure)"  # no group of one's own is called like that
# Raised whenever the drawing changes, or the cache would hold on to older pictures.
VERSION = 1
SIZE = (240, 320)
FPS = 1000 / 60


def figure_clips(classes: tuple[str, ...], count: int) -> list[Clip]:
    """`count` clips, each of another person in another room, of every class that can be drawn."""
    return [
        Clip(f"{ROOT}/{label}/{seed}", label, GROUP, _key(label, seed))
        for label in classes
        if label in ACTIONS
        for seed in range(count)
    ]


def open_clip(clip: Clip, data: Path) -> Source:
    """The source of a clip of the data set or of a rendered one; not opened yet."""
    if clip.group != GROUP:
        return VideoFile(data / clip.path)
    return RenderedFigure(clip.label, int(clip.path.rpartition("/")[2]), fps=FPS, size=SIZE)


def _key(label: str, seed: int) -> str:
    return hashlib.sha256(f"{ROOT} {VERSION} {label} {seed} {SIZE} {FPS}".encode()).hexdigest()
