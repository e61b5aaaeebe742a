"""The memory behind the timeline."""

import numpy as np
import pytest

from har_desktop.decision.decision import Event
from har_desktop.view.course import Course


def filled(decision_at, number, step=0.1, reach=None):
    course = Course(("a", "b"), reach)
    for index in range(number):
        share = index / number
        course.add(decision_at(index * step, [share, 1 - share]))
    return course


def test_remembers_every_value_and_finds_the_nearest_one(decision_at):
    course = filled(decision_at, 3000)
    assert len(course) == 3000
    assert course.span == (0.0, pytest.approx(299.9))
    time, shares = course.at(100.04)
    assert time == pytest.approx(100.0)
    assert shares[0] == pytest.approx(1000 / 3000)
    assert course.at(-5)[0] == 0.0
    assert course.at(1e9)[0] == pytest.approx(299.9)


def test_a_live_course_forgets_what_lies_beyond_its_reach(decision_at):
    course = filled(decision_at, 20_000, reach=60.0)
    first, last = course.span
    assert last == pytest.approx(1999.9)
    assert last - first >= 60.0
    assert len(course) < 5000
    assert course.at(last)[1][0] == pytest.approx(19_999 / 20_000)


def test_thinned_columns_keep_the_peaks(decision_at):
    course = Course(("a",))
    for index in range(5000):
        course.add(decision_at(index * 0.01, [1.0 if index == 2345 else 0.1]))
    times, shares = course.columns(0.0, 50.0, 100)
    assert len(times) <= 102
    assert shares.max() == 1.0
    peak = times[shares[:, 0].argmax()]
    assert abs(peak - 23.45) <= 0.5


def test_columns_of_a_part_reach_just_beyond_it(decision_at):
    course = filled(decision_at, 100)
    times, _ = course.columns(2.05, 3.05, 50)
    assert times[0] < 2.05 < times[1]
    assert times[-2] < 3.05 < times[-1]


def test_an_action_that_the_last_frame_closes_is_there_once(decision_at):
    course = Course(("a", "b"))
    for index in range(10):
        course.add(decision_at(index * 0.1, [0.9, 0.1], "a"))
    assert [(s.start, s.end) for s in course.events()] == [(0.0, pytest.approx(0.9))]
    # It had begun before it was called an action.
    course.add(decision_at(1.0, [0.9, 0.1], "a"), [Event(-0.5, 1.0, "a", 0.9)])
    assert [(s.start, s.end) for s in course.events()] == [(-0.5, 1.0)]
    course.add(decision_at(1.1, [0.9, 0.1], "a"))
    assert len(course.events()) == 2


def test_filling_is_unknown(decision_at):
    course = Course(("a", "b"))
    course.add(decision_at(0.0))
    course.add(decision_at(0.1, [0.2, 0.8]))
    assert np.isnan(course.at(0.0)[1]).all()
    _, shares = course.columns(0.0, 1.0, 10)
    assert np.isnan(shares[0]).all()
    assert not np.isnan(shares[1]).any()


def test_an_action_is_a_stretch_while_it_goes_on_and_an_event_afterwards(decision_at):
    course = Course(("a", "b"))
    for index in range(10):
        course.add(decision_at(index * 0.1, [0.1, 0.9], "b", since=-0.2))
    (going,) = course.events()
    assert (going.start, going.label) == (-0.2, "b")  # it does not jump when it ends
    assert going.end == pytest.approx(0.9)
    course.add(decision_at(1.0, [0.5, 0.5]), [Event(-0.2, 0.9, "b", 0.9)])
    (over,) = course.events()
    assert (over.start, over.end, over.confidence) == (-0.2, 0.9, 0.9)


def test_the_last_event_of_another_model_has_no_place(decision_at):
    course = Course(("walk", "run"))
    course.add(decision_at(1.0, [0.5, 0.5]), [Event(0.0, 1.0, "squat", 0.9)])
    assert course.events() == []


def test_time_that_runs_backwards_is_left_out(decision_at):
    course = filled(decision_at, 10)
    course.add(decision_at(0.5, [1.0, 0.0]))
    assert len(course) == 10


def test_old_events_go_with_their_curves(decision_at):
    course = Course(("a",), reach=10.0)
    course.add(decision_at(1.0, [0.9]), [Event(0.0, 0.5, "a", 0.9)])
    assert course.events()
    course.add(decision_at(20.0, [0.1]), [])
    assert not course.events()
