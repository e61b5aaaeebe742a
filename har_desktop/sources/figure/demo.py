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
PERSON, SCENE, MANNER = 40, 40, 1
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


# What is done, how often, how fast (per second), and turned how far from the camera (degrees).
# The first wait is long enough for a shrug, the others are not.
COURSE: tuple[tuple[str | None, type[Motion], float, float, float], ...] = (
    (None, Idle, 0.42, 0.15, 12),
    ("BodyWeightSquats", Squats, 3, 0.52, 50),
    (None, Idle, 0.08, 0.05, 15),
    ("JumpingJack", JumpingJack, 5, 0.9, 4),
    (None, Idle, 0.08, 0.05, 25),
    ("Lunges", Lunges, 3, 0.5, 62),
    (None, Idle, 0.08, 0.05, 8),
    ("JugglingBalls", Juggling, 14, 2.7, -8),
)


def acts(body: Body) -> tuple[Act, ...]:
    """The course of the clip, done by one body."""
    made: list[Act] = []
    start = 0.0
    for label, kind, times, rate, heading in COURSE:
        motion = kind(body, np.random.default_rng(MANNER))
        motion.rate, motion.started = rate, start + (BLEND if kind is Juggling else 0.0)
        end = round(start + times / rate, 2)
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
