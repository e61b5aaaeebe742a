"""A sink that works in a thread of its own, so that the engine doesn't wait for it."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from har_desktop.decision.decision import Decision, Event
from har_desktop.inference.recognition import Recognition
from har_desktop.sinks.base import Sink

# Enough for both sides to keep busy; each result holds its picture.
WAITING = 4


class Behind(Sink):
    """Hands every result on to another sink, in order, from a thread named `sink`.

    What the other one raises is raised by the next call here.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._calls: queue.Queue[Callable[[], None] | None] = queue.Queue(WAITING)
        self._given_up = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="sink", daemon=True)
        self._thread.start()

    def write(self, recognition: Recognition, decision: Decision, events: Sequence[Event]) -> None:
        """Leave one result to the thread; waits where that is behind by more than a few."""
        self._complain()
        self._calls.put(partial(self._sink.write, recognition, decision, events))

    def hold(self, time: float) -> None:
        """Leave that to the thread, too."""
        self._complain()
        self._calls.put(partial(self._sink.hold, time))

    def finish(self, events: Sequence[Event] = ()) -> Path:
        """Wait for all results to be written, then finish."""
        self._join()
        self._complain()
        return self._sink.finish(events)

    def abort(self) -> None:
        """Forget what has not been written, then abort."""
        self._given_up = True
        self._sink.interrupt()
        self._join()
        self._sink.abort()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            if self._given_up or self._error is not None:
                continue  # nobody may wait for room
            try:
                call()
            except BaseException as error:  # noqa: BLE001, told by the next call
                self._error = error

    def _join(self) -> None:
        if self._thread.is_alive():
            self._calls.put(None)
            self._thread.join()

    def _complain(self) -> None:
        if self._error is not None:
            raise self._error
