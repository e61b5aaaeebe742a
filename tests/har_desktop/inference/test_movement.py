"""How much moves, in pictures whose change is known."""

import numpy as np
import pytest

from har_desktop.frame import Frame
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.movement import COLUMNS, ROWS, SHARE, movement, sketch
from har_desktop.inference.recognizer import Recognizer
from har_desktop.pipeline.short import ShortSource

SIZE = (160, 192)
PLACES = round(SHARE * ROWS * COLUMNS)


def room(level=100):
    return np.full((*SIZE, 3), level, np.uint8)


def test_a_sketch_is_small_and_grey():
    picture = room()
    picture[:, :96] = (255, 0, 0)  # red
    small = sketch(picture)
    assert small.shape == (ROWS, COLUMNS)
    assert small.dtype == np.uint8
    assert np.unique(small).tolist() == [76, 100]  # 0.299 of 255


def test_nothing_moves():
    assert movement([sketch(room()) for _ in range(10)]) == 0.0


@pytest.mark.parametrize("places", [1, PLACES, 5 * PLACES])
def test_it_is_the_change_at_the_places_that_change_most(places):
    before = np.full((ROWS, COLUMNS), 100, np.uint8)
    after = before.copy()
    after.flat[:places] += 60
    assert movement([before, after]) == pytest.approx(60 * min(places, PLACES) / PLACES)
    assert movement([after, before]) == movement([before, after])
    # A mean over the pairs: in one of two, nothing moves.
    assert movement([before, before.copy(), after]) == movement([before, after]) / 2


def test_it_is_the_measure_of_the_limits_that_bundles_have():
    before, after = room(50), room(50)
    after[40:64, 80:104] = 150  # 36 of 1920 places of 4x4 pixels; 38 count
    assert movement([sketch(before), sketch(after)]) == pytest.approx(100 * 36 / 38)


def test_a_held_picture_does_not_count():
    before, after = sketch(room(50)), sketch(room(90))
    assert movement([before, before, before, after]) == 40.0
    assert movement([before] * 4) == movement([before]) == 0.0


def test_the_noise_of_a_camera_hardly_counts():
    rng = np.random.default_rng(5)
    noisy = [np.clip(room() + rng.normal(0, 8, (*SIZE, 3)), 0, 255) for _ in range(10)]
    assert movement([sketch(picture.astype(np.uint8)) for picture in noisy]) < 6


def frames(moving, count=25):
    """A disc's worth of light that goes from place to place, or stays."""
    for number in range(count):
        picture = np.full((48, 64, 3), 100, np.uint8)
        column = 3 * number % 48 if moving else 12
        picture[12:30, column : column + 12] = 180
        yield Frame(picture, number, 0.1 * number)


@pytest.fixture(scope="module", params=[True, False], ids=["motion", "pictures"])
def recognizer(request, make_bundle, tmp_path_factory):
    def ask(manifest):
        manifest["calibration"]["least_movement"] = 20.0

    folder = tmp_path_factory.mktemp("movement") / "bundle"
    bundle = make_bundle(folder, motion=request.param, edit_manifest=ask)
    return Recognizer(load_bundle(bundle), "cpu")


@pytest.mark.parametrize("moving", [True, False])
def test_a_window_in_which_nothing_moves_is_no_evidence(recognizer, moving):
    recognizer.clear()
    windows = [w for f in frames(moving) if (w := recognizer.push(f).window) is not None]
    assert len(windows) >= 4
    assert {window.evident for window in windows} == {moving}
    # The same from the pictures alone.
    last = windows[-1]
    before = [[image] for image in last.images]
    assert recognizer.recognize_window(last.images, before, last.times).evident is moving


@pytest.mark.parametrize("moving", [True, False])
def test_a_short_source_is_judged_by_what_it_shows(recognizer, moving):
    short = ShortSource(recognizer)
    for frame in list(frames(moving, 9))[::2]:
        short.add(frame)
    assert short.window().evident is moving
