"""How often a bundle names an action where there is none. No TensorFlow here.

Every window in time is judged by itself: it is named if its top calibrated probability reaches the
bundle's rejection threshold and if there is evidence (`Window.evident`). The app is calmer
than that, for it smooths over windows and lets an action last before it tells of it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from itertools import chain, compress
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from har_desktop.errors import InputError
from har_desktop.inference.bundle import Bundle
from har_desktop.inference.identity import identity
from har_desktop.inference.manifest import Manifest
from har_desktop.inference.recognizer import Recognizer
from training.data.index import Clip, origins, tested
from training.metrics import Kept, Named, grouped95
from training.windows import Windows, all_windows


class Labels(msgspec.Struct, frozen=True):
    """As `Named`, with how many windows got each label; most frequent first, never 0."""

    windows: int
    named: int
    labels: dict[str, int]


class Detail(msgspec.Struct, frozen=True):
    """A row per class for `kept`, if any of its windows is right, and `others`; one for `idle`."""

    kept: dict[str, Kept]
    others: dict[str, Labels] | None
    idle: Labels | None


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """The report.

    Attributes:
        bundle: Its identity.
        threshold: 0..1, the bundle's rejection threshold.
        idle: Videos in which nobody does any of the actions; None where none could be read.
        others: Clips of classes that the bundle does not know; None where none could be read.
        kept: Clips of the bundle's own classes, windows with the right answer; the interval draws
            whole groups, and so does that of `others` and `mistaken`. That of `idle` draws whole
            videos.
        mistaken: Windows of the bundle's own classes with a wrong answer; None where there are
            none.
        detail: `kept`, `idle` and `others` in detail.
        tested: The names of the groups that were to be measured.
        skipped: Unreadable files; those of the data set by their path in it, videos by their name,
            for reports are passed on and folders are private.
        seconds: What the measurement took.
        provider: The processor that was used: "cpu", "cuda" or "coreml".
    """

    kind: Literal["rejection"] = "rejection"
    bundle: str
    protocol: Literal["group-wise"] = "group-wise"
    threshold: float
    idle: Named | None
    others: Named | None
    kept: Kept
    mistaken: Named | None
    detail: Detail
    tested: list[str]
    skipped: list[str]
    seconds: float
    provider: str


class _Judged(NamedTuple):
    """Windows, each judged by itself.

    Attributes:
        tops: (windows,) index of the likeliest class.
        named: (windows,) which of them get its label.
        cut_from: (windows,) what their clips were cut from.
    """

    tops: NDArray[np.int64]
    named: NDArray[np.bool_]
    cut_from: list[Hashable]

    def only(self, these: NDArray[np.bool_]) -> _Judged:
        """Some of them; (windows,) which."""
        return _Judged(self.tops[these], self.named[these], list(compress(self.cut_from, these)))


_NOTHING = _Judged(np.array([], np.int64), np.array([], np.bool_), [])


def reject(
    bundle: Bundle,
    data: Path,
    clips: Sequence[Clip],
    others: Sequence[Clip] | None,
    idle: Sequence[Path] | None,
) -> Rejection:
    """Measure the bundle's rejection.

    Args:
        bundle: Whose threshold and temperature count.
        data: The data folder of `clips` and `others`.
        clips: Of the bundle's classes.
        others: Of other classes.
        idle: Videos, whatever their names.

    Raises:
        InputError: None of all these files can be read, or no window of the clips has the right
            answer.
    """
    began = time.perf_counter()
    manifest = bundle.manifest
    provider = Recognizer(bundle).provider
    known = [*clips, *(others or ())]
    paths = [*(data / c.path for c in known), *(idle or ())]
    answers = all_windows(bundle, paths, "time", "reject")
    of_clips, of_idle = answers[: len(known)], answers[len(known) :]
    by_label: dict[str, list[tuple[Hashable, Windows | None]]] = {c.label: [] for c in known}
    for clip, origin, windows in zip(known, origins(known), of_clips, strict=True):
        by_label[clip.label].append((origin, windows))
    judged = {label: _judge(manifest, parts) for label, parts in by_label.items()}
    own = [(n, label) for n, label in enumerate(manifest.classes) if label in judged]
    right = {label: judged[label].only(judged[label].tops == n) for n, label in own}
    wrong = [judged[label].only(judged[label].tops != n) for n, label in own]
    if not any(len(part.tops) for part in right.values()):
        raise InputError(
            f"of {len(clips)} test clips in {data}, no window has the right answer: there is"
            " nothing to keep, and what is named cannot be held against it"
        )
    rest = {label: part for label, part in judged.items() if label not in manifest.classes}
    foreign = {label: _labels(manifest, part) for label, part in rest.items() if len(part.tops)}
    still = _judge(manifest, list(enumerate(of_idle)))
    names = [*(c.path for c in known), *(path.name for path in idle or ())]
    return Rejection(
        bundle=identity(manifest),
        threshold=manifest.calibration.rejection_threshold,
        idle=_named(still),
        others=_named(_join(rest.values())),
        kept=_kept(_join(right.values())),
        mistaken=_named(_join(wrong)),
        detail=Detail(
            kept={label: _kept(part) for label, part in right.items() if len(part.tops)},
            others=foreign or None,
            idle=_labels(manifest, still) if len(still.tops) else None,
        ),
        tested=tested(clips),
        skipped=[name for name, windows in zip(names, answers, strict=True) if windows is None],
        seconds=round(time.perf_counter() - began, 1),
        provider=provider.used,
    )


def _judge(manifest: Manifest, clips: Iterable[tuple[Hashable, Windows | None]]) -> _Judged:
    """The windows of clips, each of which was cut from something; None for those unreadable."""
    parts = [(origin, windows) for origin, windows in clips if windows is not None]
    if not parts:
        return _NOTHING
    probabilities = np.concatenate([windows.probabilities for _, windows in parts])
    evident = np.concatenate([windows.evident for _, windows in parts])
    # Compared in float64, as in the app.
    sure = probabilities.max(axis=1).astype(np.float64) >= manifest.calibration.rejection_threshold
    cut_from = [origin for origin, windows in parts for _ in windows.evident]
    return _Judged(probabilities.argmax(axis=1), evident & sure, cut_from)


def _join(parts: Iterable[_Judged]) -> _Judged:
    tops, named, cut_from = zip(_NOTHING, *parts, strict=True)
    return _Judged(np.concatenate(tops), np.concatenate(named), list(chain(*cut_from)))


def _named(part: _Judged) -> Named | None:
    """None where there is no window: none was asked for, or no file could be read."""
    if not len(part.tops):
        return None
    return Named(len(part.named), int(part.named.sum()), _interval(part))


def _kept(part: _Judged) -> Kept:
    return Kept(len(part.named), int(part.named.sum()), _interval(part))


def _interval(part: _Judged) -> tuple[float, float]:
    """Windows overlap and are many, so what they were cut from counts: as many strangers."""
    return grouped95(part.named, part.cut_from, strangers=len(set(part.cut_from)))


def _labels(manifest: Manifest, part: _Judged) -> Labels:
    """Count the labels that windows get."""
    given = Counter(manifest.classes[top] for top in part.tops[part.named])
    return Labels(len(part.named), given.total(), dict(given.most_common()))
