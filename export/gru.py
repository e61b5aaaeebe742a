"""A GRU as one node of ONNX, and in plain operations the gradient that tf2onnx cannot convert.

Keras' GRU with `reset_after=True` (the recurrent product has a bias of its own, and is reset after
it), for one sequence; the gradient is unrolled:

    z, r = sigmoid(x W_zr + b_zr + h U_zr + c_zr)        update and reset gate
    m    = h U_m + c_m                                   what the past offers
    n    = tanh(x W_n + b_n + r * m)                     candidate
    h'   = z * h + (1 - z) * n

All three pre-activations receive the gradient of h' scaled element by element, with factors that
depend on the forward pass only. So the factors of all steps are computed at once, and so are the
Jacobians dh'/dh: one step back in time is a single vector-matrix product.

Units of a well-trained GRU saturate, and then 1 - z and 1 - n^2 cancel to a few digits. So the
factors come from the pre-activations: 1 - z = sigmoid(-u), z' = sigmoid(u) sigmoid(-u), and
tanh'(u) = 4 sigmoid(2u) sigmoid(-2u).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


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


@dataclass(frozen=True)
class Trace:
    """What the backward pass needs of the forward pass; each (steps, units) float32.

    Attributes:
        outputs: The state after each step.
        previous: The state before each step.
        update: Pre-activation of z.
        reset: Pre-activation of r.
        memory: m.
        inner: Pre-activation of n.
        candidate: n.
    """

    outputs: tf.Tensor
    previous: tf.Tensor
    update: tf.Tensor
    reset: tf.Tensor
    memory: tf.Tensor
    inner: tf.Tensor
    candidate: tf.Tensor


def forward(weights: GruWeights, inputs: tf.Tensor) -> Trace:
    """Run the GRU over one sequence, from the state zero.

    The states come from one node of ONNX; what the backward pass needs besides is computed from
    them for all steps at once.

    Args:
        weights: Of the layer.
        inputs: (steps, inputs) float32, oldest first; `steps` is static.
    """
    units = weights.units
    outputs = _states(weights, inputs)
    previous = tf.concat([tf.zeros((1, units)), outputs[:-1]], 0)
    # The gates add both biases; only the candidate's recurrent bias is reset, and stays apart.
    update, reset, candidate_input = tf.split(inputs @ weights.kernel + weights.bias[0], 3, axis=1)
    by_state = tf.split(previous @ weights.recurrent + weights.bias[1], 3, axis=1)
    update, reset, memory = update + by_state[0], reset + by_state[1], by_state[2]
    inner = _sigmoid(reset) * memory + candidate_input
    return Trace(outputs, previous, update, reset, memory, inner, tf.tanh(inner))


def _states(weights: GruWeights, inputs: tf.Tensor) -> tf.Tensor:
    """The states (steps, units), by the operation of TensorFlow's that `to_onnx` can replace.

    On a CPU TensorFlow itself cannot run it.
    """
    steps, units = inputs.shape[0], weights.units
    start = tf.zeros((1, 1, units))
    matrices = weights.kernel.T, weights.recurrent.T, weights.bias
    sequence, *_ = tf.raw_ops.CudnnRNN(
        input=inputs[:, None],
        input_h=start,
        input_c=start,
        params=np.concatenate([matrix.ravel() for matrix in matrices]),
        rnn_mode="gru",
        is_training=False,
    )
    return tf.reshape(sequence, (steps, units))


def to_onnx(graph: Any, node: Any, _name: str, _arguments: object) -> None:
    """A handler of tf2onnx's that makes ONNX' GRU of the operation in `_states`.

    The converter's own one doesn't know that the reset comes after the recurrent product.
    """
    inputs, start, _, parameters = node.input
    units, features = graph.get_shape(start)[2], graph.get_shape(inputs)[2]
    flat = graph.get_node_by_output(parameters).get_tensor_value(as_list=False)
    shapes = (1, 3 * units, features), (1, 3 * units, units), (1, 6 * units)
    parts = np.split(flat, np.cumsum([np.prod(shape) for shape in shapes])[:-1])
    constants = [
        graph.make_const(f"{node.name}_{name}", part.reshape(shape)).output[0]
        for name, part, shape in zip("WRB", parts, shapes, strict=True)
    ]
    states = f"{node.name}_states"
    graph.make_node(
        "GRU",
        [inputs, *constants],
        outputs=[states],
        attr={"hidden_size": units, "linear_before_reset": 1},
    )
    result = node.output[0]
    graph.remove_node(node.name)
    # (steps, directions, 1, units)
    axes = graph.make_const(f"{node.name}_axes", np.array([1], np.int64)).output[0]
    graph.make_node("Squeeze", [states, axes], outputs=[result])


def backward(weights: GruWeights, trace: Trace, gradient: tf.Tensor) -> tf.Tensor:
    """Carry the gradient of a score from the GRU's outputs to its inputs.

    Args:
        weights: As given to `forward`.
        trace: What `forward` returned.
        gradient: (steps, units) float32, of the score by `trace.outputs`, each taken alone.

    Returns:
        (steps, inputs) float32, the gradient by the inputs.
    """
    units = weights.units
    update, reset = _sigmoid(trace.update), _sigmoid(trace.reset)
    # d h' / d pre-activation, element by element.
    to_candidate = _sigmoid(-trace.update) * 4.0 * _slope(2.0 * trace.inner)
    to_update = (trace.previous - trace.candidate) * _slope(trace.update)
    to_reset = to_candidate * trace.memory * _slope(trace.reset)
    # jacobians[t, j, i] = d h'[j] / d h[i] at step t.
    by_update, by_reset, by_memory = np.split(weights.recurrent.T, 3, axis=0)
    jacobians = tf.unstack(
        update[:, :, None] * np.eye(units, dtype=np.float32)
        + to_update[:, :, None] * by_update
        + to_reset[:, :, None] * by_reset
        + (to_candidate * reset)[:, :, None] * by_memory
    )
    *direct, total = tf.split(gradient, len(jacobians))
    totals = [total]
    for own, jacobian in zip(reversed(direct), reversed(jacobians[1:]), strict=True):
        totals.append(totals[-1] @ jacobian + own)
    total = tf.concat(totals[::-1], 0)
    by_gates = tf.concat([total * to_update, total * to_reset, total * to_candidate], 1)
    return by_gates @ weights.kernel.T


def _sigmoid(x: tf.Tensor) -> tf.Tensor:
    """Precise even where it is tiny. ONNX Runtime's own may be off by 5e-8, whatever its value."""
    return 1.0 / (1.0 + tf.exp(-x))


def _slope(x: tf.Tensor) -> tf.Tensor:
    """The derivative of the sigmoid."""
    return _sigmoid(x) * _sigmoid(-x)
