"""How often something happens."""

from __future__ import annotations

from collections import deque
from time import perf_counter

_REACH = 2.0  # seconds


class RateMeter:
    """Counts events of the last two seconds."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def tick(self) -> None:
        """Something happened."""
        self._times.append(perf_counter())
        self._forget()

    def clear(self) -> None:
        """Begin anew."""
        self._times.clear()

    @property
    def rate(self) -> float | None:
        """Events per second; None before the second one, and where they have stopped."""
        self._forget()
        if len(self._times) < 2:
            return None
        return (len(self._times) - 1) / (self._times[-1] - self._times[0])

    def _forget(self) -> None:
        oldest = perf_counter() - _REACH
        while self._times and self._times[0] < oldest:
            self._times.popleft()
