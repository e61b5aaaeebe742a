"""From a container's time stamps, which may be missing or confused, to strictly increasing time."""

from __future__ import annotations

# A stamp that leaps further ahead than this is damage, not a pause.
_LONGEST_GAP_S = 3600.0
# Behind a few confused stamps our time may be this far ahead, and is led back to the true one.
# Further ahead, the stamps have started anew (files joined end to end), and stay behind.
_LONGEST_LEAD_S = 1.0


class StampClock:
    """Keeps the stamps that can be true, and steps at the nominal rate over the others.

    Args:
        first: Stamp of the first picture in seconds: time 0.
        step: Seconds from picture to picture by the nominal rate.

    Attributes:
        first: The same.
    """

    def __init__(self, first: float, step: float) -> None:
        self.first = first
        self._step = step
        self._latest = 0.0  # of the stamps that were believed
        self._time = 0.0
        self._elsewhere = False

    def go_elsewhere(self) -> None:
        """Believe the next stamp, whatever it is."""
        self._elsewhere = True

    def time(self, stamp: float) -> float:
        """Seconds from the first picture to the next one, which bears `stamp` (in seconds)."""
        true = stamp - self.first
        if self._elsewhere:
            self._elsewhere, self._latest, self._time = False, true, true
            return true
        advances = 0.0 < true - self._latest <= _LONGEST_GAP_S
        if advances:
            self._latest = true
        if advances and true > self._time:
            self._time = true
        elif advances and self._time - true < _LONGEST_LEAD_S:
            self._time += self._step / 2
        else:
            self._time += self._step
        return self._time
