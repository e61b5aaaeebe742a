"""How often a bundle names an action where there is none. No TensorFlow here.

Every window in time is judged by itself: it is named if its top calibrated probability reaches the
bundle's rejection threshold and if there is evidence (`Window.evident`). The app is calmer
than that, for it smooths over windows and lets an action last before it tells of it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from har_desktop.inference.bundle import Bundle
from har_desktop.inference.manifest import Manifest
from har_desktop.inference.recognizer import Recognizer
from training.data.index import Clip
from training.identity import identity
from training.metrics import Kept, Named
from training.windows import Windows, all_windows


class Labels(msgspec.Struct, frozen=True):
    """As `Named`, with how many windows got each label; most frequent first, never 0."""

    windows: int
    named: int
    labels: dict[str, int]


class Detail(msgspec.Struct, frozen=True):
    """Where the false alarms come from: a row per class for `others`, one in all for `idle`."""

    others: dict[str, Labels] | None
    idle: Labels | None


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """The report.

    Attributes:
        bundle: Its identity.
        threshold: 0..1, the bundle's rejection threshold.
        idle: Videos in which nobody does any of the actions; None where none were given.
        others: Clips of classes that the bundle does not know; None where there are none.
        kept: Clips of the bundle's own classes.
        detail: `idle` and `others` in detail.
        skipped: Unreadable files; those of the data set by their path in it, videos by their name,
            for reports are passed on and folders are private.
        seconds: What the measurement took.
        provider: The execution provider of ONNX Runtime that was used.
    """

    kind: Literal["rejection"] = "rejection"
    bundle: str
    protocol: Literal["group-wise"] = "group-wise"
    threshold: float
    idle: Named | None
    others: Named | None
    kept: Kept
    detail: Detail
    skipped: list[str]
    seconds: float
    provider: str


def reject(
    bundle: Bundle,
    data: Path,
    clips: Sequence[Clip],
    others: Sequence[Clip] | None,
    idle: Sequence[Path] | None,
    progress: bool = True,
) -> Rejection:
    """Measure the bundle's rejection.

    Args:
        bundle: Whose threshold and temperature count.
        data: The data folder of `clips` and `others`.
        clips: Of the bundle's classes.
        others: Of other classes.
        idle: Videos, whatever their names.
        progress: Whether to show a progress bar.

    Raises:
        InputError: None of all these files can be read.
    """
    began = time.perf_counter()
    manifest = bundle.manifest
    provider = Recognizer(bundle).provider
    known = [*clips, *(others or ())]
    paths = [*(data / c.path for c in known), *(idle or ())]
    answers = all_windows(bundle, paths, "time", "reject", progress)
    of_clips, of_idle = answers[: len(known)], answers[len(known) :]
    by_label: dict[str, list[Windows]] = {c.label: [] for c in known}
    for clip, windows in zip(known, of_clips, strict=True):
        if windows is not None:
            by_label[clip.label].append(windows)
    foreign = {
        label: _labels(manifest, windows)
        for label, windows in by_label.items()
        if label not in manifest.classes
    }
    still = _labels(manifest, [w for w in of_idle if w is not None])
    names = [*(c.path for c in known), *(path.name for path in idle or ())]
    return Rejection(
        bundle=identity(manifest),
        threshold=manifest.calibration.rejection_threshold,
        idle=None if idle is None else _sum([still]),
        others=None if others is None else _sum(foreign.values()),
        kept=_kept(manifest, by_label),
        detail=Detail(
            others=None if others is None else foreign,
            idle=None if idle is None else still,
        ),
        skipped=[name for name, windows in zip(names, answers, strict=True) if windows is None],
        seconds=round(time.perf_counter() - began, 1),
        provider=provider.used,
    )


def _labels(manifest: Manifest, clips: Sequence[Windows]) -> Labels:
    """Count the labels that the windows of some clips get."""
    given: Counter[str] = Counter()
    for windows in clips:
        tops = windows.probabilities.argmax(axis=1)[_named(manifest, windows)]
        given.update(manifest.classes[top] for top in tops)
    return Labels(
        sum(len(windows.evident) for windows in clips), given.total(), dict(given.most_common())
    )


def _sum(parts: Iterable[Labels]) -> Named:
    pairs = [(part.windows, part.named) for part in parts]
    return Named(sum(windows for windows, _ in pairs), sum(named for _, named in pairs))


def _kept(manifest: Manifest, by_label: dict[str, list[Windows]]) -> Kept:
    right = kept = 0
    for number, label in enumerate(manifest.classes):
        for windows in by_label.get(label, []):
            hits = windows.probabilities.argmax(axis=1) == number
            right += int(hits.sum())
            kept += int((hits & _named(manifest, windows)).sum())
    return Kept(right, kept)


def _named(manifest: Manifest, windows: Windows) -> NDArray[np.bool_]:
    """(windows,) bool: which of them get a label; compared in float64, as in the app."""
    tops = windows.probabilities.max(axis=1).astype(np.float64)
    return windows.evident & (tops >= manifest.calibration.rejection_threshold)
