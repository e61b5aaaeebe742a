"""Somebody who only stands there: what a camera sees most of the time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from har_desktop.sources.figure.body import Body
from har_desktop.sources.figure.motions import Motion
from har_desktop.sources.figure.skeleton import SIDES, Pose, unit
from har_desktop.sources.figure.stance import arms, bump, hands_at, mirrored, on_hips, stand

GESTURES = ("shrug", "shrug", "touch the face", "hands on the hips", "clasp")


class Idle(Motion):
    """Breathing, swaying, looking around; now and then a shrug or another small gesture."""

    rates = (0.065, 0.09)  # two gestures per round
    heading = (0.0, 50.0)

    def __init__(self, body: Body, rng: np.random.Generator) -> None:
        super().__init__(body, rng)
        self.base = stand(body, body.height * rng.uniform(0.05, 0.085), rng.uniform(0.1, 0.4))
        self.gestures = tuple(str(kind) for kind in rng.choice(GESTURES, 2))
        self.hand = int(rng.integers(2))

    def pose(self, time: float) -> Pose:
        """Slow waves of incommensurate periods, and a gesture in each half of the round."""
        a, b, c, d = self.drift
        sway = np.array([0.018 * np.sin(0.7 * time + a), 0.0, 0.008 * np.sin(1.1 * time + b)])
        yaw = 0.55 * np.tanh(1.6 * np.sin(0.47 * time + c) + np.sin(0.83 * time + d))
        nod = -0.05 + 0.08 * np.sin(0.6 * time + b)
        twist = 0.12 * yaw
        pose = replace(
            self.base,
            pelvis=self.base.pelvis + sway - [0.0, 0.004, 0.0],
            spine=unit(np.array([-0.5 * sway[0], 1.0, 0.02])),
            shoulder_line=np.array([np.cos(twist), 0.0, -np.sin(twist)]),
            gaze=unit(np.array([np.sin(yaw), nod, np.cos(yaw)])),
            shrug=1.3 * self.breath(time),
        )
        swing = 0.03 * np.sin(0.9 * time + d)
        pose = arms(self.body, pose, mirrored(0.14, -1.0, 0.09 + swing), 0.97)
        _, part = self.repetition(time)
        half = int(part >= 0.5)
        share = bump(2 * part - half, (0.3, 0.45), (0.6, 0.8))
        return self.gesture(pose, self.gestures[half], share) if share else pose

    def gesture(self, pose: Pose, kind: str, share: float) -> Pose:
        """The pose with a gesture made by `share`."""
        body, down = self.body, mirrored(0.5, -1.0, -0.4)
        if kind == "shrug":
            pose = replace(pose, shrug=pose.shrug + 0.045 * share)
            place = mirrored(body.shoulder_half + 0.12, -0.3, 0.22)
            return hands_at(pose, body, place, mirrored(0.8, 0.1, 0.5), down, share)
        if kind == "hands on the hips":
            return on_hips(pose, body, share)
        if kind == "clasp":
            place, fingers = mirrored(0.03, 0.1 - body.trunk, 0.17), mirrored(-0.6, -0.7, 0.1)
            return hands_at(pose, body, place, fingers, mirrored(1.0, 0.0, -0.6), share)
        place, fingers = mirrored(0.05, 0.04, 0.14), mirrored(-0.4, 0.9, 0.0)
        touched = hands_at(pose, body, place, fingers, down, share)
        mine = (SIDES[self.hand] == SIDES)[:, None]
        return replace(
            pose,
            wrists=np.where(mine, touched.wrists, pose.wrists),
            fingers=np.where(mine, touched.fingers, pose.fingers),
            elbows=np.where(mine, touched.elbows, pose.elbows),
        )
