"""Whether a window can be opened here, found out without Qt, which aborts where it can't."""

from __future__ import annotations

import ctypes
import os
import socket
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 2.0
X11_BASE_PORT = 6000


@dataclass(frozen=True, slots=True)
class Display:
    """Where a window would go.

    Attributes:
        available: True where a display answers.
        detail: Which one it is, or why there is none; for a person.
        window: "wayland" or "x11"; "" without one of them.
    """

    available: bool
    detail: str
    window: str = ""


def find_display() -> Display:
    """Look for Wayland, then X11; on Windows and macOS the desktop is taken for granted."""
    if sys.platform != "linux":
        return Display(True, "the desktop of Windows" if sys.platform == "win32" else "macOS")
    wayland, x11 = os.environ.get("WAYLAND_DISPLAY"), os.environ.get("DISPLAY")
    if wayland and _answers(socket.AF_UNIX, _wayland_socket(wayland)):
        return Display(True, f"Wayland ({wayland})", "wayland")
    if x11 and _x11_answers(x11):
        if _x11_refuses(x11):
            remedy = "allow it with xhost, or name the cookie's file with XAUTHORITY"
            return Display(False, f"the X11 server at {x11} refuses this user: {remedy}")
        return Display(True, f"X11 ({x11})", "x11")
    named = [f"WAYLAND_DISPLAY={wayland}"] if wayland else []
    named += [f"DISPLAY={x11}"] if x11 else []
    if named:
        return Display(False, f"nothing answers at {' or '.join(named)}")
    return Display(False, "neither DISPLAY nor WAYLAND_DISPLAY is set")


def _wayland_socket(name: str) -> str:
    # An absolute name stands for itself, as in libwayland.
    return str(Path(os.environ.get("XDG_RUNTIME_DIR", "/")) / name)


def _x11_answers(name: str) -> bool:
    """Connect to an X11 display named "[host]:number[.screen]", see X(7)."""
    host, _, rest = name.rpartition(":")
    number = rest.partition(".")[0]
    if not number.isdecimal():
        return False
    if host not in ("", "unix"):
        return _answers(socket.AF_INET, (host, X11_BASE_PORT + int(number)))
    path = f"/tmp/.X11-unix/X{number}"  # noqa: S108, the fixed place of X11's sockets
    # A server may listen on the file, on the abstract socket of the same name, or on both.
    return _answers(socket.AF_UNIX, path) or _answers(socket.AF_UNIX, "\0" + path)


def _x11_refuses(name: str) -> bool:
    """Ask as Qt will, with a cookie if there is one; no, too, where that cannot be found out."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return False
    xcb.xcb_connect.restype = ctypes.c_void_p
    refused: list[bool] = []

    def ask() -> None:
        connection = ctypes.c_void_p(xcb.xcb_connect(os.fsencode(name), None))
        refused.append(xcb.xcb_connection_has_error(connection) != 0)
        xcb.xcb_disconnect(connection)

    thread = threading.Thread(target=ask, name="x11", daemon=True)  # xcb waits for ever
    thread.start()
    thread.join(TIMEOUT_S)
    return refused == [True]


def _answers(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(TIMEOUT_S)
        try:
            connection.connect(address)
        except (OSError, UnicodeError):  # no such host, or no such name for one
            return False
    return True
