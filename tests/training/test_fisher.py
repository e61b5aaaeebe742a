"""The pieces of the Fisher vector against their definitions, written out in NumPy."""

from __future__ import annotations

from itertools import pairwise

import keras
import numpy as np
import pytest

from har_desktop.inference.flow import optical_flow
from har_desktop.opencv import cv2
from tests.weights import randomize
from training import fisher
from training.config import Fisher
from training.network import build, build_on_features, find_layer, normalize

CONFIG = Fisher(height=64, width=96, length=3, words=4, axes=5)


@pytest.fixture(scope="module")
def network() -> keras.Model:
    network = build(CONFIG, 6)
    randomize(network, seed=1)
    for layer in ("words", fisher.TARGET):
        weights = fisher.WordWeights(*find_layer(network, "words").get_weights())
        shares = weights.shares / weights.shares.sum()
        find_layer(network, layer).set_weights(weights._replace(shares=shares))
    return network


@pytest.fixture(scope="module")
def clip() -> np.ndarray:
    """Blobs that drift, (4, 64, 96, 3) uint8."""
    noise = np.random.default_rng(2).random((64, 96, 3)).astype(np.float32)
    blobs = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX)
    steps = [np.roll(blobs, (place, 2 * place), axis=(0, 1)) for place in range(4)]
    return np.stack(steps).astype(np.uint8)


