"""What the engine made of one frame of a live source or of a replay."""

from __future__ import annotations

from dataclasses import dataclass

from har_desktop.decision.decision import Decision, Event
from har_desktop.inference.manifest import Manifest
from har_desktop.inference.recognition import Recognition


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """One result, with the frame that it belongs to.

    Attributes:
        recognition: `recognition.frame` is the frame; the last heat-map of `recognition.window`
            belongs to it. The window is None while it fills.
        decision: State, label, confidence, smoothed probabilities at `recognition.frame.time`.
        events: The actions that ended with this result.
        manifest: Of the model that gave it: names the classes of the probabilities.
        arrived: When the frame arrived (live) or was decoded (replay), in seconds of
            `time.perf_counter()`: the age of a shown label is `perf_counter() - arrived`.
        stretch: Number of the uninterrupted stretch of frames that this one belongs to. It grows
            when a camera is lost, when its pictures change size, and when the model is swapped.
            Nothing of one stretch says anything about another.
    """

    recognition: Recognition
    decision: Decision
    events: tuple[Event, ...]
    manifest: Manifest
    arrived: float
    stretch: int
