from __future__ import annotations

import itertools

import numpy as np
import pytest
import tensorflow as tf

from export import conv3d

SIZES = [(1, 1), (2, 3), (1, 4), (8, 10)]


def _random(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).normal(size=shape).astype(np.float32)


def _conv3d(x: tf.Tensor, kernel: np.ndarray) -> tf.Tensor:
    return tf.nn.conv3d(x[None], kernel, [1] * 5, "SAME")[0]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("steps", [2, 10])
def test_shifted_taps_equal_the_convolution(steps, size):
    x, kernel = _random(steps, *size, 4), _random(3, 3, 3, 4, 5)
    partials = tf.nn.conv2d(x, conv3d.taps(kernel), 1, "SAME")
    partials = tf.transpose(tf.reshape(partials, (steps, *size, 3, 5)), (0, 3, 1, 2, 4))
    np.testing.assert_allclose(conv3d.combine(partials), _conv3d(x, kernel), atol=1e-5)


def _compare_gradient(kernel: np.ndarray, steps: int, size: tuple[int, int], atol: float) -> None:
    x = tf.constant(_random(steps, *size, kernel.shape[3]))
    upstream = tf.constant(_random(steps, *size, kernel.shape[4]))
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = _conv3d(x, kernel)
    expected = tf.reduce_sum(tape.gradient(y, x, output_gradients=upstream), axis=(1, 2))
    reached = conv3d.reach(*size) @ tf.reshape(upstream, (steps, -1, kernel.shape[4]))
    np.testing.assert_allclose(conv3d.sum_input_gradient(kernel, reached), expected, atol=atol)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("steps", [2, 10])
def test_the_summed_gradient_equals_the_tape(steps, size):
    _compare_gradient(_random(3, 3, 3, 4, 5), steps, size, atol=2e-4)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (4, 5)])
def test_every_single_tap_of_the_kernel(size):
    for tap in itertools.product(range(3), repeat=3):
        kernel = np.zeros((3, 3, 3, 2, 2), np.float32)
        kernel[tap] = _random(2, 2)
        _compare_gradient(kernel, 3, size, atol=1e-5)
