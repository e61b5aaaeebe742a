"""Training on several devices: two CPUs made of one, for there are seldom two GPUs to test on."""

from __future__ import annotations

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from har_desktop.errors import InputError
from tests.training.tiny import NETWORK

pytest.importorskip("keras", reason="the training extra is not installed")

from training.devices import scope

CONFIG = """
classes = ["Drift", "Still"]
epochs = 4
batch = 8
windows = 2
learning_rate = 5e-3
average = 0.9
"""

DIVIDED = """
import sys
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
tf.config.set_visible_devices([], "GPU")
from training.cli import main
main()
"""


@pytest.fixture(scope="module")
def curves(tmp_path_factory: pytest.TempPathFactory, clips_folder: Path) -> dict[str, np.ndarray]:
    """Loss and validation loss per epoch, (epochs, 2), by strategy."""
    folder = tmp_path_factory.mktemp("devices")
    (folder / "tiny.toml").write_text(CONFIG + NETWORK + "dropout = 0.0")
    found = {}
    for strategy in ("single", "mirrored"):
        run = folder / strategy
        where = ("--data", clips_folder, "--cache", folder / "cache", "--run", run)
        how = ("--config", folder / "tiny.toml", "--strategy", strategy)
        command = [sys.executable, "-c", DIVIDED, "fit", *map(str, (*where, *how))]
        ended = subprocess.run(command, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr
        rows = csv.DictReader((run / "history.csv").read_text().splitlines())
        devices = {"single": "cpu:0", "mirrored": "cpu:0, cpu:1"}[strategy]
        assert f"learns on {devices}\n" in ended.stdout
        found[strategy] = np.array([(row["loss"], row["val_loss"]) for row in rows], float)
        assert (run / "best.weights.h5").exists()
    return found


@pytest.mark.slow
def test_two_devices_learn_as_one_does(curves) -> None:
    single, mirrored = curves["single"], curves["mirrored"]
    assert single.shape == mirrored.shape == (4, 2)
    assert single[-1, 0] < 0.8 * single[0, 0]
    # Each has its own statistics of half a batch, and clips its own gradients.
    np.testing.assert_allclose(mirrored, single, atol=0.1)


def test_one_device_is_nothing_to_mirror_on(monkeypatch: pytest.MonkeyPatch) -> None:
    import tensorflow as tf

    def one(kind: str) -> list:
        return [tf.config.LogicalDevice("/device:CPU:0", "CPU")] if kind == "CPU" else []

    monkeypatch.setattr(tf.config, "list_logical_devices", one)
    with pytest.raises(InputError, match=r"needs two GPUs or more.* only CPU:0; leave"):
        scope("mirrored")
