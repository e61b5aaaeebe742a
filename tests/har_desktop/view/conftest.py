"""The real window, offscreen, with settings, log and models of its own; and what it must not leave.

Tests run their body inside `run_window`, in the event loop of the program itself.
"""

import gc
import os
import threading
import time
from contextlib import suppress
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QEvent, QSettings, QThread, QTimer
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

import har_desktop.models
from har_desktop.decision.decision import Decision, State
from har_desktop.decision.events import Decider
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.result import Result
from har_desktop.sources.figure import RenderedFigure
from har_desktop.view import app
from har_desktop.view.main_window import MainWindow
from har_desktop.view.settings import Settings

FOLDER = Path(__file__).parent
CLASSES = ("BodyWeightSquats", "JumpingJack", "Lunges", "PushUps")
PATIENCE = 60_000  # milliseconds, on a busy machine
INTERVAL = 0.1  # seconds, so that a window of ten is full after one second
# What Qt says offscreen, and nowhere else.
HARMLESS = ("This plugin does not support",)


def pytest_collection_modifyitems(items):
    """A warning of Qt fails a test of the window."""
    for item in items:
        if item.path.is_relative_to(FOLDER):
            item.add_marker(pytest.mark.qt_log_level_fail("WARNING"))
            item.add_marker(pytest.mark.qt_log_ignore(*HARMLESS, extend=True))


@pytest.fixture
def qtbot(qtbot):
    """Waits as long as a busy machine may take."""
    for name in ("waitUntil", "waitSignal", "waitExposed"):
        setattr(qtbot, name, partial(getattr(qtbot, name), timeout=PATIENCE))
    return qtbot


@pytest.fixture(autouse=True)
def nothing_left_behind(qapp, request):
    """Fail a test that leaves a thread, a running timer or a window."""
    before = set(threading.enumerate())
    old = {id(widget) for widget in qapp.topLevelWidgets()}
    yield
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    deadline = time.monotonic() + 20
    while (threads := set(threading.enumerate()) - before) and time.monotonic() < deadline:
        qapp.processEvents()
        time.sleep(0.01)
    assert not threads, f"threads left behind: {[thread.name for thread in threads]}"
    if {"in_window", "shown"} & set(request.fixturenames):  # looking takes a while
        if running():
            gc.collect()
        assert not running(), "timers or threads of Qt left running"
    windows = [w for w in qapp.topLevelWidgets() if w.isVisible() and id(w) not in old]
    for window in windows:
        window.close()
    assert not windows, f"windows left open: {windows}"


def running():
    """Every timer that runs, and every thread of Qt, by its owner."""
    things = [thing for thing in gc.get_objects() if type(thing) in (QTimer, QThread)]
    return [
        (thing, thing.parent())
        for thing in things
        if isValid(thing) and (thing.isActive() if isinstance(thing, QTimer) else thing.isRunning())
    ]


@pytest.fixture(scope="session")
def models_folder(tmp_path_factory, make_bundle):
    """The default model and another one; only read it."""
    folder = tmp_path_factory.mktemp("shipped")
    shape = {"size": (48, 64), "interval": INTERVAL, "classes": CLASSES, "threshold": 0.3}
    make_bundle(folder / "two_stream", **shape)
    (folder / "two_stream" / "card.md").write_text("# Two streams\n\nA model for tests.\n")
    make_bundle(folder / "other_gru", **(shape | {"classes": ("walk", "run")}), seed=1)
    return folder


@pytest.fixture
def shipped(models_folder, monkeypatch):
    """These models are the ones that come with the program."""
    monkeypatch.setattr(har_desktop.models, "shipped_folder", lambda: models_folder)
    return models_folder


@pytest.fixture
def settings(tmp_path):
    """Settings that nobody else has."""
    made = Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))
    made.folder = tmp_path / "recordings"
    return made


@pytest.fixture
def in_window(qapp, settings, shipped, monkeypatch, tmp_path):  # noqa: ARG001
    """Run a function of the main window inside the real program; close the window after it."""
    monkeypatch.setattr(app.platformdirs, "user_log_dir", lambda _: str(tmp_path / "log"))
    monkeypatch.setattr("har_desktop.view.camera_watch.list_cameras", lambda: ())

    def run(body, *arguments, code=0):
        errors = []

        def inside():
            (window,) = [w for w in qapp.topLevelWidgets() if isinstance(w, MainWindow)]
            try:
                body(window)
            except BaseException as error:  # noqa: BLE001, raised again below
                errors.append(error)
            finally:
                window.close()

        QTimer.singleShot(0, inside)
        ended = app.run_window(arguments, settings)
        qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        if errors:
            raise errors[0]
        assert ended == code

    return run


