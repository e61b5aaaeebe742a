import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from har_desktop.frame import Frame
from har_desktop.pipeline.hop import SLACK_S, Hop, every


def at(*times: float) -> list[Frame]:
    image = np.zeros((1, 1, 3), np.uint8)
    return [Frame(image, index, time) for index, time in enumerate(times)]


def test_zero_takes_every_frame() -> None:
    assert len(list(every(at(0.0, 0.01, 0.02), 0.0))) == 3


@pytest.mark.parametrize("fps", [25.0, 29.97, 30.0])
def test_the_pace_does_not_drift(fps: float) -> None:
    frames = at(*(round(n / fps, 3) for n in range(round(60 * fps))))
    taken = [frame.time for frame in every(frames, 0.2)]
    assert len(taken) == 300
    assert all(0 <= t - 0.2 * n + SLACK_S < 1 / fps + 2 * SLACK_S for n, t in enumerate(taken))


def test_the_first_frame_starts_the_clock_and_gaps_are_skipped() -> None:
    taken = [f.time for f in every(at(7.1, 7.2, 7.35, 9.0, 9.05, 9.2), 0.2)]
    assert taken == [7.1, 7.35, 9.0, 9.2]


@given(st.lists(st.floats(0.001, 0.5), min_size=1, max_size=200), st.floats(0.01, 1.0))
def test_never_more_than_one_frame_per_tick(steps: list[float], seconds: float) -> None:
    times = np.cumsum([0.0, *steps])
    hop = Hop(seconds)
    taken = [frame.time for frame in at(*times) if hop.takes(frame)]
    assert len(taken) <= times[-1] / seconds + 1 + 2 * SLACK_S / seconds
