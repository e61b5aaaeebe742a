"""The ten frames of a window with the evidence for its answer (Fig. 4 and 5 of the poster)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from numpy.typing import NDArray
from tqdm import tqdm

from har_desktop.errors import SourceError
from har_desktop.frame import Image
from har_desktop.inference.bundle import Bundle
from har_desktop.inference.letterbox import Letterbox
from har_desktop.inference.model import TOP
from har_desktop.inference.recognition import Window
from har_desktop.inference.recognizer import Recognizer
from har_desktop.opencv import cv2
from har_desktop.overlay import blend
from har_desktop.sources.video import VideoFile
from training.data.index import Clip
from training.explain import draw as draw_lots
from training.explain import middle_window
from training.figures.style import WIDTH, new_figure
from training.occlusion import answer

LOOKED_AT = 60  # clips at most, in search of right and wrong answers
_WIDEST = 480  # pixels of a frame: ten of them side by side in print show no more
# Inches.
_LABELS, _EDGE = 0.8, 0.05  # left of the frames, and right of them
_TITLE, _TIMES, _SCALE = 0.25, 0.2, 0.4  # above a strip, below it, and below all
_GAP = 0.03  # between rows; as wide between frames, in widths of one
_OPACITY = 0.85


@dataclass(frozen=True)
class Strip:
    """One window and the evidence in it.

    Attributes:
        clip: Where it is from.
        images: (height, width, 3) uint8 BGR each, oldest first.
        times: Seconds of each.
        window: The answer; its heat-maps explain the most probable class.
        truth: Heat-maps of the true class, (length, h, w) float32; those of `window` where the
            answer is right.
        classes: Names of all classes.
    """

    clip: Clip
    images: Sequence[Image]
    times: Sequence[float]
    window: Window
    truth: NDArray[np.float32]
    classes: Sequence[str]

    @property
    def answer(self) -> str:
        """The most probable class."""
        return self.classes[self.window.explained]

    @property
    def right(self) -> bool:
        """Whether it is the true one."""
        return self.answer == self.clip.label


def find(bundle: Bundle, data: Path, clips: Sequence[Clip], count: int) -> list[Strip]:
    """Middle windows of at most `count` clips that are recognised, and of as many that are not.

    Lots decide, always the same; no two strips of a kind show one class while there are others.
    """
    recognizer = Recognizer(bundle)
    found: list[Strip] = []
    spare: dict[bool, list[Strip]] = {True: [], False: []}
    for clip in tqdm(draw_lots(clips, LOOKED_AT), "strips", unit="clip", disable=None):
        try:
            strip = _look(recognizer, data, clip)
        except SourceError:
            continue
        if strip is None:
            continue
        alike = [s for s in found if s.right == strip.right]
        if any(s.clip.label == clip.label for s in alike):
            spare[strip.right] = [*spare[strip.right], strip][:count]
        elif len(alike) < count:
            found.append(strip)
        if len(found) == 2 * count:
            break
    for right, strips in spare.items():
        found += strips[: count - sum(s.right == right for s in found)]
    return found


def _look(recognizer: Recognizer, data: Path, clip: Clip) -> Strip | None:
    stretch = middle_window(recognizer, data / clip.path)
    if stretch is None:
        return None
    window = answer(recognizer, stretch)
    classes = recognizer.manifest.classes
    recognizer.explain = classes.index(clip.label)
    truth = answer(recognizer, stretch).heatmaps
    recognizer.explain = TOP
    with VideoFile(data / clip.path) as source:
        frames = {frame.time: _small(frame.image) for frame in source if frame.time in window.times}
    images = [frames[time] for time in window.times]
    return Strip(clip, images, window.times, window, truth, classes)


def _small(image: Image) -> Image:
    """As large as it is of use: frames of many clips are held at once."""
    scale = min(1.0, _WIDEST / image.shape[1])
    return np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))


def draw(strips: Sequence[Strip]) -> Figure:
    """Draw the frames of each strip, below them the evidence for the answer.

    Where the answer is wrong, the evidence for the truth stands below that. Each row of heat-maps
    is scaled by its own maximum.
    """
    heights = [_TITLE + _rows(strip) * (_row_height(strip) + _GAP) + _TIMES for strip in strips]
    figure = new_figure(sum(heights) + _SCALE)
    figure.set_layout_engine("none")
    top = figure.get_figheight()
    for strip, height in zip(strips, heights, strict=True):
        _draw_strip(figure, strip, top)
        top -= height
    place = _place(figure, _LABELS, 0.25, WIDTH - _LABELS - _EDGE, 0.07)
    scale = figure.colorbar(ScalarMappable(cmap="inferno"), cax=place, orientation="horizontal")
    scale.set_ticks([0, 1], labels=["no evidence", "most evidence in the row"])
    low, high = place.get_xticklabels()
    low.set_horizontalalignment("left")
    high.set_horizontalalignment("right")
    scale.outline.set_visible(False)
    return figure


def _place(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes at a place given in inches."""
    w, h = figure.get_size_inches()
    return figure.add_axes((left / w, bottom / h, width / w, height / h))


