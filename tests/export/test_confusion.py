from __future__ import annotations

import numpy as np
import pytest

from export.confusion import draw, pictured
from export.report import Accuracy, average, read_report
from har_desktop.opencv import cv2
from training.metrics import classification


def _report(truth, answers, classes) -> Accuracy:
    figures = classification(np.array(truth), np.array(answers), classes)
    return read_report({**figures, "protocol": "group-wise", "sampling": "time"})


def _pixels(png: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)


def _darkest_blue(png: bytes) -> int:
    """Of the pixels that are clearly blue, the darkest one's red."""
    blue, _, red = (_pixels(png)[..., channel].astype(int) for channel in range(3))
    return int(red[blue - red > 40].min())


@pytest.fixture(scope="module")
def right():
    return _report([0, 0, 0, 1], [0, 0, 0, 1], ("Lunges", "YoYo"))


def test_the_picture_is_always_the_same_and_says_nothing_of_its_maker(right):
    png = draw(right)
    assert png.startswith(b"\x89PNG")
    assert draw(right) == png
    assert b"tEXt" not in png
    assert b"tIME" not in png


def test_colours_are_shares_of_the_row(right):
    """A class of one clip that is always right is as dark as one of three."""
    mixed = _report([0, 0, 1, 1], [0, 1, 0, 1], ("Lunges", "YoYo"))
    more = _report([0, 0, 0, 1, 1, 1], [0, 0, 0, 1, 1, 1], ("Lunges", "YoYo"))
    assert _darkest_blue(draw(right)) == _darkest_blue(draw(more)) < _darkest_blue(draw(mixed))


def test_it_grows_with_the_classes_and_one_without_clips_does_no_harm(right):
    names = tuple(f"class {n}" for n in range(12))
    large = draw(_report([0, 1, 2], [0, 1, 3], names))
    assert _pixels(large).shape[0] > 2 * _pixels(draw(right)).shape[0]


def test_only_the_apps_own_way_on_whole_groups_is_pictured(right):
    assert pictured({"group-wise": right}) is right
    assert pictured({"group-wise, even": right, "clip-random": right}) is None
    assert pictured({"group-wise": average([right])}) is None
