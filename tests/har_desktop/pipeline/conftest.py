"""Live sources that can be broken in every way, one real (over a socket) and one scripted."""

import socket
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

import cv2
import numpy as np
import pytest

from har_desktop.errors import SourceError
from har_desktop.frame import Frame
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.recognizer import Recognizer
from har_desktop.sources.base import Source, SourceInfo
from har_desktop.sources.stream import NetworkStream

INTERVAL = 0.1
FPS = 40.0
LATE = 255


def picture(number, size):
    """A noisy picture that is different for each number and survives JPEG."""
    rng = np.random.default_rng(number)
    small = rng.integers(0, 256, (size[0] // 8, size[1] // 8, 3), np.uint8)
    return cv2.resize(small, size[::-1], interpolation=cv2.INTER_NEAREST)


class Rig:
    """A source to break and to mend. Modes: run, gone, silent, frozen; some know more."""

    def __init__(self, size=(48, 64), fps=FPS):
        self.size, self.fps, self.mode = size, fps, "run"
        self.opened = 0
        self._numbers = count()
        self._frozen = None
        self.white = False  # in the first pixel, for a model that waits for that

    def next_picture(self):
        if self.mode == "run" or self._frozen is None:
            self._frozen = picture(next(self._numbers), self.size)
            self._frozen[:8, :8] = 255 if self.white else 0
        return self._frozen

    def break_(self, how):
        self.mode = how

    def mend(self, size=None):
        self.size = size or self.size
        self.mode = "run"

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
        return SourceInfo("scripted", width, height, self.rig.fps, None, live=True)

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
        time.sleep(1 / self.rig.fps)
        self.index += 1
        return Frame(self.rig.next_picture().copy(), self.index - 1, self.index / self.rig.fps)

    def close(self):
        pass


class MjpegRig(Rig):
    """An HTTP server on loopback that sends JPEG after JPEG, and the source that reads it."""

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
        for connection in self._connections:
            with suppress(OSError):  # the client has gone already
                connection.shutdown(socket.SHUT_RDWR)
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _start(self):
        rig, self._stopped, self._connections = self, threading.Event(), []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                rig.opened += 1
                rig._connections.append(self.connection)
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=f")
                self.end_headers()
                with suppress(OSError):  # the client has gone
                    while not rig._stopped.wait(1 / rig.fps):
                        if rig.mode != "silent":
                            self.send_picture()

            def send_picture(self):
                data = cv2.imencode(".jpg", rig.next_picture())[1].tobytes()
                head = f"--f\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                self.wfile.write(head.encode() + data + b"\r\n")

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = False  # so that closing waits for them
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()


@pytest.fixture
def rig():
    """The function that makes a rig by its kind, with size and fps."""
    made = []

    def make(kind, **options):
        made.append({"scripted": ScriptedRig, "mjpeg": MjpegRig}[kind](**options))
        return made[-1]

    yield make
    for one in made:
        one.end()


class CountSource(Source):
    """So many small frames, 25 a second."""

    def __init__(self, length):
        self.length, self.index, self.closed = length, 0, False

    def open(self):
        return SourceInfo("count", 64, 48, 25.0, self.length, live=False)

    def read(self):
        if self.index == self.length:
            return None
        self.index += 1
        return Frame(picture(self.index, (48, 64)), self.index - 1, (self.index - 1) / 25)

    def close(self):
        self.closed = True


@pytest.fixture
def count_source():
    """The function that makes a source of so many frames."""
    return CountSource


class Log:
    """Keeps what was called back, and waits for it: never for a fixed time."""

    def __init__(self):
        self.condition = threading.Condition()
        self.results, self.statuses, self.calls = [], [], []

    def on_frame(self, *_):
        self._keep(self.calls, "frame")

    def on_result(self, result):
        self._keep(self.results, result)

    def on_status(self, status):
        self._keep(self.statuses, status)

    def _keep(self, kept, item):
        with self.condition:
            kept.append(item)
            self.condition.notify_all()

    def wait(self, predicate, timeout=20.0):
        """Wait for what a callback brings, or (looking again and again) for anything else."""
        deadline = time.perf_counter() + timeout
        with self.condition:
            while not predicate():
                assert time.perf_counter() < deadline, f"in vain; last: {self.statuses[-5:]}"
                self.condition.wait(0.02)

    @property
    def states(self):
        return [status.state for status in self.statuses]


@pytest.fixture
def log():
    return Log()


@pytest.fixture(scope="session")
def live_bundle(make_bundle, tmp_path_factory):
    """A window of half a second; whatever has the best probability is an action."""
    folder = tmp_path_factory.mktemp("live") / "live"
    return load_bundle(make_bundle(folder, length=5, interval=INTERVAL, threshold=0.0))


@pytest.fixture
def recognizer(live_bundle):
    return Recognizer(live_bundle, "cpu")


@pytest.fixture(autouse=True)
def no_thread_left(request):
    """Fails a test that leaves a thread behind, after all other fixtures have cleaned up."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(5.0)
        assert not thread.is_alive(), f"{request.node.name} left {thread.name} behind"
