"""How a person moves in each action: a pose for every moment.

All times are in seconds; a repetition begins at `started`. Where feet or hands carry the body
they are given as fixed places, and the joints between follow (`skeleton.Skeleton`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace

import numpy as np

from har_desktop.sources.figure.body import Body
from har_desktop.sources.figure.skeleton import SHOULDER, Array, Pose, unit
from har_desktop.sources.figure.stance import (
    STRETCH,
    arms,
    bump,
    hands_at,
    mirrored,
    on_hips,
    stand,
)


class Motion(ABC):
    """One action of one person.

    Attributes:
        rate: Repetitions per second.
        started: When the first repetition begins.
        heading: (least, greatest) turn away from the camera, in degrees, that shows the action
            well; either side is meant.
    """

    rates = (0.4, 0.6)
    heading = (0.0, 60.0)

    def __init__(self, body: Body, rng: np.random.Generator) -> None:
        self.body = body
        self.rate = float(rng.uniform(*self.rates))
        self.started = -float(rng.uniform(0, 8)) / self.rate
        self.strength = float(rng.uniform(0.8, 1.0))
        self.drift = rng.uniform(0, 2 * np.pi, 4)

    @abstractmethod
    def pose(self, time: float) -> Pose:
        """Where the person is at `time`."""

    def repetition(self, time: float) -> tuple[int, float]:
        """Number of the repetition and the part of it, in [0, 1), that is done."""
        whole, part = divmod((time - self.started) * self.rate, 1.0)
        return int(whole), float(part)

    def vary(self, time: float) -> float:
        """The strength of the movement: no two repetitions are quite alike."""
        return self.strength * float(0.96 + 0.04 * np.sin(0.9 * time + self.drift[0]))

    def breath(self, time: float) -> float:
        """Lift of the shoulders by breathing, in metres."""
        return 0.006 * float(np.sin(1.7 * time + self.drift[1]))


class Squats(Motion):
    """Hips back and down until the thighs are level, the feet flat where they are."""

    rates = (0.36, 0.62)
    heading = (20.0, 85.0)

    def __init__(self, body: Body, rng: np.random.Generator) -> None:
        super().__init__(body, rng)
        self.base = stand(body, body.height * rng.uniform(0.08, 0.125), rng.uniform(0.15, 0.5))
        self.lean = float(rng.uniform(0.55, 0.8))
        self.lowest = float(rng.uniform(0.85, 1.2))
        self.arms = rng.choice(["forward", "clasped", "behind the head"], p=[0.65, 0.25, 0.1])

    def pose(self, time: float) -> Pose:
        """Down, a moment's hold, up, a breath."""
        body, (_, part) = self.body, self.repetition(time)
        depth = self.vary(time) * bump(part, (0.05, 0.46), (0.53, 0.95))
        lean = depth * self.lean
        bottom = body.ankle + body.shin * self.lowest
        pelvis = self.base.pelvis + depth * np.array(
            [0.0, bottom - self.base.pelvis[1], -0.62 * body.thigh]
        )
        pose = replace(
            self.base,
            pelvis=pelvis,
            spine=np.array([0.0, np.cos(lean), np.sin(lean)]),
            neck=np.array([0.0, np.cos(0.4 * lean), np.sin(0.4 * lean) + 0.06]),
            shrug=self.breath(time),
        )
        if self.arms == "clasped":
            place, fingers = mirrored(0.035, -0.16, 0.22), mirrored(-0.4, 0.9, 0.1)
            return hands_at(pose, body, place, fingers, mirrored(0.5, -1.0, -0.2))
        if self.arms == "behind the head":
            place, fingers = mirrored(0.1, 0.1, -0.03), mirrored(-0.7, 0.6, -0.3)
            return hands_at(pose, body, place, fingers, mirrored(1.0, 0.2, 0.2))
        raised = 0.1 + 1.55 * np.tanh(2 * depth)
        return arms(body, pose, mirrored(0.13, -np.cos(raised), np.sin(raised)), 0.985)


class JumpingJack(Motion):
    """Feet apart and together in small jumps, while the arms swing overhead and back."""

    rates = (0.65, 1.15)
    heading = (0.0, 25.0)

    def __init__(self, body: Body, rng: np.random.Generator) -> None:
        super().__init__(body, rng)
        self.narrow = body.height * float(rng.uniform(0.045, 0.06))
        self.wide = body.height * float(rng.uniform(0.15, 0.21))
        self.hop = float(rng.uniform(0.04, 0.09))
        self.reach = np.radians(rng.uniform(145, 172))
        self.base = stand(body, self.narrow, 0.25)

    def pose(self, time: float) -> Pose:
        """Open in the first half of a repetition, close in the second."""
        body, (_, part) = self.body, self.repetition(time)
        flights = bump(part, (0.06, 0.22), (0.22, 0.38)) + bump(part, (0.56, 0.72), (0.72, 0.88))
        open_feet = bump(part, (0.08, 0.37), (0.58, 0.87))
        open_arms = 0.5 - 0.5 * np.cos(2 * np.pi * (part - 0.02))
        stance = self.narrow + (self.wide - self.narrow) * open_feet * self.strength
        lift = self.hop * flights
        landing = 0.5 + 0.5 * np.cos(4 * np.pi * (part - 0.45))
        aside = stance - body.hip_half
        height = body.ankle + np.sqrt((STRETCH * body.leg) ** 2 - aside**2)
        tip = 0.6 * flights
        angle = 0.2 + (self.reach - 0.2) * open_arms * self.vary(time)
        pose = replace(
            self.base,
            pelvis=np.array([0.0, height + lift - 0.022 * landing, 0.0]),
            ankles=mirrored(stance, body.ankle + lift, 0.0),
            toes=self.base.toes * np.cos(tip) - np.array([0.0, np.sin(tip), 0.0]),
            spine=unit(np.array([0.0, 1.0, 0.04 * landing])),
            shrug=0.03 * max(0.0, angle - 1.4) + self.breath(time),
            elbows=mirrored(1.0, 0.2, -0.8),
        )
        way = mirrored(np.sin(angle), -np.cos(angle), 0.1)
        return arms(body, pose, way, 0.98 - 0.05 * np.sin(angle) ** 2)


