"""What lies in a data folder and is not looked at, so that nobody waits for it in vain."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from har_desktop.sources.files import is_file
from training.data.groups import NAME, plain, read_groups
from training.data.index import count_deeper, folders, labels, videos


def overlooked(root: Path, classes: Collection[str] | None = None) -> list[str]:
    """One line for each folder of which videos are not looked at, and for the table of groups.

    Args:
        root: The data folder.
        classes: Whose folders count; None for all, and for folders that hold no video, too.

    Raises:
        InputError: The folder or its table of groups cannot be used.
    """
    named = labels(root)
    wanted = None if classes is None else set(classes) & set(named)  # the others are an error
    looked_at = [f for f in folders(root) if wanted is None or f.name in wanted]
    return [
        *_beside(root),
        *(line for folder in looked_at for line in _of(folder, folder.name in named)),
        *_without_file(root),
    ]


def _beside(root: Path) -> list[str]:
    """Videos that lie beside the folders."""
    stray = videos(root)
    told = "lie in no folder of a class and are not looked at"
    return [f"{root}: {len(stray)} videos {told}, such as {stray[0].name}"] if stray else []


def _of(folder: Path, has_videos: bool) -> list[str]:
    deeper = count_deeper(folder)
    parts = [] if has_videos else ["no video lies directly in it, so it is no class"]
    if deeper:
        parts.append(f"{deeper} videos in folders below it are not looked at")
    return [f"{folder}: {'; '.join(parts)}"] if parts else []


def _without_file(root: Path) -> list[str]:
    stated = read_groups(root) or ()
    there = {plain(p.relative_to(root).as_posix()) for f in folders(root) for p in videos(f)}
    gone = [name for name in stated if name not in there and not is_file(root / name)]
    if not gone:
        return []
    return [
        f"{root / NAME}: {len(gone)} of its lines name files that are not there, such as {gone[0]}:"
        " correct them, or take them out"
    ]
