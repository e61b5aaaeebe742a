"""Whether the model keeps up with the camera, and so which picture is shown.

A heat-map belongs on its own frame alone. Where the model keeps up, the newest recognised frame is
shown with its map: a few hundredths of a second behind the camera. Where it doesn't, the camera's
picture is shown as it comes, without a map, and the last recognised frame stands beside it, small.
Changing between the two takes a second of evidence, so that the picture does not flicker.
"""

from __future__ import annotations

from collections import deque

MAX_LAG = 0.08  # seconds that the shown picture may be behind the newest
_SHARE = 0.85  # of the frames must have been recognised
_REACH = 1.0  # seconds of evidence
_FEWEST = 3  # results, for a judgement


class Pace:
    """Judges from the frames and results of one live session, by their times and numbers."""

    def __init__(self) -> None:
        self._keeps_up = False
        self._since: float | None = None  # when the evidence began to speak against `_keeps_up`
        self._results: deque[tuple[float, int, float]] = deque()  # time, index, lag
        self._newest: float | None = None
        self._last: float | None = None

    @property
    def keeps_up(self) -> bool:
        """True where the newest recognised frame is the one to show."""
        return self._keeps_up

    @property
    def lag(self) -> float:
        """Seconds between the newest frame and the last recognised one; infinite without one."""
        if self._newest is None or self._last is None:
            return float("inf")
        return self._newest - self._last

    def frame(self, time: float) -> bool:
        """A frame has come; True where it should be shown at once, without a map."""
        self._newest = time
        return not self._keeps_up or self.lag > MAX_LAG

    def result(self, time: float, index: int) -> bool:
        """A result has come for the frame of this time and number; True where to show it large."""
        self._newest = max(time, self._newest or time)
        self._last = time
        results = self._results
        if results and index <= results[-1][1]:
            results.clear()
        results.append((time, index, self.lag))
        while results[0][0] < time - _REACH:
            results.popleft()
        self._judge(time)
        return self._keeps_up and self.lag <= MAX_LAG

    def _judge(self, time: float) -> None:
        results = self._results
        good = False
        if len(results) >= _FEWEST:
            share = len(results) / (results[-1][1] - results[0][1] + 1)
            late = sum(lag > MAX_LAG for _, _, lag in results)
            good = share >= _SHARE and late <= (1 - _SHARE) * len(results)
        if good == self._keeps_up:
            self._since = None
        elif self._since is None or time < self._since:
            self._since = time
        elif time - self._since >= _REACH:
            self._keeps_up, self._since = good, None
