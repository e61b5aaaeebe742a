"""The state of a live session, and which one may follow which."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What a live session is doing."""

    STOPPED = "stopped"
    OPENING = "opening"  # no picture yet
    RUNNING = "running"
    LOST = "lost"  # the source gives no fresh pictures; it is being reopened
    STOPPING = "stopping"
    FAULTED = "faulted"  # the model or a thread failed; waits for a restart or a stop


ALLOWED: dict[State, frozenset[State]] = {
    State.STOPPED: frozenset({State.OPENING}),
    State.OPENING: frozenset({State.RUNNING, State.LOST, State.FAULTED, State.STOPPING}),
    State.RUNNING: frozenset({State.LOST, State.FAULTED, State.STOPPING}),
    State.LOST: frozenset({State.RUNNING, State.FAULTED, State.STOPPING}),
    State.FAULTED: frozenset({State.OPENING, State.RUNNING, State.LOST, State.STOPPING}),
    State.STOPPING: frozenset({State.STOPPED}),
}


@dataclass(frozen=True, slots=True)
class Status:
    """A state and, where there is one, the reason: one line for the person.

    Attributes:
        state: See `State`.
        message: Why it is lost or faulted; while RUNNING, that the model does not answer; after
            STOPPED, which thread had to be left behind. None where there is nothing to say.
    """

    state: State
    message: str | None = None


class Machine:
    """The state of one session, moved by two threads: capture moves it on, inference faults it.

    A fault of the model shows only while the source runs: a lost camera is the greater trouble.
    A thread that has not heard of the stop yet is not listened to any more.

    Attributes:
        lock: Held while the state changes and is told of. Whoever publishes results holds it too,
            so that nobody hears of an old stretch after the loss that ended it.
        stretch: Number of the uninterrupted stretch of frames. It only grows.
    """

    def __init__(self, on_status: Callable[[Status], object]) -> None:
        """Start as STOPPED; tell `on_status` of every change, with the lock held."""
        self.lock = threading.RLock()
        self.stretch = 0
        self._on_status = on_status
        self._source = Status(State.STOPPED)
        self._fault: str | None = None
        self._delay: str | None = None
        self._status = self._source

    @property
    def status(self) -> Status:
        """The state as the person sees it."""
        return self._status

    @property
    def source(self) -> State:
        """The state of the source alone."""
        return self._source.state

    def move(self, state: State, message: str | None = None) -> None:
        """Move the source's state on. Whatever comes, but RUNNING, begins a new stretch.

        Raises:
            RuntimeError: The table does not allow it.
        """
        with self.lock:
            stopped = self.source in (State.STOPPING, State.STOPPED)
            if stopped and state not in ALLOWED[self.source]:
                return
            if state is not State.RUNNING:
                self.stretch += 1
            self._source = Status(state, message)
            self._tell()

    def cut(self) -> None:
        """Begin a new stretch while the source runs on."""
        with self.lock:
            self.stretch += 1

    def fault(self, message: str | None) -> None:
        """Let the model be faulted, or mended with None."""
        with self.lock:
            self._fault = message
            self._tell()

    def delay(self, message: str | None) -> None:
        """Let the model be overdue, or back with None."""
        if message == self._delay:  # as with nearly every frame
            return
        with self.lock:
            self._delay = message
            self._tell()

    def _tell(self) -> None:
        status = self._source
        if self._fault is not None and status.state is State.RUNNING:
            status = Status(State.FAULTED, self._fault)
        elif self._delay is not None and status.state is State.RUNNING:
            status = Status(State.RUNNING, self._delay)
        if status == self._status:
            return
        before = self._status.state
        if status.state is not before and status.state not in ALLOWED[before]:
            raise RuntimeError(f"a session that is {before} cannot be {status.state} next")
        self._status = status
        self._on_status(status)
