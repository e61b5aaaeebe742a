"""Which cameras there are, by name, and which of them is meant.

for camera in list_cameras(): menu.add(camera.name)
settings.camera = camera        # all three fields are worth remembering
camera = find_camera(settings.camera, list_cameras())
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CameraId:
    """What tells a camera from others.

    Attributes:
        stable: Stays the same when the computer starts anew or other cameras come and go:
            the port and the maker's numbers (Linux), the device's path (Windows), its unique id
            (macOS). "" where it is not known.
        name: For people; two cameras may share it. "" where it is not known.
        index: OpenCV's number. It may belong to another camera tomorrow.
    """

    stable: str
    name: str
    index: int


def list_cameras() -> tuple[CameraId, ...]:
    """The cameras that are plugged in, by index. Quick: none of them is opened."""
    raise NotImplementedError


def find_camera(wanted: CameraId, among: Sequence[CameraId]) -> CameraId | None:
    """The camera that is meant: by stable id, else by name, else by index.

    The index decides only where nothing else is known: where a camera was unplugged, its number
    may by now belong to one that should not be looked through.
    """
    raise NotImplementedError
