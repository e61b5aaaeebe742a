"""Bodies move like bodies: bones keep their length, feet and hands that carry stay put."""

import numpy as np
import pytest

from har_desktop.sources.figure.body import Body
from har_desktop.sources.figure.juggling import BALLS, Juggling
from har_desktop.sources.figure.motions import JumpingJack, Lunges, PushUps, Squats
from har_desktop.sources.figure.skeleton import Skeleton, blend
from har_desktop.sources.figure.source import ACTIONS, MOTIONS, RenderedFigure

TIMES = np.arange(0, 6, 0.04)
SEEDS = range(6)


def performance(kind, seed):
    body = Body.drawn(np.random.default_rng(seed))
    motion = kind(body, np.random.default_rng((seed, 1)))
    return body, motion, [Skeleton(body, motion.pose(float(t))) for t in TIMES]


def track(skeletons, name):
    """(moments, 2, 3) or (moments, 3)."""
    return np.stack([getattr(skeleton, name) for skeleton in skeletons])


@pytest.mark.parametrize("action", [*ACTIONS, None])
def test_bones_keep_their_length_and_nothing_sinks_into_the_floor(action):
    for seed in SEEDS:
        scene = RenderedFigure(action, seed, size=(32, 32))._film()
        body = scene.body
        skeletons = [Skeleton(body, scene.pose_at(float(t))) for t in TIMES]
        for first, second, length in (
            ("hips", "knees", body.thigh),
            ("knees", "ankles", body.shin),
            ("shoulders", "elbows", body.upper_arm),
            ("elbows", "wrists", body.forearm),
        ):
            bones = np.linalg.norm(track(skeletons, first) - track(skeletons, second), axis=2)
            np.testing.assert_allclose(bones, length, rtol=1e-3)
        assert min(skeleton.points()[:, 1].min() for skeleton in skeletons) >= 0.019


@pytest.mark.parametrize("kind", [*MOTIONS.values()])
def test_nobody_jumps_from_place_to_place(kind):
    for seed in SEEDS:
        _, _, skeletons = performance(kind, seed)
        path = np.stack([skeleton.points() for skeleton in skeletons])
        speed = np.linalg.norm(np.diff(path, axis=0), axis=2) / (TIMES[1] - TIMES[0])
        assert speed.max() < 9.0  # metres per second: the hands of a jumping jack


def test_squats_keep_the_feet_and_lower_the_hips_to_the_knees():
    for seed in SEEDS:
        body, _, skeletons = performance(Squats, seed)
        for name in ("ankles", "heels", "toes"):
            assert np.ptp(track(skeletons, name), axis=0).max() < 1e-3
        hips = track(skeletons, "pelvis")[:, 1]
        assert hips.max() > 0.98 * (body.leg + body.ankle) - 0.02
        assert hips.min() < body.ankle + 1.55 * body.shin
        knees = track(skeletons, "knees")[:, :, 2]
        assert knees.min() > 0  # they bend forward


def test_push_ups_keep_hands_and_feet_and_a_straight_body():
    for seed in SEEDS:
        body, _, skeletons = performance(PushUps, seed)
        for name in ("wrists", "fingers", "toes", "ankles"):
            assert np.ptp(track(skeletons, name), axis=0).max() < 2e-3
        shoulders = track(skeletons, "shoulders")[:, 0, 1]
        assert np.ptp(shoulders) > 0.35 * body.arm
        pelvis, neck = track(skeletons, "pelvis"), track(skeletons, "neck")
        middle = track(skeletons, "ankles").mean(axis=1)
        whole = np.linalg.norm(neck - middle, axis=1)
        parts = np.linalg.norm(neck - pelvis, axis=1) + np.linalg.norm(pelvis - middle, axis=1)
        assert (parts / whole).max() < 1.02


def test_jumping_jacks_leave_the_floor_and_open_arms_and_legs_together():
    for seed in SEEDS:
        _, _, skeletons = performance(JumpingJack, seed)
        assert np.ptp(track(skeletons, "heels")[:, :, 1]) > 0.03
        stance = np.ptp(track(skeletons, "ankles")[:, :, 0], axis=1)
        hands = track(skeletons, "wrists")[:, :, 1].mean(axis=1)
        assert stance.max() > 2 * stance.min()
        assert np.corrcoef(stance, hands)[0, 1] > 0.8


def test_lunges_bend_both_knees_and_keep_one_foot():
    for seed in SEEDS:
        body, _, skeletons = performance(Lunges, seed)
        toes, knees = track(skeletons, "toes"), track(skeletons, "knees")
        step = np.linalg.norm(np.diff(toes, axis=0), axis=2)
        assert np.minimum(step[:, 0], step[:, 1]).max() < 0.02
        assert knees[:, :, 1].min() < 0.6 * body.shin  # the rear knee nears the floor
        split = np.abs(np.diff(track(skeletons, "ankles")[:, :, 2], axis=1))
        assert split.max() > 0.6 * body.leg


@pytest.mark.parametrize("seed", SEEDS)
def test_balls_fall_freely_or_lie_in_a_hand_and_never_jump(seed):
    body = Body.drawn(np.random.default_rng(seed))
    juggling = Juggling(body, np.random.default_rng((seed, 1)))
    juggling.started = 0.0
    step = 0.002
    times = np.arange(-0.5, 5, step)
    path = np.stack([juggling.pose(float(t)).balls for t in times])
    speed = np.linalg.norm(np.diff(path, axis=0), axis=2) / step
    assert speed.max() < 5.0

    beats = times * juggling.rate
    palms = np.stack([[juggling.palm(hand, beat) for hand in (0, 1)] for beat in beats])
    reach = np.linalg.norm(path[:, :, None] - palms[:, None], axis=3).min(axis=2)
    held = reach < 0.07
    assert held[times < 0].all()  # before the first throw
    assert 0.3 < held[times > 2].mean() < 0.8

    pull = np.diff(path, 2, axis=0) / step**2
    free = ~(held[:-2] | held[1:-1] | held[2:])
    np.testing.assert_allclose(pull[free], np.tile([0, -9.81, 0], (free.sum(), 1)), atol=0.05)
    assert path[times > 2].max(axis=0)[:, 1].max() > juggling.throws[0, 1] + 0.2
    assert path.shape[1] == BALLS


def test_a_blend_starts_here_and_ends_there():
    body = Body.drawn(np.random.default_rng(1))
    a = Squats(body, np.random.default_rng(1)).pose(1.0).turned(0.8)
    b = Juggling(body, np.random.default_rng(2)).pose(1.0)
    before, after = Skeleton(body, blend(a, b, 0.0)), Skeleton(body, blend(a, b, 1.0))
    np.testing.assert_allclose(before.points()[:14], Skeleton(body, a).points(), atol=1e-9)
    np.testing.assert_allclose(after.points(), Skeleton(body, b).points(), atol=1e-9)
    assert (before.ball_size, after.ball_size) == (0.0, 1.0)
