"""The benchmarks that need TensorFlow, on tiny networks; and those that start the program."""

import os
import subprocess
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import pytest

from benchmarks import start
from benchmarks.graphs import shipped
from benchmarks.harness import Effort
from har_desktop.errors import InputError
from har_desktop.inference.bundle import load_bundle
from training.config import CnnGru, Config, MobileNetGru, Streams, TunedGru

pytestmark = pytest.mark.slow  # importing TensorFlow alone takes ten seconds

LEAST = Effort(rounds=2, turn_s=0.0)
TINY = {
    "cnn": CnnGru(height=16, width=24, filters=(3, 4, 5), length=4, conv3d=6, gru=(5, 4)),
    "motion": CnnGru(
        height=16, width=24, filters=(3, 4, 5), length=4, conv3d=6, gru=(5, 4), motion=True
    ),
    "mobilenet": MobileNetGru(height=64, width=96, filters=8, length=4, conv3d=6, gru=(5, 4)),
}
TUNED = TunedGru(height=64, width=96, filters=8, length=4, conv3d=6, gru=(5, 4))
STEPS = TunedGru(
    height=64, width=96, filters=8, length=4, conv3d=6, gru=(5, 4), motion=True, differences=3
)
HALF = CnnGru(height=32, width=48, filters=(3, 4, 5), length=4, conv3d=6, gru=(5, 4), motion=True)
CONFIGURATIONS = {
    **{name: Config(network=network) for name, network in TINY.items()},
    "all": Streams(
        streams=tuple(Config(network=network) for network in (TINY["mobilenet"], HALF, TUNED))
    ),
    "steps": Streams(streams=tuple(Config(network=network) for network in (TUNED, STEPS))),
}


@pytest.fixture(scope="module")
def streaming():
    with warnings.catch_warnings():  # of NumPy and protobuf, while TensorFlow is imported
        warnings.simplefilter("ignore")
        import tensorflow  # noqa: F401
        import tf2onnx  # noqa: F401
    from benchmarks import streaming

    return streaming


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_streaming_against_whole_windows(streaming, name):
    rows = streaming.measure(name, CONFIGURATIONS[name], LEAST)
    assert [row.measured for row in rows] == [streaming.STEP, *streaming.GOALS]
    assert all(row.ratio.value > 0 for row in rows[1:])


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_random_networks_tell_right_from_wrong(streaming, name):
    from benchmarks.networks import make_bundle, random_network
    from benchmarks.stream import Stream
    from har_desktop.inference.recognizer import Recognizer

    config = CONFIGURATIONS[name]
    network = random_network(config.network, len(config.classes))
    recognizer = Recognizer(make_bundle(network, config), "cpu")
    window = Stream(recognizer, streaming.random_clip(config)[1]).window
    for wrong in (0.0 * window.logits, window.logits[::-1], 1.001 * window.logits):
        with pytest.raises(AssertionError):
            streaming.require_same((wrong, window.heatmaps), window)


@pytest.mark.parametrize("name", ["cnn", "motion"])
def test_what_is_measured_on_a_gpu_is_measured_on_the_processor_too(streaming, name):  # noqa: ARG001
    from benchmarks import gpu

    rows = gpu.measure(name, CONFIGURATIONS[name], LEAST, "cpu")
    assert [row.measured for row in rows] == [gpu.STEP, gpu.WHOLE, gpu.HOST]
    assert all(row.ratio.value > 0 for row in rows[1:])


def test_without_a_gpu_one_line_says_so(streaming):  # noqa: ARG001
    from benchmarks import gpu

    with pytest.raises(InputError, match="the benchmark needs cuda: "):
        gpu.measure("cnn", CONFIGURATIONS["cnn"], LEAST)


def test_a_rival_that_computes_something_else_is_refused(streaming, bundle_folder):
    from benchmarks.stream import Stream, random_pictures
    from har_desktop.inference.recognizer import Recognizer

    recognizer = Recognizer(load_bundle(bundle_folder), "cpu")
    window = Stream(recognizer, random_pictures((24, 32))).window
    assert window.heatmaps.max() > 0
    streaming.require_same((window.logits, window.heatmaps), window)
    for logits, heatmaps in (
        (window.logits + 1.1e-4 * np.abs(window.logits).max(), window.heatmaps),
        (window.logits, np.roll(window.heatmaps, 1)),
    ):
        with pytest.raises(AssertionError):
            streaming.require_same((logits, heatmaps), window)


def test_the_networks_are_those_of_the_shipped_bundles(streaming):
    configurations = streaming.configurations()
    assert set(configurations) > set(shipped())
    for name in shipped():
        config, manifest = configurations[name], shipped()[name].manifest
        assert (config.network.height, config.network.width) == (
            manifest.input.height,
            manifest.input.width,
        )
        assert config.network.motion == manifest.input.motion


def test_growth(streaming, monkeypatch):  # noqa: ARG001
    from benchmarks import growth

    monkeypatch.setattr(growth, "LENGTHS", (2, 3))
    monkeypatch.setattr(growth, "CLASSES", (5,))
    monkeypatch.setattr(growth, "SIDES", (16,))
    monkeypatch.setattr(growth, "SOURCES", {"64x48": (48, 64), "32x24": (24, 32)})
    rows = growth.run(LEAST)
    cases = {
        case: [row.measured for row in rows if row.case == case] for case in ("window", "source")
    }
    assert cases["window"] == [
        f"{graph}, {n} frames" for graph in ("encoder", "head") for n in (2, 3)
    ]
    assert cases["source"] == ["step, 64x48", "step, 32x24"]
    assert len(rows) == 2 * (2 + 1 + 1) + 2


@pytest.mark.parametrize("name", start.STARTS)
def test_start(name):
    imports, whole = start.measure(name, LEAST)
    assert (imports.measured, whole.measured) == (start.IMPORTS, start.START)
    assert whole.ratio.value > 0


def test_a_program_that_fails_is_not_measured(monkeypatch):
    monkeypatch.setitem(start.STARTS, "broken", ("raise SystemExit(3)", "sys"))
    with pytest.raises(subprocess.CalledProcessError):
        start.measure("broken", LEAST)
