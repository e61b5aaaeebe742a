"""What a model card tells of the clips that were learned from, and whose clips and weights are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from export.card_measured import LEAKS
from export.markdown import table
from export.ucf101 import CLASSES
from har_desktop.inference.manifest import Json, Manifest
from har_desktop.sources.figure import ACTIONS
from har_desktop.sources.files import VIDEO_SUFFIXES
from training.config import Config, MobileNetGru, Streams, TunedGru, parts
from training.data.split import LISTED

ORIGINS = {"body": "MoveNet SinglePose Lightning", "things": "MobileNet V2"}


class ClipSet(msgspec.Struct, frozen=True):
    """How many clips a set has, and the names of their groups."""

    clips: int
    groups: list[str]


class Division(msgspec.Struct, frozen=True):
    """The sets by name, and what validated a run before, see `training.data.split.Split`."""

    protocol: str
    sets: dict[str, ClipSet]
    validated: ClipSet | None = None


class Training(msgspec.Struct, frozen=True):
    """The part of the manifest's `training` that the card tells."""

    data: str
    split: Division
    configuration: Json
    environment: Json


def is_ucf101(manifest: Manifest, training: Training) -> bool:
    """Whether the clips are UCF101's, by the names of the files and by those of the classes."""
    return training.data == "UCF101" and CLASSES.issuperset(manifest.classes)


def data(manifest: Manifest, training: Training, config: Config | Streams) -> Iterator[str]:
    """The lines on the clips that were learned from, and on those that were not."""
    split = training.split
    yield f"{'UCF101' if is_ucf101(manifest, training) else 'own clips'}, {split.protocol}."
    yield from _kept_apart(manifest, training)
    figures = max(part.figures for part in parts(config))
    drawn = [label for label in manifest.classes if label in ACTIONS]
    if figures and drawn:
        yield (
            f"{figures} clips each of a rendered figure were added to the training set for "
            f"{', '.join(drawn)}."
        )
    if any(part.others for part in parts(config)):
        groups = "" if split.protocol == "clip-random" else ", of the training groups,"
        yield f"Clips of the data's other classes{groups} were added with uniform targets."
    yield ""
    yield from table(
        ("set", "clips", "groups"),
        [
            (name, str(part.clips), _groups(manifest, part.groups))
            for name, part in split.sets.items()
        ],
    )
    yield ""
    if split.validated is None:
        still = manifest.calibration.least_movement is not None
        but = ", but for how much has to move, which the training set tells, too" if still else ""
        chose = f"The validation set chose the weights and the calibration{but}"
        yield f"{chose}; the test set did neither."
        return
    held, groups = split.validated.clips, _groups(manifest, split.validated.groups)
    yield (
        f"{held} of the clips it learned from ({groups}) validated a first run, whose calibration "
        "this one has; then the network was trained anew on all. The test set chose nothing."
    )


def _kept_apart(manifest: Manifest, training: Training) -> Iterator[str]:
    split = training.split
    alone = sum(_ungrouped(manifest, part.groups) for part in split.sets.values())
    if split.protocol == "clip-random":
        yield LEAKS
    elif is_ucf101(manifest, training):
        yield "Each set is made of whole groups: clips cut from one video are never in two sets."
    elif alone:
        yield (
            f"Nobody said which of {alone} clips belong together, so each is a group of its own. "
            "Where some were cut from one video, or are of one session, they may be in two sets, "
            "and the figures are too good."
        )
    else:
        yield "Each set is made of whole groups."
        yield "Who recorded the clips said which of them belong to one group."


def _ungrouped(manifest: Manifest, groups: Iterable[str]) -> int:
    """How many of the groups bear the path of their only clip, for nothing states another."""
    folders = tuple(f"{label}/" for label in manifest.classes)
    return sum(
        group.startswith(folders) and Path(group).suffix.lower() in VIDEO_SUFFIXES
        for group in groups
    )


def _groups(manifest: Manifest, names: list[str]) -> str:
    """Their names; their number where they are many or nobody named them."""
    named = len(names) <= LISTED and not _ungrouped(manifest, names)
    return ", ".join(names) if named else f"{len(names)} groups"


def licence(manifest: Manifest, training: Training, config: Config | Streams) -> Iterator[str]:
    """The lines on whose weights and clips they are."""
    ucf101 = is_ucf101(manifest, training)
    owned = "are MIT-licensed, like the program" if ucf101 else "belong to whoever trained them"
    networks = [part.network for part in parts(config)]
    begun = sorted({ORIGINS[n.trunk] for n in networks if isinstance(n, TunedGru)})
    frozen = any(isinstance(n, MobileNetGru) for n in networks)
    said = []
    if frozen:
        said.append(
            f"The weights of the frozen trunks are those of {' and of '.join(ORIGINS.values())} "
            "(Google, Apache License 2.0), de-quantised and otherwise unchanged."
        )
    if begun:
        said.append(
            f"The backbones' training began with the weights of {' and of '.join(begun)} (Google, "
            "Apache License 2.0), de-quantised."
        )
    yield " ".join([*said, f"{'All other' if frozen else 'The'} weights {owned}."])
    if ucf101:
        yield (
            "The clips of UCF101 are not part of the bundle; they have no open licence and are for "
            "research."
        )
    else:
        yield "The clips are not part of the bundle; ask the people in them before passing it on."
