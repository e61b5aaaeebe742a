"""Keeps a live source running: watches it, gives it up, opens it again.

The word of a driver is not trusted. What counts is whether fresh pictures arrive.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

from har_desktop.errors import gist
from har_desktop.frame import Frame
from har_desktop.pipeline.freshness import Freshness
from har_desktop.pipeline.reader import Reader, SourceFactory
from har_desktop.pipeline.state import Machine, State
from har_desktop.sources.base import SourceInfo

log = logging.getLogger(__name__)

# With so many readers hanging in a driver, no other is sent after them.
_MOST_HANGING = 3


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds.

    Attributes:
        picture: For the next fresh picture of a running source. A loss is to be seen within two
            seconds, so a source that is slower than this cannot be live.
        still: The same for a source whose pictures may repeat: longer than a stream takes from one
            whole picture to the next.
        opening: For the first picture: some drivers take long to start.
        first_retry: From a loss to the first attempt to open the source again.
        last_retry: Each attempt in vain doubles the wait, up to this. A source that is back is to
            be seen within five seconds, of which some go into opening it.
        steady: A source that has run so long starts again with the shortest wait.
    """

    picture: float = 1.5
    still: float = 12.0
    opening: float = 20.0
    first_retry: float = 0.5
    last_retry: float = 3.0
    steady: float = 5.0


DEFAULTS = Patience()


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """A frame on its way: when it came, in seconds of `perf_counter`, and in which stretch."""

    frame: Frame
    arrived: float
    stretch: int


class Capture:
    """Reads a source in one thread after another, and watches over them from its own.

    Attributes:
        info: What the source said of itself when it was opened last; None until a picture came.
    """

    def __init__(
        self,
        open_source: SourceFactory,
        machine: Machine,
        on_arrival: Callable[[Arrival], object],
        patience: Patience = DEFAULTS,
    ) -> None:
        """Prepare; `start` starts.

        Args:
            open_source: Makes a new, unopened source; called in the reader's thread.
            machine: Stands at OPENING; its source's state is moved by this object alone, but for
                the stop.
            on_arrival: Called for each frame, from the reader's thread. Index and time of the frame
                count over the whole session.
            patience: How long to wait.
        """
        self.info: SourceInfo | None = None
        self._open_source, self._machine = open_source, machine
        self._on_arrival, self._patience = on_arrival, patience
        self._condition = threading.Condition()  # guards what follows
        self._stopping = self._restarting = False
        self._reader: Reader | None = None  # whose frames count
        self._readers: list[Reader] = []  # whose threads may be alive
        self._opened = 0
        self._freshness = Freshness()
        self._count = 0
        self._began = 0.0
        self._size: tuple[int, int] | None = None
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)

    def start(self) -> None:
        """Start to open the source."""
        self._thread.start()

    def restart(self) -> None:
        """Open the source again after FAULTED."""
        with self._condition:
            self._restarting = True
            self._condition.notify_all()

    def ask_to_stop(self) -> None:
        """Let no frame through any more and let the threads end; doesn't wait for them."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()

    def join(self, deadline: float) -> list[str]:
        """Wait until a time of `perf_counter`; the names of the threads that are still alive."""
        self._thread.join(max(0.0, deadline - perf_counter()))
        threads = [self._thread, *(reader.thread for reader in self._readers)]
        for thread in threads:
            thread.join(max(0.0, deadline - perf_counter()))
        return [thread.name for thread in threads if thread.is_alive()]

    def _run(self) -> None:
        """Open the source again and again until the stop."""
        wait = self._patience.first_retry
        while not self._stopping:
            try:
                reader = self._send_reader()
                problem = self._attend(reader)
                if reader.ran() >= self._patience.steady:
                    wait = self._patience.first_retry
                self._give_up(problem, wait)
                wait = min(2 * wait, self._patience.last_retry)
            except Exception as error:
                log.exception("capture failed")
                self._wait_for_restart(error)

    def _attend(self, reader: Reader) -> str:
        """Watch over a reader until it gives no fresh frames; say why that is."""
        with self._condition:
            while not (self._stopping or reader.ended) and (left := self._time_left(reader)) > 0:
                self._condition.wait(left)
            self._reader = None
            reader.dismiss()
        if reader.error is not None:
            raise reader.error
        if reader.problem is not None:
            return reader.problem
        if reader.ended:
            return f"{reader.name}: gives no more pictures; check its plug or its server"
        if reader.seen is None:
            return f"{reader.name}: does not answer; check its plug or its server"
        if perf_counter() - reader.seen < self._patience.picture / 2:
            return f"{reader.name}: the picture stands still; check the camera"
        return f"{reader.name}: sends no pictures; check its plug or its server"

    def _send_reader(self) -> Reader:
        with self._condition:
            self._opened += 1
            reader = Reader(self._opened, self._open_source, self._deliver, self._wake)
            self._readers = [old for old in self._readers if not old.ended] + [reader]
            self._reader = reader
            reader.thread.start()
            return reader

    def _hanging(self) -> int:
        return sum(not reader.ended for reader in self._readers)

    def _wake(self) -> None:
        with self._condition:
            self._condition.notify_all()

    def _time_left(self, reader: Reader) -> float:
        patience, now = self._patience, perf_counter()
        if reader.fresh is None or reader.seen is None:
            return reader.started + patience.opening - now
        repeats = reader.info is not None and reader.info.repeats
        still = reader.fresh + (patience.still if repeats else patience.picture)
        return min(still, reader.seen + patience.picture) - now

    def _give_up(self, problem: str, wait: float) -> None:
        """Tell of the loss, and let some time pass."""
        if self._stopping:
            return
        level = logging.WARNING if self._machine.source is not State.LOST else logging.DEBUG
        log.log(level, "lost: %s; next try in %.2f s", problem, wait)
        self._machine.move(State.LOST, problem)
        with self._condition:
            self._condition.wait_for(lambda: self._stopping, wait)
            # Those who hang in a driver may hold the camera, so more of them would not help.
            self._condition.wait_for(lambda: self._stopping or self._hanging() < _MOST_HANGING)

    def _wait_for_restart(self, error: Exception) -> None:
        self._machine.move(State.FAULTED, gist(error, "the source failed: "))
        with self._condition:
            self._condition.wait_for(lambda: self._stopping or self._restarting)
            self._restarting = False
        if not self._stopping:
            self._machine.move(State.OPENING)

    def _deliver(self, reader: Reader, frame: Frame) -> None:
        """Take a frame from a reader's thread, if that one still counts."""
        with self._condition:
            if self._stopping or reader is not self._reader:
                return
            now = reader.seen = perf_counter()
            fresh = self._freshness.is_fresh(frame.image)
            if reader.fresh is None:
                self._condition.notify_all()  # from now on, patience is short
            if fresh or reader.fresh is None:
                reader.fresh = now
            if self._machine.source is not State.RUNNING:
                if not fresh:
                    return
                log.info("running: %s", reader.info)
                self.info, self._size = reader.info, frame.size
                self._machine.move(State.RUNNING)
            elif frame.size != self._size:
                self._size = frame.size
                self._machine.cut()
            if not self._count:
                self._began = now
            numbered = Frame(frame.image, self._count, now - self._began)
            self._count += 1
            self._on_arrival(Arrival(numbered, now, self._machine.stretch))
