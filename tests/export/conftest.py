"""Shared by the tests of the export: a quiet TensorFlow, random networks, and runs made of them."""

from __future__ import annotations

import contextlib
import io
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

import msgspec
import pytest

from export import graphs
from export.cli import cli
from export.describe import write_bundle
from export.run import read_run
from har_desktop import console
from har_desktop.inference.bundle import load_bundle
from har_desktop.inference.manifest import Calibration
from tests.weights import randomize
from training.config import (
    CnnGru,
    Config,
    MobileNetGru,
    NetworkConfig,
    Stream,
    Streams,
    TunedGru,
)
from training.data.index import Clip
from training.data.split import Split
from training.network import build

CLASSES = ("Lunges", "PushUps", "YoYo")


@pytest.fixture(scope="session", autouse=True)
def full_precision():
    """Other tests of this process may have trained in half precision."""
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="session")
def random_network():
    """Factory: (configuration, classes, seed) -> network with random weights."""

    def make(config: NetworkConfig, classes: int = 5, seed: int = 0) -> keras.Model:
        network = build(config, classes)
        randomize(network, seed)
        return network

    return make


def _clips(label: str, groups: range) -> list[Clip]:
    names = [f"v_{label}_g{group:02d}_c01" for group in groups]
    return [Clip(f"{label}/{n}.mp4", label, n[-7:-4], f"{label}-{n}") for n in names]


@pytest.fixture(scope="session")
def make_run(random_network, tmp_path_factory):
    """Factory: (classes, seed, kind of network, its options) -> folder of a run, random weights."""
    tiny = {
        CnnGru: {"height": 16, "width": 24, "filters": (3, 4, 5), "motion": True},
        MobileNetGru: {"height": 64, "width": 96, "filters": 8},
        TunedGru: {"height": 32, "width": 48, "filters": 8},
    }

    def configure(kind, classes, **options) -> Config:
        network = kind(**{"length": 4, "conv3d": 6, "gru": (5, 4), **tiny[kind], **options})
        return Config(classes=classes, network=network)

    def make(
        classes: tuple[str, ...] = CLASSES,
        seed: int = 0,
        kind: type[Stream] = CnnGru,
        beside: type[Stream] | None = None,
        **options: object,
    ):
        config = configure(kind, classes, **options)
        if beside:
            shrink = config.network.cell // beside.cell
            size = {side: getattr(config.network, side) // shrink for side in ("height", "width")}
            config = Streams(streams=(config, configure(beside, classes, conv3d=7, **size)))
        split = Split(
            "group-wise",
            train=[clip for label in classes for clip in _clips(label, range(10, 14))],
            validation=[clip for label in classes for clip in _clips(label, range(8, 10))],
            test=[clip for label in classes for clip in _clips(label, range(3, 5))],
            dropped=[],
        )
        files = {
            "config": config,
            "calibration": Calibration(temperature=1.25, rejection_threshold=0.4),
            "split": split,
            "environment": {"commit": "0123abc", "seconds": 90, "machine": "Linux, 2 cores"},
        }
        folder = tmp_path_factory.mktemp("run")
        for name, value in files.items():
            (folder / f"{name}.json").write_bytes(msgspec.json.encode(value))
        random_network(config.network, len(classes), seed).save_weights(folder / "best.weights.h5")
        return folder

    return make


@pytest.fixture(scope="session")
def run_folder(make_run):
    """A run that nobody changes."""
    return make_run()


@pytest.fixture(scope="session")
def built(run_folder, tmp_path_factory):
    """The bundle built from `run_folder`, which nobody changes."""
    target = tmp_path_factory.mktemp("models") / "tiny"
    with contextlib.redirect_stdout(io.StringIO()) as said:
        assert (
            console.run(cli, "python -m export", ["build", str(run_folder), "--out", str(target)])
            == 0
        )
    assert said.getvalue().startswith(f"{target}: built and verified; probabilities ")
    return target


@pytest.fixture
def write_unchecked(tmp_path):
    """Factory: run folder -> its bundle as loaded, written without build's own checks; the run."""

    def write(folder):
        run = read_run(folder)
        write_bundle(tmp_path, "unchecked", run, graphs.export(run.network(), run.config.network))
        return load_bundle(tmp_path), run

    return write
