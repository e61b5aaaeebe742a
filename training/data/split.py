"""Train, validation and test sets made of whole groups, and the refusal of any other.

Shuffling clips puts neighbours cut from one video on both sides and makes every model look perfect.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import combinations
from typing import Literal

import msgspec
import numpy as np

from har_desktop.errors import InputError
from training.data.index import Clip

# UCF101's official split 01 tests on these groups.
TEST_GROUPS = tuple(f"g{number:02d}" for number in range(1, 8))
FOLDS = 6

Protocol = Literal["group-wise", "clip-random"]


class Split(msgspec.Struct, frozen=True):
    """Three disjoint sets of clips, and what was left out to keep them apart.

    Attributes:
        protocol: "group-wise", or "clip-random": comparable with the poster, and leaks.
        train: Clips to learn from.
        validation: Clips for model selection and calibration.
        test: Clips that are looked at once.
        dropped: Clips whose content stands elsewhere in the split already.
    """

    protocol: Protocol
    train: list[Clip]
    validation: list[Clip]
    test: list[Clip]
    dropped: list[Clip]

    def sets(self) -> dict[str, list[Clip]]:
        """The three sets by name."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


def split_by_group(clips: Iterable[Clip], fold: int = 0) -> Split:
    """Test on `TEST_GROUPS`, validate on every sixth of the other groups, learn from the rest.

    Content that occurs twice is kept once: in the test set before the validation set before the
    training set.

    Args:
        clips: All clips.
        fold: 0..5: which sixth of the training groups validates.

    Raises:
        InputError: The fold does not exist or a set would be empty of a class.
    """
    if not 0 <= fold < FOLDS:
        raise InputError(f"fold {fold} does not exist: 0 to {FOLDS - 1}")
    clips = list(clips)
    training_groups = sorted({c.group for c in clips} - set(TEST_GROUPS))
    validation_groups = set(training_groups[fold::FOLDS])
    test = [c for c in clips if c.group in TEST_GROUPS]
    validation = [c for c in clips if c.group in validation_groups]
    train = [c for c in clips if c.group not in TEST_GROUPS and c.group not in validation_groups]
    split = _without_duplicates("group-wise", train, validation, test)
    check(split)
    return split


def split_at_random(clips: Iterable[Clip], seed: int) -> Split:
    """Shuffle single clips 70 / 10 / 20: the poster's way as far as it is known. It leaks."""
    clips = list(clips)
    order = np.random.default_rng(seed).permutation(len(clips))
    shuffled = [clips[i] for i in order]
    tests, validations = len(clips) // 5, len(clips) // 10
    split = _without_duplicates(
        "clip-random",
        shuffled[tests + validations :],
        shuffled[tests : tests + validations],
        shuffled[:tests],
    )
    check(split)
    return split


def check(split: Split) -> None:
    """Refuse a split that shares a clip or, where it claims to be group-wise, a group.

    Raises:
        InputError: Names what is shared, or the class that a set lacks.
    """
    for (one, left), (other, right) in combinations(split.sets().items(), 2):
        shared = {c.sha256: c for c in left}.keys() & {c.sha256 for c in right}
        if shared:
            paths = sorted(c.path for c in left + right if c.sha256 in shared)
            raise InputError(f"split refused: {one} and {other} share content: {', '.join(paths)}")
        origins = {c.origin for c in left} & {c.origin for c in right}
        if origins and split.protocol == "group-wise":
            label, group = sorted(origins)[0]
            raise InputError(
                f"split refused: {one} and {other} share group {group} of {label}"
                f" ({len(origins)} shared groups in all)"
            )
    _check_classes(split)


def _check_classes(split: Split) -> None:
    labels = {c.label for clips in split.sets().values() for c in clips}
    for name, clips in split.sets().items():
        missing = labels - {c.label for c in clips}
        if missing:
            raise InputError(
                f"the {name} set has no clip of {', '.join(sorted(missing))}:"
                " each class needs several groups"
            )


def _without_duplicates(
    protocol: Protocol, train: list[Clip], validation: list[Clip], test: list[Clip]
) -> Split:
    seen: set[str] = set()
    dropped: list[Clip] = []
    kept = []
    for clips in (test, validation, train):
        unique: list[Clip] = []
        for clip in clips:
            (dropped if clip.sha256 in seen else unique).append(clip)
            seen.add(clip.sha256)
        kept.append(unique)
    return Split(protocol, kept[2], kept[1], kept[0], dropped)


def describe(split: Split) -> str:
    """One line per set: clips, groups, and clips per class."""
    lines = []
    for name, clips in split.sets().items():
        counts = Counter(c.label for c in clips)
        groups = " ".join(sorted({c.group for c in clips}))
        per_class = ", ".join(f"{label} {count}" for label, count in sorted(counts.items()))
        lines.append(f"{name:>10}: {len(clips)} clips; {groups}; {per_class}")
    return "\n".join(lines)
