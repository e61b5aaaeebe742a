"""What the tests of a live session share."""

import threading

from har_desktop.decision.decision import State as Decided
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.capture import Patience

# For tests that lose their source; on a busy machine it may be lost earlier than meant.
QUICK = Patience(picture=1.0, opening=2.0, first_retry=0.05, last_retry=0.2)
ENDLESS = Patience(picture=60.0, opening=60.0, first_retry=0.05, last_retry=0.2)


class Gated(Recognizer):
    """A model that works when it is let, and fails when it is told to."""

    def __init__(self, bundle):
        super().__init__(bundle, "cpu")
        self.gate = threading.Semaphore(0)
        self.error = None
        self.busy = threading.Event()

    def push(self, frame):
        self.busy.set()
        self.gate.acquire()
        self.busy.clear()
        if self.error:
            raise self.error
        return super().push(frame)

    def open_wide(self):
        self.gate.release(1_000_000)


def acts(log):
    return any(result.decision.state is Decided.ACTION for result in log.results)


def labels(decision):
    """What goes on: one label, as a rule, but a busy machine may have made a gap before."""
    return [decision.label] if decision.label else []


def check(stats):
    assert stats.captured == stats.processed + stats.dropped + stats.pending
    assert 0 <= stats.pending <= 2


def full(window):
    """True once the window of ten frames is full and shown, in the session of a main window."""
    result = window.director.session.result
    return result is not None and result.recognition.window is not None
