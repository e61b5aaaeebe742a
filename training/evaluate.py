"""Accuracy of a bundle's ONNX files in ONNX Runtime, one answer per clip. No TensorFlow here.

Two ways to look at a clip are known:

* `time`, the app's way: windows in time, one every frame interval; the calibrated probabilities of
  all windows are averaged. A clip that is shorter than a window holds its first picture before
  its start.
* `even`, the poster's way: one window of evenly spaced frames over the whole clip. A network with
  motion is given, for each of them, the frame one interval before.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import local
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from har_desktop.errors import InputError, SourceError
from har_desktop.frame import Frame
from har_desktop.inference.bundle import Bundle
from har_desktop.inference.manifest import Manifest
from har_desktop.inference.recognizer import Recognizer
from har_desktop.inference.short import ShortSource
from har_desktop.opencv import cv2
from har_desktop.pipeline.hop import every
from har_desktop.sources.video import VideoFile
from training.data.index import Clip
from training.metrics import classification, expected_calibration_error

Sampling = Literal["time", "even"]
Probabilities = NDArray[np.float32]

WORKERS = 2


def evaluate(
    bundle: Bundle,
    data: Path,
    clips: Sequence[Clip],
    sampling: Sampling,
    protocol: str,
    progress: bool = True,
) -> dict[str, object]:
    """Measure the bundle on clips of its classes.

    Returns:
        The report of `training.metrics.classification` with `protocol`, `sampling`, the expected
        calibration error of the clip answers, `windows`, `skipped` (unreadable clips by path),
        `provider` and `seconds`.

    Raises:
        InputError: There are no readable clips.
    """
    began = time.perf_counter()
    # Each worker thread decodes and recognises by itself; OpenCV must not add threads of its own.
    cv2.setNumThreads(1)
    here = local()
    provider = Recognizer(bundle).provider

    def answer(clip: Clip) -> Probabilities | str:
        if not hasattr(here, "recognizer"):
            here.recognizer = Recognizer(bundle)
        try:
            return clip_windows(here.recognizer, data / clip.path, sampling)
        except SourceError as error:
            return str(error)

    with ThreadPoolExecutor(WORKERS) as pool:
        work = pool.map(answer, clips)
        answers = list(
            tqdm(work, "evaluate", len(clips), unit="clip", disable=None if progress else True)
        )
    good = [(c, a) for c, a in zip(clips, answers, strict=True) if not isinstance(a, str)]
    if not good:
        raise InputError(f"none of the {len(clips)} clips in {data} can be read: {answers[:1]}")
    classes = bundle.manifest.classes
    truth = np.array([classes.index(clip.label) for clip, _ in good])
    probabilities = np.stack([windows.mean(axis=0) for _, windows in good])
    return {
        **classification(truth, probabilities.argmax(axis=1), classes),
        "expected_calibration_error": expected_calibration_error(probabilities, truth),
        "protocol": protocol,
        "sampling": sampling,
        "windows": sum(len(windows) for _, windows in good),
        "skipped": [c.path for c, a in zip(clips, answers, strict=True) if isinstance(a, str)],
        "provider": provider.used,
        "seconds": round(time.perf_counter() - began, 1),
    }


def refuse_seen(manifest: Manifest, groups: Collection[str]) -> None:
    """Refuse to call a figure group-wise where the bundle learned from one of the groups.

    A bundle whose manifest does not tell what it learned from is measured as it is.

    Raises:
        InputError: Names the groups.
    """
    match manifest.training.get("split"):
        case {"protocol": "clip-random"}:
            raise InputError(
                f"{manifest.name} was trained on shuffled clips, so every group has leaked;"
                " measure it on its own test clips with --split RUN/split.json"
            )
        case {"sets": {"train": {"groups": list() as seen}}} if set(seen) & set(groups):
            shared = ", ".join(sorted(set(seen) & set(groups)))
            raise InputError(f"{manifest.name} learned from {shared}; name other --groups")


def clip_windows(recognizer: Recognizer, path: Path, sampling: Sampling) -> Probabilities:
    """The calibrated probabilities of a clip's windows.

    Returns:
        (windows, classes) float32; at least one row.

    Raises:
        SourceError: The clip cannot be read.
    """
    recognizer.clear()
    with VideoFile(path) as source:
        if sampling == "even":
            return _evenly(recognizer, list(source))
        short = ShortSource(recognizer)
        rows = []
        for frame in every(source, recognizer.manifest.window.frame_interval_s):
            short.add(frame)
            window = recognizer.push(frame).window
            if window is not None:
                rows.append(window.probabilities)
    if not rows and (window := short.window()) is not None:
        rows.append(window.probabilities)
    return np.stack(rows)


def _evenly(recognizer: Recognizer, frames: Sequence[Frame]) -> Probabilities:
    window = recognizer.manifest.window
    times = np.array([frame.time for frame in frames])
    places = np.linspace(0, len(frames) - 1, window.length).round().astype(int)
    before = [int(np.abs(times - (times[i] - window.frame_interval_s)).argmin()) for i in places]
    images = [recognizer.picture(frames[i]) for i in places]
    previous = [recognizer.picture(frames[i]) for i in before]
    answer = recognizer.recognize_window(images, previous, times[places].tolist())
    return answer.probabilities[None]
