from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf

from export import conv3d, graphs
from export.check import LOOPS
from har_desktop.errors import BundleError
from training.config import CnnGru
from training.network import find_layer, normalize

CONFIG = CnnGru(height=16, width=24, length=4, filters=(3, 4, 5), conv3d=6, gru=(4, 3), motion=True)


@pytest.fixture(scope="module")
def network(random_network):
    return random_network(CONFIG, classes=5)


@pytest.fixture(scope="module")
def exported(network):
    return graphs.export(network, CONFIG)


def _session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )


def _tensors(values) -> dict[str, tuple[str, list[int]]]:
    return {value.name: (value.type, value.shape) for value in values}


def test_the_encoders_tensors_are_the_contract(exported):
    session = _session(*exported.encoders)
    assert _tensors(session.get_inputs()) == {
        "frame": ("tensor(uint8)", [1, 16, 24, 3]),
        "previous": ("tensor(uint8)", [1, 16, 24, 3]),
    }
    assert _tensors(session.get_outputs()) == {
        "partials": ("tensor(float)", [1, 3, 2, 3, 6]),
        "activation": ("tensor(float)", [1, 4, 6, 5]),
    }


def test_the_heads_tensors_are_the_contract(exported):
    session = _session(exported.head)
    assert _tensors(session.get_inputs()) == {
        "partials": ("tensor(float)", [4, 3, 2, 3, 6]),
        "activations": ("tensor(float)", [4, 4, 6, 5]),
        "class_index": ("tensor(int64)", []),
    }
    assert _tensors(session.get_outputs()) == {
        "logits": ("tensor(float)", [5]),
        "probabilities": ("tensor(float)", [5]),
        "heatmaps": ("tensor(float)", [4, 4, 6]),
        "hires_heatmaps": ("tensor(float)", [4, 2, 3]),
        "explained": ("tensor(int64)", []),
    }


def test_all_graphs_are_plain_onnx(exported):
    for model in (*exported.encoders, exported.head):
        assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 17)]
        assert {node.domain for node in model.graph.node} == {""}
        assert not LOOPS & {node.op_type for node in model.graph.node}


def test_the_encoder_equals_the_layers_that_it_was_cut_from(network, exported):
    clip = np.random.default_rng(0).integers(0, 256, (5, 16, 24, 3), dtype=np.uint8)
    session = _session(*exported.encoders)
    partials, activations = [], []
    for frame, previous in zip(clip[1:], clip[:-1], strict=True):
        feed = {"frame": frame[None], "previous": previous[None]}
        partial, activation = session.run(["partials", "activation"], feed)
        partials.append(partial)
        activations.append(activation)
    convolution = find_layer(network, "conv3d")
    combined = conv3d.combine(tf.concat(partials, 0)) + convolution.bias
    expected, features = network.get_layer("encoder")(normalize(clip[1:], [clip[:-1]]))
    np.testing.assert_allclose(tf.nn.relu(combined), convolution(features[None])[0], atol=1e-4)
    np.testing.assert_allclose(np.concatenate(activations), expected, atol=1e-5)


def test_what_the_converter_cannot_convert_is_an_error():
    """tf2onnx returns normally with TensorFlow's own operators left inside."""
    with pytest.raises(BundleError, match=r"odd: not a valid ONNX graph: .*Betainc"):
        graphs.convert(
            "odd",
            lambda x: {"y": tf.math.betainc(x, x, x)},
            [tf.TensorSpec((2,), tf.float32, "x")],
        )
