"""The policy for files: every frame, in order, nothing dropped."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import wait
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from har_desktop.decision.decision import Event
from har_desktop.decision.events import Decider
from har_desktop.frame import Frame
from har_desktop.inference.recognition import Recognition, Window
from har_desktop.inference.recognizer import Look, Recognizer
from har_desktop.pipeline.hop import Hop, looks
from har_desktop.pipeline.short import ShortSource
from har_desktop.sinks.base import Sink

# So many frames are read while the one before them is answered: the encoders seldom have to wait
# then, and pictures of 4K take 25 MB each.
_AHEAD = 3


@dataclass
class Outcome:
    """What one source gave.

    Attributes:
        times: Of the frames that were read, in seconds.
        windows: Windows that were recognised.
        short: True where the source ended before its first window; `votes` is then that of one
            window in which the first picture stands still before the start. Without windows, and
            not short: its pictures lie too far apart in time for one, everywhere or in between.
        votes: (classes,) sum of the windows' votes.
        events: The actions that were found, in order.
        unwritten: Those of them that the sinks have not been given: they come with their end.
        seconds: Per stage, how long it took in total. The stages overlap.
    """

    times: list[float] = field(default_factory=list)
    windows: int = 0
    short: bool = False
    votes: NDArray[np.float64] | None = None
    events: list[Event] = field(default_factory=list)
    unwritten: list[Event] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def count(self, window: Window) -> None:
        """Add one window's vote."""
        if self.votes is None:
            self.votes = np.zeros(len(window.vote))
        self.votes += window.vote
        self.windows += 1

    def end(self, events: Sequence[Event]) -> None:
        """Take in events that have just ended."""
        self.events.extend(events)
        self.unwritten.extend(events)

    @property
    def frames(self) -> int:
        """How many were read."""
        return len(self.times)

    @property
    def last(self) -> float:
        """Time of the last frame in seconds; 0 without any."""
        return self.times[-1] if self.times else 0.0

    @property
    def mean(self) -> NDArray[np.float64] | None:
        """(classes,) mean of the windows' votes; None without any.

        What it lacks to 1 is the share of windows without evidence for any class.
        """
        return None if self.votes is None else self.votes / max(self.windows, 1)

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
        decider: A fresh one.
        sinks: Get every result; they are neither finished nor aborted here.
        hop: Mean time in seconds between two results; 0 for one per frame. The engine looks at as
            many frames as their windows need, see `looks`.
        on_frame: Called after each frame that was read, for a progress bar.
    """
    outcome = Outcome()
    recognizer.clear()
    interval = recognizer.manifest.window.frame_interval_s
    read, results = looks(_timed_read(frames, outcome), hop, interval), Hop(hop)
    short = ShortSource(recognizer)
    with closing(_looked_at(read, recognizer)) as looked_at:
        for frame, look in looked_at:
            outcome.times.append(frame.time)
            on_frame()
            if outcome.windows == 0:
                short.add(frame)
            if look is None:
                continue
            taken = sinks if results.takes(frame) else ()
            _step(recognizer.answer(look), decider, taken, outcome)
    outcome.end(decider.finish())
    if outcome.windows or short.sparse:
        return outcome
    if (window := short.window()) is not None:
        outcome.short = True
        outcome.votes = window.vote.astype(np.float64)
    return outcome


def _timed_read(frames: Iterable[Frame], outcome: Outcome) -> Iterator[Frame]:
    iterator = iter(frames)
    while True:
        with outcome.timed("decode"):
            frame = next(iterator, None)
        if frame is None:
            return
        yield frame


def _looked_at(
    frames: Iterable[tuple[Frame, bool]], recognizer: Recognizer
) -> Generator[tuple[Frame, Look | None]]:
    """Every frame, with the look at it; None where it was only seen.

    The encoders are at later frames, while an earlier one is answered and written.
    """
    ahead = deque[tuple[Frame, Look | None]]()
    try:
        for frame, wanted in frames:
            if wanted:
                ahead.append((frame, recognizer.look(frame)))
            else:
                recognizer.see(frame)
                ahead.append((frame, None))
            if len(ahead) > _AHEAD:
                yield ahead[0]
                ahead.popleft()
        while ahead:
            yield ahead[0]
            ahead.popleft()
    finally:  # nothing of the engine is in use when this ends
        wait([look.features for _, look in ahead if look is not None and look.features])


def _step(
    recognition: Recognition, decider: Decider, sinks: Sequence[Sink], outcome: Outcome
) -> None:
    outcome.add("prepare", recognition.timings.prepare)
    outcome.add("encode", recognition.timings.encode)
    outcome.add("head", recognition.timings.head)
    if recognition.window is not None:
        outcome.count(recognition.window)
    decision, events = decider.update(recognition)
    outcome.end(events)
    if sinks:
        with outcome.timed("write"):
            for sink in sinks:
                sink.write(recognition, decision, outcome.unwritten)
        outcome.unwritten = []
