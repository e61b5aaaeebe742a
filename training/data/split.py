"""Train, validation and test sets made of whole groups, and the refusal of any other.

Shuffling clips puts neighbours cut from one video on both sides and makes every model look perfect.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np

from har_desktop.errors import InputError
from training import json_file
from training.data.division import FOLDS, divide
from training.data.index import Clip, is_ucf, ungrouped

# UCF101's official split 01 tests on these groups.
TEST_GROUPS = tuple(f"g{number:02d}" for number in range(1, 8))
LISTED = 25  # more groups than that are counted, not listed

Protocol = Literal["group-wise", "clip-random"]
Data = Literal["UCF101", "own clips"]


class Others(msgspec.Struct, frozen=True):
    """Clips of none of a configuration's classes.

    Attributes:
        train: Clips to learn from: each of them is no action that the network knows.
        validation: Clips that tell how much evidence an action has to have.
        test: Clips that are looked at once; each may have several names, of which one is here.
    """

    train: list[Clip]
    validation: list[Clip]
    test: list[Clip] = []

    def contents(self) -> set[str]:
        """Of all that have been learned from, or validate."""
        return {clip.sha256 for clip in [*self.train, *self.validation]}


class Split(msgspec.Struct, frozen=True):
    """Three disjoint sets of clips, and what was left out to keep them apart.

    Attributes:
        protocol: "group-wise", or "clip-random": comparable with the poster, and leaks.
        train: Clips to learn from.
        validation: Clips for model selection and calibration.
        test: Clips that are looked at once.
        dropped: Clips whose content stands elsewhere in the split already.
        data: Whose clips they are.
        validated: Clips of `train` that were the `validation` of the run before, where no clips
            validate any more; see `learn_all`.
        others: Clips of other classes; None in runs of before, which do not tell. Others of before
            do not tell of those that test.
    """

    protocol: Protocol
    train: list[Clip]
    validation: list[Clip]
    test: list[Clip]
    dropped: list[Clip]
    data: Data = "UCF101"
    validated: list[Clip] = []
    others: Others | None = None

    def sets(self) -> dict[str, list[Clip]]:
        """The three sets by name; two where no clips validate any more."""
        if self.validated:
            return {"train": self.train, "test": self.test}
        return {"train": self.train, "validation": self.validation, "test": self.test}


def split_by_group(clips: Iterable[Clip], fold: int = 0) -> Split:
    """Test, validation and training set of whole groups.

    UCF101: `TEST_GROUPS` test, every sixth of the other groups validates, the rest trains. Clips of
    one's own: a fifth of the groups tests and a sixth of the others validates, such that all
    classes have about the same share everywhere; it depends on nothing but the clips.

    Content that occurs twice is kept once: in the test set before the validation set before the
    training set. Content that occurs under two labels is not kept.

    Args:
        clips: All clips.
        fold: 0..5: which sixth of the training groups validates.

    Raises:
        InputError: The fold does not exist, a class has too few groups, or a set would be empty of
            a class.
    """
    if not 0 <= fold < FOLDS:
        raise InputError(f"fold {fold} does not exist: 0 to {FOLDS - 1}")
    clips, contradictory = _without_contradictions(clips)
    data: Data = "UCF101" if is_ucf(clips) else "own clips"
    test_groups, validation_groups = (_ucf if data == "UCF101" else divide)(clips, fold)
    test = [c for c in clips if c.group in test_groups]
    validation = [c for c in clips if c.group in validation_groups]
    train = [c for c in clips if c.group not in test_groups | validation_groups]
    split = _without_duplicates("group-wise", train, validation, test, contradictory, data)
    check(split)
    return split


def _ucf(clips: Sequence[Clip], fold: int) -> tuple[set[str], set[str]]:
    """The groups that test, and those that validate."""
    rest = sorted({c.group for c in clips} - set(TEST_GROUPS))
    return set(TEST_GROUPS), set(rest[fold::FOLDS])


def split_at_random(clips: Iterable[Clip], seed: int) -> Split:
    """Shuffle single clips 70 / 10 / 20: the poster's way as far as it is known. It leaks."""
    clips, contradictory = _without_contradictions(clips)
    order = np.random.default_rng(seed).permutation(len(clips))
    shuffled = [clips[i] for i in order]
    tests, validations = len(clips) // 5, len(clips) // 10
    split = _without_duplicates(
        "clip-random",
        shuffled[tests + validations :],
        shuffled[tests : tests + validations],
        shuffled[:tests],
        contradictory,
        "UCF101" if is_ucf(clips) else "own clips",
    )
    check(split)
    return split


