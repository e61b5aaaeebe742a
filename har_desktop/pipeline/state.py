"""The state of a live session, and which one may follow which."""

from __future__ import annotations

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
        message: Why it is lost or faulted; after STOPPED, which thread had to be left behind.
            None where there is nothing to say.
    """

    state: State
    message: str | None = None
