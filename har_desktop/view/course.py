"""What happened so far: probabilities over time, and the events. The timeline draws it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from har_desktop.decision.decision import Decision, Event

Floats = NDArray[np.float32]
_ROOM = 1024  # rows to begin with


class Course:
    """Grows decision by decision, in order of time; may be bounded to the last `reach` seconds."""

    def __init__(self, classes: Sequence[str], reach: float | None = None) -> None:
        """Begin without a past.

        Args:
            classes: Names in the order of the probabilities.
            reach: Seconds that are kept, or None for all.
        """
        self.classes = tuple(classes)
        self._reach = reach
        self._times: list[float] = []
        self._shares = np.empty((_ROOM, len(self.classes)), np.float32)
        self._events: list[Event] = []
        self._open: Event | None = None  # that still goes on

    def __len__(self) -> int:
        return len(self._times)

    @property
    def span(self) -> tuple[float, float] | None:
        """Time of the first and the last decision in seconds; None before any."""
        return (self._times[0], self._times[-1]) if self._times else None

    @property
    def known(self) -> bool:
        """Whether anything was known at any time: else the window was never full."""
        return not np.isnan(self._shares[: len(self), :1]).all()

    def add(self, decision: Decision, events: Iterable[Event] = ()) -> None:
        """Append a decision, and the events that it closed.

        One whose time is not later than the last is left out: a clock that starts anew starts a
        new course.
        """
        if self._times and decision.time <= self._times[-1]:
            return
        number = len(self._times)
        if number == len(self._shares):
            self._make_room()
            number = len(self._times)
        known = decision.probabilities
        self._shares[number] = np.nan if known is None else known
        self._times.append(decision.time)
        closed = list(events)
        self.close_events(closed)
        label, since = decision.label, decision.since
        if label is None or since is None or any(event.label == label for event in closed):
            self._open = None
        else:
            self._open = Event(since, decision.time, label, decision.confidence)

    def close_events(self, events: Iterable[Event]) -> None:
        """Add events that have ended. Those of another model's classes have no place here."""
        self._events.extend(event for event in events if event.label in self.classes)
        if self._reach is not None and self._times:
            oldest = self._times[-1] - self._reach
            self._events = [event for event in self._events if event.end >= oldest]

    def events(self) -> list[Event]:
        """The actions, in order; the last one may still go on."""
        return [*self._events, *([self._open] if self._open else [])]

    def during(self, time: float, near: float = 0.0) -> Event | None:
        """The action at a time in seconds, or at most `near` from it; the later one of two."""
        begun = [event for event in self.events() if event.start <= time + near]
        return begun[-1] if begun and time <= begun[-1].end + near else None

    def at(self, time: float) -> tuple[float, Floats] | None:
        """The decision nearest to a time: its time and its (classes,) probabilities, maybe nan."""
        if not self._times:
            return None
        index = bisect_left(self._times, time)
        if index == len(self._times) or (
            index > 0 and time - self._times[index - 1] < self._times[index] - time
        ):
            index -= 1
        return self._times[index], self._shares[index]

    def columns(self, start: float, end: float, number: int) -> tuple[NDArray[np.float64], Floats]:
        """The course between two times, thinned out to about `number` columns.

        Returns:
            (n,) times and (n, classes) probabilities, the largest of each column; nan is unknown.
        """
        low, high = bisect_left(self._times, start), bisect_left(self._times, end)
        low, high = max(0, low - 1), min(len(self._times), high + 1)
        times, shares = np.array(self._times[low:high]), self._shares[low:high]
        if len(times) <= number:
            return times, shares
        # Columns stand still in time, so that a curve that grows does not tremble.
        keys = np.floor(times / ((end - start) / number))
        starts = np.flatnonzero(np.diff(keys, prepend=keys[0] - 1))
        return times[starts], np.fmax.reduceat(shares, starts, axis=0)

    def _make_room(self) -> None:
        """Drop what lies before the reach; where that frees little, double the room."""
        number = len(self._times)
        old = 0
        if self._reach is not None:
            old = bisect_left(self._times, self._times[-1] - self._reach)
        kept = self._shares[old:number]
        room = len(self._shares) if old > number // 2 else 2 * len(self._shares)
        shares = np.empty((room, len(self.classes)), np.float32)
        shares[: len(kept)] = kept
        self._shares, self._times = shares, self._times[old:]
