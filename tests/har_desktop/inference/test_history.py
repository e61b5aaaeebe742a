from concurrent.futures import Future

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from har_desktop.inference.encoders import Features
from har_desktop.inference.history import THINNING, History, Timeline
from har_desktop.inference.manifest import WindowSpec

D = 0.3
SIZE = (240, 320)
NOTHING = Future[Features]()
PICTURE = np.zeros((1, 1, 3), np.uint8)


@pytest.fixture
def history():
    return History(WindowSpec(length=10, frame_interval_s=D))


def feed(history, times, size=SIZE):
    """Push frames; the number of filled places after each."""
    filled = []
    for time in times:
        history.admit(time, size)
        history.see(time, PICTURE)
        history.add(time, PICTURE, NOTHING)
        filled.append(len(history.window(time)))
    return filled


def every(spacing, count, start=0.0):
    return [start + i * spacing for i in range(count)]


# Timeline


def timeline(times, reach=10.0, spacing=0.0):
    line = Timeline(reach, spacing)
    for time in times:
        line.add(time, time)
    return line


@given(
    st.lists(st.floats(0.01, 0.6), min_size=1, max_size=30).map(np.cumsum),
    st.floats(-1, 20),
)
def test_nearest_is_the_nearest(times, wanted):
    found = timeline(times, reach=100).nearest(wanted, 0.5)
    distances = np.abs(times - wanted)
    if wanted < times[0] - 1e-6 or distances.min() > 0.5 + 1e-6:
        assert found is None
    else:
        assert abs(found - wanted) <= distances.min() + 2e-6


def test_nearest_of_nothing():
    assert timeline([]).nearest(0.0, 0.5) is None


def test_tolerance_holds_to_a_microsecond():
    line = timeline([1.0])
    assert line.nearest(1.5, 0.5) == 1.0
    assert line.nearest(1.5 + 1e-5, 0.5) is None


def test_of_two_equally_near_the_younger():
    line = timeline([0.2, 0.3])
    assert line.nearest(0.25, 0.5) == 0.3
    assert line.nearest(0.25 - 1e-9, 0.5) == 0.3


def test_forgets_what_is_out_of_reach_but_keeps_the_nearest_to_its_end():
    line = timeline(every(0.4, 100), reach=2.0)
    assert len(line) == 7  # 39.6 back to 37.6, and 37.2
    assert line.nearest(37.6, 0.5) == pytest.approx(37.6)
    assert timeline([0.0, 0.3, 0.9], reach=0.5).nearest(0.4, 0.5) == 0.3


@given(st.floats(20, 1000), st.floats(0.05, 0.5))
def test_thinning_bounds_number_and_error(fps, interval):
    reach, spacing = 9 * interval, interval / THINNING
    line = Timeline(reach, spacing)
    times = np.arange(0, 2.5 * reach, 1 / fps)
    for time in times:
        line.add(time, time)
        assert len(line) <= reach / spacing + 3
    assert line.nearest(times[-1], interval / 2) == times[-1]
    worst = max(spacing, 0.5 / fps) + 2e-6
    for wanted in np.linspace(times[-1] - reach, times[-1], 50):
        assert abs(line.nearest(wanted, interval / 2) - wanted) <= worst


def test_nothing_is_thinned_at_thirty_frames_a_second():
    assert len(timeline(every(1 / 30, 60), reach=100, spacing=D / THINNING)) == 60


# History: filling


def test_fills_place_by_place_and_completes_after_nine_intervals(history):
    filled = feed(history, every(0.1, 40))
    assert filled[:4] == [1, 1, 1, 2]
    assert filled.index(10) == 27
    assert set(filled[27:]) == {10}


@pytest.mark.parametrize("fps", [10, 24, 25, 30, 50, 60, 120, 240])
def test_memory_is_bounded_and_times_are_right(history, fps):
    for time in every(1 / fps, fps * 8):
        history.admit(time, SIZE)
        history.see(time, PICTURE)
        history.add(time, PICTURE, NOTHING)
        moments = history.window(time)
        if time > 9 * D + 1 / fps:
            targets = [time - k * D for k in range(9, -1, -1)]
            errors = np.abs(np.subtract([m.time for m in moments], targets))
            assert errors.max() <= max(0.5 / fps, D / THINNING) + 2e-6
            assert moments[-1].time == time
    assert len(history._moments) <= 9 * THINNING + 3
    assert len(history._pictures) <= THINNING + 3


