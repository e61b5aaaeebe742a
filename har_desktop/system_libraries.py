"""The shared libraries of a Linux system that the wheels of OpenCV and Qt lean on.

The one list for `har-desktop doctor` and for scripts/bootstrap.py, which reads it before anything
is installed: so only the standard library is imported here.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SystemLibrary:
    """A shared library, and the Debian or Ubuntu package that brings it.

    Attributes:
        soname: What the dynamic loader is asked for.
        package: The package's name.
        purpose: What does not work without it.
        essential: True where nothing at all runs without it; the others serve a window only.
    """

    soname: str
    package: str
    purpose: str
    essential: bool


LIBRARIES = (
    SystemLibrary("libGL.so.1", "libgl1", "reading video", essential=True),
    SystemLibrary("libglib-2.0.so.0", "libglib2.0-0", "reading video", essential=True),
    SystemLibrary("libEGL.so.1", "libegl1", "Qt", essential=True),
    SystemLibrary("libxkbcommon.so.0", "libxkbcommon0", "Qt", essential=True),
    SystemLibrary("libdbus-1.so.3", "libdbus-1-3", "Qt", essential=True),
    SystemLibrary("libfontconfig.so.1", "libfontconfig1", "Qt", essential=True),
    SystemLibrary("libxcb-cursor.so.0", "libxcb-cursor0", "a window", essential=False),
    SystemLibrary("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "a window", essential=False),
    SystemLibrary("libxcb-icccm.so.4", "libxcb-icccm4", "a window", essential=False),
    SystemLibrary("libxcb-keysyms.so.1", "libxcb-keysyms1", "a window", essential=False),
    SystemLibrary("libxcb-shape.so.0", "libxcb-shape0", "a window", essential=False),
)


def missing_libraries(libraries: Iterable[SystemLibrary] = LIBRARIES) -> list[SystemLibrary]:
    """Those that the dynamic loader cannot load. Empty on other systems than Linux."""
    if sys.platform != "linux":
        return []
    return [library for library in libraries if not _loads(library.soname)]


def apt_command(packages: Iterable[str]) -> list[str]:
    """The apt-get command that installs these packages, without `sudo`."""
    return ["apt-get", "install", "-y", "--no-install-recommends", *packages]


def _loads(soname: str) -> bool:
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True
