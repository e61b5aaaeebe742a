"""Which clips there are: path, label, group, content hash.

UCF101 names its clips `v_CLASS_gNN_cNN`; all clips of one group were cut from one video, so a group
must never stand on both sides of a split (Soomro, Zamir, Shah: "UCF101", CRCV-TR-12-01, 2012).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
from pathlib import Path

import msgspec

from har_desktop.errors import InputError
from har_desktop.sources.files import VIDEO_SUFFIXES

_NAME = re.compile(r"^v_(?P<label>.+)_(?P<group>g\d+)_c\d+$")


class Clip(msgspec.Struct, frozen=True):
    """One video file of the data set.

    Attributes:
        path: Relative to the data folder.
        label: Class name: the name of the folder.
        group: `gNN`; all clips with the same label and group come from one video.
        sha256: Of the file's content.
    """

    path: str
    label: str
    group: str
    sha256: str

    @property
    def origin(self) -> tuple[str, str]:
        """(label, group): what must stay on one side of a split."""
        return self.label, self.group


def scan(root: Path, classes: tuple[str, ...] | None = None) -> list[Clip]:
    """List the clips under `root/LABEL/`, sorted by path.

    Args:
        root: The data folder.
        classes: Only these; None for all that are there.

    Raises:
        InputError: The folder or a class is missing, holds no clips, or a name states no group.
    """
    if not root.is_dir():
        raise InputError(f"no data folder {root}: give the folder that holds one folder per class")
    if classes is None:
        classes = tuple(sorted(p.name for p in root.iterdir() if p.is_dir()))
    clips = []
    for label in classes:
        found = sorted(p for p in (root / label).glob("*") if p.suffix.lower() in VIDEO_SUFFIXES)
        if not found:
            raise InputError(f"no clips of class {label} in {root / label}")
        clips += [_clip(path, root, label) for path in found]
    return clips


def other_labels(root: Path, classes: Collection[str]) -> tuple[str, ...]:
    """The class folders under `root`, an existing folder, that are none of `classes`; sorted."""
    return tuple(sorted(p.name for p in root.iterdir() if p.is_dir() and p.name not in classes))


def _clip(path: Path, root: Path, label: str) -> Clip:
    match = _NAME.match(path.stem)
    if match is None:
        raise InputError(f"{path} states no group; clips are named v_CLASS_gNN_cNN")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return Clip(str(path.relative_to(root)), label, match["group"], digest)
