"""Names, times and numbers as a person reads them."""

import pytest

from har_desktop.view.words import clock, count, milliseconds, percent, rate, readable


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("JumpingJack", "Jumping Jack"),
        ("BodyWeightSquats", "Body Weight Squats"),
        ("squat", "squat"),
        ("TV", "TV"),
        ("push_up", "push_up"),
    ],
)
def test_class_names_are_taken_apart_at_their_capitals(label, words):
    assert readable(label) == words


@pytest.mark.parametrize(
    ("seconds", "tenths", "words"),
    [
        (0, False, "0:00"),
        (59.96, False, "0:59"),
        (59.96, True, "0:59.9"),
        (0.3, True, "0:00.3"),
        (61.25, True, "1:01.2"),
        (3723, False, "1:02:03"),
        (-1, True, "0:00.0"),
    ],
)
def test_clock(seconds, tenths, words):
    assert clock(seconds, tenths) == words


def test_numbers():
    assert percent(0.874).replace("\u202f", " ") == "87 %"
    assert milliseconds(0.0314) == "31 ms"
    assert milliseconds(None) == rate(None) == "\u2013"
    assert [rate(x) for x in (29.97, 9.96, 9.94, 0.5)] == ["30", "10", "9.9", "0.5"]
    assert [count(n, "frame") for n in (0, 1, 2)] == ["0 frames", "1 frame", "2 frames"]
