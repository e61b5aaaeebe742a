import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from har_desktop.frame import Frame
from har_desktop.pipeline.hop import SLACK_S, Hop, every, looks


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


@pytest.mark.parametrize("seconds", [0.0, 5e-324, 1e-9, SLACK_S])
def test_the_smallest_pace_takes_every_frame(seconds: float) -> None:
    assert len(list(every(at(7.0, 7.001, 7.1, 9.0), seconds))) == 4


@given(
    st.floats(5.0, 120.0),
    st.floats(0.0, 3.0),
    st.floats(0.05, 1.0),
    st.integers(1, 20),
    st.lists(st.sampled_from([0.5, 1.0, 1.0, 1.0, 1.5, 4.0]), min_size=120, max_size=120),
    st.data(),
)
def test_every_place_of_a_window_has_the_frame_that_it_would_have_without_a_hop(
    fps: float, hop: float, interval: float, place: int, steps: list[float], data: st.DataObject
) -> None:
    """Or another one that is near enough."""
    frames = at(*np.cumsum([0.0, *steps]) / fps)
    looked_at = np.array([f.time for f, wanted in looks(frames, hop, interval) if wanted])
    wanted = data.draw(st.sampled_from(list(looked_at))) - place * interval
    there = np.abs(np.array([frame.time for frame in frames]) - wanted).min()
    if wanted < 0 or there > interval / 2 - SLACK_S:
        return
    # A clock of whole intervals takes the next frame that comes.
    late = np.abs(looked_at - wanted).min()
    assert late <= interval / 2 + SLACK_S


def test_frames_on_both_sides_of_a_hole_are_looked_at() -> None:
    """30 a second, of which four are lost; 3.367 is the nearest to all that want one at 3.4."""
    times = [n / 30 for n in range(180) if not 102 <= n <= 105]
    looked_at = [round(f.time, 3) for f, wanted in looks(at(*times), 1.0, 0.2) if wanted]
    assert {3.367, 3.533} <= set(looked_at)
    assert len(looked_at) == 31


def test_a_slow_pace_spares_most_frames_and_every_frame_is_there() -> None:
    found = list(looks(at(*(n / 30 for n in range(300))), 1.0, 0.2))
    assert [frame.index for frame, _ in found] == list(range(300))
    assert sum(wanted for _, wanted in found) == 50
