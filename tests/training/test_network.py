from __future__ import annotations

import keras
import msgspec
import numpy as np
import pytest

from tests.weights import randomize
from training.config import CnnGru, MobileNetGru, MultiStream, TunedGru
from training.network import (
    answers_of_windows,
    build,
    build_on_features,
    find_layer,
    in_places,
    normalize,
)

CNN = CnnGru(height=16, width=24, length=4, filters=(3, 4, 5), conv3d=6, gru=(5, 4), motion=True)
MOBILENET = MobileNetGru(height=64, width=96, length=4, filters=8, conv3d=6, gru=(5, 4))
TUNED = TunedGru(height=32, width=48, length=4, filters=8, conv3d=6, gru=(5, 4), motion=True)


def leaves(model: keras.Model, kind: str) -> list:
    """All layers or operations (`kind` names which) however deep, but inputs and models."""
    found = []
    for part in getattr(model, kind):
        if isinstance(part, keras.Model):
            found += leaves(part, kind)
        elif not isinstance(part, keras.layers.InputLayer):
            found.append(part)
    return found


@pytest.mark.parametrize("config", [CNN, MOBILENET, TUNED], ids=lambda config: config.kind)
@pytest.mark.parametrize(
    ("policy", "inside", "ends"),
    [
        ("float32", "float32", "float32"),
        ("mixed_bfloat16", "bfloat16", "float32"),
        ("mixed_float16", "float16", "float32"),
        ("float64", "float64", "float64"),
    ],
)
def test_the_policy_decides_the_precision_inside_and_the_ends_stay_full(
    policy, inside, ends, config
):
    keras.config.set_dtype_policy(policy)
    try:
        network = build(config, classes=3)
    finally:
        keras.config.set_dtype_policy("float32")
    encoder, head = network.get_layer("encoder"), network.get_layer("head")
    assert {weight.dtype for weight in network.weights} == {ends}
    assert encoder.input.dtype == network.output.dtype == ends
    for layer in leaves(network, "layers"):
        if layer.name != "logits":
            assert layer.output.dtype == inside
    # From the first layer to the last, no operation between the layers casts either.
    for part in (encoder, head):
        tensors = [t for op in leaves(part, "operations") for t in op._inbound_nodes[0].outputs]
        assert {tensor.dtype for tensor in tensors} <= {inside, ends}
        between = [t for t in tensors if t is not head.outputs[0]]
        assert {tensor.dtype for tensor in between} == {inside}


@pytest.fixture(scope="module")
def network() -> keras.Model:
    network = build(MOBILENET, classes=3)
    randomize(network, seed=1)
    return network


def test_the_part_that_learns_says_of_features_what_the_network_says_of_pictures(network):
    learner = build_on_features(network, MOBILENET.length)
    clips = np.random.default_rng(0).integers(0, 256, (2, 4, 64, 96, 3), dtype=np.uint8)
    clips[1, :, 16:48, 16:80] //= 4
    trunk = find_layer(network, "trunk")
    features = trunk(normalize(clips.reshape(8, 64, 96, 3)))
    windows = tuple(np.reshape(f, (2, 4, *f.shape[1:])) for f in features)
    expected = network(clips, training=False)
    assert np.abs(expected[0] - expected[1]).max() > 1e-3  # the pictures do matter
    np.testing.assert_allclose(learner(windows, training=False), expected, atol=1e-5)


def test_the_part_that_learns_shares_its_weights_with_the_network(network):
    learner = build_on_features(network, MOBILENET.length)
    trunk = find_layer(network, "trunk")
    learned = {id(weight) for weight in learner.weights}
    assert learned == {id(w) for w in network.weights} - {id(w) for w in trunk.weights}
    assert {id(w) for w in learner.trainable_weights} == {id(w) for w in network.trainable_weights}


def test_a_layer_is_found_however_deep_it_lies(network):
    assert find_layer(network, "head") is network.get_layer("head")
    assert find_layer(network, "gru2") is network.get_layer("head").get_layer("gru2")
    encoder = network.get_layer("encoder")
    assert find_layer(network, "join") is encoder.get_layer("neck").get_layer("join")
    assert find_layer(network, "body_0") is encoder.get_layer("trunk").get_layer("body_0")
    with pytest.raises(ValueError, match="no layer conv1 in mobilenet_gru"):
        find_layer(network, "conv1")


