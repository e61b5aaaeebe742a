import numpy as np
import pytest

from har_desktop.pipeline.freshness import Freshness


def pictures(count, seed=0, size=(48, 64)):
    return np.random.default_rng(seed).integers(0, 256, (count, *size, 3), np.uint8)


def feed(freshness, images):
    return [freshness.is_fresh(image.copy()) for image in images]


def test_camera_that_gets_stuck_gives_nothing_fresh_until_it_moves_again():
    freshness, stream = Freshness(), pictures(12)
    assert all(feed(freshness, stream))
    assert not any(feed(freshness, [stream[-1]] * 100))
    assert all(feed(freshness, pictures(3, seed=1)))


def test_one_byte_makes_a_picture_fresh():
    freshness, stream = Freshness(), pictures(12)
    feed(freshness, stream)
    other = stream[-1].copy()
    other[17, 23, 1] ^= 1
    assert feed(freshness, [stream[-1], other]) == [False, True]


def test_still_picture_that_never_moved_is_believed():
    assert all(feed(Freshness(), [pictures(1)[0]] * 200))


def test_slide_show_is_believed():
    slides = np.repeat(pictures(30), 20, axis=0)
    assert all(feed(Freshness(), slides))


@pytest.mark.parametrize("times", [2, 3, 4])
def test_camera_that_repeats_each_picture_to_reach_its_rate_is_still_held_to_change(times):
    freshness = Freshness()
    fresh = feed(freshness, np.repeat(pictures(20), times, axis=0))
    assert fresh.count(True) >= 20
    assert not any(feed(freshness, [pictures(20)[-1]] * 50))


def test_another_size_is_fresh():
    freshness = Freshness()
    feed(freshness, np.zeros((1, 48, 64, 3), np.uint8))
    assert feed(freshness, np.zeros((1, 64, 48, 3), np.uint8)) == [True]
