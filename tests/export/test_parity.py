from __future__ import annotations

import numpy as np
import pytest

from export import graphs, parity
from training.config import NetworkConfig

SMALL = {"height": 16, "width": 24, "filters": (4, 5, 6), "conv3d": 8, "gru": (6, 7)}


@pytest.mark.parametrize(
    ("config", "classes"),
    [
        (NetworkConfig(**SMALL, length=10, dropout=0.5), 5),
        (NetworkConfig(**SMALL, length=10, motion=True), 2),
        (NetworkConfig(height=8, width=8, length=3, filters=(2, 3, 4), motion=True), 400),
    ],
    ids=["plain", "motion", "one-place-map-400-classes"],
)
def test_random_networks_agree_with_keras_and_the_tape(random_network, config, classes):
    network = random_network(config, classes, seed=classes)
    found = parity.measure(graphs.export(network, config), network, config, seed=classes)
    assert found.probabilities <= parity.PROBABILITIES
    assert found.heatmaps <= parity.HEATMAPS
    found.require()


@pytest.mark.parametrize("layer", ["conv3d", "gru1", "logits"])
def test_a_layer_with_other_weights_is_found_out(random_network, layer):
    config = NetworkConfig(**SMALL, length=3)
    network = random_network(config, 4)
    exported = graphs.export(network, config)
    changed = network.get_layer(layer)
    first, *rest = changed.get_weights()
    changed.set_weights([first + 0.001, *rest])
    with pytest.raises(parity.ParityError, match="differ from Keras by"):
        parity.measure(exported, network, config).require()


@pytest.mark.parametrize("name", ["probabilities", "heatmaps"])
@pytest.mark.parametrize("value", [2e-4, float("nan")])
def test_a_difference_beyond_rounding_stops_the_build(name, value):
    figures = {"probabilities": 0.0, "heatmaps": 0.0, name: value}
    with pytest.raises(parity.ParityError, match=name):
        parity.Parity(**figures).require()


def test_the_moving_pictures_fill_the_input_and_move():
    config = NetworkConfig(height=16, width=24)
    clips = list(parity.moving_pictures(config, 11, seed=0))
    assert all(clip.shape == (11, 16, 24, 3) and clip.dtype == np.uint8 for clip in clips)
    moves = [bool((clip[1:] != clip[:-1]).any()) for clip in clips]
    assert moves == [True, True, False, False]
