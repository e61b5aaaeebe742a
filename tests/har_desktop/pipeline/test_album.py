import numpy as np
import pytest

from har_desktop.frame import Frame
from har_desktop.inference.recognition import Window
from har_desktop.pipeline.album import Album

ENCODED = np.zeros((24, 32, 3), np.uint8)


def frame(index, size=(48, 64)):
    rng = np.random.default_rng(index)
    small = rng.integers(0, 256, (size[0] // 8, size[1] // 8, 3), np.uint8)
    return Frame(np.kron(small, np.ones((8, 8, 1), np.uint8)), index, index / 10)


def window(values=1000):
    floats = np.zeros(values, np.float32)
    return Window(floats, floats, floats.reshape(1, 1, -1), (ENCODED,), (0.0,), 0)


def fill(album, count, values=1000):
    for index in range(count):
        album.add(frame(index), ENCODED, window(values))


def test_gives_back_what_was_put_in():
    album = Album(10**7)
    fill(album, 30)
    for index in range(30):
        kept = album.frame(index)
        assert (kept.index, kept.time, kept.size) == (index, index / 10, (48, 64))
        error = np.abs(kept.image.astype(int) - frame(index).image).mean()
        assert error == 0 if index >= 22 else error < 16  # the last ones are not compressed
        assert album.encoded(index) is ENCODED
        assert album.window(index) is not None
        assert index in album


@pytest.mark.parametrize(("pictures", "kept"), [(100, 8), (12, 3), (1, 1)])
def test_pictures_that_are_not_compressed_take_a_quarter_of_the_memory(pictures, kept):
    album = Album(pictures * 48 * 64 * 3)
    fill(album, 30, values=1)
    assert sorted(album._raw) == list(range(30 - kept, 30))


def test_knows_what_it_does_not_hold():
    album = Album(10**7)
    assert 0 not in album
    assert album.frame(0) is album.encoded(0) is album.window(0) is None
    album.set_window(0, window())
    assert 0 not in album


@pytest.mark.parametrize("centre", [0, 37, 99])
def test_what_lies_farthest_from_the_centre_goes_first(centre):
    album = Album(200_000)
    album.centre = centre
    fill(album, 100)
    kept = sorted(album._pages)
    assert album._used <= 200_000
    assert album._used == sum(page.size for page in album._pages.values())
    assert 15 < len(kept) < 40
    assert kept == list(range(kept[0], kept[-1] + 1))
    assert centre in kept
    if centre == 37:
        assert abs((centre - kept[0]) - (kept[-1] - centre)) <= 1


def test_windows_can_be_forgotten_and_come_back():
    album = Album(10**7)
    fill(album, 5)
    full = album._used
    album.forget_windows()
    assert album.window(3) is None
    assert album.encoded(3) is ENCODED
    assert album._used == full - 5 * 4000
    again = window()
    album.set_window(3, again)
    assert album.window(3) is again
    assert album._used == full - 4 * 4000


def test_same_frame_twice_counts_once():
    album = Album(10**7)
    fill(album, 3)
    used = album._used
    fill(album, 3)
    assert album._used == used
