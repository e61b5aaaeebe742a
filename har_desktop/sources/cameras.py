"""Which cameras there are, by name, and which of them is meant.

for camera in list_cameras():
    menu.add(camera.name)
settings.camera = camera  # all three fields are worth remembering
camera = find_camera(settings.camera, list_cameras())
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from har_desktop.opencv import cv2

# One backend per system, for without a name OpenCV tries them all, at length and loudly.
BACKEND: int = {
    "linux": cv2.CAP_V4L2,
    "win32": cv2.CAP_MSMF,
    "darwin": cv2.CAP_AVFOUNDATION,
}.get(sys.platform, cv2.CAP_ANY)
PORTS = Path("/dev/v4l/by-path")  # udev's links: one for each port that has a camera


@dataclass(frozen=True, slots=True)
class CameraId:
    """What tells a camera from others.

    Attributes:
        stable: Stays the same when the computer starts anew or other cameras come and go: port and
            maker's numbers (Linux), device path (Windows), unique id (macOS). "" if not known.
        name: For people; two cameras may share it. "" if not known.
        index: OpenCV's number. It may belong to another camera tomorrow.
    """

    stable: str
    name: str
    index: int

    @property
    def label(self) -> str:
        """What people call it."""
        return self.name or f"Camera {self.index}"


def list_cameras() -> tuple[CameraId, ...]:
    """The cameras that are plugged in, by index. Quick: none of them is opened for pictures."""
    from cv2_enumerate_cameras import enumerate_cameras  # loads cv2, which ours must do first

    ports = _ports()
    found = []
    for camera in enumerate_cameras(BACKEND):
        place = camera.path or ""
        if sys.platform == "linux":
            place = ports.get(place, "")
        if place and camera.vid is not None and camera.pid is not None:
            place = f"{place} {camera.vid:04x}:{camera.pid:04x}"
        found.append(CameraId(place, camera.name or "", camera.index))
    return tuple(sorted(found, key=lambda camera: camera.index))


def find_camera(
    wanted: CameraId, among: Sequence[CameraId], others: Collection[str] = ()
) -> CameraId | None:
    """The camera that is meant: by stable id, else by name, else by index.

    The index decides only between twins, and where nothing else is known: where a camera was
    unplugged, its number may by now belong to one that nobody wanted to look through.

    Args:
        wanted: As it was when it was chosen.
        among: Those that are there.
        others: Stable ids that other cameras had then: its twins are not meant.
    """
    named = [c for c in among if c.name == wanted.name and not (c.stable and c.stable in others)]
    for known, same in (
        (wanted.stable, [camera for camera in among if camera.stable == wanted.stable]),
        (wanted.name, named),
    ):
        if known and same:
            return next((camera for camera in same if camera.index == wanted.index), same[0])
    if wanted.stable or wanted.name:
        return None
    return next((camera for camera in among if camera.index == wanted.index), None)


def _ports() -> dict[str, str]:
    """Linux: device file -> its port. By port and not by serial, for twins may share a serial."""
    try:
        links = sorted(PORTS.iterdir())
    except FileNotFoundError:  # the folder is there as long as any camera is
        return {}
    return {str(link.resolve()): link.name for link in links}
