"""Deletion and insertion on real (random) bundles and on one whose evidence is known."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import numpy_helper

from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.recognizer import Recognizer
from training.occlusion import (
    Stretch,
    answer,
    areas,
    blur,
    centre_maps,
    held_still,
    random_maps,
    ranks,
)

SIZE, LENGTH = (24, 32), 10
GRID = (LENGTH, 12, 16)


def stretch_of(pictures: np.ndarray) -> Stretch:
    return Stretch(pictures, tuple(0.2 * n for n in range(len(pictures))))


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (count, *SIZE, 3), dtype=np.uint8)


def set_weights(model, **values) -> None:
    for tensor in model.graph.initializer:
        if tensor.name in values:
            value = np.full(tuple(tensor.dims), values[tensor.name], np.float32)
            tensor.CopyFrom(numpy_helper.from_array(value, tensor.name))


@pytest.fixture(scope="module")
def brightness(make_bundle, tmp_path_factory):
    """A network without motion whose first class is the more probable the brighter the picture."""

    def edit_head(model) -> None:
        set_weights(model, bias=0.0)
        dense = next(t for t in model.graph.initializer if t.name == "dense")
        value = np.zeros(tuple(dense.dims), np.float32)
        value[:, 0] = 0.01
        dense.CopyFrom(numpy_helper.from_array(value, "dense"))

    folder = make_bundle(
        tmp_path_factory.mktemp("models") / "bright",
        motion=False,
        edit_encoder=lambda model: set_weights(model, w1=0.1, w2=0.1),
        edit_head=edit_head,
    )
    return Recognizer(load_bundle(folder), "cpu")


def test_a_map_of_the_evidence_beats_its_opposite(brightness):
    pictures = np.zeros((LENGTH, *SIZE, 3), np.uint8)
    pictures[:, 4:8, 4:8] = 255
    spot = np.zeros(GRID, np.float32)
    spot[:, 1:5, 1:5] = 1
    maps = {"spot": spot, "elsewhere": 1 - spot}
    found = areas(brightness, stretch_of(pictures), 0, maps, np.random.default_rng(0))
    assert found["spot"].deletion < found["elsewhere"].deletion
    assert found["spot"].insertion > found["elsewhere"].insertion


def test_pictures_without_detail_give_a_flat_curve(bundle_folder):
    recognizer = Recognizer(load_bundle(bundle_folder), "cpu")
    stretch = stretch_of(np.full((LENGTH + 1, *SIZE, 3), 90, np.uint8))
    window = answer(recognizer, stretch)
    rng = np.random.default_rng(0)
    found = areas(recognizer, stretch, 1, {"random": random_maps(GRID, rng)}, rng)["random"]
    assert found.deletion == pytest.approx(window.probabilities[1], abs=1e-6)
    assert found.insertion == pytest.approx(window.probabilities[1], abs=1e-6)


def test_with_motion_the_window_is_made_of_neighbours(bundle_folder):
    recognizer = Recognizer(load_bundle(bundle_folder), "cpu")
    stretch = stretch_of(noise(LENGTH + 1))
    window = answer(recognizer, stretch)
    expected = recognizer.recognize_window(
        list(stretch.pictures[1:]), stretch.pictures[:-1, np.newaxis], stretch.times[1:]
    )
    assert window.times == expected.times == stretch.times[1:]
    np.testing.assert_array_equal(window.logits, expected.logits)


def test_a_still_mask_over_a_still_picture_shows_no_motion(bundle_folder, monkeypatch):
    """Also the picture before the first is altered like it."""
    recognizer = Recognizer(load_bundle(bundle_folder), "cpu")
    seen = []
    real = recognizer.recognize_window

    def spy(images, previous, times):
        differs = np.stack(images) != np.concatenate(previous)
        seen.append(differs.any(axis=-1).sum())
        return real(images, previous, times)

    monkeypatch.setattr(recognizer, "recognize_window", spy)
    still = stretch_of(np.repeat(noise(1), LENGTH + 1, axis=0))
    rng = np.random.default_rng(0)
    areas(recognizer, still, 0, {"random": random_maps(GRID, rng)}, rng)
    assert len(seen) == 2 + 2 * 9
    # A share of all positions may end among one position's ten pictures: that one steps, once.
    assert max(seen) <= 1


def test_pictures_that_tell_motion_have_the_mask_of_its_place(make_bundle, tmp_path, monkeypatch):
    recognizer = Recognizer(load_bundle(make_bundle(tmp_path / "fine", differences=3)), "cpu")
    pictures = np.full((3 * LENGTH + 1, *SIZE, 3), 90, np.uint8)
    pictures[:, :, ::2] = 120  # stripes, which blurring takes away
    seen = []
    real = recognizer.recognize_stretch

    def spy(pictures, times):
        seen.append([(picture == 90).any() for picture in pictures])
        return real(pictures, times)

    monkeypatch.setattr(recognizer, "recognize_stretch", spy)
    # All that matters stands in the fourth place: a tenth of the positions.
    maps = np.zeros(GRID, np.float32)
    maps[3] = 1
    stretch = Stretch(pictures, tuple(0.2 / 3 * n for n in range(len(pictures))))
    areas(recognizer, stretch, 0, {"place": maps}, np.random.default_rng(0))
    altered = [number for number, kept in enumerate(seen[2]) if not kept]
    assert altered == [10, 11, 12]


def test_positions_are_ranked_over_the_whole_window_and_once_each():
    maps = np.zeros(GRID, np.float32)
    maps[7, 5, 8] = 1
    places = ranks(maps, SIZE, np.random.default_rng(0))
    assert places.shape == (LENGTH, *SIZE)
    np.testing.assert_allclose(np.sort(places.ravel()), np.arange(places.size) / places.size)
    time, row, column = np.unravel_index(places.argmin(), places.shape)
    assert (time, row // 2, column // 2) == (7, 5, 8)


def test_equals_come_in_an_order_that_stands_still():
    places = ranks(np.ones(GRID, np.float32), SIZE, np.random.default_rng(0))
    order = [np.argsort(picture, axis=None) for picture in places]
    for other in order[1:]:
        np.testing.assert_array_equal(other, order[0])
    assert not np.array_equal(order[0], np.arange(SIZE[0] * SIZE[1]))


def test_the_reference_maps_stand_still():
    rng = np.random.default_rng(0)
    centre = centre_maps(GRID)
    for maps in (random_maps(GRID, rng), centre, held_still(rng.random(GRID, np.float32))):
        assert maps.shape == GRID
        assert maps.dtype == np.float32
        assert (maps == maps[0]).all()
    assert centre[0, 5:7, 7:9].min() > centre[0].mean() > centre[0, 0, 0]
    np.testing.assert_allclose(centre[0], centre[0, ::-1, ::-1])


def test_blurring_takes_the_detail_and_leaves_the_mean():
    pictures = noise(2)
    blurred = blur(pictures)
    assert blurred.shape == pictures.shape
    assert blurred.dtype == np.uint8
    assert blurred.std() < pictures.std() / 8
    assert blurred.mean() == pytest.approx(pictures.mean(), abs=3)