def _rows(strip: Strip) -> int:
    return 2 if strip.right else 3


def _row_height(strip: Strip) -> float:
    height, width = _side_by_side(strip.images)[0].shape[:2]
    return (WIDTH - _LABELS - _EDGE) * height / width


def _draw_strip(figure: Figure, strip: Strip, top: float) -> None:
    rows = [("frames", strip.images), (strip.answer, _heated(strip, strip.window.heatmaps))]
    if not strip.right:
        rows.append((strip.clip.label, _heated(strip, strip.truth)))
    height = _row_height(strip)
    bottom = top - _TITLE
    for number, (words, images) in enumerate(rows):
        bottom -= height
        axes = _place(figure, _LABELS, bottom, WIDTH - _LABELS - _EDGE, height)
        bottom -= _GAP
        picture, middles = _side_by_side(images)
        axes.imshow(picture, interpolation="lanczos", aspect="auto")
        axes.set_xticks([])
        axes.set_yticks([picture.shape[0] / 2], [_broken(words)], fontsize=7, parse_math=False)
        axes.tick_params(length=0, pad=3)
        axes.spines[:].set_visible(False)
        if number == 0:
            axes.set_title(_title(strip), loc="left", pad=4, parse_math=False)
    axes.set_xticks(middles, [f"{time - strip.times[0]:.1f} s" for time in strip.times], fontsize=7)


def _broken(label: str) -> str:
    """A label in short lines: at blanks, behind hyphens, and where UCF101 begins a new word."""
    return re.sub(r"\s+|(?<=[_-])|(?<=[a-z])(?=[A-Z])", "\n", label).strip("\n")


def _title(strip: Strip) -> str:
    probabilities = strip.window.probabilities
    sure = f"{probabilities[strip.window.explained]:.0%}"
    if strip.right:
        return f"{strip.clip.label}, recognised ({sure})"
    true = probabilities[strip.classes.index(strip.clip.label)]
    return f"{strip.clip.label} ({true:.0%}), taken for {strip.answer} ({sure})"


def _heated(strip: Strip, maps: NDArray[np.float32]) -> list[Image]:
    """The frames in grey, so that nothing but the evidence has colours in print."""
    maximum, size = float(maps.max()), strip.window.images[0].shape[:2]
    greys = (cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) for image in strip.images)
    return [
        blend(cv2.merge([grey] * 3), heat, Letterbox.fit(grey.shape, size), maximum, _OPACITY)
        for grey, heat in zip(greys, maps, strict=True)
    ]


def _side_by_side(images: Sequence[Image]) -> tuple[NDArray[np.uint8], list[float]]:
    """One RGB picture of all, with gaps of white, and the middle column of each."""
    height, width = images[0].shape[:2]
    gap = max(1, round(_GAP * width))
    whole = np.full((height, len(images) * (width + gap) - gap, 3), 255, np.uint8)
    middles = []
    for number, image in enumerate(images):
        left = number * (width + gap)
        whole[:, left : left + width] = image[:, :, ::-1]
        middles.append(left + width / 2)
    return whole, middles
