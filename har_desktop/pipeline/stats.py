"""What a live session achieves, in numbers."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from time import perf_counter

import numpy as np

RATE_S = 2.0
AGES_S = 10.0
_TELLING_S = 0.1


@dataclass(frozen=True, slots=True)
class Stats:
    """Taken at one moment; captured == processed + dropped + pending, always and exactly.

    Attributes:
        capture_fps: Frames per second that arrived in the last two seconds.
        inference_fps: Results per second in the last two seconds.
        label_age_p50: Median age of a result when it is published, over the last ten seconds: from
            the arrival of its frame, in seconds. None without results.
        label_age_p95: The age that 95 of 100 results stay under. None without results.
        captured: Frames that arrived since the start.
        processed: Frames that the model has seen to the end.
        dropped: Frames that gave way to a newer one, or whose inference failed.
        pending: Frames that wait or are being looked at: 0, 1 or 2.
    """

    capture_fps: float
    inference_fps: float
    label_age_p50: float | None
    label_age_p95: float | None
    captured: int
    processed: int
    dropped: int
    pending: int


class Recent:
    """Values of the last few seconds. One thread adds, any thread reads."""

    def __init__(self, seconds: float) -> None:
        """Remember so many seconds."""
        self._seconds = seconds
        self._entries: deque[tuple[float, float]] = deque()

    def add(self, value: float = 0.0) -> None:
        """Remember a value of this moment."""
        now = perf_counter()
        self._entries.append((now, value))
        while self._entries[0][0] < now - self._seconds:
            self._entries.popleft()

    def rate(self) -> float:
        """Values per second; 0 where there are none of late, or too close together to tell."""
        times = [time for time, _ in self._latest()]
        span = times[-1] - times[0] if times else 0.0
        return (len(times) - 1) / span if span >= _TELLING_S else 0.0

    def percentile(self, percent: float) -> float | None:
        """The value that so many percent stay under; None where there are none of late."""
        values = [value for _, value in self._latest()]
        return float(np.percentile(values, percent)) if values else None

    def _latest(self) -> list[tuple[float, float]]:
        oldest = perf_counter() - self._seconds
        return [entry for entry in self._entries.copy() if entry[0] >= oldest]