class Lunges(Motion):
    """One foot a long step ahead, both knees bent to right angles, the rear heel lifted."""

    rates = (0.38, 0.6)
    heading = (35.0, 90.0)

    def __init__(self, body: Body, rng: np.random.Generator) -> None:
        super().__init__(body, rng)
        self.base = stand(body, body.height * rng.uniform(0.05, 0.065), 0.08)
        self.stride = body.height * float(rng.uniform(0.38, 0.46))
        self.stepping = bool(rng.random() < 0.65)
        self.first = int(rng.integers(2))
        self.arms = rng.choice(["hanging", "on the hips"], p=[0.5, 0.5])

    def pose(self, time: float) -> Pose:
        """Step, sink, rise, step back with the other foot next; or stay in the split and bob."""
        body, (count, part) = self.body, self.repetition(time)
        ahead = self.first
        step, travel = 1.0, 0.0
        sunk = bump(part, (0.04, 0.45), (0.52, 0.94))
        if self.stepping:
            ahead = (self.first + count) % 2
            step = bump(part, (0.01, 0.33), (0.67, 0.99))
            travel = 4 * step * (1 - step)
            sunk = bump(part, (0.2, 0.46), (0.54, 0.78))
        sunk *= self.vary(time)
        ankles, toes = self.base.ankles.copy(), self.base.toes.copy()
        ankles[ahead] += [0.0, 0.07 * travel, self.stride * step]
        # The rear foot rolls over its ball, which stays where it is.
        rear, heel, ball = 1 - ahead, 0.45 * step + 0.5 * sunk, 0.5 * body.foot
        c, s = np.cos(heel), np.sin(heel)
        ankles[rear, 1:] += [body.ankle * (c - 1) + ball * s, body.ankle * s + ball * (1 - c)]
        toes[rear] = toes[rear] * c - [0.0, s, 0.0]

        forward = 0.47 * self.stride * step
        way = ankles - mirrored(body.hip_half, 0.0, forward)
        rise = np.sqrt((STRETCH * body.leg) ** 2 - way[:, 0] ** 2 - way[:, 2] ** 2)
        # The leg that is shorter of reach holds the hips down; softly, where both are equal.
        top = -float(np.log(np.sum(np.exp(-60 * (ankles[:, 1] + rise))))) / 60
        bottom = body.ankle + 1.06 * body.shin
        start = np.array([0.0, 0.0, -0.47 * self.stride])
        hips = np.array([0.0, top + (bottom - top) * sunk, forward])
        pose = replace(
            self.base,
            pelvis=start + hips,
            ankles=start + ankles,
            toes=toes,
            spine=unit(np.array([0.0, 1.0, 0.05 + 0.07 * sunk])),
            shrug=self.breath(time),
        )
        if self.arms == "on the hips":
            return on_hips(pose, body)
        return arms(body, pose, mirrored(0.12, -1.0, 0.06 + 0.12 * sunk), 0.97)


class PushUps(Motion):
    """A straight body over hands and toes that stay, lowered and lifted by the arms."""

    rates = (0.4, 0.85)
    heading = (60.0, 110.0)

    def __init__(self, body: Body, rng: np.random.Generator) -> None:
        super().__init__(body, rng)
        self.wide = body.shoulder_half * float(rng.uniform(1.1, 1.45))
        self.sag = float(rng.uniform(-0.03, 0.04))
        self.lowest = float(rng.uniform(0.32, 0.5))
        self.look = float(rng.uniform(0.2, 0.6))
        self.base = stand(body, body.hip_half, 0.0)

    def pose(self, time: float) -> Pose:
        """The body turns about the toes; the shoulders come down between the hands."""
        body, (_, part) = self.body, self.repetition(time)
        depth = self.vary(time) * bump(part, (0.04, 0.45), (0.52, 0.96))
        palm, heel = 0.045, 0.66 * body.foot + 0.02
        aside = self.wide - body.shoulder_half
        high = palm + np.sqrt((STRETCH * body.arm) ** 2 - aside**2)
        low = palm + self.lowest * body.arm
        leg, trunk = 0.995 * body.leg, SHOULDER * body.trunk
        middle = 0.5 * (leg + trunk)

        def line(height: float) -> Array:
            rise = np.arcsin((height - heel) / (leg + trunk))
            return np.array([0.0, np.sin(rise), np.cos(rise)])

        along = line(high + (low - high) * depth)
        up = np.array([0.0, along[2], -along[1]])
        ankle = np.array([0.0, heel, -middle])
        pelvis = ankle + along * leg + up * self.sag
        spine = unit(ankle + along * (leg + trunk) - pelvis)
        hands = ankle + line(high) * (leg + trunk)
        return replace(
            self.base,
            pelvis=pelvis,
            spine=spine,
            neck=unit(along + 0.15 * up),
            gaze=unit(self.look * along - up),
            ankles=mirrored(0.9 * body.hip_half, *ankle[1:]),
            toes=mirrored(0.0, -1.0, 0.12),
            knees=mirrored(0.0, -1.0, 0.2),
            wrists=mirrored(self.wide, palm, hands[2] - 0.02),
            fingers=mirrored(0.0, -0.1, 1.0),
            elbows=mirrored(0.7, 0.4, -1.0),
        )
