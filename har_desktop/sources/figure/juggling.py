"""Three balls in a cascade: real ballistics in the air, a scoop of the hand in between."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from har_desktop.sources.figure.body import Body
from har_desktop.sources.figure.motions import Motion
from har_desktop.sources.figure.skeleton import SHOULDER, Array, Pose, unit
from har_desktop.sources.figure.stance import mirrored, stand

BALLS = 3
GRAVITY: Array = np.array([0.0, -9.81, 0.0])
# From the palm to the middle of the ball that it holds, in metres.
GRIP: Array = np.array([0.0, 0.02, 0.0])
# How far the hand follows the ball: it gives way when it catches and pushes when it throws.
FOLLOW = 0.35


class Juggling(Motion):
    """The three-ball cascade, siteswap 3: left and right throw in turn, each ball lands opposite.

    Beat n throws ball n % 3 from hand n % 2; a repetition is one beat. It lands `dwell` beats
    before it is thrown again at beat n + 3. Before its first throw a ball rests in the hand.
    """

    rates = (2.3, 3.3)
    heading = (0.0, 30.0)

    def __init__(self, body: Body, rng: np.random.Generator) -> None:
        super().__init__(body, rng)
        self.started = -float(rng.uniform(6, 12)) / self.rate  # all balls are in the air
        self.base = stand(body, body.height * rng.uniform(0.055, 0.085), rng.uniform(0.1, 0.4))
        self.dwell = float(rng.uniform(1.15, 1.4))
        level = (
            self.base.pelvis[1] + body.trunk * SHOULDER - body.upper_arm * rng.uniform(0.85, 1.0)
        )
        inner, outer = rng.uniform(0.07, 0.11), rng.uniform(0.24, 0.3)
        ahead = body.forearm * rng.uniform(1.05, 1.25)
        self.throws = mirrored(inner, level + 0.02, ahead)
        self.catches = mirrored(outer, level, ahead - 0.03)
        flight = (BALLS - self.dwell) / self.rate
        across = (self.catches[::-1] - self.throws) / flight
        self.launch = across - GRAVITY * flight / 2  # velocity out of each hand
        self.landing = (across + GRAVITY * flight / 2)[::-1]  # velocity into each hand

    def palm(self, hand: int, beat: float) -> Array:
        """(3,) where the palm is, `beat` beats after the first throw: cubic Hermite arcs."""
        throw = hand + 2 * max(0, int(np.ceil((beat - hand) / 2)))  # the next one of this hand
        caught = throw - self.dwell
        if beat < caught and throw < 2:
            return np.asarray(self.catches[hand])
        if beat >= caught:
            velocity = self.landing if throw >= 2 else np.zeros((2, 3))
            ends = self.catches[hand], velocity[hand], self.throws[hand], self.launch[hand]
            return hermite(beat - caught, self.dwell, 1 / self.rate, *ends)
        ends = self.throws[hand], self.launch[hand], self.catches[hand], self.landing[hand]
        return hermite(beat - throw + 2, 2 - self.dwell, 1 / self.rate, *ends)

    def ball(self, ball: int, beat: float) -> Array:
        """(3,) where a ball is: in flight, or in the palm that holds it."""
        throw = ball + BALLS * int(np.floor((beat - ball) / BALLS))
        if throw < 0:
            # two balls rest in the first hand: they lie side by side until one is gone
            beside = 0.06 * (ball == 2) * min(1.0, max(0.0, 1.0 - beat))
            return np.asarray(self.palm(ball % 2, beat) + GRIP + [0.0, 0.0, beside])
        if beat - throw < BALLS - self.dwell:
            time = (beat - throw) / self.rate
            start = self.throws[throw % 2] + GRIP
            return np.asarray(start + self.launch[throw % 2] * time + GRAVITY * time**2 / 2)
        return np.asarray(self.palm((throw + BALLS) % 2, beat) + GRIP)

    def pose(self, time: float) -> Pose:
        """Hands and balls by the beat; the eyes on the crossing point above."""
        beat = (time - self.started) * self.rate
        body, base = self.body, self.base
        palms = np.stack([self.palm(hand, beat) for hand in (0, 1)])
        fingers = unit(mirrored(-0.15, 0.12, 1.0))
        sway = np.array([0.01 * np.sin(0.8 * time + self.drift[2]), 0.0, 0.0])
        bob = 0.004 * np.sin(2 * np.pi * beat)
        return replace(
            base,
            pelvis=base.pelvis + sway + [0.0, bob - 0.006, 0.0],
            gaze=unit(np.array([0.05 * np.sin(np.pi * beat), 0.18, 1.0])),
            wrists=palms - fingers * (0.6 * body.hand) - [0.0, 0.03, 0.0],
            fingers=fingers,
            elbows=mirrored(0.35, -0.6, -1.0),
            shrug=self.breath(time),
            balls=np.stack([self.ball(ball, beat) for ball in range(BALLS)]),
        )


def hermite(
    beats: float, length: float, beat_s: float, p0: Array, v0: Array, p1: Array, v1: Array
) -> Array:
    """(3,) on the cubic from p0 to p1 over `length` beats, with `FOLLOW` times the velocities."""
    u, tangent = beats / length, FOLLOW * length * beat_s
    a = (1 + 2 * u) * (1 - u) ** 2
    return a * p0 + (1 - a) * p1 + tangent * (u * (1 - u) ** 2 * v0 - u * u * (1 - u) * v1)
