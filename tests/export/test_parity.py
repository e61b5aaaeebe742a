from __future__ import annotations

import msgspec
import numpy as np
import pytest

from export import parity
from export.run import read_run
from har_desktop.inference.bundle import load_bundle, read_manifest


@pytest.mark.parametrize(
    "options",
    [
        {"motion": False, "length": 10, "filters": (6, 5, 4), "dropout": 0.5, "gru": (32, 50)},
        {"motion": True, "length": 10, "seed": 3},
        {"height": 8, "width": 8, "classes": tuple(f"class {i}" for i in range(400)), "seed": 7},
    ],
    ids=["plain", "motion", "one-place-map-400-classes"],
)
def test_random_networks_agree_with_keras_the_tape_and_the_stream(
    make_run, write_unchecked, options
):
    found = parity.measure(*write_unchecked(make_run(**options)), seed=1)
    assert found.probabilities <= 1e-5
    assert found.heatmaps <= 1e-4
    assert found.streaming <= 1e-5
    found.require()


@pytest.mark.parametrize("layer", ["bn3", "conv3d", "gru1"])
def test_a_layer_with_other_weights_is_found_out(built, run_folder, layer):
    network = read_run(run_folder).network()
    holder = network.get_layer("encoder") if layer == "bn3" else network
    changed = holder.get_layer(layer)
    first, *rest = changed.get_weights()
    changed.set_weights([first + 0.001, *rest])
    with pytest.raises(parity.ParityError, match="differ by"):
        parity.measure(load_bundle(built), network).require()


@pytest.mark.parametrize("name", ["probabilities", "heatmaps", "streaming"])
@pytest.mark.parametrize("value", [2e-4, float("nan")])
def test_a_difference_beyond_rounding_is_an_error(name, value):
    good = parity.Parity(0.0, 0.0, 0.0)
    good.require()
    with pytest.raises(parity.ParityError, match=f"{name} differ by"):
        msgspec.structs.replace(good, **{name: value}).require()


def test_the_moving_pictures_fill_the_input_and_move(built):
    clips = list(parity.moving_pictures(read_manifest(built), windows=2, seed=0))
    # Four pictures and the one before them; one more for the second window.
    assert all(clip.shape == (6, 16, 24, 3) and clip.dtype == np.uint8 for clip in clips)
    moves = [bool((clip[1:] != clip[:-1]).any()) for clip in clips]
    assert moves == [True, True, False, False]
