import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from har_desktop.frame import Frame
from har_desktop.pipeline.hop import SLACK_S, Hop, Looks, every


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


@given(
    st.floats(5.0, 120.0), st.floats(0.0, 3.0), st.floats(0.05, 1.0), st.integers(1, 20), st.data()
)
def test_every_place_of_a_window_has_a_frame_that_was_looked_at(
    fps: float, hop: float, interval: float, place: int, data: st.DataObject
) -> None:
    """Wherever the frames themselves are near enough."""
    jitter = st.lists(st.floats(0, 0.2), min_size=150, max_size=150)
    times = [(n + part) / fps for n, part in enumerate(data.draw(jitter))]
    looks = Looks(hop, interval)
    looked_at = np.array([frame.time for frame in at(*times) if looks.takes(frame)])
    last = data.draw(st.sampled_from(list(looked_at)))
    wanted = last - place * interval
    if wanted < 0 or np.abs(np.array(times) - wanted).min() > interval / 2 - 1.2 / fps:
        return
    assert np.abs(looked_at - wanted).min() <= interval / 2 + 1e-6


def test_a_slow_pace_spares_most_frames() -> None:
    looks = Looks(1.0, 0.2)
    assert sum(looks.takes(frame) for frame in at(*(n / 30 for n in range(300)))) == 50
