"""Which clips there are: path, label, group, content hash.

UCF101 names its clips `v_CLASS_gNN_cNN`; all clips of one group were cut from one video, so a group
must never stand on both sides of a split (Soomro, Zamir, Shah: "UCF101", CRCV-TR-12-01, 2012).
Clips of one's own may have any name; `groups.csv` tells their groups (`training.data.groups`), and
where there is none, each file is a group of its own.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Collection, Hashable, Iterable, Sequence
from pathlib import Path

import click
import msgspec

from har_desktop.errors import InputError
from har_desktop.sinks.outputs import is_result
from har_desktop.sources.files import VIDEO_SUFFIXES, digest, is_file
from training.data.groups import NAME as GROUPS
from training.data.groups import plain, read_groups

# Beside the classes, where the data is a whole disk.
OF_THE_SYSTEM = ("$RECYCLE.BIN", "System Volume Information", "lost+found")
_NAME = re.compile(r"^v_(?P<label>.+)_(?P<group>g\d+)_c\d+$")


class Clip(msgspec.Struct, frozen=True):
    """One video file of the data set.

    Attributes:
        path: Relative to the data folder.
        label: Class name: the name of the folder.
        group: All clips of one label and group come from one video, and no group stands on two
            sides of a split. UCF101's are `gNN`.
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


def scan(root: Path, classes: Sequence[str] | None = None) -> list[Clip]:
    """List the clips under `root/LABEL/`, sorted by path.

    Tells on stderr of those with our own drawing in them: a network would learn to read that, and
    they may be copies of clips on the other side of a split. They are left out.

    Args:
        root: The data folder.
        classes: Only these; None for all that are there.

    Raises:
        InputError: The folder or a class is missing, holds no clips, two labels are hardly to be
            told apart, or it is not clear which group a clip belongs to.
    """
    there = labels(root)
    groups = read_groups(root)
    clips: list[Clip] = []
    drawn: list[Path] = []
    for label in there if classes is None else classes:
        if label not in there:
            raise InputError(f"no clips of class {label} in {root / label}{_advice(root, label)}")
        clips += _clips(root, label, groups, drawn)
    if drawn:
        first = drawn[0].relative_to(root).as_posix()
        told = f"left out: clips with heat-map and label drawn in: {len(drawn)}, first {first}"
        click.echo(told, err=True)
    return clips


def _advice(root: Path, label: str) -> str:
    """What to do where a class has no clips."""
    if deeper := count_deeper(root / label):
        return f" itself: {deeper} lie in folders below it; move them up"
    there = labels(root)
    return f"; there are {', '.join(there)}: choose with --classes" if there else ""


def labels(root: Path) -> tuple[str, ...]:
    """The folders under `root` that hold clips, sorted.

    Raises:
        InputError: There is no such folder, or two labels differ in nothing but case, blanks and
            hyphens: nobody could tell them apart.
    """
    if not root.is_dir():
        raise InputError(f"no data folder {root}: give the folder that holds one folder per class")
    found = tuple(sorted(folder.name for folder in folders(root) if videos(folder)))
    plain: dict[str, str] = {}
    for label in found:
        other = plain.setdefault(letters(label), label)
        if other != label:
            raise InputError(
                f"the labels {other!r} and {label!r} in {root} are too much alike:"
                " rename one, or put their clips into one folder"
            )
    return found


def letters(label: str) -> str:
    """What is left of a label without case, blanks and hyphens."""
    return re.sub(r"[\s_-]+", "", unicodedata.normalize("NFKC", label).casefold())


def folders(root: Path) -> list[Path]:
    """The folders under `root`, an existing folder, that a person made; sorted."""
    return sorted(
        path
        for path in root.iterdir()
        if path.is_dir() and not path.name.startswith(".") and path.name not in OF_THE_SYSTEM
    )


def other_labels(root: Path, classes: Collection[str]) -> tuple[str, ...]:
    """The labels under `root`, an existing folder, that are none of `classes`; sorted."""
    return tuple(label for label in labels(root) if label not in classes)


def is_ucf(clips: Collection[Clip]) -> bool:
    """Whether the names of all these clips are UCF101's, and their groups those of the names."""
    matches = ((_NAME.match(Path(clip.path).stem), clip) for clip in clips)
    return all(match is not None and match["group"] == clip.group for match, clip in matches)


def ungrouped(clips: Collection[Clip]) -> int:
    """How many of the clips are a group of their own because nothing states their group."""
    return sum(clip.group == clip.path for clip in clips)


def origins(clips: Collection[Clip]) -> list[Hashable]:
    """What each clip was cut from; in UCF101 groups of two labels are two videos."""
    return [clip.origin for clip in clips] if is_ucf(clips) else [clip.group for clip in clips]


def tested(clips: Iterable[Clip]) -> list[str]:
    """The names of the groups that clips are of, as a report states them."""
    return sorted({clip.group for clip in clips})


def once(clips: Iterable[Clip]) -> list[Clip]:
    """The first clip of each content."""
    first: dict[str, Clip] = {}
    for clip in clips:
        first.setdefault(clip.sha256, clip)
    return list(first.values())


def content(clip: Clip) -> str:
    """As a manifest states it: enough of the hash to tell any clips apart."""
    return _short(clip.sha256)


def content_of(path: Path) -> str | None:
    """The same of any file; None where it cannot be read."""
    found = digest(path, lambda: None)
    return None if found is None else _short(found)


def _short(sha256: str) -> str:
    return sha256[:16]


def changed(root: Path, clips: Iterable[Clip]) -> list[Clip]:
    """Those whose files under `root` hold something else now; files that are gone do not count."""
    there = ((clip, root / clip.path) for clip in clips)
    return [clip for clip, path in there if path.is_file() and _digest(path) != clip.sha256]


def videos(folder: Path) -> list[Path]:
    """The video files directly in a folder, sorted; hidden ones are left out.

    Raises:
        InputError: The folder cannot be read.
    """
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}; mend its rights") from error
    return [path for path in entries if _is_video_name(path.name) and is_file(path)]


def count_deeper(folder: Path) -> int:
    """How many videos lie in folders below one; hidden ones and links are not followed."""
    counts = []
    for _, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        counts.append(sum(map(_is_video_name, names)))
    return sum(counts[1:])


def _is_video_name(name: str) -> bool:
    return Path(name).suffix.lower() in VIDEO_SUFFIXES and not name.startswith(".")


def _clips(root: Path, label: str, groups: dict[str, str] | None, drawn: list[Path]) -> list[Clip]:
    """The clips of a label; those with our drawing are added to `drawn` instead."""
    there = videos(root / label)
    ours = {path for path in there if is_result(path, there)}
    drawn += sorted(ours)
    paths = [path for path in there if path not in ours]
    named = {path: match["group"] for path in paths if (match := _NAME.match(path.stem))}
    names = [path.relative_to(root).as_posix() for path in paths]
    if groups is not None and (lacking := [name for name in names if plain(name) not in groups]):
        raise InputError(
            f"{root / GROUPS} states no group of {lacking[0]} ({len(lacking)} of {len(names)} clips"
            f" in {label}): add a line for each"
        )
    clips = []
    for path, name in zip(paths, names, strict=True):
        if groups is not None:
            group = groups[plain(name)]
        elif named and path not in named:
            raise InputError(
                f"the name of {path} states no group, as those of its neighbours do: state all"
                f" groups in {root / GROUPS}"
            )
        else:
            group = named.get(path, name)
        clips.append(Clip(name, label, group, _digest(path)))
    return clips


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}; mend its rights, or remove it"
        ) from error
