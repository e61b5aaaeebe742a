"""A GRU in plain operations: forward, and the gradient that tf2onnx cannot convert.

Keras' GRU with `reset_after=True` (the recurrent product has a bias of its own, and is reset after
it), for one sequence, unrolled:

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

    Args:
        weights: Of the layer.
        inputs: (steps, inputs) float32, oldest first; `steps` is static.
    """
    units, steps = weights.units, inputs.shape[0]
    # The gates add both biases; only the candidate's recurrent bias is reset, and stays apart.
    bias = weights.bias[0].copy()
    bias[: 2 * units] += weights.bias[1, : 2 * units]
    gate_kernel = tf.constant(weights.recurrent[:, : 2 * units])
    memory_kernel = tf.constant(weights.recurrent[:, 2 * units :])
    memory_bias = tf.constant(weights.bias[1, 2 * units :])
    gate_inputs, candidate_inputs = tf.split(
        inputs @ weights.kernel + bias, [2 * units, units], axis=1
    )
    states, gates, memories, inners, candidates = [tf.zeros((1, units))], [], [], [], []
    for gate_input, candidate_input in zip(
        tf.split(gate_inputs, steps), tf.split(candidate_inputs, steps), strict=True
    ):
        state = states[-1]
        gate = state @ gate_kernel + gate_input
        update, reset = tf.split(tf.sigmoid(gate), 2, axis=1)
        memory = state @ memory_kernel + memory_bias
        inner = reset * memory + candidate_input
        candidate = tf.tanh(inner)
        states.append(candidate + update * (state - candidate))
        gates.append(gate)
        memories.append(memory)
        inners.append(inner)
        candidates.append(candidate)
    update, reset = tf.split(tf.concat(gates, 0), 2, axis=1)
    return Trace(
        outputs=tf.concat(states[1:], 0),
        previous=tf.concat(states[:-1], 0),
        update=update,
        reset=reset,
        memory=tf.concat(memories, 0),
        inner=tf.concat(inners, 0),
        candidate=tf.concat(candidates, 0),
    )


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
