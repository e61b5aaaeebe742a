"""Which tubes and balls a person is made of, and how thick they are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from har_desktop.sources.figure.appearance import Appearance, Colours
from har_desktop.sources.figure.body import Body
from har_desktop.sources.figure.shading import STEPS
from har_desktop.sources.figure.skeleton import Array, Skeleton

Curve = NDArray[np.float32]
BALL_RADIUS = 0.036


class Tube(NamedTuple):
    """A limb or a piece of one, in the room.

    Attributes:
        start: (3,) one end of the axis in metres.
        end: (3,) the other end.
        thickness: (STEPS,) radius along the axis, as a fraction of the body's height.
        colours: As `shading.tube` wants them.
        nearer: Metres by which it wins over other parts when it is decided which is in front.
        blunt: As for `shading.tube`.
    """

    start: Array
    end: Array
    thickness: Curve
    colours: Colours
    nearer: float = 0.0
    blunt: float = 1.0


class Ball(NamedTuple):
    """An ellipsoid in the room.

    Attributes:
        centre: (3,) metres.
        axes: (3, 3) rows are its half axes in metres: left, up, forward.
        texture: As `shading.ellipsoid` wants it.
        nearer: As for `Tube`.
    """

    centre: Array
    axes: Array
    texture: Colours
    nearer: float


def curve(*knots: tuple[float, float]) -> Curve:
    """(STEPS,) values along a part, smooth through (place from 0 to 1, value)."""
    places, values = zip(*knots, strict=True)
    line = np.pad(np.interp(np.linspace(0, 1, STEPS), places, values), 3, mode="edge")
    return np.convolve(line, np.full(7, 1 / 7), mode="valid").astype(np.float32)


# Radii as fractions of the body's height, for an average build.
THIGH = curve((0, 0.052), (0.25, 0.050), (0.7, 0.037), (1, 0.031))
SHIN = curve((0, 0.030), (0.28, 0.034), (0.65, 0.023), (1, 0.020))
UPPER_ARM = curve((0, 0.032), (0.3, 0.030), (0.7, 0.026), (1, 0.0235))
FOREARM = curve((0, 0.0235), (0.22, 0.0245), (0.7, 0.018), (1, 0.015))
HAND = curve((0, 0.014), (0.4, 0.0195), (0.65, 0.017), (1, 0.009))
THUMB = curve((0, 0.009), (1, 0.006))
FOOT = curve((0, 0.019), (0.35, 0.023), (0.7, 0.022), (1, 0.016))
COLLAR = curve((0, 0.036), (0.6, 0.033), (1, 0.031))
NECK = curve((0, 0.034), (0.3, 0.031), (1, 0.031))
EAR = curve((0, 0.008), (1, 0.005))
NOSE = curve((0, 0.006), (1, 0.0075))
TAIL = curve((0, 0.020), (0.3, 0.022), (1, 0.010))
LOOSE_HAIR = curve((0, 0.044), (0.5, 0.042), (1, 0.034))
# Trunk and seat are elliptic: half widths to the side and to the front.
TRUNK = (
    curve((0, 0.099), (0.3, 0.091), (0.55, 0.098), (0.8, 0.112), (0.92, 0.100), (1, 0.060)),
    curve((0, 0.066), (0.3, 0.062), (0.6, 0.070), (0.8, 0.066), (0.93, 0.052), (1, 0.040)),
)
SEAT = (
    curve((0, 0.088), (0.6, 0.096), (1, 0.086)),
    curve((0, 0.062), (0.6, 0.070), (1, 0.058)),
)
HEAD = np.array([0.043, 0.066, 0.054])


class Flesh:
    """Clothes the skeletons of one person."""

    def __init__(self, body: Body, look: Appearance) -> None:
        self.body, self.look = body, look

    def tubes(self, s: Skeleton, view: Array) -> list[Tube]:
        """All tubes of a figure; `view` (3, 3) has the camera's axes, which the trunk turns to."""
        return [*self.legs(s), *self.arms(s), *self.trunk(s, view), *self.face(s)]

    def legs(self, s: Skeleton) -> list[Tube]:
        """Thighs, shins and shoes."""
        look, build = self.look, np.float32(self.body.build)
        thigh, shin = THIGH * build * look.thigh[1], SHIN * build * look.shin[1]
        parts = []
        for hip, knee, ankle, heel, toe in zip(
            s.hips, s.knees, s.ankles, s.heels, s.toes, strict=True
        ):
            parts.append(Tube(hip, knee, thigh, look.thigh[0]))
            parts.append(Tube(knee, ankle, shin, look.shin[0]))
            parts.append(Tube(heel, toe, FOOT, look.shoe, nearer=0.02))
        return parts

    def arms(self, s: Skeleton) -> list[Tube]:
        """Upper arms, forearms and hands with thumbs, which point to the other side."""
        look, build = self.look, np.float32(self.body.build)
        upper, lower = UPPER_ARM * build * look.upper_arm[1], FOREARM * build * look.forearm[1]
        parts = []
        for i in range(2):
            wrist, hand = s.wrists[i], s.fingers[i] - s.wrists[i]
            inward = s.trunk_frame[0] * (0.03 if i else -0.03) + s.trunk_frame[2] * 0.02
            thumb = wrist + 0.6 * hand + inward
            parts += [
                Tube(s.shoulders[i], s.elbows[i], upper, look.upper_arm[0], nearer=0.11),
                Tube(s.elbows[i], wrist, lower, look.forearm[0], nearer=0.12),
                Tube(wrist + 0.2 * hand, thumb, THUMB, look.skin, nearer=0.12),
                Tube(wrist, s.fingers[i], HAND, look.skin, nearer=0.13),
            ]
        return parts

    def trunk(self, s: Skeleton, view: Array) -> list[Tube]:
        """Seat, shirt, shoulders and neck."""
        look, build = self.look, np.float32(self.body.build)
        axes = s.trunk_frame @ view[:2].T  # in the picture
        spine = axes[1] / (np.sqrt(axes[1] @ axes[1]) + 1e-9)
        side, front = np.abs(axes[[0, 2]] @ [-spine[1], spine[0]]).astype(np.float32) * build
        shirt, seat = (np.hypot(wide * side, deep * front) for wide, deep in (TRUNK, SEAT))
        way = s.neck - s.pelvis
        top = s.neck + 0.2 * (s.head - s.neck)
        parts = [
            Tube(s.pelvis + 0.14 * way, s.pelvis - 0.08 * way, seat, look.trousers, -0.05, 2.0),
            Tube(s.pelvis + 0.1 * way, s.neck, shirt, look.shirt, 0.1, 3.0),
            Tube(top, s.head, NECK, look.skin, 0.11),
        ]
        for shoulder in s.shoulders:  # behind the trunk: only the slope to the neck shows
            start, end = s.neck + 0.15 * (shoulder - s.neck), shoulder
            nearer = float((0.5 * (s.pelvis + s.neck) - 0.5 * (start + end)) @ view[2]) + 0.09
            parts.append(Tube(start, end, COLLAR * build, look.shoulder, nearer))
        return parts

    def face(self, s: Skeleton) -> list[Tube]:
        """Nose, ears, and hair that hangs."""
        height, (_, up, forward) = self.body.height, s.head_frame
        bridge = s.head + (forward * 0.051 - up * 0.002) * height
        parts = [
            Tube(
                bridge, bridge + (forward * 0.004 - up * 0.012) * height, NOSE, self.look.skin, 0.15
            )
        ]
        for side in (-0.043, 0.043):
            ear = s.head + (s.head_frame[0] * side - forward * 0.004) * height
            parts.append(
                Tube(ear + up * 0.006 * height, ear - up * 0.01 * height, EAR, self.look.skin, 0.14)
            )
        if self.look.long_hair:
            root = s.head + (up * (0.02 if self.look.tail else -0.01) - forward * 0.045) * height
            fall = 0.5 * up + 0.2 * forward + [0.0, 0.6, 0.0]  # half with the head, half plumb
            end = root - fall * self.look.long_hair * self.body.trunk
            shape = TAIL if self.look.tail else LOOSE_HAIR
            parts.append(Tube(root, end, shape, self.look.hair, 0.08))
        return parts

    def balls(self, s: Skeleton) -> list[Ball]:
        """The head, a little more hair behind it, and balls that are juggled."""
        half = s.head_frame * (HEAD * self.body.height)[:, None]
        behind = s.head - 0.12 * half[2] + 0.1 * half[1]
        parts = [
            Ball(behind, half * [[1.07], [1.0], [1.05]], self.look.hair[0, 0], 0.135),
            Ball(s.head, half, self.look.head, 0.14),
        ]
        if s.ball_size > 0.02:
            axes = np.eye(3) * (BALL_RADIUS * s.ball_size)
            parts += [Ball(ball, axes, self.look.ball, 0.15) for ball in s.balls]
        return parts
