"""Exponential smoothing in time."""

from __future__ import annotations

from math import expm1

import numpy as np
from numpy.typing import NDArray

Probabilities = NDArray[np.float32]


class Smoother:
    """Lets probabilities follow their newest values with a time constant in seconds.

    After one time constant, 63 % of a step have arrived. The weight of a value is the time that
    it covers, so a source of 10 fps is smoothed like one of 30.
    """

    def __init__(self, time_constant: float) -> None:
        """Smooth with `time_constant` seconds, more than 0."""
        self._time_constant = time_constant
        self._last: tuple[float, Probabilities] | None = None

    def reset(self) -> None:
        """Forget the past: the next value stands as it is."""
        self._last = None

    def update(self, time: float, probabilities: Probabilities) -> Probabilities:
        """Take in the value at `time` in seconds, later than the last; return the smoothed one.

        Args:
            time: Seconds.
            probabilities: (classes,) float32.

        Returns:
            (classes,) float32; sums to 1 if the inputs do.
        """
        smoothed = probabilities.astype(np.float32)
        if self._last is not None:
            before, old = self._last
            weight = np.float32(-expm1((before - time) / self._time_constant))
            smoothed = old + weight * (smoothed - old)
        self._last = time, smoothed
        return smoothed
