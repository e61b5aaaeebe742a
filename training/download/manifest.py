"""The record of a downloaded data folder: from where, and what each clip is."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec

from har_desktop.errors import SourceError
from har_desktop.sinks.atomic import AtomicFile, writing
from har_desktop.sources.video import VideoFile
from training import json_file
from training.download.listing import Size

NAME = "manifest.json"


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One clip.

    Attributes:
        bytes: Its size.
        sha256: Of its content.
        frames: Pictures that can be decoded.
    """

    bytes: int
    sha256: str
    frames: int


class Manifest(msgspec.Struct, forbid_unknown_fields=True):
    """The file `manifest.json` of a data folder.

    Attributes:
        source: The listing that the clips are from.
        lists: Where the split lists are from.
        verified: Whether the servers' certificates were checked whenever something was fetched.
        clips: By path relative to the data folder.
    """

    source: str
    lists: str
    verified: bool
    clips: dict[str, Entry]


def load(root: Path) -> Manifest | None:
    """The folder's manifest; None where there is none yet.

    Raises:
        InputError: It is there, and is none.
    """
    path = root / NAME
    if not path.exists():
        return None
    return json_file.read(path, Manifest, "remove it, and all clips are checked anew")


def save(root: Path, manifest: Manifest) -> None:
    """Write it, whole or not at all.

    Raises:
        OutputError: It cannot be written.
    """
    manifest.clips = dict(sorted(manifest.clips.items()))
    file = AtomicFile(root / NAME)
    try:
        with writing(file.path), file.partial.open("wb") as stream:
            stream.write(msgspec.json.format(msgspec.json.encode(manifest)))
            stream.flush()
            os.fsync(stream.fileno())
        file.commit()
    finally:
        file.discard()


def examine(path: Path, size: Size | None) -> Entry:
    """Look at a clip from its first byte to its last picture.

    Args:
        path: An AVI file.
        size: What the listing says of it.

    Raises:
        SourceError: It is another size than the listing says, no AVI file, shorter than its own
            header says, or cannot be decoded.
    """
    data = path.read_bytes()
    if size and not size.low <= len(data) <= size.high:
        raise SourceError(f"it has {len(data)} bytes, the listing says {size.text}")
    if data[:4] != b"RIFF" or data[8:12] != b"AVI ":
        raise SourceError("it is no AVI file")
    # RIFF: the second word counts what follows it.
    declared = 8 + int.from_bytes(data[4:8], "little")
    if len(data) < declared:
        raise SourceError(f"it is cut short: {len(data)} of {declared} bytes")
    with VideoFile(path) as source:
        # Many an original says more frames than it holds: only what can be decoded counts.
        frames = sum(1 for _ in source)
    return Entry(len(data), hashlib.sha256(data).hexdigest(), frames)


def unchanged(path: Path, entry: Entry) -> bool:
    """Whether the file is still what it was when the manifest was written."""
    try:
        data = path.read_bytes()
    except OSError:
        return False
    return len(data) == entry.bytes and hashlib.sha256(data).hexdigest() == entry.sha256
