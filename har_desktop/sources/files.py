"""From what a person names, files and folders, to the list of video files."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from har_desktop.errors import InputError

_BLOCK = 2**22  # bytes that are read at once
# What counts as a video inside a folder. A file that is named is taken whatever its suffix.
VIDEO_SUFFIXES = frozenset(
    {
        ".3gp",
        ".avi",
        ".flv",
        ".m2ts",
        ".m4v",
        ".mkv",
        ".mov",
        ".mp4",
        ".mpeg",
        ".mpg",
        ".mts",
        ".ogv",
        ".ts",
        ".webm",
        ".wmv",
    }
)


def expand_sources(paths: Sequence[Path]) -> list[Path]:
    """List the video files that are meant, each once.

    A folder stands for the videos directly in it, sorted by name; hidden files are left out.
    To go on past a bad path, call it once for each path.

    Raises:
        InputError: A path does not exist, or a folder holds no video or cannot be read.
    """
    files = [file for path in paths for file in _videos_of(path)]
    each: dict[Path, Path] = {}
    for file in files:
        each.setdefault(file.resolve(), file)
    return list(each.values())


def is_folder(path: Path) -> bool:
    """Whether there is such a folder; no, too, where the system knows no names of that length."""
    try:
        return path.is_dir()
    except OSError:
        return False


def is_file(path: Path) -> bool:
    """Whether there is such a file; no, too, where a share is gone or a folder is not ours."""
    try:
        return path.is_file()
    except OSError:
        return False


def digest(path: Path, interrupt: Callable[[], object]) -> str | None:
    """SHA-256 of a file's content, in hexadecimal; None where it cannot be read, or is no file.

    Args:
        path: The file.
        interrupt: Called again and again; what it raises ends the reading.
    """
    if not is_file(path):
        return None
    found = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                interrupt()
                found.update(block)
    except OSError:
        return None
    return found.hexdigest()


def _may_be_file(path: Path) -> bool:
    """False where something else stands there.

    What cannot be looked at, and a link to what is gone, has a line of its own.
    """
    try:
        return path.is_file() or (path.is_symlink() and not path.exists())
    except OSError:
        return True


def _videos_of(path: Path) -> list[Path]:
    try:
        path.stat()
        if not path.is_dir():
            return [path]
        entries = sorted(path.iterdir())
        os.stat(os.path.join(path, os.curdir))  # noqa: PTH116, PTH118, a folder may only be listed
        videos = [
            entry
            for entry in entries
            if entry.suffix.lower() in VIDEO_SUFFIXES
            and not entry.name.startswith(".")
            and _may_be_file(entry)
        ]
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file or folder; check the path") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    if not videos:
        raise InputError(f"{path}: no video in this folder; name another, or the files themselves")
    return videos
