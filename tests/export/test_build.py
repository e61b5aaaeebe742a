from __future__ import annotations

import shutil

import keras
import msgspec
import numpy as np
import pytest

from export import parity
from export.build import build
from export.run import read_run
from har_desktop.errors import HarError, InputError
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.model import Model
from training.config import CnnGru, TunedGru
from training.network import find_layer


def _contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_bundle_is_whole_and_the_app_takes_it(built):
    assert set(_contents(built)) == {"encoder.onnx", "head.onnx", "manifest.json", "card.md"}
    assert list(built.parent.iterdir()) == [built]
    Model(load_bundle(built), "cpu")


def test_the_manifest_tells_what_the_run_was(built, run_folder):
    manifest, run = load_bundle(built).manifest, read_run(run_folder)
    assert manifest.name == "tiny"
    assert manifest.network == "cnn_gru"
    assert manifest.classes == run.config.classes
    assert manifest.features.partials == (3, 2, 3, 6)
    assert manifest.features.activation == (4, 6, 5)
    assert manifest.window.frame_interval_s == run.config.frame_interval_s
    assert manifest.calibration == run.calibration
    assert manifest.metrics == {}
    split = manifest.training["split"]
    assert split["protocol"] == "group-wise"
    assert split["sets"]["test"] == {
        "clips": 6,
        "groups": ["g03", "g04"],
        "per_class": {"Lunges": 2, "PushUps": 2, "YoYo": 2},
    }
    known = [*run.split.train, *run.split.validation]
    assert split["learned"] == sorted({clip.sha256[:16] for clip in known})
    assert msgspec.convert(manifest.training["configuration"], type(run.config)) == run.config
    assert manifest.training["environment"] == run.environment
    assert set(manifest.source["parity"]) == {*parity.LIMITS, "rounding"}


@pytest.mark.slow
def test_each_network_of_several_has_an_encoder_of_its_own(built, make_run, tmp_path):
    """Of two that see the same pictures, on grids of which one is finer, one sees motion."""
    run = read_run(make_run(kind=TunedGru, beside=CnnGru))
    target = tmp_path / "tiny"
    shutil.copytree(built, target)  # one of before, with one encoder
    build(run, target, replace=True)
    graphs = {"encoder-1.onnx", "encoder-2.onnx", "head.onnx"}
    assert set(_contents(target)) == {*graphs, "manifest.json", "card.md"}
    manifest = load_bundle(target).manifest
    first, second = manifest.encoders
    assert (first.motion, second.motion) == (False, True)
    assert [one.features.partials[-1] for one in (first, second)] == [6, 7]
    assert first.features.grids == second.features.grids == manifest.features.grids
    assert manifest.features.partials[-1] == 13
    assert manifest.features.activation[-1] == 8 + 5


def test_a_rebuild_takes_the_place_of_a_damaged_bundle(built, run_folder, tmp_path):
    target = tmp_path / "tiny"
    shutil.copytree(built, target)
    (target / "head.onnx").write_bytes(b"damaged")
    build(read_run(run_folder), target)
    Model(load_bundle(target), "cpu")
    assert list(tmp_path.iterdir()) == [target]


def test_a_failed_parity_leaves_the_old_bundle_alone(built, run_folder, tmp_path, monkeypatch):
    monkeypatch.setitem(parity.LIMITS, "probabilities", 0.0)
    target = tmp_path / "tiny"
    shutil.copytree(built, target)
    with pytest.raises(parity.ParityError, match="probabilities"):
        build(read_run(run_folder), target)
    assert _contents(target) == _contents(built)
    assert list(tmp_path.iterdir()) == [target]


def test_weights_that_are_not_finite_leave_nothing(make_run, tmp_path):
    run = read_run(make_run())
    network = run.network()
    kernel, bias = find_layer(network, "logits").get_weights()
    find_layer(network, "logits").set_weights([kernel, np.full_like(bias, np.nan)])
    network.save_weights(run.folder / "best.weights.h5")
    with pytest.raises(HarError, match="not numbers"):
        build(run, tmp_path / "models" / "tiny")
    assert list((tmp_path / "models").iterdir()) == []


def test_weights_of_another_network_are_refused(make_run, run_folder, tmp_path):
    other = make_run(gru=(7, 4))
    shutil.copy(run_folder / "best.weights.h5", other)
    with pytest.raises(InputError, match=r"doesn't fit .*config\.json"):
        build(read_run(other), tmp_path / "tiny")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [("config.json", b'{"epoch": 3}'), ("calibration.json", None), ("best.weights.h5", b"no h5")],
)
def test_a_run_that_is_not_whole_is_refused(run_folder, tmp_path, name, content):
    run = tmp_path / "run"
    shutil.copytree(run_folder, run)
    (run / name).unlink()
    if content is not None:
        (run / name).write_bytes(content)
    with pytest.raises(InputError, match=name):
        build(read_run(run), tmp_path / "tiny")
    assert list(tmp_path.iterdir()) == [run]


def test_no_run_at_all(tmp_path):
    with pytest.raises(InputError, match="no run folder"):
        read_run(tmp_path / "nowhere")


def test_the_network_is_compared_in_full_precision(run_folder):
    keras.config.set_dtype_policy("mixed_bfloat16")
    network = read_run(run_folder).network()
    assert find_layer(network, "conv3d").compute_dtype == "float32"
