from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from har_desktop.sources.stamps import StampClock


def times(stamps, step=0.1):
    """From the second picture on, as `VideoFile` uses the clock."""
    clock = StampClock(stamps[0], step)
    return [0.0] + [clock.time(stamp) for stamp in stamps[1:]]


def test_true_stamps_are_kept_whatever_their_rate():
    stamps = [7.0, 7.04, 7.05, 9.5, 9.501]
    assert times(stamps) == pytest.approx([0.0, 0.04, 0.05, 2.5, 2.501])


def test_missing_stamps_become_nominal_steps():
    assert times([0.0] * 25, step=0.1)[-1] == pytest.approx(2.4)


def test_a_repeated_stamp_shifts_only_itself():
    assert times([0.0, 0.1, 0.1, 0.3, 0.4]) == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])


def test_strays_behind_damage_do_not_delay_what_follows():
    # As H.264 gives them after a lost stretch: two late pictures among the new ones.
    stamps = [0.0, 0.04, 0.84, 0.08, 0.88, 0.12] + [0.92 + 0.04 * i for i in range(8)]
    result = times(stamps, step=0.04)
    assert result == sorted(set(result))
    assert result[-3:] == pytest.approx(stamps[-3:])


@pytest.mark.parametrize("later", [30, 200], ids=["shorter", "longer"])
def test_stamps_that_start_anew_go_on_at_the_nominal_rate(later):
    stamps = [0.04 * i for i in range(50)] + [0.04 * i for i in range(later)]
    assert times(stamps, step=0.04) == pytest.approx([0.04 * i for i in range(50 + later)])


def test_a_pause_of_half_an_hour_is_none():
    assert times([0.0, 0.1, 1800.0, 1800.1]) == pytest.approx([0.0, 0.1, 1800.0, 1800.1])


def test_a_leap_of_hours_is_damage():
    assert times([0.0, 0.1, 1e9, 0.3]) == pytest.approx([0.0, 0.1, 0.2, 0.3])


@given(
    st.lists(st.floats(-1e6, 1e6) | st.sampled_from([0.0, 0.1, 0.2]), min_size=1),
    st.floats(1e-3, 10.0),
)
def test_time_always_runs_forward(stamps, step):
    result = times(stamps, step)
    assert all(later > earlier for earlier, later in pairwise(result))


def test_elsewhere_the_stamps_are_true_again():
    clock = StampClock(7.0, 0.04)
    assert [clock.time(stamp) for stamp in (7.1, 7.2, 7.3)] == pytest.approx([0.1, 0.2, 0.3])
    clock.go_elsewhere()
    assert [clock.time(stamp) for stamp in (7.1, 7.2, 7.2)] == pytest.approx([0.1, 0.2, 0.24])