def learn_all(split: Split, clips: Iterable[Clip]) -> Split:
    """The same, with what validated among what is learned from.

    Args:
        split: Of a finished run.
        clips: What is there now.

    Raises:
        InputError: A clip that was learned from or validated is gone, a file has changed, or a clip
            that tests is stated to be of another group.
    """
    clips = list(clips)
    groups = {clip.path: clip.group for clip in clips}

    def of_another(part: list[Clip]) -> list[str]:
        return [c.path for c in part if groups.get(c.path, c.group) != c.group]

    if moved := of_another(split.test):
        raise InputError(
            f"{moved[0]} tests, and is of another group now than in the run before ({len(moved)}"
            " clips): train anew, or the groups that test would be learned from"
        )
    train = sorted(split.train + split.validation, key=lambda clip: clip.path)
    if moved := of_another(train):
        raise InputError(
            f"{moved[0]} is of another group now than in the run before ({len(moved)} clips): state"
            " their groups as they were, or train anew"
        )
    if gone := set(train) - set(clips):
        raise InputError(
            f"{min(c.path for c in gone)} is gone or has changed since the run before: put back"
            f" what it learned from ({len(gone)} clips), or train anew"
        )
    return msgspec.structs.replace(split, train=train, validation=[], validated=split.validation)


def check(split: Split, classes: Sequence[str] = ()) -> None:
    """Refuse a split that shares a clip or, where it claims to be group-wise, a group.

    Args:
        split: Each class that it has anywhere must be in all of its sets.
        classes: And each of these.

    Raises:
        InputError: Names what is shared, or the class that a set lacks.
    """
    for (one, left), (other, right) in combinations(split.sets().items(), 2):
        shared = {c.sha256: c for c in left}.keys() & {c.sha256 for c in right}
        if shared:
            paths = sorted(c.path for c in left + right if c.sha256 in shared)
            raise InputError(f"split refused: {one} and {other} share content: {', '.join(paths)}")
        # Whatever the label: a person who does two actions in one room is one group.
        groups = {c.group for c in left} & {c.group for c in right}
        if groups and split.protocol == "group-wise":
            label, group = min(c.origin for c in left if c.group in groups)
            raise InputError(
                f"split refused: {one} and {other} share group {group} of {label}"
                f" ({len(groups)} shared groups in all)"
            )
    _check_classes(split, classes)


def _check_classes(split: Split, classes: Sequence[str]) -> None:
    labels = {*classes, *(c.label for clips in split.sets().values() for c in clips)}
    for name, clips in split.sets().items():
        missing = labels - {c.label for c in clips}
        if missing:
            remedy = "each class needs several groups"
            if split.protocol == "clip-random":
                remedy = "record more clips, or shuffle them by another --seed"
            raise InputError(
                f"the {name} set has no clip of {', '.join(sorted(missing))}: {remedy}"
            )


def _without_contradictions(clips: Iterable[Clip]) -> tuple[list[Clip], list[Clip]]:
    """The clips whose content stands under one label, and those where it stands under several."""
    clips = list(clips)
    labels: dict[str, set[str]] = defaultdict(set)
    for clip in clips:
        labels[clip.sha256].add(clip.label)
    good = [c for c in clips if len(labels[c.sha256]) == 1]
    gone = {c.label for c in clips} - {c.label for c in good}
    if gone:
        raise InputError(f"every clip of {min(gone)} stands under another label too: remove one")
    return good, [c for c in clips if len(labels[c.sha256]) > 1]


def _without_duplicates(
    protocol: Protocol,
    train: list[Clip],
    validation: list[Clip],
    test: list[Clip],
    dropped: list[Clip],
    data: Data,
) -> Split:
    seen: set[str] = set()
    dropped = list(dropped)
    kept = []
    for clips in (test, validation, train):
        unique: list[Clip] = []
        for clip in clips:
            (dropped if clip.sha256 in seen else unique).append(clip)
            seen.add(clip.sha256)
        kept.append(unique)
    return Split(protocol, kept[2], kept[1], kept[0], dropped, data)


def read_split(path: Path) -> Split:
    """Read the `split.json` of a run.

    Raises:
        InputError: It is none.
    """
    return json_file.read(path, Split, "give the split.json of a run")


def digest(split: Split) -> str:
    """A name for which clips, of which groups, are in which set, whatever their order."""
    sets = split.sets().items()
    clips = sorted((name, c.path, c.group, c.sha256) for name, part in sets for c in part)
    return hashlib.sha256(msgspec.json.encode(clips)).hexdigest()[:12]


def describe(split: Split) -> str:
    """One line per set: clips, groups, and clips per class; then how they were divided."""
    lines = []
    for name, clips in split.sets().items():
        counts = Counter(c.label for c in clips)
        per_class = ", ".join(f"{label} {count}" for label, count in sorted(counts.items()))
        lines.append(f"{name:>10}: {len(clips)} clips; {listed_groups(clips)}; {per_class}")
    if split.validated:
        lines.append(
            f"learned from too: {len(split.validated)} clips that validated the run before;"
            f" {listed_groups(split.validated)}"
        )
    lines += [f"left out, its content stands elsewhere: {clip.path}" for clip in split.dropped]
    alone = sum(ungrouped(clips) for clips in split.sets().values())
    if alone and split.protocol == "group-wise":
        lines.append(
            f"No groups.csv: each of {alone} files is a group of its own. Clips cut from one"
            " video, or of one session, must share a group, or every figure is too good."
        )
    return "\n".join(lines)


def listed_groups(clips: Iterable[Clip]) -> str:
    """The names of the clips' groups; their number where they are many or nobody named them."""
    clips = list(clips)
    groups = sorted({c.group for c in clips})
    named = len(groups) <= LISTED and not ungrouped(clips)
    return ", ".join(groups) if named else f"{len(groups)} groups"
