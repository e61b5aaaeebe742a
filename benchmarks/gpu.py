"""On a GPU: the streaming step against the whole window in one graph, and against the processor.

Ratios: the rival's time over that of the streaming step on the GPU. A GPU encodes ten pictures in
hardly more time than one, so the whole window costs it little; what streaming is for is the
processor.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import tensorflow as tf

from benchmarks.harness import Effort, alternate
from benchmarks.networks import configurations, make_bundle, random_network
from benchmarks.rows import Row, compare
from benchmarks.stream import Stream
from benchmarks.streaming import random_clip, require_same, whole
from har_desktop.errors import InputError
from har_desktop.inference.recognizer import Recognizer
from har_desktop.inference.session import Provider
from training.config import Config, Streams

STEP, WHOLE, HOST = "streaming step", "whole window", "streaming step, cpu"


def run(effort: Effort) -> list[Row]:
    """Measure the poster's network and those of the shipped bundles.

    Raises:
        InputError: There is no GPU that ONNX Runtime can use.
    """
    tf.config.set_visible_devices([], "GPU")  # TensorFlow only writes the graphs
    return [
        row for name, config in configurations().items() for row in measure(name, config, effort)
    ]


def measure(
    name: str, config: Config | Streams, effort: Effort, provider: Provider = "cuda"
) -> list[Row]:
    """Measure one network with random weights."""
    network = random_network(config.network, len(config.classes))
    bundle = make_bundle(network, config)
    clip, images = random_clip(config)
    recognizer = Recognizer(bundle, provider)
    if recognizer.provider.used != provider:
        raise InputError(f"the benchmark needs {provider}: {recognizer.provider.reason}")
    stream, host = Stream(recognizer, images), Stream(Recognizer(bundle, "cpu"), images)
    rival = whole(network, config, provider)
    require_same(rival(clip), stream.window)
    calls: dict[str, Callable[[], object]] = {
        STEP: stream.step,
        WHOLE: partial(rival, clip),
        HOST: host.step,
    }
    return compare(name, alternate(calls, effort), STEP)
