"""The demo clip: one person in one room goes through several actions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from har_desktop.sources.figure.body import Body
from har_desktop.sources.figure.idle import Idle
from har_desktop.sources.figure.juggling import Juggling
from har_desktop.sources.figure.motions import JumpingJack, Lunges, Motion, Squats
from har_desktop.sources.figure.scene import Scene
from har_desktop.sources.figure.skeleton import Pose, blend
from har_desktop.sources.figure.source import FilmedScene

# Whom and what we see; chosen by eye.
PERSON, SCENE = 3, 3
# Seconds from one way of moving into the next.
BLEND = 0.6


class Act(NamedTuple):
    """A stretch of the clip."""

    start: float
    end: float
    label: str | None
    motion: Motion
    heading: float

    def pose(self, time: float) -> Pose:
        """The pose at a time of the clip."""
        return self.motion.pose(time).turned(self.heading)


def acts(body: Body) -> tuple[Act, ...]:
    """The course of the clip: what is done, how often, how fast, and turned how far (degrees)."""
    idle = Idle(body, np.random.default_rng(1))
    idle.rate, idle.started, idle.gestures = 0.15, 0.0, ("shrug", "touch the face")
    course: list[tuple[str | None, Motion, float, float, float]] = [
        (None, idle, 2.8, 1.0, 12),
        ("BodyWeightSquats", Squats(body, np.random.default_rng(2)), 3, 0.52, 50),
        (None, idle, 1.6, 1.0, 15),
        ("JumpingJack", JumpingJack(body, np.random.default_rng(3)), 5, 0.9, 4),
        (None, idle, 1.6, 1.0, 25),
        ("Lunges", Lunges(body, np.random.default_rng(4)), 3, 0.5, 62),
        (None, idle, 1.6, 1.0, 8),
        ("JugglingBalls", Juggling(body, np.random.default_rng(5)), 22, 3.9, -8),
    ]
    made: list[Act] = []
    start = 0.0
    for label, motion, times, rate, heading in course:
        end = round(start + times / rate, 2)
        if label:
            motion.rate, motion.started = rate, start + (BLEND if label == "JugglingBalls" else 0)
        made.append(Act(start, end, label, motion, np.radians(heading)))
        start = end
    return tuple(made)


class Demo(FilmedScene):
    """About half a minute at 25 fps, 640x480, rendered as it is read.

    Attributes:
        segments: (start, end, label) in seconds, without gaps; the label None is no action.
    """

    def __init__(self) -> None:
        self._body = Body.drawn(np.random.default_rng((PERSON, 0)))
        self._acts = acts(self._body)
        self.segments = tuple((act.start, act.end, act.label) for act in self._acts)
        super().__init__("demo", self._acts[-1].end, fps=25.0, size=(480, 640))

    def pose(self, time: float) -> Pose:
        """The pose at a time of the clip, blended where one act follows another."""
        number = max(i for i, act in enumerate(self._acts) if act.start <= time or i == 0)
        act = self._acts[number]
        since = (time - act.start) / BLEND
        if number == 0 or since >= 1:
            return act.pose(time)
        return blend(self._acts[number - 1].pose(time), act.pose(time), since)

    def _film(self) -> Scene:
        times = np.arange(0, self._acts[-1].end, 0.1)
        return Scene(self._body, self.pose, times, SCENE, (480, 640))