def test_previous_is_one_interval_before(history):
    assert not history.previous(0.0)
    pictures = {}
    for time in every(0.1, 20):
        history.admit(time, SIZE)
        pictures[round(time, 1)] = np.full((1, 1, 3), int(time * 10), np.uint8)
        history.see(time, pictures[round(time, 1)])
        before = history.previous(time)
        if time < D - 0.01:
            assert not before
        else:
            (before,) = before
            assert before.time == pytest.approx(time - D)
            assert before.picture is pictures[round(time - D, 1)]


@pytest.mark.parametrize(
    ("spacing", "ages"),
    [
        (1 / 30, [0.1, 0.2, 0.3]),
        (1 / 24, [2 / 24, 5 / 24, 7 / 24]),
        (0.1, [0.1, 0.2, 0.3]),
        (0.3, [0.0, 0.3, 0.3]),  # a camera that has none between
        (0.35, [0.0, 0.35, 0.35]),
        (0.4, [0.0, 0.0, 0.4]),
    ],
)
def test_motion_is_told_by_the_nearest_pictures_there_are(spacing, ages):
    history = History(WindowSpec(length=10, frame_interval_s=D), differences=3)
    for time in every(spacing, 40):
        history.admit(time, SIZE)
        history.see(time, PICTURE)
    assert [time - past.time for past in history.previous(time)] == pytest.approx(ages)


def test_without_a_picture_an_interval_before_there_is_no_motion():
    history = History(WindowSpec(length=10, frame_interval_s=D), differences=3)
    for time in (0.0, 0.1, 0.2):
        history.admit(time, SIZE)
        history.see(time, PICTURE)
        assert not history.previous(time)


def test_no_motion_is_told_by_a_picture_that_lies_too_far_back(history):
    for time in every(0.5, 10):
        history.admit(time, SIZE)
        history.see(time, PICTURE)
        assert not history.previous(time)


# History: what clears it


def test_seek_backwards_and_time_that_stands_still(history):
    feed(history, every(0.1, 40))
    assert feed(history, [2.0]) == [1]
    feed(history, every(0.1, 40, start=2.1))
    assert feed(history, [6.1, 6.1]) == [10, 1]


def test_a_slow_source_has_no_gap_behind_a_seek(history):
    feed(history, every(0.1, 40))
    assert feed(history, [2.0, 2.0 + 1.2 * D]) == [1, 2]


def test_gap_longer_than_the_interval(history):
    feed(history, every(0.1, 40))
    assert feed(history, [3.9 + D]) == [10]
    history.clear()
    feed(history, every(0.1, 40))
    assert feed(history, [3.9 + D + 0.01]) == [1]


def test_changed_frame_size(history):
    feed(history, every(0.1, 40))
    assert feed(history, [4.0], (480, 640)) == [1]
    assert feed(history, every(0.1, 28, start=4.1), (480, 640))[-1] == 10


def test_slow_source_has_no_gap_between_its_frames(history):
    spacing = D * 1.04  # the oldest place is off by 9 * 0.012 s, less than half an interval
    assert feed(history, every(spacing, 12))[9:] == [10, 10, 10]
    assert feed(history, [11 * spacing + 3 * spacing]) == [1]


def test_source_too_slow_for_the_window_never_fills_it(history):
    assert max(feed(history, every(0.5, 60))) < 10


def test_frames_picked_at_a_fixed_rate_make_no_gap(history):
    # A tick every 0.3 s out of a source of 12.5 fps: steps of 0.32 and 0.24 s.
    ticks = [0.0]
    for time in every(0.08, 200):
        if time >= len(ticks) * D - 1e-3:
            ticks.append(time)
    assert max(np.diff(ticks)) > D
    assert 1 not in feed(history, ticks)[1:]


def test_clear(history):
    feed(history, every(0.1, 40))
    history.clear()
    assert not history.previous(4.0)
    assert feed(history, [1.0]) == [1]
