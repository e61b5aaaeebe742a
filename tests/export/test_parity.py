from __future__ import annotations

import dataclasses
import shutil
from itertools import islice

import msgspec
import numpy as np
import onnx
import pytest

from export import graphs, gru, parity
from export.describe import write_bundle
from export.head import _Maxima
from export.run import read_run
from har_desktop.inference.bundle import load_bundle, read_manifest
from har_desktop.inference.recognizer import Recognizer
from training.config import CnnGru, MobileNetGru, TunedGru
from training.network import find_layer

LAYERS = ("conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "conv3d", "gru1", "gru2", "logits")


@pytest.mark.parametrize(
    "options",
    [
        {"motion": False, "length": 10, "filters": (6, 5, 4), "dropout": 0.5, "gru": (32, 50)},
        {"motion": True, "length": 10, "seed": 3},
        {"height": 8, "width": 8, "classes": tuple(f"class {i}" for i in range(400)), "seed": 7},
        {"motion": False, "beside": CnnGru, "seed": 2},
        pytest.param({"kind": TunedGru, "beside": CnnGru, "seed": 5}, marks=pytest.mark.slow),
        pytest.param({"kind": MobileNetGru}, marks=pytest.mark.slow),
        pytest.param({"kind": MobileNetGru, "beside": CnnGru}, marks=pytest.mark.slow),
        pytest.param({"kind": TunedGru, "trunk": "body"}, marks=pytest.mark.slow),
        pytest.param(
            {"kind": TunedGru, "motion": True, "beside": TunedGru, "seed": 4},
            marks=pytest.mark.slow,
        ),
        {"kind": TunedGru, "motion": True, "differences": 3, "beside": TunedGru, "seed": 6},
    ],
    ids=[
        "plain",
        "motion",
        "one-place-map-400-classes",
        "streams",
        "streams-of-two-grids",
        "frozen-trunks",
        "both-streams",
        "tuned-body",
        "tuned-streams",
        "tuned-streams-in-three-steps",
    ],
)
def test_random_networks_agree_with_keras_the_tape_and_the_stream(
    make_run, write_unchecked, options
):
    found = parity.measure(*write_unchecked(make_run(**options)), seed=1)
    assert found.probabilities <= 1e-5
    assert found.heatmaps <= 1e-4
    assert found.streaming <= 1e-5
    assert found.evidence <= 1e-4
    found.require()


def test_the_largest_logit_of_streams_is_the_evidence_that_keras_has(make_run, write_unchecked):
    bundle, run = write_unchecked(make_run(beside=CnnGru, seed=2))
    recognizer, network = Recognizer(bundle, "cpu"), run.network()
    for clip in parity.moving_pictures(bundle.manifest, windows=1, seed=3):
        window = recognizer.recognize_stretch(list(clip), range(len(clip)))
        np.testing.assert_allclose(window.logits, network(clip[None])[0], atol=1e-5)


def change(run, name, changes, target):
    """A copy of the run in which one layer has other weights."""
    shutil.copytree(run, target)
    network = read_run(run).network()
    layer = find_layer(network, name)
    layer.set_weights(changes(layer.get_weights()))
    network.save_weights(target / "best.weights.h5")
    return target


@pytest.fixture(scope="module")
def saturated(make_run, tmp_path_factory):
    """A run whose GRUs have nearly all their units at the ends of their range."""
    folder = make_run(length=10, gru=(16, 12), seed=4)
    for name in ("gru1", "gru2"):
        target = tmp_path_factory.mktemp("saturated") / name
        folder = change(folder, name, lambda weights: [8 * w for w in weights], target)
    return folder


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_with_other_weights_is_found_out(built, run_folder, layer, tmp_path):
    changed = change(run_folder, layer, lambda w: [w[0] + 0.001, *w[1:]], tmp_path / "changed")
    with pytest.raises(parity.ParityError, match="differ by"):
        parity.measure(load_bundle(built), read_run(changed)).require()


@pytest.mark.usefixtures("one_clip")
def test_other_evidence_is_found_out_though_the_probabilities_stay(
    make_run, write_unchecked, tmp_path
):
    folder = make_run(beside=CnnGru, seed=2)
    bundle, _ = write_unchecked(folder)
    slope, offset = find_layer(read_run(folder).network(), "evidence").get_weights()
    weights = [slope, offset + 0.01]
    found = parity.measure(
        bundle, read_run(change(folder, "evidence", lambda _: weights, tmp_path / "changed"))
    )
    assert found.probabilities <= parity.LIMITS["probabilities"]
    with pytest.raises(parity.ParityError, match="evidence differ by"):
        found.require()


@pytest.fixture(scope="module")
def frozen(make_run, tmp_path_factory):
    """A run on frozen trunks, and its bundle."""
    folder = make_run(kind=MobileNetGru)
    run = read_run(folder)
    bundle = tmp_path_factory.mktemp("frozen")
    write_bundle(bundle, "frozen", run, graphs.export(run.network(), run.config.network))
    return folder, load_bundle(bundle)


@pytest.fixture
def one_clip(monkeypatch):
    """A square that crosses alone: it is quicker."""
    whole = parity.moving_pictures
    monkeypatch.setattr(parity, "moving_pictures", lambda *a, **k: islice(whole(*a, **k), 1, 2))


@pytest.mark.usefixtures("one_clip")
def test_a_network_on_frozen_trunks_agrees_where_a_square_crosses(frozen):
    folder, bundle = frozen
    found = parity.measure(bundle, read_run(folder))
    assert found.probabilities <= 1e-5
    assert found.streaming <= 1e-5
    found.require()


def test_the_maps_on_frozen_trunks_are_alive(frozen):
    recognizer = Recognizer(frozen[1], "cpu")
    noise, crossing, *_ = parity.moving_pictures(frozen[1].manifest, windows=1, seed=0)
    answers = [recognizer.recognize_window(list(c), None, range(4)) for c in (noise, crossing)]
    assert np.abs(answers[0].logits - answers[1].logits).max() > 1e-3
    for answer in answers:
        assert answer.heatmaps.shape == (4, 4, 6)
        assert answer.heatmaps.max() > 1e-4
        assert answer.heatmaps.std() > 0.1 * answer.heatmaps.max()


@pytest.mark.slow
@pytest.mark.usefixtures("one_clip")
@pytest.mark.parametrize(
    "layer",
    ["body_0", "body_41", "body_59", "things_38", "bn_fine", "conv_coarse", "join", "bn_join"],
)
def test_a_layer_before_the_head_with_other_weights_is_found_out(frozen, layer, tmp_path):
    folder, bundle = frozen
    changed = change(folder, layer, lambda w: [w[0] + 0.01, *w[1:]], tmp_path / "changed")
    with pytest.raises(parity.ParityError, match="differ by"):
        parity.measure(bundle, read_run(changed)).require()


def test_a_saturated_network_passes_where_keras_itself_is_beyond_the_limit(
    saturated, write_unchecked
):
    found = parity.measure(*write_unchecked(saturated))
    assert found.rounding > parity.LIMITS["heatmaps"]
    found.require()


def test_a_wrong_gradient_of_a_saturated_network_is_found_out(
    saturated, write_unchecked, monkeypatch
):
    right = gru._sigmoid  # of the gradient alone: the forward pass is ONNX Runtime's
    monkeypatch.setattr(gru, "_sigmoid", lambda x: right(x) * 1.02)
    found = parity.measure(*write_unchecked(saturated))
    assert found.probabilities <= parity.LIMITS["probabilities"]
    with pytest.raises(parity.ParityError, match="heatmaps differ by"):
        found.require()


@pytest.mark.usefixtures("one_clip")
def test_a_wrong_second_map_is_found_out(make_run, write_unchecked, monkeypatch):
    right = _Maxima.contributions
    monkeypatch.setattr(_Maxima, "contributions", lambda *given: right(*given) * 1.02)
    found = parity.measure(*write_unchecked(make_run(seed=6)))
    with pytest.raises(parity.ParityError, match="heatmaps differ by"):
        found.require()


@pytest.mark.usefixtures("one_clip")
def test_a_bundle_of_before_agrees_by_its_one_map(make_run, write_unchecked):
    bundle, run = write_unchecked(make_run(seed=6))
    head = onnx.load_from_string(bundle.head)
    (second,) = [value for value in head.graph.output if value.name == "hires_heatmaps"]
    head.graph.output.remove(second)
    cam = msgspec.structs.replace(bundle.manifest.cam, second=None)
    manifest = msgspec.structs.replace(bundle.manifest, cam=cam)
    old = dataclasses.replace(bundle, manifest=manifest, head=head.SerializeToString())
    parity.measure(old, run).require()


@pytest.mark.parametrize("name", ["probabilities", "heatmaps", "streaming", "evidence"])
@pytest.mark.parametrize("value", [2e-4, float("nan")])
def test_a_difference_beyond_rounding_is_an_error(name, value):
    good = parity.Parity(0.0, 0.0, 0.0, 0.0, 0.0)
    good.require()
    with pytest.raises(parity.ParityError, match=f"{name} differ by"):
        msgspec.structs.replace(good, **{name: value}).require()


@pytest.mark.parametrize(
    ("heatmaps", "rounding", "passes"),
    [
        (9e-5, 0.0, True),
        (2.4e-4, 1.3e-4, True),
        (2.8e-4, 1.3e-4, False),
        (9e-3, 0.5, True),
        (1.1e-2, 0.5, False),
        (2e-4, float("nan"), False),
    ],
)
def test_keras_own_rounding_excuses_its_double_up_to_the_ceiling(heatmaps, rounding, passes):
    found = parity.Parity(0.0, heatmaps, 0.0, rounding, 0.0)
    if passes:
        found.require()
    else:
        with pytest.raises(parity.ParityError, match="heatmaps differ by"):
            found.require()


def test_the_moving_pictures_fill_the_input_and_move(built):
    clips = list(parity.moving_pictures(read_manifest(built), windows=2, seed=0))
    # Four pictures and the one before them; one more for the second window.
    assert all(clip.shape == (6, 16, 24, 3) and clip.dtype == np.uint8 for clip in clips)
    moves = [bool((clip[1:] != clip[:-1]).any()) for clip in clips]
    assert moves == [True, True, False, False]
