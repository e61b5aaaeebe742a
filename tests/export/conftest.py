"""Shared by the tests of the export: a quiet TensorFlow, and networks with random weights."""

from __future__ import annotations

import os
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

# TensorFlow and tf2onnx meet deprecations of NumPy and protobuf while they are imported.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import keras
    import tensorflow  # noqa: F401
    import tf2onnx  # noqa: F401

import numpy as np
import pytest

from training.config import NetworkConfig
from training.network import build


def _randomize(network: keras.Model, seed: int) -> None:
    """Give every weight a value that no initialiser gives: biases, BatchNorm, negative gammas."""
    random = np.random.default_rng(seed)
    for weight in network.weights:
        kind = weight.path.rsplit("/", 1)[-1]
        value = weight.numpy()
        if kind == "moving_variance":
            value = random.uniform(0.3, 2.0, value.shape)
        elif kind == "gamma":
            value = random.uniform(0.5, 1.5, value.shape) * random.choice([-1, 1], value.shape)
        elif kind in ("beta", "moving_mean", "bias"):
            value = random.normal(0, 0.3, value.shape)
        else:
            value = random.normal(
                0, 1.5 / np.sqrt(max(1, value.size / value.shape[-1])), value.shape
            )
        weight.assign(value.astype(np.float32))


@pytest.fixture(scope="session")
def random_network():
    """Factory: (configuration, classes, seed) -> network with random weights."""

    def make(config: NetworkConfig, classes: int = 5, seed: int = 0) -> keras.Model:
        network = build(config, classes)
        _randomize(network, seed)
        return network

    return make
