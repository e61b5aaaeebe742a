"""Clips into the answers for their windows, in ONNX Runtime and in parallel.

Two ways to look at a clip are known:

* `time`, the app's way: windows in time, one every frame interval. A clip that is shorter than a
  window holds its first picture before its start.
* `even`, the poster's way: one window of evenly spaced frames over the whole clip. A network with
  motion is given, for each of them, the frames up to one interval before.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from har_desktop.errors import InputError, SourceError
from har_desktop.frame import Image
from har_desktop.inference.bundle import Bundle
from har_desktop.inference.history import ages
from har_desktop.inference.recognition import Window
from har_desktop.inference.recognizer import Recognizer
from har_desktop.opencv import cv2
from har_desktop.pipeline.hop import Hop, looks
from har_desktop.pipeline.short import ShortSource
from har_desktop.sources.video import VideoFile
from training.data.cache import nearest

Sampling = Literal["time", "even"]
Probabilities = NDArray[np.float32]


class Windows(NamedTuple):
    """The answers for the windows of a clip, at least one.

    Attributes:
        probabilities: (windows, classes) float32, calibrated.
        evident: (windows,) bool: whether there is evidence enough that any class is shown.
    """

    probabilities: Probabilities
    evident: NDArray[np.bool_]

    @property
    def votes(self) -> Probabilities:
        """(windows, classes) float32, see `har_desktop.inference.recognition.Window.vote`."""
        return self.probabilities * self.evident[:, np.newaxis]


WORKERS = 2


def all_windows(
    bundle: Bundle, paths: Sequence[Path], sampling: Sampling, task: str
) -> list[Windows | None]:
    """The answers for the windows of many clips.

    Args:
        bundle: Each worker thread makes a recognizer of its own from it.
        paths: Video files.
        sampling: How to look at each of them.
        task: Stands before the progress bar, on stderr where that is a terminal.

    Returns:
        For each path its windows; None where it is unreadable.

    Raises:
        InputError: None of them can be read. Tells why the first one can't.
    """
    # Each worker thread decodes and recognises by itself; OpenCV must not add threads of its own.
    cv2.setNumThreads(1)
    here = local()

    def answer(path: Path) -> Windows | SourceError:
        if not hasattr(here, "recognizer"):
            here.recognizer = Recognizer(bundle)
        try:
            return clip_windows(here.recognizer, path, sampling)
        except SourceError as error:
            return error

    with ThreadPoolExecutor(WORKERS) as pool:
        work = pool.map(answer, paths)
        bar = tqdm(work, task, len(paths), unit="clip", disable=None)
        answers = list(bar)
    good = [None if isinstance(a, SourceError) else a for a in answers]
    if all(windows is None for windows in good):
        raise InputError(f"none of the {len(paths)} clips can be read: {answers[0]}")
    return good


def clip_windows(recognizer: Recognizer, path: Path, sampling: Sampling) -> Windows:
    """The answers for a clip's windows.

    Raises:
        SourceError: The clip cannot be read.
    """
    recognizer.clear()
    with VideoFile(path) as source:
        if sampling == "even":
            frames = [(frame.time, recognizer.picture(frame)) for frame in source]
            return _together([_evenly(recognizer, frames)])
        short = ShortSource(recognizer)
        answers = []
        interval = recognizer.manifest.window.frame_interval_s
        clock = Hop(interval)
        for frame, wanted in looks(source, interval, interval):
            short.add(frame)
            if not wanted:
                recognizer.see(frame)
                continue
            window = recognizer.push(frame).window
            if clock.takes(frame) and window is not None:
                answers.append(window)
    if not answers and (window := short.window()) is not None:
        answers.append(window)
    return _together(answers)


def _together(answers: Sequence[Window]) -> Windows:
    return Windows(
        np.stack([window.probabilities for window in answers]),
        np.array([window.evident for window in answers]),
    )


def _evenly(recognizer: Recognizer, frames: Sequence[tuple[float, Image]]) -> Window:
    """Of all frames of a clip the time, and the picture as the encoder sees it."""
    window = recognizer.manifest.window
    times = np.array([time for time, _ in frames])
    pictures = [picture for _, picture in frames]
    places = np.linspace(0, len(frames) - 1, window.length).round().astype(int)
    images = [pictures[i] for i in places]
    past = np.array(ages(window.frame_interval_s, recognizer.manifest.input.differences))
    before = [nearest(times, times[i] - past) for i in places]
    previous = [[pictures[i] for i in indices] for indices in before]
    return recognizer.recognize_window(images, previous, times[places].tolist())
