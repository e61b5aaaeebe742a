from __future__ import annotations

import keras
import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from onnx import helper

from export import gru
from export.check import IR_VERSION, OPSET
from export.gru import GruWeights


def _layer(inputs: int, units: int, seed: int) -> keras.layers.GRU:
    layer = keras.layers.GRU(units, return_sequences=True)
    layer.build((1, None, inputs))
    random = np.random.default_rng(seed)
    layer.set_weights([random.normal(0, 0.7, w.shape) for w in layer.get_weights()])
    return layer


def _forward(weights: GruWeights, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the nodes make of (steps, inputs) in ONNX Runtime: (steps, units)."""
    steps, width = inputs.shape
    nodes, constants = gru.forward(weights, "x", "states")
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "gru",
        [helper.make_tensor_value_info("x", kind, [steps, 1, width])],
        [helper.make_tensor_value_info("states", kind, [steps, 1, weights.units])],
        constants,
    )
    opset = helper.make_opsetid("", OPSET)
    model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (states,) = session.run(None, {"x": inputs[:, None]})
    return np.asarray(states)[:, 0]


@pytest.mark.parametrize(("steps", "inputs", "units"), [(10, 6, 5), (2, 1, 3), (4, 7, 1)])
def test_forward_and_backward_equal_keras_and_its_gradient(steps, inputs, units):
    layer = _layer(inputs, units, seed=steps)
    random = np.random.default_rng(steps + 1)
    given = random.normal(0, 2, (steps, inputs)).astype(np.float32)
    x = tf.constant(given)
    upstream = tf.constant(random.normal(size=(steps, units)).astype(np.float32))
    with tf.GradientTape() as tape:
        tape.watch(x)
        expected = layer(x[None])[0]
    expected_gradient = tape.gradient(expected, x, output_gradients=upstream)

    weights = GruWeights(*layer.get_weights())
    outputs = _forward(weights, given)
    gradient = gru.backward(weights, x, tf.constant(outputs), upstream)

    np.testing.assert_allclose(outputs, expected, atol=1e-6)
    np.testing.assert_allclose(gradient, expected_gradient, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("saturated", ["update", "candidate"])
def test_saturated_units_keep_the_digits_of_their_gradient(saturated):
    """In float32, 1 - z or 1 - n^2 has two digits here; so the truth is a layer in float64."""
    weights = _layer(6, 5, seed=4).get_weights()
    kernel, recurrent, (bias, _) = weights
    if saturated == "update":
        bias[:5] += 12
    else:
        bias[10:] += 7
        kernel[:, :5] = recurrent[:, :5] = 0  # or the gradient through z would cover it
    exact = keras.layers.GRU(5, return_sequences=True, dtype="float64")
    exact.build((1, None, 6))
    exact.set_weights(weights)
    random = np.random.default_rng(5)
    x, upstream = random.normal(0, 0.5, (2, 6, 6)).astype(np.float32)
    upstream = upstream[:, :5]
    with tf.GradientTape() as tape:
        inputs = tf.constant(x, tf.float64)
        tape.watch(inputs)
        outputs = exact(inputs[None])[0]
    truth = tape.gradient(outputs, inputs, output_gradients=tf.constant(upstream, tf.float64))

    taken = GruWeights(*weights)
    states = tf.constant(_forward(taken, x))
    gradient = gru.backward(taken, tf.constant(x), states, tf.constant(upstream))

    np.testing.assert_allclose(gradient, truth, rtol=0, atol=1e-5 * np.abs(truth).max())


def test_the_recurrent_bias_of_the_candidate_is_reset_and_the_others_are_not():
    """The one place where a GRU with `reset_after` differs from the textbook's."""
    layer = _layer(3, 2, seed=0)
    weights = GruWeights(*layer.get_weights())
    x = np.ones((3, 3), np.float32)
    plain = _forward(weights, x)
    moved = weights.bias.copy()
    moved[0, 4:] += moved[1, 4:]
    moved[1, 4:] = 0
    other = GruWeights(weights.kernel, weights.recurrent, moved)
    assert np.abs(_forward(other, x) - plain).max() > 0.01


def test_a_gradient_on_the_last_step_reaches_the_first():
    layer = _layer(3, 4, seed=1)
    weights = GruWeights(*layer.get_weights())
    x = np.ones((10, 3), np.float32)
    states = tf.constant(_forward(weights, x))
    upstream = np.zeros((10, 4), np.float32)
    upstream[-1] = 1
    assert np.abs(gru.backward(weights, tf.constant(x), states, tf.constant(upstream))[0]).max() > 0
