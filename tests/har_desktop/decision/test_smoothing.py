import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from har_desktop.decision.smoothing import Smoother


def p(*values):
    return np.array(values, np.float32)


def test_first_value_stands_as_it_is():
    assert Smoother(0.5).update(7.0, p(0.2, 0.8)).tolist() == p(0.2, 0.8).tolist()


def test_a_step_arrives_with_the_time_constant():
    smoother = Smoother(0.5)
    smoother.update(0.0, p(1, 0))
    assert smoother.update(0.5, p(0, 1))[1] == pytest.approx(1 - np.exp(-1))


@given(st.lists(st.floats(0.001, 1), min_size=1, max_size=20))
def test_frame_rate_makes_no_difference(steps):
    """However often one looks on the way to the end, the result at the end is the same."""
    smoother, once = Smoother(0.5), Smoother(0.5)
    for s in (smoother, once):
        s.update(0.0, p(0.9, 0.1))
    times = np.cumsum(steps)
    for time in times:
        often = smoother.update(time, p(0.2, 0.8))
    assert np.allclose(often, once.update(times[-1], p(0.2, 0.8)), atol=1e-5)


@given(
    st.lists(st.tuples(st.floats(0.001, 9), st.floats(0, 1)), min_size=1, max_size=20),
)
def test_stays_a_distribution(steps):
    smoother, time = Smoother(0.3), 0.0
    for step, value in steps:
        time += step
        smoothed = smoother.update(time, p(value, 1 - value))
        assert smoothed.dtype == np.float32
        assert (smoothed >= 0).all()
        assert smoothed.sum() == pytest.approx(1, abs=1e-5)


def test_leaves_its_input_alone():
    values = p(0.2, 0.8)
    smoother = Smoother(0.5)
    smoother.update(0.0, values)[0] = 9
    smoother = Smoother(0.5)
    smoother.update(0.0, values)
    smoother.update(1.0, values)
    assert values.tolist() == p(0.2, 0.8).tolist()


def test_reset_forgets():
    smoother = Smoother(0.5)
    smoother.update(0.0, p(1, 0))
    smoother.reset()
    assert smoother.update(0.1, p(0, 1)).tolist() == [0, 1]
