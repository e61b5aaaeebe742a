"""The policy for files: every frame, in order, nothing dropped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from har_desktop.decision.decision import Event
from har_desktop.decision.events import Decider
from har_desktop.frame import Frame
from har_desktop.inference.recognition import Window
from har_desktop.inference.recognizer import Recognizer
from har_desktop.sinks.base import Sink

# Frames whose times are rounded to milliseconds may come this much too early for their hop.
TICK_S = 5e-4


@dataclass
class Outcome:
    """What one source gave.

    Attributes:
        frames: Frames that were read.
        windows: Windows that were recognised.
        first: Time of the first frame in seconds.
        last: Time of the last frame in seconds.
        votes: (classes,) sum of the windows' calibrated probabilities.
        events: The actions that ended before the source did, in order.
        seconds: Per stage, what it cost in total.
    """

    frames: int = 0
    windows: int = 0
    first: float = 0.0
    last: float = 0.0
    votes: NDArray[np.float64] | None = None
    events: list[Event] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def count(self, window: Window) -> None:
        """Add one window's vote."""
        if self.votes is None:
            self.votes = np.zeros(len(window.probabilities))
        self.votes += window.probabilities
        self.windows += 1

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add what happens inside to the stage's seconds."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.add(stage, time.perf_counter() - began)

    def add(self, stage: str, seconds: float) -> None:
        """Add to the stage's seconds."""
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds


def run_in_order(
    frames: Iterable[Frame],
    recognizer: Recognizer,
    decider: Decider,
    sinks: Sequence[Sink],
    hop: float,
    on_frame: Callable[[], object],
) -> Outcome:
    """Drive all frames through the engine and give each result to all sinks.

    Args:
        frames: An open source.
        recognizer: Cleared here, so that nothing of another source is left in its window.
        decider: A fresh one. It may still hold an open event afterwards.
        sinks: Get every result; they are neither finished nor aborted here.
        hop: Least time in seconds between two frames that are looked at; 0 for every frame.
        on_frame: Called after each frame that was read, for a progress bar.
    """
    outcome = Outcome()
    recognizer.clear()
    due = 0.0
    for frame in _timed_read(frames, outcome):
        if outcome.frames == 0:
            outcome.first = due = frame.time
        outcome.frames += 1
        outcome.last = frame.time
        on_frame()
        if frame.time < due - TICK_S:
            continue
        if hop:
            due += hop * (1 + (frame.time - due + TICK_S) // hop)
        _step(frame, recognizer, decider, sinks, outcome)
    return outcome


def _timed_read(frames: Iterable[Frame], outcome: Outcome) -> Iterator[Frame]:
    iterator = iter(frames)
    while True:
        with outcome.timed("decode"):
            frame = next(iterator, None)
        if frame is None:
            return
        yield frame


def _step(
    frame: Frame,
    recognizer: Recognizer,
    decider: Decider,
    sinks: Sequence[Sink],
    outcome: Outcome,
) -> None:
    recognition = recognizer.push(frame)
    outcome.add("prepare", recognition.timings.prepare)
    outcome.add("encode", recognition.timings.encode)
    outcome.add("head", recognition.timings.head)
    if recognition.window is not None:
        outcome.count(recognition.window)
    decision, events = decider.update(recognition)
    outcome.events.extend(events)
    with outcome.timed("write"):
        for sink in sinks:
            sink.write(recognition, decision, events)
