"""The shared libraries of a Linux system that the wheels of OpenCV and Qt lean on.

The one list for `har-desktop doctor` and for scripts/bootstrap.py, which reads it before anything
is installed: so only the standard library is imported here.
"""

from __future__ import annotations

import ctypes
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SystemLibrary:
    """A shared library, and the Debian or Ubuntu package that brings it.

    Attributes:
        soname: What the dynamic loader is asked for.
        package: The package's name.
        window: "x11" or "wayland" where only a window there needs it; "" where nothing at all runs
            without it.
    """

    soname: str
    package: str
    window: str = ""

    @property
    def essential(self) -> bool:
        """Whether nothing at all runs without it."""
        return not self.window

    @property
    def name(self) -> str:
        """What a person asks this system for: a package of APT, or else the library."""
        return self.package if shutil.which("apt-get") else self.soname


LIBRARIES = (
    # To read video.
    SystemLibrary("libGL.so.1", "libgl1"),
    SystemLibrary("libglib-2.0.so.0", "libglib2.0-0"),
    # For Qt.
    SystemLibrary("libEGL.so.1", "libegl1"),
    SystemLibrary("libxkbcommon.so.0", "libxkbcommon0"),
    SystemLibrary("libdbus-1.so.3", "libdbus-1-3"),
    SystemLibrary("libfontconfig.so.1", "libfontconfig1"),
    # For a window.
    SystemLibrary("libxcb-cursor.so.0", "libxcb-cursor0", "x11"),
    SystemLibrary("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "x11"),
    SystemLibrary("libxcb-icccm.so.4", "libxcb-icccm4", "x11"),
    SystemLibrary("libxcb-keysyms.so.1", "libxcb-keysyms1", "x11"),
    SystemLibrary("libxcb-shape.so.0", "libxcb-shape0", "x11"),
    SystemLibrary("libwayland-client.so.0", "libwayland-client0", "wayland"),
    SystemLibrary("libwayland-cursor.so.0", "libwayland-cursor0", "wayland"),
)


def missing_libraries(
    window: str, libraries: Iterable[SystemLibrary] = LIBRARIES
) -> list[SystemLibrary]:
    """Those that the dynamic loader cannot load. Empty on other systems than Linux.

    Args:
        window: "x11" or "wayland": where a window would go; "" is taken for X11.
        libraries: To look for; those of the other kind of window do not count.
    """
    if sys.platform != "linux":
        return []
    needed = (library for library in libraries if library.window in ("", window or "x11"))
    return [library for library in needed if not _loads(library.soname)]


def remedy(names: Iterable[str]) -> str:
    """What a person does about those that are missing, by their names, in one line."""
    if shutil.which("apt-get"):
        return " ".join(["sudo", *apt_command(names)])
    return f"install the packages of your system that bring {', '.join(names)}"


def apt_command(packages: Iterable[str]) -> list[str]:
    """The apt-get command that installs these packages, without `sudo`."""
    return ["apt-get", "install", "-y", "--no-install-recommends", *packages]


def _loads(soname: str) -> bool:
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True
