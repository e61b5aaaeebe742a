"""What the tests of the pipeline share: sources, what is called back, a model."""

import gc
import threading
import time

import numpy as np
import pytest

from har_desktop.decision.events import Decider
from har_desktop.frame import Frame
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.identity import identity
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline import live as live_module
from har_desktop.pipeline.live import Live
from har_desktop.pipeline.result import Result
from har_desktop.sinks.base import RunInfo
from har_desktop.sources.base import Source, SourceInfo
from tests.har_desktop.pipeline.takes import FPS, START
from tests.rigs import MjpegRig, ScriptedRig, picture
from tests.sessions import ENDLESS, Gated

INTERVAL = 0.1


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
        self.length, self.index, self.opened, self.closed = length, 0, 0, False

    def open(self):
        self.index = 0
        self.opened += 1
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

    def wait(self, predicate, timeout=60.0):
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


@pytest.fixture
def gated(live_bundle):
    model = Gated(live_bundle)
    yield model
    model.error = None
    model.open_wide()


@pytest.fixture
def live(log, monkeypatch):
    """The function that makes a session. At the end it waits less for what hangs."""
    made = []

    def make(patience=ENDLESS):
        made.append(Live(log.on_frame, log.on_result, log.on_status, patience))
        return made[-1]

    yield make
    monkeypatch.setattr(live_module, "STOP_S", 0.4)
    for one in made:
        one.stop()


@pytest.fixture(autouse=True)
def no_thread_left(request):
    """Fails a test that leaves a thread behind, after all other fixtures have cleaned up."""
    before = set(threading.enumerate())
    yield
    gc.collect()  # the threads of encoders end with them, and an error's traceback holds them
    for thread in set(threading.enumerate()) - before:
        thread.join(20.0)
        assert not thread.is_alive(), f"{request.node.name} left {thread.name} behind"


@pytest.fixture
def run(live_bundle):
    source = SourceInfo("camera", 64, 48, FPS, None, live=True)
    manifest = live_bundle.manifest
    return RunInfo(source, manifest.name, identity(manifest), "cpu", None, manifest.classes, 0.1)


@pytest.fixture
def results(recognizer):
    """The function that makes results of a session that has been running for a while."""
    decider = Decider(recognizer.manifest.classes, 0.0)

    def make(count, start=START, stretch=1, first=2000):
        made = []
        for number in range(count):
            rng = np.random.default_rng(number // 5)
            small = rng.integers(0, 256, (6, 8, 3), np.uint8)
            image = np.kron(small, np.ones((8, 8, 1), np.uint8))
            frame = Frame(image, first + number, start + number / FPS)
            recognition = recognizer.push(frame)
            decision, events = decider.update(recognition)
            made.append(Result(recognition, decision, events, recognizer.manifest, 0.0, stretch))
        return made

    return make
