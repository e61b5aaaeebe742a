from __future__ import annotations

import keras
import pytest

from training.config import CnnGru
from training.network import build, find_layer

CONFIG = CnnGru(height=16, width=24, length=4, filters=(3, 4, 5), conv3d=6, gru=(5, 4), motion=True)


@pytest.mark.parametrize(
    ("policy", "inside", "ends"),
    [
        ("float32", "float32", "float32"),
        ("mixed_bfloat16", "bfloat16", "float32"),
        ("mixed_float16", "float16", "float32"),
        ("float64", "float64", "float64"),
    ],
)
def test_the_policy_decides_the_precision_inside_and_the_ends_stay_full(policy, inside, ends):
    keras.config.set_dtype_policy(policy)
    try:
        network = build(CONFIG, classes=3)
    finally:
        keras.config.set_dtype_policy("float32")
    encoder = network.get_layer("encoder")
    assert {weight.dtype for weight in network.weights} == {ends}
    assert encoder.input.dtype == network.output.dtype == ends
    for layer in (
        *encoder.layers[1:],
        *(find_layer(network, name) for name in ("conv3d", "gru1", "gru2")),
    ):
        assert layer.output.dtype == inside
    # From the normalised pictures to the logits, no operation between the layers casts either.
    tensors = [tensor for op in network.operations for tensor in op._inbound_nodes[0].outputs]
    assert {tensor.dtype for tensor in tensors} == {"uint8", inside, ends}
