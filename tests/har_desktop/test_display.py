"""Finding a display without asking Qt, on sockets that really answer or don't."""

import ctypes
import socket
import struct
import sys
import threading

import pytest

from har_desktop import display
from har_desktop.display import find_display

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="X11 and Wayland are Linux's")


@pytest.fixture(autouse=True)
def no_display(monkeypatch, tmp_path):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(display, "TIMEOUT_S", 0.2)  # those below say nothing more


@pytest.fixture
def listen():
    """Open a socket that accepts, close it after the test."""
    servers = []

    def start(family, address):
        server = socket.socket(family)
        servers.append(server)
        server.bind(address)
        server.listen()
        return server

    yield start
    for server in servers:
        server.close()


def test_none():
    found = find_display()
    assert not found.available
    assert found.detail == "neither DISPLAY nor WAYLAND_DISPLAY is set"


def test_wayland(listen, monkeypatch, tmp_path):
    listen(socket.AF_UNIX, str(tmp_path / "wayland-7"))
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-7")
    assert find_display().available
    assert find_display().detail == "Wayland (wayland-7)"


def test_x11_on_an_abstract_socket(listen, monkeypatch):
    listen(socket.AF_UNIX, "\0/tmp/.X11-unix/X7391")
    monkeypatch.setenv("DISPLAY", ":7391.0")
    assert find_display() == display.Display(True, "X11 (:7391.0)", "x11")


def test_x11_over_tcp(listen, monkeypatch):
    server = listen(socket.AF_INET, ("127.0.0.1", 0))
    number = server.getsockname()[1] - display.X11_BASE_PORT
    monkeypatch.setenv("DISPLAY", f"127.0.0.1:{number}.0")
    assert find_display().available


def test_a_server_that_refuses_us_is_none(listen, monkeypatch):
    """Qt would abort; it is so with `sudo`, or in a container without the cookie."""
    try:
        ctypes.CDLL("libxcb.so.1")
    except OSError:
        pytest.skip("no libxcb to ask with")
    server = listen(socket.AF_INET, ("127.0.0.1", 0))
    monkeypatch.setattr(display, "TIMEOUT_S", 60.0)

    def refuse():
        while True:
            try:
                connection = server.accept()[0]
            except OSError:
                return
            with connection:
                if connection.recv(12):  # the setup, see the X protocol, "Connection Setup"
                    reason = b"no access   "
                    head = struct.pack("<BBHHH", 0, len(reason), 11, 0, len(reason) // 4)
                    connection.sendall(head + reason)

    thread = threading.Thread(target=refuse, daemon=True)
    thread.start()
    name = f"127.0.0.1:{server.getsockname()[1] - display.X11_BASE_PORT}"
    monkeypatch.setenv("DISPLAY", name)
    found = find_display()
    assert not found.available
    assert found.detail.startswith(f"the X11 server at {name} refuses this user: allow it")


@pytest.mark.parametrize("name", [":7392", "localhost:59000", "nonsense", ":", "a..b:1", ""])
def test_a_display_that_does_not_answer_is_none(monkeypatch, name):
    monkeypatch.setenv("DISPLAY", name)
    assert not find_display().available


def test_dead_wayland_leaves_x11(listen, monkeypatch):
    listen(socket.AF_UNIX, "\0/tmp/.X11-unix/X7393")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-8")
    assert find_display().detail == "nothing answers at WAYLAND_DISPLAY=wayland-8"
    monkeypatch.setenv("DISPLAY", ":7393")
    assert find_display().detail == "X11 (:7393)"
