"""Which groups of clips of one's own test, and which validate: no official list says so."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from har_desktop.errors import InputError
from training.data.index import Clip

FOLDS = 6
TEST = 5  # every fifth group tests
FEWEST = 3  # groups of a class: one to learn from, one to validate, one to test
SEED = 1
WANTED = (1 / TEST, (1 - 1 / TEST) / FOLDS)  # shares of the clips that test, and that validate
DRAWS = 2000  # where no even division has every class in each set


def divide(clips: Sequence[Clip], fold: int) -> tuple[set[str], set[str]]:
    """The groups that test, and those that validate: a fifth, and a sixth of the others.

    Such that all classes have about the same share everywhere; it depends on nothing but the clips.

    Args:
        clips: All clips.
        fold: Which part of the groups that don't test validates.

    Raises:
        InputError: A class has too few groups, no division has every class in each set, or the fold
            does not exist.
    """
    groups = _groups(clips)
    for label, names in groups.items():
        if len(names) < FEWEST:
            raise InputError(
                f"class {label} has {len(names)} group{'s' * (len(names) != 1)}: record at least"
                f" {FEWEST}, one each to learn from, to validate and to test"
            )
    ways = [_in_parts(clips, groups), _class_by_class(groups)]
    found = [way for way in ways if way is not None]
    # Where many do some of the classes only there may be a less even way.
    test, parts = min(found, key=lambda way: _off(clips, way), default=None) or _drawn(
        clips, groups
    )
    if fold >= len(parts):
        raise InputError(f"fold {fold} does not exist: so few groups make {len(parts)}, from 0 on")
    return test, parts[fold]


Way = tuple[set[str], list[set[str]]]  # the groups that test; of each fold those that validate


def _in_parts(clips: Sequence[Clip], groups: dict[str, set[str]]) -> Way | None:
    """As many equal parts as the smallest class has groups; None where one lacks a class.

    The first one tests; what is left is divided alike, and of these each validates once.
    """
    test = _part(clips, min(TEST, *map(len, groups.values())), 0)
    rest = [c for c in clips if c.group not in test]
    folds = min(FOLDS, *(len(names - test) for names in groups.values()))
    parts = [_part(rest, folds, number) for number in range(folds)] if folds >= FEWEST - 1 else []
    parts = [validation for validation in parts if _is_whole(groups, test, validation)]
    return (test, parts) if parts else None


def _class_by_class(groups: dict[str, set[str]]) -> Way | None:
    """The same shares of the groups of each class, however many; None where a group has several.

    Equal parts would be as few as the smallest class has groups: thirty of another would be ten to
    test, ten to validate and ten to learn from beside three.
    """
    if sum(map(len, groups.values())) > len(set().union(*groups.values())):
        return None
    random = np.random.default_rng(SEED)
    test: set[str] = set()
    left: list[list[str]] = []
    for label in sorted(groups):
        names = [str(name) for name in random.permutation(sorted(groups[label]))]
        count = max(1, round(len(names) / TEST))
        test |= set(names[:count])
        left.append(names[count:])
    parts = [[set(names[fold::FOLDS]) for names in left] for fold in range(FOLDS)]
    folds = min(FOLDS, *map(len, left))
    return test, [set().union(*part) for part in parts[:folds]]


def _off(clips: Sequence[Clip], way: Way) -> float:
    """How far the sets of the first fold are from the wanted shares, all classes together."""
    test, parts = way
    total = Counter(clip.label for clip in clips)
    off = 0.0
    for chosen, wanted in zip((test, parts[0]), WANTED, strict=True):
        here = Counter(clip.label for clip in clips if clip.group in chosen)
        off += sum(abs(here[label] / count - wanted) for label, count in total.items())
    return round(off, 6)  # equal ways stay equal


def _is_whole(groups: dict[str, set[str]], test: set[str], validation: set[str]) -> bool:
    """Whether all three sets have every class; `groups` are those of each class."""
    return all(
        names & test and names & validation and names - test - validation
        for names in groups.values()
    )


def _drawn(clips: Sequence[Clip], groups: dict[str, set[str]]) -> Way:
    """The same by lot: the draw that comes nearest to the wanted shares of each class; one fold.

    Raises:
        InputError: No draw has every class in each set.
    """
    names = sorted(set().union(*groups.values()))
    clips_of = Counter(clip.origin for clip in clips)
    counts = np.array([[clips_of[label, name] for name in names] for label in groups])
    shares = counts / counts.sum(axis=1, keepdims=True)
    wanted = np.array(WANTED)
    random = np.random.default_rng(SEED)
    best, chosen = np.inf, None
    for _ in range(DRAWS):
        sides = random.choice(3, len(names), p=[*wanted, 1 - wanted.sum()])
        test, validation = ({names[i] for i in np.flatnonzero(sides == side)} for side in (0, 1))
        found = np.stack([shares[:, sides == side].sum(axis=1) for side in (0, 1)], axis=1)
        off = float(np.abs(found - wanted).sum())
        if off < best and _is_whole(groups, test, validation):
            best, chosen = off, (test, validation)
    if chosen is None:
        raise InputError(
            "no split of these groups has every class in each set: a group that holds several"
            " classes goes as a whole; record more groups"
        )
    return chosen[0], [chosen[1]]


def _part(clips: Sequence[Clip], parts: int, number: int) -> set[str]:
    """The groups of one of several parts in which all classes have about the same share."""
    # Half a second that is not needed for UCF101.
    from sklearn.model_selection import StratifiedGroupKFold

    ordered = sorted(clips, key=lambda c: c.path)
    labels, groups = [c.label for c in ordered], [c.group for c in ordered]
    folds = StratifiedGroupKFold(parts, shuffle=True, random_state=SEED)
    _, chosen = list(folds.split(ordered, labels, groups))[number]
    return {groups[i] for i in chosen}


def _groups(clips: Iterable[Clip]) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = defaultdict(set)
    for clip in clips:
        groups[clip.label].add(clip.group)
    return groups
