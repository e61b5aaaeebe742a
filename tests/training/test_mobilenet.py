from __future__ import annotations

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest

from har_desktop.errors import InputError
from har_desktop.inference.letterbox import Letterbox
from har_desktop.sources.video import VideoFile
from tests.training.tflite import Interpreted, write_tflite
from tests.weights import randomize
from training import mobilenet
from training.config import MobileNetGru, TunedGru

CONFIG = MobileNetGru(height=64, width=96, filters=8)


@pytest.fixture(scope="module")
def trunk() -> keras.Model:
    return mobilenet.build_trunk(64, 96, "float32")


@pytest.fixture(scope="module")
def encoder() -> keras.Model:
    return mobilenet.build_encoder(CONFIG)


def numbers(trunk: keras.Model, network: str) -> list[int]:
    names = [layer.name.split("_") for layer in trunk.layers]
    return sorted(int(name[1]) for name in names if name[0] == network)


def test_the_trunk_gives_a_fine_and_a_coarse_grid(trunk) -> None:
    assert trunk.input_shape == (None, 64, 96, 3)
    assert trunk.output_shape == [(None, 8, 12, 24), (None, 4, 6, 224)]


def test_the_encoder_gives_the_target_and_its_norm_on_the_coarse_grid(encoder) -> None:
    assert encoder.input_shape == (None, 64, 96, 3)
    assert encoder.output_shape == [(None, 4, 6, 8), (None, 4, 6, 8)]
    activation, features = encoder(np.random.default_rng(0).uniform(-1, 1, (2, 64, 96, 3)))
    assert np.min(activation) >= 0
    norm = encoder.get_layer("neck").get_layer(mobilenet.TARGET_NORM)
    np.testing.assert_allclose(features, norm(activation, training=False), atol=1e-6)


def test_the_trunk_is_frozen_and_the_neck_learns(encoder) -> None:
    trunk, neck = encoder.get_layer("trunk"), encoder.get_layer("neck")
    assert trunk.weights
    assert trunk.trainable_weights == []
    assert {id(w) for w in encoder.trainable_weights} == {id(w) for w in neck.trainable_weights}
    kernels = [layer.name for layer in neck.layers if isinstance(layer, keras.layers.Conv2D)]
    assert kernels == ["conv_fine", "conv_coarse", "join"]
    assert all(neck.get_layer(name).trainable_weights for name in kernels)


def test_every_published_convolution_that_is_used_is_there_once(trunk) -> None:
    # One convolution, blocks of two or three, to the last one of the pyramid; 9 is the branch to
    # the finest floor, which is left out.
    assert numbers(trunk, "body") == [n for n in range(60) if n != 9]
    assert numbers(trunk, "things") == list(range(1 + 2 + 12 * 3))
    convolutions = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D)
    found = [layer for layer in trunk.layers if isinstance(layer, convolutions)]
    assert len(found) == 59 + 39


def real_picture(shared_data: Path, side: int) -> np.ndarray:
    """The first picture of a real clip: (side, side, 3) uint8 RGB."""
    clip = next((shared_data / "ucf101" / "native").glob("v_BodyWeightSquats*"))
    with VideoFile(clip) as source:
        frame = next(iter(source))
    return Letterbox.fit(frame.size, (side, side)).apply(frame.image)[:, :, ::-1].copy()


def published(shared_data: Path, side: int) -> keras.Model:
    trunk = mobilenet.build_trunk(side, side, "float32")
    mobilenet.load_published(trunk, shared_data)
    return trunk


@pytest.mark.parametrize(
    ("network", "side", "parts"),
    [
        # Number of the last convolution, which output it is, and its channels there.
        ("body", 192, [(59, 0, slice(0, 24)), (57, 1, slice(0, 32)), (41, 1, slice(32, 128))]),
        ("things", 224, [(38, 1, slice(128, 224))]),
    ],
)
def test_the_trunk_computes_what_the_published_network_computes(
    shared_data: Path, network: str, side: int, parts: list
) -> None:
    picture = real_picture(shared_data, side)
    outputs = published(shared_data, side).predict_on_batch(picture[None] / np.float32(127.5) - 1)
    path = next(shared_data.rglob(mobilenet.PUBLISHED[network]))
    original = Interpreted(path, picture)
    for number, output, channels in parts:
        ours, theirs = outputs[output][..., channels], original.after(number)
        assert ours.shape == theirs.shape
        # Theirs computes in eight bits.
        assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.97
        assert ours.std() == pytest.approx(theirs.std(), rel=0.1)