def described(clip: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    flow = np.stack([optical_flow(now, before) for before, now in pairwise(clip)])
    trunk = fisher.build_trunk(64, 96)
    return tuple(trunk.predict_on_batch([normalize(clip[1:]), flow]))


def test_descriptors_point_where_the_picture_moves(clip) -> None:
    descriptors, energy = described(clip)
    assert descriptors.shape == (3, 4, 6, fisher.DESCRIPTOR)
    assert energy.shape == (3, 4, 6, 1)
    assert descriptors.min() >= 0
    assert descriptors.max() <= 1
    flow = descriptors.reshape(3, 4, 6, fisher.KINDS, fisher.DIRECTIONS)[..., 2, :]
    # Two to the right and one down: between the first of eight directions and the second.
    inner = flow[:, 1:-1, 1:-1].mean(axis=(0, 1, 2))
    assert inner.argmax() == 1
    assert np.argsort(inner)[-2] == 0
    assert inner[3:7].max() < 0.02


def test_where_nothing_moves_or_stands_there_is_nothing() -> None:
    descriptors, energy = described(np.full((4, 64, 96, 3), 7, np.uint8))
    assert np.abs(descriptors[:, 1:-1, 1:-1]).max() < 1e-3
    assert energy.max() == 0


def test_rounding_does_not_become_a_descriptor() -> None:
    flow = np.random.default_rng(3).normal(0, 1e-7, (1, 16, 24, 2)).astype(np.float32)
    trunk = fisher.build_trunk(64, 96)
    with_noise, without = (
        trunk.predict_on_batch([np.zeros((1, 64, 96, 3), np.float32), part])[0]
        for part in (flow, np.zeros_like(flow))
    )
    assert 0 < np.abs(with_noise - without).max() < 1e-4


def test_mirrored_descriptors_are_those_of_the_mirrored_picture(clip) -> None:
    there, energy = described(clip)
    mirrored, same = described(np.ascontiguousarray(clip[:, :, ::-1]))
    # The search for the flow begins at the left, so it is not quite symmetric.
    difference = np.abs(fisher.mirror(there) - mirrored)[:, :, 1:-1]
    assert difference.mean() < 0.02
    assert np.abs(there - mirrored)[:, :, 1:-1].mean() > 5 * difference.mean()
    assert np.median(np.abs(energy[:, :, ::-1] - same)[:, :, 1:-1]) < 0.05 * energy.mean()
    np.testing.assert_array_equal(fisher.mirror(fisher.mirror(there)), there)


def test_words_are_the_posterior_of_a_mixture_of_gaussians(network, clip) -> None:
    weights = fisher.WordWeights(*find_layer(network, "words").get_weights())
    descriptors, energy = described(clip)
    features = np.asarray(find_layer(network, "words")(descriptors, energy))
    along = (descriptors.astype(np.float64) - weights.mean) @ weights.axes
    density = weights.shares * np.prod(
        np.exp(-(((along[..., None, :] - weights.centres) / weights.deviations) ** 2) / 2)
        / weights.deviations,
        axis=-1,
    )
    here = energy / (energy + weights.energy)
    expected = density / density.sum(axis=-1, keepdims=True) * here
    np.testing.assert_allclose(features[..., :4], expected, atol=1e-5)
    np.testing.assert_allclose(features[..., 4:], along, atol=1e-5)


def test_words_as_narrow_as_learned_ones_keep_their_digits() -> None:
    rng = np.random.default_rng(4)
    layer = fisher.Words(CONFIG)
    weights = fisher.WordWeights(
        mean=np.zeros(fisher.DESCRIPTOR),
        axes=np.linalg.qr(rng.normal(size=(fisher.DESCRIPTOR, CONFIG.axes)))[0],
        centres=rng.normal(1, 0.003, (CONFIG.words, CONFIG.axes)),
        deviations=np.full((CONFIG.words, CONFIG.axes), 0.01),
        shares=np.full(CONFIG.words, 1 / CONFIG.words),
        energy=np.array(0.0),
    )
    weights = fisher.WordWeights(*(np.float32(array) for array in weights))
    layer.set_weights(weights)
    exact = weights.axes.astype(np.float64)
    places = (np.ones(CONFIG.axes) + rng.normal(0, 0.01, (200, CONFIG.axes))) @ exact.T
    along = np.float64(np.float32(places)) @ exact
    scores = -((((along[:, None] - weights.centres) / weights.deviations) ** 2).sum(-1)) / 2
    expected = np.exp(scores - scores.max(-1, keepdims=True))
    expected /= expected.sum(-1, keepdims=True)
    found = layer(np.float32(places), np.ones((200, 1), np.float32))[:, : CONFIG.words]
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_the_network_is_a_linear_function_of_the_normalised_fisher_vectors(network, clip) -> None:
    weights = fisher.WordWeights(*find_layer(network, "words").get_weights())
    features = np.asarray(find_layer(network, "words")(*described(clip)), np.float64)
    words, along = features[..., :4], features[..., 4:]
    away = (along[..., None, :] - weights.centres) / weights.deviations
    root = np.sqrt(weights.shares)[:, None]
    by_centre = words[..., None] * away / root
    by_deviation = words[..., None] * (away**2 - 1) / (np.sqrt(2) * root)
    parts = []
    for top, bottom in ((0, 4), (0, 2), (1, 3), (2, 4)):
        sums = [part[:, top:bottom].sum(axis=(0, 1, 2)) for part in (by_centre, by_deviation)]
        vector = np.concatenate([part.ravel() for part in sums])
        vector = vector / (vector**2 + 1) ** 0.25
        parts.append(vector / np.sqrt((vector**2).sum() + 1))
    kernel, bias = find_layer(network, "logits").get_weights()
    expected = np.concatenate(parts) @ kernel + bias
    np.testing.assert_allclose(network(clip[None])[0], expected, rtol=1e-4, atol=1e-4)
    descriptors, energy = described(clip)
    learner = build_on_features(network, CONFIG.length)
    np.testing.assert_allclose(
        learner([descriptors[None], energy[None]])[0], expected, rtol=1e-4, atol=1e-4
    )


def test_only_the_linear_layer_learns(network) -> None:
    learner = build_on_features(network, CONFIG.length)
    assert {weight.path.split("/")[-2] for weight in learner.trainable_weights} == {"logits"}
    assert learner.output_shape == (None, 6)