@pytest.fixture(scope="session")
def results(models_folder):
    """Two seconds of a rendered figure, recognised: one result per frame, the last ones full."""
    recognizer = Recognizer(load_bundle(models_folder / "two_stream"), "cpu")
    manifest = recognizer.manifest
    decider = Decider(manifest.classes, manifest.calibration.rejection_threshold)
    made = []
    with RenderedFigure("JumpingJack", 1, 2.0, 20.0, (96, 128)) as source:
        for frame in source:
            recognition = recognizer.push(frame)
            decision, events = decider.update(recognition)
            made.append(Result(recognition, decision, events, manifest, frame.time, 0))
    return tuple(made)


@pytest.fixture(scope="session")
def clip(tmp_path_factory):
    """Three seconds of a rendered figure: 60 pictures, 20 a second."""
    path = tmp_path_factory.mktemp("clips") / "squats & more.mp4"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 20.0, (128, 96))
    with RenderedFigure("BodyWeightSquats", 2, 3.0, 20.0, (96, 128)) as source:
        for frame in source:
            writer.write(frame.image)
    writer.release()
    return path


@pytest.fixture
def decision_at():
    """Make a decision out of probabilities."""

    def make(time, shares=None, label=None, since=0.0):
        if shares is None:
            return Decision(time, State.FILLING, None, None, 0.0)
        known = np.array(shares, np.float32)
        state = State.ACTION if label else State.NO_ACTION
        began = since if label else None
        return Decision(time, state, known, label, float(known.max()), began)

    return make


@pytest.fixture
def shown(qtbot):
    """Show a widget in a size, painted."""

    def show(widget, width=400, height=300):
        qtbot.addWidget(widget)
        widget.resize(width, height)
        widget.show()
        qtbot.waitExposed(widget)
        QApplication.processEvents()
        return widget

    return show


class CameraServer:
    """A live camera on loopback: JPEG after JPEG over HTTP, to be stopped and started again."""

    def __init__(self, pictures, fps):
        self._pictures, self.fps = pictures, fps
        self._port, self._server = 0, None
        self.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._port}/"

    def start(self):
        served, self._stopped = self, threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=f")
                self.end_headers()
                number = 0
                with suppress(OSError):
                    while not served._stopped.wait(1 / served.fps):
                        number += 1
                        data = served._pictures[number % len(served._pictures)]
                        head = f"--f\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}"
                        self.wfile.write(f"{head}\r\n\r\n".encode() + data + b"\r\n")

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self._port), Handler)
        self._server.daemon_threads = False
        self._port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self):
        self._stopped.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None


@pytest.fixture(scope="session")
def jpegs(results):
    """The pictures of `results`, as a network camera sends them."""
    images = [result.recognition.frame.image for result in results]
    return [cv2.imencode(".jpg", image)[1].tobytes() for image in images]


@pytest.fixture
def camera_server(nothing_left_behind, jpegs):  # noqa: ARG001, it must look first and last
    """A live camera of 30 pictures per second."""
    yield from serving(jpegs, 30.0)


@pytest.fixture
def slow_camera_server(nothing_left_behind, jpegs):  # noqa: ARG001, it must look first and last
    """As in the dark: three pictures per second."""
    yield from serving(jpegs, 3.0)


def serving(jpegs, fps):
    server = CameraServer(jpegs, fps)
    yield server
    server.stop()


@pytest.fixture
def gate(monkeypatch):
    """Opened from the start; while it is closed, the model does not answer."""
    push, made = Recognizer.push, threading.Event()
    made.set()

    def waiting(self, frame):
        made.wait()
        return push(self, frame)

    monkeypatch.setattr(Recognizer, "push", waiting)
    yield made
    made.set()


@pytest.fixture
def slow_looks(monkeypatch):
    """The function that lets a look at each picture take so many seconds more."""
    look = Recognizer.look

    def slow(seconds):
        def slowly(self, frame):
            time.sleep(seconds)
            return look(self, frame)

        monkeypatch.setattr(Recognizer, "look", slowly)

    return slow
