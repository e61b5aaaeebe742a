"""From recognitions to what the person is told: a state, a label, and events with start and end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har_desktop.decision.decision import Decision, Event, State
from har_desktop.decision.smoothing import Smoother
from har_desktop.inference.recognition import Recognition


@dataclass(frozen=True, slots=True)
class Rules:
    """When an action begins and ends.

    Attributes:
        time_constant: Seconds of smoothing. Neighbouring windows share most of their frames, so
            what flickers is noise of single frames; half a second removes it and is short
            against the seconds that a window spans.
        duration: Seconds that a class must stay above the threshold before it is called an
            action: long enough for a gesture not to be one, short enough for the live view. For
            as long, what was decided stands where windows have holes.
        release: Share of the threshold below which an action ends. The gap between the two keeps
            a probability that trembles about the threshold from cutting an action to pieces.
    """

    time_constant: float = 0.5
    duration: float = 0.5
    release: float = 0.8


DEFAULTS = Rules()


@dataclass(slots=True)
class _Run:
    """A class that goes on: its evidence so far."""

    label: int
    start: float
    end: float
    total: float = 0.0
    count: int = 0

    def add(self, time: float, probability: float) -> None:
        self.end = time
        self.total += probability
        self.count += 1


class Decider:
    """Turns recognitions of one source, in order, into decisions and events.

    A class that reaches the threshold becomes a candidate; once it has stayed for
    `Rules.duration` it is the action, which began when it first reached the threshold. The action
    ends when its probability falls below the release level or another candidate becomes the
    action. A window that fills anew (start, seek, gap) ends it as well. A slow camera that loses
    one picture leaves a hole, over which the places of the window pass one by one: that is no end,
    unless the window lacks a place for `Rules.duration` on end, as at 5 or 6 frames a second.
    """

    def __init__(self, classes: Sequence[str], threshold: float, rules: Rules = DEFAULTS) -> None:
        """Decide among `classes`.

        Args:
            classes: Their names, in the order of the probabilities.
            threshold: The bundle's rejection threshold, 0 to 1: below it is "no action".
            rules: When an action begins and ends.
        """
        self._classes = tuple(classes)
        self._threshold = threshold
        self._rules = rules
        self._smoother = Smoother(self._rules.time_constant)
        self._action: _Run | None = None
        self._candidate: _Run | None = None
        self._meanwhile: list[tuple[float, float]] = []  # of the action, while there is one
        self._seen: tuple[float, NDArray[np.float32]] | None = None  # of the last full window

    def update(self, recognition: Recognition) -> tuple[Decision, tuple[Event, ...]]:
        """Take in one recognition; return the decision and the events that it closes."""
        time, window = recognition.frame.time, recognition.window
        if window is None:
            if (
                self._seen
                and recognition.filled > 1
                and time - self._seen[0] < self._rules.duration
            ):
                self._candidate = None  # it has not stayed
                return self._decision(time, self._seen[1]), ()
            return Decision(time, State.FILLING, None, None, 0.0), self.finish()
        smoothed = self._smoother.update(time, window.vote)
        self._seen = time, smoothed
        top = int(smoothed.argmax())
        closed: tuple[Event, ...] = ()
        if self._action and smoothed[self._action.label] < self._threshold * self._rules.release:
            closed = self._close()
        self._nominate(time, top, float(smoothed[top]))
        if self._candidate:
            if time - self._candidate.start >= self._rules.duration:
                closed += self._close()
                self._action, self._candidate = self._candidate, None
            elif self._action:
                self._meanwhile.append((time, float(smoothed[self._action.label])))
        elif self._action:
            for moment in (*self._meanwhile, (time, float(smoothed[self._action.label]))):
                self._action.add(*moment)
            self._meanwhile.clear()
        return self._decision(time, smoothed), closed

    def finish(self) -> tuple[Event, ...]:
        """End the source, or the stretch before a new one: return the event still open."""
        self._smoother.reset()
        self._candidate = self._seen = None
        return self._close()

    def _decision(self, time: float, smoothed: NDArray[np.float32]) -> Decision:
        if self._action is None:
            return Decision(time, State.NO_ACTION, smoothed, None, float(smoothed.max()))
        run = self._action
        name, confidence = self._classes[run.label], float(smoothed[run.label])
        return Decision(time, State.ACTION, smoothed, name, confidence, run.start)

    def _nominate(self, time: float, top: int, probability: float) -> None:
        """Begin, carry on or drop the candidate: the top class, unless it is the action."""
        likely = 0 < probability >= self._threshold  # a threshold of 0 names nothing of nothing
        if not likely or (self._action and top == self._action.label):
            self._candidate = None
            return
        if self._candidate is None or self._candidate.label != top:
            self._candidate = _Run(top, time, time)
        self._candidate.add(time, probability)

    def _close(self) -> tuple[Event, ...]:
        run, self._action = self._action, None
        self._meanwhile.clear()
        if run is None:
            return ()
        return (Event(run.start, run.end, self._classes[run.label], run.total / run.count),)
