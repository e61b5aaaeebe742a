"""What the program tells the person about one moment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class State(StrEnum):
    """What is known at this moment."""

    FILLING = "filling"  # the window has not seen enough time yet
    NO_ACTION = "no action"  # a full window, and none of the classes is sure enough
    ACTION = "action"


@dataclass(frozen=True, slots=True)
class Event:
    """One action from its start to its end, in seconds of the source.

    `confidence` is the mean smoothed probability of `label` over the event.
    """

    start: float
    end: float
    label: str
    confidence: float


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """The smoothed view at `time`.

    Attributes:
        time: Seconds, of the newest frame.
        state: See `State`.
        probabilities: (classes,) float32 smoothed probabilities; what they lack to 1 is the share
            of windows without evidence for any class. None while filling.
        label: The class that is going on; None unless `state` is ACTION.
        confidence: Smoothed probability of `label`, or of the top class; 0.0 while filling.
        since: Seconds, when `label` began, as its event will have it: it is only called an action
            once it has stayed. None unless `state` is ACTION.
    """

    time: float
    state: State
    probabilities: NDArray[np.float32] | None
    label: str | None
    confidence: float
    since: float | None = None