BESIDE = MultiStream(
    height=64,
    width=96,
    length=4,
    streams=(MOBILENET, msgspec.structs.replace(CNN, height=32, width=48)),
)


THREE_STEPS = msgspec.structs.replace(TUNED, differences=3)
BESIDE_IN_STEPS = MultiStream(
    height=32,
    width=48,
    length=4,
    streams=(THREE_STEPS, msgspec.structs.replace(TUNED, motion=False)),
)


def test_motion_is_told_step_by_step_the_last_one_first() -> None:
    greys = np.float32([[[[200.0]]], [[[150.0]]], [[[120.0]]], [[[20.0]]]])
    now, *before = (np.broadcast_to(grey, (1, 1, 1, 3)) for grey in greys)
    found = np.asarray(normalize(now, before))[0, 0, 0]
    expected = [*[200 / 127.5 - 1] * 3, 50 / 127.5, 30 / 127.5, 100 / 127.5]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    without = np.asarray(normalize(now, before, colour=False))[0, 0, 0]
    np.testing.assert_array_equal(without, found[3:])


def test_a_difference_is_that_of_brightness_as_cameras_weigh_colours() -> None:
    before, now = np.random.default_rng(0).integers(0, 256, (2, 1, 16, 24, 3), dtype=np.uint8)
    found = np.asarray(normalize(now, [before], colour=False))[0, ..., 0]
    change = now[0].astype(np.float64) - before[0]
    expected = change @ [0.299, 0.587, 0.114] / 127.5
    np.testing.assert_allclose(found, expected, atol=1e-6)
    still = np.asarray(normalize(now, [now], colour=False))
    np.testing.assert_array_equal(still, 0)


@pytest.mark.parametrize(
    ("config", "same"),
    [(TUNED, True), (THREE_STEPS, True), (CNN, False)],
    ids=["once", "in-three-steps", "beside-colours"],
)
def test_a_trunk_of_motion_does_not_see_the_picture_itself(config, same: bool) -> None:
    network = build(config, classes=3)
    randomize(network, seed=1)
    shape = (2, config.pictures, config.height, config.width, 3)
    clips = np.random.default_rng(0).integers(0, 200, shape, dtype=np.uint8)
    clips[1] = clips[0] + 50  # another room, and the same movement
    logits = np.asarray(network(clips, training=False))
    assert np.allclose(*logits, atol=1e-4) == same
    clips[1, -1] = clips[1, 0]
    assert not np.allclose(*np.asarray(network(clips, training=False)), atol=1e-4)


@pytest.mark.parametrize("config", [THREE_STEPS, BESIDE_IN_STEPS], ids=["alone", "beside"])
def test_places_lie_an_interval_apart_and_their_steps_between(config) -> None:
    assert config.pictures == 13
    clip = np.arange(13)[None, :, None, None, None]
    now, before = in_places(config, clip)
    assert np.ravel(now).tolist() == [3, 6, 9, 12]
    assert [np.ravel(past).tolist() for past in before] == [
        [2, 5, 8, 11],
        [1, 4, 7, 10],
        [0, 3, 6, 9],
    ]


@pytest.mark.parametrize("config", [BESIDE, BESIDE_IN_STEPS], ids=["intervals", "steps"])
def test_a_clip_encoded_once_gives_what_evidence_is_given_of_each_window(config) -> None:
    network = build(config, classes=3)
    randomize(network, seed=1)
    step, size = config.differences, (config.height, config.width, 3)
    count = config.pictures + 2 * step
    clip = np.random.default_rng(0).integers(0, 256, (count, *size), dtype=np.uint8)
    found = answers_of_windows(network, config, clip)
    assert found.shape == (3, len(config.streams), 3)
    starts = step * np.arange(3)
    windows = np.stack([clip[start : start + config.pictures] for start in starts])
    probe = keras.Model(network.input, network.get_layer("evidence").input)
    alone = np.asarray(probe(windows))
    assert np.std(alone) > 0.01
    np.testing.assert_allclose(found, alone, atol=1e-5)
