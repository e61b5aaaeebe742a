"""A GRU in ONNX: its forward pass one node, its gradient, which tf2onnx cannot convert, plain ops.

Keras' GRU with `reset_after=True` (the recurrent product has a bias of its own, and is reset after
it) is ONNX' with `linear_before_reset`:

    z, r = sigmoid(x W_zr + b_zr + h U_zr + c_zr)        update and reset gate
    m    = h U_m + c_m                                   what the past offers
    n    = tanh(x W_n + b_n + r * m)                     candidate
    h'   = z * h + (1 - z) * n

Whoever knows the states of all steps knows the pre-activations of all steps, without going through
them one by one. Those receive the gradient of h' scaled element by element, so the factors of all
steps are computed at once, and so are the Jacobians dh'/dh: one step back in time is a single
vector-matrix product.

Units of a well-trained GRU saturate, and then 1 - z and 1 - n^2 cancel to a few digits. So the
factors come from the pre-activations: 1 - z = sigmoid(-u), z' = sigmoid(u) sigmoid(-u), and
tanh'(u) = 4 sigmoid(2u) sigmoid(-2u).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
import tensorflow as tf
from numpy.typing import NDArray
from onnx import helper, numpy_helper


@dataclass(frozen=True)
class GruWeights:
    """The weights of a Keras GRU; gates in Keras' order: update, reset, candidate.

    Attributes:
        kernel: (inputs, 3 * units) float32.
        recurrent: (units, 3 * units) float32.
        bias: (2, 3 * units) float32: of the inputs, of the recurrent product.
    """

    kernel: NDArray[np.float32]
    recurrent: NDArray[np.float32]
    bias: NDArray[np.float32]

    @property
    def units(self) -> int:
        """Length of the state."""
        return len(self.recurrent)


def forward(
    weights: GruWeights, inputs: str, outputs: str
) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """The nodes and constants that run the GRU over one sequence, from the state zero.

    Args:
        weights: Of the layer. ONNX has the gates in Keras' order, and all of them transposed.
        inputs: Name of a tensor (steps, 1, inputs) float32, oldest first.
        outputs: Name of what comes out, (steps, 1, units) float32: the state after each step.
    """
    constants = {
        f"{outputs}/kernel": weights.kernel.T[None],
        f"{outputs}/recurrent": weights.recurrent.T[None],
        f"{outputs}/bias": weights.bias.reshape(1, -1),
        f"{outputs}/direction": np.array([1]),
    }
    *parameters, direction = constants
    states = f"{outputs}/by_direction"  # (steps, 1, 1, units)
    gru = helper.make_node(
        "GRU",
        [inputs, *parameters],
        [states],
        name=f"{outputs}/gru",
        hidden_size=weights.units,
        linear_before_reset=1,
    )
    squeeze = helper.make_node("Squeeze", [states, direction], [outputs], name=f"{outputs}/squeeze")
    arrays = [
        numpy_helper.from_array(np.ascontiguousarray(array), name)
        for name, array in constants.items()
    ]
    return [gru, squeeze], arrays


def backward(
    weights: GruWeights, inputs: tf.Tensor, outputs: tf.Tensor, gradient: tf.Tensor
) -> tf.Tensor:
    """Carry the gradient of a score from the GRU's outputs to its inputs.

    Args:
        weights: As given to `forward`.
        inputs: (steps, inputs) float32, oldest first; `steps` is static.
        outputs: (steps, units) float32, what `forward` made of them.
        gradient: (steps, units) float32, of the score by `outputs`, each taken alone.

    Returns:
        (steps, inputs) float32, the gradient by the inputs.
    """
    units, steps = weights.units, outputs.shape[0]
    previous = tf.concat([tf.zeros((1, units)), outputs[:-1]], 0)
    given = tf.split(inputs @ weights.kernel + weights.bias[0], [2 * units, units], axis=1)
    recalled = tf.split(previous @ weights.recurrent + weights.bias[1], [2 * units, units], axis=1)
    gates, memory = given[0] + recalled[0], recalled[1]
    opened, closed = _sigmoid(gates), _sigmoid(-gates)
    update, reset = tf.split(opened, 2, axis=1)
    forgotten, _ = tf.split(closed, 2, axis=1)
    inner = reset * memory + given[1]

    # d h' / d pre-activation, element by element.
    update_slope, reset_slope = tf.split(opened * closed, 2, axis=1)
    to_candidate = forgotten * 4.0 * _sigmoid(2.0 * inner) * _sigmoid(-2.0 * inner)
    to_update = (previous - tf.tanh(inner)) * update_slope
    to_reset = to_candidate * memory * reset_slope
    # jacobians[t, j, i] = d h'[j] / d h[i] at step t.
    by_update, by_reset, by_memory = np.split(weights.recurrent.T, 3, axis=0)
    jacobians = (
        _rows(update) * np.eye(units, dtype=np.float32)
        + _rows(to_update) * by_update
        + _rows(to_reset) * by_reset
        + _rows(to_candidate * reset) * by_memory
    )
    _, *jacobians = tf.split(tf.reshape(jacobians, (steps * units, units)), steps)
    *direct, total = tf.split(gradient, steps)
    totals = [total]
    for own, jacobian in zip(reversed(direct), reversed(jacobians), strict=True):
        totals.append(totals[-1] @ jacobian + own)
    total = tf.concat(totals[::-1], 0)
    by_gates = tf.concat([total * to_update, total * to_reset, total * to_candidate], 1)
    return by_gates @ weights.kernel.T


def _rows(factors: tf.Tensor) -> tf.Tensor:
    """A factor for each row of a matrix. Written as an index, it would become two nodes."""
    return tf.expand_dims(factors, -1)


def _sigmoid(x: tf.Tensor) -> tf.Tensor:
    """Precise even where it is tiny. ONNX Runtime's own may be off by 5e-8, whatever its value."""
    return 1.0 / (1.0 + tf.exp(-x))
