"""Accuracy of a bundle's ONNX files in ONNX Runtime, one answer per clip. No TensorFlow here.

The answer of a clip is the mean of its windows' calibrated probabilities.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_desktop.errors import InputError
from har_desktop.inference.bundle import Bundle
from har_desktop.inference.identity import identity
from har_desktop.inference.manifest import Manifest
from har_desktop.inference.recognizer import Recognizer
from training.data.index import Clip, content, content_of, origins, tested
from training.metrics import classification, expected_calibration_error, grouped95
from training.windows import Sampling, all_windows


@dataclass(frozen=True)
class Answers:
    """One answer per readable clip.

    Attributes:
        truth: (clips,) index of the true class.
        probabilities: (clips, classes), the mean of the clip's windows.
        votes: (clips, classes), the same, but windows without evidence count as zeros: what
            `replay` goes by.
        groups: (clips,) of each, see `training.data.index.origins`.
        windows: How many there were in all.
        skipped: Unreadable clips by path.
    """

    truth: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    votes: NDArray[np.float32]
    groups: list[Hashable]
    windows: int
    skipped: list[str]


def ask(bundle: Bundle, data: Path, clips: Sequence[Clip], sampling: Sampling) -> Answers:
    """Let the bundle answer for each clip.

    Raises:
        InputError: There are no readable clips.
    """
    answers = all_windows(bundle, [data / c.path for c in clips], sampling, "evaluate")
    groups = origins(clips)
    good = [
        (c, group, a) for c, group, a in zip(clips, groups, answers, strict=True) if a is not None
    ]
    classes = bundle.manifest.classes
    return Answers(
        truth=np.array([classes.index(clip.label) for clip, _, _ in good]),
        probabilities=np.stack([windows.probabilities.mean(axis=0) for _, _, windows in good]),
        votes=np.stack([windows.votes.mean(axis=0) for _, _, windows in good]),
        groups=[group for _, group, _ in good],
        windows=sum(len(windows.evident) for _, _, windows in good),
        skipped=[c.path for c, a in zip(clips, answers, strict=True) if a is None],
    )


def evaluate(
    bundle: Bundle,
    data: Path,
    clips: Sequence[Clip],
    sampling: Sampling,
    protocol: str,
) -> dict[str, object]:
    """Measure the bundle on clips of its classes.

    Returns:
        The report of `training.metrics.classification` with `kind`, `bundle` (its identity),
        `protocol`, `sampling`, `grouped95` (see there) and the number of `groups`, `tested` (the
        names of all groups that were to be measured), the expected calibration error of the clip
        answers, `with_evidence` (how many clips are `right` where windows without evidence don't
        count, as in `replay`, and how many have `none` that does), `windows`, `skipped` (unreadable
        clips by path), `provider` and `seconds`.

    Raises:
        InputError: There are no readable clips.
    """
    began = time.perf_counter()
    answers = ask(bundle, data, clips, sampling)
    truth, probabilities = answers.truth, answers.probabilities
    tops, seen = probabilities.argmax(axis=1), answers.votes.any(axis=1)
    return {
        "kind": "accuracy",
        "bundle": identity(bundle.manifest),
        **classification(truth, tops, bundle.manifest.classes),
        "grouped95": grouped95(tops == truth, answers.groups),
        "groups": len(set(answers.groups)),
        "tested": tested(clips),
        "with_evidence": {
            "right": int((seen & (answers.votes.argmax(axis=1) == truth)).sum()),
            "none": int((~seen).sum()),
        },
        "expected_calibration_error": expected_calibration_error(probabilities, truth),
        "protocol": protocol,
        "sampling": sampling,
        "windows": answers.windows,
        "skipped": answers.skipped,
        "provider": Recognizer(bundle).provider.used,
        "seconds": round(time.perf_counter() - began, 1),
    }


def is_shuffled(manifest: Manifest) -> bool:
    """Whether the bundle states that single clips were shuffled for its training."""
    match manifest.training.get("split"):
        case {"protocol": "clip-random"}:
            return True
    return False


def refuse_seen(manifest: Manifest, groups: Collection[str]) -> None:
    """Refuse to call a figure group-wise where one of the groups is not new to the bundle.

    It is not where the bundle learned from it, or where it chose the weights and the calibration. A
    bundle whose manifest does not tell its groups is measured as it is.

    Raises:
        InputError: Names the groups.
    """
    if is_shuffled(manifest):
        raise InputError(
            f"{manifest.name} was trained on shuffled clips, so every group has leaked;"
            " measure it on its own test clips with --split RUN/split.json"
        )
    match manifest.training.get("split"):
        case {"sets": {"train": {"groups": list() as seen}}} if set(seen) & set(groups):
            shared = ", ".join(sorted(set(seen) & set(groups)))
            raise InputError(f"{manifest.name} learned from {shared}; name other --groups")
        case {"sets": {"validation": {"groups": list() as seen}}} if set(seen) & set(groups):
            shared = ", ".join(sorted(set(seen) & set(groups)))
            raise InputError(f"{manifest.name} was chosen by {shared}; name other --groups")


def refuse_learned(manifest: Manifest, clips: Collection[Clip]) -> None:
    """Refuse clips that are not new to the bundle, whatever their groups are called by now.

    A bundle whose manifest does not tell their contents is measured as it is.

    Raises:
        InputError: Names one of them.
    """
    if known := _learned(manifest, {clip.path: content(clip) for clip in clips}):
        raise InputError(
            f"{manifest.name} learned from {known[0]}, or was chosen by it"
            f" ({len(known)} of {len(clips)} clips), whatever its group is called now:"
            " measure it on the test clips of its own run, --split RUN/split.json"
        )


def refuse_learned_videos(manifest: Manifest, videos: Collection[Path]) -> None:
    """The same of videos that are no clips of a data set.

    Raises:
        InputError: Names one of them.
    """
    found = {str(path): content_of(path) for path in videos}
    if known := _learned(manifest, found):
        raise InputError(
            f"{manifest.name} learned from {known[0]}, or was chosen by it ({len(known)} of"
            f" {len(videos)} videos): take videos that are new to it"
        )


def _learned(manifest: Manifest, contents: Mapping[str, str | None]) -> list[str]:
    """The names of those whose contents the manifest tells to have been learned from."""
    match manifest.training.get("split"):
        case {"learned": list() as learned}:
            seen = set(learned)
            return [name for name, held in contents.items() if held in seen]
    return []
