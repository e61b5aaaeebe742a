"""Live sources that can be broken in every way: one scripted, one a real server on loopback.

    python -m tests.rigs FPS HEIGHT WIDTH

serves the latter until its standard input ends; the first line that it prints is its address.
"""

import socket
import struct
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import cv2
import numpy as np

from har_desktop.errors import SourceError
from har_desktop.frame import Frame
from har_desktop.sources.base import Source, SourceInfo
from har_desktop.sources.stream import NetworkStream

FPS = 40.0
LATE = 255
BURST = 50  # pictures


def picture(number, size):
    """A noisy picture that is different for each number and survives JPEG."""
    rng = np.random.default_rng(number)
    small = rng.integers(0, 256, (size[0] // 8, size[1] // 8, 3), np.uint8)
    return cv2.resize(small, size[::-1], interpolation=cv2.INTER_NEAREST)


class Rig:
    """A source to break and to mend; size and rate may be changed at any time.

    Modes: run, gone, silent, frozen, black, burst (as fast as it goes, at full pace again after
    `BURST` pictures); some rigs know more.
    """

    def __init__(self, size=(48, 64), fps=FPS, *, repeats=False):
        self.size, self.fps, self.mode = size, fps, "run"
        self.repeats = repeats
        self.opened = 0
        self._numbers = count()
        self._frozen = None
        self.white = False  # in the first pixel, for a model that waits for that
        self._hurry = 0

    def next_picture(self):
        if self.mode == "black":
            return np.zeros((*self.size, 3), np.uint8)
        if self.mode in ("run", "burst") or self._frozen is None:
            self._frozen = picture(next(self._numbers), self.size)
            self._frozen[:8, :8] = 255 if self.white else 0
        return self._frozen

    def pause(self):
        """Seconds from one picture to the next."""
        if self.mode == "burst" and self._hurry:
            self._hurry -= 1
            return 0.0
        return 1 / self.fps

    def break_(self, how):
        self._hurry = BURST if how == "burst" else 0
        self.mode = how

    def mend(self, size=None):
        self.size = size or self.size
        self.mode = "run"

    def release(self):
        """Let those go who hang in it."""

    def end(self):
        pass


class ScriptedRig(Rig):
    """Also knows the modes none, raise, bug and "hang in open".

    Silent, it blocks until it is released, where a stream would time out, and comes with one last
    picture that is all `LATE`.
    """

    def __init__(self, **options):
        super().__init__(**options)
        self.released = threading.Event()
        self.waiting = threading.Event()

    def open_source(self):
        return ScriptedSource(self)

    def release(self):
        self.released.set()
        self.released = threading.Event()

    def end(self):
        self.released.set()


class ScriptedSource(Source):
    def __init__(self, rig):
        self.rig, self.index = rig, 0

    def open(self):
        self.rig.opened += 1
        if self.rig.mode == "gone":
            raise SourceError("scripted: not plugged in; plug it in")
        if self.rig.mode == "bug":
            raise ZeroDivisionError("a bug\nin a driver")
        if self.rig.mode == "hang in open":
            self.rig.released.wait()
        height, width = self.rig.size
        return SourceInfo(
            "scripted", width, height, self.rig.fps, None, live=True, repeats=self.rig.repeats
        )

    def read(self):
        mode = self.rig.mode
        if mode in ("gone", "raise"):
            raise SourceError("scripted: it broke; mend it")
        if mode == "bug":
            raise ZeroDivisionError("a bug\nin a driver")
        if mode == "none":
            return None
        if mode == "silent":
            self.rig.waiting.set()
            self.rig.released.wait()
            self.index += 1
            late = np.full((*self.rig.size, 3), LATE, np.uint8)
            return Frame(late, self.index - 1, self.index / self.rig.fps)
        time.sleep(self.rig.pause())
        self.index += 1
        return Frame(self.rig.next_picture().copy(), self.index - 1, self.index / self.rig.fps)

    def close(self):
        pass


class MjpegRig(Rig):
    """An HTTP server on loopback that sends JPEG after JPEG, and the source that reads it.

    Also knows the modes none (an answer without a picture), raise (the connection is reset in the
    middle of a picture, and so is every other) and bug (what is sent are no pictures).
    """

    def __init__(self, **options):
        super().__init__(**options)
        self.port = 0
        self._start()

    @property
    def url(self):
        return f"http://somebody:secret@127.0.0.1:{self.port}/private"

    def open_source(self):
        return NetworkStream(self.url)

    def break_(self, how):
        super().break_(how)
        if how == "gone":
            self.end()

    def mend(self, size=None):
        super().mend(size)
        if self._stopped.is_set():
            self._start()

    def end(self):
        if self._stopped.is_set():
            return
        self._stopped.set()
        for connection in list(self._connections):
            with suppress(OSError):  # the client has gone already
                connection.shutdown(socket.SHUT_RDWR)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _start(self):
        rig, self._stopped, self._connections = self, threading.Event(), []
        stopped, connections = self._stopped, self._connections

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                rig.opened += 1
                connections.append(self.connection)
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=f")
                self.end_headers()
                with suppress(OSError):  # the client has gone
                    while not stopped.wait(rig.pause()) and rig.mode != "none":
                        if rig.mode != "silent":
                            self.send_picture()
                connections.remove(self.connection)

            def send_picture(self):
                data = cv2.imencode(".jpg", rig.next_picture())[1].tobytes()
                head = f"--f\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                if rig.mode == "bug":
                    data = bytes(len(data))
                if rig.mode == "raise":
                    self.wfile.write(head.encode() + data[: len(data) // 2])
                    at_once = struct.pack("ii", 1, 0)  # on, 0 seconds: a reset, not an end
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
                    raise ConnectionResetError
                self.wfile.write(head.encode() + data + b"\r\n")

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = False  # so that closing waits for them
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()


def serve(fps, height, width):
    rig = MjpegRig(size=(int(height), int(width)), fps=float(fps))
    print(rig.url, flush=True)
    sys.stdin.read()
    rig.end()


if __name__ == "__main__":
    serve(*sys.argv[1:])
