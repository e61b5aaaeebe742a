"""The head alone, on whole quarters: the maxima have exact ties, which rounding can't break."""

from __future__ import annotations

from types import SimpleNamespace

import keras
import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
from scipy.ndimage import gaussian_filter

from export import graphs
from export.gru import GruWeights
from export.head import HeadWeights, answer

LENGTH, SIZE, TARGET_SIZE, FILTERS, CHANNELS, CLASSES = 4, (3, 4), (6, 8), 3, 5, 7


@pytest.fixture(scope="module")
def case():
    """Features and kernel in whole quarters, the head's answers, and what TensorFlow says."""
    keras.utils.set_random_seed(5)
    random = np.random.default_rng(5)
    features = tf.constant(random.integers(-1, 2, (LENGTH, *SIZE, FILTERS)).astype(np.float32))
    kernel = random.integers(-1, 2, (3, 3, 3, FILTERS, CHANNELS)).astype(np.float32) / 4
    # The last channel never gets above zero: no gradient may pass it.
    bias = np.array([0, 0.25, -0.5, 0.75, -100], np.float32)
    scale = np.array([0.7, -1.3, 0.2], np.float32)
    gru1, gru2 = keras.layers.GRU(4, return_sequences=True), keras.layers.GRU(3)
    dense = keras.layers.Dense(CLASSES)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(features)
        maps = tf.nn.relu(tf.nn.conv3d(features[None], kernel, [1] * 5, "SAME") + bias)
        pooled = tf.reduce_max(maps, axis=(2, 3))
        logits = dense(gru2(gru1(pooled)))[0]
        scores = tf.unstack(logits)
    by_tap = [tf.nn.conv2d(features, kernel[tap], 1, "SAME") for tap in range(3)]
    # Of both signs, so that no class is left without evidence.
    activations = random.normal(size=(LENGTH, *TARGET_SIZE, FILTERS)).astype(np.float32)

    def heatmaps(index: int) -> np.ndarray:
        by_feature = tf.reduce_sum(tape.gradient(scores[index], features), axis=(1, 2))
        alphas = by_feature * scale / np.prod(TARGET_SIZE)
        return tf.nn.relu(tf.einsum("tk,tyxk->tyx", alphas, activations)).numpy()

    def hires_heatmaps(index: int) -> np.ndarray:
        terms = (tape.gradient(scores[index], maps) * maps)[0]
        places = np.maximum(tf.reduce_sum(terms, axis=-1), 0)
        return gaussian_filter(places, (0, 1, 1), mode="constant", truncate=9)

    weights = HeadWeights(
        scale,
        kernel,
        bias,
        GruWeights(*gru1.get_weights()),
        GruWeights(*gru2.get_weights()),
        *dense.get_weights(),
    )
    model = graphs.convert_head(
        "head",
        lambda partials, activations, index, *states: answer(
            [weights], partials, activations, index, states
        ),
        [
            tf.TensorSpec((LENGTH, 3, *SIZE, CHANNELS), tf.float32, "partials"),
            tf.TensorSpec((LENGTH, *TARGET_SIZE, FILTERS), tf.float32, "activations"),
            tf.TensorSpec((), tf.int64, "class_index"),
        ],
        [weights],
        LENGTH,
    )
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    names = [value.name for value in session.get_outputs()]

    def run(class_index: int) -> dict[str, np.ndarray]:
        feed = {
            "partials": tf.stack(by_tap, axis=1).numpy(),
            "activations": activations,
            "class_index": np.array(class_index, np.int64),
        }
        return dict(zip(names, session.run(names, feed), strict=True))

    return SimpleNamespace(
        run=run,
        logits=logits.numpy(),
        heatmaps=heatmaps,
        hires_heatmaps=hires_heatmaps,
        maps=maps.numpy()[0],
        pooled=pooled,
    )


def test_the_case_has_ties_and_a_dead_channel(case):
    shared = (case.maps == case.maps.max(axis=(1, 2), keepdims=True)).sum(axis=(1, 2))
    assert (shared[:, :4] > 1).any()
    assert (case.maps[..., 4] == 0).all()


@pytest.mark.parametrize("index", range(CLASSES))
def test_the_heatmaps_of_each_class_equal_the_tape(case, index):
    result, expected = case.run(index), case.heatmaps(index)
    assert result["explained"] == index
    assert expected.max() > 0
    np.testing.assert_allclose(result["heatmaps"], expected, atol=1e-5 * expected.max())


@pytest.mark.parametrize("index", range(CLASSES))
def test_the_second_heatmaps_of_each_class_equal_the_tape(case, index):
    result, expected = case.run(index)["hires_heatmaps"], case.hires_heatmaps(index)
    assert result.shape == (LENGTH, *SIZE)
    assert expected.max() > 0
    np.testing.assert_allclose(result, expected, atol=1e-5 * expected.max())


def test_logits_and_probabilities(case):
    result = case.run(0)
    np.testing.assert_allclose(result["logits"], case.logits, atol=1e-6)
    np.testing.assert_allclose(
        result["probabilities"], tf.nn.softmax(case.logits), atol=1e-6, rtol=0
    )


def test_minus_one_explains_the_top_class(case):
    top = int(case.logits.argmax())
    result = case.run(-1)
    assert result["explained"] == top
    np.testing.assert_array_equal(result["heatmaps"], case.run(top)["heatmaps"])


def test_a_class_beyond_the_last_is_refused(case):
    with pytest.raises(Exception, match=r"(?i)indices"):
        case.run(CLASSES)
