"""Rivals timed side by side.

Machines drift: other programs, heat and clock rates make one minute slower than the next. So the
rivals take turns, and every other round runs backwards. A ratio compares the turns of the same
round only, and its interval comes from resampling the rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
MOST_CALLS = 200  # in one turn
# The interval of a median ends at the extremes at the most, and all of five rounds lie on one side
# of it in 6 of 100 cases, all of six in 3.
FEWEST = 6


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured.

    Attributes:
        rounds: How often each rival has its turn.
        turn_s: Seconds that a turn lasts, or one call where that takes longer.
    """

    rounds: int = 15
    turn_s: float = 0.1

    def fewer(self) -> Effort:
        """For rivals whose calls take seconds: a third of the rounds, but enough of them."""
        return Effort(min(self.rounds, max(FEWEST, self.rounds // 3)), self.turn_s)


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What one rival took, in seconds per call.

    Attributes:
        turns: The calls of each turn.
    """

    turns: list[list[float]]

    @property
    def calls(self) -> NDArray[np.float64]:
        """(n,) all calls."""
        return np.concatenate([np.asarray(turn) for turn in self.turns])

    @property
    def medians(self) -> NDArray[np.float64]:
        """(rounds,) the median of each turn."""
        return np.array([np.median(turn) for turn in self.turns])

    def scaled(self, factor: float) -> Sample:
        """The same with all times multiplied."""
        return Sample([[factor * call for call in turn] for turn in self.turns])


@dataclass(frozen=True, slots=True)
class Ratio:
    """A ratio of two rivals' times and its interval of 95 %."""

    value: float
    low: float
    high: float


def alternate(rivals: Mapping[str, Callable[[], object]], effort: Effort) -> dict[str, Sample]:
    """Time all rivals in turn: forwards in one round, backwards in the next.

    Each is called once beforehand, to warm up and to see how many calls fill a turn. The first of
    several calls in a turn is not counted: it finds the caches full of what the rival before left.
    """
    names = list(rivals)
    calls = {name: _calls(_time(rivals[name]), effort) for name in names}
    turns: dict[str, list[list[float]]] = {name: [] for name in names}
    for number in range(effort.rounds):
        for name in names if number % 2 == 0 else reversed(names):
            turn = [_time(rivals[name]) for _ in range(calls[name])]
            turns[name].append(turn[1:] or turn)
    return {name: Sample(turn) for name, turn in turns.items()}


def ratio(numerator: Sample, denominator: Sample) -> Ratio:
    """How many times the denominator's time the numerator takes.

    The value is the median over the rounds of the ratio of both medians; the interval is the
    percentile bootstrap over the rounds (Efron, Tibshirani, "An Introduction to the Bootstrap",
    1993, chapter 13).
    """
    ratios = numerator.medians / denominator.medians
    random = np.random.default_rng(0)
    drawn = ratios[random.integers(0, len(ratios), (RESAMPLES, len(ratios)))]
    low, high = np.percentile(np.median(drawn, axis=1), [2.5, 97.5])
    return Ratio(float(np.median(ratios)), float(low), float(high))


def _calls(first: float, effort: Effort) -> int:
    """How many calls a turn has; one more than counted where there are several."""
    fit = int(effort.turn_s / max(first, 1e-9))
    return 1 if fit < 2 else min(fit, MOST_CALLS) + 1


def _time(call: Callable[[], object]) -> float:
    began = perf_counter()
    call()
    return perf_counter() - began
