"""A tiny convolutional network as an 8-bit TFLite file, made by TensorFlow's own converter."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import keras
import numpy as np

from tests.weights import randomize


def write_tflite(path: Path, filters: tuple[int, int] = (32, 16)) -> keras.Model:
    """Conv2D of stride 2, DepthwiseConv2D, Conv2D: as MobileNetV2 begins.

    Returns:
        The network before it was quantised.
    """
    picture = keras.Input((16, 24, 3))
    options = {"padding": "same", "activation": "relu6"}
    x = keras.layers.Conv2D(filters[0], 3, strides=2, **options)(picture)
    x = keras.layers.DepthwiseConv2D(3, **options)(x)
    x = keras.layers.Conv2D(filters[1], 1)(x)
    network = keras.Model(picture, x)
    randomize(network, seed=5)
    random = np.random.default_rng(0)

    def examples():
        for _ in range(8):
            yield [random.uniform(-1, 1, (1, 16, 24, 3)).astype(np.float32)]

    with warnings.catch_warnings():  # the converter has deprecations of its own
        warnings.simplefilter("ignore")
        import tensorflow as tf

        converter = tf.lite.TFLiteConverter.from_keras_model(network)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = examples
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        path.write_bytes(converter.convert())
    return network


class Interpreted:
    """Every tensor of a TFLite network for one picture, by TensorFlow's interpreter."""

    def __init__(self, path: Path, picture: np.ndarray) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import tensorflow as tf

            self._run = tf.lite.Interpreter(
                os.fspath(path),
                experimental_preserve_all_tensors=True,
                experimental_op_resolver_type=(
                    tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
                ),
            )
        self._run.allocate_tensors()
        self._run.set_tensor(self._run.get_input_details()[0]["index"], picture[None])
        self._run.invoke()

    def after(self, convolution: int) -> np.ndarray:
        """The float32 output of a convolution, or of the addition that follows it directly."""
        steps = self._run._get_ops_details()
        places = [n for n, step in enumerate(steps) if "CONV_2D" in step["op_name"]]
        place = places[convolution]
        added = steps[place + 1]["op_name"] == "ADD"
        index = steps[place + added]["outputs"][0]
        tensor = next(t for t in self._run.get_tensor_details() if t["index"] == index)
        scale, zero = tensor["quantization"]
        return scale * (self._run.get_tensor(index).astype(np.float32) - zero)