def test_published_weights_are_the_same_each_time_and_replace_all(shared_data, trunk) -> None:
    randomize(trunk)
    before = trunk.get_weights()
    mobilenet.load_published(trunk, shared_data)
    once = trunk.get_weights()
    assert all((new != old).any() for new, old in zip(once, before, strict=True))
    mobilenet.load_published(trunk, shared_data)
    for first, second in zip(once, trunk.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_folder_without_the_files_is_named(trunk, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"{tmp_path.name} holds no movenet.*tflite"):
        mobilenet.load_published(trunk, tmp_path)


def test_a_folder_with_one_of_them_lacks_the_other(trunk, tmp_path, shared_data) -> None:
    path = next(shared_data.rglob(mobilenet.PUBLISHED["body"]))
    shutil.copy(path, tmp_path)
    with pytest.raises(InputError, match="holds no tf2_mobilenet"):
        mobilenet.load_published(trunk, tmp_path)


@pytest.mark.parametrize(
    ("filters", "number"), [((32, 16), 3), ((8, 16), 0)], ids=["ends-early", "other-shape"]
)
def test_another_network_is_named(trunk, tmp_path: Path, filters, number: int) -> None:
    path = tmp_path / "deep" / mobilenet.PUBLISHED["body"]
    path.parent.mkdir()
    write_tflite(path, filters)
    with pytest.raises(InputError, match=f"is another network: its convolution {number} differs"):
        mobilenet.load_published(trunk, tmp_path)


def tuned(**options) -> keras.Model:
    return mobilenet.build_encoder(TunedGru(height=32, width=48, filters=8, **options))


@pytest.mark.parametrize("trunk", ["body", "things"])
def test_a_trunk_that_learns_on_has_the_backbone_alone(trunk: str) -> None:
    encoder = tuned(trunk=trunk)
    assert encoder.input_shape == (None, 32, 48, 3)
    assert encoder.output_shape == [(None, 2, 3, 8), (None, 2, 3, 8)]
    # The branches to the pyramid's floors are left out.
    branches = (9, 19, 32) if trunk == "body" else ()
    last = 39 + len(branches)
    assert numbers(encoder, trunk) == [n for n in range(last) if n not in branches]
    frozen = {w.path for w in encoder.weights} - {w.path for w in encoder.trainable_weights}
    assert all("moving" in path for path in frozen)


@pytest.mark.parametrize(("trunk", "number"), [("body", 41), ("things", 38)])
def test_a_trunk_that_learns_on_begins_as_the_published_one(
    shared_data: Path, trunk: str, number: int
) -> None:
    encoder = mobilenet.build_encoder(TunedGru(height=64, width=64, trunk=trunk, filters=8))
    mobilenet.load_published(encoder, shared_data)
    picture = real_picture(shared_data, 64)[None] / np.float32(127.5) - 1
    mine = keras.Model(encoder.input, encoder.get_layer("bn_trunk").input)
    _, coarse = published(shared_data, 64).predict_on_batch(picture)
    channels = slice(32, 128) if number == 41 else slice(128, 224)
    np.testing.assert_allclose(mine.predict_on_batch(picture), coarse[..., channels], atol=1e-4)


def test_of_motion_only_the_difference_is_seen(shared_data: Path) -> None:
    encoder = tuned(motion=True)
    assert encoder.input_shape == (None, 32, 48, 1)
    mobilenet.load_published(encoder, shared_data, differences=1)
    difference = np.random.default_rng(1).uniform(-1, 1, (1, 32, 48, 1)).astype(np.float32)
    assert np.ptp(encoder(difference)[1] - encoder(-difference)[1]) > 0
    # Grey is all three colours at once.
    whole = tuned()
    mobilenet.load_published(whole, shared_data)
    of_grey, of_colours = (e.get_layer("things_0").get_weights() for e in (encoder, whole))
    gain = mobilenet.DIFFERENCE_GAIN
    np.testing.assert_allclose(of_grey[0][:, :, 0], gain * of_colours[0].sum(axis=2), rtol=1e-6)
    np.testing.assert_array_equal(of_grey[1], of_colours[1])
    # Of three differences each has a colour's weights, and shows a third of the change.
    three = tuned(motion=True, differences=3)
    assert three.input_shape == (None, 32, 48, 3)
    mobilenet.load_published(three, shared_data, differences=3)
    of_three = three.get_layer("things_0").get_weights()
    np.testing.assert_allclose(of_three[0], 3 * gain * of_colours[0], rtol=1e-6)
    np.testing.assert_array_equal(of_three[1], of_colours[1])
