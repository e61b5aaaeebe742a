"""Standing upright, and where the arms go: what most motions begin with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from har_desktop.sources.figure.body import Body
from har_desktop.sources.figure.skeleton import (
    Array,
    Pose,
    cross,
    shoulder_joints,
    smooth,
    unit,
)

# A leg that is stretched to its very end looks, and bends, like a stick.
STRETCH = 0.992


def mirrored(x: float, y: float, z: float) -> Array:
    """(2, 3): a vector for the left side, x outwards, and its mirror image for the right."""
    return np.array([[x, y, z], [-x, y, z]])


def bump(part: float, rise: tuple[float, float], fall: tuple[float, float]) -> float:
    """0, up to 1 over `rise`, back to 0 over `fall`."""
    up = smooth((part - rise[0]) / (rise[1] - rise[0]))
    return up * (1 - smooth((part - fall[0]) / (fall[1] - fall[0])))


def stand(body: Body, half_stance: float, toe_out: float) -> Pose:
    """Upright, arms hanging, feet `half_stance` metres from the middle, toes `toe_out` radians."""
    up, forward, left = np.array([0.0, 1, 0]), np.array([0.0, 0, 1]), np.array([1.0, 0, 0])
    aside = half_stance - body.hip_half
    height = body.ankle + np.sqrt((STRETCH * body.leg) ** 2 - aside**2)
    feet = mirrored(np.sin(toe_out), 0.0, np.cos(toe_out))
    pose = Pose(
        pelvis=np.array([0.0, height, 0.0]),
        spine=up,
        hip_line=left,
        shoulder_line=left,
        neck=unit(np.array([0.0, 1.0, 0.08])),
        gaze=unit(np.array([0.0, -0.05, 1.0])),
        ankles=mirrored(half_stance, body.ankle, 0.0),
        toes=feet,
        knees=feet + forward,
        wrists=np.zeros((2, 3)),
        fingers=mirrored(0.0, -1.0, 0.1),
        elbows=mirrored(0.4, 0.0, -1.0),
    )
    return arms(body, pose, mirrored(0.14, -1.0, 0.09), 0.97)


def arms(body: Body, pose: Pose, way: Array, reach: float) -> Pose:
    """The pose with arms from the shoulders along `way` (2, 3); `reach` 1 is straight.

    The hands follow the arms.
    """
    spine = unit(pose.spine)
    shoulders = shoulder_joints(body, pose.pelvis, spine, unit(pose.shoulder_line), pose.shrug)
    way = unit(way)
    return replace(pose, wrists=shoulders + way * body.arm * reach, fingers=way)


def hands_at(
    pose: Pose, body: Body, place: Array, fingers: Array, elbows: Array, share: float = 1.0
) -> Pose:
    """The pose with the wrists brought (by `share`) to a place on the trunk.

    Args:
        pose: The pose to change.
        body: Whose it is.
        place: (2, 3) metres to the left, up and forward of the base of the neck, in trunk axes.
        fingers: (2, 3) directions of the hands in the same axes.
        elbows: (2, 3) directions into which the elbows bend, in the same axes.
        share: 0 leaves the arms where they are.
    """
    spine, line = unit(pose.spine), unit(pose.shoulder_line)
    axes = np.stack([line, spine, cross(line, spine)])
    wrists = pose.pelvis + spine * (body.trunk + pose.shrug) + place @ axes
    around = axes[2] * (share * (1 - share))  # not through the trunk
    return replace(
        pose,
        wrists=pose.wrists + (wrists - pose.wrists) * share + 0.5 * around,
        fingers=pose.fingers + (unit(fingers @ axes) - pose.fingers) * share + 2 * around,
        elbows=pose.elbows + (elbows @ axes - pose.elbows) * share,
    )


def on_hips(pose: Pose, body: Body, share: float = 1.0) -> Pose:
    """Hands on the hips, elbows out."""
    place = mirrored(body.hip_half + 0.11 * body.build, 0.09 - body.trunk, 0.03)
    fingers, elbows = mirrored(-0.35, -0.75, 0.4), mirrored(1.0, 0.0, -0.35)
    return hands_at(pose, body, place, fingers, elbows, share)
