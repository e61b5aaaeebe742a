"""From what a person means to do (where trunk, hands and feet go) to where the joints are.

Vectors are in metres, in a right-handed space that stands on the floor: x to the person's left,
y up, z forward. `turned` takes a pose into the room, where z points to the camera and x to the
right of the picture. Pairs are ordered left, right.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from har_desktop.sources.figure.body import Body

Array = NDArray[np.float64]
SIDES = np.array([1.0, -1.0])
YZX, ZXY = [1, 2, 0], [2, 0, 1]
# The shoulder joints lie at this part of the way from the pelvis to the base of the neck.
SHOULDER = 0.88


@dataclass(frozen=True, slots=True)
class Pose:
    """What the limbs aim at; `Skeleton` finds the joints in between.

    Attributes:
        pelvis: (3,) middle between the hip joints.
        spine: (3,) direction from the pelvis to the base of the neck.
        hip_line: (3,) direction from the right to the left hip.
        shoulder_line: (3,) direction from the right to the left shoulder.
        neck: (3,) direction from the base of the neck to the middle of the head.
        gaze: (3,) direction of the face.
        ankles: (2, 3) positions.
        toes: (2, 3) directions from the heel to the toes.
        knees: (2, 3) directions into which the knees bend.
        wrists: (2, 3) positions.
        fingers: (2, 3) directions of the hands.
        elbows: (2, 3) directions into which the elbows bend.
        shrug: Lift of the shoulders in metres.
        balls: (n, 3) positions of balls in the air or in the hand.
        ball_size: Their size; 1 is full, 0 is none.
    """

    pelvis: Array
    spine: Array
    hip_line: Array
    shoulder_line: Array
    neck: Array
    gaze: Array
    ankles: Array
    toes: Array
    knees: Array
    wrists: Array
    fingers: Array
    elbows: Array
    shrug: float = 0.0
    balls: Array = field(default_factory=lambda: np.zeros((0, 3)))
    ball_size: float = 1.0

    def turned(self, heading: float) -> Self:
        """The pose turned about the vertical by `heading` radians, from the camera to its right."""
        c, s = np.cos(heading), np.sin(heading)
        turn = np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]])
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return type(self)(**{k: v @ turn if np.ndim(v) else v for k, v in values.items()})


def unit(vectors: Array) -> Array:
    """Vectors along the last axis, scaled to length 1."""
    return np.asarray(vectors / np.sqrt(np.sum(vectors * vectors, axis=-1, keepdims=True)))


def cross(a: Array, b: Array) -> Array:
    """As np.cross for vectors along the last axis, several times as fast for a few of them."""
    return a[..., YZX] * b[..., ZXY] - a[..., ZXY] * b[..., YZX]


def smooth(x: float) -> float:
    """From 0 to 1 while x does, with no velocity and no acceleration at the ends."""
    x = min(max(x, 0.0), 1.0)
    return x * x * x * (x * (6 * x - 15) + 10)


def blend(a: Pose, b: Pose, weight: float) -> Pose:
    """The way from `a` (weight 0) to `b` (weight 1).

    The left foot steps first, then the right; balls stay with the hands that hold them.
    """
    w = smooth(weight)
    mixed = {}
    for name in (item.name for item in fields(Pose) if not item.name.startswith("ball")):
        first, second = getattr(a, name), getattr(b, name)
        mixed[name] = first + (second - first) * w
    steps = np.array([smooth(2 * weight), smooth(2 * weight - 1)])[:, None]
    way = b.ankles - a.ankles
    lift = np.minimum(np.linalg.norm(way, axis=1), 0.3) * 0.25 * np.sin(np.pi * steps[:, 0])
    mixed["ankles"] = a.ankles + way * steps + lift[:, None] * [0.0, 1.0, 0.0]
    mixed["pelvis"][1] -= 0.03 * np.sin(np.pi * w)  # nobody steps with stiff knees
    for name in ("toes", "knees"):
        mixed[name] = getattr(a, name) + (getattr(b, name) - getattr(a, name)) * steps
    holder, share = (b, w) if len(b.balls) else (a, 1 - w)
    apart = np.linalg.norm(holder.balls[:, None] - holder.wrists, axis=2)
    carried = (mixed["wrists"] - holder.wrists)[np.argmin(apart, axis=1)]
    return Pose(**mixed, balls=holder.balls + carried, ball_size=share * holder.ball_size)


def shoulder_joints(body: Body, pelvis: Array, spine: Array, line: Array, shrug: float) -> Array:
    """(2, 3) positions of the shoulder joints."""
    base = pelvis + spine * (body.trunk * SHOULDER + shrug)
    return base + SIDES[:, None] * line * body.shoulder_half


def two_bones(roots: Array, ends: Array, upper: Array, lower: Array, poles: Array) -> Array:
    """(n, 3) middle joints of n chains of two bones, bent towards `poles`: the law of cosines.

    Args:
        roots: (n, 3) where the chains hang.
        ends: (n, 3) where they end; they must lie within reach.
        upper: (n,) lengths of the first bones.
        lower: (n,) lengths of the second bones.
        poles: (n, 3) directions, of any length.
    """
    way = ends - roots
    span = np.sqrt(np.sum(way * way, axis=1))
    axis = way / span[:, None]
    along = (span**2 + upper**2 - lower**2) / (2 * span)
    off = np.sqrt(np.maximum(upper**2 - along**2, 0.0))
    bend = unit(poles - np.sum(poles * axis, axis=1, keepdims=True) * axis)
    return np.asarray(roots + axis * along[:, None] + bend * off[:, None])


class Skeleton:
    """The joints of one pose, all (3,) or (2, 3) in metres, and the frames of trunk and head."""

    def __init__(self, body: Body, pose: Pose) -> None:
        spine = unit(pose.spine)
        self.pelvis = pose.pelvis
        self.neck = pose.pelvis + spine * body.trunk
        self.hips = pose.pelvis + SIDES[:, None] * unit(pose.hip_line) * body.hip_half
        line = unit(pose.shoulder_line)
        self.shoulders = shoulder_joints(body, pose.pelvis, spine, line, pose.shrug)

        roots = np.concatenate([self.hips, self.shoulders])
        ends = np.concatenate([pose.ankles, pose.wrists])
        upper = np.array([body.thigh, body.thigh, body.upper_arm, body.upper_arm])
        lower = np.array([body.shin, body.shin, body.forearm, body.forearm])
        way = ends - roots
        span = np.sqrt(np.sum(way * way, axis=1))
        short = np.minimum(1.0, (upper + lower) * 0.9995 / span)
        ends = roots + way * short[:, None]
        middles = two_bones(roots, ends, upper, lower, np.concatenate([pose.knees, pose.elbows]))
        self.knees, self.elbows = middles[:2], middles[2:]
        self.ankles, self.wrists = ends[:2], ends[2:]

        toes = unit(pose.toes)
        sole = unit(cross(pose.hip_line, toes))
        down = self.ankles + sole * (body.ankle * 0.55)
        self.heels = down - toes * (body.foot * 0.14)
        self.toes = down + toes * (body.foot * 0.66)
        np.maximum(self.toes[:, 1], 0.02, out=self.toes[:, 1])  # toes bend upon the floor
        self.fingers = self.wrists + unit(pose.fingers) * body.hand

        forward = unit(cross(line, spine))
        self.trunk_frame = np.stack([unit(cross(spine, forward)), spine, forward])
        neck, gaze = unit(pose.neck), unit(pose.gaze)
        left = unit(cross(neck, gaze))
        self.head = self.neck + neck * body.neck
        self.head_frame = np.stack([left, cross(gaze, left), gaze])
        self.balls = pose.balls
        self.ball_size = pose.ball_size

    def points(self) -> Array:
        """(n, 3) everything that must be seen: joints, ends of the limbs, and balls."""
        pairs = [self.knees, self.heels, self.toes, self.elbows, self.fingers, self.shoulders]
        return np.concatenate([self.head[None], self.pelvis[None], *pairs, self.balls])
