"""The streaming step against the same network over the whole window, three ways.

Ratios: the rival's time over the streaming step's. All give the same logits and heat-maps, which is
checked first. The pictures have the encoder's size, so nothing is scaled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import keras
import numpy as np
import tensorflow as tf

from benchmarks.harness import Effort, alternate
from benchmarks.networks import (
    clip_spec,
    configurations,
    grad_cam,
    make_bundle,
    random_network,
    whole_window,
)
from benchmarks.rows import Row, compare
from benchmarks.stream import Stream
from har_desktop.frame import Image
from har_desktop.inference.recognition import Window
from har_desktop.inference.recognizer import Recognizer
from har_desktop.inference.session import Array, Provider, open_session
from training.config import Config, Streams

STEP = "streaming step"
WHOLE, GRAPH, EAGER = "whole window, ONNX Runtime", "tf.function, tape", "eager, tape"
GOALS = {WHOLE: ">= 10", GRAPH: ">= 12", EAGER: ">= 100"}
OUTPUTS = ("logits", "probabilities", "heatmaps", "explained")
# Of logits and of heat-maps, relative to their largest one. Of heat-maps Keras' rounding alone may
# be 1e-4 (the bundles' cards have up to 7e-5), and a picture at another place changes a tenth.
TOLERANCES = 1e-4, 5e-4

Rival = Callable[[Image], Sequence[Array]]


def run(effort: Effort) -> list[Row]:
    """Measure the poster's network and those of the shipped bundles."""
    return [
        row for name, config in configurations().items() for row in measure(name, config, effort)
    ]


def measure(name: str, config: Config | Streams, effort: Effort) -> list[Row]:
    """Measure one network with random weights."""
    network = random_network(config.network, len(config.classes))
    clip, images = random_clip(config)
    stream = Stream(Recognizer(make_bundle(network, config), "cpu"), images)
    rivals: dict[str, Rival] = {
        WHOLE: whole(network, config, "cpu"),
        GRAPH: _graph(network, config),
        EAGER: partial(grad_cam, network, config.network),
    }
    for rival in rivals.values():
        require_same(rival(clip), stream.window)
    calls = {name: partial(rival, clip) for name, rival in rivals.items()}
    return compare(name, alternate({STEP: stream.step, **calls}, effort), STEP, GOALS)


def random_clip(config: Config | Streams) -> tuple[Image, list[Image]]:
    """The pictures of one window, oldest first: RGB in one array, and BGR one by one."""
    shape = clip_spec(config.network).shape
    clip = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    return clip, [np.ascontiguousarray(picture[..., ::-1]) for picture in clip]


def whole(network: keras.Model, config: Config | Streams, provider: Provider) -> Rival:
    """The whole window in one graph; it gives logits and heat-maps."""
    model = whole_window(network, config.network).SerializeToString()
    session = open_session("whole window", model, provider)

    def run(clip: Image) -> tuple[Array, Array]:
        logits, _, heatmaps, _ = session.run(OUTPUTS, {"clip": clip})
        return logits, heatmaps

    return run


def _graph(network: keras.Model, config: Config | Streams) -> Rival:
    function = tf.function(
        partial(grad_cam, network, config.network), input_signature=[clip_spec(config.network)]
    )
    return lambda clip: [output.numpy() for output in function(clip)]


def require_same(found: Sequence[Array], window: Window) -> None:
    """What does not compute the same is no rival.

    Raises:
        AssertionError: It differs by more than the tolerance.
    """
    own = window.logits, window.heatmaps
    for output, mine, tolerance in zip(found, own, TOLERANCES, strict=True):
        atol = tolerance * float(np.abs(mine).max())
        np.testing.assert_allclose(np.asarray(output), mine, rtol=0, atol=atol)
