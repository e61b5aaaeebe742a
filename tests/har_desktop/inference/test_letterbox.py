import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from har_desktop.inference.letterbox import Letterbox
from har_desktop.opencv import cv2

sides = st.integers(1, 4000)


@pytest.mark.parametrize(
    ("source", "room", "expected"),
    [
        ((240, 320), (96, 96), (12, 0, 72, 96)),
        ((320, 240), (96, 96), (0, 12, 96, 72)),
        ((480, 480), (64, 96), (0, 16, 64, 64)),
        ((48, 64), (96, 128), (0, 0, 96, 128)),
        ((1, 1), (96, 96), (0, 0, 96, 96)),
        ((1, 4000), (96, 96), (47, 0, 1, 96)),
        ((4000, 1), (96, 96), (0, 47, 96, 1)),
        ((7, 5), (1, 1), (0, 0, 1, 1)),
    ],
)
def test_rectangle(source, room, expected):
    box = Letterbox.fit(source, room)
    assert (box.top, box.left, box.height, box.width) == expected


@given(st.tuples(sides, sides), st.tuples(st.integers(1, 300), st.integers(1, 300)))
def test_lies_centred_within_the_input_and_touches_two_sides(source, room):
    box = Letterbox.fit(source, room)
    below = room[0] - box.top - box.height
    right = room[1] - box.left - box.width
    assert min(box.top, box.left, below, right) >= 0
    assert 0 <= below - box.top <= 1
    assert 0 <= right - box.left <= 1
    assert box.height == room[0] or box.width == room[1]
    # Within half a pixel of the true aspect ratio, or one pixel thin.
    scale = min(room[0] / source[0], room[1] / source[1])
    assert abs(box.height - source[0] * scale) <= 0.5 + 1e-9 or box.height == 1
    assert abs(box.width - source[1] * scale) <= 0.5 + 1e-9 or box.width == 1


@pytest.mark.parametrize("source", [(0, 5), (5, 0)])
def test_refuses_an_empty_picture(source):
    with pytest.raises(ValueError, match="empty"):
        Letterbox.fit(source, (96, 96))


def test_black_border_and_untouched_channel_order():
    image = np.full((240, 320, 3), (200, 100, 50), np.uint8)
    out = Letterbox.fit((240, 320), (96, 96)).apply(image)
    assert out.shape == (96, 96, 3)
    assert out.dtype == np.uint8
    assert out.flags.c_contiguous
    assert (out[12:84] == (200, 100, 50)).all()
    assert not out[:12].any()
    assert not out[84:].any()


def test_shrinking_averages_areas():
    # One-pixel stripes: area averaging turns them into even grey, sampling would keep stripes.
    image = np.zeros((192, 192, 3), np.uint8)
    image[:, ::2] = 255
    out = Letterbox.fit((192, 192), (96, 96)).apply(image)
    assert np.abs(out.astype(int) - 128).max() <= 1


def test_enlarging_interpolates():
    image = np.zeros((2, 2, 3), np.uint8)
    image[:, 1] = 200
    row = Letterbox.fit((2, 2), (8, 8)).apply(image)[4, :, 0].astype(int)
    assert (np.diff(row) >= 0).all()
    assert len(set(row)) > 2


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (3, 2000), (97, 95)])
def test_survives_odd_sizes(size):
    image = np.full((*size, 3), 255, np.uint8)
    box = Letterbox.fit(size, (96, 80))
    out = box.apply(image)
    assert out.shape == (96, 80, 3)
    assert (out == 255).all(axis=2).sum() == box.height * box.width


def test_same_size_is_left_alone():
    image = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    assert np.array_equal(Letterbox.fit((96, 96), (96, 96)).apply(image), image)


def scenery(height, width):
    """Details of all sizes, as strong as they are large: the statistics of photographs."""
    rng, picture = np.random.default_rng(0), np.zeros((height, width, 3), np.float32)
    for octave in range(8):
        cells = rng.standard_normal((2 + (height >> octave), 2 + (width >> octave), 3), np.float32)
        picture += 2**octave * cv2.resize(cells, (width, height), interpolation=cv2.INTER_CUBIC)
    return cv2.normalize(picture, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def averaged(image, box):
    """The picture within the letterbox, averaged by area in one step."""
    return cv2.resize(image, (box.width, box.height), interpolation=cv2.INTER_AREA).astype(int)


@pytest.mark.parametrize("size", [(720, 1280), (1080, 1920), (1280, 720), (1000, 1510), (768, 960)])
def test_large_pictures_are_averaged_by_area(size):
    image, box = scenery(*size), Letterbox.fit(size, (160, 192))
    seen = box.apply(image)[box.top : box.top + box.height, box.left : box.left + box.width]
    difference = np.abs(seen - averaged(image, box))
    assert difference.mean() < 1
    assert difference.max() < 10


@pytest.mark.parametrize("size", [(480, 640), (720, 1280), (1080, 1920), (2160, 3840)])
def test_an_even_whole_number_of_times_too_large_only_rounding_differs(size):
    image = np.random.default_rng(3).integers(0, 256, (*size, 3), np.uint8)
    box = Letterbox.fit(size, (128, 160))
    seen = box.apply(image)[box.top : box.top + box.height, box.left : box.left + box.width]
    difference = np.abs(seen - averaged(image, box))
    assert difference.mean() < 0.5
    assert difference.max() == 1


@pytest.mark.parametrize(
    ("size", "room"),
    [
        ((240, 320), (160, 192)),
        ((240, 320), (72, 96)),
        ((718, 1150), (160, 192)),
        ((640, 766), (160, 192)),  # of which the height alone is a whole number of times too large
    ],
)
def test_pictures_less_than_six_times_too_large_are_averaged_in_one_step(size, room):
    image, box = scenery(*size), Letterbox.fit(size, room)
    seen = box.apply(image)[box.top : box.top + box.height, box.left : box.left + box.width]
    assert np.array_equal(seen, averaged(image, box))


def test_a_map_is_cut_where_the_picture_lies():
    box = Letterbox.fit((24, 32), (32, 32))
    assert (box.top, box.height) == (4, 24)
    rows = np.repeat(np.arange(32, dtype=np.float32)[:, np.newaxis], 32, axis=1)
    np.testing.assert_array_equal(box.cut(rows), rows[4:28])
    small = np.array([[0, 0], [1, 1]], np.float32)  # interpolated over the whole input first
    part = box.cut(small)
    assert part.shape == (24, 32)
    assert part[:4].max() == 0
    assert part[-4:].min() == 1
    assert (np.diff(part[:, 0]) >= 0).all()
