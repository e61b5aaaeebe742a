"""The demo clip: its segments, and that it never cuts."""

import numpy as np

from har_desktop.sources.figure import ACTIONS, Demo
from har_desktop.sources.figure.skeleton import Skeleton


def test_segments_tile_the_clip():
    demo = Demo()
    info = demo.open()
    demo.close()
    starts, ends, labels = zip(*demo.segments, strict=True)
    assert starts[0] == 0.0
    assert starts[1:] == ends[:-1]
    assert abs(ends[-1] - info.frames / info.fps) <= 0.5 / info.fps
    assert 24 <= ends[-1] <= 31
    assert labels[::2] == (None,) * 4
    assert set(labels[1::2]) <= set(ACTIONS)
    assert len(set(labels[1::2])) == 4


def test_it_is_a_recording_of_standard_size():
    demo = Demo()
    info = demo.open()
    assert (info.name, info.width, info.height, info.fps, info.live) == (
        "demo",
        640,
        480,
        25.0,
        False,
    )
    first, second = demo.read(), demo.read()
    demo.close()
    assert first.size == second.size == (480, 640)
    assert (first.index, second.index, second.time) == (0, 1, 1 / 25)
    assert demo.read() is None
    demo.close()


def test_one_act_flows_into_the_next():
    demo = Demo()
    body = demo._body
    step = 0.02
    for boundary in [start for start, _, _ in demo.segments[1:]]:
        times = np.arange(boundary - 0.2, boundary + 0.9, step)
        skeletons = [Skeleton(body, demo.pose(float(t))) for t in times]
        path = np.stack([skeleton.points()[:14] for skeleton in skeletons])
        speed = np.linalg.norm(np.diff(path, axis=0), axis=2) / step
        assert speed.max() < 9.0, boundary


def test_balls_grow_in_the_hands_before_they_fly():
    demo = Demo()
    start = demo.segments[-1][0]
    assert demo.pose(start - 0.01).ball_size * len(demo.pose(start - 0.01).balls) == 0
    pose = demo.pose(start + 0.3)
    assert 0 < pose.ball_size < 1
    apart = np.linalg.norm(pose.balls[:, None] - pose.wrists, axis=2).min(axis=1)
    assert apart.max() < 0.25
    path = np.stack([demo.pose(float(t)).balls for t in np.arange(start + 0.01, start + 3, 0.01)])
    assert np.linalg.norm(np.diff(path, axis=0), axis=2).max() < 0.09  # 9 m/s
