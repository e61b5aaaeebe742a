"""Standing upright, and where the arms go: what most motions begin with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from har_desktop.sources.figure.body import Body
from har_desktop.sources.figure.skeleton import (
    SIDES,
    Array,
    Pose,
    cross,
    shoulder_joints,
    smooth,
    unit,
)

# A leg that is stretched to its very end looks, and bends, like a stick.
STRETCH = 0.985


def bump(part: float, rise: tuple[float, float], fall: tuple[float, float]) -> float:
    """0, up to 1 over `rise`, back to 0 over `fall`."""
    up = smooth((part - rise[0]) / (rise[1] - rise[0]))
    return up * (1 - smooth((part - fall[0]) / (fall[1] - fall[0])))


def stand(body: Body, half_stance: float, toe_out: float) -> Pose:
    """Upright, arms hanging, feet `half_stance` metres from the middle, toes `toe_out` radians."""
    up, forward, left = np.array([0.0, 1, 0]), np.array([0.0, 0, 1]), np.array([1.0, 0, 0])
    aside = half_stance - body.hip_half
    height = body.ankle + np.sqrt((STRETCH * body.leg) ** 2 - aside**2)
    feet = np.stack([SIDES * np.sin(toe_out), np.zeros(2), np.full(2, np.cos(toe_out))], axis=1)
    pose = Pose(
        pelvis=np.array([0.0, height, 0.0]),
        spine=up,
        hip_line=left,
        shoulder_line=left,
        neck=unit(np.array([0.0, 1.0, 0.08])),
        gaze=unit(np.array([0.0, -0.05, 1.0])),
        ankles=np.stack([SIDES * half_stance, np.full(2, body.ankle), np.zeros(2)], axis=1),
        toes=feet,
        knees=feet + forward,
        wrists=np.zeros((2, 3)),
        fingers=np.tile([0.0, -1.0, 0.1], (2, 1)),
        elbows=np.stack([SIDES * 0.4, np.zeros(2), np.full(2, -1.0)], axis=1),
    )
    return arms(body, pose, np.tile([0.14, -1.0, 0.09], (2, 1)), 0.97)


def arms(body: Body, pose: Pose, way: Array, reach: float) -> Pose:
    """The pose with arms from the shoulders along `way` (2, 3), x outwards; `reach` 1 is straight.

    The hands follow the arms.
    """
    spine = unit(pose.spine)
    shoulders = shoulder_joints(body, pose.pelvis, spine, unit(pose.shoulder_line), pose.shrug)
    way = unit(way * np.stack([SIDES, [1, 1], [1, 1]], axis=1))
    return replace(pose, wrists=shoulders + way * body.arm * reach, fingers=way)


def hands_at(pose: Pose, body: Body, place: Array, fingers: Array, share: float = 1.0) -> Pose:
    """The pose with the wrists brought (by `share`) to a place on the trunk.

    Args:
        pose: The pose to change.
        body: Whose it is.
        place: (2, 3) metres outwards, up from the base of the neck, and forward, in trunk axes.
        fingers: (2, 3) directions in the same axes.
        share: 0 leaves the hands where they are.
    """
    spine, line = unit(pose.spine), unit(pose.shoulder_line)
    axes = np.stack([line, spine, cross(line, spine)])
    outwards = np.stack([SIDES, [1, 1], [1, 1]], axis=1)
    wrists = pose.pelvis + spine * (body.trunk + pose.shrug) + (place * outwards) @ axes
    wrists += axes[2] * (0.6 * share * (1 - share))  # around the trunk, not through it
    pointing = unit((fingers * outwards) @ axes)
    return replace(
        pose,
        wrists=pose.wrists + (wrists - pose.wrists) * share,
        fingers=pose.fingers + (pointing - pose.fingers) * share,
    )


def both(*vector: float) -> Array:
    """(2, 3): the same vector for left and right."""
    return np.tile(vector, (2, 1))


def on_hips(pose: Pose, body: Body, share: float = 1.0) -> Pose:
    """Hands on the hips, elbows out."""
    place = both(body.hip_half + 0.11 * body.build, 0.09 - body.trunk, 0.03)
    pose = hands_at(pose, body, place, both(-0.35, -0.75, 0.4), share)
    out = np.stack([SIDES, np.zeros(2), np.full(2, -0.35)], axis=1)
    return replace(pose, elbows=pose.elbows + share * (out - pose.elbows))
